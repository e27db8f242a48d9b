"""From when a tariff binds a member, and what keeps one from existing."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import insert
from sqlalchemy.exc import IntegrityError

from coop.billing.figures.commands import record_figure
from coop.billing.model import Contract, Notice, PublishedFigure, Tariff
from coop.billing.tables import heard as heard_tables
from coop.billing.terms.tariffs import against_law, read_tariff, spans_of, tariff_on, terms_of
from coop.communities.law import shipped_law
from coop.communities.stops import Stop
from coop.events.governance import TariffAdopted
from coop.kit.database import Database
from coop.kit.parking import list_parked
from coop.values import BadInput, CoopError, Period, hash_parameters
from tests.billing.village import count_rows, hear, parameters, price_of, tariff_adopted
from tests.desk import COMMUNITY, SECRETARY

LAW = shipped_law()


def tariff(name: str, valid_from: date, decided_on: date, price: str = "38") -> Tariff:
    return read_tariff(name, f"r-{name}", valid_from, decided_on, parameters(valid_from, heat=price))


OWN = tariff("own", date(2025, 1, 1), date(2024, 12, 1))
DEARER = tariff("dearer", date(2025, 7, 1), date(2025, 5, 1), "40")
CHEAPER = tariff("cheaper", date(2025, 1, 1), date(2025, 5, 1), "35")


def contract(clause: str | None = "clause-1", starts_on: date = date(2025, 1, 1)) -> Contract:
    return Contract("c", "m", "x", starts_on, None, clause, ())


def names(found: list[tuple[date, Tariff]]) -> list[tuple[date, str]]:
    return [(since, tariff.tariff_id) for since, tariff in found]


def test_the_first_tariff_is_the_contracts_own() -> None:
    assert names(terms_of(contract(), [OWN, DEARER], [], LAW)) == [(date(2025, 1, 1), "own")]


def test_a_later_tariff_binds_from_its_notice_on() -> None:
    late = Notice("dearer", "m", date(2025, 8, 10))
    assert names(terms_of(contract(), [OWN, DEARER], [late], LAW)) == [
        (date(2025, 1, 1), "own"),
        (date(2025, 8, 10), "dearer"),
    ]


def test_a_notice_in_time_binds_from_the_first_day() -> None:
    early = Notice("dearer", "m", date(2025, 5, 20))
    assert names(terms_of(contract(), [DEARER, OWN], [early], LAW))[1] == (date(2025, 7, 1), "dearer")


def test_no_clause_no_change() -> None:
    notice = Notice("dearer", "m", date(2025, 5, 20))
    assert names(terms_of(contract(clause=None), [OWN, DEARER], [notice], LAW)) == [(date(2025, 1, 1), "own")]


def test_a_notice_to_others_binds_nobody_else() -> None:
    notice = Notice("dearer", "somebody", date(2025, 5, 20))
    assert len(terms_of(contract(), [OWN, DEARER], [notice], LAW)) == 1


def test_a_contract_signed_later_has_the_tariff_of_its_day() -> None:
    new = contract(starts_on=date(2025, 9, 1), clause=None)
    assert names(terms_of(new, [OWN, DEARER], [], LAW)) == [(date(2025, 9, 1), "dearer")]


def test_a_contract_older_than_the_first_tariff_has_the_first() -> None:
    old = contract(starts_on=date(2024, 3, 1), clause=None)
    assert names(terms_of(old, [DEARER, OWN], [], LAW)) == [(date(2025, 1, 1), "own")]


def test_a_repair_that_makes_nothing_dearer_reaches_back_to_its_first_day() -> None:
    notice = Notice("cheaper", "m", date(2025, 6, 15))
    assert names(terms_of(contract(), [OWN, CHEAPER], [notice], LAW)) == [(date(2025, 1, 1), "cheaper")]


def test_a_cheaper_price_that_leaves_the_guarantee_is_no_gift() -> None:
    outside = parameters(date(2025, 1, 1), heat="35")
    outside["components"][0]["guarantee"] = False
    trick = read_tariff("trick", "r-trick", date(2025, 1, 1), date(2025, 5, 1), outside)
    notice = Notice("trick", "m", date(2025, 6, 15))
    assert names(terms_of(contract(), [OWN, trick], [notice], LAW)) == [
        (date(2025, 1, 1), "own"),
        (date(2025, 6, 15), "trick"),
    ]


def test_a_price_that_is_voted_once_more_reaches_no_day_before_its_first_notice() -> None:
    first = tariff("first", date(2025, 1, 1), date(2025, 3, 20), "40")
    again = tariff("again", date(2025, 1, 1), date(2025, 5, 20), "40")
    notices = [Notice("first", "m", date(2025, 4, 1)), Notice("again", "m", date(2025, 6, 1))]
    since_2024 = contract(starts_on=date(2024, 1, 1))
    old = tariff("old", date(2024, 1, 1), date(2023, 12, 1), "30")
    assert names(terms_of(since_2024, [old, first, again], notices, LAW)) == [
        (date(2024, 1, 1), "old"),
        (date(2025, 4, 1), "again"),
    ]


def test_a_tariff_reaches_back_only_to_days_on_which_something_dearer_bound() -> None:
    cheap = tariff("cheap", date(2024, 1, 1), date(2023, 12, 1), "30")
    dear = tariff("dear", date(2024, 7, 1), date(2024, 6, 1), "42")
    between = tariff("between", date(2024, 9, 1), date(2024, 11, 20), "41")
    notices = [Notice("dear", "m", date(2024, 12, 1)), Notice("between", "m", date(2024, 12, 15))]
    assert names(terms_of(contract(starts_on=date(2024, 1, 1)), [cheap, dear, between], notices, LAW)) == [
        (date(2024, 1, 1), "cheap"),
        (date(2024, 12, 1), "between"),
    ]


def fall(name: str, from_on: date, told_on: date, manner: str = "annulled", number: int = 1) -> Stop:
    return Stop(f"r-{name}", number, manner, from_on, told_on)


TOLD = date(2025, 9, 20)
ANNOUNCED = [Notice("dearer", "m", date(2025, 5, 20)), Notice("lower", "m", date(2025, 5, 20))]
LOWER = tariff("lower", date(2025, 7, 1), date(2025, 5, 1), "36")


def bind(new: Tariff, *stops: Stop, starts_on: date = date(2025, 1, 1), clause: str | None = "clause-1") -> list[str]:
    """Tariffs that bind from a day on, with the day, where a new one follows the own and falls."""
    told = {f"r-{new.tariff_id}": stops}
    found = terms_of(contract(clause, starts_on), [OWN, new], ANNOUNCED, LAW, told)
    return [f"{since} {each.tariff_id}" for since, each in found]


def test_what_fell_is_given_back_to_the_first_day_and_nobody_pays_more_for_days_before_it_was_told() -> None:
    """The worked example of docs/domain/meetings-votes-and-statutes.md#a-decision-that-falls."""
    first = date(2025, 7, 1)
    assert bind(DEARER, fall("dearer", first, TOLD)) == ["2025-01-01 own"]
    assert bind(LOWER, fall("lower", first, TOLD)) == ["2025-01-01 own", "2025-07-01 lower", "2025-09-20 own"]
    assert bind(DEARER, fall("dearer", first, TOLD), starts_on=date(2025, 8, 1)) == ["2025-08-01 own"]
    assert bind(LOWER, fall("lower", first, TOLD), starts_on=date(2025, 8, 1)) == ["2025-08-01 lower"]


def test_a_suspension_holds_from_its_day_until_it_ends() -> None:
    suspended = fall("dearer", date(2025, 8, 10), date(2025, 8, 10), "suspended")
    again = fall("dearer", date(2025, 10, 1), date(2025, 10, 3), "resumed", 2)
    assert bind(DEARER, suspended, again) == [
        "2025-01-01 own", "2025-07-01 dearer", "2025-08-10 own", "2025-10-03 dearer",
    ]  # fmt: skip


def test_where_no_other_tariff_is_left_contracts_go_on_as_they_began() -> None:
    stops = {"r-own": [fall("own", date(2025, 1, 1), TOLD)]}
    assert names(terms_of(contract(), [OWN], [], LAW, stops)) == [(date(2025, 1, 1), "own")]


def test_a_lower_tariff_stands_from_its_first_day_in_the_place_of_one_that_had_fallen() -> None:
    later = tariff("later", date(2025, 2, 2), date(2025, 2, 22), "30")
    stops = {"r-own": [fall("own", date(2024, 12, 10), date(2024, 12, 10))]}
    assert names(terms_of(contract(None), [OWN, later], [], LAW, stops)) == [
        (date(2025, 1, 1), "own"),
        (date(2025, 2, 2), "later"),
    ]


NOTIFIED = st.tuples(
    st.dates(date(2024, 12, 1), date(2025, 12, 1)),
    st.integers(-60, 60),
    st.integers(0, 120),
    st.sampled_from(["30", "36", "38", "38", "42"]),
)
"""First day, days until the decision, days from there to the notice, price."""


@settings(deadline=None, max_examples=60)
@given(st.lists(NOTIFIED, max_size=5))
def test_on_no_day_is_a_price_above_what_binds_without_the_notices_that_came_later(
    drawn: list[tuple[date, int, int, str]],
) -> None:
    tariffs, notices = [OWN], []
    for number, (valid_from, decided_after, sent_after, price) in enumerate(drawn):
        decided_on = valid_from + timedelta(days=decided_after)
        tariffs.append(tariff(f"t{number}", valid_from, decided_on, price))
        notices.append(Notice(f"t{number}", "m", decided_on + timedelta(days=sent_after)))
    bound = terms_of(contract(), tariffs, notices, LAW)
    for day in (date(2025, 1, 1) + timedelta(days=n) for n in range(400)):
        known = [notice for notice in notices if notice.sent_on <= day]
        without_later = tariff_on(terms_of(contract(), tariffs, known, LAW), day)
        assert price_of(tariff_on(bound, day)) <= price_of(without_later), day


def test_days_are_cut_where_another_tariff_begins() -> None:
    terms = [(date(2025, 1, 1), OWN), (date(2025, 8, 10), DEARER)]
    spans = spans_of(terms, Period.month(2025, 8))
    assert [(span.period.days, span.tariff.tariff_id) for span in spans] == [(9, "own"), (22, "dearer")]


def test_prices_above_the_maximum_are_named_one_by_one() -> None:
    greedy = read_tariff(
        "t",
        "r",
        date(2025, 1, 1),
        date(2024, 12, 1),
        parameters(date(2025, 1, 1), heat="43.80", standing="640.78"),
    )
    assert [problem.field for problem in against_law(greedy, LAW)] == ["components.0.price", "components"]
    assert not against_law(OWN, LAW)
    assert LAW.has_maximum(2026)
    assert not LAW.has_maximum(2027)


def test_unreadable_parameters_are_named_all_at_once() -> None:
    broken = parameters(date(2025, 1, 1), heat="38,00") | {"nmdn": "plain"}
    del broken["components"][2]["account"]
    broken["components"][3]["colour"] = "red"
    broken["components"][4]["product"] = "steam"
    with pytest.raises(BadInput) as refused:
        read_tariff("t", "r", date(2025, 1, 1), date(2024, 12, 1), broken)
    assert [problem.field for problem in refused.value.problems] == [
        "nmdn",
        "components.0.price",
        "components.2.account",
        "components.3.colour",
        "components.4.product",
    ]


@pytest.mark.parametrize(
    ("event", "code"),
    [
        (tariff_adopted().model_copy(update={"notice_hash": "0" * 64}), "tariff-hash-differs"),
        (tariff_adopted().model_copy(update={"parameters_hash": "0" * 64}), "tariff-hash-differs"),
        (tariff_adopted().model_copy(update={"resolution_id": ""}), "tariff-not-allowed"),
        (tariff_adopted(heat="43.80"), "tariff-not-allowed"),
        (tariff_adopted(heat="thirty"), "bad-tariff"),
    ],
)
def test_a_tariff_that_may_not_be_is_parked_with_its_reason(
    database: Database, event: TariffAdopted, code: str
) -> None:
    hear(database, event)
    with database.read(COMMUNITY) as tx:
        assert [letter.code for letter in list_parked(tx)] == [code]
        assert count_rows(tx, heard_tables.tariff) == 0


def test_a_second_tariff_of_the_same_name_is_parked(database: Database) -> None:
    hear(database, tariff_adopted(), tariff_adopted(heat="39.00"))
    with database.read(COMMUNITY) as tx:
        assert [letter.code for letter in list_parked(tx)] == ["tariff-differs"]


@pytest.mark.parametrize("change", [{"notice_hash": "1" * 64}, {"resolution_id": None}, {"resolution_id": ""}])
def test_the_database_itself_refuses_a_tariff_without_its_vote(database: Database, change: dict[str, object]) -> None:
    adopted = parameters(date(2025, 1, 1))
    row = {
        "community": COMMUNITY,
        "tariff_id": "t",
        "resolution_id": "r",
        "meeting_id": "m",
        "valid_from": date(2025, 1, 1),
        "decided_on": date(2024, 12, 1),
        "parameters": adopted,
        "parameters_hash": hash_parameters(adopted),
        "notice_hash": hash_parameters(adopted),
        "known_position": 1,
        "known_at": datetime(2025, 1, 1, tzinfo=UTC),
    }
    with pytest.raises(IntegrityError), database.write(COMMUNITY, SECRETARY) as tx:
        tx.execute(insert(heard_tables.tariff).values(**{**row, **change}))


def test_a_figure_is_entered_once_with_its_source(database: Database) -> None:
    for _ in range(2):
        with database.write(COMMUNITY, SECRETARY) as tx:
            record_figure(tx, PublishedFigure("cpi-households", 2026, Decimal("1.033"), "CBS table"))
    with pytest.raises(CoopError, match=r"on file as 1\.033"), database.write(COMMUNITY, SECRETARY) as tx:
        record_figure(tx, PublishedFigure("cpi-households", 2026, Decimal("1.034"), "CBS table"))
    with pytest.raises(BadInput), database.write(COMMUNITY, SECRETARY) as tx:
        record_figure(tx, PublishedFigure("cpi-households", 2027, Decimal("0"), ""))
