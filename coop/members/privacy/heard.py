"""Facts that privacy hears."""

from __future__ import annotations

from coop.events import Envelope
from coop.events.metering import UseSeen
from coop.kit.tx import Tx
from coop.members.privacy.store import add_look


def on_use_seen(tx: Tx, event: UseSeen, envelope: Envelope) -> None:
    """Keep who looked, so that the member sees it."""
    add_look(tx, event)
