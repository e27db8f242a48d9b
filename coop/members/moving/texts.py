"""Words of a move that a member tells of."""

from __future__ import annotations

from coop.web.language import N_

OUTCOMES = {
    None: (N_("waits for the board"), "busy"),
    "written": (N_("written down"), "good"),
    "refused": (N_("not written down"), "warn"),
    "withdrawn": (N_("taken back"), ""),
}
"""What became of it, and the colour of its badge."""
