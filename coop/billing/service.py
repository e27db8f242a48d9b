"""Composition of the billing service."""

from __future__ import annotations

from pathlib import Path

from coop.billing import exports, forecast_pages, home, own_data, pages, resting_cards
from coop.billing.access import ACCESS
from coop.billing.amounts import api as amounts
from coop.billing.amounts import held_api
from coop.billing.bills import heard
from coop.billing.checking import api as bills
from coop.billing.checking import state_api as state
from coop.billing.documents import pages as paper_pages
from coop.billing.effects import api as effects
from coop.billing.effects import exports as effect_exports
from coop.billing.effects import pages as effect_pages
from coop.billing.figures import api as tariffs
from coop.billing.figures import pages as tariff_pages
from coop.billing.jobs import JOBS
from coop.billing.law import api as law_api
from coop.billing.law import pages as law_pages
from coop.billing.notices import api as notices
from coop.billing.notices import pages as notice_pages
from coop.billing.offers import api as offers
from coop.billing.offers import pages as offer_pages
from coop.billing.runs import api as runs
from coop.billing.tables import HEARD, metadata
from coop.billing.tables.bills import ISSUED
from coop.communities import heard as communities
from coop.communities.answering import answer_with
from coop.events import billing, governance, members, metering
from coop.kit.service import Card, Line, Section, Service
from coop.web.language import N_

BILLING = Service(
    name="billing",
    label=N_("Billing"),
    access=ACCESS,
    metadata=metadata,
    migrations=Path(__file__).parent / "migrations",
    tells=(
        billing.LawPublished,
        billing.BillIssued,
        billing.BillArchived,
        billing.TariffNoticeOrdered,
        billing.TariffNoticeConfirmed,
        billing.TariffAnswered,
        billing.ProgramTokenUsed,
    ),
    answers={governance.TariffAdopted: answer_with(billing.TariffAnswered)},
    hears={
        **communities.HEARD,
        members.CommunityDescribed: heard.on_community_described,
        members.MemberAdmitted: heard.on_member_admitted,
        members.MemberLeft: heard.on_member_left,
        members.ConnectionOpened: heard.on_connection_opened,
        members.BillAddressed: heard.on_bill_addressed,
        members.ContractSigned: heard.on_contract_signed,
        members.ContractEnded: heard.on_contract_ended,
        members.ContractPartiesNamed: heard.on_contract_parties_named,
        members.GasBillsCorrected: heard.on_gas_bills_corrected,
        members.MessageSent: heard.on_message_sent,
        members.MessageFailed: heard.on_message_failed,
        metering.PeriodMeasured: heard.on_period_measured,
        metering.EnergyAllocated: heard.on_energy_allocated,
        metering.PeriodClosed: heard.on_period_closed,
        governance.TariffProposed: heard.on_tariff_proposed,
        governance.TariffAdopted: heard.on_tariff_adopted,
        governance.DecisionStopped: heard.on_decision_stopped,
        governance.TrancheReleased: heard.on_tranche_released,
    },
    heard_tables=(*communities.TABLES, *HEARD),
    kept_tables=ISSUED,
    # The JSON ones come first: a page's path may hold any word.
    routers=(
        tariffs.routes,
        notices.routes,
        effects.routes,
        offers.routes,
        runs.routes,
        bills.routes,
        amounts.routes,
        held_api.routes,
        state.routes,
        own_data.routes,
        exports.routes,
        effect_exports.routes,
        effect_pages.routes,
        offer_pages.routes,
        home.routes,
        resting_cards.routes,
        paper_pages.routes,
        forecast_pages.routes,
        tariff_pages.routes,
        law_api.routes,
        law_pages.routes,
        notice_pages.routes,
        pages.routes,
    ),
    jobs=JOBS,
    sections=(
        Section("/billing/", N_("Bills"), "follow-own-bills", rank=20),
        Section("/billing/runs", N_("Bill runs"), "see-runs", rank=70, holds=("/billing/ledger", "/billing/amounts")),
        Section("/billing/offers", N_("Offers"), "make-offers", rank=75),
    ),
    steps=(Line("/billing/runs", "/billing/cards/step-bills", home.FIRST_STEP, "send-notices", rank=70),),
    on_figures=(Line("/billing/", resting_cards.ADDRESS, N_("Bills that rest on it"), "see-bills", rank=10),),
    waiting=(Line("/billing/", "/billing/cards/waiting", N_("Bills"), "see-bills", rank=20),),
    cards=(
        Card(
            "/billing/",
            "/billing/cards/cost",
            N_("Your cost against the ceiling"),
            "follow-own-bills",
            rank=10,
            wide=True,
        ),
        Card("/billing/", "/billing/cards/bills", N_("Your bills"), "follow-own-bills", rank=30),
        Card("/billing/runs", "/billing/cards/runs", N_("Bill runs"), "see-runs", rank=70),
    ),
)
