"""Members as they are kept."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date

from sqlalchemy import ColumnElement, Table, Update, exists, func, or_, select, true, update

from coop.kit.keyset import Window, cut_query
from coop.kit.rows import columns_of, find_by, insert_nouns, row_of, select_as
from coop.kit.tx import Tx
from coop.members.connections.store import list_holds
from coop.members.contracts.store import list_contracts
from coop.members.register.model import Member, MemberFile, Selection
from coop.members.tables import account, contract, member
from coop.values import NotFound, say


def list_members(tx: Tx, search: str = "", limit: int = 1_000_000, offset: int = 0) -> list[Member]:
    """List members by number; ``search`` looks in number, name and address."""
    return select_members(tx, Selection(search), limit, offset)


def select_members(tx: Tx, selection: Selection, limit: int = 1_000_000, offset: int = 0) -> list[Member]:
    """List the members of a selection in its order."""
    column = member.c[selection.sort.removeprefix("-")]
    order = column.desc() if selection.sort.startswith("-") else column
    query = (
        select(*columns_of(Member, member))
        .where(member.c.community == tx.community, *_conditions(tx, selection))
        .order_by(order, member.c.number)
        .limit(limit)
        .offset(offset)
    )
    return [Member(*row) for row in tx.execute(query)]


def count_selected(tx: Tx, selection: Selection) -> int:
    """Count the members of a selection."""
    query = select(func.count()).select_from(member).where(member.c.community == tx.community)
    return tx.scalar(query.where(*_conditions(tx, selection))) or 0


def page_members(tx: Tx, search: str, window: Window) -> list[Member]:
    """List a window of the members that ``search`` finds, by number, and one more."""
    query = select(*columns_of(Member, member)).where(member.c.community == tx.community, _matches(search))
    return [Member(*row) for row in tx.execute(cut_query(query, window, member.c.number, member.c.member_id))]


def count_members(tx: Tx, search: str = "") -> int:
    """Count the members that ``search`` finds."""
    query = select(func.count()).select_from(member).where(member.c.community == tx.community, _matches(search))
    return tx.scalar(query) or 0


def find_member(tx: Tx, member_id: str) -> Member | None:
    """Find one member."""
    return find_by(tx, Member, member, member_id=member_id)


def get_member(tx: Tx, member_id: str) -> Member:
    """Find one member who has to be there.

    Raises:
        NotFound: there is none with this id.
    """
    noun = find_member(tx, member_id)
    if noun is None:
        raise NotFound(say("there is no member %(member_id)s", member_id=member_id))
    return noun


def get_by_number(tx: Tx, number: str) -> Member:
    """Find the member with a number.

    Raises:
        NotFound: there is none.
    """
    noun = find_by(tx, Member, member, number=number) if number.isprintable() else None
    if noun is None:
        raise NotFound(say("there is no member with number %(number)s", number=number))
    return noun


def find_alike(tx: Tx, email: str, name: str) -> Member | None:
    """Find the member who has this address in the register, or else this name."""
    columns = member.c
    alike: list[Member] = []
    for column, text in ((columns.email, email), (columns.name, name)):
        alike = alike or select_as(tx, Member, member, func.lower(column) == text.lower(), order_by=[columns.number])
    return alike[0] if alike else None


def get_file(tx: Tx, member_id: str) -> MemberFile:
    """Collect all that the register knows of a member.

    Raises:
        NotFound: there is none with this id.
    """
    return MemberFile(get_member(tx, member_id), list_holds(tx, member_id), list_contracts(tx, member_id))


def add_members(tx: Tx, members: Sequence[Member], import_id: str) -> None:
    """Add the members that an import brought."""
    insert_nouns(tx, member, members, import_id=import_id)


def end_membership(tx: Tx, member_id: str, left_on: date) -> None:
    """Write down the first day without membership."""
    tx.execute(_update(tx, member_id, {"left_on": left_on}))


def change_member(tx: Tx, changed: Member) -> None:
    """Keep a member as they are now."""
    tx.execute(_update(tx, changed.member_id, row_of(tx, changed)))


def _update(tx: Tx, member_id: str, values: Mapping[str, object]) -> Update:
    return update(member).where(member.c.community == tx.community, member.c.member_id == member_id).values(values)


def _conditions(tx: Tx, selection: Selection) -> list[ColumnElement[bool]]:
    conditions = [_matches(selection.search)]
    if selection.kind:
        conditions.append(member.c.kind == selection.kind)
    has_left = member.c.left_on.is_not(None) & (member.c.left_on <= tx.today)
    if selection.state:
        conditions.append(has_left if selection.state == "left" else ~has_left)
    if selection.lacks == "contract":
        conditions.append(~_refers(tx, contract, (contract.c.ends_on.is_(None)) | (contract.c.ends_on > tx.today)))
    if selection.lacks == "account":
        conditions.append(~_refers(tx, account, account.c.active))
    return conditions


def _refers(tx: Tx, table: Table, condition: ColumnElement[bool]) -> ColumnElement[bool]:
    return exists().where(table.c.community == tx.community, table.c.member_id == member.c.member_id, condition)


def _matches(search: str) -> ColumnElement[bool]:
    columns = (member.c.number, member.c.name, member.c.address, member.c.postcode, member.c.city)
    if not search.isprintable():  # PostgreSQL takes no text with a zero in it, and no register holds one
        return member.c.number.is_(None)
    return or_(*(column.icontains(search, autoescape=True) for column in columns)) if search else true()
