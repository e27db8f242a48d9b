"""Suspensions as pages and answers show them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

from coop.governance.entries.store import get_entry
from coop.governance.meetings.suspension_store import LIFTED, find_end, list_suspensions
from coop.governance.meetings.voter_store import list_numbers
from coop.kit.tx import Tx


@dataclass(frozen=True)
class SuspensionView:
    """A suspension from its beginning to its end, by the number of its member, with the paper that it stands on;
    ``lifted`` says that it ended before its term. One without an end lasts until an expulsion is settled."""

    member_id: str
    number: str
    from_on: date
    ends_on: date | None
    article: str
    paper: str
    lifted: bool
    lasts: bool
    recorded_at: datetime


def view_suspensions(tx: Tx) -> Sequence[SuspensionView]:
    """Every suspension, those that last first, then the newest first."""
    numbers, said = list_numbers(tx), list_suspensions(tx)
    lifted = {(each.member_id, each.number - 1): each.ends_on for each in said if each.change == LIFTED}
    views = []
    for each in said:
        if each.change != LIFTED:
            assert each.entry_id is not None, "two people signed it"
            lifted_on = lifted.get((each.member_id, each.number))
            ends_on = lifted_on or each.ends_on
            views.append(
                SuspensionView(
                    each.member_id,
                    numbers.get(each.member_id, each.member_id),
                    each.from_on,
                    ends_on,
                    each.article,
                    get_entry(tx, each.entry_id).paper,
                    lifted_on is not None,
                    tx.today < (ends_on or find_end(each)),
                    each.recorded_at,
                )
            )
    return sorted(sorted(views, key=lambda view: view.recorded_at, reverse=True), key=lambda view: not view.lasts)
