"""Entity tags: what was read before and has not changed is not sent again, and a change names what it was made upon.

Source: RFC 9110, 8.8.3 (ETag), 13.1 (If-Match, If-None-Match).
"""

from __future__ import annotations

import hashlib
from typing import Annotated

from fastapi import Depends, Header
from pydantic import BaseModel

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


class Precondition:
    """The header ``If-Match`` of a request that changes something in place."""

    def __init__(self, tags: str | None) -> None:
        self._tags = tags

    def check(self, shown: BaseModel) -> None:
        """Refuse a change of something that no longer is as it was read; ``shown`` is what a GET answers now.

        Raises:
            HttpProblem: 412, it changed in the meantime.
        """
        if self._tags is not None and not matches(self._tags, tag_of(shown.model_dump_json().encode())):
            raise HttpProblem(412, "precondition-failed", say("it was changed since it was read"))


async def read_precondition(
    if_match: Annotated[str | None, Header(description="Change it only if it still has this ETag.")] = None,
) -> Precondition:
    """The precondition of a request; without the header anything may be changed."""
    return Precondition(if_match)


IfMatch = Annotated[Precondition, Depends(read_precondition)]
"""The parameter of an endpoint that changes something in place."""
