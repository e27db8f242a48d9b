"""Tables and queries of the register."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date, datetime
from typing import Any

from sqlalchemy import (
    Boolean,
    CheckConstraint,
    Column,
    Date,
    ForeignKey,
    Integer,
    Row,
    String,
    Table,
    Text,
    UniqueConstraint,
    and_,
    func,
    insert,
    or_,
    select,
    update,
)
from sqlalchemy import Connection as Tx

from coop.kit.database import Instant, new_metadata
from coop.kit.journal import add_kit_tables, insert_new
from coop.members.model import Connection, Contract, Member, Occupancy

metadata = new_metadata()
add_kit_tables(metadata)

ID = String(64)

import_file = Table(
    "import_file",
    metadata,
    Column("import_id", ID, primary_key=True),
    Column("community", String(100), nullable=False),
    Column("kind", String(20), nullable=False),
    Column("file_name", String(200), nullable=False),
    Column("record_count", Integer, nullable=False),
    Column("imported_at", Instant, nullable=False),
    Column("undone_at", Instant),
)

member = Table(
    "member",
    metadata,
    Column("member_id", ID, primary_key=True),
    Column("community", String(100), nullable=False),
    Column("number", String(50), nullable=False),
    Column("kind", String(20), nullable=False),
    Column("name", String(200), nullable=False),
    Column("email", String(200), nullable=False),
    Column("address", String(200), nullable=False),
    Column("postcode", String(20), nullable=False),
    Column("city", String(100), nullable=False),
    Column("joined_on", Date, nullable=False),
    Column("left_on", Date),
    Column("import_id", ForeignKey("import_file.import_id")),
    UniqueConstraint("community", "number"),
    CheckConstraint("left_on IS NULL OR left_on >= joined_on", name="leaves_after_joining"),
    CheckConstraint("kind IN ('tenant', 'owner', 'business', 'corporation')", name="kind_known"),
)

connection = Table(
    "connection",
    metadata,
    Column("connection_id", ID, primary_key=True),
    Column("community", String(100), nullable=False),
    Column("number", String(50), nullable=False),
    Column("building", String(100), nullable=False),
    Column("kind", String(20), nullable=False),
    Column("address", String(200), nullable=False),
    Column("ean", String(18), nullable=False),
    Column("import_id", ForeignKey("import_file.import_id")),
    UniqueConstraint("community", "number"),
)

occupancy = Table(
    "occupancy",
    metadata,
    Column("connection_id", ForeignKey("connection.connection_id"), primary_key=True),
    Column("opened_on", Date, primary_key=True),
    Column("member_id", ForeignKey("member.member_id"), nullable=False),
    Column("closed_on", Date),
    Column("import_id", ForeignKey("import_file.import_id")),
    CheckConstraint("closed_on IS NULL OR closed_on >= opened_on", name="closes_after_opening"),
)

contract = Table(
    "contract",
    metadata,
    Column("contract_id", ID, primary_key=True),
    Column("community", String(100), nullable=False),
    Column("number", String(50), nullable=False),
    Column("member_id", ForeignKey("member.member_id"), nullable=False),
    Column("connection_id", ForeignKey("connection.connection_id"), nullable=False),
    Column("starts_on", Date, nullable=False),
    Column("ends_on", Date),
    Column("tariff_clause", String(50)),
    Column("import_id", ForeignKey("import_file.import_id")),
    UniqueConstraint("community", "number"),
    CheckConstraint("ends_on IS NULL OR ends_on >= starts_on", name="ends_after_starting"),
)

gas_bill = Table(
    "gas_bill",
    metadata,
    Column("contract_id", ForeignKey("contract.contract_id"), primary_key=True),
    Column("year", Integer, primary_key=True),
    Column("gas_m3", Integer, nullable=False),
    Column("amount_cents", Integer, nullable=False),
    CheckConstraint("gas_m3 >= 0 AND amount_cents >= 0", name="not_negative"),
)

account = Table(
    "account",
    metadata,
    Column("account_id", ID, primary_key=True),
    Column("community", String(100), nullable=False),
    Column("email", String(200), nullable=False),
    Column("name", String(200), nullable=False),
    Column("password_hash", Text, nullable=False),
    Column("roles", String(200), nullable=False),
    Column("member_id", ForeignKey("member.member_id")),
    Column("active", Boolean, nullable=False),
    Column("failures", Integer, nullable=False),
    Column("locked_until", Instant),
    UniqueConstraint("community", "email"),
)


def ids_by_number(tx: Tx, community: str) -> dict[str, dict[str, str]]:
    """Ids of all members and connections by their number."""
    return {
        "members": _pairs(tx.execute(select(member.c.number, member.c.member_id).where(_of(member, community)))),
        "connections": _pairs(
            tx.execute(select(connection.c.number, connection.c.connection_id).where(_of(connection, community)))
        ),
    }


def add_import(
    tx: Tx, community: str, import_id: str, kind: str, file_name: str, count: int, imported_at: datetime
) -> None:
    """Remember an import."""
    tx.execute(
        insert(import_file).values(
            import_id=import_id,
            community=community,
            kind=kind,
            file_name=file_name,
            record_count=count,
            imported_at=imported_at,
        )
    )


def find_import(tx: Tx, community: str, import_id: str) -> Row[Any] | None:
    """One import, or None."""
    return tx.execute(
        select(import_file).where(import_file.c.import_id == import_id, _of(import_file, community))
    ).first()


def imports(tx: Tx, community: str, limit: int = 50) -> Sequence[Row[Any]]:
    """The newest imports first."""
    return tx.execute(
        select(import_file).where(_of(import_file, community)).order_by(import_file.c.imported_at.desc()).limit(limit)
    ).all()


def mark_undone(tx: Tx, import_id: str, at: datetime) -> None:
    """Remember that an import was undone."""
    tx.execute(update(import_file).where(import_file.c.import_id == import_id).values(undone_at=at))


def add_members(tx: Tx, community: str, records: Iterable[Member], import_id: str | None) -> None:
    """Add members that are not there yet."""
    rows = [{**vars(record), "community": community, "import_id": import_id} for record in records]
    insert_new(tx, member, rows, ["member_id"])


def add_connections(tx: Tx, community: str, records: Iterable[Connection], import_id: str | None) -> None:
    """Add connections that are not there yet."""
    rows = [{**vars(record), "community": community, "import_id": import_id} for record in records]
    insert_new(tx, connection, rows, ["connection_id"])


def add_occupancies(tx: Tx, records: Iterable[Occupancy], import_id: str | None) -> None:
    """Add occupancies that are not there yet."""
    rows = [{**vars(record), "import_id": import_id} for record in records]
    insert_new(tx, occupancy, rows, ["connection_id", "opened_on"])


def add_contracts(tx: Tx, community: str, records: Sequence[Contract], import_id: str | None) -> None:
    """Add contracts and their gas bills that are not there yet."""
    rows = [
        {name: value for name, value in vars(record).items() if name != "gas_bills"}
        | {"community": community, "import_id": import_id}
        for record in records
    ]
    insert_new(tx, contract, rows, ["contract_id"])
    bills = [{**vars(bill), "contract_id": record.contract_id} for record in records for bill in record.gas_bills]
    insert_new(tx, gas_bill, bills, ["contract_id", "year"])


def members(tx: Tx, community: str, search: str = "", limit: int = 1_000_000, offset: int = 0) -> Sequence[Row[Any]]:
    """Members by number; ``search`` looks in number, name and address."""
    return tx.execute(
        select(member)
        .where(_of(member, community), _matching(search))
        .order_by(member.c.number)
        .limit(limit)
        .offset(offset)
    ).all()


def count_members(tx: Tx, community: str, search: str = "") -> int:
    """How many members ``search`` finds."""
    return tx.scalar(select(func.count()).select_from(member).where(_of(member, community), _matching(search))) or 0


def find_member(tx: Tx, community: str, member_id: str) -> Row[Any] | None:
    """One member, or None."""
    return tx.execute(select(member).where(member.c.member_id == member_id, _of(member, community))).first()


def holdings(tx: Tx, member_id: str) -> Sequence[Row[Any]]:
    """The connections that a member holds or held, with their dates."""
    return tx.execute(
        select(connection, occupancy.c.opened_on, occupancy.c.closed_on)
        .join(occupancy, occupancy.c.connection_id == connection.c.connection_id)
        .where(occupancy.c.member_id == member_id)
        .order_by(occupancy.c.opened_on)
    ).all()


def occupancies(tx: Tx, connection_ids: Iterable[str]) -> Sequence[Row[Any]]:
    """All occupancies of these connections, oldest first."""
    return tx.execute(
        select(occupancy)
        .where(occupancy.c.connection_id.in_(list(connection_ids)))
        .order_by(occupancy.c.connection_id, occupancy.c.opened_on)
    ).all()


def contracts(tx: Tx, member_id: str) -> Sequence[Row[Any]]:
    """A member's contracts."""
    return tx.execute(select(contract).where(contract.c.member_id == member_id).order_by(contract.c.starts_on)).all()


def gas_bills(tx: Tx, contract_id: str) -> Sequence[Row[Any]]:
    """The gas bills behind a contract's reference."""
    return tx.execute(select(gas_bill).where(gas_bill.c.contract_id == contract_id).order_by(gas_bill.c.year)).all()


def of_import(tx: Tx, table: Table, import_id: str) -> Sequence[Row[Any]]:
    """What an import brought into a table."""
    return tx.execute(select(table).where(table.c.import_id == import_id)).all()


def count_built_on(tx: Tx, import_id: str) -> int:
    """How many records of other imports refer to what this import brought."""
    total = 0
    for parent, children in (
        (member.c.member_id, (occupancy.c.member_id, contract.c.member_id, account.c.member_id)),
        (connection.c.connection_id, (occupancy.c.connection_id, contract.c.connection_id)),
    ):
        brought = select(parent).where(parent.table.c.import_id == import_id)
        for child in children:
            total += tx.scalar(select(func.count()).select_from(child.table).where(child.in_(brought))) or 0
    return total


def delete_import(tx: Tx, import_id: str) -> None:
    """Take out what an import brought; foreign keys refuse it where anything else stands on it."""
    brought = select(contract.c.contract_id).where(contract.c.import_id == import_id)
    tx.execute(gas_bill.delete().where(gas_bill.c.contract_id.in_(brought)))
    for table in (contract, occupancy, connection, member):
        tx.execute(table.delete().where(table.c.import_id == import_id))


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


def accounts(tx: Tx, community: str) -> Sequence[Row[Any]]:
    """Everybody who can sign in."""
    return tx.execute(select(account).where(_of(account, community)).order_by(account.c.email)).all()


def find_account(tx: Tx, community: str, email: str) -> Row[Any] | None:
    """The account with an e-mail address, or None."""
    return tx.execute(select(account).where(_of(account, community), account.c.email == email.lower())).first()


def add_account(tx: Tx, values: dict[str, Any]) -> None:
    """Add an account that is not there yet."""
    insert_new(tx, account, [values], ["account_id"])


def change_account(tx: Tx, account_id: str, **values: Any) -> None:
    """Change some columns of an account."""
    tx.execute(update(account).where(account.c.account_id == account_id).values(**values))


def _of(table: Table, community: str) -> Any:
    return table.c.community == community


def _matching(search: str) -> Any:
    if not search:
        return and_(True)
    like = f"%{search.lower()}%"
    return or_(*(func.lower(column).like(like) for column in (member.c.number, member.c.name, member.c.address)))


def _pairs(rows: Iterable[Any]) -> dict[str, str]:
    return {row[0]: row[1] for row in rows}
