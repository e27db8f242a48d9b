"""The register as rows of texts: what a file, a form and the history of a record write, and how a record is read back.

Dates are ISO (2025-01-31) where they are written; amounts are EUR. The columns are those of ``COLUMNS``; gas bills are
column pairs ``gas_<year>_m3`` and ``gas_<year>_eur``, both empty where there is no bill of that year. Other records are
named by number.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from functools import cached_property

from coop.communities.rules import check_particular
from coop.communities.tariffs import CLASSES
from coop.members.connections.formats import ean
from coop.members.connections.model import (
    CONNECTION_KINDS,
    HOME_EQUIVALENTS_MAX,
    USERS_MAX,
    Connection,
    Occupancy,
)
from coop.members.contracts.model import Contract, GasBill
from coop.members.fields import is_email, make_id
from coop.members.imports.formats.line import Line, Row, read_day
from coop.members.imports.model import Record, name_hold
from coop.members.register.model import MEMBER_KINDS, VOTES_MAX, Member, votes_of
from coop.values import BadInput, say

COLUMNS: dict[str, tuple[tuple[str, ...], tuple[str, ...]]] = {
    "members": (
        ("number", "kind", "name", "joined_on"),
        ("id", "email", "address", "postcode", "city", "left_on", "votes", "kvk", "vat_id"),
    ),
    "connections": (("number", "building", "kind", "address"), ("id", "ean", "home_equivalents", "users")),
    "occupancies": (("connection", "member", "opened_on"), ("closed_on",)),
    "contracts": (
        ("number", "member", "connection", "starts_on"),
        ("id", "ends_on", "tariff_clause", "customer_class", "payer", "joint"),
    ),
}
"""Required and optional columns by kind of file. ``id`` keeps an id from elsewhere; it is derived where empty."""

NOUNS = {"members": "member", "connections": "connection", "occupancies": "occupancy", "contracts": "contract"}
"""The noun that each kind of file holds."""

KINDS = {noun: kind for kind, noun in NOUNS.items()}
"""The kind of file of each noun."""

GAS = re.compile(r"gas_(\d{4})_(m3|eur)", re.ASCII)

_SEPARATORS = re.compile(r"[;,+]")


@dataclass(frozen=True)
class Registered:
    """The register as a row may refer to it: the ids of members, connections and contracts by noun and number, the
    records by noun and key, and of those that an undo took out the ids that they had."""

    community: str
    ids: Mapping[tuple[str, str], str] = field(default_factory=dict)
    withdrawn: Mapping[tuple[str, str], frozenset[str]] = field(default_factory=dict)
    records: Mapping[tuple[str, str], Record] = field(default_factory=dict)

    @cached_property
    def withdrawn_ids(self) -> frozenset[str]:
        """All ids that were taken out."""
        return frozenset[str]().union(*self.withdrawn.values())

    @cached_property
    def numbers(self) -> Mapping[tuple[str, str], str]:
        """The number of each record by noun and id."""
        return {(noun, record_id): number for (noun, number), record_id in self.ids.items()}

    def count_withdrawn(self, noun: str, number: str) -> int:
        """Count how often a record was taken out."""
        return len(self.withdrawn.get((noun, number), ()))

    def number_of(self, noun: str, record_id: str) -> str:
        """The number of a record, or its id where it is not registered."""
        return self.numbers.get((noun, record_id), record_id)

    def key_of(self, record: Record) -> tuple[str, str]:
        """Noun and key of a record: its number, or for a hold the number of the connection and the first day."""
        match record:
            case Member():
                return "member", record.number
            case Connection():
                return "connection", record.number
            case Contract():
                return "contract", record.number
            case Occupancy():
                return "occupancy", f"{self.number_of('connection', record.connection_id)}/{record.opened_on}"


def key_of_row(kind: str, row: Mapping[str, str]) -> tuple[str, str]:
    """Noun and key of the record that a row speaks of."""
    if kind == "occupancies":
        opened_on = read_day(row.get("opened_on", ""))
        return "occupancy", f"{row.get('connection', '')}/{opened_on}"
    return NOUNS[kind], row.get("number", "")


def complete_row(kind: str, row: Mapping[str, str], registered: Registered) -> Row:
    """A row of a file with what the register holds already: a field left empty says nothing.

    Votes follow the kind of a member where neither the row nor the register says otherwise.
    """
    record = registered.records.get(key_of_row(kind, row))
    if record is None:
        return dict(row)
    kept = write_row(record, registered)
    if isinstance(record, Member) and record.votes == votes_of(record.kind) and row.get("kind"):
        del kept["votes"]
    return {**kept, **{name: text for name, text in row.items() if text}}


def read_row(kind: str, line: Line, registered: Registered) -> Record:
    """Read the record that a line is about.

    Raises:
        BadInput: it is wrong; every field that is wrong is named.
    """
    return _READERS[kind](line, registered)


_MEMBER_TEXTS = ("number", "kind", "name", "email", "address", "postcode", "city", "kvk", "vat_id")
_CONNECTION_TEXTS = ("number", "building", "kind", "address", "ean")


def write_row(record: Record, registered: Registered) -> Row:
    """Write a record as ``read_row`` reads it."""
    match record:
        case Member():
            row = {name: getattr(record, name) for name in _MEMBER_TEXTS}
            row |= {"joined_on": str(record.joined_on), "left_on": str(record.left_on or "")}
            return row | {"votes": str(record.votes)}
        case Connection():
            row = {name: getattr(record, name) for name in _CONNECTION_TEXTS}
            return row | {"home_equivalents": format(record.home_equivalents, "f"), "users": str(record.users)}
        case Occupancy():
            return {
                "connection": registered.number_of("connection", record.connection_id),
                "member": registered.number_of("member", record.member_id),
                "opened_on": str(record.opened_on),
                "closed_on": str(record.closed_on or ""),
            }
        case Contract():
            return _write_contract(record, registered)


def _write_contract(contract: Contract, registered: Registered) -> Row:
    row = {
        "number": contract.number,
        "member": registered.number_of("member", contract.member_id),
        "connection": registered.number_of("connection", contract.connection_id),
        "starts_on": str(contract.starts_on),
        "ends_on": str(contract.ends_on or ""),
        "tariff_clause": contract.tariff_clause or "",
        "customer_class": contract.customer_class,
        "payer": registered.number_of("member", contract.payer_id) if contract.payer_id else "",
        "joint": "; ".join(sorted(registered.number_of("member", joint) for joint in contract.joint_ids)),
    }
    for bill in contract.gas_bills:
        row[f"gas_{bill.year}_m3"] = str(bill.gas_m3)
        row[f"gas_{bill.year}_eur"] = format(Decimal(bill.amount_cents).scaleb(-2), ".2f")
    return row


def _read_member(line: Line, registered: Registered) -> Member:
    fields = {"number": line.text("number"), "kind": line.one_of("kind", MEMBER_KINDS), "name": line.text("name")}
    fields |= {name: line.optional(name) for name in ("email", "address", "postcode", "city")}
    fields |= {"kvk": line.optional("kvk"), "vat_id": line.optional("vat_id").replace(" ", "").replace(".", "").upper()}
    if fields["email"] and not is_email(fields["email"]):
        line.refuse("email", say('"%(email)s" is no e-mail address', email=fields["email"]))
    for name in ("kvk", "vat_id"):
        line.problems += check_particular(name, fields[name])
    joined_on, left_on = line.date("joined_on"), line.date_or_none("left_on")
    votes = line.whole_up_to("votes", VOTES_MAX, votes_of(fields["kind"]))
    if fields["kind"] == "landlord" and votes:
        line.refuse("votes", say("a landlord is a party without a vote"))
    member_id = _choose_id(line, registered, "member")
    line.check()
    return Member(member_id=member_id, joined_on=joined_on, left_on=left_on, votes=votes, **fields)


def _read_connection(line: Line, registered: Registered) -> Connection:
    fields = {name: line.text(name) for name in ("number", "building", "address")}
    fields["kind"] = line.one_of("kind", CONNECTION_KINDS)
    code = ean.compact(line.optional("ean"))
    if code and not ean.is_valid(code):
        reason = say('"%(code)s" is not an EAN code: 18 digits of which the last is a check digit', code=code)
        line.refuse("ean", reason)
    home_equivalents = line.hundredths("home_equivalents", HOME_EQUIVALENTS_MAX, Decimal(1))
    users = line.whole_up_to("users", USERS_MAX, 1)
    connection_id = _choose_id(line, registered, "connection")
    line.check()
    return Connection(connection_id=connection_id, ean=code, home_equivalents=home_equivalents, users=users, **fields)


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
    customer_class = line.one_of("customer_class", CLASSES) if line.optional("customer_class") else CLASSES[0]
    payer_id = _find(line, "payer", line.row.get("payer", ""), "member", registered) or None
    joint = [text.strip() for text in _SEPARATORS.split(line.row.get("joint", "")) if text.strip()]
    joint_ids = tuple(sorted(_find(line, "joint", text, "member", registered) for text in joint))
    contract_id = _choose_id(line, registered, "contract")
    line.check()
    return Contract(
        contract_id,
        number,
        member_id,
        connection_id,
        starts_on,
        ends_on,
        tariff_clause,
        gas_bills,
        None if payer_id == member_id else payer_id,
        joint_ids,
        customer_class,
    )


def _read_gas_bills(line: Line) -> tuple[GasBill, ...]:
    years = sorted({match[1] for name in line.row if (match := GAS.fullmatch(name))})
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
    number = line.row.get(noun, "")
    if not number:
        line.refuse(noun, say("may not be empty"))
        return ""
    return _find(line, noun, number, noun, registered)


def _find(line: Line, field_name: str, number: str, noun: str, registered: Registered) -> str:
    """The id behind a number; an unknown number is a problem of the field."""
    record_id = registered.ids.get((noun, number), "")
    if number and not record_id:
        unknown = {
            "member": say('there is no member "%(number)s"', number=number),
            "connection": say('there is no connection "%(number)s"', number=number),
        }
        line.refuse(field_name, unknown[noun])
    return record_id


def _choose_id(line: Line, registered: Registered, noun: str) -> str:
    number, own = line.row.get("number", ""), line.optional("id")
    kept = registered.ids.get((noun, number))
    if own in registered.withdrawn_ids:
        line.refuse("id", say("was taken out by an undo, which others were told; leave it empty to get a new one"))
    elif own and kept and own != kept:
        line.refuse("id", say("is registered already, with another id"))
    return own or kept or make_id(noun, registered.community, number, registered.count_withdrawn(noun, number))


_READERS: dict[str, Callable[[Line, Registered], Record]] = {
    "members": _read_member,
    "connections": _read_connection,
    "occupancies": _read_occupancy,
    "contracts": _read_contract,
}
