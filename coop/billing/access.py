"""Who may do what in billing."""

from __future__ import annotations

from coop.kit.access import SIGNED_IN, Access, roles

ACCESS = Access(
    "billing",
    {
        "follow-own-bills": roles("member"),
        "see-bills": SIGNED_IN,  # one's own; those of others by see-all-bills
        "see-all-bills": roles("board", "treasurer", "auditor", "operator"),
        "see-tariffs": SIGNED_IN,
        "see-runs": roles("board", "treasurer", "auditor", "operator"),
        "see-ledger": roles("board", "treasurer", "auditor", "operator"),
        "run-bills": roles("board", "treasurer", "operator"),
        "release-runs": roles("board", "treasurer"),
        "send-notices": roles("board", "operator"),
        "record-figures": roles("board", "treasurer", "operator"),
    },
)
