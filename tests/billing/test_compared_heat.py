"""Heat on a bill beside a year before, at the same weather, and beside others; and what the heat comes from."""

from __future__ import annotations

import json
from datetime import date
from decimal import Decimal

import pytest

from coop.billing.bills import store as bills
from coop.billing.bills.comparing import at_other_weather, degree_days_of
from coop.billing.documents.archive import freeze
from coop.billing.documents.contents import document_of
from coop.billing.documents.pdf import printed
from coop.billing.figures.commands import record_figure
from coop.billing.model import PublishedFigure
from coop.billing.runs.commands import issue_bills
from coop.events.members import ConnectionOpened
from coop.kit.database import Database
from coop.values import BadInput, Period
from tests.billing.village import address, admitted, closed, hear, measured, signed, tariff_adopted
from tests.desk import COMMUNITY, SECRETARY

BEFORE, NOW = Period.month(2024, 1), Period.month(2025, 1)


def neighbours(count: int) -> list[str]:
    return [f"n{number:02}" for number in range(count)]


def bill(
    database: Database, others: int, kind: str = "dwelling", figures: dict[tuple[str, int], str] | None = None
) -> str:
    """What is printed of the first bill of anna, who used 3 GJ a year before and 2.5 now."""
    names = ["anna", *neighbours(others)]
    hear(database, tariff_adopted(), *(admitted(name) for name in names), *(signed(name) for name in names))
    for name in names:
        hear(
            database,
            ConnectionOpened(
                connection_id=f"connection-{name}",
                member_id=name,
                building_id="block",
                kind="dwelling" if name == "anna" else kind,
                opened_on=date(2023, 1, 1),
            ),
        )
    hear(database, measured("anna", BEFORE, "3"), closed(BEFORE, 1))
    hear(database, measured("anna", NOW, "2.5"), *(measured(name, NOW, "4") for name in names[1:]))
    hear(database, closed(NOW, len(names)))
    with database.write(COMMUNITY, SECRETARY) as tx:
        for (series, year), value in (figures or {}).items():
            record_figure(tx, PublishedFigure(series, year, Decimal(value), "yearly report"), None)
        assert issue_bills(tx, NOW, date(2025, 2, 3)).status == "issued"
    address(database)
    with database.read(COMMUNITY) as tx:
        frozen = freeze(tx, bills.find_bills(tx, member_id="anna"))
    [only] = frozen.values()
    return json.dumps(printed(document_of(only), "en"), ensure_ascii=False).replace("\xa0", " ")


def test_heat_is_compared_with_last_year_at_this_weather_and_with_ten_others(database: Database) -> None:
    text = bill(database, 10, figures={("wdd-01", 2024): "400", ("wdd-01", 2025): "500"})
    for words in ("2.500 GJ", "You, a year before", "3.000 GJ", "You, a year before at this weather", "3.592 GJ"):
        assert words in text, words
    assert "Mean of 10 others" in text
    assert "4.000 GJ" in text
    assert "Weighted degree days: 500 now, 400 a year before" in text


def test_a_group_of_nine_has_no_mean(database: Database) -> None:
    text = bill(database, 9)
    assert "Mean of 9 others" not in text
    assert "Fewer than 10 others of your kind of connection were measured" in text


def test_others_of_another_kind_are_no_group(database: Database) -> None:
    assert "Fewer than 10 others" in bill(database, 11, kind="business")


def test_what_is_not_on_file_is_said_plainly(database: Database) -> None:
    text = bill(database, 0)
    for words in (
        "The degree days of both periods are not on file",
        "The share from renewable sources is not on file yet.",
        "The greenhouse gas of the heat is not on file yet.",
        "Geschillencommissie Energie",
        "bestuur@demo.example",
    ):
        assert words in text, words


def test_sources_and_greenhouse_gas_come_with_where_they_were_published(database: Database) -> None:
    text = bill(database, 0, figures={("co2-kg-per-gj", 2024): "12.5", ("renewable-share", 2024): "0.85"})
    assert "85% from renewable sources (2024, yearly report)." in text
    assert "Greenhouse gas: 12.5 kg CO2 for each GJ (2024, yearly report)." in text


@pytest.mark.parametrize(
    ("series", "value"), [("renewable-share", "1.01"), ("co2-kg-per-gj", "-1"), ("wdd-01", "1001")]
)
def test_a_figure_that_cannot_be_is_refused(database: Database, series: str, value: str) -> None:
    with database.write(COMMUNITY, SECRETARY) as tx, pytest.raises(BadInput, match="is not between"):
        record_figure(tx, PublishedFigure(series, 2025, Decimal(value), "paper"), None)


def test_the_degree_days_of_a_year_are_its_own_figure_or_the_sum_of_its_months() -> None:
    months = {(f"wdd-{month:02}", 2025): Decimal(100) for month in range(1, 13)}
    assert degree_days_of(Period.year(2025), months) == 1200
    assert degree_days_of(Period.year(2025), {**months, ("wdd", 2025): Decimal(2800)}) == 2800
    assert degree_days_of(Period.month(2024, 12), months) is None
    assert degree_days_of(Period(date(2025, 1, 1), date(2025, 1, 16)), months) is None


def test_without_degree_days_then_nothing_is_restated() -> None:
    assert at_other_weather(Decimal(1), Decimal(0), Decimal(5), Decimal("0.2")) is None
