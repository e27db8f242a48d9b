"""Which bills a person sees: their own, or those of everybody."""

from __future__ import annotations

from coop.billing.access import ACCESS
from coop.billing.model import BillHead
from coop.billing.storage import bills, heard
from coop.billing.storage.bills import IssuedBill
from coop.kit.session import Session
from coop.kit.tx import Tx
from coop.values import NotFound, say


def sees_all_bills(session: Session) -> bool:
    """True for who watches over the bills of all members."""
    return ACCESS.allows(session, "see-all-bills")


def visible_head(tx: Tx, session: Session, number_or_id: str) -> BillHead:
    """A bill by id or number that this person may see, without its lines.

    Raises:
        NotFound: there is none, or it is somebody else's.
    """
    head = bills.find_head(tx, number_or_id)
    if head is None or not (sees_all_bills(session) or _is_theirs(tx, session, head)):
        raise NotFound(say("there is no bill %(bill)s", bill=number_or_id))
    return head


def _is_theirs(tx: Tx, session: Session, head: BillHead) -> bool:
    """True for the member of a bill, and for who shares its contract or pays it."""
    if session.member_id is None:
        return False
    return head.member_id == session.member_id or head.contract_id in heard.list_shared(tx, session.member_id)


def visible_bill(tx: Tx, session: Session, number_or_id: str) -> IssuedBill:
    """A bill by id or number that this person may see.

    Raises:
        NotFound: there is none, or it is somebody else's.
        UnreadableDocument: its inputs no longer follow their schema.
    """
    return bills.get_bill(tx, visible_head(tx, session, number_or_id).id)


def own_heads(tx: Tx, session: Session) -> list[BillHead]:
    """The bills of whoever is signed in without their lines, in order of number."""
    return bills.list_heads(tx, member_id=session.member_id) if session.member_id else []


def own_bills(tx: Tx, session: Session) -> list[IssuedBill]:
    """The bills of whoever is signed in, in order of number."""
    return bills.find_bills(tx, member_id=session.member_id) if session.member_id else []
