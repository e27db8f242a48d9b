"""Bills, runs, tariffs and the ledger as people see them."""

from __future__ import annotations

from fastapi import APIRouter

from coop.kit.database import Database
from coop.kit.settings import Settings


def router(database: Database, settings: Settings) -> APIRouter:
    """Routes under ``/billing``."""
    return APIRouter(prefix="/billing", include_in_schema=False)
