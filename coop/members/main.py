"""Composition of the members service."""

from __future__ import annotations

from fastapi import APIRouter

from coop.events import members as facts
from coop.kit.database import Database
from coop.kit.service import Service
from coop.kit.settings import Settings
from coop.members import http, pages, storage

SERVICE = Service(
    "members",
    storage.metadata,
    tells=(
        facts.MemberAdmitted,
        facts.MemberLeft,
        facts.ConnectionOpened,
        facts.ConnectionClosed,
        facts.ContractSigned,
        facts.ContractEnded,
    ),
)


def routers(database: Database, settings: Settings) -> list[APIRouter]:
    """Every route of the service. The JSON ones come first: a page's path may hold any word."""
    return [http.router(database, settings), pages.router(database, settings)]
