"""Facts of billing: what was issued, and the law that sets prices."""

from __future__ import annotations

from datetime import date
from typing import ClassVar

from pydantic import BaseModel, ConfigDict

from coop.events.envelope import Event


class BillIssued(Event):
    """A bill was issued. ``kind``: bill, or correction (then ``corrects`` names the bill). ``inputs_hash`` is over all
    that it was computed from, ``paper_hash`` over what its paper says beside that, and ``due_on`` the last day to pay
    ``asked_cents``, which is another amount than the total where small ones are carried or a plan asks even amounts.
    The register answers with whom it is for, in a box that ``address_lock`` locks (see ``members.bill-addressed``)."""

    TYPE: ClassVar[str] = "billing.bill-issued.v1"
    NOUNS: ClassVar[str] = "bills"

    bill_id: str
    number: str
    kind: str
    corrects: str | None
    member_id: str
    contract_id: str
    period_start: date
    period_end: date
    total_cents: int
    credit_cents: int
    tariff_ids: tuple[str, ...]
    resolution_ids: tuple[str, ...]
    inputs_hash: str
    issued_on: date
    due_on: date | None = None
    asked_cents: int = 0
    paper_hash: str = ""
    address_lock: str = ""

    def key(self) -> str:
        return self.member_id


class LawPublished(Event):
    """Law that sets prices came on file, to hold from ``valid_from`` on. ``kind``: maximum (ACM's, by class of
    customers and component [EUR incl. 21 % VAT]) or vat (rates by category). ``number`` counts the publications of a
    co-operative; ``published_on`` is the day that the source names, ``known_from`` the day from which bills know it."""

    TYPE: ClassVar[str] = "billing.law-published.v1"
    NOUNS: ClassVar[str] = "laws"

    number: int
    kind: str
    valid_from: date
    published_on: date
    known_from: date
    figures: dict[str, dict[str, str]]
    source: str
    mark: str = ""

    def key(self) -> str:
        return "law"


class BillArchived(Event):
    """The paper of a bill was typeset and put away: a file of so many bytes with this SHA-256, the same for everybody
    who reads it."""

    TYPE: ClassVar[str] = "billing.bill-archived.v1"
    NOUNS: ClassVar[str] = "bills"

    bill_id: str
    number: str
    sha256: str
    byte_count: int

    def key(self) -> str:
        return self.bill_id


class NoticePrice(BaseModel):
    """A price of a tariff as its written notice names it: in English, which every language translates."""

    model_config = ConfigDict(frozen=True)

    name: str
    price_eur: str
    unit: str


class TariffNoticeOrdered(Event):
    """The board has the members told in writing of a tariff (BW 2:59): everybody with a contract gets a notice of these
    prices, incl. VAT. Whom it reached, ``MessageSent`` says."""

    TYPE: ClassVar[str] = "billing.tariff-notice-ordered.v1"
    NOUNS: ClassVar[str] = "tariffs"

    tariff_id: str
    resolution_id: str
    valid_from: date
    decided_on: date
    prices: tuple[NoticePrice, ...]
    ordered_on: date

    def key(self) -> str:
        return self.tariff_id


class TariffNoticeConfirmed(Event):
    """Two people say that a member was told of a tariff in writing on a day, by letter, mail or hand, and a file of
    this SHA-256 shows it. From then on it binds this member; bills know of it from ``known_on`` on. A list is as many
    facts as it has members, so that each of them can be shown the own one and nobody else's."""

    TYPE: ClassVar[str] = "billing.tariff-notice-confirmed.v1"
    NOUNS: ClassVar[str] = "tariffs"

    tariff_id: str
    member_id: str
    sent_on: date
    channel: str
    known_on: date
    evidence_hash: str

    def key(self) -> str:
        return self.member_id


class TariffAnswered(Event):
    """Billing answers what the meeting decided on a tariff: refused with ``code`` and ``reason``, or ``taken``
    after all once somebody tried it again. One that is taken at once is not answered.

    ``sentence`` is the reason as JSON with its template and values, by which it is said in other languages.
    """

    TYPE: ClassVar[str] = "billing.tariff-answered.v1"
    NOUNS: ClassVar[str] = "tariffs"

    resolution_id: str
    taken: bool
    code: str = ""
    reason: str = ""
    sentence: str = ""

    def key(self) -> str:
        return self.resolution_id


class ProgramTokenUsed(Event):
    """A program came in with its token here, for the first time on a day."""

    TYPE: ClassVar[str] = "billing.program-token-used.v1"
    NOUNS: ClassVar[str] = "programs"

    token_id: str
    used_on: date

    def key(self) -> str:
        return self.token_id
