"""Billing for programs: notices, figures, runs, bills, tariffs, and the whole state for comparing two runs."""

from __future__ import annotations

from dataclasses import asdict
from datetime import date
from decimal import Decimal
from typing import Any, Literal

from fastapi import APIRouter, Request
from pydantic import BaseModel

from coop.billing import answers
from coop.billing.handlers import runs, terms
from coop.billing.handlers.verify import verify_bill
from coop.billing.sight import WATCHES, visible_bill
from coop.billing.storage import bills
from coop.billing.storage import runs as stored_runs
from coop.kit.auth import require
from coop.kit.database import Database
from coop.kit.settings import Settings
from coop.values import Period


class NewNotice(BaseModel):
    """Written notice of a tariff, to all members or to some."""

    tariff_id: str
    sent_on: date
    channel: str
    members: Literal["all"] | list[str] = "all"


class NewFigure(BaseModel):
    """A published figure of a year: ``cpi-households`` factor, ``wdd`` or ``wdd-normal`` degree days."""

    series: str
    year: int
    factor: Decimal
    source: str


class NewRun(BaseModel):
    """A bill run; ``period`` such as 2025-01, or None for corrections alone."""

    period: str | None = None
    issued_on: date
    dry_run: bool = False


class Release(BaseModel):
    """The board looked at the brakes of a run."""

    released_on: date
    by: str


def router(database: Database, settings: Settings) -> APIRouter:
    """Routes under ``/billing/api``."""
    routes = APIRouter(prefix="/billing/api", tags=["billing"])

    @routes.post("/notices")
    def send_notices(request: Request, notice: NewNotice) -> dict[str, Any]:
        """Record that members were told of a tariff in writing."""
        session = require(request, "board", "operator")
        members = None if notice.members == "all" else notice.members
        with database.write() as tx:
            count = terms.send_notices(tx, session.community, notice.tariff_id, notice.sent_on, notice.channel, members)
        return {"tariff_id": notice.tariff_id, "notices": count}

    @routes.post("/index")
    def record_figure(request: Request, figure: NewFigure) -> NewFigure:
        """Keep a published yearly figure with its source."""
        session = require(request, "board", "treasurer", "operator")
        with database.write() as tx:
            terms.record_figure(tx, session.community, figure.series, figure.year, figure.factor, figure.source)
        return figure

    @routes.post("/runs")
    def start_run(request: Request, run: NewRun) -> dict[str, Any]:
        """Run the bills of a period (or corrections alone), or see what they would be."""
        session = require(request, "board", "treasurer", "operator")
        period = Period.parse(run.period) if run.period else None
        with database.read() if run.dry_run else database.write() as tx:
            if period is None:
                result = runs.run_corrections(tx, session.community, run.issued_on, run.dry_run)
            else:
                result = runs.run_bills(tx, session.community, period, run.issued_on, run.dry_run)
        return answers.run_answer(result)

    @routes.post("/runs/{run_id}/release")
    def release_run(request: Request, run_id: str, release: Release) -> dict[str, Any]:
        """Issue a held run although its brakes caught."""
        session = require(request, "board", "treasurer")
        with database.write() as tx:
            result = runs.release_run(tx, session.community, run_id, release.released_on, release.by)
        return answers.run_answer(result)

    @routes.get("/runs")
    def list_runs(request: Request) -> list[dict[str, Any]]:
        """All runs, newest first."""
        session = require(request, *WATCHES, "operator")
        with database.read() as tx:
            return [answers.run_row(row) for row in stored_runs.all_runs(tx, session.community)]

    @routes.get("/bills")
    def list_bills(request: Request, member: str | None = None) -> list[dict[str, Any]]:
        """Issued bills in order of number: a member's own, or any for those who watch."""
        session = require(request)
        wanted = member if session.has(*WATCHES, "operator") else session.member_id or ""
        with database.read() as tx:
            return [answers.bill_answer(one) for one in bills.find_bills(tx, session.community, member_id=wanted)]

    @routes.get("/bills/{bill_id}")
    def get_bill(request: Request, bill_id: str) -> dict[str, Any]:
        """One bill by id or number, with what it was computed from."""
        session = require(request)
        with database.read() as tx:
            issued = visible_bill(tx, session, bill_id)
        return {**answers.bill_answer(issued), "inputs": issued.inputs}

    @routes.get("/bills/{bill_id}/verify")
    def verify(request: Request, bill_id: str) -> dict[str, Any]:
        """Recompute a bill from the facts that it names."""
        session = require(request)
        with database.read() as tx:
            found = verify_bill(tx, session.community, visible_bill(tx, session, bill_id).id)
        return {**asdict(found), "agrees": found.agrees}

    @routes.get("/tariffs")
    def list_tariffs(request: Request) -> list[dict[str, Any]]:
        """Every tariff with its resolution and its notices."""
        session = require(request)
        with database.read() as tx:
            return answers.tariff_answers(tx, session.community)

    @routes.get("/state")
    def state(request: Request) -> dict[str, Any]:
        """Every bill, line and balance in canonical order, without clocks or positions: two runs compare by it."""
        session = require(request, *WATCHES, "operator")
        with database.read() as tx:
            return answers.state(tx, session.community)

    return routes
