"""Governance put together."""

from __future__ import annotations

from fastapi import APIRouter

from coop.events.governance import (
    AllocationKeyAdopted,
    MilestoneReached,
    RealisationDecided,
    ResolutionDecided,
    TariffAdopted,
    TrancheReferred,
    TrancheReleased,
)
from coop.events.members import MemberAdmitted, MemberLeft
from coop.governance import feed, http, pages, programme_pages
from coop.governance.handlers.voters import on_member_admitted, on_member_left
from coop.governance.storage import metadata
from coop.governance.storage.tables import voter
from coop.kit.database import Database
from coop.kit.service import Service
from coop.kit.settings import Settings

SERVICE = Service(
    name="governance",
    metadata=metadata,
    tells=(
        ResolutionDecided,
        TariffAdopted,
        AllocationKeyAdopted,
        RealisationDecided,
        MilestoneReached,
        TrancheReleased,
        TrancheReferred,
    ),
    hears={MemberAdmitted: on_member_admitted, MemberLeft: on_member_left},
    heard_tables=(voter,),
)


def routers(database: Database, settings: Settings) -> list[APIRouter]:
    """What governance answers over HTTP."""
    return [one.router(database, settings) for one in (http, feed, pages, programme_pages)]
