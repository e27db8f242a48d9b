"""The members decide on an appeal against an expulsion: who is for confirms it, and without a majority for that the
member stays.

Source: BW 2:35 lid 4; docs/domain/meetings-votes-and-statutes.md#expulsion.
"""

from __future__ import annotations

from typing import Final

from coop.events import Event
from coop.governance.expulsions.commands import settle
from coop.governance.expulsions.store import CONFIRMED, STAYS, Case, list_open
from coop.governance.kind_fields import Words
from coop.governance.kinds import Adopted, Kind
from coop.governance.meetings.store import find_decision
from coop.governance.meetings.voter_store import list_numbers
from coop.governance.model import Meeting, Resolution
from coop.kit.tx import Tx
from coop.values import Problem, say
from coop.web.language import N_

_MEMBER = Words(
    "member", N_("Number of the member who appealed"), N_("Who votes for it confirms the expulsion."), longest=100
)

_UNTREATED: Final = frozenset({"no-quorum", "not-decidable", "amended", "not-amended", "other-amendment"})
"""Reasons of a rejection by which the meeting decided nothing on the appeal: it waits for another meeting."""


def judge_known(tx: Tx, meeting: Meeting, point: Resolution) -> list[Problem]:
    """Judge that the member appealed and waits for the meeting."""
    if meeting.is_history:
        return [Problem(say("an appeal of the past is not entered here"), "member")]
    if point.option_of:
        return [Problem(say("an appeal has no options beside it"), "member")]
    if _find_appealed(tx, point) is None:
        return [Problem(say("no appeal of a member with this number waits for the meeting"), "member")]
    return []


def act(tx: Tx, adopted: Adopted) -> list[Event]:
    """End the membership: the members confirmed the expulsion."""
    return _settle(tx, adopted, CONFIRMED)


def turn_down(tx: Tx, turned: Adopted) -> list[Event]:
    """Let the membership stay, where the members decided on the appeal and did not confirm the expulsion."""
    decided = find_decision(tx, turned.resolution.resolution_id)
    if decided is None or decided.verdict.reason in _UNTREATED:
        return []
    return _settle(tx, turned, STAYS)


def _settle(tx: Tx, decided: Adopted, outcome: str) -> list[Event]:
    case = _find_appealed(tx, decided.resolution)
    if case is None:
        return []  # Another meeting settled it.
    return settle(tx, case, outcome, decided.decided_on, decided.resolution.resolution_id)


def _find_appealed(tx: Tx, point: Resolution) -> Case | None:
    """The open case with an appeal of the member whom a point is about."""
    numbers, number = list_numbers(tx), point.parameters["member"]
    for case in list_open(tx):
        if case.appealed is not None and numbers.get(case.expulsion.member_id) == number:
            return case
    return None


KIND = Kind(
    "appeal",
    N_("Appeal against an expulsion"),
    N_("Adopted, the membership ends; else the member stays, with their vote."),
    (_MEMBER,),
    rank=64,
    judge_known=judge_known,
    act=act,
    turn_down=turn_down,
    instead=N_("the membership is entered in the register again"),
)
