"""Looks as they were heard, requests to erase, and what is emptied when one is carried out."""

from __future__ import annotations

from datetime import date

from sqlalchemy import delete, func, insert, select, update

from coop.events.metering import UseSeen
from coop.kit.outbound.store import forget_recipients
from coop.kit.rows import find_as, find_by, row_of
from coop.kit.tx import Tx
from coop.members.privacy.model import Erasure, Look, Person
from coop.members.tables import (
    account,
    erasure,
    heard_bill,
    member,
    message,
    program,
    register_change,
    restricted_person,
    sign_in,
    use_seen,
)
from coop.members.told_moves.store import forget_told

LOOKS_SHOWN = 200
PERSONAL_FIELDS = ("name", "email", "address", "postcode", "city")
"""Fields of a member that say who it is."""


def add_look(tx: Tx, event: UseSeen) -> None:
    """Keep a look."""
    row = {
        "community": tx.community,
        "seen_on": event.seen_on,
        "viewer": event.viewer,
        "member_id": event.member_id or "",
        "subject": event.subject,
    }
    tx.insert_new(use_seen, [row], list(row))


def list_looks(tx: Tx, member_id: str, limit: int = LOOKS_SHOWN) -> list[Look]:
    """List the looks at a member's use by others, or at everybody's, newest first."""
    columns = use_seen.c
    query = (
        select(columns.seen_on, columns.viewer, columns.subject, columns.member_id == "")
        .where(columns.community == tx.community, columns.member_id.in_((member_id, "")))
        .order_by(columns.seen_on.desc(), columns.viewer, columns.subject)
        .limit(limit)
    )
    return [Look(*row) for row in tx.execute(query)]


def list_program_names(tx: Tx) -> dict[str, str]:
    """Names of the programs that the board let in, by the id of their token."""
    query = select(program.c.token_id, program.c.name).where(program.c.community == tx.community)
    return {row.token_id: row.name for row in tx.execute(query)}


def forget_looks(tx: Tx, before: date) -> int:
    """Forget looks of long ago; returns how many."""
    columns = use_seen.c
    return tx.execute(delete(use_seen).where(columns.community == tx.community, columns.seen_on < before)).rowcount


def add_request(tx: Tx, member_id: str, paper: str) -> int:
    """Keep a request to erase; returns its number."""
    number = (tx.scalar(select(func.max(erasure.c.number)).where(erasure.c.community == tx.community)) or 0) + 1
    row = {
        "community": tx.community,
        "number": number,
        "member_id": member_id,
        "asked_at": tx.now,
        "asked_by": str(tx.actor),
        "paper": paper,
    }
    tx.execute(insert(erasure), [row])
    return number


def settle_request(tx: Tx, number: int, outcome: str, kept_until: date | None = None) -> None:
    """Keep what became of a request."""
    tx.execute(
        update(erasure)
        .where(erasure.c.community == tx.community, erasure.c.number == number)
        .values(outcome=outcome, settled_at=tx.now, settled_by=str(tx.actor), kept_until=kept_until)
    )


def find_request(tx: Tx, number: int) -> Erasure | None:
    """Find a request."""
    return find_by(tx, Erasure, erasure, number=number)


def find_open_request(tx: Tx, member_id: str) -> Erasure | None:
    """Find the request of a member that waits."""
    return find_as(tx, Erasure, erasure, erasure.c.member_id == member_id, erasure.c.outcome.is_(None))


def list_requests(tx: Tx) -> list[Erasure]:
    """List requests, those that wait first, then the newest."""
    columns = [erasure.c[name] for name in Erasure.__dataclass_fields__]
    query = select(*columns).where(erasure.c.community == tx.community)
    return [
        Erasure(*row) for row in tx.execute(query.order_by(erasure.c.settled_at.is_not(None), erasure.c.number.desc()))
    ]


def find_last_bill_day(tx: Tx, member_id: str) -> date | None:
    """Find the day on which a member's last bill was issued."""
    mine = heard_bill.c.community == tx.community, heard_bill.c.member_id == member_id
    return tx.scalar(select(func.max(heard_bill.c.issued_on)).where(*mine))


def list_long_gone(tx: Tx, left_before: date) -> list[str]:
    """List the members who left before a day, and of whom the register still says who they are."""
    columns = member.c
    query = select(columns.member_id).where(
        columns.community == tx.community, columns.left_on < left_before, columns.address + columns.email != ""
    )
    return list(tx.scalars(query.order_by(columns.member_id)))


def keep_restricted(tx: Tx, member_id: str, person: Person) -> None:
    """Keep who a member was, for the books alone."""
    row = {"community": tx.community, "member_id": member_id, **row_of(tx, person)}
    tx.insert_new(restricted_person, [row], ["community", "member_id"])


def find_restricted(tx: Tx, member_id: str) -> Person | None:
    """Find who a member was, while the books need it."""
    return find_by(tx, Person, restricted_person, member_id=member_id)


def list_lapsed(tx: Tx) -> list[str]:
    """List the members whom the books need no longer."""
    columns = restricted_person.c
    query = select(columns.member_id).where(columns.community == tx.community, columns.kept_until < tx.today)
    return list(tx.scalars(query.order_by(columns.member_id)))


def forget_restricted(tx: Tx, member_id: str) -> None:
    """Forget who a member was."""
    columns = restricted_person.c
    tx.execute(delete(restricted_person).where(columns.community == tx.community, columns.member_id == member_id))


def empty_member(tx: Tx, member_id: str, number: str, name: str) -> None:
    """Empty everything that says who a member is, but for their number: in the register and its history, in accounts
    and where they signed in, in messages and on their envelopes."""
    emptied = dict.fromkeys(PERSONAL_FIELDS, "") | {"name": name}
    this = member.c.community == tx.community, member.c.member_id == member_id
    tx.execute(update(member).where(*this).values(emptied))
    _empty_history(tx, number)
    mine = account.c.community == tx.community, account.c.member_id == member_id
    account_ids = list(tx.scalars(select(account.c.account_id).where(*mine)))
    for account_id in account_ids:
        closed = {"email": f"{account_id}@erased.invalid", "name": name, "password_hash": "", "active": False}
        theirs = account.c.community == tx.community, account.c.account_id == account_id
        tx.execute(update(account).where(*theirs).values(closed))
        tx.execute(delete(sign_in).where(sign_in.c.community == tx.community, sign_in.c.account_id == account_id))
    forget_told(tx, member_id)
    _empty_messages(tx, member_id, account_ids, name)


def _empty_history(tx: Tx, number: str) -> None:
    """Forget what the fields that say who it is were before: an undone import would bring them back."""
    columns = register_change.c
    theirs = columns.noun == "member", columns.record == number, columns.field.in_(PERSONAL_FIELDS)
    tx.execute(delete(register_change).where(columns.community == tx.community, *theirs))


def _empty_messages(tx: Tx, member_id: str, account_ids: list[str], name: str) -> None:
    columns = message.c
    theirs = (columns.member_id == member_id) | columns.account_id.in_(account_ids)
    is_mail = columns.outbound_id.is_not(None)
    sent = select(columns.outbound_id).where(columns.community == tx.community, theirs, is_mail)
    forget_recipients(tx, list(tx.scalars(sent)))
    tx.execute(
        update(message)
        .where(columns.community == tx.community, theirs)
        .values(name=name, address="", subject="", content="", bounce=None, bounced_at=None)
    )
