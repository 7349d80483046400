"""The names that an experiment's code gives to its numbers, read off its source before it runs.

A run takes hours, and at its end a misspelled name would be found too late. The names are keys of dictionaries in the
code: whole, as in `{"gain": …}`, or with gaps, as in `{f"{kind}_ratio": …}`. What fills a gap is written there too: a
member of a list or tuple, a key of a dictionary, an argument of one of its functions, or a constant of its module.
"""

__all__ = ["misnamed"]

import ast
import functools
import inspect
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from types import FunctionType
from typing import Any, TypeAlias, cast

Template: TypeAlias = tuple[str | None, ...]
"""The pieces of a text in order, with None for a gap."""

MEASURES, NAMED = "copyist.claims.measures.", ("dict[str, float]", "Measurements")
"""Modules that measure for several experiments, and what those of their functions return that name numbers."""


def misnamed(run: Callable[..., Any], names: Sequence[str]) -> list[str]:
    """What is named in a declaration and by no code of the experiment; and what its code names beside that.

    A dictionary that holds one of the names may hold nothing else. What is read is what code could name: whether it
    does so is known after a run.

    Args:
        run: a function at the top of a module; of another, such as a lambda, nothing is read, and nothing found.
        names: what it is declared to measure.
    """
    code = _code(inspect.unwrap(run))
    if not code:
        return []
    texts = {_template(node) for nodes in code.values() for node in nodes if isinstance(node, ast.JoinedStr)}
    words = {word.replace(" ", "_") for function in code for word in _words(function, code)}

    @functools.cache
    def fills(text: str) -> bool:
        return text in words or any(_fits(text, each, words.__contains__) for each in texts)

    fitting: set[str] = set()
    odd: list[str] = []
    for keys in (keys for nodes in code.values() for keys in _dictionaries(nodes)):
        found = {key: [name for name in names if _fits(name, key, fills)] for key in keys}
        fitting.update(*found.values())
        if any(found[key] for key in keys if any(key)):
            odd += ["".join(piece or "…" for piece in key) for key in keys if any(key) and not found[key]]
    return [*(name for name in names if name not in fitting), *odd]


def _code(run: Callable[..., Any]) -> dict[FunctionType, list[ast.AST]]:
    """What a function is made of, and those it calls that are its module's own or name numbers for others."""
    code: dict[FunctionType, list[ast.AST]] = {}
    left: list[object] = [run]
    while left:
        function = left.pop()
        if not isinstance(function, FunctionType) or function in code:
            continue
        nodes = _functions_in(inspect.getsourcefile(function) or "").get(function.__qualname__)
        if nodes and (function.__module__ == run.__module__ or _names_for_others(function, nodes)):
            code[function] = nodes
            used = (function.__globals__.get(node.id) for node in nodes if isinstance(node, ast.Name))
            left += [inspect.unwrap(each) for each in used if callable(each)]
    return code


def _names_for_others(function: FunctionType, nodes: Sequence[ast.AST]) -> bool:
    given = nodes[0].returns if isinstance(nodes[0], ast.FunctionDef) else None
    return function.__module__.startswith(MEASURES) and given is not None and ast.unparse(given) in NAMED


@functools.lru_cache(maxsize=128)
def _functions_in(file: str) -> Mapping[str, list[ast.AST]]:
    """The functions at the top of a file, by name; none where there is no such file."""
    if not Path(file).is_file():
        return {}
    tree = ast.parse(Path(file).read_text("utf-8"))
    return {node.name: list(ast.walk(node)) for node in tree.body if isinstance(node, ast.FunctionDef)}


def _dictionaries(nodes: Iterable[ast.AST]) -> list[list[Template]]:
    """The keys of each dictionary that is made, and of each that is added to."""
    made: list[list[Template]] = []
    added: dict[str, list[Template]] = {}
    for node in nodes:
        if isinstance(node, ast.Dict):
            made.append([_template(key) for key in node.keys if key is not None])
        elif isinstance(node, ast.DictComp):
            made.append([_template(node.key)])
        elif isinstance(node, ast.Subscript) and isinstance(node.ctx, ast.Store):
            added.setdefault(ast.unparse(node.value), []).append(_template(node.slice))
    return [*made, *added.values()]


def _template(node: ast.AST) -> Template:
    if isinstance(node, ast.JoinedStr):
        return tuple(_template(value)[0] for value in node.values)
    return (node.value,) if isinstance(node, ast.Constant) and isinstance(node.value, str) else (None,)


def _words(function: FunctionType, code: Mapping[FunctionType, list[ast.AST]]) -> Iterator[str]:
    """The texts and whole numbers that a function goes through."""
    own = {each.__name__ for each in code}
    for node in code[function]:
        members: list[ast.expr | None] = []
        if isinstance(node, ast.Name):
            yield from _held(function.__globals__.get(node.id))
        elif isinstance(node, ast.Tuple | ast.List | ast.Set):
            members += node.elts
        elif isinstance(node, ast.Dict):
            members += node.keys
        elif isinstance(node, ast.IfExp):
            members += [node.body, node.orelse]
        elif isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in own:
            members += [*node.args, *(keyword.value for keyword in node.keywords)]
        for member in members:
            if isinstance(member, ast.Constant):
                yield from _held(member.value)


def _held(value: object) -> Iterator[str]:
    """The texts and whole numbers that a constant is or holds; of a dictionary the keys alone."""
    if isinstance(value, str | int):
        yield str(value)
    elif isinstance(value, tuple | list | Mapping):
        for member in cast("Iterable[object]", value):
            yield from _held(member)


def _fits(text: str, template: Template, fills: Callable[[str], bool]) -> bool:
    """Whether a text is a template whose gaps are filled, or left empty."""
    if not template:
        return text == ""
    piece, rest = template[0], template[1:]
    if piece is not None:
        return text.startswith(piece) and _fits(text[len(piece) :], rest, fills)
    ends = (end for end in range(len(text) + 1) if end == 0 or fills(text[:end]))
    return any(_fits(text[end:], rest, fills) for end in ends)
