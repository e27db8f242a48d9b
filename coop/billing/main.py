"""Composition of the billing service."""

from __future__ import annotations

from fastapi import APIRouter

from coop.billing import http, pages
from coop.billing.handlers import heard
from coop.billing.storage import HEARD, metadata
from coop.events import billing, governance, members, metering
from coop.kit.database import Database
from coop.kit.service import Service
from coop.kit.settings import Settings

SERVICE = Service(
    "billing",
    metadata,
    tells=(billing.BillIssued,),
    hears={
        members.MemberAdmitted: heard.on_member_admitted,
        members.MemberLeft: heard.on_member_left,
        members.ContractSigned: heard.on_contract_signed,
        members.ContractEnded: heard.on_contract_ended,
        metering.PeriodMeasured: heard.on_period_measured,
        metering.EnergyAllocated: heard.on_energy_allocated,
        metering.PeriodClosed: heard.on_period_closed,
        governance.TariffAdopted: heard.on_tariff_adopted,
        governance.TrancheReleased: heard.on_tranche_released,
    },
    heard_tables=HEARD,
)


def routers(database: Database, settings: Settings) -> list[APIRouter]:
    """Every route of the service. The JSON ones come first: a page's path may hold any word."""
    return [http.router(database, settings), pages.router(database, settings)]
