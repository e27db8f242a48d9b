"""The ceiling step by step: on the page, on the paper, and with a calculator it ends where the bill ends."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from coop.billing.bills import account_store as accounts
from coop.billing.bills import store as bills
from coop.billing.bills.book import find_promise
from coop.billing.checking import words
from coop.billing.checking.verify import verify_bill
from coop.billing.documents.archive import freeze
from coop.billing.documents.contents import document_of
from coop.billing.figures.commands import record_figure
from coop.billing.guarantee.derivation import derive_ceiling
from coop.billing.guarantee.rules import ceiling_cents
from coop.billing.model import GasYear, GuaranteeEntry, GuaranteeMode, GuaranteeTerms, PublishedFigure, YearFigure
from coop.billing.runs.commands import issue_bills, release_run
from coop.kit.database import Database
from coop.values import Period
from coop.verification.ceilings import verify_ceilings
from coop.verification.rows import read_kept
from coop.verification.told import Told
from tests.billing.village import address, admitted, hear, month_of, promised, signed, tariff_adopted, visit
from tests.desk import CHAIR, COMMUNITY, SECRETARY

JANUARY, FEBRUARY = Period.month(2025, 1), Period.month(2025, 2)
HTML = {"accept": "text/html", "accept-language": "en"}
E9 = GuaranteeTerms(
    year=Period(date(2025, 1, 1), date(2026, 1, 1)),
    mode=GuaranteeMode.PLAIN,
    reference=(
        GasYear(2020, 1250, 118_750),
        GasYear(2021, 1180, 165_200),
        GasYear(2022, 1090, 155_870),
        GasYear(2023, 1150, 161_000),
    ),
    factors=(YearFigure(2024, Decimal("1.033")), YearFigure(2025, Decimal("1.03"))),
    tap_share=Decimal("0.21"),
    degree_days=(),
    normal_degree_days=None,
    days_covered=365,
)


def test_e9_is_derived_step_by_step() -> None:
    derived = derive_ceiling(E9)
    assert [paid.counted_cents for paid in derived.counted] == [118_750, 165_200, 155_870, 161_000]
    assert derived.mean_cents == 150_205
    assert [step.after_cents for step in derived.indexed] == [155_162, 159_817]
    assert derived.ceiling_cents == ceiling_cents(E9) == 159_817
    assert [amount.replace("\xa0", " ") for _, amount in words.ceiling_steps("en", derived)] == [
        "€1,502.05",
        "€1,551.62",
        "€1,598.17",
    ]


def test_a_year_that_was_cut_short_has_a_step_for_its_days() -> None:
    derived = derive_ceiling(replace(E9, days_covered=73))
    said, amount = words.ceiling_steps("en", derived)[-1]
    assert said == "73 of 365 days: 20.0% of the year"
    assert amount == "€319.63"


def test_without_gas_bills_nothing_is_derived() -> None:
    derived = derive_ceiling(replace(E9, reference=()))
    assert (derived.ceiling_cents, derived.counted, words.ceiling_steps("en", derived)) == (None, (), [])


@given(
    amounts=st.lists(st.integers(0, 500_000), min_size=1, max_size=4),
    factors=st.lists(st.decimals("0.9", "1.2", places=3), max_size=5),
    days=st.integers(0, 365),
)
def test_the_steps_end_where_the_ceiling_ends(amounts: list[int], factors: list[Decimal], days: int) -> None:
    terms = replace(
        E9,
        reference=tuple(GasYear(2020 + nth, 1000, amount) for nth, amount in enumerate(amounts)),
        factors=tuple(YearFigure(2024 + nth, factor) for nth, factor in enumerate(factors)),
        days_covered=days,
    )
    derived = derive_ceiling(terms)
    assert derived.ceiling_cents == ceiling_cents(terms)
    if days == 365:
        last = derived.indexed[-1].after_cents if derived.indexed else derived.mean_cents
        assert last == derived.ceiling_cents


@pytest.fixture
def weather(database: Database) -> Database:
    """A month of two members is billed, under a guarantee that counts the weather."""
    hear(
        database,
        promised(date(2024, 1, 1), mode="weather"),
        tariff_adopted(),
        admitted("anna"),
        signed("anna"),
        admitted("bram"),
    )
    hear(database, signed("bram", reference=()), *month_of(["anna", "bram"], JANUARY))
    with database.write(COMMUNITY, SECRETARY) as tx:
        for year, value in ((2020, 2890), (2021, 2610), (2022, 2640), (2023, 2700)):
            record_figure(tx, PublishedFigure("wdd", year, Decimal(value), "KNMI"), None)
        record_figure(tx, PublishedFigure("wdd-normal", 2025, Decimal(2800), "KNMI"), None)
        assert issue_bills(tx, JANUARY, date(2025, 2, 3)).status == "issued"
    return database


def test_a_member_follows_the_own_ceiling_from_the_gas_bills_to_the_credit(weather: Database, tmp_path: Path) -> None:
    anna = visit(weather, tmp_path, "member", member_id="anna")
    path = "/billing/contracts/contract-anna/ceiling/2025-01-01"
    assert path in anna.get("/billing/", headers=HTML).text
    page = anna.get(path, headers=HTML).text.replace("\xa0", " ")
    for text in ("1,250 m³", "€1,187.50", "2,890", "€1,158.29", "normal weather", "1. What you paid for gas"):
        assert text in page, text
    assert "In the first guarantee year no price index counts yet." in page
    assert "Heat cost €139.16 so far" in page
    rows = anna.get("/billing/exports/gas-years.csv?contract=contract-anna&day=2025-01-01").text
    assert rows.splitlines()[1].startswith("2020,1250,1187.50,2890,1158.29")


def test_a_member_without_gas_bills_reads_why_there_is_no_ceiling(weather: Database, tmp_path: Path) -> None:
    bram = visit(weather, tmp_path, "member", member_id="bram")
    page = bram.get("/billing/contracts/contract-bram/ceiling/2025-06-01", headers=HTML).text
    assert "There are no gas bills on file, so there is no ceiling." in page
    assert bram.get("/billing/contracts/contract-anna/ceiling/2025-06-01", headers=HTML).status_code == 404
    assert bram.get("/billing/contracts/contract-bram/ceiling/2031-06-01", headers=HTML).status_code == 404


def test_a_vote_for_new_contracts_takes_no_promise_away_from_a_running_one(database: Database) -> None:
    begun = [tariff_adopted(valid_from=date(2024, 1, 1)), admitted("anna"), signed("anna", date(2024, 6, 1))]
    hear(database, *begun, promised(date(2025, 1, 1), mode="off"), admitted("bram"))
    hear(database, signed("bram"), *month_of(["anna", "bram"], JANUARY))
    issued = issue_january(database)
    assert issued["anna"].ceiling_cents == 150_205
    assert issued["bram"].ceiling_cents is None
    assert issued["bram"].notes == ("guarantee-off",)
    with database.read(COMMUNITY) as tx:
        assert find_promise(tx, "contract-bram") is None


def test_a_vote_on_the_years_that_count_moves_the_ceiling_of_no_contract_that_runs(database: Database) -> None:
    begun = [tariff_adopted(valid_from=date(2024, 1, 1)), admitted("anna"), signed("anna", date(2024, 1, 1))]
    later: dict[str, Any] = {"reference_years": 1, "index_month": 1, "index_series": "another-index"}
    hear(database, *begun, promised(date(2025, 1, 1), **later), admitted("bram"))
    hear(database, signed("bram"), *month_of(["anna", "bram"], JANUARY))
    with database.write(COMMUNITY, SECRETARY) as tx:
        record_figure(tx, PublishedFigure("cpi-households", 2024, Decimal("1.00"), "invented"), None)
    issued = issue_january(database)
    # anna has the mean of four years and the index that she was promised; bram the newest year alone
    assert {name: entry.ceiling_cents for name, entry in issued.items()} == {"anna": 150_205, "bram": 161_000}
    with database.read(COMMUNITY) as tx:
        kept = read_kept(tx)
        told = Told(signed=[signed("anna", date(2024, 1, 1)), signed("bram")])
        assert list(verify_ceilings(kept, told)) == []
        for head in bills.list_heads(tx):
            assert verify_bill(tx, head.id).findings == ()


def test_a_promise_ends_with_its_term_and_not_a_day_before(database: Database) -> None:
    short = promised(date(2020, 1, 1), term_years=1, exit_after_years=0)
    hear(database, short, tariff_adopted(valid_from=date(2024, 1, 1)), admitted("anna"), admitted("bram"))
    hear(database, signed("anna", date(2024, 1, 1)), signed("bram", date(2024, 2, 1)))
    hear(database, *month_of(["anna", "bram"], JANUARY))
    issued = issue_january(database)
    assert (issued["anna"].ceiling_cents, issued["anna"].notes) == (None, ("guarantee-over",))
    assert issued["bram"].ceiling_cents == 150_205


def test_a_member_reads_until_when_the_ceiling_is_promised_and_from_when_on_to_stop(
    weather: Database, tmp_path: Path
) -> None:
    sentence = (
        "Not More Than Now is promised to you until 31 December 2039, whatever is voted; from 1 January 2030 on you may"
        " stop. Who stops before 1 January 2030 ends the guarantee before its agreed term. By law you may end the"
        " supply all the same, in writing (Warmtewet art. 3c); a contract after that has the promise of its own first"
        " day. A meeting may change prices, which bind you once you were told in writing. It cannot take from you the"
        " promise, its term, its kind, or how your ceiling is reckoned."
    )
    hear(weather, promised(date(2026, 1, 1), 101, term_years=3, exit_after_years=1))
    anna = visit(weather, tmp_path, "member", member_id="anna")
    assert sentence in anna.get("/billing/contracts/contract-anna/ceiling/2025-01-01", headers=HTML).text
    with weather.read(COMMUNITY) as tx:
        heads = {head.member_id: head for head in bills.list_heads(tx)}
    assert sentence in anna.get(f"/billing/bills/{heads['anna'].id}", headers=HTML).text
    address(weather)
    with weather.read(COMMUNITY) as tx:
        frozen = freeze(tx, bills.find_bills(tx))
    on_paper = {each.issued.member_id: document_of(each)["notes"] for each in frozen.values()}
    promised_on = {name: [note for note in notes if "2039" in note] for name, notes in on_paper.items()}
    assert [len(promised_on[name]) for name in ("anna", "bram")] == [1, 0]


def test_everybody_reads_in_how_many_guarantee_years_heat_stayed_under_the_ceiling(
    weather: Database, tmp_path: Path
) -> None:
    anna = visit(weather, tmp_path, "member", member_id="anna")
    page = anna.get("/billing/", headers=HTML).text
    assert "in 1 of 1 guarantee years of all members together, heat cost no more than the ceiling" in page
    hear(weather, admitted("carla"), signed("carla"), *month_of(["anna", "bram", "carla"], FEBRUARY, "60"))
    with weather.write(COMMUNITY, SECRETARY) as tx:
        run = issue_bills(tx, FEBRUARY, date(2025, 3, 3))
    with weather.write(COMMUNITY, CHAIR) as tx:
        assert release_run(tx, run.run_id).status == "issued"
    with weather.read(COMMUNITY) as tx:
        assert accounts.count_kept(tx) == (2, 2), "bram has no ceiling"
        assert sum(head.credit_cents for head in bills.list_heads(tx)) > 0


def issue_january(database: Database) -> dict[str, GuaranteeEntry]:
    """Bill January; what it did to the guarantee year of each member."""
    with database.write(COMMUNITY, SECRETARY) as tx:
        run = issue_bills(tx, JANUARY, date(2025, 2, 3))
        assert run.status == "issued", run.brakes
        return {issued.member_id: issued.bill.guarantee[0] for issued in bills.find_bills(tx)}
