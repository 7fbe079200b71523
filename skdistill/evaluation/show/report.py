"""A report in one HTML file, its pictures inside."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Sequence
from html import escape
from typing import Any, NamedTuple

from .pictures import as_png, pyplot
from .results import Comparison, student_names

_STYLE = """
body { font: 16px/1.5 system-ui, sans-serif; max-width: 76rem; margin: 2rem auto; padding: 0 1rem;
  color: #1a1a1a; background: #fff; }
img { max-width: 100%; height: auto; background: #fff; }
.wide { overflow-x: auto; }
@media (prefers-color-scheme: dark) { body { color: #e6e6e6; background: #161616; } }
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
        f"<title>{escape(title)}</title>\n<style>{_STYLE}</style>\n</head>\n"
        f"<body>\n<h1>{escape(title)}</h1>\n{body}\n</body>\n</html>\n"
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
            f"<h2>{escape(section.heading)}</h2>",
            f"<p>{escape(section.text)}</p>",
            f'<div class="wide">{comparison.to_html()}</div>',
            *pictures,
        ]
    )


def _picture(ax: Any, text: str) -> str:
    data = b64encode(as_png(ax)).decode("ascii")
    caption = escape(text[:1].upper() + text[1:], quote=True)
    return (
        f"<figure><figcaption>{caption}</figcaption>"
        f'<img alt="{caption}" src="data:image/png;base64,{data}"></figure>'
    )
