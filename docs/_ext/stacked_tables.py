"""Tables of words, whose rows become cards on a phone.

A table of the class `stacked` gets the head of its column in each cell. `site.css` hides it, but
where the screen is too narrow for columns.
"""

from typing import Any

from docutils import nodes
from sphinx.application import Sphinx


def label_cells(app: Sphinx, tree: nodes.document, name: str) -> None:
    """Put the head of its column before what a cell says, but in the first column."""
    for table in tree.findall(nodes.table):
        if "stacked" in table["classes"]:
            heads = table.next_node(nodes.thead).next_node(nodes.row).children
            for row in table.next_node(nodes.tbody).children:
                for head, cell in list(zip(heads, row.children, strict=True))[1:]:
                    _label(cell, head)


def _label(cell: nodes.Element, head: nodes.Element) -> None:
    words = [node.deepcopy() for node in head.children[0].children]
    label = nodes.inline("", "", *words, nodes.Text(": "), classes=["cell-label"])
    cell.children[0].insert(0, label)


def setup(app: Sphinx) -> dict[str, Any]:
    """Label cells before a page is written."""
    app.connect("doctree-resolved", label_cells)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
