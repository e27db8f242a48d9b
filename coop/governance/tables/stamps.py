"""The server's time and whoever acts, beside everything that is kept."""

from __future__ import annotations

from collections.abc import Mapping

from coop.kit.tx import Tx


def stamp(tx: Tx) -> Mapping[str, object]:
    """Columns that say when something was said, and by whom."""
    return {"recorded_at": tx.now, "actor": str(tx.actor)}


def stamp_with_channel(tx: Tx) -> Mapping[str, object]:
    """As ``stamp``, and by which door it came."""
    return {**stamp(tx), "channel": tx.actor.channel}
