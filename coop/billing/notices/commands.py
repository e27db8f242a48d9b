"""Commands on written notices of tariffs: have everybody written to, or put on file what went out otherwise.

Invariants: a dearer price binds by a notice (BW 2:59), so nobody puts one on file alone. One person enters the list of
who was written to, when and how, with a file that shows it; another confirms it, and only then it binds. The day of a
notice is that on which it is entered.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from datetime import date

from coop.billing.bills.book import list_contracts, list_memberships
from coop.billing.model import Notice
from coop.billing.notices import store
from coop.billing.notices.file_store import keep_file, load_file
from coop.billing.notices.files import judge_file
from coop.billing.notices.store import Entry, SentList
from coop.billing.runs.commands import LOCK
from coop.billing.terms import heard_store as heard
from coop.billing.terms import store as terms
from coop.events.billing import NoticePrice, TariffNoticeConfirmed, TariffNoticeOrdered
from coop.kit.actor import name_id
from coop.kit.tokens import is_same_person
from coop.kit.tx import Tx
from coop.values import BadInput, CoopError, NotFound, Problem, say

WAYS = ("letter", "e-mail", "by-hand")
"""Ways in which a notice reaches somebody in writing (BW 2:59)."""


def enter_notices(
    tx: Tx,
    tariff_id: str,
    sent_on: date,
    channel: str,
    members: Sequence[str] | None,
    evidence: bytes,
    *,
    may_date: bool = False,
) -> Entry:
    """Let the list of who was written to of a tariff wait for a second person: these, or (None) all who were members on
    that day. The same list again waits once.

    Raises:
        NotFound: there is no such tariff.
        BadInput: the day, the way, the file or an id of the list is none that can be; all problems at once.
        CoopError: ``notice-too-early``, it is older than the decision that it tells of.
    """
    tx.lock(LOCK)
    adopted = heard.find_tariff(tx, tariff_id)
    if adopted is None:
        raise NotFound(
            say("there is no tariff %(tariff_id)s; it exists once its resolution was adopted", tariff_id=tariff_id)
        )
    _judge_day(tx, sent_on, may_date=may_date)
    to = list_members_on(tx, sent_on) if members is None else list(dict.fromkeys(members))
    problems = [*_judge_list(tx, to), *judge_file(evidence)]
    if channel not in WAYS:
        problems.append(Problem(say("a notice is in writing: a letter, an e-mail or handed over"), "channel"))
    if problems:
        raise BadInput(problems)
    if sent_on < adopted.decided_on:
        raise CoopError(
            "notice-too-early",
            say(
                "the tariff was decided on %(decided_on)s; notice of %(sent_on)s tells of a proposal",
                decided_on=adopted.decided_on,
                sent_on=sent_on,
            ),
        )
    said = SentList(tariff_id, tuple(to), sent_on, channel, hashlib.sha256(evidence).hexdigest())
    same = next((entry for entry in store.list_open(tx) if entry.said == said), None)
    if same is not None:
        return same
    keep_file(tx, evidence)
    return store.add_entry(tx, said)


def confirm_notices(tx: Tx, number: int) -> Entry:
    """Put on file what another person entered: from now on the tariff binds whom the list names.

    Raises:
        NotFound: nothing waits under this number.
        CoopError: ``second-person``, whoever entered it cannot confirm it; ``changed-document``, the file that shows it
            was changed meanwhile.
    """
    tx.lock(LOCK)
    entry = store.get_open(tx, number)
    if is_same_person(tx, name_id(entry.entered_by)):
        raise CoopError("second-person", say("you entered this yourself: somebody else confirms it"))
    load_file(tx, entry)
    store.settle(tx, number, "confirmed")
    bind_notices(tx, entry.said, entry.known_on(tx.today))
    return entry


def withdraw_notices(tx: Tx, number: int) -> Entry:
    """Leave out what waits.

    Raises:
        NotFound: nothing waits under this number.
    """
    tx.lock(LOCK)
    entry = store.get_open(tx, number)
    store.settle(tx, number, "withdrawn")
    return entry


def bind_notices(tx: Tx, said: SentList, known_on: date) -> None:
    """Keep the notices of a list that two people stand for, and tell each member's for itself."""
    terms.save_notices(
        tx, [Notice(said.tariff_id, member, said.sent_on, said.channel, known_on) for member in said.members]
    )
    for member_id in said.members:
        tx.tell(
            TariffNoticeConfirmed(
                tariff_id=said.tariff_id,
                member_id=member_id,
                sent_on=said.sent_on,
                channel=said.channel,
                known_on=known_on,
                evidence_hash=said.evidence_hash,
            )
        )


def order_notices(tx: Tx, tariff_id: str, prices: Sequence[NoticePrice]) -> None:
    """Have everybody with a contract written to of a tariff. Who had the notice already gets none; whom it reached is
    heard one by one, and the tariff binds nobody else by it.

    Raises:
        NotFound: there is no such tariff.
    """
    adopted = heard.find_tariff(tx, tariff_id)
    if adopted is None:
        raise NotFound
    terms.note_order(tx, tariff_id)
    tx.tell(
        TariffNoticeOrdered(
            tariff_id=tariff_id,
            resolution_id=adopted.resolution_id,
            valid_from=adopted.valid_from,
            decided_on=adopted.decided_on,
            prices=tuple(prices),
            ordered_on=tx.today,
        )
    )


def list_members_on(tx: Tx, day: date) -> list[str]:
    """Everybody who is a member on a day, as far as known."""
    spans = list_memberships(tx)
    return [member for member, own in spans.items() if any(span.start <= day < span.end for span in own)]


def _judge_day(tx: Tx, sent_on: date, *, may_date: bool) -> None:
    """Judge the day that somebody claims for a notice: today, for by it a dearer price binds. Only who enters what was
    sent before the installation was there (``may_date``) says another, and nobody one that is still to come.

    Raises:
        BadInput: the day is another.
    """
    if sent_on > tx.today:
        raise BadInput([Problem(say("%(day)s is still to come", day=sent_on), "sent_on")], "bad-date")
    if sent_on < tx.today and not may_date:
        reason = say("a notice counts from the day on which it is put on file, %(today)s", today=tx.today)
        raise BadInput([Problem(reason, "sent_on")], "bad-date")


def _judge_list(tx: Tx, members: Sequence[str]) -> list[Problem]:
    """Find ids of a list that nobody has, by name; somebody who left and whose bills are corrected may be on it."""
    if not members:
        return [Problem(say("nobody was a member on that day: a notice reaches somebody"), "members")]
    known = {*list_memberships(tx), *(contract.member_id for contract in list_contracts(tx))}
    return [
        Problem(say("nobody has the id %(member_id)s", member_id=member), "members", line)
        for line, member in enumerate(members, start=1)
        if member not in known
    ]
