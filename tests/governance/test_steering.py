"""The steering group: who sits in it, what each organisation said and why, and the number of each decision."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import insert, select
from sqlalchemy.exc import DBAPIError

from coop.events.governance import SteeringDecided, SteeringSeatEnded, SteeringSeatTaken, TrancheReleased
from coop.governance.entries.store import list_waiting
from coop.governance.feeds.api import PUBLIC
from coop.governance.feeds.words import fact, fact_detail
from coop.governance.programmes import commands, seat_store, seats
from coop.governance.programmes.rules import may_release
from coop.governance.tables.programmes import steering_decision
from coop.kit.actor import Actor
from coop.kit.database import Database
from coop.kit.tx import Tx
from coop.values import BadInput, CoopError
from tests.desk import SECRETARY, sign_in
from tests.governance.assembly import (
    PARTNER,
    SECOND,
    TOWN,
    client,
    confirm,
    confirm_over_http,
    live,
    only,
    take_seat,
    told,
)
from tests.kit.clocks import SetClock

TOWN_HALL = Actor("account", "alderman", "page")
DEPUTY = Actor("account", "deputy", "page")


def say(
    database: Database, actor: Actor, decision: str, day: int, party: str = "partner", reason: str = "seen on site"
) -> bool:
    with database.write(TOWN, actor) as tx:
        return commands.decide_referred(tx, "t3", decision, date(2027, 8, day), party, reason)


def refuse(database: Database, actor: Actor, party: str) -> str:
    with pytest.raises(CoopError) as refused:
        say(database, actor, "release", 1, party)
    return refused.value.code


def find_row(tx: Tx) -> dict[str, Any]:
    """The first decision, as its table holds it."""
    columns = steering_decision.c
    query = select(steering_decision).where(columns.community == tx.community).order_by(columns.year, columns.number)
    return dict(tx.execute(query).mappings().all()[0])


def test_nobody_speaks_without_a_seat_that_a_second_person_confirmed(database: Database) -> None:
    live(database, until="seats")
    assert refuse(database, SECRETARY, "co-operative") == "no-seat"
    with database.write(TOWN, SECRETARY) as tx:
        entry = seats.take_seat(tx, "co-operative", "", date(2026, 1, 1), None, "minutes, point 2")
    assert refuse(database, SECRETARY, "co-operative") == "no-seat"
    assert only(told(database), SteeringSeatTaken) == []
    with database.write(TOWN, SECRETARY) as tx:
        confirm(tx, entry)
        [seat] = seat_store.list_seats(tx)
    assert (seat.account_id, seat.party, seat.organisation) == ("account-1", "co-operative", "")
    assert say(database, SECRETARY, "release", 1, "co-operative") is False
    assert only(told(database), SteeringSeatTaken)[0].seat_id == seat.seat_id


def test_a_seat_speaks_only_for_its_side_and_only_while_it_lasts(database: Database, clock: SetClock) -> None:
    live(database, until="seats")
    with database.write(TOWN, SECRETARY) as tx:
        take_seat(tx, PARTNER, "partner", "Water board", date(2027, 7, 15), date(2028, 1, 1))
    assert refuse(database, PARTNER, "co-operative") == "other-party"
    with database.write(TOWN, PARTNER) as tx, pytest.raises(BadInput, match="your seat begins on 2027-07-15"):
        commands.decide_referred(tx, "t3", "release", date(2027, 7, 14), "partner", "seen on site")
    assert say(database, PARTNER, "keep", 1) is False
    clock.set(datetime(2028, 1, 1, 12, tzinfo=UTC))
    assert refuse(database, PARTNER, "partner") == "no-seat"


def test_a_seat_that_ended_speaks_no_more_and_its_words_stay(database: Database) -> None:
    live(database, until="offer")
    with database.read(TOWN) as tx:
        ours = next(seat for seat in seat_store.list_seats(tx) if seat.account_id == "account-1")
    with database.write(TOWN, SECOND) as tx, pytest.raises(BadInput, match="spoke on that day or later"):
        seats.end_seat(tx, ours.seat_id, date(2027, 7, 20), "letter")
    with database.write(TOWN, SECRETARY) as tx:
        confirm(tx, seats.end_seat(tx, ours.seat_id, date(2027, 7, 21), "letter"))
    assert refuse(database, SECRETARY, "co-operative") == "no-seat"
    [ended] = only(told(database), SteeringSeatEnded)
    assert (ended.seat_id, ended.ended_on) == (ours.seat_id, date(2027, 7, 21))
    with database.write(TOWN, SECRETARY) as tx:
        take_seat(tx, SECRETARY, "co-operative", from_on=date(2027, 7, 21))
        assert [word.seat_id for word in seat_store.list_words(tx)] == [ours.seat_id]


@pytest.mark.parametrize(
    ("party", "organisation", "until_on", "field"),
    [
        ("partner", " ", None, "organisation"),
        ("co-operative", "Water board", None, "organisation"),
        ("partner", "x" * 201, None, "organisation"),
        ("partner", "Water\x07", None, "organisation"),
        ("partner", "\u200b - \u00ad", None, "organisation"),
        ("partner", "Water board", date(2026, 1, 1), "until_on"),
        ("tenants", "", None, "party"),
    ],
)
def test_a_seat_that_says_nothing_clear_is_refused(
    database: Database, party: str, organisation: str, until_on: date | None, field: str
) -> None:
    with database.write(TOWN, SECRETARY) as tx, pytest.raises(BadInput) as refused:
        seats.take_seat(tx, party, organisation, date(2026, 1, 1), until_on, "letter")
    assert field in [problem.field for problem in refused.value.problems]


def test_nobody_has_two_seats_on_a_day_and_no_program_has_one(database: Database) -> None:
    with database.write(TOWN, SECRETARY) as tx:
        take_seat(tx, PARTNER, "partner", "Water board", date(2026, 1, 1), date(2027, 1, 1))
        take_seat(tx, PARTNER, "partner", "Municipality", date(2027, 1, 1))
    with database.write(TOWN, PARTNER) as tx, pytest.raises(CoopError, match="you have a seat from 2026-01-01"):
        seats.take_seat(tx, "partner", "Water board", date(2026, 6, 1), None, "letter")
    with database.write(TOWN, Actor("program", "p", "api")) as tx, pytest.raises(CoopError) as refused:
        seats.take_seat(tx, "partner", "Water board", date(2026, 6, 1), None, "letter")
    assert refused.value.code == "no-person"


def test_an_organisation_has_one_voice_and_dissent_stands_beside_the_release(database: Database) -> None:
    live(database, until="keep")
    with database.write(TOWN, SECRETARY) as tx:
        take_seat(tx, DEPUTY, "partner", "Water board")
        take_seat(tx, TOWN_HALL, "partner", "Municipality")
    assert say(database, SECRETARY, "release", 1, "co-operative") is False
    assert say(database, TOWN_HALL, "keep", 1, reason="the quay is not back") is False
    assert say(database, PARTNER, "release", 1) is False
    assert say(database, DEPUTY, "release", 2) is False
    with database.write(TOWN, SECRETARY) as tx:
        take_seat(tx, Actor("account", "corporation", "page"), "partner", "Stadgenoot")
    assert say(database, Actor("account", "corporation", "page"), "release", 3) is True
    [released] = [each for each in only(told(database), TrancheReleased) if each.tranche_id == "t3"]
    assert "decisions 2027-1 and 2027-4 and 2027-5;" in released.rule
    with database.read(TOWN) as tx:
        assert [(word.name, word.organisation, word.decision, word.reason) for word in seat_store.list_words(tx)] == [
            ("2027-1", "", "release", "seen on site"),
            ("2027-2", "Municipality", "keep", "the quay is not back"),
            ("2027-3", "Water board", "release", "seen on site"),
            ("2027-4", "Water board", "release", "seen on site"),
            ("2027-5", "Stadgenoot", "release", "seen on site"),
        ]


@pytest.mark.parametrize("name", ["water board", "Water  board", "WATERBOARD", "Water-board", "Wàter\u200b board."])
def test_an_organisation_gets_no_second_voice_by_another_spelling(database: Database, name: str) -> None:
    with database.write(TOWN, SECRETARY) as tx:
        take_seat(tx, PARTNER, "partner", "Water board")
    with database.write(TOWN, DEPUTY) as tx, pytest.raises(BadInput, match="is written Water board here") as refused:
        seats.take_seat(tx, "partner", name, date(2026, 1, 1), None, "letter")
    assert [problem.field for problem in refused.value.problems] == ["organisation"]


def test_who_entered_the_same_seat_under_two_spellings_gets_one_of_them(database: Database) -> None:
    entered = []
    for actor, name in ((PARTNER, "Water board"), (DEPUTY, "Water Board")):
        with database.write(TOWN, actor) as tx:
            entered.append(seats.take_seat(tx, "partner", name, date(2026, 1, 1), None, "letter"))
    with database.write(TOWN, SECOND) as tx:
        confirm(tx, entered[0])
    with database.write(TOWN, SECOND) as tx, pytest.raises(BadInput, match="is written Water board here"):
        confirm(tx, entered[1])


VOICES = st.dictionaries(
    st.sampled_from([("co-operative", ""), ("partner", "a"), ("partner", "b"), ("partner", "c")]),
    st.sampled_from(["release", "keep"]),
)


@given(VOICES)
def test_a_release_needs_the_co_operative_and_more_partners_than_not(last: Mapping[tuple[str, str], str]) -> None:
    balance = 0
    for name in "abc":
        balance += {"release": 1, "keep": -1, None: 0}[last.get(("partner", name))]
    assert may_release(last) == (balance > 0 and last.get(("co-operative", ""), "keep") != "keep")


def test_numbers_count_within_a_year_without_a_gap_also_where_a_word_was_refused(
    database: Database, clock: SetClock
) -> None:
    live(database, until="offer")
    with pytest.raises(BadInput):
        say(database, PARTNER, "keep", 1, reason="")
    for _ in range(2):
        say(database, PARTNER, "keep", 1, reason="it runs")
    clock.set(datetime(2028, 1, 3, 12, tzinfo=UTC))
    with database.write(TOWN, PARTNER) as tx:
        commands.decide_referred(tx, "t3", "keep", date(2027, 12, 31), "partner", "it stopped")
    with database.read(TOWN) as tx:
        assert [word.name for word in seat_store.list_words(tx)] == ["2027-1", "2027-2", "2028-1"]
        row = find_row(tx)
    with database.write(TOWN, PARTNER) as tx, pytest.raises(DBAPIError), tx.savepoint():
        tx.execute(insert(steering_decision).values(**{**row, "decided_on": date(2029, 1, 1)}))


def test_no_word_is_kept_for_another_organisation_than_its_seat(database: Database) -> None:
    live(database, until="offer")
    with database.read(TOWN) as tx:
        row = find_row(tx)
    for changed in ({"organisation": "Other"}, {"party": "partner"}, {"seat_id": "nobody"}):
        with database.write(TOWN, PARTNER) as tx, pytest.raises(DBAPIError), tx.savepoint():
            tx.execute(
                insert(steering_decision).values(**{**row, "number": 9, "decided_on": date(2027, 9, 1), **changed})
            )


def test_each_word_is_told_with_its_reason_and_stands_in_the_feed_without_a_name(database: Database) -> None:
    live(database)
    decided = only(told(database), SteeringDecided)
    assert [(each.number, each.organisation, each.decision, each.reason) for each in decided] == [
        (1, "", "keep", "no test run"),
        (2, "Water board", "release", "it runs"),
        (3, "", "release", "it runs now"),
    ]
    assert SteeringDecided.TYPE in PUBLIC
    data = json.loads(decided[1].canonical())
    assert (
        fact("en", SteeringDecided.TYPE, data, {"t3": "Tranche 3"}) == "Decision 2027-2, Water board: release Tranche 3"
    )
    assert fact_detail("en", SteeringDecided.TYPE, data, {}) == "it runs."
    assert "partner-1" not in decided[1].canonical().decode()


def test_a_seat_is_taken_and_confirmed_on_the_page_and_by_programs(embedded: Database, tmp_path: Path) -> None:
    live(embedded, until="seats")
    partner = sign_in(client(embedded, tmp_path), "partner", account_id="partner-1")
    assert "Take your seat in the steering group" in partner.get("/governance/cards/waiting?lang=en").text
    form = {"organisation": "", "from_on": "2027-01-01", "paper": "letter of the dike-reeve"}
    assert partner.post("/governance/steering?lang=en", data=form).status_code == 422
    partner.post("/governance/steering", data={**form, "organisation": "Water board"})
    assert "Take your seat" not in partner.get("/governance/cards/waiting?lang=en").text
    with embedded.read(TOWN) as tx:
        [entry] = [each.entry_id for each in list_waiting(tx, seats.SEAT)]
    assert partner.post(f"/governance/steering/{entry}", data={"act": "confirm"}).status_code == 403
    board = sign_in(partner, "board")
    assert "Compare a seat in the steering group" in board.get("/governance/cards/waiting?lang=en").text
    assert "it holds" in board.post(f"/governance/steering/{entry}?lang=en", data={"act": "confirm"}).text
    own = board.post("/governance/api/v1/steering/seats", json={"from_on": "2027-01-01", "paper": "minutes"}).json()
    confirm_over_http(board, own["entry_id"])
    seated = board.get("/governance/api/v1/steering/seats").json()
    assert {(each["account_id"], each["party"], each["organisation"]) for each in seated} == {
        ("partner-1", "partner", "Water board"),
        ("account-1", "co-operative", ""),
    }
    word = {"decision": "keep", "decided_on": "2027-08-01", "reason": "no test run"}
    assert board.post("/governance/api/v1/tranches/t3/decide", json=word).json()["number"] == 1
    reader = client(embedded, tmp_path, "member")
    page = reader.get("/governance/steering?lang=en").text
    assert all(
        text in page for text in ('data-names="/members/seat-holders"', 'data-name-of="account-1"', "no test run")
    )
    assert "letter of the dike-reeve" not in page
    assert reader.get("/governance/api/v1/steering/decisions").json()[0]["reason"] == "no test run"
    assert reader.get("/governance/api/v1/steering/seats").status_code == 403
