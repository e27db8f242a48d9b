"""The register as CSV files: one kind of record a file, a header line, comma or semicolon, UTF-8.

All or nothing: every bad line of the file is named at once and nothing is read from it. Dates are ISO (2025-01-31),
amounts are EUR with a point or a comma. The columns are those of ``COLUMNS``; gas bills are column pairs
``gas_<year>_m3`` and ``gas_<year>_eur``, empty where there is no bill of that year.
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Callable, Mapping
from datetime import date
from decimal import Decimal, InvalidOperation

from stdnum import ean as gs1

from coop.members.model import Connection, Contract, GasBill, Member, Occupancy, make_id
from coop.values import BadInput, Problem

Row = dict[str, str]
Ids = Mapping[str, Mapping[str, str]]
Record = Member | Connection | Occupancy | Contract

COLUMNS: dict[str, tuple[tuple[str, ...], tuple[str, ...]]] = {
    "members": (("number", "kind", "name", "joined_on"), ("id", "email", "address", "postcode", "city", "left_on")),
    "connections": (("number", "building", "kind", "address"), ("id", "ean")),
    "occupancies": (("connection", "member", "opened_on"), ("closed_on",)),
    "contracts": (("number", "member", "connection", "starts_on"), ("id", "ends_on", "tariff_clause")),
}
"""Required and optional columns by kind of file. ``id`` keeps an id from elsewhere; it is derived where empty."""

_GAS = re.compile(r"gas_(\d{4})_(m3|eur)")


def decode(body: bytes, kind: str, community: str, ids: Ids) -> list[Record]:
    """Read a file of ``kind``.

    ``ids`` gives for ``members`` and ``connections`` the id of each number that is registered already; other files
    refer to people and places by number.

    Raises:
        BadInput: every bad line with its field and reason, or the header.
    """
    if kind not in COLUMNS:
        raise BadInput([Problem(f"{kind!r} is none of {', '.join(COLUMNS)}", "kind")])
    rows = _rows(body, kind)
    records: list[Record] = []
    problems: list[Problem] = []
    numbers: dict[str, int] = {}
    for line, row in rows:
        key = row.get("number") or f"{row.get('connection')}/{row.get('member')}/{row.get('opened_on')}"
        if key in numbers:
            problems.append(Problem(f"{key} stands on line {numbers[key]} already", "number", line))
            continue
        numbers[key] = line
        try:
            records.append(_READERS[kind](_Line(row, ids), community))
        except BadInput as bad:
            problems.extend(Problem(problem.reason, problem.field, line) for problem in bad.problems)
    if problems:
        raise BadInput(problems)
    return records


def _rows(body: bytes, kind: str) -> list[tuple[int, Row]]:
    try:
        text = body.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = body[: error.start].count(b"\n") + 1
        raise BadInput([Problem("not UTF-8 text", "file", line)]) from error
    header = text.split("\n", 1)[0]
    reader = csv.DictReader(io.StringIO(text), delimiter=";" if header.count(";") > header.count(",") else ",")
    columns = [name.strip() for name in reader.fieldnames or ()]
    required, optional = COLUMNS[kind]
    problems = [Problem("the column is missing", name, 1) for name in required if name not in columns]
    for name in columns:
        if name not in required + optional and not (kind == "contracts" and _GAS.fullmatch(name)):
            problems.append(Problem(f"no such column in a file of {kind}", name, 1))
    if problems:
        raise BadInput(problems)
    reader.fieldnames = columns
    rows = []
    for row in reader:
        if None in row or None in row.values():
            count = len(columns)
            problems.append(Problem(f"the line does not have {count} columns", "line", reader.line_num))
        else:
            rows.append((reader.line_num, {name: value.strip() for name, value in row.items()}))
    if not rows and not problems:
        problems.append(Problem("the file has a header but no lines", "file", 1))
    if problems:
        raise BadInput(problems)
    return rows


class _Line:
    """Reads the fields of one line and collects every problem; ``check`` raises them together."""

    def __init__(self, row: Row, ids: Ids) -> None:
        self.row, self._ids = row, ids
        self._problems: list[Problem] = []

    def text(self, field: str) -> str:
        """A text that may not be empty."""
        if not self.row[field]:
            self._problems.append(Problem("may not be empty", field))
        return self.row[field]

    def optional(self, field: str) -> str:
        """A text that may be empty or have no column."""
        return self.row.get(field, "")

    def date_or_none(self, field: str) -> date | None:
        """A date, or None where the field is empty."""
        text = self.optional(field)
        try:
            return date.fromisoformat(text) if text else None
        except ValueError:
            self._problems.append(Problem(f"{text!r} is not a date such as 2025-01-31", field))
            return None

    def date(self, field: str) -> date:
        """A date that must be there."""
        self.text(field)
        return self.date_or_none(field) or date.min

    def known(self, field: str) -> str:
        """Id of the member or connection whose number stands here."""
        number = self.row[field]
        if number not in self._ids[f"{field}s"]:
            self._problems.append(Problem(f"no {field} {number!r} is registered", field))
        return self._ids[f"{field}s"].get(number, "")

    def ean(self, field: str) -> str:
        """An EAN code of a connection, or nothing: 18 digits, check digit GS1 mod 10.

        Source: domain.md section 7.4, E21. python-stdnum knows the check digit but refuses 18 digits as a whole.
        """
        text = self.optional(field)
        if text and not (len(text) == 18 and text.isdigit() and gs1.calc_check_digit(text[:-1]) == text[-1]):
            self._problems.append(Problem(f"{text!r} is not an EAN code: 18 digits with a check digit", field))
        return text

    def check(self) -> None:
        """Raise BadInput with everything that was wrong so far."""
        if self._problems:
            raise BadInput(self._problems)


def _member(line: _Line, community: str) -> Member:
    fields = {
        "number": line.text("number"),
        "kind": line.text("kind"),
        "name": line.text("name"),
        "email": line.optional("email"),
        "address": line.optional("address"),
        "postcode": line.optional("postcode"),
        "city": line.optional("city"),
    }
    joined_on, left_on = line.date("joined_on"), line.date_or_none("left_on")
    line.check()
    member_id = line.optional("id") or make_id("member", community, fields["number"])
    return Member(member_id=member_id, joined_on=joined_on, left_on=left_on, **fields)


def _connection(line: _Line, community: str) -> Connection:
    fields = {name: line.text(name) for name in ("number", "building", "kind", "address")}
    ean = line.ean("ean")
    line.check()
    connection_id = line.optional("id") or make_id("connection", community, fields["number"])
    return Connection(connection_id=connection_id, ean=ean, **fields)


def _occupancy(line: _Line, _community: str) -> Occupancy:
    connection_id, member_id = line.known("connection"), line.known("member")
    opened_on, closed_on = line.date("opened_on"), line.date_or_none("closed_on")
    line.check()
    return Occupancy(connection_id, member_id, opened_on, closed_on)


def _contract(line: _Line, community: str) -> Contract:
    number, member_id, connection_id = line.text("number"), line.known("member"), line.known("connection")
    starts_on, ends_on = line.date("starts_on"), line.date_or_none("ends_on")
    line.check()
    return Contract(
        contract_id=line.optional("id") or make_id("contract", community, number),
        number=number,
        member_id=member_id,
        connection_id=connection_id,
        starts_on=starts_on,
        ends_on=ends_on,
        tariff_clause=line.optional("tariff_clause") or None,
        gas_bills=_gas_bills(line.row),
    )


def _gas_bills(row: Row) -> tuple[GasBill, ...]:
    years = sorted({int(match[1]) for name in row if (match := _GAS.fullmatch(name))})
    bills, problems = [], []
    for year in years:
        gas_m3, amount = row.get(f"gas_{year}_m3", ""), row.get(f"gas_{year}_eur", "")
        if not gas_m3 and not amount:
            continue
        try:
            cents = Decimal(amount.replace(",", ".")) * 100
            if cents != int(cents):
                raise InvalidOperation
            bills.append(GasBill(year, int(gas_m3), int(cents)))
        except (InvalidOperation, ValueError):
            reason = f"{gas_m3!r} m3 and {amount!r} EUR must be a whole number and an amount with two decimals"
            problems.append(Problem(reason, f"gas_{year}"))
    if problems:
        raise BadInput(problems)
    return tuple(bills)


_READERS: dict[str, Callable[[_Line, str], Record]] = {
    "members": _member,
    "connections": _connection,
    "occupancies": _occupancy,
    "contracts": _contract,
}
