"""Billing for programs: notices, figures, runs, bills, tariffs, and the whole state for comparing two runs."""

from __future__ import annotations

from fastapi import APIRouter, Request

from coop.billing import answers
from coop.billing.access import ACCESS
from coop.billing.answers import BillOut, BillWithInputs, RunOut, RunRow, State, TariffOut, VerificationOut
from coop.billing.bodies import FigureIn, Name, NoticeIn, NoticesOut, RunIn
from coop.billing.handlers import terms
from coop.billing.handlers.runs import correct_bills, issue_bills, preview_bills, preview_corrections
from coop.billing.handlers.runs import release_run as release
from coop.billing.handlers.verify import verify_bill
from coop.billing.model import PublishedFigure
from coop.billing.sight import sees_all_bills, visible_bill, visible_head
from coop.billing.storage import bills, runs
from coop.kit.http import GuardedRoute, reading, session_of, writing
from coop.values import Period

routes = APIRouter(route_class=GuardedRoute, prefix="/billing/api/v1", tags=["billing"])
may = ACCESS.may


@routes.post("/notices")
@may("send-notices")
def send_notices(request: Request, body: NoticeIn) -> NoticesOut:
    """Record that members were told of a tariff in writing."""
    members = None if body.members == "all" else body.members
    with writing(request) as tx:
        count = terms.send_notices(tx, body.tariff_id, body.sent_on, body.channel, members)
    return NoticesOut(tariff_id=body.tariff_id, notices=count)


@routes.post("/index")
@may("record-figures")
def record_figure(request: Request, body: FigureIn) -> FigureIn:
    """Keep a published yearly figure with its source."""
    with writing(request) as tx:
        terms.record_figure(tx, PublishedFigure(body.series, body.year, body.factor, body.source))
    return body


@routes.post("/runs")
@may("run-bills")
def start_run(request: Request, body: RunIn) -> RunOut:
    """Run the bills of a period (or corrections alone), or see what they would be."""
    period = None if body.period is None else Period.parse(body.period)
    with reading(request) if body.dry_run else writing(request) as tx:
        if period is None:
            result = (preview_corrections if body.dry_run else correct_bills)(tx, body.issued_on)
        else:
            result = (preview_bills if body.dry_run else issue_bills)(tx, period, body.issued_on)
    return answers.run_out(result)


@routes.post("/runs/{run_id}/release")
@may("release-runs")
def release_run(request: Request, run_id: str) -> RunOut:
    """Issue a held run although its brakes caught; whoever is signed in is kept as the one who looked."""
    with writing(request) as tx:
        return answers.run_out(release(tx, run_id))


@routes.get("/runs")
@may("see-runs")
def list_runs(request: Request) -> list[RunRow]:
    """All runs, newest first."""
    with reading(request) as tx:
        return [answers.run_row(total) for total in runs.list_runs(tx)]


@routes.get("/bills")
@may("see-bills")
def list_bills(request: Request, member: Name | None = None) -> list[BillOut]:
    """Issued bills in order of number: a member's own, or any for those who watch."""
    session = session_of(request)
    member_id = member if sees_all_bills(session) else session.member_id or ""
    with reading(request) as tx:
        return [answers.bill_out(issued) for issued in bills.find_bills(tx, member_id=member_id)]


@routes.get("/bills/{bill_id}")
@may("see-bills")
def get_bill(request: Request, bill_id: str) -> BillWithInputs:
    """One bill by id or number, with what it was computed from."""
    with reading(request) as tx:
        return answers.bill_with_inputs(visible_bill(tx, session_of(request), bill_id))


@routes.get("/bills/{bill_id}/verify")
@may("see-bills")
def verify(request: Request, bill_id: str) -> VerificationOut:
    """Recompute a bill from the facts that it names."""
    with reading(request) as tx:
        return answers.verification_out(verify_bill(tx, visible_head(tx, session_of(request), bill_id).id))


@routes.get("/tariffs")
@may("see-tariffs")
def list_tariffs(request: Request) -> list[TariffOut]:
    """Every tariff with its resolution and its notices."""
    with reading(request) as tx:
        return answers.list_tariffs(tx)


@routes.get("/state")
@may("see-all-bills")
def get_state(request: Request) -> State:
    """Every bill, line and balance in canonical order, without clocks or positions: two runs compare by it."""
    with reading(request) as tx:
        return answers.state(tx)
