"""Each small mistake that could stand in a module: its source in, one changed module after the other out.

What stands outside functions is changed too, patterns by each of their characters. Annotations, decorators,
docstrings and imports are left alone.
"""

import ast
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import zip_longest
from types import CodeType
from typing import Any

_COMPARISONS: dict[type[ast.cmpop], list[type[ast.cmpop]]] = {
    ast.Eq: [ast.NotEq, ast.LtE, ast.GtE],
    ast.NotEq: [ast.Eq, ast.Lt, ast.Gt],
    ast.Lt: [ast.LtE, ast.Gt, ast.GtE, ast.Eq, ast.NotEq],
    ast.LtE: [ast.Lt, ast.Gt, ast.GtE, ast.Eq, ast.NotEq],
    ast.Gt: [ast.GtE, ast.Lt, ast.LtE, ast.Eq, ast.NotEq],
    ast.GtE: [ast.Gt, ast.Lt, ast.LtE, ast.Eq, ast.NotEq],
    ast.Is: [ast.IsNot],
    ast.IsNot: [ast.Is],
    ast.In: [ast.NotIn],
    ast.NotIn: [ast.In],
}
_OPERATORS: dict[type[ast.AST], type[ast.AST]] = {
    ast.And: ast.Or,
    ast.Or: ast.And,
    ast.Add: ast.Sub,
    ast.Sub: ast.Add,
    ast.Mult: ast.FloorDiv,
    ast.FloorDiv: ast.Mult,
    ast.Mod: ast.Mult,
}
_NAMES = {
    "all": ["any"],
    "any": ["all"],
    "max": ["min"],
    "min": ["max"],
    "fullmatch": ["match", "search"],
    "lstrip": ["rstrip"],
    "rstrip": ["lstrip"],
    "partition": ["rpartition"],
    "rpartition": ["partition"],
}
_LEFT_ALONE = {"annotation", "returns", "decorator_list"}
_SHOWN_AROUND = 20


@dataclass(frozen=True, slots=True)
class Mutant:
    """A module with one change, which is named by text alone, so that the name outlives a move of lines."""

    module: str
    function: str
    line: str
    change: str
    code: CodeType


def mutants(module: str, source: str) -> Iterator[Mutant]:
    tree, lines, seen = ast.parse(source), source.splitlines(), Counter[tuple[str, str, str]]()
    patterns = {id(node) for call in ast.walk(tree) if _is_pattern(call) for node in ast.walk(call)}
    for holder, field, index, node, function in _places(tree, "<module>"):
        line, before = lines[node.lineno - 1].strip(), ast.unparse(node)
        changes = [*_operations(node, in_pattern=id(node) in patterns), *_parts(node)]
        for changed in [*_instead_of_anything(holder, field), *changes]:
            after = ast.unparse(ast.copy_location(changed, node))
            if after == before:
                continue
            _put(holder, field, index, changed)
            code = compile(ast.fix_missing_locations(tree), module, "exec")
            _put(holder, field, index, node)
            change = _difference(before, after)
            seen[function, line, change] += 1
            count = seen[function, line, change]
            yield Mutant(module, function, line, f"{change} #{count}" if count > 1 else change, code)


def _is_pattern(node: ast.AST) -> bool:
    return isinstance(node, ast.Call) and ast.unparse(node.func) == "re.compile"


def _places(holder: ast.AST, function: str) -> Iterator[tuple[ast.AST, str, int | None, Any, str]]:
    """Each node below this one, with what holds it where, and the function that it is in."""
    if isinstance(holder, ast.FunctionDef | ast.ClassDef):
        function = f"{function}.{holder.name}".removeprefix("<module>.")
    for field, held in ast.iter_fields(holder):
        for index, node in enumerate(held) if isinstance(held, list) else [(None, held)]:
            if not isinstance(node, ast.AST) or field in _LEFT_ALONE or _is_docstring(node):
                continue
            if hasattr(node, "lineno"):
                yield holder, field, index, node, function
            yield from _places(node, function)


def _is_docstring(node: ast.AST) -> bool:
    return isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)


def _put(holder: ast.AST, field: str, index: int | None, node: ast.AST) -> None:
    if index is None:
        setattr(holder, field, node)
    else:
        getattr(holder, field)[index] = node


def _difference(before: str, after: str) -> str:
    """Both without most of what they share, or a pattern's missing character is hard to find."""
    start = _first_difference(before, after)
    left = max(0, start - _SHOWN_AROUND)
    right = max(0, _first_difference(before[start:][::-1], after[start:][::-1]) - _SHOWN_AROUND)
    dots, more = "..." * (left > 0), "..." * (right > 0)
    return " -> ".join(dots + text[left : len(text) - right] + more for text in (before, after))


def _first_difference(one: str, other: str) -> int:
    return next(at for at, (this, that) in enumerate(zip_longest(one, other)) if this != that)


def _instead_of_anything(holder: ast.AST, field: str) -> list[ast.AST]:
    """What may stand in this place, whatever stands there now."""
    match holder, field:
        case (ast.If() | ast.IfExp() | ast.While(), "test"):
            return [ast.Constant(value=True), ast.Constant(value=False)]
        case (ast.comprehension(), "ifs") | (ast.BoolOp(), "values"):
            return [ast.Constant(value=True), ast.Constant(value=False)]
        case (ast.Call(), "args") | (ast.keyword() | ast.Assign() | ast.AnnAssign(), "value"):
            return [ast.Constant(value=None)]
        case ast.ExceptHandler(), "type":
            return [ast.Tuple(elts=[], ctx=ast.Load())]
        case _:
            return []


def _operations(node: ast.AST, *, in_pattern: bool) -> Iterator[ast.AST]:
    match node:
        case ast.Expr() | ast.Return() | ast.Raise():
            yield ast.Pass()
        case ast.Constant(value=value):
            yield from (ast.Constant(other) for other in _other_values(value, in_pattern=in_pattern))
        case ast.Compare(ops=ops):
            for index, op in enumerate(ops):
                for other in _COMPARISONS[type(op)]:
                    yield _with(node, ops=[*ops[:index], other(), *ops[index + 1 :]])
        case ast.BoolOp(op=op) | ast.BinOp(op=op) if type(op) in _OPERATORS:
            yield _with(node, op=_OPERATORS[type(op)]())
        case ast.UnaryOp(operand=operand):
            yield operand
        case ast.Attribute(attr=name):
            yield from (_with(node, attr=other) for other in _NAMES.get(name, []))
        case ast.Name(id=name):
            yield from (_with(node, id=other) for other in _NAMES.get(name, []))
        case _:
            pass


def _parts(node: ast.AST) -> Iterator[ast.AST]:
    """The node without each of its parts."""
    match node:
        case ast.Call(args=args, keywords=keywords):
            yield from (_with(node, args=rest) for rest in _each_left_out(args))
            yield from (_with(node, keywords=rest) for rest in _each_left_out(keywords))
        case ast.Set(elts=elts) | ast.List(elts=elts) | ast.Tuple(elts=elts, ctx=ast.Load()):
            yield from (_with(node, elts=rest) for rest in _each_left_out(elts))
        case ast.Dict(keys=keys, values=values):
            for some, theirs in zip(_each_left_out(keys), _each_left_out(values), strict=True):
                yield _with(node, keys=some, values=theirs)
        case ast.Slice():
            yield from (_with(node, lower=None), _with(node, upper=None))
        case _:
            pass


def _with(node: ast.AST, **fields: Any) -> ast.AST:
    return type(node)(**{**dict(ast.iter_fields(node)), **fields})


def _each_left_out(nodes: list[Any]) -> list[list[Any]]:
    return [nodes[:index] + nodes[index + 1 :] for index in range(len(nodes))]


def _other_values(value: object, *, in_pattern: bool) -> list[Any]:
    match value:
        case bool():
            return [not value]
        case int():
            return [value - 1, value + 1]
        case str():
            shorter = [value[:index] + value[index + 1 :] for index in range(len(value)) if in_pattern]
            return ["", value + "x", *shorter]
        case bytes():
            return [b"", b"x"]
        case _:
            return []
