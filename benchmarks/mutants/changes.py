"""Small mistakes that a person could make in a source, each of them a change of a few characters.

Texts that people read are left alone (docstrings, messages, annotations, `__all__`), and so are
decorators and `strict=True`.
"""

import ast
import hashlib
from collections import Counter
from collections.abc import Iterator
from copy import deepcopy
from pathlib import Path
from typing import Any, NamedTuple

OPERATORS: dict[type, tuple[type, ...]] = {
    ast.Lt: (ast.LtE, ast.GtE),
    ast.LtE: (ast.Lt, ast.Gt),
    ast.Gt: (ast.GtE, ast.LtE),
    ast.GtE: (ast.Gt, ast.Lt),
    ast.Eq: (ast.NotEq,),
    ast.NotEq: (ast.Eq,),
    ast.Is: (ast.IsNot,),
    ast.IsNot: (ast.Is,),
    ast.In: (ast.NotIn,),
    ast.NotIn: (ast.In,),
    ast.Add: (ast.Sub,),
    ast.Sub: (ast.Add,),
    ast.Mult: (ast.Div,),
    ast.Div: (ast.Mult,),
    ast.FloorDiv: (ast.Mult,),
    ast.Mod: (ast.Mult,),
    ast.Pow: (ast.Mult,),
    ast.BitAnd: (ast.BitOr,),
    ast.BitOr: (ast.BitAnd,),
    ast.And: (ast.Or,),
    ast.Or: (ast.And,),
}
PAIRS = [("min", "max"), ("minimum", "maximum"), ("argmin", "argmax"), ("any", "all")]
TWINS = {a: b for pair in PAIRS for a, b in (pair, pair[::-1])}
READ_BY_PEOPLE = {"help", "metavar", "prog", "description"}
SAID = {"warn", "say", "print", "add_parser"}


class Mutant(NamedTuple):
    """One change: where, the line as it stands, what becomes what, and which of equal ones."""

    file: str
    text: str
    before: str
    after: str
    nth: int


class Change(NamedTuple):
    """A piece of source, from (line, byte) to (line, byte), and what stands there instead."""

    start: tuple[int, int]
    end: tuple[int, int]
    after: str


def changes(node: Any, skips: bool = False) -> Iterator[Change]:
    """Yield what can be changed in a node and below it."""
    if isinstance(node, ast.expr) and not skips:
        form = "{}" if isinstance(node, ast.Slice) else "({})"
        yield from (_put(node, form.format(ast.unparse(n))) for n in _other_expressions(node))
    elif isinstance(node, ast.stmt):
        yield from _other_statements(node)
    for name, value in ast.iter_fields(node):
        for child in value if isinstance(value, list) else [value]:
            if isinstance(child, ast.AST) and not _left_alone(node, name, child):
                yield from changes(child, _is_type(node, child))


def _put(node: Any, after: str) -> Change:
    return Change((node.lineno, node.col_offset), (node.end_lineno, node.end_col_offset), after)


def _left_alone(parent: ast.AST, name: str, child: ast.AST) -> bool:
    match parent, child:
        case ((ast.Raise() | ast.JoinedStr() | ast.Import() | ast.ImportFrom()), _):
            return True
        case ast.Assign(targets=[ast.Name(id="__all__")]), _:
            return True
        case ast.FunctionDef(name="__repr__" | "__str__"), _:
            return True
        case ast.Call(func=ast.Name(id=called) | ast.Attribute(attr=called)), _ if called in SAID:
            return name in ("args", "keywords")
        case ast.keyword(arg=arg), _ if arg in READ_BY_PEOPLE | {"strict"}:
            return True
        case _, ast.Expr(value=ast.Constant()):
            return True
    return name in ("annotation", "returns", "decorator_list", "bases", "type_comment")


def _is_type(parent: ast.AST, child: ast.AST) -> bool:
    """Whether this is the union in `Name = Some | Other`."""
    return isinstance(parent, ast.Assign) and isinstance(getattr(child, "op", None), ast.BitOr)


def _other_expressions(node: ast.expr) -> Iterator[ast.expr]:
    def with_(**fields: Any) -> Any:
        new = deepcopy(node)
        for name, value in fields.items():
            setattr(new, name, value)
        return new

    match node:
        case ast.Compare(ops=ops):
            for k, op in enumerate(ops):
                for other in OPERATORS[type(op)]:
                    yield with_(ops=[*ops[:k], other(), *ops[k + 1 :]])
            for k, side in enumerate(node.comparators):
                if isinstance(side, ast.Constant) and isinstance(side.value, str):
                    sides = [*node.comparators]
                    sides[k] = ast.Constant(f"not {side.value}")
                    yield with_(comparators=sides)
        case ast.BinOp(op=op, left=left, right=right):
            texts = any(isinstance(s, ast.JoinedStr) or _says(s) for s in (left, right))
            if type(op) in OPERATORS and not texts:
                yield from (with_(op=other()) for other in OPERATORS[type(op)])
        case ast.BoolOp(op=op):
            yield with_(op=OPERATORS[type(op)][0]())
        case ast.UnaryOp(op=ast.Not() | ast.USub() | ast.Invert(), operand=operand):
            yield operand
        case ast.IfExp(test=test):
            yield with_(test=ast.UnaryOp(ast.Not(), test))
        case ast.Constant(value=bool(value)):
            yield ast.Constant(not value)
        case ast.Constant(value=int(value)):
            yield ast.Constant(value + 1)
        case ast.Constant(value=float(value)):
            yield ast.Constant(2 * value or 1.0)
        case ast.Slice(lower=lower, upper=upper, step=None) if lower or upper:
            yield from (with_(**{end: None}) for end in ("lower", "upper") if getattr(node, end))
        case ast.ListComp(generators=loops) | ast.GeneratorExp(generators=loops):
            for k, loop in enumerate(loops):
                for condition in loop.ifs:
                    new = deepcopy(loop)
                    new.ifs = [ast.UnaryOp(ast.Not(), condition)]
                    yield with_(generators=[*loops[:k], new, *loops[k + 1 :]])
        case ast.Call(func=func, keywords=keywords):
            if isinstance(func, ast.Name) and func.id in TWINS:
                yield with_(func=ast.Name(TWINS[func.id]))
            if isinstance(func, ast.Attribute) and func.attr in TWINS:
                yield with_(func=ast.Attribute(func.value, TWINS[func.attr]))
            for k, keyword in enumerate(keywords):
                if keyword.arg and not isinstance(keyword.value, ast.Constant):
                    yield with_(keywords=[*keywords[:k], *keywords[k + 1 :]])


def _says(node: ast.expr) -> bool:
    return isinstance(node, ast.Constant) and isinstance(node.value, str)


def _other_statements(node: ast.stmt) -> Iterator[Change]:
    match node:
        case ast.If(test=test) | ast.While(test=test):
            yield _put(test, f"(not ({ast.unparse(test)}))")
        case ast.Return(value=value) if value is not None and ast.unparse(value) != "None":
            yield _put(node, "return None")
        case ast.Expr(value=ast.Call()) | ast.AugAssign() | ast.Raise() | ast.Delete():
            yield _put(node, "pass")
        case ast.Assign(targets=[ast.Subscript() | ast.Attribute(), *_]):
            yield _put(node, "pass")
        case ast.Continue() | ast.Break():
            yield _put(node, "pass")


def mutants_of(path: Path, root: Path) -> dict[Mutant, tuple[int, str]]:
    """Return all mutants of a file, with the number of the line and the whole new source."""
    source = path.read_text(encoding="utf-8")
    lines, counts, found = source.encode().splitlines(keepends=True), Counter[Any](), {}
    starts = [0]
    for line in lines:
        starts.append(starts[-1] + len(line))
    for start, end, after in changes(ast.parse(source)):
        first, last = (starts[line - 1] + byte for line, byte in (start, end))
        whole, name = source.encode(), path.relative_to(root).as_posix()
        key = (name, lines[start[0] - 1].decode().strip(), whole[first:last].decode(), after)
        found[Mutant(*key, counts[key])] = (
            start[0],
            (whole[:first] + after.encode() + whole[last:]).decode(),
        )
        counts[key] += 1
    return found


def draw(root: Path, n: int, seed: int) -> dict[Mutant, tuple[int, str]]:
    """Draw mutants; each file gets its share by lines of code.

    It goes by digests of the mutants: where a line changes, the others' draw stays the same.
    """
    all_of = {path: mutants_of(path, root) for path in sorted((root / "skdistill").rglob("*.py"))}
    sizes = {path: _lines_of_code(path) for path, found in all_of.items() if found}
    shares = {path: n * size / sum(sizes.values()) for path, size in sizes.items()}
    counts = {path: int(share) for path, share in shares.items()}
    by_rest = sorted(shares, key=lambda path: int(shares[path]) - shares[path])
    for path in by_rest[: n - sum(counts.values())]:
        counts[path] += 1

    def digest(mutant: Mutant) -> str:
        return hashlib.sha256(repr((seed, mutant)).encode()).hexdigest()

    chosen = (sorted(all_of[path], key=digest)[: counts[path]] for path in sizes)
    return {m: all_of[root / m.file][m] for some in chosen for m in some}


def _lines_of_code(path: Path) -> int:
    """Count the lines that hold code, docstrings and comments apart."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    said = {id(e.value) for e in ast.walk(tree) if isinstance(e, ast.Expr)}
    return len({getattr(n, "lineno", 0) for n in ast.walk(tree) if id(n) not in said})
