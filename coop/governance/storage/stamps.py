"""The server's time and whoever acts, beside everything that is kept."""

from __future__ import annotations

from collections.abc import Mapping

from coop.kit.tx import Tx


def stamp(tx: Tx) -> Mapping[str, object]:
    """Columns that say when something was said, and by whom."""
    return {"recorded_at": tx.now, "actor": str(tx.actor)}
