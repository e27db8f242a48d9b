"""Commands of erasure: ask for it, take the request back, carry it out; and what is forgotten by itself in time.

Invariant: nothing that books, votes or facts rest on is touched: they know members by id and number alone.
"""

from __future__ import annotations

from datetime import date, timedelta

from coop.kit.jobs import Work
from coop.kit.tx import Tx
from coop.members.consents.model import PAPER_MAX
from coop.members.factors.store import put_recovery_codes, remove_authenticator, remove_passkeys
from coop.members.identity.commands.sessions import end_all_sessions
from coop.members.identity.store import list_accounts_of
from coop.members.oidc.store import remove_every_bound
from coop.members.own_tokens.commands import end_own_tokens
from coop.members.privacy import store
from coop.members.privacy.model import Erasure, Person, SamePerson, StillMember
from coop.members.privacy.rules import BOOK_YEARS, choose_end
from coop.members.register.commands import LOCK
from coop.members.register.model import ERASED, RESTRICTED
from coop.members.register.store import get_file, get_member
from coop.values import BadInput, NotFound, Problem, say

LOOKS_KEPT = timedelta(days=730)
"""Time for which a member sees who looked."""


def ask_for_erasure(tx: Tx, member_id: str) -> int:
    """Ask, by the member's own hand, that what is known of them be erased; returns the request's number. Asked again,
    it is the same one.

    Raises:
        NotFound: there is no such member.
    """
    return _ask(tx, member_id, "")


def enter_request(tx: Tx, member_id: str, paper: str) -> int:
    """Enter a request that came on paper; another person carries it out.

    Raises:
        NotFound: there is no such member.
        BadInput: the paper is not named.
    """
    paper = paper.strip()
    if not 0 < len(paper) <= PAPER_MAX or not paper.isprintable():
        raise BadInput([Problem(say("needs 1 to %(max)s signs that print", max=PAPER_MAX), "paper")], "bad-request")
    return _ask(tx, member_id, paper)


def _ask(tx: Tx, member_id: str, paper: str) -> int:
    tx.lock(LOCK)
    get_member(tx, member_id)
    waiting = store.find_open_request(tx, member_id)
    return waiting.number if waiting else store.add_request(tx, member_id, paper)


def withdraw_request(tx: Tx, member_id: str) -> None:
    """Take a member's request back; without one that waits, nothing changes."""
    tx.lock(LOCK)
    if waiting := store.find_open_request(tx, member_id):
        store.settle_request(tx, waiting.number, "withdrawn")


def find_kept_until(tx: Tx, member_id: str) -> date | None:
    """The last day on which the books need who a member was; None: they do not need it today."""
    last_bill = store.find_last_bill_day(tx, member_id)
    end = choose_end(last_bill) if last_bill else None
    return end if end and end >= tx.today else None


def carry_out(tx: Tx, number: int) -> Erasure:
    """Erase a member, or restrict what the books still need; returns the request as it was settled. It is carried out
    once.

    Raises:
        NotFound: there is no such request.
        SamePerson: whoever asked, or entered the request, carries it out.
        StillMember: the membership or a contract runs.
    """
    tx.lock(LOCK)
    request = get_request(tx, number)
    if request.outcome is not None:
        return request
    if request.asked_by == str(tx.actor):
        raise SamePerson
    file = get_file(tx, request.member_id)
    runs = [contract for contract in file.contracts if contract.ends_on is None or contract.ends_on > tx.today]
    if file.member.left_on is None or file.member.left_on > tx.today or runs:
        raise StillMember
    kept_until = find_kept_until(tx, request.member_id)
    _forget(tx, request.member_id, kept_until)
    store.settle_request(tx, number, "restricted" if kept_until else "erased", kept_until)
    return get_request(tx, number)


def get_request(tx: Tx, number: int) -> Erasure:
    """Find a request.

    Raises:
        NotFound: there is none with this number.
    """
    request = store.find_request(tx, number)
    if request is None:
        raise NotFound(say("there is no request %(number)s", number=number))
    return request


def _forget(tx: Tx, member_id: str, kept_until: date | None) -> None:
    member = get_member(tx, member_id)
    for account in list_accounts_of(tx, member_id):
        end_all_sessions(tx, account.account_id)
        end_own_tokens(tx, account.account_id)
        remove_authenticator(tx, account.account_id)
        remove_passkeys(tx, account.account_id)
        put_recovery_codes(tx, account.account_id, ())
        remove_every_bound(tx, account.account_id)
    if kept_until:
        person = Person(member.name, member.address, member.postcode, member.city, kept_until)
        store.keep_restricted(tx, member_id, person)
    store.empty_member(tx, member_id, member.number, RESTRICTED if kept_until else ERASED)


def forget_in_time(work: Work) -> str:
    """Forget who members were that left long ago, whom the books need no longer, and looks of long ago."""
    with work.write() as tx:
        tx.lock(LOCK)
        lapsed = store.list_lapsed(tx)
        for member_id in lapsed:
            store.forget_restricted(tx, member_id)
            store.empty_member(tx, member_id, get_member(tx, member_id).number, ERASED)
        gone = [
            member_id
            for member_id in store.list_long_gone(tx, date(tx.today.year - BOOK_YEARS, 1, 1))
            if find_kept_until(tx, member_id) is None
        ]
        for member_id in gone:
            _forget(tx, member_id, None)
        looks = store.forget_looks(tx, tx.today - LOOKS_KEPT)
    return say("%(members)s members and %(looks)s looks forgotten", members=len(lapsed) + len(gone), looks=looks)
