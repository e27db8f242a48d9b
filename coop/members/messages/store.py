"""Messages and wishes as they are kept."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

from sqlalchemy import delete, or_, select

from coop.kit.database import among
from coop.kit.rows import columns_of, find_as, insert_nouns, row_of, select_as
from coop.kit.tx import Tx
from coop.members.messages.model import ComingMeeting, DueBill, Message, Wish
from coop.members.register.model import Member
from coop.members.tables import bill_due, coming_meeting, contract, member, message, message_wish
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
    return find_as(tx, Message, message, message.c.message_id == message_id)


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
    return find_as(tx, Wish, message_wish, message_wish.c.person_id == person_id) or Wish(person_id)


def find_wishes(tx: Tx, person_ids: Sequence[str]) -> dict[str, Wish]:
    """Find how people want to be written to, by their ids; who never said so is not among them."""
    wishes = select_as(tx, Wish, message_wish, among(tx, message_wish.c.person_id, person_ids))
    return {wish.person_id: wish for wish in wishes}


def save_wish(tx: Tx, wish: Wish) -> None:
    """Keep how a person wants to be written to, in the place of what they wished before."""
    mine = message_wish.c.community == tx.community, message_wish.c.person_id == wish.person_id
    tx.execute(delete(message_wish).where(*mine))
    insert_nouns(tx, message_wish, [wish], changed_at=tx.now, changed_by=str(tx.actor))


def find_by_outbound_id(tx: Tx, outbound_id: str) -> Message | None:
    """Find the message that is a mail in the queue."""
    return find_as(tx, Message, message, message.c.outbound_id == outbound_id)


def list_voters(tx: Tx, day: date) -> list[Member]:
    """List who is a member on a day, by number."""
    columns = member.c
    on_day = columns.joined_on <= day, or_(columns.left_on.is_(None), columns.left_on > day)
    return select_as(tx, Member, member, *on_day, order_by=[columns.number])


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
    return find_as(tx, DueBill, bill_due, bill_due.c.bill_id == bill_id)


def list_bills_due(tx: Tx, first: date, end: date) -> list[DueBill]:
    """List the bills that are to be paid from a day on and before another, by that day."""
    rows = bill_due.c
    return select_as(
        tx, DueBill, bill_due, rows.due_on >= first, rows.due_on < end, order_by=[rows.due_on, rows.number]
    )


def keep_meeting(tx: Tx, meeting: ComingMeeting) -> None:
    """Keep that a meeting was convened; the same again changes nothing."""
    tx.insert_new(coming_meeting, [row_of(tx, meeting)], ["community", "meeting_id"])


def find_meeting(tx: Tx, meeting_id: str) -> ComingMeeting | None:
    """Find a meeting of which was heard."""
    return find_as(tx, ComingMeeting, coming_meeting, coming_meeting.c.meeting_id == meeting_id)


def list_meetings(tx: Tx, first: date, end: date) -> list[ComingMeeting]:
    """List the meetings that are held from a day on and before another."""
    rows = coming_meeting.c
    return select_as(
        tx, ComingMeeting, coming_meeting, rows.held_on >= first, rows.held_on < end, order_by=[rows.held_on]
    )
