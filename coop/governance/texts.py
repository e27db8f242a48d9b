"""Texts as they may come in."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

UNPRINTABLE: Final = re.compile("[\\x00-\\x08\\x0b\\x0c\\x0e-\\x1f\\x7f-\\x9f\\ud800-\\udfff\\ufffe\\uffff]")
"""Characters that no text holds: XML cannot carry them, and so no feed."""


def holds_control(value: object) -> bool:
    """True when a text anywhere in a value holds a character that XML cannot carry: a control character other than a
    tab or the end of a line, or half of a pair.

    >>> holds_control({"name": ["a", "b\\a"]}), holds_control({"name": ["a\\n\\tb", 1]})
    (True, False)
    """
    return find_unprintable(value) is not None


def find_unprintable(value: object) -> str | None:
    """The way to the first such text in a value, with dots; a name that holds one counts as where it stands.

    >>> find_unprintable({"points": [{"name": "a"}, {"name": "b\\0"}]}), find_unprintable({"name": "a"})
    ('points.1.name', None)
    """
    return next(_unprintable(value, ""), None)


def _unprintable(value: object, way: str) -> Iterator[str]:
    match value:
        case str():
            if UNPRINTABLE.search(value):
                yield way
        case dict():
            for name, inner in value.items():
                yield from _unprintable(str(name), way)
                yield from _unprintable(inner, f"{way}.{name}".lstrip("."))
        case list():
            for number, part in enumerate(value):
                yield from _unprintable(part, f"{way}.{number}".lstrip("."))
