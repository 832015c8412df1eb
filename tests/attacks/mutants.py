"""Host files with one check taken out: made from their source, so that a check of a new host is found by itself.

``without`` takes out a reason wherever it is refused with; ``edits`` finds each single check on the way of a
delivery through ``verify``. What the host file uses of ``webhooks`` is made anew with it, but for the facts.
"""

import ast
import builtins
from collections import Counter
from collections.abc import Callable, Iterator
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from types import ModuleType
from typing import Any

from tests.attacks.trying import World
from webhooks.delivery import Reason

SHARED = "webhooks.delivery"
Trees = dict[str, ast.Module]
Edit = tuple[str, Callable[[], None]]
_AS_THEY_ARE = {"webhooks", "webhooks.events", "webhooks.listening"}


@cache
def _source(module: str) -> str:
    spec = find_spec(module)
    assert spec is not None
    assert spec.origin is not None
    return Path(spec.origin).read_text()


def trees_of(host: str) -> Trees:
    """The host file and what it uses, parsed; the host file first."""
    trees: Trees = {}
    wanted = [f"webhooks.{host}"]
    while wanted:
        module = wanted.pop(0)
        if module not in trees:
            trees[module] = ast.parse(_source(module))
            wanted += [name for name in _imported(trees[module]) if name not in _AS_THEY_ARE]
    return trees


def _imported(tree: ast.Module) -> list[str]:
    froms = [node for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)]
    whole = [f"webhooks.{part.name}" for node in froms if node.module == "webhooks" for part in node.names]
    return [*whole, *(node.module for node in froms if node.module and node.module.startswith("webhooks."))]


def world(host: str, trees: Trees) -> World:
    """Run the parsed modules as modules of their own, which see one another and not the real ones."""
    made: dict[str, ModuleType] = {}

    def brought(
        name: str, space: Any = None, local: Any = None, names: Any = (), level: int = 0
    ) -> ModuleType:
        if name == "webhooks" and names:
            package = ModuleType(name)
            vars(package).update({part: make(f"{name}.{part}") for part in names})
            return package
        return make(name) if name in trees else __import__(name, space, local, names, level)

    def make(name: str) -> ModuleType:
        if name not in made:
            module = made[name] = ModuleType(name)
            vars(module)["__builtins__"] = {**vars(builtins), "__import__": brought}
            exec(compile(trees[name], f"<{name}, changed>", "exec"), vars(module))
        return made[name]

    return World(make(f"webhooks.{host}"), make(SHARED))


def without(reason: Reason, trees: Trees) -> None:
    """No refusal for this reason any more: what comes after it goes on."""
    for statements in (found for tree in trees.values() for found in _blocks(tree)):
        for at, statement in enumerate(statements):
            if (
                isinstance(statement, ast.Raise)
                and isinstance(statement.exc, ast.Call)
                and statement.exc.args
            ):
                other = ast.Compare(statement.exc.args[0], [ast.NotEq()], [ast.Constant(reason.value)])
                statements[at] = ast.If(other, [statement], [])
    for tree in trees.values():
        ast.fix_missing_locations(tree)


def edits(host: str, trees: Trees) -> Iterator[Edit]:
    """Each single check of ``verify`` and what it calls, in words, and how to take it out of the trees."""
    seen: Counter[str] = Counter()
    for name, function in _reached(trees, "verify"):
        where = name.removeprefix("webhooks.").removeprefix(host).lstrip(".")
        for what, edit in _checks(function):
            words = " ".join(filter(None, [where, f"{function.name}: {what}"]))
            seen[words] += 1
            yield words + (f" ({seen[words]})" if seen[words] > 1 else ""), edit


def _reached(trees: Trees, first: str) -> list[tuple[str, ast.FunctionDef]]:
    """The functions that *first* can lead to, found by their names."""
    defined = {
        node.name: (name, node)
        for name, tree in reversed(trees.items())
        for node in ast.walk(tree)
        if isinstance(node, ast.FunctionDef)
    }
    reached, wanted = {}, [first]
    while wanted:
        name = wanted.pop(0)
        if name in defined and name not in reached:
            reached[name] = defined[name]
            wanted += sorted(_names(defined[name][1]))
    return list(reached.values())


def _names(function: ast.FunctionDef) -> set[str]:
    """What it names, but for its own variables, which may be called as some function is."""
    walked = list(ast.walk(function))
    names = [node for node in walked if isinstance(node, ast.Name)]
    own = {node.id for node in names if isinstance(node.ctx, ast.Store)}
    own |= {node.arg for node in walked if isinstance(node, ast.arg)}
    attributes = {node.attr for node in walked if isinstance(node, ast.Attribute)}
    return attributes | {node.id for node in names} - own


def _checks(function: ast.FunctionDef) -> Iterator[Edit]:
    for statements in _blocks(function):
        for at, statement in enumerate(statements):
            if _is_check(statement):
                yield f"without {ast.unparse(statement)}", lambda s=statements, at=at: _put(s, at, ast.Pass())  # type: ignore[misc]
    for node in ast.walk(function):
        yield from _parts(node)


def _is_check(statement: ast.stmt) -> bool:
    """A refusal, or a call that is there for nothing but to refuse; to answer a trial is no check."""
    match statement:
        case ast.Expr(ast.Call()) | ast.Raise(ast.Call(func=ast.Name(id="Unsigned" | "Malformed" | "Stale"))):
            return True
        case _:
            return False


def _parts(node: ast.AST) -> Iterator[Edit]:
    match node:
        case ast.If(test=ast.BoolOp(op=ast.Or(), values=values), body=[ast.Raise(), *_]):
            for at, value in enumerate(values):
                yield f"without or {ast.unparse(value)}", lambda at=at: _put(values, at, ast.Constant(False))  # type: ignore[misc]
        case ast.comprehension(ifs=[_, *_] as ifs):
            for at, value in enumerate(ifs):
                passing = ast.BoolOp(ast.Or(), [value, ast.Constant(True)])
                yield f"without if {ast.unparse(value)}", lambda at=at, p=passing: _put(ifs, at, p)  # type: ignore[misc]
        case ast.Call(func=ast.Name(id="same"), args=[_, wanted]) as call:
            anyone = ast.parse(f"next(iter({ast.unparse(wanted)}), None)", mode="eval").body
            yield f"anyone for {ast.unparse(call)}", lambda: _become(call, anyone)


def _put(nodes: list[Any], at: int, node: ast.AST) -> None:
    nodes[at] = ast.fix_missing_locations(ast.copy_location(node, nodes[at]))


def _become(call: ast.Call, other: ast.expr) -> None:
    assert isinstance(other, ast.Call)
    call.func, call.args, call.keywords = other.func, other.args, other.keywords
    ast.fix_missing_locations(call)


def _blocks(tree: ast.AST) -> list[list[ast.stmt]]:
    """All runs of statements."""
    fields = (
        getattr(node, field, None) for node in ast.walk(tree) for field in ("body", "orelse", "finalbody")
    )
    return [field for field in fields if isinstance(field, list) and field]
