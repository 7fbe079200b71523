"""Results of benchmarks as pages of the site: what is kept as Markdown is copied to `docs/results`.

Where a page names one of them as it stands in the repository, the name is a link to it.
"""

import re
import shutil
from pathlib import Path
from typing import Any

from docutils import nodes
from sphinx.application import Sphinx
from sphinx.util import logging

logger = logging.getLogger(__name__)

RESULTS = Path(__file__).parents[2] / "benchmarks" / "results"
PREFIX, ENDING = "benchmarks/results/", ".md"
# A number with its unit or error, which `site.css` keeps on one line.
NUMBER = re.compile(r"[-+−≥≤<]?\s?[.\d].{0,20}")


def copy_results(app: Sphinx) -> None:
    """Copy pages and pictures with their dates, so that what is as before is not read again."""
    folder = Path(app.srcdir, RESULTS.name)
    shutil.rmtree(folder, ignore_errors=True)
    shutil.copytree(RESULTS, folder, ignore=shutil.ignore_patterns("*.jsonl"))


def mark_numbers(app: Sphinx, tree: nodes.document) -> None:
    """Mark what is a number in a table of results."""
    if app.env.docname.startswith(f"{RESULTS.name}/"):
        for cell in tree.findall(nodes.entry):
            if NUMBER.fullmatch(cell.astext()):
                cell["classes"].append("number")


def link_results(app: Sphinx, tree: nodes.document, name: str) -> None:
    """Make a link of each name of a page of results; they call each other without a folder."""
    for text in list(tree.findall(nodes.literal)):
        place = text.astext()
        page = f"{RESULTS.name}/{place.removeprefix(PREFIX).removesuffix(ENDING)}"
        if not place.endswith(ENDING) or isinstance(text.parent, nodes.reference):
            continue
        if page in app.env.found_docs and (place.startswith(PREFIX) or name.startswith("results/")):
            address = app.builder.get_relative_uri(name, page)
            text.replace_self(
                nodes.reference("", "", text.deepcopy(), refuri=address, internal=True)
            )
        elif place.startswith(PREFIX):
            logger.warning("there is no page %s", place, location=text)


def setup(app: Sphinx) -> dict[str, Any]:
    """Copy before pages are looked for, and link before one is written."""
    app.connect("builder-inited", copy_results)
    app.connect("doctree-read", mark_numbers)
    app.connect("doctree-resolved", link_results)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
