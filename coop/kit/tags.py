"""Entity tags: what was read before and has not changed is not sent again, and a change names what it was made upon.

Source: RFC 9110, 8.8.3 (ETag), 13.1 (If-Match, If-None-Match).
"""

from __future__ import annotations

import hashlib

from coop.kit.problems import HttpProblem
from coop.values import say


def tag_of(body: bytes) -> str:
    """The tag of a representation: a hash of its bytes."""
    return f'"{hashlib.sha256(body).hexdigest()[:32]}"'


def matches(header: str | None, tag: str) -> bool:
    """True when a list of tags holds ``tag``, or is ``*``; a proxy that compresses may have made them weak.

    >>> matches('"a", W/"b"', '"b"'), matches("*", '"b"'), matches(None, '"b"')
    (True, True, False)
    """
    tags = [each.strip().removeprefix("W/") for each in (header or "").split(",")]
    return tag in tags or "*" in tags


class Changed(HttpProblem):
    """Somebody else was first: the thing is no longer as it was read."""

    def __init__(self) -> None:
        super().__init__(412, "precondition-failed", say("it was changed since it was read"))
