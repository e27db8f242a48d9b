"""The register as CSV files: one kind of record a file, a header line, comma or semicolon, UTF-8.

Dates are ISO (2025-01-31), amounts are EUR with a point or a comma. The columns are those of ``COLUMNS``; gas bills are
column pairs ``gas_<year>_m3`` and ``gas_<year>_eur``, both empty where there is no bill of that year. Other records are
named by number. Records and problems come back together, so that whoever imports can name every bad line at once.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cached_property

from coop.members.connections.formats import ean
from coop.members.connections.model import CONNECTION_KINDS, Connection, Occupancy
from coop.members.contracts.model import Contract, GasBill
from coop.members.fields import is_email, make_id
from coop.members.imports.formats.csv_lines import Line, read_lines
from coop.members.imports.model import Record, name_hold
from coop.members.register.model import MEMBER_KINDS, Member
from coop.values import BadInput, Problem

COLUMNS: dict[str, tuple[tuple[str, ...], tuple[str, ...]]] = {
    "members": (("number", "kind", "name", "joined_on"), ("id", "email", "address", "postcode", "city", "left_on")),
    "connections": (("number", "building", "kind", "address"), ("id", "ean")),
    "occupancies": (("connection", "member", "opened_on"), ("closed_on",)),
    "contracts": (("number", "member", "connection", "starts_on"), ("id", "ends_on", "tariff_clause")),
}
"""Required and optional columns by kind of file. ``id`` keeps an id from elsewhere; it is derived where empty."""

_UNIQUE = {"members": ("number", "id"), "connections": ("number", "ean", "id"), "contracts": ("number", "id")}
_GAS = re.compile(r"gas_(\d{4})_(m3|eur)", re.ASCII)


@dataclass(frozen=True)
class Registered:
    """The register as a file may refer to it: the ids of members, connections and contracts by noun and number, and of
    those that an undo took out the ids that they had."""

    community: str
    ids: Mapping[tuple[str, str], str] = field(default_factory=dict)
    withdrawn: Mapping[tuple[str, str], frozenset[str]] = field(default_factory=dict)

    @cached_property
    def withdrawn_ids(self) -> frozenset[str]:
        """All ids that were taken out."""
        return frozenset[str]().union(*self.withdrawn.values())

    def count_withdrawn(self, noun: str, number: str) -> int:
        """Count how often a record was taken out."""
        return len(self.withdrawn.get((noun, number), ()))


@dataclass(frozen=True)
class Decoded:
    """The records of a file by line, and what was wrong with its other lines."""

    records: dict[int, Record]
    problems: list[Problem]


def decode(body: bytes, kind: str, registered: Registered) -> Decoded:
    """Read a file of ``kind``, one of ``COLUMNS``.

    Raises:
        BadInput: the kind is unknown, or the file as a whole cannot be read, as ``read_lines`` says.
    """
    if kind not in COLUMNS:
        raise BadInput([Problem(f"{kind!r} is none of {', '.join(COLUMNS)}", "kind")])
    required, optional = COLUMNS[kind]

    def is_column(name: str) -> bool:
        return name in required + optional or (kind == "contracts" and _GAS.fullmatch(name) is not None)

    lines = read_lines(body, required, is_column)
    decoded = Decoded({}, lines.problems)
    seen: dict[tuple[str, str], int] = {}
    for number, row in lines.rows:
        if "ean" in row:
            row["ean"] = ean.compact(row["ean"])
        line = Line(row)
        for name in _UNIQUE.get(kind, ()):
            value = row.get(name, "")
            if value and (first := seen.setdefault((name, value), number)) != number:
                line.refuse(name, f"{value} stands on line {first} already")
        try:
            decoded.records[number] = _READERS[kind](line, registered)
        except BadInput as bad:
            decoded.problems.extend(Problem(problem.reason, problem.field, number) for problem in bad.problems)
    return decoded


def _read_member(line: Line, registered: Registered) -> Member:
    fields = {"number": line.text("number"), "kind": line.one_of("kind", MEMBER_KINDS), "name": line.text("name")}
    fields |= {name: line.optional(name) for name in ("email", "address", "postcode", "city")}
    if fields["email"] and not is_email(fields["email"]):
        line.refuse("email", f"{fields['email']!r} is not an e-mail address")
    joined_on, left_on = line.date("joined_on"), line.date_or_none("left_on")
    member_id = _choose_id(line, registered, "member")
    line.check()
    return Member(member_id=member_id, joined_on=joined_on, left_on=left_on, **fields)


def _read_connection(line: Line, registered: Registered) -> Connection:
    fields = {name: line.text(name) for name in ("number", "building", "address")}
    fields["kind"] = line.one_of("kind", CONNECTION_KINDS)
    code = line.optional("ean")
    if code and not ean.is_valid(code):
        line.refuse("ean", f"{code!r} is not an EAN code: 18 digits of which the last is a check digit")
    connection_id = _choose_id(line, registered, "connection")
    line.check()
    return Connection(connection_id=connection_id, ean=code, **fields)


def _read_occupancy(line: Line, registered: Registered) -> Occupancy:
    connection_id = _refer(line, "connection", registered)
    member_id = _refer(line, "member", registered)
    opened_on, closed_on = line.date("opened_on"), line.date_or_none("closed_on")
    line.check()
    registration = 1 + registered.count_withdrawn("occupancy", name_hold(connection_id, member_id))
    return Occupancy(connection_id, member_id, opened_on, closed_on, registration)


def _read_contract(line: Line, registered: Registered) -> Contract:
    number = line.text("number")
    member_id = _refer(line, "member", registered)
    connection_id = _refer(line, "connection", registered)
    starts_on, ends_on = line.date("starts_on"), line.date_or_none("ends_on")
    tariff_clause, gas_bills = line.optional("tariff_clause") or None, _read_gas_bills(line)
    contract_id = _choose_id(line, registered, "contract")
    line.check()
    return Contract(contract_id, number, member_id, connection_id, starts_on, ends_on, tariff_clause, gas_bills)


def _read_gas_bills(line: Line) -> tuple[GasBill, ...]:
    years = sorted({match[1] for name in line.row if (match := _GAS.fullmatch(name))})
    bills = []
    for year in years:
        gas_m3, amount = f"gas_{year}_m3", f"gas_{year}_eur"
        if line.row.get(gas_m3) or line.row.get(amount):
            try:
                bills.append(GasBill(int(year), line.whole(gas_m3), line.cents(amount)))
            except BadInput as bad:
                line.problems.extend(bad.problems)
    return tuple(bills)


def _refer(line: Line, noun: str, registered: Registered) -> str:
    number = line.row[noun]
    record_id = registered.ids.get((noun, number))
    if record_id is None:
        line.refuse(noun, f"no {noun} {number!r} is registered" if number else "may not be empty")
    return record_id or ""


def _choose_id(line: Line, registered: Registered, noun: str) -> str:
    number, own = line.row["number"], line.optional("id")
    if own in registered.withdrawn_ids:
        line.refuse("id", "was taken out by an undo, which others were told; leave it empty to get a new one")
    return (
        own
        or registered.ids.get((noun, number))
        or make_id(noun, registered.community, number, registered.count_withdrawn(noun, number))
    )


_READERS: dict[str, Callable[[Line, Registered], Record]] = {
    "members": _read_member,
    "connections": _read_connection,
    "occupancies": _read_occupancy,
    "contracts": _read_contract,
}
