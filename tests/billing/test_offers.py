"""Offers: what is offered from gas bills is what the contract then holds and bills."""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path

import pytest

from coop.billing.bills import account_store as accounts
from coop.billing.bills import store as bills
from coop.billing.model import GasYear
from coop.billing.offers.commands import preview_offer
from coop.billing.offers.paper import write_offer
from coop.billing.offers.rules import Offer
from coop.billing.runs.commands import issue_bills
from coop.communities.store import profile_of
from coop.kit.database import Database
from coop.values import BadInput, CoopError, Period
from coop.web.writing import money
from tests.billing.test_effects import dump
from tests.billing.village import E9_YEARS, admitted, closed, hear, measured, release, signed, tariff_adopted, visit
from tests.desk import COMMUNITY, SECRETARY
from tests.kit.clocks import SetClock
from tests.poppler import assert_no_warning

GAS = tuple(GasYear(year.year, year.gas_m3, year.amount_cents) for year in E9_YEARS)
STARTS_ON = date(2027, 1, 1)
HTML = {"accept": "text/html"}


@pytest.fixture
def village(database: Database) -> Database:
    """A co-operative with a tariff, in November 2026."""
    database.clock = SetClock(datetime(2026, 11, 26, 9, tzinfo=UTC))
    hear(database, tariff_adopted())
    return database


def offer(database: Database, starts_on: date = STARTS_ON, gas: tuple[GasYear, ...] = GAS) -> Offer:
    with database.read(COMMUNITY) as tx:
        return preview_offer(tx, starts_on, gas, "full")


def test_the_ceiling_of_e9_is_offered(village: Database) -> None:
    offered = offer(village)
    assert offered.ceiling_cents == 150_205  # the mean of the four bills of E9: 1,502.05
    assert offered.gas_cents == 150_205
    # 1,167.5 m3 a year on average make 33.4 GJ, at 35 m3 for a GJ
    assert offered.heat_j == pytest.approx(Decimal(1_167_500_000_000) / 35, abs=12)


def test_what_is_offered_is_what_the_contract_holds_and_bills(village: Database) -> None:
    offered = offer(village)
    hear(village, admitted("anna"), signed("anna", STARTS_ON))
    assert isinstance(village.clock, SetClock)
    for month in offered.year.months:
        hear(village, measured("anna", month.days, str(month.heat_j.scaleb(-9))), closed(month.days, 1))
        village.clock.set(datetime(month.days.end.year, month.days.end.month, 1, 9, tzinfo=UTC))
        with village.write(COMMUNITY, SECRETARY) as tx:
            run = issue_bills(tx, month.days, month.days.end)
            if run.status == "held":
                release(tx, run.run_id)
    with village.read(COMMUNITY) as tx:
        billed = [(head.period, head.total_cents, head.credit_cents) for head in bills.list_heads(tx)]
        ceilings = {entry.ceiling_cents for entry in accounts.list_entries(tx, "contract-anna")}
    assert billed == [(month.days, month.total_cents, month.credit_cents) for month in offered.year.months]
    assert ceilings == {offered.ceiling_cents}
    assert offered.year.credit_cents > 0


def test_a_contract_that_begins_inside_a_month_is_offered_its_own_year(village: Database) -> None:
    offered = offer(village, date(2027, 3, 15))
    days = [month.days for month in offered.year.months]
    assert (days[0].start, days[-1].end, len(days)) == (date(2027, 3, 15), date(2028, 3, 15), 13)
    assert offered.ceiling_cents == 150_205


def test_an_offer_changes_nothing_in_the_database(village: Database) -> None:
    before = dump(village)
    offer(village)
    assert dump(village) == before


@pytest.mark.parametrize(
    ("gas", "field"),
    [
        ((), "gas"),
        ((GasYear(2027, 1000, 100_00),), "gas.0.year"),
        ((GasYear(2024, 1000, 100_00), GasYear(2024, 900, 100_00)), "gas.1.year"),
        ((GasYear(2024, -1, 100_00),), "gas.0.m3"),
        ((GasYear(2024, 1000, 0),), "gas.0.eur"),
    ],
)
def test_gas_bills_that_cannot_be_are_refused_by_their_field(
    village: Database, gas: tuple[GasYear, ...], field: str
) -> None:
    with pytest.raises(BadInput) as refused:
        offer(village, gas=gas)
    assert field in [problem.field for problem in refused.value.problems]


def test_without_a_tariff_on_the_first_day_nothing_is_offered(village: Database) -> None:
    with pytest.raises(CoopError, match="no tariff is adopted"):
        offer(village, date(2024, 12, 31))
    assert offer(village, date(2025, 1, 1)).year.months[0].days == Period.month(2025, 1)


FILLED = {
    "name": "Sam 中 de Boer",
    "starts_on": "2027-01-01",
    "customer_class": "full",
    **{f"gas.{number}.year": str(paid.year) for number, paid in enumerate(GAS)},
    **{f"gas.{number}.m3": str(paid.gas_m3) for number, paid in enumerate(GAS)},
    **{f"gas.{number}.eur": f"{paid.amount_cents / 100:.2f}".replace(".", ",") for number, paid in enumerate(GAS)},
}


def test_board_and_treasurer_make_an_offer_on_a_page_and_as_a_letter(village: Database, tmp_path: Path) -> None:
    for role in ("board", "treasurer"):
        desk = visit(village, tmp_path, role)
        assert 'name="gas.3.eur"' in desk.get("/billing/offers", headers=HTML).text
        page = desk.post("/billing/offers", data=FILLED, headers=HTML).text
        assert "€1,502.05" in page
        letter = desk.post("/billing/offers/letter.pdf", data=FILLED)
        assert (letter.headers["content-type"], letter.content[:5]) == ("application/pdf", b"%PDF-")
        assert_no_warning(letter.content)


def test_the_letter_says_what_the_page_says(village: Database) -> None:
    offered = offer(village)
    with village.read(COMMUNITY) as tx:
        said = write_offer(offered, "Sam de Boer", profile_of(tx, tx.today), tx.today, "en")
    assert said["name"] == "Sam de Boer"
    assert ("Your ceiling in the first year", "€1,502.05") in said["facts"]
    assert [amount for _, amount in said["months"]] == [money("en", month.total_cents) for month in offered.year.months]
    assert len(said["prices"]) == 5


def test_the_data_of_an_offer_are_those_of_the_page(village: Database, tmp_path: Path) -> None:
    gas = [{"year": paid.year, "gas_m3": paid.gas_m3, "amount_cents": paid.amount_cents} for paid in GAS]
    asked = {"starts_on": "2027-01-01", "gas": gas}
    answer = visit(village, tmp_path, "board").post("/billing/api/v1/offers/preview", json=asked).json()
    offered = offer(village)
    assert (answer["ceiling_cents"], answer["total_cents"]) == (offered.ceiling_cents, offered.year.total_cents)
    assert sum(month["total_cents"] for month in answer["months"]) == answer["total_cents"]


def test_a_form_that_cannot_be_read_comes_back_with_each_mistake(village: Database, tmp_path: Path) -> None:
    board = visit(village, tmp_path, "board")
    wrong = FILLED | {"starts_on": "soon", "gas.0.m3": "much", "gas.1.eur": "1,234,5", "gas.2.year": "2o22"}
    for address in ("/billing/offers", "/billing/offers/letter.pdf"):
        answer = board.post(address, data=wrong, headers=HTML)
        assert answer.status_code == 422
        assert answer.text.count("field-bad") == 4


def test_nobody_else_makes_offers(village: Database, tmp_path: Path) -> None:
    for role in ("member", "auditor", "operator", "partner"):
        visitor = visit(village, tmp_path, role)
        assert visitor.get("/billing/offers").status_code == 403
        assert visitor.post("/billing/offers", data=FILLED).status_code == 403
        assert visitor.post("/billing/offers/letter.pdf", data=FILLED).status_code == 403
        assert visitor.post("/billing/api/v1/offers/preview", json={}).status_code == 403
