"""Nouns of forms: what somebody typed, what it would do, and what others did meanwhile."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

from coop.members.history.model import Change
from coop.members.imports.model import Plan


@dataclass(frozen=True)
class Typed:
    """Rows that somebody typed into a form, by kind of file, in the order in which they build on each other; the
    ``version`` of the record that they looked at, and why they change it."""

    steps: tuple[tuple[str, Mapping[str, str]], ...]
    version: int = 0
    reason: str = ""


@dataclass(frozen=True)
class Stands:
    """Stands that the meters of a connection showed on the day of a move, as exact numbers; empty where nobody read."""

    connection_id: str
    read_on: date
    heat_gj: str = ""
    electricity_in_kwh: str = ""
    electricity_out_kwh: str = ""


@dataclass(frozen=True)
class Move:
    """Somebody moves out of a home, and somebody else in where ``member`` names one: an existing number, or that of the
    ``newcomer``, a row of the members. ``moved_on`` is the first day of who comes; ``stands`` is what the meters showed
    that day; with ``leaves`` the membership of who goes ends too, and ``forwarding`` is where their post goes from now
    on, by its fields."""

    connection_id: str
    moved_on: date
    leaves: bool = False
    member: str = ""
    newcomer: Mapping[str, str] | None = None
    contract: str = ""
    tariff_clause: str = ""
    stands: Stands | None = None
    forwarding: Mapping[str, str] | None = None
    reason: str = ""


@dataclass(frozen=True)
class Look:
    """Effect of a form: its rows as they would be written, the plan and its hash, and what others changed since the
    form was opened, newest first."""

    rows: tuple[tuple[str, Mapping[str, str]], ...]
    plan: Plan
    preview: str
    later: tuple[Change, ...] = ()

    @property
    def is_empty(self) -> bool:
        """True when the register says all of it already."""
        return not self.plan.added and not self.plan.updates
