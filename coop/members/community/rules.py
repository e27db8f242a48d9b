"""Check of a logo: a whole PNG picture of a modest size, and nothing behind it."""

from __future__ import annotations

import struct
import zlib
from typing import Final

from coop.values import Said, say

LOGO_MAX: Final = 64 * 1024
"""Largest logo [bytes]."""

SIDE_MAX: Final = 2048
"""Longest side of a logo [pixels]."""

_SIGNATURE: Final = b"\x89PNG\r\n\x1a\n"
_CHUNK_FRAME: Final = 12  # length, kind and checksum


def refuse_logo(body: bytes) -> Said | None:
    """Say why bytes are no logo; empty when they are one.

    >>> refuse_logo(b"GIF89a")
    'is no PNG picture'
    """
    if len(body) > LOGO_MAX:
        return say("is larger than %(largest)s KiB", largest=LOGO_MAX // 1024)
    if not body.startswith(_SIGNATURE):
        return say("is no PNG picture")
    at = len(_SIGNATURE)
    kinds: list[bytes] = []
    while at + _CHUNK_FRAME <= len(body) and kinds[-1:] != [b"IEND"]:
        (length,) = struct.unpack_from(">I", body, at)
        content = body[at + 4 : at + 8 + length]
        checksum = body[at + 8 + length : at + _CHUNK_FRAME + length]
        if len(checksum) != 4 or struct.unpack(">I", checksum)[0] != zlib.crc32(content):
            return say("is a damaged PNG picture")
        kinds.append(content[:4])
        at += _CHUNK_FRAME + length
    if kinds[:1] != [b"IHDR"] or kinds[-1:] != [b"IEND"] or b"IDAT" not in kinds or at != len(body):
        return say("is a damaged PNG picture")
    width, height = struct.unpack_from(">II", body, 16)
    if not (0 < width <= SIDE_MAX and 0 < height <= SIDE_MAX):
        return say("has a side of more than %(most)s pixels", most=SIDE_MAX)
    return None
