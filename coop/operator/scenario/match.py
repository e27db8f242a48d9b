"""Compares an answer with what was expected of it, and finds values in it."""

from __future__ import annotations

import itertools
import re
from collections.abc import Mapping
from typing import Any

from coop.values import CoopError

_PART = re.compile(r"\.?([^.\[\]]+)|\[(\d+)\]")


def difference(expected: Any, came: Any, path: str = "", *, exactly: bool = False) -> str | None:
    """First difference between what is expected and what came, or None.

    Of an object the named fields must be there; of a list the named items, in this order, and ``exactly`` no others.

    >>> difference({"items": [{"id": 2}]}, {"items": [{"id": 1}, {"id": 2, "more": 3}], "next": None})
    >>> difference({"items": [{"id": 3}]}, {"items": [{"id": 1}]})
    'items: no item like {"id": 3} where 1 came; the nearest differs in id: expected 3, came 1'
    >>> difference({"total_cents": 5}, {"total_cents": 6})
    'total_cents: expected 5, came 6'
    >>> difference([1], [1, 2], exactly=True)
    'the answer: expected as many items as 1, 2 came'
    """
    if isinstance(expected, Mapping):
        return _difference_of_objects(expected, came, path, exactly)
    if isinstance(expected, list):
        return _difference_of_lists(expected, came, path, exactly)
    if expected == came and isinstance(expected, bool) == isinstance(came, bool):
        return None
    return f"{path or 'the answer'}: expected {_show(expected)}, came {_show(came)}"


def _difference_of_objects(expected: Mapping[str, Any], came: Any, path: str, exactly: bool) -> str | None:
    if not isinstance(came, Mapping):
        return f"{path or 'the answer'}: expected an object, came {_show(came)}"
    for name, value in expected.items():
        inside = f"{path}.{name}" if path else str(name)
        if name not in came:
            return f"{inside}: is not there; there are {', '.join(map(str, came)) or 'no fields'}"
        if found := difference(value, came[name], inside, exactly=exactly):
            return found
    return None


def _difference_of_lists(expected: list[Any], came: Any, path: str, exactly: bool) -> str | None:
    if not isinstance(came, list):
        return f"{path or 'the answer'}: expected a list, came {_show(came)}"
    if not expected and came:
        return f"{path or 'the answer'}: expected nothing, {len(came)} items came"
    if exactly and len(expected) != len(came):
        return f"{path or 'the answer'}: expected as many items as {len(expected)}, {len(came)} came"
    start = 0
    for item in expected:
        rest = came[start:]
        unlike = list(itertools.takewhile(bool, (difference(item, other, exactly=exactly) for other in rest)))
        if len(unlike) == len(rest):
            nearest = max(zip(rest, unlike, strict=True), key=lambda pair: _likeness(item, pair[0]), default=None)
            hint = f"; the nearest differs in {nearest[1]}" if nearest else ""
            return f"{path or 'the answer'}: no item like {_show(item)} where {len(came)} came{hint}"
        start += len(unlike) + 1
    return None


def _likeness(expected: Any, came: Any) -> int:
    """Number of the named fields that came as expected."""
    if not isinstance(expected, Mapping) or not isinstance(came, Mapping):
        return 0
    return sum(difference(value, came.get(name)) is None for name, value in expected.items())


def find(path: str, answer: Any) -> Any:
    """The value at a path such as ``items[0].id``.

    >>> find("items[0].id", {"items": [{"id": "b-1"}]})
    'b-1'

    Raises:
        CoopError: there is nothing at the path.
    """
    value = answer
    for name, index in _PART.findall(path):
        try:
            value = value[name] if name else value[int(index)]
        except (KeyError, IndexError, TypeError) as error:
            raise CoopError("nothing-there", f"{path}: nothing there in {_show(answer)[:300]}") from error
    return value


def fill(value: Any, kept: Mapping[str, Any]) -> Any:
    """The value with every ``${name}`` filled by what was kept; a text that is one name alone keeps its type.

    >>> fill({"bill": "${bill}", "url": "/bills/${bill}"}, {"bill": 7})
    {'bill': 7, 'url': '/bills/7'}

    Raises:
        CoopError: nothing was kept under a name.
    """
    if isinstance(value, Mapping):
        return {key: fill(item, kept) for key, item in value.items()}
    if isinstance(value, list):
        return [fill(item, kept) for item in value]
    if not isinstance(value, str):
        return value
    if alone := re.fullmatch(r"\$\{(\w+)\}", value):
        return _kept(alone[1], kept)
    return re.sub(r"\$\{(\w+)\}", lambda name: str(_kept(name[1], kept)), value)


def _kept(name: str, kept: Mapping[str, Any]) -> Any:
    if name not in kept:
        raise CoopError("nothing-kept", f"nothing was kept as {name}")
    return kept[name]


def _show(value: Any) -> str:
    import orjson

    return orjson.dumps(value, default=str).decode().replace('":', '": ').replace(',"', ', "')
