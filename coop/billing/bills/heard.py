"""One function per fact that billing hears. Each only keeps what it hears, so facts may come in any order; nothing is
decided before a run asks whether all that it needs has come."""

from __future__ import annotations

from collections.abc import Sequence

from coop.billing.bills import ledger_store as ledger
from coop.billing.bills import paper_store as papers
from coop.billing.bills.ledger import transfers_of_tranche
from coop.billing.model import GasYear
from coop.billing.tables import heard as heard_tables
from coop.billing.terms import heard_store as heard
from coop.billing.terms import mailing_store as mailings
from coop.billing.terms.tariffs import against_law, read_tariff
from coop.communities import heard as communities
from coop.communities.law_commands import begin_law
from coop.communities.law_store import load_law
from coop.events import Envelope
from coop.events.governance import DecisionStopped, TariffAdopted, TariffProposed, TrancheReleased
from coop.events.members import (
    BillAddressed,
    CommunityDescribed,
    ConnectionOpened,
    ContractEnded,
    ContractPartiesNamed,
    ContractSigned,
    GasBillsCorrected,
    MemberAdmitted,
    MemberLeft,
    MessageFailed,
    MessageSent,
)
from coop.events.members import (
    GasYear as ToldGasYear,
)
from coop.events.metering import EnergyAllocated, PeriodClosed, PeriodMeasured
from coop.kit.tx import Tx
from coop.values import BadInput, CoopError, Problem, hash_parameters, say

ENERGY_MAX_J, ENERGY_MAX_WH = 10**15, 10**12
"""A million GJ and a million MWh: less than a table holds, and more than any connection uses in any period."""


def on_community_described(tx: Tx, event: CommunityDescribed, envelope: Envelope) -> None:
    """Keep who the co-operative is, and give it the law that it begins with."""
    communities.on_community_described(tx, event, envelope)
    begin_law(tx)


def on_member_admitted(tx: Tx, event: MemberAdmitted, envelope: Envelope) -> None:
    """Keep from when somebody is a member: a notice to all reaches them from then on."""
    heard.store_fact(tx, heard_tables.member_admitted, event)


def on_member_left(tx: Tx, event: MemberLeft, envelope: Envelope) -> None:
    """Keep until when."""
    heard.store_fact(tx, heard_tables.member_left, event)


def on_connection_opened(tx: Tx, event: ConnectionOpened, envelope: Envelope) -> None:
    """Keep by which number people call a connection."""
    heard.store_fact(tx, heard_tables.connection_opened, event)


def on_bill_addressed(tx: Tx, event: BillAddressed, envelope: Envelope) -> None:
    """Keep whom a bill is for, with the bill.

    Raises:
        Unsealable: the register locked it up for another bill.
    """
    papers.keep_recipient(tx, event.bill_id, event.box)


def on_contract_signed(tx: Tx, event: ContractSigned, envelope: Envelope) -> None:
    """Keep a contract with its clause and its reference years."""
    heard.store_fact(tx, heard_tables.contract_signed, event, reference=_reference(event.reference))


def on_gas_bills_corrected(tx: Tx, event: GasBillsCorrected, envelope: Envelope) -> None:
    """Keep what the reference years of a contract are: ceilings that rested on others are due for a correction."""
    heard.store_fact(tx, heard_tables.gas_bills_corrected, event, reference=_reference(event.reference))


def on_contract_parties_named(tx: Tx, event: ContractPartiesNamed, envelope: Envelope) -> None:
    """Keep who pays a contract and who shares it: they may look at its bills."""
    heard.store_fact(tx, heard_tables.contract_parties, event)


def _reference(paid: Sequence[ToldGasYear]) -> tuple[GasYear, ...]:
    return tuple(GasYear(year.year, year.gas_m3, year.amount_cents) for year in paid)


def on_contract_ended(tx: Tx, event: ContractEnded, envelope: Envelope) -> None:
    """Keep the end of a contract."""
    heard.store_fact(tx, heard_tables.contract_ended, event)


def on_message_sent(tx: Tx, event: MessageSent, envelope: Envelope) -> None:
    """Keep that a message to a member went out: of a bill, or the written notice of a tariff."""
    mailings.keep(tx, event, event.sent_at, "sent")


def on_message_failed(tx: Tx, event: MessageFailed, envelope: Envelope) -> None:
    """Keep that a message to a member did not arrive."""
    mailings.keep(tx, event, event.failed_at, "failed")


def on_period_measured(tx: Tx, event: PeriodMeasured, envelope: Envelope) -> None:
    """Keep one revision of a measurement.

    Raises:
        BadInput: the energy is below zero or more than can be, or the days are none.
    """
    problems = [Problem(say("heat cannot be below zero"), "energy_j")] if event.energy_j < 0 else []
    if event.energy_j > ENERGY_MAX_J:
        problems.append(Problem(say("is more than one connection can use"), "energy_j"))
    if event.period_start >= event.period_end:
        problems.append(Problem(say("ends before it starts"), "period_end"))
    if problems:
        raise BadInput(problems, "bad-measurement")
    heard.store_fact(tx, heard_tables.measurement, event, parts=event.parts)


def on_energy_allocated(tx: Tx, event: EnergyAllocated, envelope: Envelope) -> None:
    """Keep one revision of an allocation.

    Raises:
        BadInput: more is allocated than was used or can be, or less than nothing.
    """
    if not 0 <= event.allocated_wh <= min(event.consumed_wh, ENERGY_MAX_WH):
        raise BadInput(
            [
                Problem(
                    say(
                        "%(allocated_wh)s of %(consumed_wh)s Wh used",
                        allocated_wh=event.allocated_wh,
                        consumed_wh=event.consumed_wh,
                    ),
                    "allocated_wh",
                )
            ],
            "bad-share",
        )
    heard.store_fact(tx, heard_tables.allocation, event)


def on_period_closed(tx: Tx, event: PeriodClosed, envelope: Envelope) -> None:
    """Keep how many facts a revision of a period has."""
    heard.store_fact(tx, heard_tables.period_closed, event)


def on_tariff_proposed(tx: Tx, event: TariffProposed, envelope: Envelope) -> None:
    """Keep a tariff that is put to the vote, to answer what it would do to each bill.

    Raises:
        CoopError: the parameters hash to something else than the notice binds.
    """
    actual = hash_parameters(event.parameters)
    if event.parameters_hash != actual:
        raise CoopError(
            "tariff-hash-differs",
            say(
                "resolution %(resolution_id)s: the parameters hash to %(actual)s, in the notice it was %(given)s",
                resolution_id=event.resolution_id,
                actual=actual[:12],
                given=event.parameters_hash[:12],
            ),
        )
    heard.store_fact(tx, heard_tables.tariff_proposed, event)


def on_tariff_adopted(tx: Tx, event: TariffAdopted, envelope: Envelope) -> None:
    """A tariff comes to be: what the meeting adopted, as its notice said, within the law's maxima.

    Raises:
        CoopError: the parameters hash to something else than was adopted or announced, or a tariff of this id says
            something else.
        BadInput: a parameter cannot be read or is none that is billed, a price is above ACM's maximum or the rate of
            VAT is not that of the law; all problems at once.
    """
    actual = hash_parameters(event.parameters)
    for name, given in (("adopted", event.parameters_hash), ("in the notice", event.notice_hash)):
        if given != actual:
            raise CoopError(
                "tariff-hash-differs",
                say(
                    "tariff %(tariff_id)s: the parameters hash to %(actual)s, %(name)s was %(given)s",
                    tariff_id=event.tariff_id,
                    actual=actual[:12],
                    name=name,
                    given=given[:12],
                ),
            )
    tariff = read_tariff(event.tariff_id, event.resolution_id, event.valid_from, event.decided_on, event.parameters)
    problems = against_law(tariff, load_law(tx))
    if not event.resolution_id:
        problems.append(Problem(say("a tariff needs the resolution that adopted it"), "resolution_id"))
    if problems:
        raise BadInput(problems, "tariff-not-allowed")
    known = heard.find_tariff(tx, event.tariff_id)
    if known is not None and (known.parameters_hash, known.resolution_id) != (actual, event.resolution_id):
        raise CoopError(
            "tariff-differs", say("tariff %(tariff_id)s exists and says something else", tariff_id=event.tariff_id)
        )
    heard.store_fact(tx, heard_tables.tariff, event, known_position=envelope.position, known_at=envelope.time)


def on_decision_stopped(tx: Tx, event: DecisionStopped, envelope: Envelope) -> None:
    """Keep that a decision does not hold from a day on, or holds again: a tariff that fell prices nothing more."""
    heard.store_fact(tx, heard_tables.decision_stop, event, told_on=event.stopped_on)


def on_tranche_released(tx: Tx, event: TrancheReleased, envelope: Envelope) -> None:
    """Book a released tranche: the financier owes it."""
    heard.store_fact(tx, heard_tables.tranche, event)
    transfers = transfers_of_tranche(event.financier, event.amount_cents)
    ledger.book(tx, "tranche", event.tranche_id, event.released_on, transfers)
