"""Files that show that a notice went out: of kinds that everybody can open and that run nothing."""

from __future__ import annotations

from typing import Final

from coop.filekinds import tell_kind
from coop.values import BadInput, Problem, say

FILE_MAX: Final = 5 * 1024 * 1024
"""Largest file [bytes]."""


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
