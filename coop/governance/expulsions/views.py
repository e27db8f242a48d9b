"""Expulsions as pages and answers show them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Final

from coop.governance.entries.store import get_entry
from coop.governance.expulsions.store import Case, list_cases
from coop.governance.meetings.voter_store import list_numbers
from coop.kit.tx import Tx
from coop.web.language import N_

WAYS: Final = {"expulsion": N_("expelled"), "termination": N_("membership ended by the board")}

STATES: Final = {
    "open": (N_("appeal possible"), "busy"),
    "over": (N_("no appeal within the term"), "warn"),
    "appealed": (N_("appealed"), "warn"),
    "unopposed": (N_("ended without an appeal"), "plain"),
    "confirmed": (N_("confirmed by the members"), "plain"),
    "stays": (N_("not confirmed: the member stays"), "good"),
}
"""States of an expulsion: how each is called and shown."""


@dataclass(frozen=True)
class ExpulsionView:
    """An expulsion by the number of its member, with the paper that it stands on and how it stands."""

    expulsion_id: str
    member_id: str
    number: str
    way: str
    decided_on: date
    ends_on: date | None
    reason: str
    article: str
    paper: str
    told_on: date
    appeal_until: date
    appealed_on: date | None
    state: str
    settled_on: date | None
    left_on: date | None
    resolution_id: str | None
    recorded_at: datetime


def view_expulsions(tx: Tx, member_id: str | None = None) -> Sequence[ExpulsionView]:
    """Every expulsion, or those of one member, newest first."""
    numbers = list_numbers(tx)
    return [_view(tx, case, numbers.get(case.expulsion.member_id, "")) for case in list_cases(tx, member_id)]


def _view(tx: Tx, case: Case, number: str) -> ExpulsionView:
    made, settled = case.expulsion, case.settled
    return ExpulsionView(
        made.expulsion_id,
        made.member_id,
        number or made.member_id,
        made.way,
        made.decided_on,
        made.ends_on,
        made.reason,
        made.article,
        get_entry(tx, made.expulsion_id).paper,
        made.told_on,
        made.appeal_until,
        case.appealed.day if case.appealed else None,
        _find_state(case, tx.today),
        settled.day if settled else None,
        settled.left_on if settled else None,
        settled.resolution_id if settled else None,
        made.recorded_at,
    )


def _find_state(case: Case, today: date) -> str:
    if case.settled is not None:
        return case.settled.outcome
    if case.appealed is not None:
        return "appealed"
    return "open" if today <= case.expulsion.appeal_until else "over"
