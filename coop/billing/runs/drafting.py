"""From the store to a drafted run: load what it follows from, and draft it. Nothing here writes."""

from __future__ import annotations

from collections.abc import Container, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date
from functools import partial

from coop.billing.amounts import store as amounts
from coop.billing.bills import account_store as accounts
from coop.billing.bills import store as bills
from coop.billing.bills.billed import Billed
from coop.billing.bills.book import closed_periods, load_book, load_period
from coop.billing.bills.drafts import Draft, LeftOut, PeriodFacts, Task, draft_nothing, draft_run, find_left_out
from coop.billing.bills.schemas import PERIOD_TERMS
from coop.billing.bills.settling import CeilingMove, find_unsettled
from coop.billing.brake import Brake
from coop.billing.model import Contract, PublishedFigure
from coop.billing.runs import store as runs
from coop.billing.runs.brakes import find_brakes
from coop.billing.runs.brakes.look import Look
from coop.billing.runs.progress import PRICED, Watch, nobody
from coop.billing.runs.store import PeriodDone
from coop.billing.terms import heard_store as heard
from coop.billing.terms.rules import PeriodTerms, Terms
from coop.communities.choices import BrakeChoice, Choices, GuaranteeChoice
from coop.communities.law import Law
from coop.communities.tariff_law import UNREGULATED
from coop.kit.documents import Document, UnreadableDocument, load
from coop.kit.tx import Tx
from coop.values import BadInput, CoopError, Period, Problem, Said, join_said, say


@dataclass(frozen=True)
class Covered:
    """A revision of a period that a run deals with, and the document of the terms under which it does."""

    period: Period
    revision: int
    terms: Document

    @property
    def done(self) -> PeriodDone:
        """As it is remembered once the run is issued."""
        return PeriodDone(self.period, self.revision, self.terms.sha256)


@dataclass(frozen=True)
class DraftedRun:
    """Draft of what a run would issue on a day, what it deals with, and whom it leaves out. ``period`` is None for
    corrections alone."""

    period: Period | None
    issued_on: date
    drafts: tuple[Draft, ...]
    moves: tuple[CeilingMove, ...]
    brakes: tuple[Brake, ...]
    covers: tuple[Covered, ...]
    left_out: tuple[LeftOut, ...] = ()

    @property
    def kind(self) -> str:
        """``period``, or ``corrections``."""
        return "corrections" if self.period is None else "period"


def draft(
    tx: Tx,
    period: Period | None,
    issued_on: date,
    figure: PublishedFigure | None = None,
    watch: Watch = nobody,
    law: Law | None = None,
) -> DraftedRun:
    """Draft the bills of a period, with the corrections of earlier ones that were reopened; corrections alone for None.
    With a ``figure`` as if that stood in the place of the one on file, with a ``law`` as if that had been told.

    Raises:
        BadInput: no bill can have this date.
        CoopError: ``period-incomplete`` (says what is missing), ``no-tariff``, ``figure-missing`` or
            ``tariff-not-voted``, a tariff is not what a meeting adopted.
    """
    refuse_unvoted(tx)
    done = runs.periods_done(tx)
    reached = [billed.end for billed in (*done, period) if billed is not None]
    book = load_book(tx)
    if figure is not None:
        book = replace(book, figures={**book.figures, (figure.series, figure.year): figure.value})
    if law is not None:
        book = replace(book, law=law)
    terms = Terms(book, max(reached, default=date.min), tx.today)
    choice = _choose_brakes(tx, terms.book.choices, issued_on)
    tasks, covers = [], []
    for closed, revision in closed_periods(tx):
        if closed == period or closed not in done:
            continue
        covered = Covered(closed, revision, PERIOD_TERMS.seal(terms.of_period(closed)))
        if not _is_up_to_date(tx, done[closed], covered):
            tasks.append(Task(_load_complete(tx, closed), bills.last_bills(tx, closed)))
            covers.append(covered)
    before: dict[str, Billed] = {}
    if period is not None:
        facts = _load_complete(tx, period)
        if issued_on < period.end:
            raise bad_date(say("%(day)s is before the end of %(period)s", day=issued_on, period=period))
        before = bills.list_billed(tx, ends_on=period.start)
        tasks.append(Task(facts))
        covers.append(Covered(period, facts.revision, PERIOD_TERMS.seal(terms.of_period(period))))
    tasks.sort(key=lambda task: task.facts.period)
    years = accounts.years_so_far(tx)
    newest = bills.newest_bills(tx, list(find_unsettled(terms, years)))
    costs_before = {name: (billed.cost_cents, billed.days.days) for name, billed in before.items()}
    drafts, moves = draft_run(terms, years, tasks, newest, costs_before, partial(watch, PRICED))
    drafts += _draft_last_words(tx, book.contracts, {draft.inputs.contract_id for draft in drafts})
    look = Look(
        period=period,
        drafts=drafts,
        moves=moves,
        facts=[(task.facts, task.last is None) for task in tasks],
        book=terms.book,
        law=terms.law,
        years=years,
        choice=choice,
        heating=terms.book.choices.on(GuaranteeChoice, issued_on),
        before=before,
        year_before=bills.list_billed(tx, ends_on=_a_year_before(period.end)) if period else {},
        billed=set(done),
        classes_before=_classes_before(tx, drafts),
    )
    left_out = find_left_out(book.contracts, period, before) if period else []
    brakes = find_brakes(look)
    return DraftedRun(period, issued_on, tuple(drafts), tuple(moves), tuple(brakes), tuple(covers), tuple(left_out))


def _classes_before(tx: Tx, drafts: Sequence[Draft]) -> dict[str, str]:
    """The class in the newest bill of each contract that is drafted without the maxima of the law."""
    names = [each.inputs.contract_id for each in drafts if each.inputs.consumption.customer_class == UNREGULATED]
    return {name: last.consumption.customer_class for name, last in bills.newest_bills(tx, names).items()}


def refuse_unvoted(tx: Tx) -> None:
    """Refuse to price anything while a tariff stands otherwise than a meeting adopted it.

    Raises:
        CoopError: ``tariff-not-voted``.
    """
    if unvoted := heard.find_unvoted(tx):
        raise CoopError(
            "tariff-not-voted",
            say("nothing is billed: no meeting adopted %(tariffs)s as it stands here", tariffs=tuple(unvoted)),
        )


def _draft_last_words(tx: Tx, contracts: Iterable[Contract], drafted: Container[str]) -> list[Draft]:
    """Corrections that change nothing and settle what is left, of contracts of which it was told that they are over
    after their last bill had left something to be asked."""
    reached = amounts.list_reached(tx)
    over = [
        contract
        for contract in contracts
        if contract.contract_id in reached
        and contract.contract_id not in drafted
        and contract.ends_on is not None
        and contract.ends_on <= reached[contract.contract_id]
    ]
    newest = bills.newest_bills(tx, [contract.contract_id for contract in over])
    return [draft_nothing(contract, newest[contract.contract_id]) for contract in over]


def _a_year_before(day: date) -> date:
    """The same day of the year before; of a leap day, that after it."""
    return (
        day.replace(year=day.year - 1, day=1, month=3)
        if (day.month, day.day) == (2, 29)
        else day.replace(year=day.year - 1)
    )


def unbilled_periods(tx: Tx) -> list[Period]:
    """Every period that metering closed and no run has billed, in order."""
    done = runs.periods_done(tx)
    return [period for period, _ in closed_periods(tx) if period not in done]


def _choose_brakes(tx: Tx, choices: Choices, issued_on: date) -> BrakeChoice:
    """The thresholds that hold on the date of the bills."""
    if issued_on > tx.today:
        raise bad_date(say("%(day)s is in the future", day=issued_on))
    try:
        return choices.on(BrakeChoice, issued_on)
    except CoopError as refusal:
        raise bad_date(refusal.message) from refusal


def bad_date(reason: Said) -> BadInput:
    """No bill can have this day, and why."""
    return BadInput([Problem(reason, "issued_on")], "bad-date")


def _is_up_to_date(tx: Tx, done: PeriodDone, covered: Covered) -> bool:
    """True when the last run that dealt with a period knew its newest revision and the terms of today.

    The terms are compared as they were meant, not as they were written: a field that a later schema adds reopens no
    period by itself.
    """
    if done.closed_revision != covered.revision:
        return False
    return done.terms_hash == covered.terms.sha256 or _terms(tx, done) == PERIOD_TERMS.open(covered.terms)


def _terms(tx: Tx, done: PeriodDone) -> PeriodTerms | None:
    """The terms under which a period was dealt with; None where they can no longer be read, which reopens it."""
    try:
        return PERIOD_TERMS.open(load(tx, done.terms_hash))
    except UnreadableDocument:
        return None


def _load_complete(tx: Tx, period: Period) -> PeriodFacts:
    facts = load_period(tx, period)
    if facts.missing:
        raise CoopError(
            "period-incomplete",
            say("%(period)s cannot be billed yet: %(missing)s", period=period, missing=join_said(facts.missing)),
        )
    return facts
