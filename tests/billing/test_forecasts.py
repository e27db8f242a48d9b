"""What a guarantee year will cost, told before it is over: as its bills will come out, and never above the ceiling."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from decimal import Decimal
from fractions import Fraction
from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from coop.billing.amounts.expecting import Use, expect_heat, expect_other, share_at_weather
from coop.billing.amounts.forecasting import Forecast, spread_evenly
from coop.billing.amounts.forecasts import forecast_contract
from coop.billing.bills.book import find_contract
from coop.billing.bills.store import list_heads
from coop.billing.guarantee.gas import GJ_PER_M3
from coop.billing.model import Contract, GasYear, Profile
from coop.billing.runs.commands import issue_bills
from coop.kit.database import Database
from coop.values import Period
from tests.billing.conftest import Opened
from tests.billing.village import (
    admitted,
    allocated,
    closed,
    ended,
    hear,
    measured,
    month_of,
    signed,
    tariff_adopted,
    visit,
)
from tests.desk import COMMUNITY, SECRETARY

JANUARY = Period.month(2025, 1)
HTML = {"accept": "text/html", "accept-language": "en"}
NORMAL = Profile(Decimal("0.21"), "491 438 357 197 114 55 20 22 82 220 363 471")
ROUNDED = GJ_PER_M3["rounded"]
HOME = Contract("c", "m", "k", date(2025, 1, 1), None, None, (GasYear(2023, 1200, 150_000),))


def told(database: Database, member_id: str = "anna") -> Forecast | None:
    with database.read(COMMUNITY) as tx:
        contract = find_contract(tx, f"contract-{member_id}")
        assert contract is not None
        return forecast_contract(tx, contract)


def issue(database: Database, period: Period) -> None:
    with database.write(COMMUNITY, SECRETARY) as tx:
        issue_bills(tx, period, tx.today)


def test_e11_a_mild_year_is_expected_again_as_a_normal_one() -> None:
    profile = replace(NORMAL, tap_share=Decimal(18) / Decimal(73))
    mild = {(f"wdd-{number:02}", 2025): Decimal(each) * Decimal("0.9") for number, each in enumerate(months(), 1)}
    expected = expect_heat(
        Period.year(2026), [Use(Period.year(2025), Fraction(30 * 10**9))], HOME, profile, mild, ROUNDED
    )
    assert expected is not None
    assert (round(expected.amount / 10**9, 3), expected.basis) == (Decimal("32.444"), "last-year")


def months() -> list[int]:
    return [int(number) for number in NORMAL.degree_days_by_month.split()]


def test_without_degree_days_on_file_last_year_is_expected_as_it_was() -> None:
    expected = expect_heat(Period.year(2026), [Use(Period.year(2025), Fraction(30))], HOME, NORMAL, {}, ROUNDED)
    assert expected is not None
    assert expected.amount == 30


def test_a_month_without_cold_is_its_tap_water_alone() -> None:
    none = {("wdd-07", 2025): Decimal(0)}
    share = share_at_weather(Period.month(2025, 7), NORMAL, none)
    assert share == Fraction("0.21") * Fraction(31, 365)
    assert share < share_at_weather(Period.month(2025, 7), NORMAL, {})


def test_a_summer_alone_tells_nothing_and_the_gas_bills_do() -> None:
    july = [Use(Period.month(2025, 7), Fraction(10**9))]
    expected = expect_heat(JANUARY, july, HOME, NORMAL, {}, ROUNDED)
    assert expected is not None
    assert expected.basis == "gas-bills"
    nobody = replace(HOME, reference=())
    assert expect_heat(JANUARY, july, nobody, NORMAL, {}, ROUNDED) is None


def test_the_months_of_a_year_expected_from_gas_are_together_its_heat() -> None:
    parts = [expect_heat(month, [], HOME, NORMAL, {}, ROUNDED) for month in Period.year(2025).months()]
    assert abs(sum(part.amount for part in parts if part) - Decimal(1200 * 10**9) / 35) < 12  # 35 m3 for a GJ


def test_shared_electricity_is_expected_as_last_year_or_by_its_mean() -> None:
    uses = [Use(Period.month(2025, 1), Fraction(31)), Use(Period.month(2025, 2), Fraction(56))]
    assert expect_other(Period.month(2026, 2), uses) == 56
    assert expect_other(Period.month(2025, 3), uses) == round(Fraction(87, 59) * 31)


@given(amount_cents=st.integers(-10_000_000, 10_000_000), parts=st.integers(1, 24))
def test_e15_an_amount_spread_evenly_is_together_the_amount(amount_cents: int, parts: int) -> None:
    spread = spread_evenly(amount_cents, parts)
    assert sum(spread) == amount_cents
    assert max(spread) - min(spread) <= 1


def test_a_new_member_reads_from_the_gas_bills_what_the_year_will_cost(opened: Opened) -> None:
    database = opened(date(2025, 1, 10))
    hear(database, tariff_adopted(), admitted("anna"), signed("anna"))
    made = told(database)
    assert made is not None
    assert {month.basis for month in made.expected} == {"gas-bills"}
    # 33.4 GJ at 38.00 and 520.00 a year, above the ceiling of E9.
    assert 178_000 < made.heat_cents < 179_500
    assert (made.ceiling_cents, made.paid_heat_cents) == (150_205, 150_205)
    assert made.credit_cents == made.heat_cents - 150_205


def test_the_expected_month_is_priced_as_its_bill_will_be(opened: Opened) -> None:
    database = opened(date(2025, 2, 3))
    hear(database, tariff_adopted(), admitted("anna"), signed("anna"), *month_of(["anna"], JANUARY, "5"))
    issue(database, JANUARY)
    before = told(database)
    assert before is not None
    february = before.expected[0]
    assert (february.period, february.basis) == (Period.month(2025, 2), "use-so-far")
    heard = measured("anna", february.period, format(february.heat_j.scaleb(-9), "f"))
    share = allocated("anna", february.period, round(40_000 * 28 / 31))
    database = opened(date(2025, 3, 3))
    hear(database, heard, share, closed(february.period, 1, 1))
    issue(database, february.period)
    after = told(database)
    assert after is not None
    assert after.billed_heat_cents == before.billed_heat_cents + february.heat_cents
    assert after.billed_other_cents == before.billed_other_cents + february.other_cents
    # The mean of two months that agree is that of one, but for single joules.
    assert abs(after.total_cents - before.total_cents) <= 12


def test_once_every_month_is_billed_the_forecast_is_what_the_bills_say(opened: Opened) -> None:
    database = opened(date(2025, 1, 10))
    hear(database, tariff_adopted(), admitted("anna"), signed("anna"))
    for month in Period.year(2025).months()[:11]:
        database = opened(month.end)
        hear(database, *month_of(["anna"], month, "4"))
        issue(database, month)
    december = Period.month(2025, 12)
    hear(database, *month_of(["anna"], december, "4"))
    database = opened(date(2026, 1, 2))
    issue(database, december)
    opened(date(2025, 12, 31))
    made = told(database)
    assert made is not None
    assert made.expected == ()
    with database.read(COMMUNITY) as tx:
        assert made.total_cents == sum(head.total_cents for head in list_heads(tx))
    assert made.credit_cents == 48 * 3800 + 52_000 - 150_205


def test_a_known_end_shortens_the_year_and_its_ceiling(opened: Opened) -> None:
    database = opened(date(2025, 1, 10))
    hear(database, tariff_adopted(), admitted("anna"), signed("anna"), ended("anna", date(2025, 7, 1)))
    made = told(database)
    assert made is not None
    assert made.days == Period(date(2025, 1, 1), date(2025, 7, 1))
    assert made.expected[-1].period == Period.month(2025, 6)
    assert made.ceiling_cents is not None
    assert made.ceiling_cents < 150_205
    opened(date(2025, 7, 1))
    assert told(database) is None


def test_a_ceiling_that_waits_for_its_index_is_said_to_be_unknown(opened: Opened) -> None:
    database = opened(date(2026, 1, 10))
    hear(database, tariff_adopted(), admitted("anna"), signed("anna"))
    made = told(database)
    assert made is not None
    assert (made.ceiling_cents, made.ceiling_unknown) == (None, True)
    assert made.credit_cents == 0


def test_nothing_is_told_without_a_tariff_or_where_nothing_is_known(opened: Opened) -> None:
    database = opened(date(2025, 1, 10))
    hear(database, admitted("anna"), signed("anna"))
    assert told(database) is None
    hear(database, tariff_adopted(), admitted("bram"), signed("bram", reference=()))
    assert told(database) is not None
    assert told(database, "bram") is None


def test_a_member_reads_the_forecast_and_takes_it_away_and_nobody_else_does(opened: Opened, tmp_path: Path) -> None:
    database = opened(date(2025, 2, 3))
    hear(database, tariff_adopted(), *(admitted(name) for name in ("anna", "bram")), signed("anna"), signed("bram"))
    hear(database, *month_of(["anna", "bram"], JANUARY))
    issue(database, JANUARY)
    anna = visit(database, tmp_path, "member", member_id="anna")
    mine = anna.get("/billing/", headers=HTML).text
    assert "under your ceiling" in mine
    assert "/billing/contracts/contract-anna/forecast" in mine
    page = anna.get("/billing/contracts/contract-anna/forecast", headers=HTML)
    assert "December 2025" in page.text
    assert "your use of the last twelve months, at normal weather" in page.text
    rows = anna.get("/billing/exports/forecast.csv?contract=contract-anna").text.splitlines()
    assert len(rows) == 12
    answer = anna.get("/billing/api/v1/contracts/contract-anna/forecast").json()
    assert answer["total_cents"] == answer["heat_cents"] - answer["credit_cents"] + answer["billed_other_cents"] + sum(
        month["other_cents"] for month in answer["expected"]
    )
    bram = visit(database, tmp_path, "member", member_id="bram")
    for path in (
        "/billing/contracts/contract-anna/forecast",
        "/billing/exports/forecast.csv?contract=contract-anna",
        "/billing/api/v1/contracts/contract-anna/forecast",
    ):
        assert bram.get(path).status_code == 404
    dutch = {**HTML, "accept-language": "nl"}
    assert "onder uw plafond" in anna.get("/billing/", headers=dutch).text
