"""Facts by which a membership ends, heard from governance. They may come again."""

from __future__ import annotations

from coop.events import Envelope
from coop.events.governance import ExpulsionSettled
from coop.kit.tx import Tx
from coop.members.entry.commands import leave
from coop.members.register.store import get_member


def on_expulsion_settled(tx: Tx, event: ExpulsionSettled, envelope: Envelope) -> None:
    """End a membership of which the end by the board stands, with all that hangs on it; one that ended before stays as
    it is.

    Raises:
        NotFound, CoopError: as ``leave``.
    """
    if event.left_on is None:
        return
    left_on = get_member(tx, event.member_id).left_on
    if left_on is None or left_on > event.left_on:
        leave(tx, event.member_id, event.left_on)
