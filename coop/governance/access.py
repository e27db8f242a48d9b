"""Table of who may do what in governance: the one table that its menu, pages and API read.

The stewards of a meeting are the board, and the operator where the board has none of its own.
"""

from __future__ import annotations

from coop.events.scopes import OWN
from coop.kit.access import SIGNED_IN, Access, roles
from coop.kit.session import Session

_STEWARDS = roles("board", "operator")
_EVERYBODY = roles("member", "board", "treasurer", "partner", "auditor", "operator")

ACCESS = Access(
    "governance",
    {
        "find-decisions": roles("member", "board", "treasurer", "auditor"),
        "find-partner": roles("partner"),
        "find-own-effect": roles("member"),
        "find-all-effects": roles("board", "treasurer"),
        "see-decisions": _EVERYBODY | {"read:votes"},
        "see-member-votes": roles("board", "treasurer", "auditor", "operator"),
        "vote": roles("member"),
        "attend-online": roles("member"),
        "dispute-ruling": roles("member"),
        "enter-challenge": _STEWARDS,
        "ask-referendum": roles("member"),
        "enter-request": _STEWARDS,
        "make-motion": roles("member"),
        "enter-motion": _STEWARDS,
        "take-own-data": SIGNED_IN | {OWN},
        "adopt-statutes": _STEWARDS,
        "convene": _STEWARDS,
        "see-papers": roles("member", "board", "treasurer", "auditor", "operator"),
        "add-papers": _STEWARDS,
        "withdraw-meeting": _STEWARDS,
        "stop-decision": _STEWARDS,
        "enter-ballots": _STEWARDS,
        "enter-past-meeting": _STEWARDS,
        "confirm-entry": _STEWARDS,
        "enter-words": _STEWARDS,
        "note-attendance": _STEWARDS,
        "see-attendance": roles("board", "auditor", "operator"),
        "see-suspensions": roles("board", "auditor", "operator"),
        "suspend-members": _STEWARDS,
        "see-expulsions": roles("board", "auditor", "operator"),
        "expel-members": _STEWARDS,
        "appeal-expulsion": roles("member"),
        "close-meeting": _STEWARDS,
        "write-minutes": _STEWARDS,
        "see-programme": _EVERYBODY | {"read:votes"},
        "plan-programme": _STEWARDS,
        "report-milestone": _STEWARDS,
        "check-milestone": roles("partner"),
        "see-evidence": roles("board", "partner", "treasurer", "auditor", "operator"),
        "decide-tranche": roles("board", "partner", "operator"),
        "see-partner": roles("partner", "board", "treasurer", "auditor", "operator"),
        "read-feed": roles("read:feed", "partner", "board", "treasurer", "auditor", "operator"),
        "see-state": roles("board", "treasurer", "auditor", "operator"),
    },
)
"""``find-decisions`` and ``find-partner`` are entries of the menu, shown to fewer people than their pages open for.
``find-own-effect`` and ``find-all-effects`` lead to what billing answers of a tariff that is put to the vote."""


def party_of(session: Session) -> str:
    """The side of a steering group that somebody speaks for."""
    return "partner" if session.has("partner") else "co-operative"
