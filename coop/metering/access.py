"""Access: the one table of who may do what in metering."""

from __future__ import annotations

from coop.kit.access import Access, roles

KEEPERS = roles("board", "operator")
READERS = roles("board", "treasurer", "auditor", "operator")
PEOPLE = roles("member", "board", "treasurer", "auditor", "operator", "partner")

ACCESS = Access(
    "metering",
    {
        "deliver": roles("board", "operator", "gateway"),
        "import-readings": KEEPERS,
        "keep-register": KEEPERS,
        "see-register": READERS,
        "see-parked": READERS,
        "settle-parked": KEEPERS,
        "see-data": READERS,
        "close-period": roles("board", "treasurer", "operator"),
        "see-own-energy": roles("member"),
        "see-energy": PEOPLE,  # one's own; of everybody with see-data
        "see-plant": PEOPLE,
    },
)
