"""Access: the one table of who may do what in metering."""

from __future__ import annotations

from coop.events.scopes import OWN
from coop.kit.access import SIGNED_IN, Access, roles

KEEPERS = roles("board", "operator")
READERS = roles("board", "treasurer", "auditor", "operator")
READ = "read:readings"
PEOPLE = roles("member", "board", "treasurer", "auditor", "operator", "partner")

ACCESS = Access(
    "metering",
    {
        "deliver": roles("board", "operator", "write:readings"),
        "import-readings": KEEPERS,
        "keep-register": KEEPERS,
        "see-register": READERS | {READ},
        "see-meter": READERS | roles("member") | {READ},  # a member's own alone
        "see-parked": READERS,
        "settle-parked": KEEPERS,
        "see-data": READERS | {READ},
        "decide-break": roles("board", "treasurer", "operator"),
        "close-period": roles("board", "treasurer", "operator"),
        "see-own-energy": roles("member"),
        "enter-own-reading": roles("member"),
        "correct-reading": roles("board", "operator"),
        "take-own-data": SIGNED_IN | {OWN},
        "see-energy": PEOPLE | {READ, OWN},  # one's own; of everybody with see-data
        "see-old-use": roles("auditor"),  # of members, after the months that the co-operative chose
        "see-member-energy": READERS,
        "see-plant": PEOPLE,
    },
)
