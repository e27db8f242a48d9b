"""Kinds of decision: each is one module, from its fields to its fact; one more is found by its place."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest
from fastapi.testclient import TestClient

from coop.communities.choices import founding_choices
from coop.events.governance import ChoiceAdopted, DecisionRecorded, ResolutionDecided
from coop.governance import decisions, kinds
from coop.governance.ballots import closing
from coop.governance.convening import commands as meetings
from coop.governance.convening.formbook import read_notice
from coop.governance.kinds import check_resolution, find_kind, list_kinds, list_ruled
from coop.kit.database import Database
from coop.values import BadInput
from tests.desk import SECRETARY
from tests.governance.assembly import HELD, TOWN, cast, client, live, meeting, members, resolution, rows, told, vote_all
from tests.kit.clocks import SetClock
from tests.metering.test_meter_pages import plain

PAGE = "/governance/meetings/new"
BUDGET = {
    "year": "2027",
    "income_cents": "100.000",
    "from_reserve_cents": "0",
    "operation_cents": "60.000,50",
    "maintenance_cents": "20000",
    "administration_cents": "9.999,50",
    "finance_cents": "5.000",
    "to_reserve_cents": "5.000",
}
LOAN = {
    "lender": "Bank",
    "purpose": "Bron",
    "amount_cents": "250.000",
    "rate_percent": "4,25",
    "term_months": "180",
    "takes_from": "2027-01-01",
}
ACCOUNTS = {
    "year": "2025",
    "result_cents": "1.000,00",
    "to_reserve_cents": "600",
    "to_members_cents": "300",
    "carried_cents": "100",
}
POLICY = {"purpose": "Buurtwarmte", "minimum_group": "10", "term_months": "24", "valid_from": "2027-01-01"}
END = {
    "dissolved_on": "2030-01-01",
    "liquidators": "others",
    "named_liquidators": "Notariskantoor De Gracht",
    "balance_to": "De leden (art. 23)",
    "books_kept_by": "Notariskantoor De Gracht",
}
FILLED = {
    "dissolution": END,
    "budget": BUDGET,
    "loan": LOAN,
    "accounts": ACCOUNTS,
    "consent-policy": POLICY,
    "research-policy": POLICY | {"partner": "Universiteit", "figures": "Warmte per maand"},
}
"""Every field of the kinds that people carry out, as a form holds them."""

BENCH = '''
"""A bench for the square, a kind of decision that only this test has."""

from coop.governance.kind_fields import Cents, Pick
from coop.governance.kinds import Kind
from coop.governance.decisions.recording import record

KIND = Kind(
    "bench",
    "Bench on the square",
    "The board buys it.",
    (
        Cents("price_cents", "Price of the bench", least=100, most=500_000),
        Pick("wood", "Wood", among={"oak": "Oak", "pine": "Pine"}),
    ),
    act=record,
)
'''


def fill(kind: str, fields: dict[str, str], mark: str = "1.") -> dict[str, str]:
    return {
        "held_on": HELD.isoformat(),
        f"{mark}kind": kind,
        f"{mark}subject_nl": f"Besluit {kind}",
        **{f"{mark}{name}": value for name, value in fields.items()},
    }


def read_parameters(kind: str, fields: dict[str, str]) -> dict[str, Any]:
    [point] = read_notice(fill(kind, fields), [], date(2026, 6, 1)).resolutions
    return dict(point.parameters)


def decide(database: Database, kind: str, parameters: dict[str, Any]) -> None:
    """Convene, vote for and close a meeting on one decision."""
    clock = database.clock
    assert isinstance(clock, SetClock)
    live(database, until="convene")
    with database.write(TOWN, SECRETARY) as tx:
        meetings.convene_meeting(tx, meeting(resolution("point", kind, parameters)))
    clock.set(datetime(2026, 6, 24, 18, tzinfo=UTC))
    with database.write(TOWN, SECRETARY) as tx:
        vote_all(tx, "point")
    with database.write(TOWN, SECRETARY) as tx:
        closing.close_meeting(tx, "alv-1")


@pytest.fixture
def bench(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A module more beside the kinds of the house."""
    folder = tmp_path / "kinds"
    folder.mkdir()
    (folder / "bench.py").write_text(BENCH, encoding="utf-8")
    monkeypatch.setattr(decisions, "__path__", [*decisions.__path__, str(folder)])
    kinds.forget_kinds()
    yield
    kinds.forget_kinds()


def set_day(database: Database, day: datetime) -> None:
    clock = database.clock
    assert isinstance(clock, SetClock)
    clock.set(day)


@pytest.mark.usefixtures("bench")
def test_a_kind_is_one_module_from_the_form_to_the_fact(embedded: Database, tmp_path: Path) -> None:
    live(embedded, until="convene")
    set_day(embedded, datetime(2026, 6, 1, 9, tzinfo=UTC))
    board = client(embedded, tmp_path, "board")
    form = plain(board.post(PAGE, data={"act": "add", "add_kind": "bench"}).text)
    assert "Price of the bench" in form
    wrong = board.post(PAGE, data=fill("bench", {"price_cents": "veel", "wood": "teak"}) | {"act": "keep"})
    assert wrong.status_code == 422
    assert '"veel" is no amount' in plain(wrong.text)
    assert '"teak" is none of oak, pine' in plain(wrong.text)
    filled = fill("bench", {"price_cents": "1.250,50", "wood": "oak"}) | {"begins_at": "20:00"}
    assert "€1,250.50" in plain(board.post(PAGE, data=filled | {"act": "look"}).text)
    kept = board.post(PAGE, data=filled | {"act": "keep"})
    assert kept.url.path == "/governance/meetings/alv-2026-06-24"
    page = plain(board.get("/governance/resolutions/alv-2026-06-24-1").text)
    assert "Bench on the square" in page
    assert "The board buys it." in page
    assert "Oak" in page
    set_day(embedded, datetime(2026, 6, 24, 18, tzinfo=UTC))
    with embedded.write(TOWN, SECRETARY) as tx:
        cast(tx, "alv-2026-06-24-1", rows(dict.fromkeys(members(4), "for")), meeting_id="alv-2026-06-24")
    board = client(embedded, tmp_path / "later", "board")
    answer = board.post("/governance/api/v1/meetings/alv-2026-06-24/close", json={})
    assert answer.status_code == 200, answer.text
    recorded = [fact for fact in told(embedded) if isinstance(fact, DecisionRecorded)]
    assert [(fact.kind, fact.parameters) for fact in recorded] == [("bench", {"price_cents": 125_050, "wood": "oak"})]
    record = board.get("/governance/api/v1/resolutions/alv-2026-06-24-1").json()
    assert (record["kind"], record["verdict"]) == ("bench", "adopted")


@pytest.mark.usefixtures("bench")
def test_a_kind_more_comes_in_by_the_api_and_may_have_a_rule_in_the_statutes(
    embedded: Database, tmp_path: Path
) -> None:
    live(embedded, until="convene")
    set_day(embedded, datetime(2026, 6, 1, 9, tzinfo=UTC))
    assert "bench" in list_ruled()
    board = client(embedded, tmp_path, "board")
    point = {
        "resolution_id": "b1",
        "kind": "bench",
        "subject_nl": "Bank",
        "subject_en": "Bench",
        "parameters": {"price_cents": 1, "wood": "oak", "colour": "red"},
    }
    body = {"meeting_id": "alv-b", "held_on": "2026-06-24", "resolutions": [point]}
    refused = board.post("/governance/api/v1/meetings", json=body)
    assert refused.status_code == 422
    fields = {problem["field"] for problem in refused.json()["problems"]}
    assert fields == {"b1.parameters.price_cents", "b1.parameters.colour"}
    point["parameters"] = {"price_cents": 99_900, "wood": "pine"}
    assert board.post("/governance/api/v1/meetings", json=body).status_code == 200


@pytest.mark.parametrize("kind", sorted(FILLED))
def test_what_people_carry_out_is_recorded_whole_and_once(database: Database, kind: str) -> None:
    parameters = read_parameters(kind, FILLED[kind])
    decide(database, kind, parameters)
    with database.write(TOWN, SECRETARY) as tx:
        closing.close_meeting(tx, "alv-1")
    [fact] = [fact for fact in told(database) if isinstance(fact, DecisionRecorded)]
    [decided] = [fact for fact in told(database) if isinstance(fact, ResolutionDecided)]
    assert (fact.kind, fact.parameters) == (kind, parameters)
    assert fact.parameters_hash == fact.notice_hash == decided.parameters_hash


def test_amounts_rates_and_terms_are_read_as_people_write_them() -> None:
    assert read_parameters("loan", LOAN) == {
        "lender": "Bank",
        "purpose": "Bron",
        "amount_cents": 25_000_000,
        "rate_percent": "4.25",
        "term_months": 180,
        "takes_from": "2027-01-01",
    }
    assert read_parameters("budget", BUDGET)["operation_cents"] == 6_000_050
    shown = dict(find_kind("loan").show_parameters("nl", read_parameters("loan", LOAN), {}))
    assert (shown["Bedrag"], shown["Looptijd"], shown["Rente per jaar"]) == ("€\xa0250.000,00", "180 maanden", "4,25 %")


@pytest.mark.parametrize(
    ("kind", "change", "field"),
    [
        ("budget", {"income_cents": "100.000,01"}, "income_cents"),
        ("budget", {"maintenance_cents": "-1"}, "maintenance_cents"),
        ("budget", {"year": "12"}, "year"),
        ("loan", {"rate_percent": "20,01"}, "rate_percent"),
        ("loan", {"rate_percent": "4,12345"}, "rate_percent"),
        ("loan", {"term_months": "0"}, "term_months"),
        ("loan", {"lender": ""}, "lender"),
        ("loan", {"takes_from": "31-02-2027"}, "takes_from"),
        ("accounts", {"carried_cents": "100,01"}, "result_cents"),
        ("accounts", {"result_cents": "-500", "to_reserve_cents": "-900"}, "to_members_cents"),
        ("consent-policy", {"minimum_group": "9"}, "minimum_group"),
        ("research-policy", {"minimum_group": "9"}, "minimum_group"),
        ("research-policy", {"term_months": "121"}, "term_months"),
        ("research-policy", {"partner": " "}, "partner"),
    ],
)
def test_what_cannot_be_is_refused_by_its_field_before_the_notice(
    kind: str, change: dict[str, str], field: str
) -> None:
    point = resolution("r1", kind, read_parameters(kind, FILLED[kind] | change))
    assert [problem.field for problem in check_resolution(point, 1)] == [f"r1.parameters.{field}"]


def test_the_promise_of_new_contracts_is_told_as_a_choice(database: Database) -> None:
    values = {name: str(value) for name, value in founding_guarantee().items()}
    filled = {f"value.{name}": value for name, value in values.items()} | {
        "source": "ALV",
        "valid_from": "2027-01-01",
    }
    parameters = read_parameters("guarantee", filled)
    decide(database, "guarantee", parameters)
    [fact] = [fact for fact in told(database) if isinstance(fact, ChoiceAdopted)]
    assert (fact.name, fact.valid_from) == ("guarantee", date(2027, 1, 1))
    assert fact.value == parameters["value"]


@pytest.mark.parametrize("kind", ["guarantee", "choice"])
def test_no_promise_is_put_to_the_vote_from_a_day_on_which_contracts_have_begun(database: Database, kind: str) -> None:
    live(database, until="convene")
    parameters = {"name": "guarantee", "value": founding_guarantee(), "source": "ALV", "valid_from": "2020-01-01"}
    with database.write(TOWN, SECRETARY) as tx, pytest.raises(BadInput, match="what was promised stays") as refused:
        meetings.convene_meeting(tx, meeting(resolution("point", kind, parameters)))
    assert [problem.field for problem in refused.value.problems] == ["point.parameters.valid_from"]


def founding_guarantee() -> dict[str, Any]:
    [chosen] = [dated.choice for dated in founding_choices() if dated.choice.NAME == "guarantee"]
    return chosen.model_dump(mode="json")


def test_a_programme_that_is_not_planned_cannot_be_put_to_the_vote(database: Database) -> None:
    live(database, until="convene")
    point = resolution("p1", "programme", {"programme_id": "does-not-exist"})
    with database.write(TOWN, SECRETARY) as tx, pytest.raises(BadInput) as refused:
        meetings.convene_meeting(tx, meeting(point))
    assert [problem.field for problem in refused.value.problems] == ["p1.parameters.programme_id"]


def test_two_points_that_would_settle_the_same_stand_on_no_agenda_together(database: Database) -> None:
    live(database, until="convene")
    budget = read_parameters("budget", BUDGET)
    points = [resolution(f"b{number}", "budget", budget) for number in (1, 2)]
    with database.write(TOWN, SECRETARY) as tx, pytest.raises(BadInput) as refused:
        meetings.convene_meeting(tx, meeting(*points))
    assert [str(problem.reason) for problem in refused.value.problems] == [
        "another point on this agenda settles the same: make them options, of which one wins"
    ]


def test_every_kind_of_the_house_has_its_words_and_a_place_on_the_form(embedded: Database, tmp_path: Path) -> None:
    live(embedded, until="convene")
    board: TestClient = client(embedded, tmp_path, "board")
    assert len(list_kinds()) >= 16
    for name, kind in list_kinds().items():
        form = board.post(PAGE, params={"lang": "nl"}, data={"act": "add", "add_kind": name})
        assert form.status_code == 200
        assert 'name="1.subject_nl"' in form.text
        for field in kind.fields:
            assert kind.page or f'name="1.{field.name}"' in form.text


@pytest.mark.parametrize(
    ("terms", "reason"),
    [
        ({"kind": "static", "weights": {"C1": 999_999}}, "the shares add up to 999999 parts, not to 1000000"),
        ({"kind": "priority", "order": ["C1", "C1"]}, "C1 stands in the order more than once"),
        ({"kind": "by-lot"}, "'by-lot' is not one of"),
        ({"kind": "equal", "weights": {"C1": 1_000_000}}, "the equal key takes no shares"),
        ({"kind": "dynamic", "valid_until": "2026-12-31"}, "valid_until"),
    ],
)
def test_a_key_that_could_not_divide_is_not_put_to_the_vote(terms: dict[str, object], reason: str) -> None:
    key = resolution("k1", "allocation-key", {"group_id": "roofs", "valid_from": "2027-01-01", **terms})
    assert reason in " ".join(str(problem) for problem in check_resolution(key, 1))


def test_a_key_with_an_order_and_an_end_is_taken_and_read_out() -> None:
    key = {"group_id": "roofs", "kind": "priority", "order": ["C2", "C1"], "valid_from": "2027-01-01"}
    point = resolution("k1", "allocation-key", {**key, "valid_until": "2028-01-01"})
    assert check_resolution(point, 1) == []
    shown = dict(find_kind("allocation-key").show_parameters("en", point.parameters, {}))
    assert (shown["Served in this order"], shown["Until"]) == ("C2, C1", "1 January 2028")


def test_a_key_that_leaves_a_part_with_the_producers_says_so_and_its_shares_add_up_with_it() -> None:
    key = {"group_id": "roofs", "kind": "static", "weights": {"C1": 775_000}, "valid_from": "2027-01-01"}
    [problem] = check_resolution(resolution("k1", "allocation-key", key), 1)
    assert "the shares add up to 775000 parts, not to 1000000" in str(problem)
    point = resolution("k1", "allocation-key", {**key, "kept": 225_000})
    assert check_resolution(point, 1) == []
    shown = find_kind("allocation-key").show_parameters("nl", point.parameters, {})
    said = {label: words.replace("\xa0", "") for label, words in shown}
    assert said["Blijft bij de producenten"] == "22,5%"
    assert "77,5 kWh verdeeld" in said["Dat betekent"]
