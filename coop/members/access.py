"""Access to the register and to accounts: one table that menu, pages and API all read.

Nobody proposes a role, or works on the account of somebody who has it, without its entry ``grant-<role>``; a second
person confirms it. ``machine`` is no role of an account: it is in sessions that are signed with the installation's own
secret, such as the demonstration's.
"""

from __future__ import annotations

from coop.events.scopes import OWN
from coop.kit.access import ANYBODY, ENROLLING, SIGNED_IN, TAKING_SECOND_STEP, Access, roles
from coop.kit.session import Session

MACHINE = "machine"

ACCESS = Access(
    "members",
    {
        "sign-in": ANYBODY,
        "sign-out": ANYBODY,
        "take-second-step": TAKING_SECOND_STEP,
        "keep-own-factors": SIGNED_IN | ENROLLING,
        "reset-factors": roles("board", "operator"),
        "see-logo": ANYBODY,
        "see-own": SIGNED_IN,
        "keep-own-tokens": roles("member"),
        "keep-own-privacy": roles("member"),
        "tell-own-move": roles("member"),
        "settle-moves": roles("board"),
        "see-privacy": roles("board", "auditor", "operator"),
        "keep-privacy": roles("board"),
        "see-restricted": roles("treasurer", "auditor"),
        "take-own-data": SIGNED_IN | {OWN},
        "see-candidates": roles("member", "board", "treasurer", "auditor", "operator"),
        "see-seat-holders": roles("member", "board", "treasurer", "partner", "auditor", "operator"),
        "see-register": roles("board", "treasurer", "auditor", "operator", "read:members"),
        "see-community": roles("board", "treasurer", "auditor", "operator"),
        "change-community": roles("board"),
        "confirm-iban": roles("board", "treasurer"),
        "confirm-choice": roles("board", "operator"),
        "change-contact": roles("board", "operator"),
        "keep-register": roles("board", "operator"),
        "import-register": roles("board", "operator", "write:members"),
        "end-membership": roles("board"),
        "see-accounts": roles("board", "treasurer", "auditor", "operator"),
        "change-accounts": roles("board", "operator"),
        "make-ready-accounts": roles(MACHINE),
        "propose-roles": roles("board", "operator"),
        "confirm-roles": roles("board", "operator"),
        "see-log": roles("board", "auditor"),
        "work-sessions": roles("board"),
        "see-messages": roles("board", "treasurer", "auditor", "operator", "read:members"),
        "see-addresses": roles("board", "treasurer"),
        "work-messages": roles("board", "treasurer", "operator"),
        "write-words": roles("board"),
        "see-programs": roles("board", "treasurer", "auditor", "operator"),
        "keep-programs": roles("board", "operator"),
        "let-speak-for-every-meter": roles("board"),
        "grant-member": roles("board", "operator"),
        "grant-operator": roles("board", "operator"),
        "grant-board": roles("board"),
        "grant-treasurer": roles("board"),
        "grant-partner": roles("board"),
        "grant-auditor": roles("board"),
    },
)

_GRANT = "grant-"


def grants_of(session: Session) -> frozenset[str]:
    """List the roles that somebody may give out.

    >>> sorted(grants_of(Session("a", "", frozenset({"operator"}), None, "demo")))
    ['member', 'operator']
    """
    return frozenset(role for role in _grantable() if ACCESS.allows(session, f"{_GRANT}{role}"))


def list_grants(roles: frozenset[str]) -> frozenset[str]:
    """List the roles that the holder of some roles may give out.

    >>> sorted(list_grants(frozenset({"operator", "treasurer"})))
    ['member', 'operator']
    """
    return frozenset(role for role in _grantable() if not roles.isdisjoint(ACCESS.table[f"{_GRANT}{role}"]))


def _grantable() -> list[str]:
    return [action.removeprefix(_GRANT) for action in ACCESS.table if action.startswith(_GRANT)]
