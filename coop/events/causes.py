"""Causes of a revision: a fact tells them in English, and pages say them in the language of whoever reads them."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import date

from coop.values import Said, join_said, say

_METER = re.compile(r"late reading of meter (.+) on (\d{4}-\d\d-\d\d)")
_GROUP = re.compile(r"late reading in group .+ on (\d{4}-\d\d-\d\d)")
_MORE = re.compile(r"and (\d+) more")
_SAID: Mapping[str, str] = {
    cause: cause
    for cause in (
        say("who held which connection, or which meter, was put right"),
        say("figures of the co-operative were put right"),
        say("readings that came later showed it otherwise"),
        say("no reading of the meter is left"),
        say("late readings"),
    )
}


def read_cause(cause: str) -> Said:
    """Read the cause that a fact tells of; what somebody wrote in their own words stays in those.

    >>> print(read_cause("late reading of meter KAM1 on 2025-02-27; late reading in group 63dabea4 on 2025-02-28"))
    a reading of meter KAM1 of 2025-02-27 came late; a reading in the group of 2025-02-28 came late
    >>> print(read_cause("the meter was read wrongly"))
    the meter was read wrongly
    """
    return join_said([_read(part) for part in cause.split("; ")])


def _read(part: str) -> str:
    if late := _METER.fullmatch(part):
        return say("a reading of meter %(meter)s of %(day)s came late", meter=late[1], day=date.fromisoformat(late[2]))
    if late := _GROUP.fullmatch(part):
        return say("a reading in the group of %(day)s came late", day=date.fromisoformat(late[1]))
    if more := _MORE.fullmatch(part):
        return say("and %(count)s more", count=int(more[1]))
    return _SAID.get(part, part)
