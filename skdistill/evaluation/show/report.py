"""A report in one HTML file, its pictures inside."""

from __future__ import annotations

import os
import shutil
from base64 import b64encode
from collections.abc import Sequence
from secrets import token_hex
from typing import Any, NamedTuple

from ..._utils.names import as_html
from .pictures import as_png, pyplot
from .results import Comparison
from .sentences import student_names

# In the dark pictures are turned over, black into white, and hues back; then their ground, which is
# black by that, is that of the page.
_STYLE = """
:root { color-scheme: light dark; }
body { font: 16px/1.5 system-ui, sans-serif; max-width: 76rem; margin: 2rem auto; padding: 0 1rem;
  color: #1a1a1a; background: #fff; }
.wide { overflow-x: auto; }
.pictures { display: grid; gap: 1rem 2rem;
  grid-template-columns: repeat(auto-fit, minmax(min(100%, 28rem), 1fr)); }
figure { margin: 1rem 0; max-width: 36rem; }
img { width: 100%; height: auto; }
@media (prefers-color-scheme: dark) {
  body { color: #e6e6e6; background: #161616; }
  img { filter: invert(1) hue-rotate(180deg); mix-blend-mode: screen; }
}
"""


class Section(NamedTuple):
    """A part of the report: its heading, a paragraph, and what was compared."""

    heading: str
    text: str
    comparison: Comparison


def html_report(title: str, sections: Sequence[Section]) -> str:
    """Return comparisons as one HTML page that needs no other file and no network.

    Parameters
    ----------
    title : str
        Title of the page.
    sections : sequence of Section
        What is in it.

    Returns
    -------
    str
        The page.

    Raises
    ------
    ImportError
        If matplotlib, which draws the pictures, is not installed.
    """
    pyplot("The HTML report")
    body = "\n".join(_section(section) for section in sections)
    return (
        '<!DOCTYPE html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f"<title>{as_html(title)}</title>\n<style>{_STYLE}</style>\n</head>\n"
        f"<body>\n<h1>{as_html(title)}</h1>\n{body}\n</body>\n</html>\n"
    )


def _section(section: Section) -> str:
    comparison = section.comparison
    trade_off = f"{comparison.score_name} against prediction time"
    pictures = [_picture(comparison.plot(), trade_off)]
    for student in student_names(comparison.measurements):
        ax = comparison.plot_reliability(student=student)
        pictures.append(_picture(ax, f"reliability curves of the teacher and of {student}"))
    return "\n".join(
        [
            f"<h2>{as_html(section.heading)}</h2>",
            f"<p>{'<br>'.join(map(as_html, section.text.splitlines()))}</p>",
            f'<div class="wide">{comparison.to_html()}</div>',
            '<div class="pictures">',
            *pictures,
            "</div>",
        ]
    )


def _picture(ax: Any, text: str) -> str:
    data = b64encode(as_png(ax)).decode("ascii")
    caption = as_html(text[:1].upper() + text[1:])
    return (
        f"<figure><figcaption>{caption}</figcaption>"
        f'<img alt="{caption}" src="data:image/png;base64,{data}"></figure>'
    )


def write_page(path: str, page: str) -> None:
    """Write a page as a file, all of it or nothing.

    It is written beside the old page and then takes its place, so that a disk that fills up
    leaves the old one whole.

    Parameters
    ----------
    path : str
        Name of the file; where it is a symbolic link, that of the file that it leads to.
    page : str
        What is in it.

    Raises
    ------
    OSError
        If it cannot be written.
    """
    if os.path.exists(path) and not os.path.isfile(path):
        # A pipe or a device, such as /dev/stdout, is to be written to and must stay what it is.
        _write(path, page, "w")
        return
    path = os.path.realpath(path)
    beside = os.path.join(os.path.dirname(path), f".skdistill-{token_hex(8)}.part")
    try:
        _write(beside, page, "x")
        if os.path.exists(path):
            shutil.copymode(path, beside)
        os.replace(beside, path)
    except BaseException:
        if os.path.exists(beside):
            os.remove(beside)
        raise


def _write(path: str, page: str, mode: str) -> None:
    with open(path, mode, encoding="utf-8") as file:
        file.write(page)
