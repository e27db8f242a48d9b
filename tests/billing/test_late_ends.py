"""An end of contract that is told late: the net of all bills is what it would be had it been known in time."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from itertools import permutations

import pytest
from sqlalchemy import delete

from coop.billing.bills import store as bills
from coop.billing.bills.book import load_book
from coop.billing.checking.verify import verify_bill
from coop.billing.figures.commands import record_figure
from coop.billing.model import LineKind, PublishedFigure
from coop.billing.runs.commands import correct_bills, issue_bills, preview_corrections
from coop.billing.runs.results import RunResult
from coop.billing.tables.heard import contract_ended, member_left
from coop.billing.terms.heard_store import store_fact
from coop.events.members import MemberLeft
from coop.kit.database import Database
from coop.values import Period
from tests.billing.village import admitted, closed, ended, hear, measured, release, signed, tariff_adopted
from tests.desk import COMMUNITY, SECRETARY

TODAY = date(2026, 10, 1)


def months(first: date, count: int) -> list[Period]:
    found, start = [], first
    for _ in range(count):
        found.append(Period.month(start.year, start.month))
        start = found[-1].end
    return found


def bill(database: Database, month: Period | None) -> RunResult:
    """Bill a month, or correct; a brake is released."""
    with database.write(COMMUNITY, SECRETARY) as tx:
        run = correct_bills(tx, TODAY) if month is None else issue_bills(tx, month, TODAY)
        return release(tx, run.run_id) if run.status == "held" else run


def net_cents(database: Database) -> int:
    """Heat after credit of all bills, each of which agrees with what it rests on."""
    with database.read(COMMUNITY) as tx:
        heads = bills.list_heads(tx)
        assert [verify_bill(tx, head.id).findings for head in heads] == [()] * len(heads)
        return sum(head.total_cents for head in heads)


@pytest.mark.parametrize("told_late", [False, True], ids=["in time", "late"])
def test_a_leaver_on_the_last_day_of_a_month_has_the_shortened_ceiling(database: Database, told_late: bool) -> None:
    hear(database, tariff_adopted(), admitted("anna"), signed("anna"))
    quarter = months(date(2025, 1, 1), 3)
    if not told_late:
        hear(database, ended("anna", date(2025, 4, 1)))
    for month in quarter:
        hear(database, measured("anna", month, "8"), closed(month, 1))
        bill(database, month)
    if told_late:
        hear(database, ended("anna", date(2025, 4, 1)))
        [corrected] = bill(database, None).bills
        assert (corrected.kind, corrected.period, corrected.credit_cents) == ("correction", quarter[-1], 42_322)
        assert bill(database, None).bills == (corrected,), "asked again it answers the same"
    # 1,502.05 of which tap water has 90 of 365 days and the rest 1,286 of 2,830 degree days
    assert net_cents(database) == 61_700


@pytest.mark.parametrize("told_late", [False, True], ids=["in time", "late"])
def test_an_end_that_is_told_after_the_next_guarantee_year_began_makes_no_negative_ceiling(
    database: Database, told_late: bool
) -> None:
    hear(database, tariff_adopted(), admitted("anna"), signed("anna"))
    with database.write(COMMUNITY, SECRETARY) as tx:
        record_figure(tx, PublishedFigure("cpi-households", 2025, Decimal("1.03"), "invented"))
    if not told_late:
        hear(database, ended("anna", date(2025, 7, 1)))
    for month in months(date(2025, 1, 1), 14):
        heat = "3" if month.end <= date(2025, 7, 1) else "0"
        hear(database, measured("anna", month, heat), closed(month, 1))
        bill(database, month)
    if told_late:
        hear(database, ended("anna", date(2025, 7, 1)))
        bill(database, None)
    # 1,502.05 of which tap water has 181 of 365 days and the rest 1,652 of 2,830 degree days
    assert net_cents(database) == 84_910
    with database.read(COMMUNITY) as tx:
        entries = [entry for issued in bills.find_bills(tx) for entry in issued.bill.guarantee]
        assert min(entry.ceiling_cents or 0 for entry in entries) >= 0


def test_a_ceiling_that_moved_is_settled_with_the_correction_that_the_contract_gets_anyway(database: Database) -> None:
    hear(database, tariff_adopted(), admitted("anna"), signed("anna"))
    with database.write(COMMUNITY, SECRETARY) as tx:
        record_figure(tx, PublishedFigure("cpi-households", 2025, Decimal("1.00"), "invented"))
    for month in months(date(2025, 11, 1), 3):
        hear(database, measured("anna", month, "45"), closed(month, 1))
        bill(database, month)
    january = Period.month(2026, 1)
    hear(database, ended("anna", date(2025, 12, 1)), measured("anna", january, "44", 2), closed(january, 1, 0, 2))
    with database.read(COMMUNITY) as tx:
        drafted = preview_corrections(tx, TODAY)
    assert len({made.bill_id for made in drafted.bills}) == len(drafted.bills)
    bill(database, None)
    with database.read(COMMUNITY) as tx:
        issued = bills.find_bills(tx)
        heat = sum(
            line.amount_cents for made in issued for line in made.bill.lines if line.kind is not LineKind.GUARANTEE
        )
    assert net_cents(database) == min(heat, 127_777)


def test_of_the_ends_that_were_told_the_newest_holds_in_any_order_and_told_twice(database: Database) -> None:
    days: list[tuple[int, date | None]] = [
        (2, date(2025, 6, 1)),
        (5, None),
        (9, date(2025, 9, 1)),
        (2, date(2025, 6, 1)),
    ]
    outcomes = set()
    for order in permutations(days):
        with database.write(COMMUNITY, SECRETARY) as tx:
            for table in (contract_ended, member_left):
                tx.execute(delete(table).where(table.c.community == tx.community))
        hear(database, admitted("anna", date(2025, 1, 1)), signed("anna"))
        for number, day in order:
            left = MemberLeft(member_id="anna", left_on=day, number=number)
            with database.write(COMMUNITY, SECRETARY) as tx:
                store_fact(tx, contract_ended, ended("anna", day, number))
                store_fact(tx, member_left, left)
        with database.read(COMMUNITY) as tx:
            book = load_book(tx)
        outcomes.add((book.contracts[0].ends_on, book.memberships["anna"][0].end))
    assert outcomes == {(date(2025, 9, 1), date(2025, 9, 1))}


def test_an_end_taken_back_after_the_final_bill_is_billed_as_if_it_had_never_been_told(database: Database) -> None:
    hear(database, tariff_adopted(), admitted("anna"), signed("anna"), ended("anna", date(2025, 2, 1)))
    quarter = months(date(2025, 1, 1), 3)
    for month in quarter:
        hear(database, measured("anna", month, "8"), closed(month, 1))
        bill(database, month)
    early = net_cents(database)
    hear(database, ended("anna", None, 1))
    bill(database, None)
    late = net_cents(database)
    assert late > early
    with database.read(COMMUNITY) as tx:
        heads = bills.list_heads(tx)
    assert {head.period for head in heads} == set(quarter)
    hear(database, ended("anna", date(2025, 2, 1), 2))
    bill(database, None)
    assert net_cents(database) == early
