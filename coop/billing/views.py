"""Views of issued bills for the pages: the year against its ceiling, and the walk back of each line."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from coop.billing.amounts.forecasting import Forecast
from coop.billing.bills.account_store import AccountEntry
from coop.billing.bills.store import IssuedBill
from coop.billing.charts import draw_cost_under_ceiling
from coop.billing.checking import words
from coop.billing.model import BillInputs, Line, LineKind
from coop.values import Period
from coop.web.figures import Chart
from coop.web.language import translate
from coop.web.writing import civil_day, money


@dataclass(frozen=True)
class GuaranteeYear:
    """A member's newest guarantee year: running cost after credit at the end of each billed period [cents]."""

    contract_id: str
    year: Period
    ceiling_cents: int | None
    heat_cents: int
    credit_cents: int
    steps: tuple[tuple[date, int], ...]
    notes: tuple[str, ...]
    entries: tuple[AccountEntry, ...]

    @property
    def cost_cents(self) -> int:
        """Amount that the member paid for heat."""
        return self.heat_cents - self.credit_cents


@dataclass(frozen=True)
class Step:
    """One step of the walk back of a euro: what, where it is shown, and its reference."""

    kind: str
    kicker: str
    title: str
    href: str
    reference: str = ""
    text: str = ""


def guarantee_year(
    bills: Sequence[IssuedBill], list_entries: Callable[[str], Sequence[AccountEntry]]
) -> GuaranteeYear | None:
    """The newest guarantee year in a member's bills, or None where no bill has one; ``list_entries`` gives the account
    of a contract, whose newest entry says how the year stands."""
    entries = [(issued, entry) for issued in bills for entry in issued.bill.guarantee]
    if not entries:
        return None
    newest = max(entries, key=lambda pair: (pair[1].year.start, pair[0].inputs.contract_id))
    contract_id, year = newest[0].inputs.contract_id, newest[1].year
    of_year = [
        (issued, entry)
        for issued, entry in entries
        if entry.year.start == year.start and issued.inputs.contract_id == contract_id
    ]
    by_end: dict[date, int] = {}
    for issued, entry in of_year:
        end = min(issued.inputs.consumption.days.end, year.end)
        by_end[end] = by_end.get(end, 0) + entry.heat_cents - entry.credit_cents
    steps, running = [], 0
    for end in sorted(by_end):
        running += by_end[end]
        steps.append((end, running))
    account = tuple(entry for entry in list_entries(contract_id) if entry.year.start == year.start)
    last = account[-1]
    return GuaranteeYear(
        contract_id,
        year,
        last.ceiling_cents,
        last.heat_so_far_cents,
        last.credit_so_far_cents,
        tuple(steps),
        last.notes,
        account,
    )


def ceiling_page(contract_id: str, day: date) -> str:
    """Address of the page that derives the ceiling of the guarantee year in which a day lies."""
    return f"/billing/contracts/{contract_id}/ceiling/{day}"


def sentence_of(year: GuaranteeYear, lang: str) -> str:
    """The guarantee year in one sentence."""
    until = civil_day(lang, year.steps[-1][0] - timedelta(days=1))
    if year.ceiling_cents is None:
        return translate(
            lang, "Until %(day)s you paid %(cost)s for heat.", day=until, cost=money(lang, year.cost_cents)
        )
    text = translate(
        lang,
        "Until %(day)s you paid %(cost)s for heat, of at most %(ceiling)s in this guarantee year.",
        day=until,
        cost=money(lang, year.cost_cents),
        ceiling=money(lang, year.ceiling_cents),
    )
    if year.credit_cents:
        given = translate(lang, "You were given back %(credit)s.", credit=money(lang, year.credit_cents))
        return f"{text} {given}"
    return text


def ceiling_chart(year: GuaranteeYear, lang: str, forecasts: Sequence[Forecast] = ()) -> Chart | None:
    """Cost so far under the ceiling, month by month, and what a forecast of this year expects, where one does; None
    without a ceiling."""
    if year.ceiling_cents is None:
        return None
    done = [end for end, _ in year.steps]
    coming = [month.end for month in year.year.months() if month.end > done[-1]]
    of_year = (made for made in forecasts if (made.contract_id, made.year) == (year.contract_id, year.year))
    expected = {end: cost for made in of_year for end, cost in made.reach()}
    return draw_cost_under_ceiling(
        title=translate(lang, "Your heat cost against your ceiling"),
        sentence=sentence_of(year, lang),
        days=[day - timedelta(days=1) for day in (*done, *coming)],
        cost_cents=[cost for _, cost in year.steps],
        expected_cents=[expected.get(end) for end in coming],
        ceiling_cents=year.ceiling_cents,
        lang=lang,
    )


def walk_back(issued: IssuedBill, line: Line, tariffs: Mapping[str, str], lang: str) -> list[Step]:
    """Trail of a line: its reading or allocation, its tariff, and the vote. ``tariffs`` gives the first day of
    each tariff as text."""
    inputs = issued.inputs
    steps = []
    if line.kind in (LineKind.HEAT, LineKind.COLD) and line.source_id:
        steps.append(_reading_step(inputs, line, lang))
    if line.kind is LineKind.ELECTRICITY and line.source_id:
        steps.append(
            Step(
                "allocation",
                translate(lang, "Allocation"),
                translate(lang, "Your share of the neighbourhood's solar energy"),
                f"/metering/allocations/{line.source_id}/{inputs.connection_id}",
                line.source_id,
                translate(lang, "Revision %(revision)s", revision=line.source_revision),
            )
        )
    if line.kind is LineKind.GUARANTEE:
        steps.append(
            Step(
                "bill",
                translate(lang, "Guarantee"),
                translate(lang, "How your ceiling follows"),
                ceiling_page(inputs.contract_id, line.period.start),
                inputs.contract_id,
                translate(lang, "What goes above your ceiling is given back on the bill."),
            )
        )
    steps.append(
        Step(
            "tariff",
            translate(lang, "Tariff"),
            translate(lang, "Tariff from %(day)s", day=tariffs.get(line.tariff_id, "–")),
            f"/billing/tariffs#{line.tariff_id}",
            line.tariff_id,
        )
    )
    steps.append(
        Step(
            "resolution",
            translate(lang, "Vote"),
            translate(lang, "The resolution that adopted it"),
            f"/governance/resolutions/{line.resolution_id}",
            line.resolution_id,
        )
    )
    return steps


def _reading_step(inputs: BillInputs, line: Line, lang: str) -> Step:
    consumptions = [inputs.consumption, *([inputs.previous] if inputs.previous else [])]
    readings = [reading for consumption in consumptions for reading in consumption.readings]
    versions = next((r.versions for r in readings if r.measurement_id == line.source_id), ())
    return Step(
        "reading",
        translate(lang, "Reading"),
        translate(lang, "Your meter, %(days)s", days=words.days(lang, line.period)),
        f"/metering/readings/{line.source_id}",
        " ".join(version[:12] for version in versions),
        translate(lang, "Revision %(revision)s", revision=line.source_revision),
    )
