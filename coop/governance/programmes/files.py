"""Files that may serve as evidence: ones that a partner can open for years, and no larger than needed."""

from __future__ import annotations

from typing import Final

from coop.filekinds import tell_kind
from coop.values import BadInput, Problem, say

FILE_MAX: Final = 5 * 1024 * 1024
"""Largest file [bytes]."""


def judge_file(body: bytes) -> str:
    """Tell the kind of a file from its first bytes.

    >>> judge_file(b"%PDF-1.7 ...")
    'application/pdf'

    Raises:
        BadInput: it is empty, too large, or neither PDF nor picture.
    """
    if not body:
        raise BadInput([Problem(say("choose a file"), "file")])
    if len(body) > FILE_MAX:
        raise BadInput([Problem(say("the file is larger than %(most)s MB", most=FILE_MAX // 2**20), "file")])
    media_type = tell_kind(body)
    if media_type is None:
        raise BadInput([Problem(say("only PDF, JPEG and PNG files serve as evidence"), "file")])
    return media_type
