"""What of a tariff is refused before a notice of it goes out."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from coop.communities.law import shipped_law
from coop.communities.tariff_law import judge_tariff

HEAT: dict[str, Any] = {
    "name": "Heat",
    "product": "heat",
    "per": "GJ",
    "price": "38.00",
    "guarantee": True,
    "account": "heat-variable",
    "vat": "energy",
}
ONCE = HEAT | {
    "name": "Connection",
    "product": "connection",
    "per": "once",
    "guarantee": False,
    "account": "connection",
    "vat": "standard",
}


def judged(*components: dict[str, Any], valid_from: str = "2024-01-01") -> list[tuple[str, str]]:
    problems = judge_tariff({"valid_from": valid_from, "components": list(components)}, shipped_law(), date.min)
    return [(problem.field, str(problem.reason)) for problem in problems]


def test_a_lawful_tariff_is_taken() -> None:
    assert judged(HEAT, ONCE | {"price": "5250.24"}) == []


@pytest.mark.parametrize("category", ["none", "standard"])
def test_no_vote_gives_heat_another_vat_than_the_law(category: str) -> None:
    [(field, reason)] = judged(HEAT | {"vat": category})
    assert (field, reason) == ("components.0.vat", f'"{category}" is none of energy')


def test_no_vote_takes_heat_out_from_under_the_ceiling() -> None:
    [(field, reason)] = judged(HEAT | {"guarantee": False})
    assert (field, "ceiling that contracts were promised" in reason) == ("components.0.guarantee", True)


def test_a_price_is_written_in_the_digits_that_everybody_reads() -> None:
    assert [field for field, _ in judged(HEAT | {"price": "\u0663\u0664.\u0665\u0660"})] == ["components.0.price"]


def test_a_contribution_up_to_the_newest_maximum_is_taken_in_a_year_without_one() -> None:
    assert judged(HEAT, ONCE | {"per": "year", "years": 30, "price": "175.00"}, valid_from="2026-01-01") == []


@pytest.mark.parametrize("day", ["20240101", "2024-W01-1", "2024-1-1", "", "9999-12-31"])
def test_a_day_is_written_in_one_way_and_ends_a_period(day: str) -> None:
    assert [field for field, _ in judged(HEAT, valid_from=day)] == ["valid_from"]


@pytest.mark.parametrize(
    ("connection", "valid_from"),
    [
        (ONCE | {"price": "5250.25"}, "2024-01-01"),
        (ONCE | {"per": "year", "years": 50, "price": "105.01"}, "2024-01-01"),
        (ONCE | {"price": "5250.25"}, "2026-01-01"),
        (ONCE | {"per": "year", "years": 30, "price": "175.01"}, "2026-01-01"),
    ],
    ids=[
        "above the maximum",
        "an annuity of more",
        "above the newest that was published",
        "an annuity of more than it",
    ],
)
def test_a_contribution_to_the_connection_is_held_to_a_maximum_that_is_on_file(
    connection: dict[str, Any], valid_from: str
) -> None:
    [(field, reason)] = judged(HEAT, connection, valid_from=valid_from)
    assert (field, "maximum" in reason, "Connection contribution, once" in reason) == ("components.1.price", True, True)


@pytest.mark.parametrize("year", range(2022, 2028))
def test_heat_has_one_maximum_per_gj_whatever_is_supplied_beside_it(year: int) -> None:
    maxima = [each for each in shipped_law().maxima_on(date(year, 7, 1)) if each.component == "heat per GJ"]
    assert {each.customer_class for each in maxima} == {"full", "heating-only", "tap-water-only"}
    assert len({each.price_eur for each in maxima}) == 1
