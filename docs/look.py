"""Take a picture of every page of the built site in four modes: desk and phone, light and dark.

It needs a Chrome, which it does not bring, so it is no part of the gate:

    python -m pip install playwright pillow
    python docs/look.py --chrome /usr/bin/chromium

`docs/_build/looks` then holds a picture of each page and mode, and sheets on which many pages of a
mode stand side by side. What is wider than its screen is told. A folder or pages of another site,
such as an HTML report, can be given in place of the site.
"""

from __future__ import annotations

import argparse
import os
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from PIL import Image
from playwright.sync_api import sync_playwright

DOCS = Path(__file__).parent
SITE = DOCS / "_build" / "html"
SCREENS = {"desk": (1280, 900), "phone": (390, 844)}
SCHEMES = ("light", "dark")
# A sheet shows this much of each page, so many of them in a row, scaled to this width.
SHOWN = {"desk": (1600, 6, 420), "phone": (2400, 10, 250)}
PER_SHEET = {"desk": 12, "phone": 20}
# What is wider than the screen and does not scroll by itself makes the whole page scroll sideways.
TOO_WIDE = "document.documentElement.scrollWidth - document.documentElement.clientWidth"


def pages_of(places: Sequence[Path]) -> list[Path]:
    """Return the pages among files and folders, without what only redirects or lists."""
    found = [page for place in places for page in _within(place)]
    return [page for page in found if "_static" not in page.parts]


def _within(place: Path) -> list[Path]:
    return sorted(place.rglob("*.html")) if place.is_dir() else [place]


def look(pages: Sequence[Path], root: Path, out: Path, chrome: str) -> Iterator[str]:
    """Take the pictures, and say what does not fit."""
    with sync_playwright() as play:
        browser = play.chromium.launch(executable_path=chrome, args=["--no-sandbox"])
        for screen, (width, height) in SCREENS.items():
            for scheme in SCHEMES:
                view: dict[str, Any] = {"viewport": {"width": width, "height": height}}
                page = browser.new_context(color_scheme=scheme, **view).new_page()
                files = []
                for path in pages:
                    name = path.relative_to(root).with_suffix("").as_posix()
                    files.append(out / f"{screen}_{scheme}" / f"{name.replace('/', '__')}.png")
                    page.goto(path.as_uri())
                    page.screenshot(path=files[-1], full_page=True)
                    if scheme == SCHEMES[0] and (excess := page.evaluate(TOO_WIDE)) > 0:
                        yield f"{name} is {excess} pixels wider than a {screen}"
                _sheets(files, out, screen, scheme)
        browser.close()


def _sheets(files: Sequence[Path], out: Path, screen: str, scheme: str) -> None:
    """Put the tops of pages side by side."""
    size = PER_SHEET[screen]
    for number, start in enumerate(range(0, len(files), size), start=1):
        sheet = _sheet(files[start : start + size], screen)
        sheet.save(out / f"{screen}_{scheme}_{number:02}.png")


def _sheet(files: Sequence[Path], screen: str) -> Image.Image:
    shown, columns, width = SHOWN[screen]
    height = shown * width // SCREENS[screen][0]
    rows = -(-len(files) // columns)
    sheet = Image.new("RGB", (columns * (width + 6), rows * (height + 6)), "magenta")
    for place, file in enumerate(files):
        with Image.open(file) as picture:
            top = picture.convert("RGB").crop((0, 0, picture.width, shown))
        corner = (place % columns * (width + 6), place // columns * (height + 6))
        sheet.paste(top.resize((width, height)), corner)
    return sheet


def main() -> None:
    """Look at what is asked for."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("pages", nargs="*", type=Path, help="pages or folders (the built site)")
    parser.add_argument("--chrome", default="chromium", help="the browser's program")
    parser.add_argument("--out", type=Path, default=DOCS / "_build" / "looks")
    options = parser.parse_args()
    places = options.pages or [SITE]
    pages = [page.resolve() for page in pages_of(places)]
    root = Path(os.path.commonpath([page.parent for page in pages]))
    for problem in look(pages, root, options.out, options.chrome):
        print(problem)
    print(f"The pictures are in {options.out}.")


if __name__ == "__main__":
    main()
