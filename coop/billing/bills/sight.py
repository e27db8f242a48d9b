"""Bills that a person sees: their own, or those of everybody."""

from __future__ import annotations

from collections.abc import Sequence

from coop.billing.access import ACCESS
from coop.billing.bills import account_store as accounts
from coop.billing.bills import store as bills
from coop.billing.bills.account_store import AccountEntry
from coop.billing.bills.book import find_contract
from coop.billing.bills.store import IssuedBill
from coop.billing.model import BillHead, Contract
from coop.billing.terms import heard_store as heard
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


def visible_heads(tx: Tx, session: Session, heads: Sequence[BillHead]) -> list[BillHead]:
    """Those of some bills that this person may see."""
    return [head for head in heads if sees_all_bills(session) or _is_theirs(tx, session, head)]


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


def visible_contract(tx: Tx, session: Session, contract_id: str) -> Contract:
    """A contract whose cost this person may see: one's own or shared, or any for who watches over bills.

    Raises:
        NotFound: there is no such contract, or it is somebody else's.
    """
    contract = find_contract(tx, contract_id)
    is_theirs = (
        contract is not None
        and session.member_id is not None
        and (contract.member_id == session.member_id or contract_id in heard.list_shared(tx, session.member_id))
    )
    if contract is None or not (sees_all_bills(session) or is_theirs):
        raise NotFound(say("there is no contract %(contract_id)s", contract_id=contract_id))
    return contract


def own_contract(tx: Tx, session: Session, contract_id: str) -> Contract:
    """A contract of whoever is signed in.

    Raises:
        NotFound: there is no such contract, or it is somebody else's.
    """
    contract = find_contract(tx, contract_id)
    if contract is None or session.member_id is None or contract.member_id != session.member_id:
        raise NotFound(say("there is no contract %(contract_id)s", contract_id=contract_id))
    return contract


def visible_account(tx: Tx, session: Session, contract_id: str) -> list[AccountEntry]:
    """The guarantee years of a contract that this person may see, entry by entry.

    Raises:
        NotFound: there is no such contract, or it is somebody else's.
    """
    return accounts.list_entries(tx, visible_contract(tx, session, contract_id).contract_id)


def own_heads(tx: Tx, session: Session) -> list[BillHead]:
    """The bills of whoever is signed in without their lines, in order of number."""
    return bills.list_heads(tx, member_id=session.member_id) if session.member_id else []


def own_bills(tx: Tx, session: Session) -> list[IssuedBill]:
    """The bills of whoever is signed in, in order of number."""
    return bills.find_bills(tx, member_id=session.member_id) if session.member_id else []
