"""Every action of each room, and the roles and scopes that it opens for, as the auditor sees it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from coop.events.scopes import SCOPES
from coop.kit.access import ANYBODY, ENROLLING, SIGNED_IN, TAKING_SECOND_STEP, scopes_of
from coop.kit.service import Pages
from coop.web.language import N_

EVERYBODY = {
    ANYBODY: N_("everybody"),
    SIGNED_IN: N_("whoever is signed in"),
    SIGNED_IN | ENROLLING: N_("whoever is signed in, or has to choose a second factor first"),
    TAKING_SECOND_STEP: N_("whoever gave a password and shows a second factor"),
}


@dataclass(frozen=True)
class Row:
    """An action of a room: the roles that it opens for, in order of name, or a word for all; and the scopes by which it
    opens for programs."""

    action: str
    roles: tuple[str, ...]
    everybody: str
    scopes: tuple[str, ...]


def matrix(rooms: Sequence[Pages], role: str = "") -> list[tuple[Pages, list[Row]]]:
    """Every action of each room with the roles and scopes that it opens for; with ``role``, which may be a scope, only
    those that it opens for."""
    return [
        (room, [_row(action, needed) for action, needed in sorted(room.access.table.items()) if _is_of(role, needed)])
        for room in rooms
    ]


def roles_of(rooms: Sequence[Pages]) -> list[str]:
    """All roles that open anything, in order of name."""
    needed = frozenset[str]().union(*(entry for room in rooms for entry in room.access.table.values()))
    return sorted(needed - ANYBODY - SIGNED_IN - ENROLLING - TAKING_SECOND_STEP - set(SCOPES))


def scopes_of_rooms(rooms: Sequence[Pages]) -> tuple[str, ...]:
    """All scopes that open anything."""
    return scopes_of(frozenset[str]().union(*(entry for room in rooms for entry in room.access.table.values())))


def _is_of(role: str, needed: frozenset[str]) -> bool:
    return not role or role in needed or needed == ANYBODY or (needed >= SIGNED_IN and role not in SCOPES)


def _row(action: str, needed: frozenset[str]) -> Row:
    scopes = scopes_of(needed)
    people = needed - set(scopes)
    everybody = EVERYBODY.get(people, "")
    return Row(action, () if everybody else tuple(sorted(people)), everybody, scopes)
