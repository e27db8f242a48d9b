"""Pages of the register, one module per kind of visitor: who signs in, the member, the secretary."""

from __future__ import annotations

from fastapi import APIRouter

from coop.kit.database import Database
from coop.kit.settings import Settings
from coop.members.pages import importing, own, people, sign_in


def router(database: Database, settings: Settings) -> APIRouter:
    """All pages, and the home page, which this service serves for all."""
    routes = APIRouter(include_in_schema=False)
    sign_in.add_routes(routes, database, settings)
    own.add_routes(routes, database)
    importing.add_routes(routes, database)
    people.add_routes(routes, database)  # the last: its paths may hold any word
    return routes
