"""The form with two buttons that stands beside each entry: confirm it as the second person, or leave it out."""

from __future__ import annotations

from collections.abc import Mapping

from fastapi import Request

from coop.governance.entries.commands import Keep, confirm, drop
from coop.kit.http import writing


def settle_entry(
    request: Request,
    filled: Mapping[str, str],
    entry_id: str,
    keepers: Mapping[str, Keep],
    meeting_id: str | None = None,
) -> int | None:
    """Confirm an entry as whoever acts, or leave it out where the form says so; returns how much of it was new, or None
    where it is left out.

    Raises:
        CoopError: the same person entered it, or it is settled otherwise by now.
    """
    with writing(request) as tx:
        if filled.get("act") == "drop":
            drop(tx, entry_id, keepers, filled.get("reason", ""), meeting_id)
            return None
        return confirm(tx, entry_id, keepers, meeting_id)[1]
