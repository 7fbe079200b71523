"""Checks of the built site, as warnings, which fail the build where warnings are errors.

Sphinx checks references between its sources. This looks at what was written in the end: each link
to a page, a place in a page or a file of the site leads somewhere, and no page loads anything from
elsewhere.
"""

from html.parser import HTMLParser
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

from sphinx.application import Sphinx
from sphinx.util import logging

logger = logging.getLogger(__name__)

# What makes a browser load something by itself. A link that one follows may lead elsewhere.
LOADED = {
    "script": ["src"],
    "img": ["src", "srcset"],
    "iframe": ["src"],
    "source": ["src", "srcset"],
    "object": ["data"],
}
LOADING_RELATIONS = {"stylesheet", "preload", "prefetch", "preconnect", "icon", "modulepreload"}


class Page(HTMLParser):
    """What a page links to and loads, and the places in it that others can link to."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.links: list[str] = []
        self.loaded: list[str] = []
        self.places: set[str] = set()
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Collect what a tag refers to."""
        values = {name: value for name, value in attrs if value}
        self.places |= {values[name] for name in ("id", "name") if name in values}
        for name in LOADED.get(tag, []):
            targets = values.get(name, "").split(",")
            self.loaded += [target.split()[0] for target in targets if target.strip()]
        if tag == "a" and "href" in values:
            self.links.append(values["href"])
        if tag == "link" and LOADING_RELATIONS & set(values.get("rel", "").split()):
            self.loaded.append(values["href"])


def is_elsewhere(address: str) -> bool:
    """Tell whether an address is outside the site."""
    parts = urlsplit(address)
    return bool(parts.netloc) or parts.scheme not in ("", "data")


def problems_of(path: Path, pages: dict[Path, Page]) -> list[str]:
    """Return what is wrong with a page."""
    page = pages[path]
    found = [f"loads {address} from elsewhere" for address in page.loaded if is_elsewhere(address)]
    for address in {*page.links, *page.loaded}:
        parts = urlsplit(address)
        if is_elsewhere(address) or parts.scheme == "data":
            continue
        target = (path.parent / unquote(parts.path)).resolve() if parts.path else path
        if not target.is_file():
            found.append(f"links to {address}, which does not exist")
        elif parts.fragment and target in pages and not known(parts.fragment, pages[target]):
            found.append(f"links to {address}, a place that does not exist")
    return found


def known(fragment: str, page: Page) -> bool:
    """Tell whether a page has a place."""
    return unquote(fragment) in page.places


def check(app: Sphinx, exception: Exception | None) -> None:
    """Warn of what is wrong with the site."""
    if exception is not None or app.builder.format != "html":
        return
    root = Path(app.outdir).resolve()
    files = [path for path in sorted(root.rglob("*.html")) if "_static" not in path.parts]
    pages = {path: Page(path.read_text(encoding="utf-8")) for path in files}
    for path in pages:
        for problem in problems_of(path, pages):
            logger.warning("%s %s", path.relative_to(root), problem)
    for path in root.rglob("*.css"):
        text = path.read_text(encoding="utf-8")
        if "@import url(http" in text or "url(http" in text.replace('"', "").replace("'", ""):
            logger.warning("%s loads something from elsewhere", path.relative_to(root))
    logger.info("checked the links of %d pages", len(pages))


def setup(app: Sphinx) -> dict[str, Any]:
    """Check when all is written."""
    app.connect("build-finished", check)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
