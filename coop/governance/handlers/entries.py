"""Commands on ballots of the room and on paper: one person enters them, another confirms them, and then they count."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from coop.governance.handlers.meetings import cast_votes
from coop.governance.storage import entries as store
from coop.governance.storage import meetings as meeting_store
from coop.governance.storage.entries import Entry
from coop.governance.storage.voters import find_voters, list_numbers
from coop.kit.tx import Tx
from coop.values import BadInput, CoopError, NotFound, Problem, say


@dataclass(frozen=True)
class Row:
    """One paper: the number of the member, that of the holder of a proxy or nothing, and the choice on each resolution
    that it was filled in for."""

    line: int
    number: str
    holder: str
    choices: Mapping[str, str]


def enter_ballots(tx: Tx, meeting_id: str, paper: str, rows: Sequence[Row]) -> Entry:
    """Keep ballots that somebody entered for others; they count once another person confirms them.

    Raises:
        BadInput: with every bad ballot by its line; then none is kept.
        CoopError: the vote is closed.
    """
    held_on = _held_on(tx, meeting_id)
    ballots = _resolve_numbers(tx, rows, held_on)
    lines = [row.line for row in rows for _ in row.choices]
    _try_to_cast(tx, meeting_id, held_on, ballots, lines)
    return store.find_entry(tx, store.add_entry(tx, meeting_id, paper, ballots))


def confirm_entry(tx: Tx, entry_id: str) -> int:
    """Count the ballots that another person entered; returns how many were new. Repeating it changes nothing.

    Raises:
        CoopError: the same person entered them, they were dropped, or the vote is closed.
        BadInput: a ballot cannot be any more, as where its member voted in person since.
    """
    entry = store.find_entry(tx, entry_id)
    settled = store.find_settled(tx, entry_id)
    if settled is not None:
        if settled.outcome == "confirmed":
            return 0
        raise CoopError("entry-dropped", say("these ballots were dropped"))
    if entry.actor == str(tx.actor):
        raise CoopError("second-person", say("you entered these ballots yourself: somebody else confirms them"))
    new = _cast(tx, entry.meeting_id, _held_on(tx, entry.meeting_id), entry.ballots)
    store.settle_entry(tx, entry_id, "confirmed")
    return new


def drop_entry(tx: Tx, entry_id: str) -> None:
    """Leave ballots out that were entered wrongly, before anybody confirmed them.

    Raises:
        CoopError: they were confirmed.
    """
    store.find_entry(tx, entry_id)
    settled = store.find_settled(tx, entry_id)
    if settled is not None:
        if settled.outcome == "dropped":
            return
        raise CoopError("entry-confirmed", say("these ballots were confirmed: they count"))
    store.settle_entry(tx, entry_id, "dropped")


def _held_on(tx: Tx, meeting_id: str) -> date:
    meeting = meeting_store.find_meeting(tx, meeting_id)
    if meeting is None:
        raise NotFound(say("there is no meeting %(id)s", id=meeting_id))
    return meeting.held_on


def _resolve_numbers(tx: Tx, rows: Sequence[Row], held_on: date) -> list[list[str]]:
    numbers = list_numbers(tx)
    ids = {numbers.get(member_id, member_id): member_id for member_id in find_voters(tx, held_on)}
    problems = []
    for row in rows:
        for field, number in (("number", row.number), ("holder", row.holder)):
            if number and number not in ids:
                reason = say("no member with number %(number)s has a vote on %(day)s", number=number, day=held_on)
                problems.append(Problem(reason, field, row.line))
        if not row.number:
            problems.append(Problem(say("give the number of the member"), "number", row.line))
        if not row.choices:
            problems.append(Problem(say("choose for, against or blank at least once"), "choice", row.line))
    if not rows:
        problems.append(Problem(say("fill in at least one ballot"), "number"))
    if problems:
        raise BadInput(problems, "bad-ballots")
    return [
        [resolution_id, ids[row.number], choice, ids[row.holder] if row.holder else ""]
        for row in rows
        for resolution_id, choice in row.choices.items()
    ]


class _Tried(Exception):
    """Ends a try, so that nothing of it stays."""


def _try_to_cast(
    tx: Tx, meeting_id: str, held_on: date, ballots: Sequence[Sequence[str]], lines: Sequence[int]
) -> None:
    try:
        with tx.savepoint():
            _cast(tx, meeting_id, held_on, ballots, lines)
            raise _Tried
    except _Tried:
        return


def _cast(tx: Tx, meeting_id: str, held_on: date, ballots: Sequence[Sequence[str]], lines: Sequence[int] = ()) -> int:
    cast_on, new = min(tx.today, held_on), 0
    problems: list[Problem] = []
    for resolution_id in dict.fromkeys(ballot[0] for ballot in ballots):
        places = [place for place, ballot in enumerate(ballots) if ballot[0] == resolution_id]
        rows: list[dict[str, Any]] = [
            {
                "member_id": ballots[place][1],
                "choice": ballots[place][2],
                "cast_on": cast_on,
                "proxy_holder": ballots[place][3] or None,
            }
            for place in places
        ]
        try:
            new += cast_votes(tx, meeting_id, resolution_id, rows)
        except BadInput as bad:
            for problem in bad.problems:
                line = lines[places[problem.line - 1]] if lines and problem.line else problem.line
                problems.append(Problem(problem.reason, problem.field, line))
    if problems:
        raise BadInput(problems, "bad-ballots")
    return new
