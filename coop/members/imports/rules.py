"""Rules of the register that need more than one record."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, fields
from datetime import date

from coop.members.connections.model import Occupancy
from coop.members.contracts.model import Contract
from coop.members.imports.model import Record
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

    @property
    def last_end(self) -> date:
        """The first day after it, or the end of time."""
        return self.end or date.max


def claim_of(record: Record, line: int | None = None) -> Claim | None:
    """Read what a record claims of a connection, if anything."""
    match record:
        case Occupancy():
            return Claim(record.connection_id, "opened_on", record.opened_on, record.closed_on, line)
        case Contract():
            return Claim(record.connection_id, "starts_on", record.starts_on, record.ends_on, line)
        case _:
            return None


def find_overlaps(claims: Iterable[Claim]) -> list[Problem]:
    """Find spans of one kind on one connection that share a day: a problem for each that starts before another ended.

    A problem names the line of the later span, or of the earlier one where the later is registered already.
    """
    problems = []
    groups: dict[tuple[str, str], list[Claim]] = {}
    for claim in claims:
        groups.setdefault((claim.field, claim.connection_id), []).append(claim)
    for group in groups.values():
        group.sort(key=lambda claim: (claim.start, claim.line or 0))
        longest = group[0]
        for claim in group[1:]:
            if claim.start < longest.last_end:
                problems.append(_overlap(longest, claim))
            longest = max(longest, claim, key=lambda claim: claim.last_end)
    return problems


def _overlap(earlier: Claim, later: Claim) -> Problem:
    named, other = (earlier, later) if later.line is None else (later, earlier)
    source = "registered already" if other.line is None else f"on line {other.line}"
    until = f"to {other.end}" if other.end else "on"
    reason = f"overlaps what is {source}: from {other.start} {until}, on the same connection"
    return Problem(reason, named.field, named.line)


def identify(record: Record) -> tuple[type[Record], str, date | None]:
    """Name what makes two records speak of the same: the number, or for a hold the connection and its first day."""
    if isinstance(record, Occupancy):
        return Occupancy, record.connection_id, record.opened_on
    return type(record), record.number, None


def find_contradictions(incoming: Record, registered: Record, line: int) -> list[Problem]:
    """Find the fields in which a line says something else than the register does. A field left empty says nothing."""
    problems = []
    for field in fields(incoming):
        said, kept = getattr(incoming, field.name), getattr(registered, field.name)
        if said not in ("", None, ()) and said != kept and field.name != "registration":
            name = field.name.removesuffix("_id") if isinstance(incoming, Occupancy | Contract) else field.name
            reason = "is registered already, and differently"
            if isinstance(said, str | date) and not field.name.endswith("_id"):
                reason += f": {kept or 'empty'}, not {said}"
            problems.append(Problem(reason, name, line))
    return problems
