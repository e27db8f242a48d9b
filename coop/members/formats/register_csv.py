"""The register as CSV files: one kind of record a file, a header line, comma or semicolon, UTF-8.

Dates are ISO (2025-01-31), amounts are EUR with a point or a comma. The columns are those of ``COLUMNS``; gas bills are
column pairs ``gas_<year>_m3`` and ``gas_<year>_eur``, both empty where there is no bill of that year. Other records are
named by number. Records and problems come back together, so that whoever imports can name every bad line at once.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from stdnum import ean as gs1

from coop.members.formats.csv_lines import Line, read_lines
from coop.members.model import (
    CONNECTION_KINDS,
    MEMBER_KINDS,
    Connection,
    Contract,
    GasBill,
    Member,
    Occupancy,
    Record,
    hold,
    is_email,
    make_id,
)
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
class Known:
    """What a file may refer to: the ids of members, connections and contracts by noun and number, and of those that an
    undo took out the ids that they had."""

    community: str
    ids: Mapping[tuple[str, str], str] = field(default_factory=dict)
    withdrawn: Mapping[tuple[str, str], frozenset[str]] = field(default_factory=dict)

    def times_withdrawn(self, noun: str, number: str) -> int:
        """How often a record was taken out."""
        return len(self.withdrawn.get((noun, number), ()))


@dataclass(frozen=True)
class Decoded:
    """The records of a file by line, and what was wrong with its other lines."""

    records: dict[int, Record]
    problems: list[Problem]


def decode(body: bytes, kind: str, known: Known) -> Decoded:
    """Read a file of ``kind``, one of ``COLUMNS``.

    Raises:
        BadInput: the kind is unknown, or the file as a whole cannot be read, as ``read_lines`` says.
    """
    if kind not in COLUMNS:
        raise BadInput([Problem(f"{kind!r} is none of {', '.join(COLUMNS)}", "kind")])
    required, optional = COLUMNS[kind]

    def is_known(name: str) -> bool:
        return name in required + optional or (kind == "contracts" and _GAS.fullmatch(name) is not None)

    lines = read_lines(body, required, is_known)
    found = Decoded({}, lines.problems)
    seen: dict[tuple[str, str], int] = {}
    for number, row in lines.rows:
        line = Line(row)
        for name in _UNIQUE.get(kind, ()):
            value = row.get(name, "")
            if value and (first := seen.setdefault((name, value), number)) != number:
                line.refuse(name, f"{value} stands on line {first} already")
        try:
            found.records[number] = _READERS[kind](line, known)
        except BadInput as bad:
            found.problems.extend(Problem(problem.reason, problem.field, number) for problem in bad.problems)
    return found


def _member(line: Line, known: Known) -> Member:
    fields = {"number": line.text("number"), "kind": line.one_of("kind", MEMBER_KINDS), "name": line.text("name")}
    fields |= {name: line.optional(name) for name in ("email", "address", "postcode", "city")}
    if fields["email"] and not is_email(fields["email"]):
        line.refuse("email", f"{fields['email']!r} is not an e-mail address")
    joined_on, left_on = line.date("joined_on"), line.date_or_none("left_on")
    member_id = _id(line, known, "member")
    line.check()
    return Member(member_id=member_id, joined_on=joined_on, left_on=left_on, **fields)


def _connection(line: Line, known: Known) -> Connection:
    fields = {name: line.text(name) for name in ("number", "building", "address")}
    fields["kind"] = line.one_of("kind", CONNECTION_KINDS)
    ean = line.optional("ean")
    if ean and not is_ean(ean):
        line.refuse("ean", f"{ean!r} is not an EAN code: 18 digits of which the last is a check digit")
    connection_id = _id(line, known, "connection")
    line.check()
    return Connection(connection_id=connection_id, ean=ean, **fields)


def _occupancy(line: Line, known: Known) -> Occupancy:
    connection_id = _referred(line, "connection", known)
    member_id = _referred(line, "member", known)
    opened_on, closed_on = line.date("opened_on"), line.date_or_none("closed_on")
    line.check()
    registration = 1 + known.times_withdrawn("occupancy", hold(connection_id, member_id))
    return Occupancy(connection_id, member_id, opened_on, closed_on, registration)


def _contract(line: Line, known: Known) -> Contract:
    number = line.text("number")
    member_id = _referred(line, "member", known)
    connection_id = _referred(line, "connection", known)
    starts_on, ends_on = line.date("starts_on"), line.date_or_none("ends_on")
    tariff_clause, gas_bills = line.optional("tariff_clause") or None, _gas_bills(line)
    contract_id = _id(line, known, "contract")
    line.check()
    return Contract(contract_id, number, member_id, connection_id, starts_on, ends_on, tariff_clause, gas_bills)


def _gas_bills(line: Line) -> tuple[GasBill, ...]:
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


def _referred(line: Line, noun: str, known: Known) -> str:
    number = line.row[noun]
    found = known.ids.get((noun, number))
    if found is None:
        line.refuse(noun, f"no {noun} {number!r} is registered" if number else "may not be empty")
    return found or ""


def _id(line: Line, known: Known, noun: str) -> str:
    number, own = line.row["number"], line.optional("id")
    if own and any(own in ids for ids in known.withdrawn.values()):
        line.refuse("id", "was taken out by an undo, which others were told; leave it empty to get a new one")
    registered = known.ids.get((noun, number))
    return own or registered or make_id(noun, known.community, number, known.times_withdrawn(noun, number))


def is_ean(text: str) -> bool:
    """Whether a text is the EAN code of a connection: 18 digits, the last by GS1 modulo 10.

    python-stdnum knows the check digit but refuses 18 digits as a whole.
    Source: docs/domain/payments-and-identifiers.md#e21.

    >>> is_ean("871687000000000016"), is_ean("871234567890123456"), is_ean("87168700000000001")
    (True, False, False)
    """
    return re.fullmatch(r"[0-9]{18}", text) is not None and gs1.calc_check_digit(text[:-1]) == text[-1]


_READERS: dict[str, Callable[[Line, Known], Record]] = {
    "members": _member,
    "connections": _connection,
    "occupancies": _occupancy,
    "contracts": _contract,
}
