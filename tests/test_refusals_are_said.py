"""Every refusal, reason and problem is a sentence that has a translation: seen in the source, so that none hides."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

COOP = Path(__file__).parent.parent / "coop"

NOT_YET = frozenset({"demo"})
"""Rooms whose refusals are not said yet."""

TERMINAL = (
    "operator/keeping/", "operator/scenario/", "operator/cli.py", "operator/importing.py", "operator/migrating.py",
    "operator/serving.py", "operator/verification.py",
)  # fmt: skip
"""Commands, whose refusals nobody but the terminal shows: it speaks English."""

TAKES = {"CoopError": 1, "Problem": 0, "NotFound": 0, "HttpProblem": 2, "Refused": 0, "TryLater": 0, "park": 5}
"""Whose argument is a sentence for people, and which one; classes that inherit take it where their base does."""

MESSAGES = ("message", "reason")
SAYS = ("say", "say_count", "join_said")
PASSES_ON = ("message", "reason", "args")


@cache
def modules() -> dict[str, ast.Module]:
    """Every module of the program by its path within it."""
    return {str(path.relative_to(COOP)): ast.parse(path.read_text()) for path in sorted(COOP.rglob("*.py"))}


@cache
def takes() -> dict[str, int]:
    """Callables with a sentence among their arguments, those that inherit without a constructor of their own too."""
    places = dict(TAKES)
    classes = [node for module in modules().values() for node in ast.walk(module) if isinstance(node, ast.ClassDef)]
    for _ in range(3):
        for node in classes:
            bases = [base.id for base in node.bases if isinstance(base, ast.Name) and base.id in places]
            own = any(isinstance(part, ast.FunctionDef) and part.name == "__init__" for part in node.body)
            if bases and not own:
                places.setdefault(node.name, places[bases[0]])
    return places


def name_of(call: ast.Call) -> str:
    """The last name of what is called."""
    return call.func.id if isinstance(call.func, ast.Name) else getattr(call.func, "attr", "")


def sentence_of(call: ast.Call, path: str) -> ast.expr | None:
    """The sentence among the arguments of a call."""
    name = name_of(call)
    if name == "__init__" and isinstance(call.func, ast.Attribute) and call.args:
        return next((arg for arg in call.args if isinstance(arg, ast.JoinedStr)), None)
    if name not in takes() or (name == "Refused" and not path.startswith("kit/")):
        return None
    for keyword in call.keywords:
        if keyword.arg in MESSAGES:
            return keyword.value
    place = takes()[name]
    return call.args[place] if len(call.args) > place else None


class Scope:
    """A function (or module) in which a name means something."""

    def __init__(self, module: ast.Module, scope: ast.AST) -> None:
        self.module, self.scope = module, scope

    def is_said(self, node: ast.expr, seen: frozenset[str] = frozenset()) -> bool:
        """True when an expression is a sentence with a translation, or hands one on."""
        match node:
            case ast.Call():
                if isinstance(node.func, ast.Attribute) and node.func.attr in ("items", "values", "get"):
                    return self.is_said(node.func.value, seen)
                if isinstance(node.func, ast.Name) and node.func.id == "sorted":
                    return self.is_said(node.args[0], seen)
                if isinstance(node.func, ast.Name) and self._is_said_name(node.func.id, seen):
                    return True
                return name_of(node) in SAYS or self._returns_said(name_of(node))
            case ast.NamedExpr():
                return self.is_said(node.value, seen)
            case ast.Constant(value=None | ""):
                return True  # no reason at all
            case ast.IfExp():
                return self.is_said(node.body, seen) and self.is_said(node.orelse, seen)
            case ast.BoolOp():
                return all(self.is_said(value, seen) for value in node.values)
            case ast.Attribute():
                return node.attr in PASSES_ON
            case ast.Subscript():
                return self.is_said(node.value, seen)
            case ast.Starred():
                return True
            case ast.Name():
                return node.id in seen or self._is_said_name(node.id, seen | {node.id})
            case _:
                return False

    def _is_said_name(self, name: str, seen: frozenset[str]) -> bool:
        level = ast.Module([node for node in self.module.body if isinstance(node, (ast.Assign, ast.AnnAssign))], [])
        values = [*self._values_of(name, self.scope)] or [*self._values_of(name, level)]
        return bool(values) and all(self._holds_said(value, seen) for value in values)

    def _values_of(self, name: str, scope: ast.AST) -> Iterator[ast.expr]:
        for node in ast.walk(scope):
            match node:
                case ast.Assign(targets=targets, value=value):
                    if any(
                        isinstance(part, ast.Name) and part.id == name
                        for target in targets
                        for part in ast.walk(target)
                    ):
                        yield value
                case ast.AnnAssign(target=ast.Name(id=target), annotation=kind, value=ast.expr() as value) if (
                    target == name
                ):
                    yield kind if self._names_said(kind) else value
                case ast.NamedExpr(target=ast.Name(id=target), value=value) if target == name:
                    yield value
                case ast.For(target=target, iter=value) | ast.comprehension(target=target, iter=value):
                    if any(isinstance(part, ast.Name) and part.id == name for part in ast.walk(target)):
                        yield value
                case ast.arg(arg=parameter, annotation=ast.expr() as annotation) if parameter == name:
                    yield annotation

    def _holds_said(self, node: ast.expr, seen: frozenset[str]) -> bool:
        """A value, a list of values, or the annotation of a parameter."""
        if self._names_said(node) and not isinstance(node, ast.Call):
            return True
        if isinstance(node, (ast.List, ast.Tuple, ast.Dict, ast.Set)):
            inner = [part for part in ast.walk(node) if isinstance(part, ast.Call) and name_of(part) in SAYS]
            plain = [part for part in ast.walk(node) if isinstance(part, ast.JoinedStr)]
            return bool(inner) and not plain
        return self.is_said(node, seen)

    def _names_said(self, annotation: ast.AST) -> bool:
        """True for an annotation with ``Said`` in it, or with a name of this module that stands for one."""
        aliases = {
            target.id
            for node in self.module.body
            if isinstance(node, ast.Assign) and "Said" in ast.unparse(node.value).split("(")[0]
            for target in node.targets
            if isinstance(target, ast.Name)
        }
        return any(isinstance(part, ast.Name) and part.id in {"Said", *aliases} for part in ast.walk(annotation))

    def _returns_said(self, name: str) -> bool:
        return any(
            isinstance(node, ast.FunctionDef) and node.returns is not None and self._names_said(node.returns)
            for module in modules().values()
            for node in ast.walk(module)
            if getattr(node, "name", "") == name
        )


def unsaid(path: str) -> Iterator[str]:
    """Refusals of a module that have no translation."""
    module = modules()[path]
    scopes = [node for node in ast.walk(module) if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef))]
    for call in [node for node in ast.walk(module) if isinstance(node, ast.Call)]:
        sentence = sentence_of(call, path)
        if sentence is None:
            continue
        line = call.lineno
        around = [node for node in scopes if node.lineno <= line <= (node.end_lineno or 0)]
        scope = Scope(module, max(around, key=lambda node: node.lineno) if around else module)
        if not scope.is_said(sentence):
            yield f"coop/{path}:{line}: {ast.unparse(call)[:160]}"


def is_said(path: str) -> bool:
    """True when the refusals of a module have to have a translation."""
    return path.split("/")[0] not in NOT_YET and not path.startswith(TERMINAL)


@pytest.mark.parametrize("path", [path for path in modules() if is_said(path)])
def test_every_refusal_of_a_module_is_a_sentence_that_has_a_translation(path: str) -> None:
    assert not list(unsaid(path))


@pytest.mark.parametrize(
    "code",
    [
        'CoopError("late", "it is late")',
        'CoopError("late", f"it is {late}")',
        'raise Problem("it is %s" % late)',
        'Problem("it is late".upper(), "field")',
        'reason = f"it is {late}"\nProblem(reason)',
        'reason = say("it is late") if late else "it is early"\nProblem(reason)',
        'for reason in [f"it is {late}"]:\n    Problem(reason)',
        'park(tx, "kind", "source", b"", "late", f"it is {late}")',
        'NotFound(message=f"there is no {thing}")',
    ],
)
def test_a_refusal_without_a_translation_is_seen(code: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(modules(), "kit/made_up.py", ast.parse(code))
    assert list(unsaid("kit/made_up.py"))
