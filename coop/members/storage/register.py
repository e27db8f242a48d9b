"""Members, connections, who holds which, and contracts."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date
from typing import Any, TypeVar

from sqlalchemy import Connection as Tx
from sqlalchemy import Row, Table, false, func, or_, select, true, update

from coop.members.model import Connection, Contract, GasBill, Member, Occupancy
from coop.members.storage.tables import connection, contract, gas_bill, member, occupancy

Noun = TypeVar("Noun", Member, Connection, Occupancy, Contract, GasBill)


def members(tx: Tx, community: str, search: str = "", limit: int = 1_000_000, offset: int = 0) -> list[Member]:
    """Members by number; ``search`` looks in number, name and address."""
    return [
        _read(Member, row)
        for row in tx.execute(
            select(member)
            .where(member.c.community == community, _matching(search))
            .order_by(member.c.number)
            .limit(limit)
            .offset(offset)
        )
    ]


def count_members(tx: Tx, community: str, search: str = "") -> int:
    """How many members ``search`` finds."""
    query = select(func.count()).select_from(member).where(member.c.community == community, _matching(search))
    return tx.scalar(query) or 0


def find_member(tx: Tx, community: str, member_id: str) -> Member | None:
    """One member, or None."""
    query = select(member).where(member.c.member_id == member_id, member.c.community == community)
    row = tx.execute(query).first()
    return _read(Member, row) if row else None


def connections(tx: Tx, community: str) -> list[Connection]:
    """All connections by number."""
    query = select(connection).where(connection.c.community == community).order_by(connection.c.number)
    return [_read(Connection, row) for row in tx.execute(query)]


def occupancies(tx: Tx, community: str) -> list[Occupancy]:
    """Who held which connection, oldest first."""
    query = (
        select(occupancy)
        .where(occupancy.c.community == community)
        .order_by(occupancy.c.connection_id, occupancy.c.opened_on)
    )
    return [_read(Occupancy, row) for row in tx.execute(query)]


def holdings(tx: Tx, community: str, member_id: str) -> list[tuple[Connection, Occupancy]]:
    """The connections that a member holds or held, with their dates."""
    query = (
        select(
            connection, occupancy.c.member_id, occupancy.c.opened_on, occupancy.c.closed_on, occupancy.c.registration
        )
        .join(occupancy, occupancy.c.connection_id == connection.c.connection_id)
        .where(occupancy.c.community == community, occupancy.c.member_id == member_id)
        .order_by(occupancy.c.opened_on, connection.c.number)
    )
    return [(_read(Connection, row), _read(Occupancy, row)) for row in tx.execute(query)]


def contracts(tx: Tx, community: str, member_id: str | None = None) -> list[Contract]:
    """Contracts with their gas bills, oldest first; of one member or of all."""
    of_member = true() if member_id is None else contract.c.member_id == member_id
    bills: dict[str, list[GasBill]] = {}
    for row in tx.execute(
        select(gas_bill)
        .join(contract, contract.c.contract_id == gas_bill.c.contract_id)
        .where(contract.c.community == community, of_member)
        .order_by(gas_bill.c.year)
    ):
        bills.setdefault(row.contract_id, []).append(_read(GasBill, row))
    query = (
        select(contract)
        .where(contract.c.community == community, of_member)
        .order_by(contract.c.starts_on, contract.c.number)
    )
    return [_read(Contract, row, gas_bills=tuple(bills.get(row.contract_id, ()))) for row in tx.execute(query)]


def ids_in_use(tx: Tx, ids: Iterable[str]) -> set[str]:
    """Which of these ids some member, connection or contract has, in whatever community."""
    wanted, found = list(ids), set[str]()
    for start in range(0, len(wanted), 500):
        for column in (member.c.member_id, connection.c.connection_id, contract.c.contract_id):
            found.update(tx.scalars(select(column).where(column.in_(wanted[start : start + 500]))))
    return found


def add_members(tx: Tx, community: str, records: Sequence[Member], import_id: str) -> None:
    """Add members."""
    _insert(tx, member, [{**vars(record), "community": community, "import_id": import_id} for record in records])


def add_connections(tx: Tx, community: str, records: Sequence[Connection], import_id: str) -> None:
    """Add connections."""
    _insert(tx, connection, [{**vars(record), "community": community, "import_id": import_id} for record in records])


def add_occupancies(tx: Tx, community: str, records: Sequence[Occupancy], import_id: str) -> None:
    """Add occupancies."""
    _insert(tx, occupancy, [{**vars(record), "community": community, "import_id": import_id} for record in records])


def add_contracts(tx: Tx, community: str, records: Sequence[Contract], import_id: str) -> None:
    """Add contracts with their gas bills."""
    rows = [{**vars(record), "community": community, "import_id": import_id} for record in records]
    for row in rows:
        del row["gas_bills"]
    _insert(tx, contract, rows)
    _insert(
        tx,
        gas_bill,
        [
            {**vars(bill), "community": community, "contract_id": record.contract_id}
            for record in records
            for bill in record.gas_bills
        ],
    )


def set_left(tx: Tx, member_id: str, left_on: date) -> None:
    """End a membership."""
    tx.execute(update(member).where(member.c.member_id == member_id).values(left_on=left_on))


def set_closed(tx: Tx, connection_id: str, opened_on: date, closed_on: date) -> None:
    """End an occupancy."""
    tx.execute(
        update(occupancy)
        .where(occupancy.c.connection_id == connection_id, occupancy.c.opened_on == opened_on)
        .values(closed_on=closed_on)
    )


def set_ended(tx: Tx, contract_id: str, ends_on: date) -> None:
    """End a contract."""
    tx.execute(update(contract).where(contract.c.contract_id == contract_id).values(ends_on=ends_on))


def set_contact(tx: Tx, member_id: str, values: dict[str, str]) -> None:
    """Change name, e-mail or address of a member."""
    tx.execute(update(member).where(member.c.member_id == member_id).values(values))


def _insert(tx: Tx, table: Table, rows: Sequence[dict[str, Any]]) -> None:
    if rows:
        tx.execute(table.insert(), rows)


def _matching(search: str) -> Any:
    columns = (member.c.number, member.c.name, member.c.address)
    if not search.isprintable():  # PostgreSQL takes no text with a zero in it, and no register holds one
        return false()
    return or_(*(column.icontains(search, autoescape=True) for column in columns)) if search else true()


def _read(noun: type[Noun], row: Row[Any], **more: Any) -> Noun:
    return noun(**{name: row._mapping[name] for name in noun.__dataclass_fields__ if name not in more}, **more)
