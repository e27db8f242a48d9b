"""Facts of a small co-operative, as other services would tell them, and people at its desk."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

from fastapi.testclient import TestClient
from sqlalchemy import Table, func, select

from coop.billing.model import Tariff, TariffSpan
from coop.billing.notices.commands import bind_notices, list_members_on
from coop.billing.notices.file_store import keep_file
from coop.billing.notices.store import SentList
from coop.billing.runs.commands import release_run
from coop.billing.runs.results import RunResult
from coop.billing.service import BILLING
from coop.billing.terms.law import hold_to_law
from coop.communities.addressee import Addressee, lock_addressee
from coop.communities.choices import Choices, GuaranteeChoice, founding_choices
from coop.communities.law import shipped_law
from coop.events import Envelope, Event, read_event
from coop.events.billing import BillIssued
from coop.events.governance import DecisionStopped, TariffAdopted, TrancheReleased
from coop.events.members import BillAddressed, ChoiceMade, ContractEnded, ContractSigned, GasYear, MemberAdmitted
from coop.events.metering import EnergyAllocated, MeasuredPart, PeriodClosed, PeriodMeasured
from coop.kit import journal
from coop.kit.database import Database
from coop.kit.inbox import consume
from coop.kit.tx import Tx
from coop.values import Period, derive_id, hash_parameters
from tests.desk import CHAIR, COMMUNITY, open_desk, sign_in

E9_YEARS = (
    GasYear(year=2020, gas_m3=1250, amount_cents=118_750),
    GasYear(year=2021, gas_m3=1180, amount_cents=165_200),
    GasYear(year=2022, gas_m3=1090, amount_cents=155_870),
    GasYear(year=2023, gas_m3=1150, amount_cents=161_000),
)
"""The four bills of example E9."""


def component(
    name: str, product: str, per: str, price: str, guarantee: bool = True, account: str = "heat-fixed", **more: Any
) -> dict[str, Any]:
    """A component as it is put to the vote."""
    said = {"name": name, "product": product, "per": per, "price": price, "guarantee": guarantee}
    return {**said, "account": account, "vat": "energy", **more}


def parameters(
    valid_from: date,
    heat: str = "38.00",
    standing: str = "400.00",
    metering: str = "30.00",
    delivery_set: str = "90.00",
    electricity: str = "0.21",
    more: Sequence[dict[str, Any]] = (),
    edge: str = "",
    heat_above: str = "",
) -> dict[str, Any]:
    """A tariff of 2025, below the maximum of that year, with these prices and some components more; with an ``edge``
    [GJ a year], above which heat has another price."""
    to: dict[str, Any] = {"to": edge} if edge else {}
    bands = [component("Heat", "heat", "GJ", heat, account="heat-variable", **to)]
    if edge:
        bands.append(component("Heat above that", "heat", "GJ", heat_above, account="heat-variable") | {"from": edge})
    return {
        "valid_from": valid_from.isoformat(),
        "components": [
            *bands,
            component("Standing charge", "standing", "year", standing),
            component("Metering charge", "metering", "year", metering),
            component("Delivery set", "delivery-set", "year", delivery_set),
            component("Shared electricity", "electricity", "kWh", electricity, False, "shared-electricity"),
            *more,
        ],
    }


def price_of(tariff: Tariff, name: str = "Heat") -> Decimal:
    """The price of a component of a tariff."""
    return next(component.price_eur for component in tariff.components if component.name == name)


def lawful(period: Period, tariff: Tariff) -> TariffSpan:
    """Days on which a tariff binds, held to the law as it is known today."""
    [span] = hold_to_law([TariffSpan(period, tariff)], shipped_law().as_known_on(date(2026, 11, 1)))
    return span


def tariff_adopted(
    tariff_id: str = "tariff-2025",
    valid_from: date = date(2025, 1, 1),
    decided_on: date = date(2024, 12, 3),
    **changes: Any,
) -> TariffAdopted:
    """A tariff as the meeting adopted it: ``changes`` as of ``parameters``, or the ``adopted`` ones themselves."""
    adopted = changes["adopted"] if "adopted" in changes else parameters(valid_from, **changes)
    return TariffAdopted(
        tariff_id=tariff_id,
        resolution_id=f"resolution-{tariff_id}",
        meeting_id="meeting-1",
        valid_from=valid_from,
        parameters=adopted,
        parameters_hash=hash_parameters(adopted),
        notice_hash=hash_parameters(adopted),
        decided_on=decided_on,
    )


def tariff_stopped(tariff_id: str, number: int, manner: str, from_on: date, told_on: date) -> DecisionStopped:
    """A decision on a tariff that does not act from a day on, or acts again."""
    return DecisionStopped(
        stop_id=f"stop-{tariff_id}-{number}",
        resolution_id=f"resolution-{tariff_id}",
        number=number,
        kind="tariff",
        subject_nl="Tarief",
        subject_en="Tariff",
        manner=manner,
        from_on=from_on,
        ruled_on=told_on,
        stopped_on=told_on,
        paper="court ruling 1",
    )


def promised(valid_from: date, number: int = 100, **changes: Any) -> ChoiceMade:
    """Another choice of the guarantee than that of the founding, for contracts that begin from a day on."""
    usual = Choices(founding_choices()).on(GuaranteeChoice, valid_from)
    value = usual.model_copy(update=changes).model_dump(mode="json")
    return ChoiceMade(
        number=number,
        name="guarantee",
        valid_from=valid_from,
        value=value,
        source="invented",
        resolution_id=f"promise-{number}",
    )


def even_amounts(plan: str = "even", least_cents: int = 0) -> ChoiceMade:
    """The choice of when bills are asked for: by even amounts, or as another ``plan`` has it."""
    value = {"plan": plan, "least_cents": least_cents, "margin_percent": 25, "drift_percent": 15}
    return ChoiceMade(
        number=300,
        name="payment",
        valid_from=date(2025, 1, 1),
        value=value,
        source="invented",
        resolution_id="payment",
    )


def admitted(member_id: str, joined_on: date = date(2024, 6, 1)) -> MemberAdmitted:
    return MemberAdmitted(member_id=member_id, kind="tenant", joined_on=joined_on)


def signed(
    member_id: str,
    starts_on: date = date(2025, 1, 1),
    clause: str | None = "clause-1",
    reference: Sequence[GasYear] = E9_YEARS,
    contract_id: str = "",
) -> ContractSigned:
    """A contract of a member on their own connection."""
    return ContractSigned(
        contract_id=contract_id or f"contract-{member_id}",
        member_id=member_id,
        connection_id=f"connection-{member_id}",
        starts_on=starts_on,
        tariff_clause=clause,
        reference=tuple(reference),
    )


def ended(member_id: str, ends_on: date | None, number: int = 0) -> ContractEnded:
    return ContractEnded(contract_id=f"contract-{member_id}", ends_on=ends_on, number=number)


def measured(
    member_id: str, period: Period, energy_gj: str, revision: int = 1, cause: str = "", estimated: bool = False
) -> PeriodMeasured:
    """Heat of a member in a period."""
    connection_id = f"connection-{member_id}"
    energy_j = Decimal(energy_gj).scaleb(9)
    part = MeasuredPart(
        meter=f"meter-{member_id}",
        register_id=f"register-{member_id}",
        from_at=period.start_at,
        to_at=period.end_at,
        from_stand=0,
        to_stand=int(energy_j),
        energy=int(energy_j),
        exponent=0,
        from_quality="measured",
        to_quality="measured",
        versions_hash=hash_parameters([connection_id, str(period), revision]),
    )
    return PeriodMeasured(
        measurement_id=derive_id("measurement", connection_id, period, revision),
        revision=revision,
        period_start=period.start,
        period_end=period.end,
        connection_id=connection_id,
        member_id=member_id,
        quantity="heat",
        energy_j=energy_j,
        estimated=estimated,
        cause=cause,
        parts=(part,),
    )


def allocated(member_id: str, period: Period, allocated_wh: int, revision: int = 1, cause: str = "") -> EnergyAllocated:
    """Shared electricity of a member in a period."""
    return EnergyAllocated(
        run_id=f"run-{period}-{revision}",
        revision=revision,
        period_start=period.start,
        period_end=period.end,
        group_id="roofs",
        connection_id=f"connection-{member_id}",
        member_id=member_id,
        consumed_wh=allocated_wh * 3,
        allocated_wh=allocated_wh,
        key_id="key-1",
        resolution_id="resolution-key-1",
        inputs_hash="0" * 64,
        cause=cause,
    )


def closed(period: Period, measured_count: int, allocated_count: int = 0, revision: int = 1) -> PeriodClosed:
    return PeriodClosed(
        period_start=period.start,
        period_end=period.end,
        revision=revision,
        measured_count=measured_count,
        allocated_count=allocated_count,
        run_id=f"run-{period}-{revision}",
    )


def tranche(amount_cents: int = 77_000_000) -> TrancheReleased:
    return TrancheReleased(
        tranche_id="tranche-1",
        programme_id="programme-1",
        milestone_id="milestone-1",
        financier="municipality",
        amount_cents=amount_cents,
        released_on=date(2025, 3, 1),
        rule="article 4",
    )


def month_of(members: Iterable[str], period: Period, energy_gj: str = "2.5", wh: int = 40_000) -> list[Event]:
    """A whole month of these members, closed."""
    names = list(members)
    facts: list[Event] = [measured(name, period, energy_gj) for name in names]
    facts += [allocated(name, period, wh) for name in names]
    return [*facts, closed(period, len(names), len(names))]


def envelope(event: Event, community: str = COMMUNITY) -> Envelope:
    """The fact on its way, from the service that tells it."""
    return Envelope(
        id=event.fact_id(community),
        type=event.TYPE,
        source=f"/coop/{event.service()}",
        subject=event.key(),
        time=datetime(2025, 1, 1, tzinfo=UTC),
        community=community,
        actor="account:secretary",
        channel="api",
        position=1,
        hash="0" * 64,
        data=event.canonical(),
    )


def hear(database: Database, *events: Event, community: str = COMMUNITY) -> int:
    """Let billing hear these facts; returns how many were new."""
    return consume(BILLING.consumer(database), [envelope(event, community) for event in events])


def address(database: Database, people: Mapping[str, Addressee] | None = None) -> None:
    """Let the register say whom each bill is for: these, by member, or a name that is made of the id."""
    for fact in facts_told(database, BillIssued):
        assert isinstance(fact, BillIssued)
        addressee = (people or {}).get(fact.member_id) or addressee_of(fact.member_id)
        box = lock_addressee(fact.address_lock, addressee, fact.bill_id)
        hear(database, BillAddressed(bill_id=fact.bill_id, box=box))


def addressee_of(member_id: str) -> Addressee:
    """Whom the register names for a member."""
    return Addressee(
        name=f"{member_id.title()} de Wit",
        street=f"Kade of {member_id}",
        postal_code="1011 AA",
        city="Amsterdam",
        number=f"L-{member_id}",
        supplied=f"Kade of {member_id}",
        ean=f"ean-of-{member_id}",
        language="en",
    )


def release(tx: Tx, run_id: str) -> RunResult:
    """A second person looks at a held run and releases it."""
    runner, tx.actor = tx.actor, CHAIR
    try:
        return release_run(tx, run_id)
    finally:
        tx.actor = runner


def count_rows(tx: Tx, table: Table) -> int:
    """Rows of the community in a table."""
    return tx.scalar(select(func.count()).select_from(table).where(table.c.community == tx.community)) or 0


def visit(database: Database, folder: Path, *roles: str, member_id: str | None = None) -> TestClient:
    """The billing application as a browser or a program meets it: signed in with ``roles``, or nobody for none."""
    client = open_desk(BILLING, database, folder)
    return sign_in(client, *roles, member_id=member_id) if roles else client


def facts_told(database: Database, kind: type[Event]) -> list[Event]:
    """The facts of a kind that billing told."""
    with database.system_write() as sql:
        journal.seal(sql)
    with database.system_read() as sql:
        told = [read_event(fact) for fact in journal.envelopes(sql, "billing", 0)]
    return [fact for fact in told if isinstance(fact, kind)]


PAPER = b"%PDF-1.7 receipt of the post"


def tell_in_writing(tx: Tx, tariff_id: str, sent_on: date, members: Sequence[str] | None = None) -> None:
    """Put on file what two people said: a letter of that day to these members, or to all who are one by then."""
    to = list_members_on(tx, sent_on) if members is None else members
    evidence_hash = keep_file(tx, PAPER)
    bind_notices(tx, SentList(tariff_id, tuple(to), sent_on, "letter", evidence_hash), sent_on)
