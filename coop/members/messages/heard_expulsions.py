"""Messages to a member whose membership the board ends: why, until when they may appeal, and what became of it."""

from __future__ import annotations

from typing import Final

from coop.events import Envelope
from coop.events.governance import ExpulsionSettled, MemberExpelled
from coop.kit.tx import Tx
from coop.members.messages.commands import send
from coop.members.register.store import find_member
from coop.values import say

WAYS: Final = {
    "expulsion": say("it expels you (ontzetting)"),
    "termination": say("it terminates your membership (opzegging)"),
}

MEANWHILE: Final = {
    "expulsion": say("Until that is settled you are suspended: you have no vote (Civil Code, book 2, article 35)."),
    "termination": say("Until that is settled you are a member with your vote."),
}


def on_member_expelled(tx: Tx, event: MemberExpelled, envelope: Envelope) -> None:
    """Write a member at once that the board ends their membership, with the reason and the term to appeal, unless that
    is over."""
    member = find_member(tx, event.member_id)
    if member is None or event.appeal_until < tx.today:
        return
    send(
        tx,
        "expelled",
        member,
        event.expulsion_id,
        decided_on=event.decided_on,
        way=WAYS[event.way],
        article=event.article,
        reason=event.reason,
        ends_on=event.ends_on,
        until=event.appeal_until,
        meanwhile=MEANWHILE[event.way],
        link="/governance/expulsion",
    )


def on_expulsion_settled(tx: Tx, event: ExpulsionSettled, envelope: Envelope) -> None:
    """Write a member that the members did not confirm it; of an end of the membership the register writes."""
    member = find_member(tx, event.member_id)
    if member is not None and event.left_on is None:
        send(tx, "expulsion-fell", member, event.expulsion_id, link=f"/governance/resolutions/{event.resolution_id}")
