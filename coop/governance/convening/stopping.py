"""Commands by which a decision that was adopted falls: a court suspends or annuls it, or the board withdraws it before
it acts; and by which it resumes.

Invariants: one person enters it from a paper and another confirms it; it is judged again when it is confirmed; nothing
that was decided is changed or deleted, but it acts no more from the day that the paper says.

Source: docs/domain/meetings-votes-and-statutes.md#a-decision-that-falls.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any, Final

from coop.governance.decisions.repeal import stop
from coop.governance.entries import commands as entries
from coop.governance.entries.store import Entry
from coop.governance.kinds import Kind, find_kind
from coop.governance.meetings import store
from coop.governance.model import Resolution
from coop.governance.stops.rules import ENTERED, Stopping, find_first, judge_days, refuse_out_of_turn
from coop.governance.stops.store import list_stops
from coop.kit.tx import Tx
from coop.values import BadInput, CoopError, NotFound, Problem, say

KIND: Final = "stop"
"""Kind of the entries by which decisions fall."""


@dataclass(frozen=True)
class Ruling:
    """A paper by which a decision falls or resumes: how, of which day, and from which day on. Without a first day the
    rule of its manner gives it."""

    manner: str
    ruled_on: date
    from_on: date | None = None


def propose_stop(tx: Tx, resolution_id: str, ruling: Ruling, paper: str, entry_id: str = "") -> Entry:
    """Keep that a decision is to fall, or to resume, until another person confirms it.

    Raises:
        NotFound: there is no such resolution.
        BadInput: a day or the paper is wrong, with every problem by field.
        CoopError: it was not adopted, its kind falls otherwise, or this cannot follow on what was told of it before.
    """
    meeting_id = store.find_agenda(tx, resolution_id)
    if meeting_id is None:
        raise NotFound(say("there is no resolution %(resolution_id)s", resolution_id=resolution_id))
    content = {
        "resolution_id": resolution_id,
        "manner": ruling.manner,
        "ruled_on": ruling.ruled_on.isoformat(),
        "from_on": ruling.from_on.isoformat() if ruling.from_on else None,
    }
    return entries.enter(tx, keep_stop, KIND, meeting_id, paper.strip(), content, entry_id)


def keep_stop(tx: Tx, entry: Entry) -> int:
    """Let a decision fall, or resume, as an entry says; returns 1."""
    store.find_meeting(tx, entry.meeting_id, lock=True)
    resolution, made = read_stop(tx, entry)
    decided_on, begins_on = _find_days(tx, resolution)
    refuse_out_of_turn(made, list_stops(tx, resolution.resolution_id), begins_on, tx.today)
    problems = judge_days(made, decided_on, begins_on, tx.today)
    if problems:
        raise BadInput(problems, "bad-stop")
    tx.tell(*stop(tx, resolution.resolution_id, made))
    return 1


def read_stop(tx: Tx, entry: Entry) -> tuple[Resolution, Stopping]:
    """The decision that an entry is about, and its fall, with the first day that follows where none is named.

    Raises:
        BadInput: the manner is unknown.
        CoopError: it was not adopted, or its kind falls otherwise.
    """
    content: Mapping[str, Any] = entry.content
    resolution, _ = find_adopted(tx, content["resolution_id"])
    if content["manner"] not in ENTERED:
        raise BadInput([Problem(say("is none of %(manners)s", manners=ENTERED), "manner")], "bad-stop")
    ruled_on = date.fromisoformat(content["ruled_on"])
    _, begins_on = _find_days(tx, resolution)
    given = content["from_on"]
    from_on = date.fromisoformat(given) if given else find_first(content["manner"], begins_on, ruled_on)
    return resolution, Stopping(content["manner"], from_on, ruled_on, entry.paper, entry.entry_id)


def find_adopted(tx: Tx, resolution_id: str) -> tuple[Resolution, Kind]:
    """A resolution that was adopted, and its kind.

    Raises:
        NotFound: there is none.
        CoopError: it was not adopted, or its kind falls otherwise.
    """
    resolution = store.find_resolution(tx, resolution_id)
    if resolution is None:
        raise NotFound(say("there is no resolution %(resolution_id)s", resolution_id=resolution_id))
    decided, kind = store.find_decision(tx, resolution_id), find_kind(resolution.kind)
    if decided is None or not decided.verdict.adopted:
        raise CoopError("not-adopted", say("this was not adopted: nothing acts that could be stopped"))
    if kind.instead:
        raise CoopError("falls-otherwise", say(kind.instead))
    return resolution, kind


def _find_days(tx: Tx, resolution: Resolution) -> tuple[date, date]:
    """The day on which something was decided, and the first on which it acts."""
    decided = store.find_decision(tx, resolution.resolution_id)
    assert decided is not None, "it was adopted"
    return decided.decided_on, find_kind(resolution.kind).find_beginning(resolution.parameters, decided.decided_on)
