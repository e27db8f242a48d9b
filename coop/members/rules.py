"""Rules of the register that need more than one record."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, fields
from datetime import date

from coop.members.model import Contract, Occupancy, Record
from coop.values import Problem


@dataclass(frozen=True)
class Claim:
    """A span of days on one connection: somebody's hold on it (from its ``opened_on``), or a contract (from its
    ``starts_on``). ``end`` is the first day after it, None while it lasts; ``line`` is where it stands in a file, None
    for what is registered already."""

    connection_id: str
    field: str
    start: date
    end: date | None
    line: int | None = None


def claim(record: Record, line: int | None = None) -> Claim | None:
    """What a record claims of a connection, if anything."""
    match record:
        case Occupancy():
            return Claim(record.connection_id, "opened_on", record.opened_on, record.closed_on, line)
        case Contract():
            return Claim(record.connection_id, "starts_on", record.starts_on, record.ends_on, line)
        case _:
            return None


def overlaps(claims: Iterable[Claim]) -> list[Problem]:
    """Spans of one kind on one connection that share a day: a problem for each that starts before another has ended.

    A problem names the line of the later span, or of the earlier one where the later is registered already.
    """
    problems = []
    together: dict[tuple[str, str], list[Claim]] = {}
    for one in claims:
        together.setdefault((one.field, one.connection_id), []).append(one)
    for held in together.values():
        held.sort(key=lambda one: (one.start, one.line or 0))
        longest = held[0]
        for one in held[1:]:
            if one.start < (longest.end or date.max):
                named, other = (longest, one) if one.line is None else (one, longest)
                where = "registered already" if other.line is None else f"on line {other.line}"
                until = f"to {other.end}" if other.end else "on"
                reason = f"overlaps what is {where}: from {other.start} {until}, on the same connection"
                problems.append(Problem(reason, named.field, named.line))
            if (one.end or date.max) > (longest.end or date.max):
                longest = one
    return problems


def same_record(record: Record) -> tuple[type[Record], str, date | None]:
    """What makes two records speak of the same: the number, or for a hold the connection and its first day."""
    if isinstance(record, Occupancy):
        return Occupancy, record.connection_id, record.opened_on
    return type(record), record.number, None


def contradictions(incoming: Record, registered: Record, line: int) -> list[Problem]:
    """Fields in which a line says something else than the register does. A field left empty says nothing."""
    problems = []
    for field in fields(incoming):
        said, known = getattr(incoming, field.name), getattr(registered, field.name)
        if said not in ("", None, ()) and said != known and field.name != "registration":
            name = field.name.removesuffix("_id") if isinstance(incoming, Occupancy | Contract) else field.name
            reason = "is registered already, and differently"
            if isinstance(said, str | date) and not field.name.endswith("_id"):
                reason += f": {known or 'empty'}, not {said}"
            problems.append(Problem(reason, name, line))
    return problems
