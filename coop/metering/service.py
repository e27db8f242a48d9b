"""Metering as the runtime sees it: what it tells and hears, its doors, jobs and pages."""

from __future__ import annotations

from pathlib import Path

from coop.communities import heard as communities
from coop.communities.answering import answer_with
from coop.events.governance import AllocationKeyAdopted, DecisionStopped
from coop.events.members import ConnectionClosed, ConnectionOpened, ContractEnded, ContractSigned
from coop.events.metering import (
    AllocationKeyAnswered,
    ConnectionMetered,
    EnergyAllocated,
    HeatSystemReported,
    PeriodClosed,
    PeriodMeasured,
    ProgramTokenUsed,
    ReadingChanged,
    SharingGroupChanged,
    UseSeen,
)
from coop.kit.actor import Actor
from coop.kit.service import Card, Door, Line, Room, Section, Service
from coop.metering import exports, home, own_data, state
from coop.metering.access import ACCESS
from coop.metering.entries import api as entry_api
from coop.metering.entries import pages as entry_pages
from coop.metering.entries.tables import ENTRIES_KEPT
from coop.metering.heat.tables import BREAKS_KEPT
from coop.metering.intake import kafka as bus
from coop.metering.intake.api import deliveries, exchange, meter_changes, moves, parked
from coop.metering.intake.api import withdrawals as withdrawal_api
from coop.metering.intake.folder import FolderDoor
from coop.metering.intake.mqtt import MqttDoor
from coop.metering.intake.pages import files, gateways, meters, peaks, withdrawals
from coop.metering.intake.pages import moves as move_pages
from coop.metering.intake.parking import KINDS, READINGS, TELEGRAM, UNROUTED, replay_telegram
from coop.metering.intake.tables import INTAKE_KEPT
from coop.metering.jobs import JOBS
from coop.metering.periods import pages as break_pages
from coop.metering.periods import undone_card
from coop.metering.periods.api import breaks, periods
from coop.metering.provenance.api import contradictions as contradictions_api
from coop.metering.provenance.api import heat_account as heat_account_api
from coop.metering.provenance.api import measurements, records, sharing
from coop.metering.provenance.pages import (
    contradictions,
    data,
    energy,
    heat_account,
    members,
    meter,
    oddities,
    record_exports,
    run,
    walk,
)
from coop.metering.provenance.pages import deliveries as delivery_pages
from coop.metering.register import api as register_api
from coop.metering.register import pages as group_pages
from coop.metering.register import peaks_api
from coop.metering.register.heard import (
    on_connection_closed,
    on_connection_opened,
    on_contract_ended,
    on_contract_signed,
)
from coop.metering.register.tables import (
    RESOLUTIONS_KEPT,
    connection_closed,
    connection_opened,
    contract_ended,
    contract_signed,
)
from coop.metering.sharing import pages as key_pages
from coop.metering.sharing.heard import on_allocation_key_adopted, on_decision_stopped
from coop.metering.tables import KEPT, OWNER_S, allocation_key, decision_stop, metadata
from coop.web.language import N_


def _replay(room: Room, community: str, actor: Actor, letter_id: str) -> None:
    with room.database.write(community, actor) as tx:
        replay_telegram(tx, letter_id)


def _doors(room: Room) -> list[Door]:
    doors: list[Door] = [MqttDoor(room, room.settings.mqtt_url)] if room.settings.mqtt_url else []
    return [*doors, FolderDoor(room, Path(room.settings.readings_dir))] if room.settings.readings_dir else doors


METERING = Service(
    name="metering",
    label=N_("Metering"),
    access=ACCESS,
    metadata=metadata,
    migrations=Path(__file__).parent / "migrations",
    tells=(
        PeriodMeasured,
        EnergyAllocated,
        PeriodClosed,
        HeatSystemReported,
        AllocationKeyAnswered,
        SharingGroupChanged,
        ConnectionMetered,
        ProgramTokenUsed,
        ReadingChanged,
        UseSeen,
    ),
    answers={AllocationKeyAdopted: answer_with(AllocationKeyAnswered)},
    hears={
        **communities.HEARD,
        ConnectionOpened: on_connection_opened,
        ConnectionClosed: on_connection_closed,
        ContractSigned: on_contract_signed,
        ContractEnded: on_contract_ended,
        AllocationKeyAdopted: on_allocation_key_adopted,
        DecisionStopped: on_decision_stopped,
    },
    heard_tables=(
        *communities.TABLES,
        connection_opened,
        connection_closed,
        contract_signed,
        contract_ended,
        allocation_key,
        decision_stop,
    ),
    kept_tables=(*KEPT, *BREAKS_KEPT, *INTAKE_KEPT, *ENTRIES_KEPT, *RESOLUTIONS_KEPT),
    owner_tables=OWNER_S,
    routers=(
        deliveries.routes,
        breaks.routes,
        withdrawal_api.routes,
        entry_api.routes,
        parked.routes,
        register_api.routes,
        peaks_api.routes,
        exchange.routes,
        meter_changes.routes,
        moves.routes,
        periods.routes,
        measurements.routes,
        records.routes,
        contradictions_api.routes,
        heat_account_api.routes,
        contradictions.routes,
        oddities.routes,
        heat_account.routes,
        delivery_pages.routes,
        sharing.routes,
        state.routes,
        own_data.routes,
        exports.routes,
        record_exports.routes,
        energy.routes,
        members.routes,
        walk.routes,
        run.routes,
        data.routes,
        entry_pages.routes,
        break_pages.routes,
        meters.routes,
        move_pages.routes,
        meter.routes,
        peaks.routes,
        withdrawals.routes,
        group_pages.routes,
        key_pages.routes,
        gateways.routes,
        gateways.exports,
        home.routes,
        undone_card.routes,
        files.routes,
    ),
    doors=_doors,
    topics=bus.raw_topics,
    replayers=dict.fromkeys(KINDS, _replay),
    letter_kinds={READINGS: N_("Readings"), TELEGRAM: N_("Telegram"), UNROUTED: N_("Message without a way in")},
    jobs=JOBS,
    sections=(
        Section("/metering/", N_("Energy"), "see-own-energy", 10),
        Section(
            "/metering/data",
            N_("Data quality"),
            "see-data",
            60,
            (
                "/metering/plant",
                "/metering/heat-account",
                "/metering/deliveries",
                "/metering/periods",
                "/metering/files",
                "/metering/breaks",
                "/metering/missing",
                "/metering/contradictions",
                "/metering/oddities",
            ),
        ),
        Section("/metering/meters", N_("Meters"), "see-register", 61, ("/metering/groups", "/metering/gateways")),
    ),
    steps=(
        Line("/metering/meters", "/metering/cards/step-meters", home.METERS_STEP, "keep-register", rank=50),
        Line("/metering/data", "/metering/cards/step-month", home.MONTH_STEP, "keep-register", rank=60),
    ),
    on_member=(Line(members.PAGE, "/metering/cards/members/{member_id}", N_("Energy"), "see-member-energy", rank=10),),
    waiting=(Line("/metering/data", "/metering/cards/waiting", N_("Data quality"), "close-period", rank=10),),
    cards=(
        Card("/metering/", "/metering/cards/energy", N_("Your energy"), "see-own-energy", 20),
        Card("/metering/data", "/metering/cards/completeness", N_("Data quality"), "see-data", 60),
    ),
)
