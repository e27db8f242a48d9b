"""Files that show that a notice went out: of kinds that everybody can open and that run nothing."""

from __future__ import annotations

from typing import Final

from coop.kit.documents import Schema
from coop.values import BadInput, Problem, say

FILE_MAX: Final = 5 * 1024 * 1024
"""Largest file [bytes]."""

NOTICE_FILE: Final[Schema[bytes]] = Schema("notice-evidence", 1, bytes, {1: bytes})
"""A file that shows to whom a notice went, byte for byte as it was handed in."""

ENDINGS: Final = {"application/pdf": "pdf", "image/jpeg": "jpg", "image/png": "png"}
"""Kinds of file that are taken, and how the name of each ends."""

_BEGINNINGS: Final = (
    (b"%PDF-", "application/pdf"),
    (b"\xff\xd8\xff", "image/jpeg"),
    (b"\x89PNG\r\n\x1a\n", "image/png"),
)


def tell_kind(body: bytes) -> str | None:
    """Tell the kind of a file by its first bytes, whatever it is called; None for one that is not taken.

    >>> tell_kind(b"%PDF-1.7 ..."), tell_kind(b"<html>")
    ('application/pdf', None)
    """
    return next((kind for beginning, kind in _BEGINNINGS if body.startswith(beginning)), None)


def judge_file(body: bytes) -> list[Problem]:
    """Find why a file cannot show that a notice went out."""
    if not body:
        return [Problem(say("choose a file that shows to whom the notice went"), "evidence")]
    if len(body) > FILE_MAX:
        return [Problem(say("the file is larger than %(most)s MB", most=FILE_MAX // 2**20), "evidence")]
    if tell_kind(body) is None:
        return [Problem(say("the file is PDF, JPEG or PNG"), "evidence")]
    return []


def kind_of(body: bytes) -> str:
    """The kind of a file that was taken.

    Raises:
        BadInput: it is none of them.
    """
    kind = tell_kind(body)
    if kind is None:
        raise BadInput(judge_file(body))
    return kind
