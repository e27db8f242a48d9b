"""Compares an answer with what was expected of it, and finds values in it."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from coop.values import CoopError

_PART = re.compile(r"\.?([^.\[\]]+)|\[(\d+)\]")


def difference(expected: Any, came: Any, path: str = "") -> str | None:
    """First difference between what is expected and what came, or None.

    Of an object the named fields must be there; of a list the named items, in this order.

    >>> difference({"items": [{"id": 2}]}, {"items": [{"id": 1}, {"id": 2, "more": 3}], "next": None})
    >>> difference({"items": [{"id": 3}]}, {"items": [{"id": 1}]})
    'items: no item like {"id": 3} where 1 came; the last looked at differs in id: expected 3, came 1'
    >>> difference({"total_cents": 5}, {"total_cents": 6})
    'total_cents: expected 5, came 6'
    """
    if isinstance(expected, Mapping):
        return _difference_of_objects(expected, came, path)
    if isinstance(expected, list):
        return _difference_of_lists(expected, came, path)
    if expected == came and isinstance(expected, bool) == isinstance(came, bool):
        return None
    return f"{path or 'the answer'}: expected {_show(expected)}, came {_show(came)}"


def _difference_of_objects(expected: Mapping[str, Any], came: Any, path: str) -> str | None:
    if not isinstance(came, Mapping):
        return f"{path or 'the answer'}: expected an object, came {_show(came)}"
    for name, value in expected.items():
        inside = f"{path}.{name}" if path else str(name)
        if name not in came:
            return f"{inside}: is not there; there are {', '.join(map(str, came)) or 'no fields'}"
        if found := difference(value, came[name], inside):
            return found
    return None


def _difference_of_lists(expected: list[Any], came: Any, path: str) -> str | None:
    if not isinstance(came, list):
        return f"{path or 'the answer'}: expected a list, came {_show(came)}"
    if not expected and came:
        return f"{path or 'the answer'}: expected nothing, {len(came)} items came"
    rest = iter(came)
    for item in expected:
        last = ""
        for candidate in rest:
            last = difference(item, candidate) or ""
            if not last:
                break
        else:
            told = f"; the last looked at differs in {last}" if last else ""
            return f"{path or 'the answer'}: no item like {_show(item)} where {len(came)} came{told}"
    return None


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
