"""Formulas as MathML, which browsers draw themselves: no script is loaded from anywhere."""

import re
from typing import Any

from docutils import nodes
from docutils.utils.math.latex2mathml import tex2mathml
from sphinx.application import Sphinx

# A hat over a letter is placed well only by fonts made for formulas, which many readers lack. As a
# combining character every font has it.
ACCENTED = re.compile(
    r"<(?P<place>mover|munderover)[^>]*>\s*<mi>(?P<letter>\w)</mi>\s*(?P<index><mi>\w</mi>)?\s*"
    r"<mo[^>]*>(?P<accent>[ˆ~])</mo>\s*</(?P=place)>"
)
COMBINING = {"ˆ": "\u0302", "~": "\u0303"}
PUNCTUATION = re.compile(r"[.,;:)]+")


def mathml(tex: str, *, as_block: bool = False) -> str:
    """Return a formula as MathML."""
    return ACCENTED.sub(_with_accent, tex2mathml(tex, as_block=as_block))


def _with_accent(found: re.Match[str]) -> str:
    letter = f'<mi class="accented">{found["letter"]}{COMBINING[found["accent"]]}</mi>'
    return f"<msub>{letter}{found['index']}</msub>" if found["index"] else letter


def visit_math(writer: Any, node: nodes.math) -> None:
    """Write a formula in a line."""
    formula = mathml(node.astext()) + node.get("followed_by", "")
    writer.body.append(f'<span class="math-inline">{formula}</span>')
    raise nodes.SkipNode


def visit_math_block(writer: Any, node: nodes.math_block) -> None:
    """Write a formula of its own."""
    formula = mathml(node.astext(), as_block=True)
    writer.body.append(f'<div class="math-block">{formula}</div>\n')
    raise nodes.SkipNode


def keep_punctuation(app: Sphinx, tree: nodes.document, name: str) -> None:
    """Give a formula the full stop behind it, which would otherwise start a line by itself."""
    for node in tree.findall(nodes.math):
        rest = node.next_node(descend=False, siblings=True)
        found = PUNCTUATION.match(rest) if isinstance(rest, nodes.Text) else None
        if found:
            node["followed_by"] = found.group()
            rest.parent.replace(rest, nodes.Text(rest[found.end() :]))


def setup(app: Sphinx) -> dict[str, Any]:
    """Register the renderer."""
    app.add_html_math_renderer("mathml", (visit_math, None), (visit_math_block, None))
    app.connect("doctree-resolved", keep_punctuation)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
