"""Texts as they may come in."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

UNPRINTABLE: Final = re.compile("[\\x00-\\x08\\x0b\\x0c\\x0e-\\x1f\\x7f-\\x9f\\ud800-\\udfff\\ufffe\\uffff]")
"""Characters that no text holds: XML cannot carry them, and so no feed."""


def holds_nul(value: object) -> bool:
    """True when a text anywhere in a value holds a NUL.

    >>> holds_nul({"name": ["a", "b\\0"]}), holds_nul({"name": ["a", 1]})
    (True, False)
    """
    return any("\0" in text for text in _texts(value))


def holds_control(value: object) -> bool:
    """True when a text anywhere in a value holds a character that XML cannot carry: a control character other than a
    tab or the end of a line, or half of a pair.

    >>> holds_control({"name": ["a", "b\\a"]}), holds_control({"name": ["a\\n\\tb", 1]})
    (True, False)
    """
    return any(UNPRINTABLE.search(text) for text in _texts(value))


def _texts(value: object) -> Iterator[str]:
    match value:
        case str():
            yield value
        case dict():
            for item in value.items():
                yield from _texts(list(item))
        case list():
            for part in value:
                yield from _texts(part)
