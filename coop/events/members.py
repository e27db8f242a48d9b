"""Facts of the register: members, connections, contracts, sessions that ended, programs that may come in. A ``number``
grows with each telling of the same thing: the newest holds, whichever comes first."""

from __future__ import annotations

from datetime import date, datetime
from typing import ClassVar

from pydantic import BaseModel, ConfigDict

from coop.events.envelope import Event
from coop.events.programs import DeviceMetersSet as DeviceMetersSet
from coop.events.programs import GatewayMetersSet as GatewayMetersSet
from coop.events.programs import ProgramTokenEnded as ProgramTokenEnded
from coop.events.programs import ProgramTokenMade as ProgramTokenMade
from coop.events.terms import TermsMap


class MemberAdmitted(Event):
    """Somebody became a member: tenant, owner, business or corporation. Papers call them by ``member_number``."""

    TYPE: ClassVar[str] = "members.member-admitted.v1"
    NOUNS: ClassVar[str] = "members"

    member_id: str
    kind: str
    joined_on: date
    votes: int = 1
    member_number: str = ""

    def key(self) -> str:
        return self.member_id


class MemberChanged(Event):
    """A member is of another kind from ``from_on`` on, or has another number of votes: of two for
    one day the later told holds."""

    TYPE: ClassVar[str] = "members.member-changed.v1"
    NOUNS: ClassVar[str] = "members"

    member_id: str
    number: int
    from_on: date
    kind: str
    votes: int

    def key(self) -> str:
        return self.member_id


class MemberLeft(Event):
    """A membership ended; ``left_on`` is the first day without it, or None where it goes on after all."""

    TYPE: ClassVar[str] = "members.member-left.v1"
    NOUNS: ClassVar[str] = "members"

    member_id: str
    left_on: date | None
    number: int = 0

    def key(self) -> str:
        return self.member_id


class ConnectionOpened(Event):
    """A member took over a connection. ``kind``: dwelling, business or common.

    ``registration`` is above 1 where the same hold was entered before by an import that was undone: it is told anew,
    and only a closing with the same number ends it. ``number`` is what people call the connection by.
    """

    TYPE: ClassVar[str] = "members.connection-opened.v1"
    NOUNS: ClassVar[str] = "connections"

    connection_id: str
    member_id: str
    building_id: str
    kind: str
    opened_on: date
    registration: int = 1
    number: str = ""

    def key(self) -> str:
        return self.connection_id


class ConnectionDescribed(Event):
    """A connection was entered wrongly: it is in this building, and of this kind, from the beginning."""

    TYPE: ClassVar[str] = "members.connection-described.v1"
    NOUNS: ClassVar[str] = "connections"

    connection_id: str
    number: int
    building_id: str
    kind: str

    def key(self) -> str:
        return self.connection_id


class ConnectionClosed(Event):
    """A member gave a connection up; ``closed_on`` is the first day that is no longer theirs, or None where it is
    theirs still: the closing is taken back. A hold that closes on the day it opened never was. ``opened_on`` and
    ``registration`` are those of the opening."""

    TYPE: ClassVar[str] = "members.connection-closed.v1"
    NOUNS: ClassVar[str] = "connections"

    connection_id: str
    member_id: str
    opened_on: date
    closed_on: date | None
    registration: int = 1
    number: int = 0

    def key(self) -> str:
        return self.connection_id


class GasYear(BaseModel):
    """Amount that a member paid for gas in one year, incl. VAT."""

    model_config = ConfigDict(frozen=True)

    year: int
    gas_m3: int
    amount_cents: int


class ContractSigned(Event):
    """A supply contract. ``tariff_clause`` is the version of the clause that reserves the power to change the tariff
    (BW 2:59); without it no later tariff binds this member. ``reference`` is the basis of Niet Meer Dan Nu;
    ``customer_class`` says which components of a tariff the contract pays."""

    TYPE: ClassVar[str] = "members.contract-signed.v1"
    NOUNS: ClassVar[str] = "contracts"

    contract_id: str
    member_id: str
    connection_id: str
    starts_on: date
    tariff_clause: str | None
    reference: tuple[GasYear, ...]
    customer_class: str = "full"

    def key(self) -> str:
        return self.contract_id


class ContractPartiesNamed(Event):
    """A contract is shared: ``joint_ids`` hold it together with the member that it names and may look at its bills;
    ``payer_id`` pays where that is somebody else, such as a landlord, and is empty where it is not."""

    TYPE: ClassVar[str] = "members.contract-parties-named.v1"
    NOUNS: ClassVar[str] = "contracts"

    contract_id: str
    number: int
    payer_id: str = ""
    joint_ids: tuple[str, ...] = ()

    def key(self) -> str:
        return self.contract_id


class GasBillsCorrected(Event):
    """The gas bills behind a contract were wrong: ``reference`` is what they are, from the beginning."""

    TYPE: ClassVar[str] = "members.gas-bills-corrected.v1"
    NOUNS: ClassVar[str] = "contracts"

    contract_id: str
    number: int
    corrected_on: date
    reference: tuple[GasYear, ...]

    def key(self) -> str:
        return self.contract_id


class ContractEnded(Event):
    """A contract ended; ``ends_on`` is the first day without it, or None where it goes on: the end is taken back."""

    TYPE: ClassVar[str] = "members.contract-ended.v1"
    NOUNS: ClassVar[str] = "contracts"

    contract_id: str
    ends_on: date | None
    number: int = 0

    def key(self) -> str:
        return self.contract_id


class BillAddressed(Event):
    """Addressee of a bill, as the register had them when it heard of it. ``box`` is locked with the lock that the
    bill named: billing alone opens it, for as long as it keeps the bill's paper."""

    TYPE: ClassVar[str] = "members.bill-addressed.v1"
    NOUNS: ClassVar[str] = "bills"

    bill_id: str
    box: str

    def key(self) -> str:
        return self.bill_id


class SessionsEnded(Event):
    """Somebody is signed out by the server: one session, or with an empty ``session_id`` every session of the account
    that began at ``ended_at`` or before. Every service refuses them from then on."""

    TYPE: ClassVar[str] = "members.sessions-ended.v1"
    NOUNS: ClassVar[str] = "sessions"

    account_id: str
    session_id: str = ""
    ended_at: datetime

    def key(self) -> str:
        return self.account_id


class CommunityDescribed(Event):
    """Public particulars of a co-operative from ``valid_from`` on, as on its bills, and its host names.

    All of them share one key, so that a host name that passes from one co-operative to another is heard in order.
    """

    TYPE: ClassVar[str] = "members.community-described.v1"
    NOUNS: ClassVar[str] = "communities"

    version: int
    valid_from: date
    hosts: list[str]
    name: str
    site_name: str
    street: str = ""
    postal_code: str = ""
    city: str = ""
    kvk: str = ""
    vat_id: str = ""
    iban: str = ""
    email: str = ""
    phone: str = ""
    language: str = "nl"
    mail_sender: str = ""
    is_demonstration: bool = False
    logo: str = ""

    def key(self) -> str:
        return "communities"


class ChoiceMade(Event):
    """A co-operative chose how something is reckoned from ``valid_from`` on; ``number`` counts its choices.
    ``resolution_id`` is empty where no meeting had to adopt it."""

    TYPE: ClassVar[str] = "members.choice-made.v1"
    NOUNS: ClassVar[str] = "communities"

    number: int
    name: str
    valid_from: date
    value: TermsMap
    source: str
    resolution_id: str = ""

    def key(self) -> str:
        return "communities"


class ChoiceAnswered(Event):
    """Members answers what the meeting decided on a choice: refused with ``code`` and ``reason``, or ``taken``
    after all once somebody tried it again. One that is taken at once is not answered.

    ``sentence`` is the reason as JSON with its template and values, by which it is said in other languages.
    """

    TYPE: ClassVar[str] = "members.choice-answered.v1"
    NOUNS: ClassVar[str] = "communities"

    resolution_id: str
    taken: bool
    code: str = ""
    reason: str = ""
    sentence: str = ""

    def key(self) -> str:
        return self.resolution_id


class MessageSent(Event):
    """A message to a member went out: the mail server took it, or somebody posted the letter. ``about`` is the id of
    its cause, such as a bill's."""

    TYPE: ClassVar[str] = "members.message-sent.v1"
    NOUNS: ClassVar[str] = "messages"

    message_id: str
    member_id: str
    kind: str
    about: str
    channel: str
    sent_at: datetime

    def key(self) -> str:
        return self.member_id


class MessageFailed(Event):
    """A message to a member did not arrive, or could not go out. A letter, or another try, may follow."""

    TYPE: ClassVar[str] = "members.message-failed.v1"
    NOUNS: ClassVar[str] = "messages"

    message_id: str
    member_id: str
    kind: str
    about: str
    channel: str
    failed_at: datetime

    def key(self) -> str:
        return self.member_id


class ConsentGiven(Event):
    """A member agrees that data of theirs are used for a purpose; the words that were shown have this hash."""

    TYPE: ClassVar[str] = "members.consent-given.v1"
    NOUNS: ClassVar[str] = "consents"

    member_id: str
    purpose: str
    wording_sha256: str
    said_at: datetime

    def key(self) -> str:
        return self.member_id


class ConsentWithdrawn(Event):
    """A member no longer agrees that data of theirs are used for a purpose."""

    TYPE: ClassVar[str] = "members.consent-withdrawn.v1"
    NOUNS: ClassVar[str] = "consents"

    member_id: str
    purpose: str
    wording_sha256: str
    said_at: datetime

    def key(self) -> str:
        return self.member_id
