"""Kinds of file that everybody can open for years and that run nothing: told by what is in them, whatever they are
called."""

from __future__ import annotations

from typing import Final

ENDINGS: Final = {"application/pdf": "pdf", "image/jpeg": "jpg", "image/png": "png"}
"""Kinds of file, and how the name of each ends."""

_BEGINNINGS: Final = (
    (b"%PDF-", "application/pdf"),
    (b"\xff\xd8\xff", "image/jpeg"),
    (b"\x89PNG\r\n\x1a\n", "image/png"),
)


def tell_kind(body: bytes) -> str | None:
    """Tell the kind of a file by its first bytes; None for any other.

    >>> tell_kind(b"%PDF-1.7 ..."), tell_kind(b"<html>")
    ('application/pdf', None)
    """
    return next((kind for beginning, kind in _BEGINNINGS if body.startswith(beginning)), None)
