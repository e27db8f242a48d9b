"""The register for programs: imports, memberships, accounts."""

from __future__ import annotations

from datetime import date
from typing import Annotated

from fastapi import APIRouter, Body, Request
from pydantic import BaseModel

from coop.kit import clock
from coop.kit.auth import require
from coop.kit.database import Database
from coop.kit.settings import Settings
from coop.members import accounts, handlers
from coop.members.storage import register


class ImportAnswer(BaseModel):
    """What an import did or would do: ``added`` of its ``count`` lines were not registered yet."""

    import_id: str
    kind: str
    count: int
    added: int
    new: bool
    dry_run: bool


class UndoAnswer(BaseModel):
    """How many records an undone import took with it."""

    removed: int


class Leaving(BaseModel):
    """The first day without membership."""

    left_on: date


class NewAccount(BaseModel):
    """Somebody who may sign in."""

    email: str
    name: str
    roles: list[str]
    password: str
    member_id: str | None = None


class AccountAnswer(BaseModel):
    """Id of the account."""

    account_id: str


class MemberAnswer(BaseModel):
    """One member, without address."""

    member_id: str
    number: str
    kind: str
    name: str
    joined_on: date
    left_on: date | None


def router(database: Database, settings: Settings) -> APIRouter:
    """Routes under ``/members/api``, for the board and operators."""
    routes = APIRouter(prefix="/members/api", tags=["members"])

    @routes.post("/imports/{kind}")
    def import_register(
        request: Request,
        kind: str,
        body: Annotated[bytes, Body(media_type="text/csv")],
        file_name: str = "",
        dry_run: bool = False,
    ) -> ImportAnswer:
        """Import a CSV file of members, connections, occupancies or contracts: all of it or nothing."""
        session = require(request, "board", "operator")
        with database.write() as tx:
            receipt = handlers.import_register(
                tx, session.community, kind, file_name or kind, body, clock.now(), dry_run=dry_run
            )
        return ImportAnswer(**vars(receipt))

    @routes.post("/imports/{import_id}/undo")
    def undo_import(request: Request, import_id: str) -> UndoAnswer:
        """Take out what an import brought."""
        session = require(request, "board", "operator")
        with database.write() as tx:
            return UndoAnswer(removed=handlers.undo_import(tx, session.community, import_id, clock.now()))

    @routes.post("/members/{member_id}/leave")
    def leave(request: Request, member_id: str, leaving: Leaving) -> Leaving:
        """End a membership, its contracts and its hold on connections."""
        session = require(request, "board")
        with database.write() as tx:
            handlers.end_membership(tx, session.community, member_id, leaving.left_on)
        return leaving

    @routes.get("/members")
    def members(request: Request, search: str = "") -> list[MemberAnswer]:
        """All members."""
        session = require(request, "board", "treasurer", "auditor", "operator")
        with database.read() as tx:
            found = register.members(tx, session.community, search)
        return [MemberAnswer.model_validate(row, from_attributes=True) for row in found]

    @routes.post("/accounts")
    def create_account(request: Request, account: NewAccount) -> AccountAnswer:
        """Let somebody sign in."""
        session = require(request, "board", "operator")
        with database.write() as tx:
            return AccountAnswer(
                account_id=accounts.create_account(
                    tx,
                    session.community,
                    account.email,
                    account.name,
                    account.roles,
                    account.password,
                    account.member_id,
                )
            )

    return routes
