"""Messages and wishes as they are kept."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Final, cast

from sqlalchemy import (
    ColumnElement,
    Connection,
    Select,
    and_,
    bindparam,
    case,
    delete,
    func,
    literal_column,
    or_,
    select,
    update,
)

from coop.kit.database import among
from coop.kit.keyset import Window, cut_query
from coop.kit.rows import columns_of, find_as, find_by, insert_nouns, row_of, select_as
from coop.kit.tables import outbound_message
from coop.kit.tx import Tx
from coop.members.messages.model import (
    AccountHolder,
    ComingMeeting,
    DueBill,
    Filter,
    Message,
    OwnWords,
    State,
    Tracked,
    Way,
    Wish,
)
from coop.members.register.model import Member
from coop.members.tables import (
    account,
    bill_due,
    candidate,
    coming_meeting,
    connection,
    contract,
    member,
    message,
    message_wish,
    message_words,
    seat_holder,
    withdrawn_meeting,
)
from coop.members.tables.history import contract_party
from coop.values import NotFound


def list_made(tx: Tx, message_ids: Sequence[str]) -> set[str]:
    """Find which of these messages were made before."""
    rows = message.c
    query = select(rows.message_id).where(rows.community == tx.community, among(tx, rows.message_id, message_ids))
    return set(tx.scalars(query))


def add_messages(tx: Tx, made: Sequence[Message]) -> None:
    """Keep messages; the same again changes nothing."""
    tx.insert_new(message, [row_of(tx, each) for each in made], ["community", "message_id"])


def find_message(tx: Tx, message_id: str) -> Message | None:
    """Find one message."""
    return find_by(tx, Message, message, message_id=message_id)


def get_message(tx: Tx, message_id: str) -> Message:
    """Find one message that has to be there.

    Raises:
        NotFound: there is none with this id.
    """
    noun = find_message(tx, message_id)
    if noun is None:
        raise NotFound
    return noun


def find_wish(tx: Tx, person_id: str) -> Wish:
    """Find how a person wants to be written to."""
    return find_by(tx, Wish, message_wish, person_id=person_id) or Wish(person_id)


def find_wishes(tx: Tx, person_ids: Sequence[str]) -> dict[str, Wish]:
    """Find how people want to be written to, by their ids; who never said so is not among them."""
    wishes = select_as(tx, Wish, message_wish, among(tx, message_wish.c.person_id, person_ids))
    return {wish.person_id: wish for wish in wishes}


def save_wish(tx: Tx, wish: Wish) -> None:
    """Keep how a person wants to be written to, in the place of what they wished before."""
    mine = message_wish.c.community == tx.community, message_wish.c.person_id == wish.person_id
    tx.execute(delete(message_wish).where(*mine))
    insert_nouns(tx, message_wish, [wish], changed_at=tx.now, changed_by=str(tx.actor))


def find_community(sql: Connection, outbound_id: str) -> str | None:
    """Find the co-operative whose message is a mail in the queue."""
    return sql.scalar(select(message.c.community).where(message.c.outbound_id == outbound_id))


def find_by_outbound_id(tx: Tx, outbound_id: str) -> Message | None:
    """Find the message that is a mail in the queue."""
    return find_by(tx, Message, message, outbound_id=outbound_id)


def list_voters(tx: Tx, day: date, among: Collection[str] = ()) -> list[Member]:
    """List the members who may vote on a day, by number: a landlord is a party without a vote. ``among``: only these,
    where not every member votes."""
    columns = member.c
    on_day = columns.joined_on <= day, or_(columns.left_on.is_(None), columns.left_on > day)
    voters = select_as(tx, Member, member, *on_day, columns.votes > 0, order_by=[columns.number])
    return [each for each in voters if each.member_id in among] if among else voters


@dataclass(frozen=True)
class Supply:
    """Of a contract: who pays it where that is not the member who signed it, and the address and EAN of what it
    supplies; each empty where it is not known."""

    payer_id: str | None = None
    address: str | None = None
    ean: str | None = None


_SUPPLY: Final = (
    select(contract.c.payer_id, connection.c.address, connection.c.ean)
    .outerjoin(
        connection,
        (connection.c.community == contract.c.community) & (connection.c.connection_id == contract.c.connection_id),
    )
    .where(contract.c.community == bindparam("community"), contract.c.contract_id == bindparam("contract_id"))
)


def find_supply(tx: Tx, contract_id: str) -> Supply:
    """Find who pays a contract and what it supplies."""
    row = tx.execute(_SUPPLY, {"community": tx.community, "contract_id": contract_id}).first()
    return Supply(*row) if row is not None else Supply()


def list_parties(tx: Tx, contract_id: str) -> set[str]:
    """List who holds a contract together with the member who signed it, or pays it."""
    joint, columns = contract_party.c, contract.c
    held = select(joint.member_id).where(joint.community == tx.community, joint.contract_id == contract_id)
    paid = select(columns.payer_id).where(columns.community == tx.community, columns.contract_id == contract_id)
    return {*tx.scalars(held), *filter(None, tx.scalars(paid))}


def list_supplied(tx: Tx, day: date) -> list[Member]:
    """List who has a contract that runs on a day or begins later, by number."""
    query = (
        select(*columns_of(Member, member))
        .where(
            member.c.community == tx.community,
            member.c.member_id.in_(
                select(contract.c.member_id).where(
                    contract.c.community == tx.community, or_(contract.c.ends_on.is_(None), contract.c.ends_on > day)
                )
            ),
        )
        .order_by(member.c.number)
    )
    return [Member(*row) for row in tx.execute(query)]


def keep_bill(tx: Tx, bill: DueBill) -> None:
    """Keep that a bill was issued; the same again changes nothing."""
    tx.insert_new(bill_due, [row_of(tx, bill)], ["community", "bill_id"])


def find_bill(tx: Tx, bill_id: str) -> DueBill | None:
    """Find a bill of which was heard."""
    return find_by(tx, DueBill, bill_due, bill_id=bill_id)


def list_bills_due(tx: Tx, first: date, end: date) -> list[DueBill]:
    """List the bills that are to be paid from a day on and before another, by that day."""
    rows = bill_due.c
    return select_as(
        tx, DueBill, bill_due, rows.due_on >= first, rows.due_on < end, order_by=[rows.due_on, rows.number]
    )


def keep_meeting(tx: Tx, meeting: ComingMeeting) -> None:
    """Keep that a meeting was convened; the same again changes nothing."""
    tx.insert_new(coming_meeting, [row_of(tx, meeting)], ["community", "meeting_id"])


def keep_candidate(tx: Tx, member_id: str, resolution_id: str) -> None:
    """Keep that a member stands for an office, or is in one; the same again changes nothing."""
    row = {"community": tx.community, "member_id": member_id, "resolution_id": resolution_id}
    tx.insert_new(candidate, [row], ["community", "member_id", "resolution_id"])


def list_candidates(tx: Tx, member_ids: Collection[str]) -> dict[str, str]:
    """Names of those members who stood for an office or are in one, by id."""
    query = (
        select(member.c.member_id, member.c.name)
        .distinct()
        .join(
            candidate,
            and_(candidate.c.community == member.c.community, candidate.c.member_id == member.c.member_id),
        )
        .where(
            member.c.community == tx.community,
            candidate.c.community == tx.community,
            among(tx, member.c.member_id, member_ids),
        )
    )
    return {row.member_id: row.name for row in tx.execute(query)} if member_ids else {}


def keep_seat_holder(tx: Tx, account_id: str) -> None:
    """Keep that somebody sits in a steering group; the same again changes nothing."""
    tx.insert_new(seat_holder, [{"community": tx.community, "account_id": account_id}], ["community", "account_id"])


def list_seat_holders(tx: Tx, account_ids: Collection[str]) -> set[str]:
    """Those of these accounts that sit or sat in a steering group."""
    columns = seat_holder.c
    query = select(columns.account_id).where(
        columns.community == tx.community, among(tx, columns.account_id, account_ids)
    )
    return set(tx.scalars(query)) if account_ids else set()


def keep_withdrawn(tx: Tx, meeting_id: str) -> None:
    """Keep that a meeting is not held; the same again changes nothing."""
    row = {"community": tx.community, "meeting_id": meeting_id}
    tx.insert_new(withdrawn_meeting, [row], ["community", "meeting_id"])


def find_meeting(tx: Tx, meeting_id: str) -> ComingMeeting | None:
    """Find a meeting of which was heard."""
    return find_by(tx, ComingMeeting, coming_meeting, meeting_id=meeting_id)


def list_meetings(tx: Tx, first: date, end: date) -> list[ComingMeeting]:
    """List the meetings that are held from a day on and before another, but those that were withdrawn."""
    rows = coming_meeting.c
    withdrawn = select(withdrawn_meeting.c.meeting_id).where(withdrawn_meeting.c.community == tx.community)
    where = rows.held_on >= first, rows.held_on < end, rows.meeting_id.not_in(withdrawn)
    return select_as(tx, ComingMeeting, coming_meeting, *where, order_by=[rows.held_on])


_ACCOUNT: Final = "account:"
_mail = outbound_message.c
_STATE: Final = case(
    (message.c.channel == literal_column("'letter'"), case((message.c.posted_on.is_(None), "waiting"), else_="sent")),
    (or_(message.c.bounced_at.is_not(None), _mail.state.is_(None), _mail.state.in_(("failed", "withdrawn"))), "failed"),
    (_mail.state == "delivered", "sent"),
    else_="waiting",
)
"""The state of a message, as ``Tracked.state`` says it."""


def find_holder(tx: Tx, account_id: str) -> AccountHolder | None:
    """The holder of an account that is in use, or None."""
    return find_as(tx, AccountHolder, account, account.c.account_id == account_id, account.c.active)


def get_tracked(tx: Tx, message_id: str) -> Tracked:
    """Find one message that has to be there, and how far it has come.

    Raises:
        NotFound: there is none with this id.
    """
    row = tx.execute(_select_tracked(tx).where(message.c.message_id == message_id)).one_or_none()
    if row is None:
        raise NotFound
    return _make_tracked(row)


def list_tracked(tx: Tx, wanted: Filter, limit: int = 1_000_000, offset: int = 0) -> list[Tracked]:
    """List messages with how far they have come, newest first."""
    query = _select_tracked(tx).where(*_conditions(wanted)).order_by(message.c.made_at.desc(), message.c.message_id)
    return [_make_tracked(row) for row in tx.execute(query.limit(limit).offset(offset))]


def page_tracked(tx: Tx, wanted: Filter, window: Window) -> list[Tracked]:
    """List a window of messages, newest first, and one more."""
    query = _select_tracked(tx).where(*_conditions(wanted))
    rows = tx.execute(cut_query(query, window, message.c.made_at, message.c.message_id, newest_first=True))
    return [_make_tracked(row) for row in rows]


def count_tracked(tx: Tx, wanted: Filter) -> dict[tuple[str, State], int]:
    """Count messages by kind and state; what was replaced is in none of them."""
    query = (
        select(message.c.kind, _STATE, func.count())
        .select_from(message)
        .outerjoin(outbound_message, _is_its_mail())
        .where(message.c.community == tx.community, message.c.replaced_by.is_(None), *_conditions(wanted))
        .group_by(message.c.kind, _STATE)
    )
    return {(kind, cast(State, state)): count for kind, state, count in tx.execute(query)}


def list_letters(tx: Tx, kind: str, until: datetime) -> list[Message]:
    """List the letters (of a kind) that wait and were made by an instant, by kind and name."""
    rows = message.c
    which = [rows.kind == kind] if kind else []
    waits = rows.channel == "letter", rows.posted_on.is_(None), rows.replaced_by.is_(None), rows.made_at <= until
    return select_as(tx, Message, message, *waits, *which, order_by=[rows.kind, rows.name, rows.message_id])


def change_message(tx: Tx, message_id: str, **values: Any) -> None:
    """Change some columns of a message."""
    tx.execute(
        update(message).where(message.c.community == tx.community, message.c.message_id == message_id).values(**values)
    )


def list_words(tx: Tx) -> list[OwnWords]:
    """List every paragraph that the co-operative ever wrote, newest first."""
    rows = message_words.c
    return select_as(tx, OwnWords, message_words, order_by=[rows.recorded_at.desc(), rows.kind, rows.language])


def find_words(tx: Tx, kind: str) -> dict[str, str]:
    """Find the paragraph of the co-operative in a kind of message, by language."""
    rows = message_words.c
    query = select(rows.language, rows.text).where(rows.community == tx.community, rows.kind == kind)
    newest = dict(iter(tx.execute(query.order_by(rows.recorded_at))))
    return {language: text for language, text in newest.items() if text}


def add_words(tx: Tx, words: OwnWords) -> None:
    """Keep a paragraph."""
    tx.insert_new(message_words, [row_of(tx, words)], ["community", "kind", "language", "recorded_at"])


def _is_its_mail() -> ColumnElement[bool]:
    return and_(_mail.community == message.c.community, _mail.id == message.c.outbound_id)


def _select_tracked(tx: Tx) -> Select[Any]:
    columns = *columns_of(Message, message), *columns_of(Way, outbound_message)
    return (
        select(*columns)
        .select_from(message)
        .outerjoin(outbound_message, _is_its_mail())
        .where(message.c.community == tx.community)
    )


def _make_tracked(row: Sequence[Any]) -> Tracked:
    own = len(columns_of(Message, message))
    return Tracked(Message(*row[:own]), Way(*row[own:]) if row[own] is not None else None)


def _conditions(wanted: Filter) -> list[ColumnElement[bool]]:
    rows = message.c
    asked = (rows.kind, wanted.kind), (rows.channel, wanted.channel), (_STATE, wanted.state)
    conditions: list[ColumnElement[bool]] = [column == value for column, value in asked if value]
    if wanted.state in ("waiting", "failed"):  # of what was replaced, the other message says how it stands
        conditions.append(rows.replaced_by.is_(None))
    if wanted.of_account and wanted.member_id:
        of_register = and_(rows.member_id == wanted.member_id, rows.account_id.is_(None))
        conditions.append(or_(rows.account_id == wanted.of_account, of_register))
    elif wanted.of_account:
        conditions.append(rows.account_id == wanted.of_account)
    elif wanted.member_id:
        conditions.append(rows.member_id == wanted.member_id)
    return conditions


def list_names(tx: Tx, actors: Collection[str | None]) -> dict[str, str]:
    """Find the names of the accounts among actors, by the text that names the actor."""
    account_ids = [actor.removeprefix(_ACCOUNT) for actor in actors if actor and actor.startswith(_ACCOUNT)]
    rows = account.c
    query = select(rows.account_id, rows.name).where(
        rows.community == tx.community, among(tx, rows.account_id, account_ids)
    )
    return {f"{_ACCOUNT}{account_id}": name for account_id, name in tx.execute(query)}
