"""Facts of the register that decide who may vote. They may come in any order, and again."""

from __future__ import annotations

from coop.events import Envelope
from coop.events.members import MemberAdmitted, MemberChanged, MemberLeft
from coop.governance.meetings.voter_store import keep_leaving, keep_number, keep_voter
from coop.kit.tx import Tx
from coop.values import CoopError, say


def on_member_admitted(tx: Tx, event: MemberAdmitted, envelope: Envelope) -> None:
    """From that date the member has their votes.

    Raises:
        CoopError: the same admission was told before with another number of votes.
    """
    keep_number(tx, event.member_id, event.member_number)
    kept = keep_voter(tx, event.member_id, event.joined_on, "admitted", event.kind, event.votes, envelope.time)
    if kept != event.votes:
        raise CoopError(
            "voter-conflict",
            say(
                "member %(member_id)s joined on %(joined_on)s with %(kept)s votes, and now with %(votes)s",
                member_id=event.member_id,
                joined_on=event.joined_on,
                kept=kept,
                votes=event.votes,
            ),
        )


def on_member_changed(tx: Tx, event: MemberChanged, envelope: Envelope) -> None:
    """From that date the member is of another kind, or has another number of votes; of two changes for one day the
    later holds."""
    keep_voter(tx, event.member_id, event.from_on, f"c{event.number:09d}", event.kind, event.votes, envelope.time)


def on_member_left(tx: Tx, event: MemberLeft, envelope: Envelope) -> None:
    """From that date the member has no vote; without one the leaving is taken back. The newest number holds."""
    keep_leaving(tx, event.member_id, event.number, event.left_on, envelope.time)
