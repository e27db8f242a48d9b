"""Settling: what became of mail in the queue is told, in the transaction that notes it there."""

from __future__ import annotations

from coop.kit.outbound import Settled
from coop.kit.tx import Tx
from coop.members.messages import store
from coop.members.messages.facts import announce_failed, announce_sent


def settle(tx: Tx, settled: Settled) -> None:
    """Tell that a mail was taken by the mail server, or failed for good."""
    made = store.find_by_outbound_id(tx, settled.id)
    if made is None:  # somebody else's mail
        return
    if settled.state == "delivered":
        tx.tell(*announce_sent(made, tx.now))
    else:
        tx.tell(*announce_failed(made, tx.now))
