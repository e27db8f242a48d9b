"""Pages of metering: a member's energy and where it comes from, and the board's view of the data."""

from __future__ import annotations

from fastapi import APIRouter

from coop.kit.database import Database
from coop.kit.settings import Settings
from coop.metering.pages import data, energy, walk


def router(database: Database, settings: Settings) -> APIRouter:
    """All pages."""
    routes = APIRouter(include_in_schema=False)
    for part in (energy, walk, data):
        routes.include_router(part.router(database, settings))
    return routes
