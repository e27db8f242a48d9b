"""Reasons why nothing is counted yet: what waits for a second person, and who threw papers of others away."""

from __future__ import annotations

from typing import Final

from coop.governance.entries import store as entries
from coop.governance.model import Meeting
from coop.kit.tx import Tx
from coop.values import CoopError, say
from coop.web.language import N_

_WAITING: Final = {
    "ballots": N_("ballots wait for a second person: confirm them or leave them out first"),
    "word": N_("a word of the chair or of a body waits for a second person: confirm it or leave it out first"),
    "motion": N_("a motion waits for a second person: confirm it or leave it out first"),
    "order": N_("an order of amendments waits for a second person: confirm it or leave it out first"),
}
"""By kind of entry, the reason why nothing is counted while one waits."""


def refuse_papers(tx: Tx, meeting: Meeting) -> None:
    """Refuse to count by whoever threw papers away, and while ballots or words wait for a second person."""
    if is_left_out_by(tx, meeting, str(tx.actor)):
        raise CoopError(
            "second-person",
            say("you left out what somebody else had entered of this meeting: somebody else closes it"),
        )
    for kind, reason in _WAITING.items():
        if entries.list_waiting(tx, kind, meeting_id=meeting.meeting_id):
            raise CoopError("entries-waiting", say(reason))


def is_left_out_by(tx: Tx, meeting: Meeting, actor: str) -> bool:
    """True for whoever threw away ballots, a list, a count or a word that another person had entered of a meeting: so
    nobody decides alone which papers count."""
    listed = entries.list_entries(tx, "ballots", "attendance", "count", "word", "motion", meeting_id=meeting.meeting_id)
    return any(
        settled is not None and settled.outcome == "dropped" and settled.actor == actor != entry.actor
        for entry, settled in listed
    )
