"""Table of who may do what on the operator's pages, and which entries they have in the menu and on the home page."""

from __future__ import annotations

from coop.kit.access import ANYBODY, SIGNED_IN, Access, roles

ACCESS = Access(
    "operator",
    {
        "see-home": ANYBODY,
        "see-documents": ANYBODY,
        "see-health": ANYBODY,
        "see-access": SIGNED_IN,
        "see-operations": roles("operator", "board", "auditor", "read:operations"),
        "work-dead-letters": roles("operator", "board"),
        "switch-jobs": roles("operator", "board"),
        "see-outbound": roles("operator", "board"),
        "work-outbound": roles("operator", "board"),
    },
)
