"""Law is dated rows: one that is told late gives the same bills as one told early, no row ever changes, and a figure
that was mistyped is refused."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import replace
from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest
from sqlalchemy import delete, update
from sqlalchemy.exc import DatabaseError

from coop.billing.bills import store as bills
from coop.billing.checking.verify import verify_bill
from coop.billing.law.commands import preview_law, publish_law
from coop.billing.law.pages import PAGE
from coop.billing.law.proposals import confirm_law, list_open, propose_law, withdraw_law
from coop.billing.runs.commands import correct_bills, issue_bills
from coop.billing.service import BILLING
from coop.billing.tables.bills import law_proposal
from coop.communities import law_store
from coop.communities.law import MAXIMUM, RATE, VAT, Publication, shipped_law
from coop.communities.law_store import load_law
from coop.events.billing import LawPublished
from coop.kit.actor import Actor
from coop.kit.database import Database
from coop.values import BadInput, CoopError, Period
from coop.verification.prices import verify_prices
from coop.verification.rows import read_kept
from coop.verification.terms import verify_terms
from coop.verification.told import Told, law_of_facts
from tests.billing.conftest import Opened
from tests.billing.village import (
    admitted,
    closed,
    facts_told,
    hear,
    measured,
    parameters,
    release,
    signed,
    tariff_adopted,
    visit,
)
from tests.desk import COMMUNITY, SECRETARY, open_desk, sign_in

TREASURER = Actor("account", "account-2", "page")
MONTHS = [Period.month(2026, month) for month in (5, 6, 7)]
TARIFF = tariff_adopted("t", date(2026, 1, 1), date(2025, 12, 9), heat="40.00")
CAP = Publication(
    MAXIMUM,
    date(2026, 6, 1),
    date(2026, 5, 20),
    date(2026, 5, 20),
    {"full": {"heat per GJ": Decimal("36.50"), "fixed per year": Decimal("827.91")}},
    "ACM, herstelbesluit",
)
RISE = Publication(
    VAT, date(2026, 7, 1), date(2026, 6, 1), date(2026, 6, 1), {"energy": {RATE: Decimal("0.09")}}, "Stb."
)


def tell(database: Database, *publications: Publication, is_checked: bool = False) -> list[Publication]:
    with database.write(COMMUNITY, SECRETARY) as tx:
        return publish_law(tx, publications, is_checked=is_checked)


def run(database: Database, month: Period | None) -> int:
    """Bill a month, or correct for None, and release what brakes hold; returns how many bills that made."""
    with database.write(COMMUNITY, SECRETARY) as tx:
        made = correct_bills(tx, tx.today) if month is None else issue_bills(tx, month, tx.today)
    if made.status == "held":
        with database.write(COMMUNITY, SECRETARY) as tx:
            made = release(tx, made.run_id)
    return made.bill_count


def cost_by_month(database: Database) -> dict[date, int]:
    """Cents of every month over all its bills, after all of them were verified twice."""
    cost: dict[date, int] = {}
    published = [fact for fact in facts_told(database, LawPublished) if isinstance(fact, LawPublished)]
    told = Told(
        tariffs=[TARIFF], signed=[SIGNED], admitted=[ADMITTED], published=published, law=law_of_facts(published)
    )
    with database.read(COMMUNITY) as tx:
        for issued in bills.find_bills(tx):
            assert verify_bill(tx, issued.id).findings == ()
            cost[issued.period.start] = cost.get(issued.period.start, 0) + issued.bill.total_cents
        kept = read_kept(tx)
    assert list(verify_prices(kept, told)) == []
    assert [finding for finding in verify_terms(kept, told) if finding.startswith("law")] == []
    return cost


@pytest.fixture
def opened_law(opened: Opened) -> Database:
    """A database on a day after the last month."""
    return opened(date(2026, 8, 3))


ADMITTED, SIGNED = admitted("anna"), signed("anna", date(2026, 1, 1), reference=())


def live(opened: Opened, told_before: int) -> dict[date, int]:
    """Bill three months of a year in which the law changes twice, of which is told before a month is billed."""
    database = opened(date(2026, 8, 3))
    hear(database, TARIFF, ADMITTED, SIGNED)
    for month in MONTHS:
        hear(database, measured("anna", month, "4"), closed(month, 1))
    for number, month in enumerate(MONTHS):
        if number == told_before:
            tell(database, CAP, RISE)
        run(database, month)
    if told_before == len(MONTHS):
        database = opened(date(2026, 9, 14))
        assert len(tell(database, CAP, RISE)) == 2
        assert run(database, None) == 2
    run(database, None)
    return cost_by_month(database)


@pytest.mark.parametrize("told_before", [0, 2, 3])
def test_law_that_is_told_late_comes_to_what_it_would_told_early(opened: Opened, told_before: int) -> None:
    cost = live(opened, told_before)
    # 4 GJ at 40.00; at the maximum of 36.50; at that with 9 % VAT in the place of 21 %: 36.50 * 1.09 / 1.21 = 32.880165
    heat = (16_000, 14_600, 13_152)
    fixed = [cost[month.start] - of_month for month, of_month in zip(MONTHS, heat, strict=True)]
    components = parameters(date(2026, 1, 1))["components"]
    year_cents = sum(int(Decimal(each["price"]) * 100) for each in components if each["per"] == "year")
    usual = [Decimal(year_cents * days) / 365 for days in (31, 30, 31)]
    reckoned = [*usual[:2], usual[2] * Decimal("1.09") / Decimal("1.21")]
    assert all(abs(each - other) <= 3 for each, other in zip(fixed, reckoned, strict=True)), (fixed, reckoned)


def test_a_row_of_law_never_changes_and_is_known_from_the_day_on_which_it_was_told(database: Database) -> None:
    with database.read(COMMUNITY) as tx:
        today = tx.today
    [new] = tell(database, CAP)
    assert new.known_from == today != CAP.published_on
    assert tell(database, CAP) == []
    with database.read(COMMUNITY) as tx:
        recorded = law_store.list_publications(tx)
        law = law_store.load_law(tx)
    assert [each.published for each in recorded[:-1]] == list(shipped_law().publications)
    assert (recorded[-1].published, recorded[-1].recorded_by) == (new, str(SECRETARY))
    day = date(2026, 6, 15)
    assert [law.as_known_on(known).maxima_on(day)[-1].price_eur for known in (CAP.published_on, today)] == [
        Decimal("40.97"),
        Decimal("36.50"),
    ]
    rows = law_store.publication
    for change in (update(rows).values(source="mine"), delete(rows)):
        with pytest.raises(DatabaseError, match="never changes"), database.write(COMMUNITY, SECRETARY) as tx:
            tx.execute(change.where(rows.c.community == tx.community))


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"figures": {"full": {"heat per GJ": Decimal("409.70")}}}, "figures.full.heat per GJ"),
        ({"figures": {"full": {"heat per GJ": Decimal("4.10")}}}, "figures.full.heat per GJ"),
        ({"figures": {"heating-only": {"heat per GJ": Decimal("409.70")}}}, "figures.heating-only.heat per GJ"),
        ({"source": " "}, "source"),
        ({"published_on": date(2999, 1, 1)}, "published_on"),
        ({"valid_from": date(2999, 1, 1)}, "valid_from"),
        ({"figures": {}}, "figures"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_law_that_cannot_be_or_is_far_from_the_one_before_is_refused_by_its_field(
    opened_law: Database, changes: dict[str, object], field: str
) -> None:
    with pytest.raises(BadInput) as refused:
        tell(opened_law, replace(CAP, **changes))  # type: ignore[arg-type]  # each of its own type
    assert [problem.field for problem in refused.value.problems] == [field]


@pytest.mark.parametrize(
    "figures",
    [
        {"full": {"heat per GJ": Decimal("0")}},
        {"full": {"heat per GJ": Decimal("NaN")}},
        {"full": {"heat per GJ": Decimal("40.971")}},
        {"full": {"steam per GJ": Decimal("40.97")}},
        {"above-100-kw": {"heat per GJ": Decimal("40.97")}},
    ],
    ids=["nothing", "no-number", "no-cents", "unknown-part", "no-class"],
)
def test_what_is_no_figure_is_refused_also_after_a_second_look(
    opened_law: Database, figures: dict[str, dict[str, Decimal]]
) -> None:
    with pytest.raises(BadInput):
        tell(opened_law, replace(CAP, figures=figures), is_checked=True)
    for rate in ("0.9", "-0.01"):
        with pytest.raises(BadInput):
            tell(opened_law, replace(RISE, figures={"energy": {RATE: Decimal(rate)}}), is_checked=True)


def test_a_figure_that_is_far_is_kept_after_a_second_look(opened_law: Database) -> None:
    far = replace(CAP, figures={"full": {"heat per GJ": Decimal("409.70")}})
    assert tell(opened_law, far, is_checked=True)


def test_a_look_before_names_tariffs_and_bills_that_are_touched_and_keeps_nothing(opened_law: Database) -> None:
    hear(opened_law, TARIFF, ADMITTED, SIGNED, measured("anna", MONTHS[1], "4"), closed(MONTHS[1], 1))
    run(opened_law, MONTHS[1])
    with opened_law.read(COMMUNITY) as tx:
        reach = preview_law(tx, [CAP])
        assert law_store.load_law(tx).maxima_on(date(2026, 6, 15))[-1].price_eur == Decimal("40.97")
    [touched] = reach.tariffs
    assert (touched.day, touched.is_adopted) == (date(2026, 6, 1), True)
    assert "40.00 is above the maximum of 36.50" in touched.reasons[0]
    assert (reach.periods, reach.bill_count, reach.total_cents) == ((MONTHS[1],), 1, -1_400)


def test_the_table_shows_each_figure_and_a_form_asks_first(opened_law: Database, tmp_path: Path) -> None:
    hear(opened_law, TARIFF)
    board, member = (visit(opened_law, tmp_path, role) for role in ("board", "member"))
    html = {"Accept": "text/html"}
    form = {
        "valid_from": "2026-06-01",
        "published_on": "2026-05-20",
        "source": "ACM, herstelbesluit",
        "figures.full.heat_per_GJ": "365,00",
        "figures.full.fixed_per_year": "827,91",
    }
    address = "/billing/law/maximum"
    assert member.post(address, data=form, headers=html).status_code == 403
    assert "40.97" in board.get(address, headers=html).text
    far = board.post(address, data=form | {"keep": "yes"}, headers=html)
    assert (far.status_code, "is_checked" in far.text) == (422, True)
    asked = board.post(address, data=form | {"figures.full.heat_per_GJ": "36,50"}, headers=html)
    assert "40 is above the maximum of 36.5" in asked.text
    with opened_law.read(COMMUNITY) as tx:
        assert law_store.count_publications(tx) == 0
    waits = board.post(address, data=form | {"figures.full.heat_per_GJ": "36,50", "keep": "yes"}, headers=html)
    assert "Waits for a second person" in waits.text
    waiting = f"{PAGE}/waiting/1"
    assert member.get(waiting, headers=html).status_code == member.post(waiting, headers=html).status_code == 403
    own = board.get(waiting, headers=html).text
    assert ("You entered this yourself" in own, 'value="confirm"' in own) == (True, False)
    assert board.post(waiting, data={"act": "confirm"}, headers=html).status_code == 409
    with opened_law.read(COMMUNITY) as tx:
        assert law_store.count_publications(tx) == 0
    other = sign_in(open_desk(BILLING, opened_law, tmp_path), "treasurer", account_id="account-2")
    seen = other.get(waiting, headers=html).text
    assert "40 is above the maximum of 36.5" in seen
    assert "36.50" in seen
    assert other.post(waiting, data={"act": "confirm"}, headers=html).status_code == 200
    assert other.post(waiting, data={"act": "confirm"}, headers=html).status_code == 404
    page = member.get("/billing/law", headers=html).text
    assert "ACM, herstelbesluit" in page
    rows = member.get("/billing/exports/law.json").json()["rows"]
    shown = Counter(re.findall(r"€(\d[\d,.]*)", page.replace(",", "")))
    assert shown >= Counter(f"{Decimal(row['figure']):.2f}" for row in rows)
    assert "VAT on everything else" in page
    assert [row["figure"] for row in rows[:2]] == ["827.91", "36.50"] or rows[0]["valid_from"] == "2026-06-01"


def test_law_that_somebody_entered_moves_no_bill_before_another_person_confirms_it(opened_law: Database) -> None:
    hear(opened_law, TARIFF, ADMITTED, SIGNED, measured("anna", MONTHS[1], "4"), closed(MONTHS[1], 1))
    with opened_law.write(COMMUNITY, SECRETARY) as tx:
        assert propose_law(tx, CAP)
        assert propose_law(tx, CAP)
        assert propose_law(tx, replace(CAP, source="another"))
        assert [each.number for each in list_open(tx)] == [1, 2]
        assert load_law(tx) == shipped_law()
        with pytest.raises(CoopError, match="somebody else"):
            confirm_law(tx, 1)
    with opened_law.write(COMMUNITY, TREASURER) as tx:
        withdraw_law(tx, 2)
        confirm_law(tx, 1)
        assert list_open(tx) == []
        assert load_law(tx).maxima_on(date(2026, 6, 15))[-1].price_eur == Decimal("36.50")
    with pytest.raises(DatabaseError, match="confirmed_by_another"), opened_law.write(COMMUNITY, SECRETARY) as tx:
        tx.execute(update(law_proposal).where(law_proposal.c.community == COMMUNITY).values(proposed_by=str(TREASURER)))


def test_a_row_that_was_replaced_by_mistake_holds_again_once_it_is_entered_again(opened_law: Database) -> None:
    wrong = replace(CAP, figures={"full": {"heat per GJ": Decimal("30.00")}}, source="a slip")
    for published in (CAP, wrong, CAP):
        assert len(tell(opened_law, published)) == 1
    with opened_law.write(COMMUNITY, SECRETARY) as tx:
        assert publish_law(tx, [wrong, CAP], is_file=True) == []
        prices = {each.component: each.price_eur for each in load_law(tx).maxima_on(date(2026, 6, 15))}
    assert prices["heat per GJ"] == Decimal("36.50")
