"""Members as they are kept."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date

from sqlalchemy import ColumnElement, Update, func, or_, select, true, update

from coop.kit.keyset import Window, cut_query
from coop.kit.rows import columns_of, find_as, insert_nouns, row_of
from coop.kit.tx import Tx
from coop.members.connections.store import list_holds
from coop.members.contracts.store import list_contracts
from coop.members.register.model import Member, MemberFile
from coop.members.tables import member
from coop.values import NotFound


def list_members(tx: Tx, search: str = "", limit: int = 1_000_000, offset: int = 0) -> list[Member]:
    """List members by number; ``search`` looks in number, name and address."""
    query = (
        select(*columns_of(Member, member))
        .where(member.c.community == tx.community, _matches(search))
        .order_by(member.c.number)
        .limit(limit)
        .offset(offset)
    )
    return [Member(*row) for row in tx.execute(query)]


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
    return find_as(tx, Member, member, member.c.member_id == member_id)


def get_member(tx: Tx, member_id: str) -> Member:
    """Find one member who has to be there.

    Raises:
        NotFound: there is none with this id.
    """
    noun = find_member(tx, member_id)
    if noun is None:
        raise NotFound(f"there is no member {member_id}")
    return noun


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


def change_contact(tx: Tx, member_id: str, contact: Mapping[str, str]) -> None:
    """Change name, e-mail or address of a member."""
    tx.execute(_update(tx, member_id, contact))


def _update(tx: Tx, member_id: str, values: Mapping[str, object]) -> Update:
    return update(member).where(member.c.community == tx.community, member.c.member_id == member_id).values(values)


def _matches(search: str) -> ColumnElement[bool]:
    columns = (member.c.number, member.c.name, member.c.address)
    if not search.isprintable():  # PostgreSQL takes no text with a zero in it, and no register holds one
        return member.c.number.is_(None)
    return or_(*(column.icontains(search, autoescape=True) for column in columns)) if search else true()
