"""Bodies that come packed by gzip, unpacked while they are read and never beyond what their door takes."""

from __future__ import annotations

import zlib
from collections.abc import Callable

from starlette.types import Message, Receive

from coop.kit.problems import HttpProblem
from coop.values import say

_GZIP = zlib.MAX_WBITS | 16


def unpack(receive: Receive, body_max: int, refuse: Callable[[int], Exception]) -> Receive:
    """Receive a packed body unpacked; what ``refuse`` makes is raised where it holds more than ``body_max`` bytes."""
    inflate = zlib.decompressobj(_GZIP)
    size = 0

    async def unpacked() -> Message:
        nonlocal size
        message = await receive()
        if message["type"] != "http.request":
            return message
        try:
            # One byte more than it may have is asked for, and no more is ever made.
            body = inflate.decompress(message.get("body", b""), body_max + 1 - size)
        except zlib.error as error:
            raise _broken() from error
        size += len(body)
        if size > body_max or inflate.unconsumed_tail:
            raise refuse(body_max)
        if not message.get("more_body", False) and (not inflate.eof or inflate.unused_data):
            raise _broken()
        return {**message, "body": body}

    return unpacked


def _broken() -> HttpProblem:
    return HttpProblem(400, "broken-body", say("the body is not what gzip packs, or is cut off"))
