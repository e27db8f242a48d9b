"""A tariff as a list of priced components: bands, caps, cold, connections, classes, services, and what none prices."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from coop.billing.bills import ledger_store as stored_ledger
from coop.billing.bills import store as bills
from coop.billing.checking.verify import verify_bill
from coop.billing.model import Contract, Line, LineKind, Notice
from coop.billing.runs.commands import issue_bills
from coop.billing.runs.results import RunResult
from coop.billing.runs.texts import brake_sentence
from coop.billing.terms.tariffs import read_tariff, terms_of
from coop.communities.law import shipped_law
from coop.events.governance import TariffAdopted
from coop.kit.database import Database
from coop.values import Period
from tests.billing.village import (
    admitted,
    allocated,
    closed,
    component,
    hear,
    measured,
    parameters,
    promised,
    release,
    signed,
    tariff_adopted,
    tell_in_writing,
)
from tests.desk import COMMUNITY, SECRETARY

JANUARY = Period.month(2025, 1)


def heat(name: str, price: str, **more: Any) -> dict[str, Any]:
    return component(name, "heat", "GJ", price, account="heat-variable", **more)


def of_2025(*more: dict[str, Any], electricity: str = "0.21") -> TariffAdopted:
    return tariff_adopted(more=more, electricity=electricity)


def of_2023(components: Sequence[dict[str, Any]]) -> TariffAdopted:
    adopted = {"valid_from": "2023-01-01", "components": list(components)}
    return tariff_adopted("capped", date(2023, 1, 1), date(2022, 12, 1), adopted=adopted)


CAPPED = of_2023(
    [
        heat("Heat up to 37 GJ", "47.38", to="37"),
        heat("Heat above 37 GJ", "90.91", **{"from": "37"}),
        component("Standing charge", "standing", "year", "549.58"),
        component("Metering charge", "metering", "year", "30.75"),
    ]
)
"""The tariff of example E4."""


def run(database: Database, period: Period) -> RunResult:
    with database.write(COMMUNITY, SECRETARY) as tx:
        result = issue_bills(tx, period, tx.today)
    if result.status == "held":
        with database.write(COMMUNITY, SECRETARY) as tx:
            result = release(tx, result.run_id)
    return result


def bill(database: Database, period: Period, energy_gj: str, *more: Any) -> bills.IssuedBill:
    """The bill of a period, with what it was computed from agreeing with it."""
    hear(database, measured("anna", period, energy_gj), *more, closed(period, 1 + len(more)))
    result = run(database, period)
    with database.read(COMMUNITY) as tx:
        made = bills.get_bill(tx, result.bills[0].number)
        assert verify_bill(tx, made.id).findings == ()
        return made


def lines_of(made: bills.IssuedBill, kind: LineKind) -> list[Line]:
    return [line for line in made.bill.lines if line.kind is kind]


def test_e4_42_gj_in_2023_cross_the_step_at_37_gj(database: Database) -> None:
    hear(database, CAPPED, admitted("anna", date(2022, 6, 1)), signed("anna", date(2023, 1, 1), reference=()))
    made = bill(database, Period.year(2023), "42")
    told = [(line.component, str(line.quantity.normalize()), line.amount_cents) for line in made.bill.lines]
    assert told[:2] == [("Heat up to 37 GJ", "37", 175_306), ("Heat above 37 GJ", "5", 45_455)]
    assert sum(line.amount_cents for line in made.bill.lines[:2]) == 220_761
    assert made.bill.total_cents == 278_794


def test_e4_in_january_the_step_lies_at_the_share_of_the_year_that_its_cold_gives(database: Database) -> None:
    hear(database, CAPPED, admitted("anna", date(2022, 6, 1)), signed("anna", date(2023, 1, 1), reference=()))
    made = bill(database, Period.month(2023, 1), "8")
    below, above = lines_of(made, LineKind.HEAT)
    # 37 GJ * (0.21 * 31/365 + 0.79 * 491/2830)
    assert (str(below.quantity), str(above.quantity)) == ("5.731271165", "2.268728835")
    assert (below.amount_cents, above.amount_cents) == (27_155, 20_625)


def test_e6_a_year_without_a_reading_at_new_year_is_shared_out_by_degree_days(database: Database) -> None:
    # 1,180 K d from July on and 1,620 until June, as in the example; tap water by 184 and 181 days
    cold = promised(date(2024, 1, 1), degree_days_by_month="471 438 357 197 114 43 20 22 82 220 365 471")
    fixed = {"metering": "0", "delivery_set": "0"}
    hear(
        database,
        cold,
        tariff_adopted("t25", date(2025, 1, 1), date(2024, 12, 1), heat="43.79", standing="760.77", **fixed),
        tariff_adopted("t26", date(2026, 1, 1), date(2025, 12, 1), heat="40.97", standing="827.91", **fixed),
        admitted("anna"),
        signed("anna", date(2025, 7, 1), reference=()),
    )
    with database.write(COMMUNITY, SECRETARY) as tx:
        tell_in_writing(tx, "t26", date(2025, 12, 10))
    made = bill(database, Period(date(2025, 7, 1), date(2026, 7, 1)), "26")
    heat_of = lines_of(made, LineKind.HEAT)
    assert [round(line.quantity, 3) for line in heat_of] == [Decimal("11.409"), Decimal("14.591")]
    assert {line.notes for line in heat_of} == {("split-by-degree-days",)}
    # The example rounds the energy to 0.01 GJ first and has 499.64 and 597.75; their sum is the same.
    assert [line.amount_cents for line in heat_of] == [49_958, 59_781]
    assert [line.amount_cents for line in lines_of(made, LineKind.STANDING)] == [38_351, 41_055]
    assert made.bill.total_cents == 189_145
    assert [(vat.excl_cents, vat.vat_cents) for vat in made.bill.vat] == [(156_318, 32_827)]


def test_two_readings_of_the_same_days_fill_one_band(database: Database) -> None:
    hear(database, CAPPED, admitted("anna", date(2022, 6, 1)), signed("anna", date(2023, 1, 1), reference=()))
    second = measured("anna", Period.year(2023), "20").model_copy(update={"measurement_id": "second", "revision": 2})
    first = measured("anna", Period.year(2023), "22").model_copy(update={"quantity": "heat"})
    half = Period(date(2023, 1, 1), date(2024, 1, 1))
    hear(database, first, second, closed(half, 1), closed(half, 1, revision=2))
    result = run(database, half)
    with database.read(COMMUNITY) as tx:
        made = bills.get_bill(tx, result.bills[0].number)
    assert sum(line.quantity for line in lines_of(made, LineKind.HEAT)) == 20


def test_a_cap_holds_what_a_component_may_cost_in_a_year(database: Database) -> None:
    adopted = parameters(date(2025, 1, 1))
    adopted["components"][4]["cap"] = "25.00"
    hear(database, tariff_adopted(adopted=adopted), admitted("anna"), signed("anna", reference=()))
    hear(database, measured("anna", JANUARY, "1"), allocated("anna", JANUARY, 40_000), closed(JANUARY, 1, 1))
    run(database, JANUARY)
    with database.read(COMMUNITY) as tx:
        [line] = lines_of(bills.find_bills(tx)[0], LineKind.ELECTRICITY)
    # 40 kWh at 0.21 would be 8.40; 25.00 * 31/365 is 2.12
    assert (line.amount_cents, line.notes) == (212, ("capped",))


def test_cold_is_billed_at_its_own_price_on_its_own_account_outside_the_guarantee(database: Database) -> None:
    price = component("Cold", "cold", "GJ", "12.00", False, "cold")
    hear(database, of_2025(price), admitted("anna"), signed("anna"))
    cold = measured("anna", JANUARY, "2").model_copy(update={"measurement_id": "cold-1", "quantity": "cold"})
    made = bill(database, JANUARY, "3", cold)
    [line] = lines_of(made, LineKind.COLD)
    assert (line.component, str(line.quantity), line.amount_cents, line.in_guarantee) == (
        "Cold",
        "2.000000000",
        2_400,
        False,
    )
    assert made.bill.guarantee[0].heat_cents == made.bill.total_cents - 2_400
    with database.read(COMMUNITY) as tx:
        credited = {transfer.credit for transfer in stored_ledger.transfers_of(tx, "bill", made.id)}
    assert credited == {"revenue:heat-variable", "revenue:heat-fixed", "revenue:cold", "vat-payable"}


def test_a_connection_is_paid_once_on_the_day_on_which_the_contract_begins(database: Database) -> None:
    once = component("Connection", "connection", "once", "2500.00", False, "connection", vat="standard")
    adopted = tariff_adopted("t", date(2024, 1, 1), date(2023, 12, 1), more=[once])
    hear(database, adopted, admitted("anna"), signed("anna", date(2025, 1, 15), reference=()))
    january, february = bill(database, JANUARY, "1"), bill(database, Period.month(2025, 2), "1")
    [line] = lines_of(january, LineKind.CONNECTION)
    assert (line.period, line.amount_cents, line.per) == (
        Period(date(2025, 1, 15), date(2025, 1, 16)),
        250_000,
        "once",
    )
    assert lines_of(february, LineKind.CONNECTION) == []


def test_a_connection_as_an_annuity_runs_for_its_years_from_the_start_of_the_contract(database: Database) -> None:
    annuity = component("Connection", "connection", "year", "120.00", False, "connection", vat="standard", years=1)
    adopted = tariff_adopted("t", date(2024, 1, 1), date(2023, 12, 1), more=[annuity])
    hear(database, adopted, admitted("anna"), signed("anna", date(2024, 1, 15), reference=()))
    january, february = bill(database, JANUARY, "1"), bill(database, Period.month(2025, 2), "1")
    [line] = lines_of(january, LineKind.CONNECTION)
    assert (line.period.end, line.quantity, line.amount_cents) == (date(2025, 1, 15), Decimal(14), 460)
    assert lines_of(february, LineKind.CONNECTION) == []


def heating_only(price: str) -> TariffAdopted:
    """A tariff of 2024 whose standing charge is half for who has heating alone."""
    both = {"classes": ["full", "heating-only"]}
    components = [
        heat("Heat", "40.00", **both),
        component("Standing charge", "standing", "year", "500.00"),
        component("Standing charge, heating only", "standing", "year", price, classes=["heating-only"]),
    ]
    adopted = {"valid_from": "2024-01-01", "components": components}
    return tariff_adopted("t", date(2024, 1, 1), date(2023, 12, 1), adopted=adopted)


def test_who_has_heating_alone_pays_the_components_of_that_class(database: Database) -> None:
    contract = signed("anna", date(2024, 1, 1), reference=()).model_copy(update={"customer_class": "heating-only"})
    hear(database, heating_only("250.00"), admitted("anna", date(2023, 6, 1)), contract)
    made = bill(database, Period.year(2024), "10")
    assert [(line.component, line.amount_cents) for line in made.bill.lines] == [
        ("Heat", 40_000),
        ("Standing charge, heating only", 25_000),
    ]


def test_each_class_is_held_to_its_own_maximum_once_that_is_known(database: Database) -> None:
    # 309.41 was the most for heating alone in 2024, and 291.42 after the repair of June.
    contract = signed("anna", date(2024, 1, 1), reference=()).model_copy(update={"customer_class": "heating-only"})
    hear(database, heating_only("305.00"), admitted("anna", date(2023, 6, 1)), contract)
    made = bill(database, Period.year(2024), "10")
    assert [line.price_eur for line in lines_of(made, LineKind.STANDING)] == [Decimal("291.42")]


def test_shared_electricity_that_no_component_prices_holds_the_run_by_name(database: Database) -> None:
    adopted = parameters(date(2025, 1, 1))
    del adopted["components"][4]
    hear(database, tariff_adopted(adopted=adopted), admitted("anna"), signed("anna"))
    hear(database, measured("anna", JANUARY, "1"), allocated("anna", JANUARY, 40_000), closed(JANUARY, 1, 1))
    with database.write(COMMUNITY, SECRETARY) as tx:
        held = issue_bills(tx, JANUARY, tx.today)
    assert [(brake.code, brake.subject) for brake in held.brakes] == [("unpriced", "connection-anna")]
    assert (
        brake_sentence("en", held.brakes[0])
        == "electricity was measured in January 2025, and no tariff has a price for it."
    )


def test_a_class_that_the_tariff_does_not_know_holds_the_run(database: Database) -> None:
    contract = signed("anna").model_copy(update={"customer_class": "heating-only"})
    hear(database, of_2025(), admitted("anna"), contract, measured("anna", JANUARY, "1"), closed(JANUARY, 1))
    with database.write(COMMUNITY, SECRETARY) as tx:
        assert [brake.code for brake in issue_bills(tx, JANUARY, tx.today).brakes] == ["unpriced"]


@pytest.mark.parametrize(
    ("changed", "reaches_back"),
    [
        ({"price": "37.99"}, True),
        ({"price": "37.99", "name": "Warmth"}, True),
        ({"price": "38.01"}, False),
        ({"price": "37.99", "guarantee": False}, False),
    ],
    ids=["cheaper", "renamed", "dearer", "out of the guarantee"],
)
def test_a_tariff_reaches_back_before_its_notice_only_where_no_use_costs_more(
    changed: dict[str, object], reaches_back: bool
) -> None:
    first = date(2025, 1, 1)
    own = read_tariff("own", "r", first, date(2024, 12, 1), parameters(first))
    adopted = parameters(first)
    adopted["components"][0] |= changed
    later = read_tariff("later", "r2", first, date(2025, 5, 1), adopted)
    bound = terms_of(
        Contract("c", "m", "x", first, None, "clause", ()),
        [own, later],
        [Notice("later", "m", date(2025, 6, 1))],
        shipped_law(),
    )
    assert (bound[0][1].tariff_id == "later") is reaches_back


def test_a_band_in_which_the_next_gj_is_dearer_does_not_reach_back() -> None:
    first = date(2025, 1, 1)
    own = read_tariff("own", "r", first, date(2024, 12, 1), parameters(first))
    banded = read_tariff("b", "r2", first, date(2025, 5, 1), parameters(first, "30.00", edge="20", heat_above="39.00"))
    notice = Notice("b", "m", date(2025, 6, 1))
    bound = terms_of(Contract("c", "m", "x", first, None, "clause", ()), [own, banded], [notice], shipped_law())
    assert [(day, tariff.tariff_id) for day, tariff in bound] == [(first, "own"), (date(2025, 6, 1), "b")]
