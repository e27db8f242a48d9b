"""Bill runs: started, looked at beforehand, held by their brakes, released."""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated, Any, Final, Literal

from fastapi import Header, Request, Response
from pydantic import Field

from coop.billing.access import ACCESS
from coop.billing.bodies import Name
from coop.billing.brake import Brake
from coop.billing.fields import (
    PREFIX,
    BillId,
    BillNumber,
    Cents,
    ContractId,
    CreditCents,
    IssuedOn,
    MemberId,
    RunId,
    make_router,
    may,
)
from coop.billing.runs import commands, works
from coop.billing.runs import store as runs
from coop.billing.runs.asking import ask_release, ask_run
from coop.billing.runs.issuing import CORRECTIONS
from coop.billing.runs.results import RunResult
from coop.billing.runs.store import RunTotals
from coop.billing.runs.texts import brake_advice, brake_sentence
from coop.billing.runs.works import Standing
from coop.kit.answers import Answer, Body, PeriodName
from coop.kit.http import reading, refuses, session_of
from coop.kit.paging import Paged
from coop.values import Period
from coop.web.language import SOURCE

routes = make_router()

RunKind = Annotated[
    Literal["period", "corrections"], Field(description="Bills of a period, or corrections of closed ones alone.")
]


class RunIn(Body):
    """A bill run."""

    period: Annotated[str | None, Field(max_length=40, examples=["2025-01"])] = None
    """Period whose bills are made, such as 2025-01; null for corrections alone."""
    issued_on: Annotated[date | None, Field(examples=["2025-02-03"])] = None
    """Day of the bills, for the operator who enters those of before; null for today."""
    dry_run: bool = False
    """Whether only to look at what the bills would be."""


class BrakeOut(Answer):
    """A reason to hold a run until somebody else released it."""

    code: Annotated[str, Field(examples=["implausible-difference"])]
    """Kind of the reason."""
    subject: Annotated[str, Field(examples=["K-0012"])]
    """Contract, connection or tariff that it is about; empty for the run as a whole."""
    reason: str
    """The reason in a sentence, with its figures."""
    look_at: str
    """Place to look."""
    contracts: list[ContractId]
    """Contracts whose bills it concerns."""


class BillSummaryOut(Answer):
    """One bill of a run."""

    bill_id: BillId
    number: BillNumber
    """Number of the bill; empty where it is not issued."""
    kind: Literal["bill", "correction"]
    """A bill, or a correction of one."""
    contract_id: ContractId
    member_id: MemberId
    period: PeriodName
    total_cents: Cents
    credit_cents: CreditCents
    likely_cents: int | None
    """Cost that the bill before makes likely [euro cents]; null without one."""


class LeftOutOut(Answer):
    """A contract that a run does not bill, and why."""

    contract_id: ContractId
    member_id: MemberId
    reason: Literal["ended", "begins"]
    """The contract ended before the period, or begins after it."""
    day: Annotated[date, Field(description="Day on which it ended or begins.")]


class RunOut(Answer):
    """A run with its bills and brakes."""

    run_id: RunId
    kind: RunKind
    period: PeriodName | None
    """Period of the run; null for corrections alone."""
    issued_on: IssuedOn
    status: Literal["preview", "held", "issued"]
    """Only looked at, held by its brakes, or issued."""
    bill_count: Annotated[int, Field(examples=[100])]
    """Number of bills."""
    total_cents: Cents
    brakes: list[BrakeOut]
    """Reasons to hold it."""
    bills: list[BillSummaryOut]
    """All bills of the run."""
    left_out: list[LeftOutOut]
    """Contracts that it does not bill, until it is issued."""
    run_by: str
    """Account or job that ran it; empty where nobody did."""
    released_at: datetime | None
    """Instant of its release; null where none was needed."""
    released_by: str | None
    """Account that released it."""


class ListedRunOut(Answer):
    """A run without its bills."""

    run_id: RunId
    kind: RunKind
    period_start: Annotated[date | None, Field(description="First day of its period; null for corrections.")]
    period_end: Annotated[date | None, Field(description="First day after its period; null for corrections.")]
    issued_on: IssuedOn
    status: Literal["held", "issued"]
    """Held by its brakes, or issued."""
    bill_count: Annotated[int, Field(examples=[100])]
    """Number of bills that it issued."""
    total_cents: Cents
    brakes: list[BrakeOut]
    """Reasons that held it."""
    run_by: str
    """Account or job that ran it."""
    released_at: datetime | None
    """Instant of its release; null where none was needed."""
    released_by: str | None
    """Account that released it."""


class WorkingRunOut(Answer):
    """A run that somebody asked for and that is not there yet."""

    name: Annotated[str, Field(examples=["2025-01"])]
    """What it bills: a period such as 2025-01, or corrections; the run's id where it was held and is released."""
    asked: Literal["run", "release"]
    """Run for the first time, or released."""
    status: Literal["running", "stopped", "refused"]
    """Being made, stopped by a kill and about to be made again, or refused."""
    asked_at: datetime
    """Instant at which it was asked for."""
    asked_by: str
    """Account or program that asked."""
    stage: Literal["priced", "written"] | None
    """Contracts are priced, then bills are written; null before the first note."""
    done: Annotated[int | None, Field(examples=[600])]
    """Contracts priced, or bills written, so far."""
    total: Annotated[int | None, Field(examples=[1200])]
    """Contracts, or bills, in all."""
    permille: Annotated[int, Field(examples=[200])]
    """Part of the whole that is done [thousandths]."""
    seconds_left: Annotated[int | None, Field(examples=[16])]
    """Estimate of the time that it still takes [s]; null where that is too early to say."""
    reason: str | None
    """Why it was refused."""


class WorkingRunsOut(Answer):
    """Runs that were asked for and are not there yet."""

    runs: list[WorkingRunOut]


AT_ONCE: Final = "respond-async"
Preference = Annotated[
    str | None,
    Header(
        description="`respond-async` answers 202 at once, with the runs that are being made (RFC 7240). A request with "
        "an Idempotency-Key is always waited for, because its answer is kept.",
        examples=[AT_ONCE],
    ),
]
WORKING: Final[dict[int | str, dict[str, Any]]] = {
    202: {"model": WorkingRunsOut, "description": "The run is being made; `Location` says how far it is."}
}


@routes.post("/runs", response_model=RunOut, responses=WORKING)
@may("run-bills")
@refuses("bad-input", "bad-date", "period-incomplete", "no-tariff", "figure-missing", "tariff-not-voted")
def start_bill_run(request: Request, body: RunIn, prefer: Preference = None) -> RunOut | Response:
    """Run the bills of a period (or corrections alone), or see what they would be.

    Run again, it answers the same; nothing new is dated before the newest bill. It is waited for, unless the request
    prefers an answer at once.
    """
    period = None if body.period is None else Period.parse(body.period)
    may_date = ACCESS.allows(session_of(request), "date-runs")
    if body.dry_run:
        with reading(request) as tx:
            return _run_out(commands.run_bills(tx, period, body.issued_on, may_date=may_date, dry_run=True))
    name = CORRECTIONS if period is None else str(period)
    made = ask_run(request, name, body.issued_on, may_date=may_date, patience_s=_patience_of(prefer))
    return _working(request) if made is None else _run_out(made)


@routes.post("/runs/{run_id}/release", response_model=RunOut, responses=WORKING)
@may("release-runs")
@refuses("second-person", "period-incomplete", "no-tariff", "figure-missing", "tariff-not-voted")
def release_bill_run(request: Request, run_id: Name, prefer: Preference = None) -> RunOut | Response:
    """Issue a held run although its brakes caught. Somebody else than who ran it has looked, and is kept by name."""
    made = ask_release(request, run_id, _patience_of(prefer))
    return _working(request) if made is None else _run_out(made)


def _patience_of(prefer: str | None) -> float | None:
    """Seconds for which a program waits: none where it prefers an answer at once, and else as long as it takes."""
    preferences = {each.split(";")[0].strip().lower() for each in (prefer or "").split(",")}
    return 0 if AT_ONCE in preferences else None


def _working(request: Request) -> Response:
    """The answer while a run is being made: where to look how far it is."""
    headers = {"Location": f"{PREFIX}/runs/working", "Preference-Applied": AT_ONCE}
    body = list_working_runs(request).model_dump_json()
    return Response(body, 202, headers, media_type="application/json")


@routes.get("/runs")
@may("see-runs")
def list_bill_runs(request: Request, page: Paged) -> list[ListedRunOut]:
    """Runs that were held or issued, newest first."""
    with reading(request) as tx:
        totals = page.close(runs.list_runs(tx, page.window), runs.run_key)
    return [_listed_out(total) for total in totals]


@routes.get("/runs/working")
@may("see-runs")
def list_working_runs(request: Request) -> WorkingRunsOut:
    """Runs that are being made, that a kill stopped, or that were refused when nobody waited for the answer any more.

    A run is issued whole: until it is, none of its bills is there. One that was stopped is made again by itself.
    """
    with reading(request) as tx:
        standing = works.list_standing(request.state.database, tx)
        return WorkingRunsOut(runs=[_working_out(one) for one in standing])


def _working_out(standing: Standing) -> WorkingRunOut:
    work, progress = standing.work, standing.progress
    return WorkingRunOut.model_validate(
        {
            **vars(work),
            "status": standing.status,
            "asked_by": str(work.actor),
            "stage": progress.stage if progress else None,
            "done": progress.done if progress else None,
            "total": progress.total if progress else None,
            "permille": progress.permille if progress else 0,
            "seconds_left": progress.seconds_left if progress and standing.status == "running" else None,
            "reason": work.refusal,
        }
    )


def _run_out(result: RunResult) -> RunOut:
    return RunOut.model_validate(
        {
            **vars(result),
            "bill_count": result.bill_count,
            "total_cents": result.total_cents,
            "brakes": [_brake_out(caught) for caught in result.brakes],
        }
    )


def _brake_out(caught: Brake) -> BrakeOut:
    return BrakeOut(
        code=caught.code,
        subject=caught.subject,
        reason=brake_sentence(SOURCE, caught),
        look_at=brake_advice(SOURCE, caught),
        contracts=list(caught.concerns),
    )


def _listed_out(total: RunTotals) -> ListedRunOut:
    period = total.run.period
    return ListedRunOut.model_validate(
        {
            **vars(total.run),
            "brakes": [_brake_out(caught) for caught in total.run.brakes],
            "run_id": total.run.id,
            "period_start": period.start if period else None,
            "period_end": period.end if period else None,
            "bill_count": total.bill_count,
            "total_cents": total.total_cents,
        }
    )
