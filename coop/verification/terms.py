"""Terms that bills rest on, held beside what was told: contracts, memberships, tariffs, and the written notices.

A tariff that is not the contract's own binds by a written notice that reached the member (BW 2:59): where none was told
of from before a bill, the bill rests on nothing. A notice counts as two people confirmed it, or as the register told
that its message went out; the rows that bills were made by are only held beside that.

Source: docs/domain/law-and-co-operative.md#a-price-change-binds-a-member.
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from typing import Any

from sqlalchemy import Row

from coop.events import Event
from coop.events.governance import TariffAdopted
from coop.events.members import ContractSigned, MessageSent
from coop.values import civil_date
from coop.verification.rows import Kept, Rows
from coop.verification.told import Told, name_notice

NEVER = datetime.min.replace(tzinfo=UTC)
"""Before everything that was told, of what has no instant here."""

ALWAYS = datetime.max.replace(tzinfo=UTC)
LAST_DAY = date.max - timedelta(days=1)
"""Knowledge of everything that was told."""


def verify_terms(kept: Kept, told: Told) -> Iterator[str]:
    """Every term that billing keeps otherwise than it was told, and every bill without its notice."""
    kinds: tuple[tuple[str, Rows, Sequence[Event], Callable[[Any], tuple[object, ...]]], ...] = (
        ("admission", kept.admitted, told.admitted, lambda each: (each.member_id, each.joined_on)),
        ("leaving", kept.left, told.left, lambda each: (each.member_id, each.left_on, each.number)),
        ("contract", kept.signed, told.signed, _contract),
        ("end of contract", kept.ended, told.ended, lambda each: (each.contract_id, each.ends_on, each.number)),
        ("correction of gas bills", kept.corrected, told.corrected, _correction),
        ("law", kept.law, told.published, _published),
    )
    for what, rows, facts, key in kinds:
        yield from _hold(what, kept, rows, facts, key)
    yield from _hold_notices(kept, told)
    notices = Notices(told)
    for bill in kept.bills:
        yield from notices.verify(bill, kept.lines.get(bill.id, ()))


def _contract(each: Any) -> tuple[object, ...]:
    named = each.contract_id, each.member_id, each.connection_id, each.starts_on, each.tariff_clause
    return (*named, _gas(each.reference))


def _correction(each: Any) -> tuple[object, ...]:
    return each.contract_id, each.number, each.corrected_on, _gas(each.reference)


def _published(each: Any) -> tuple[object, ...]:
    figures = json.loads(each.figures) if isinstance(each.figures, str) else each.figures
    days = each.valid_from, each.published_on, each.known_from
    return each.number, each.kind, *days, json.dumps(figures, sort_keys=True), each.source, each.mark


def _gas(reference: Iterable[Any]) -> tuple[object, ...]:
    return tuple(sorted((year.year, year.gas_m3, year.amount_cents) for year in reference))


def _hold(
    what: str, kept: Kept, rows: Rows, facts: Sequence[Event], key: Callable[[Any], tuple[object, ...]]
) -> Iterator[str]:
    """Rows that nobody told, and facts that billing heard and does not keep as they were told."""
    stored = {key(row) for row in rows}
    for row in sorted(map(str, stored - {key(fact) for fact in facts})):
        yield f"{what} {row} was never told so"
    for fact in facts:
        if key(fact) not in stored and fact.fact_id(kept.community) in kept.heard:
            yield f"{what} {key(fact)} was told, and is not on file so"


def _hold_notices(kept: Kept, told: Told) -> Iterator[str]:
    """Notices on file that no two people told of, and those of which they told that are not."""
    stored = {(row.tariff_id, row.member_id, row.sent_on, row.channel, row.known_on) for row in kept.notices}
    signed = {(fact.tariff_id, fact.member_id, fact.sent_on, fact.channel, fact.known_on) for fact in told.noticed}
    for row in sorted(map(str, stored - signed)):
        yield f"notice {row} was never confirmed"
    for row in sorted(map(str, signed - stored)):
        yield f"notice {row} was confirmed, and is not on file so"


@dataclass(frozen=True)
class Sent:
    """A written notice to one member, as it was told at an instant; from ``failed_on`` on it is known that it came
    back."""

    sent_on: date
    channel: str
    known_on: date
    failed_on: date = date.max
    told_at: datetime = NEVER


@dataclass
class Notices:
    """Search for the written notice that makes a tariff bind a contract, by facts alone."""

    told: Told
    _sent: dict[tuple[str, str], list[Sent]] = field(init=False)
    contracts: Mapping[str, ContractSigned] = field(init=False)
    _tariffs: Mapping[str, TariffAdopted] = field(init=False)

    def __post_init__(self) -> None:
        self._sent = defaultdict(list)
        for fact in self.told.noticed:
            told_at = self.told.told_at.get(name_notice(fact), NEVER)
            sent = Sent(fact.sent_on, fact.channel, fact.known_on, told_at=told_at)
            self._sent[fact.tariff_id, fact.member_id].append(sent)
        for message, failed_on in _went_out(self.told):
            day = civil_date(message.sent_at)
            self._sent[message.about, message.member_id].append(Sent(day, message.channel, day, failed_on))
        self.contracts = {fact.contract_id: fact for fact in self.told.signed}
        self._tariffs = {fact.tariff_id: fact for fact in self.told.tariffs}

    def find(
        self, contract: ContractSigned, tariff_id: str, known_on: date = LAST_DAY, told_by: datetime = ALWAYS
    ) -> Sent | None:
        """The first written notice of a tariff that reached the member of a contract, by what was known on a day and
        told by an instant, or None: one that came back later had reached them, as far as anybody knew."""
        sent = self.list_sent(tariff_id, contract.member_id)
        known = [each for each in sent if each.known_on <= known_on < each.failed_on and each.told_at <= told_by]
        return min(known, key=lambda sent: sent.sent_on, default=None)

    def list_sent(self, tariff_id: str, member_id: str) -> Sequence[Sent]:
        """Written notices of a tariff to a member."""
        return self._sent.get((tariff_id, member_id), ())

    def is_own(self, contract: ContractSigned, tariff: TariffAdopted) -> bool:
        """True for the tariff that the contract began with: in force and voted on its first day; where none was, the
        first that was voted of those in force, or of all."""
        begun = [each for each in self._tariffs.values() if each.valid_from <= contract.starts_on]
        voted = [each for each in begun if each.decided_on <= contract.starts_on]
        if voted:
            newest = max(voted, key=lambda each: (each.valid_from, each.decided_on, each.tariff_id))
            return newest.tariff_id == tariff.tariff_id
        left = begun or list(self._tariffs.values())
        return min(left, key=lambda each: (each.decided_on, each.tariff_id)).tariff_id == tariff.tariff_id

    def verify(self, bill: Row[Any], lines: Rows) -> Iterator[str]:
        """Tariffs of a bill's lines that did not bind its contract when it was issued."""
        contract = self.contracts.get(bill.contract_id)
        if contract is None:
            yield f"bill {bill.number}: contract {bill.contract_id} was never told"
            return
        for tariff_id in sorted({line.tariff_id for line in lines}):
            tariff = self._tariffs.get(tariff_id)
            if tariff is None:
                yield f"bill {bill.number}: no meeting was told to have adopted tariff {tariff_id}"
            elif not self.is_own(contract, tariff):
                yield from self._verify_bound(bill, contract, tariff)

    def _verify_bound(self, bill: Row[Any], contract: ContractSigned, tariff: TariffAdopted) -> Iterator[str]:
        what = f"bill {bill.number}: tariff {tariff.tariff_id}"
        if contract.tariff_clause is None:
            yield f"{what} cannot bind contract {contract.contract_id}, which has no clause for it"
            return
        drafted_on = bill.issued_on - timedelta(days=1)
        issued_at = self.told.told_at.get(bill.id, ALWAYS)
        if any(self.find(contract, tariff.tariff_id, day, issued_at) for day in (bill.issued_on, drafted_on)):
            return
        notice = self.find(contract, tariff.tariff_id)
        if notice is None:
            yield f"{what} binds by written notice, and none that reached the member was told of"
        else:
            told_on = notice.known_on if notice.told_at == NEVER else max(notice.known_on, civil_date(notice.told_at))
            yield f"{what} binds by written notice, and that of {told_on} is later than the bill"


def _went_out(told: Told) -> Iterator[tuple[MessageSent, date]]:
    """Messages with the notice of a tariff that went out, and the day on which they came back: the last of all days
    for one that did not."""
    failed: dict[str, list[datetime]] = defaultdict(list)
    for fact in told.failed:
        failed[fact.message_id].append(fact.failed_at)
    for message in told.sent:
        if message.kind == "tariff-notice":
            after = [at for at in failed[message.message_id] if at > message.sent_at]
            yield message, civil_date(min(after)) if after else date.max
