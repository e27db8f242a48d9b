"""Decisions that fall: suspended, annulled, withdrawn, taken back; and that hold again."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path

import pytest
from sqlalchemy import text, update

from coop.communities.stops import is_stopped
from coop.events.governance import DecisionStopped, ResolutionDecided
from coop.governance.ballots import closing
from coop.governance.ballots.verify import verify_resolution
from coop.governance.convening import commands as meetings
from coop.governance.convening.stopping import Ruling, propose_stop
from coop.governance.entered import KINDS
from coop.governance.entries import commands as entries
from coop.governance.entries.store import get_entry
from coop.governance.meetings.store import list_tariffs
from coop.governance.programmes import store as programmes
from coop.governance.stops.store import map_stops
from coop.governance.tables.stops import decision_stop
from coop.kit.database import Database
from coop.values import BadInput, CoopError
from tests.desk import SECRETARY
from tests.governance.assembly import (
    KEY,
    TARIFF,
    TOWN,
    cast,
    client,
    confirm,
    live,
    meeting,
    members,
    only,
    resolution,
    rows,
    sit_down,
    told,
)
from tests.kit.clocks import SetClock
from tests.metering.test_meter_pages import plain

RULED = date(2027, 5, 3)
ANNULLED = Ruling("annulled", RULED)
PAPER = "C/13/700123"


@pytest.fixture
def decided(embedded: Database) -> Database:
    """Tariff, key and decision to build, adopted on 24 June 2026."""
    live(embedded, until="reach")
    at(embedded, datetime(2027, 5, 4, 9, tzinfo=UTC))
    return embedded


def at(database: Database, instant: datetime) -> None:
    assert isinstance(database.clock, SetClock)
    database.clock.set(instant)


def stop(database: Database, resolution_id: str, ruling: Ruling, paper: str = PAPER) -> None:
    with database.write(TOWN, SECRETARY) as tx:
        confirm(tx, propose_stop(tx, resolution_id, ruling, paper))


def test_an_annulment_of_two_people_is_told_once_and_reaches_back_to_the_first_day(decided: Database) -> None:
    with decided.write(TOWN, SECRETARY) as tx:
        entry = propose_stop(tx, "tariff", ANNULLED, PAPER)
        assert map_stops(tx) == {}
        with pytest.raises(CoopError, match="somebody else"):
            entries.confirm(tx, entry.entry_id, KINDS)
    with decided.write(TOWN, SECRETARY) as tx:
        assert (confirm(tx, entry), confirm(tx, entry)) == (1, 0)
    [fact] = only(told(decided), DecisionStopped)
    assert (fact.manner, fact.from_on, fact.ruled_on, fact.stopped_on) == (
        "annulled", date(2027, 1, 1), RULED, date(2027, 5, 4),
    )  # fmt: skip
    with decided.read(TOWN) as tx:
        assert list_tariffs(tx) == []
        assert verify_resolution(tx, "tariff").findings == ()
        assert verify_resolution(tx, "tariff").stops == ("annulled from 2027-01-01",)


def test_a_phase_that_fell_is_not_decided_any_more_and_can_be_decided_anew(decided: Database) -> None:
    with decided.read(TOWN) as tx:
        assert set(programmes.list_realisations(tx)) == {"wg-1"}
    stop(decided, "build", ANNULLED)
    with decided.read(TOWN) as tx:
        assert programmes.list_realisations(tx) == {}
    stop(decided, "build", Ruling("resumed", date(2027, 5, 4)))
    with decided.read(TOWN) as tx:
        assert set(programmes.list_realisations(tx)) == {"wg-1"}


REFUSED = [
    ("tariff", Ruling("withdrawn", RULED), "acted-before"),
    ("tariff", Ruling("resumed", RULED), "not-stopped"),
    ("tariff", Ruling("suspended", RULED, date(2027, 5, 1)), "bad-stop"),
    ("tariff", Ruling("annulled", date(2027, 5, 5)), "bad-stop"),
    ("tariff", Ruling("annulled", date(2026, 6, 23)), "bad-stop"),
    ("tariff", Ruling("annulled", RULED, date(2026, 12, 31)), "bad-stop"),
    ("tariff", Ruling("annulled", RULED, date.max), "bad-stop"),
    ("tariff", Ruling("forgotten", RULED), "bad-stop"),
]


@pytest.mark.parametrize(("resolution_id", "ruling", "code"), REFUSED, ids=range(len(REFUSED)))
def test_what_no_paper_can_say_is_refused(decided: Database, resolution_id: str, ruling: Ruling, code: str) -> None:
    with decided.write(TOWN, SECRETARY) as tx, pytest.raises(CoopError) as refused:
        propose_stop(tx, resolution_id, ruling, PAPER)
    assert refused.value.code == code


def test_what_fell_does_not_fall_again_but_a_suspension_may_end_in_an_annulment(decided: Database) -> None:
    stop(decided, "tariff", Ruling("suspended", RULED))
    stop(decided, "tariff", ANNULLED)
    with decided.write(TOWN, SECRETARY) as tx, pytest.raises(CoopError, match="nothing is left to stop"):
        propose_stop(tx, "tariff", ANNULLED, "another paper")
    with decided.read(TOWN) as tx:
        stops = map_stops(tx)["tariff"]
    assert [is_stopped(stops, day) for day in (date(2026, 12, 31), date(2027, 1, 1), date(2030, 1, 1))] == [
        False, True, True,
    ]  # fmt: skip


def test_the_board_withdraws_what_has_not_acted_yet(embedded: Database) -> None:
    live(embedded, until="reach")
    at(embedded, datetime(2026, 9, 1, 9, tzinfo=UTC))
    stop(embedded, "tariff", Ruling("withdrawn", date(2026, 9, 1)), "board of 1 September")
    [fact] = only(told(embedded), DecisionStopped)
    assert (fact.manner, fact.from_on) == ("withdrawn", date(2027, 1, 1))


def test_the_board_withdraws_no_decision_from_a_day_on_which_it_acted(embedded: Database) -> None:
    live(embedded, until="reach")
    at(embedded, datetime(2026, 9, 1, 9, tzinfo=UTC))
    with embedded.write(TOWN, SECRETARY) as tx, pytest.raises(BadInput, match="whole"):
        propose_stop(tx, "tariff", Ruling("withdrawn", date(2026, 9, 1), date(2028, 1, 1)), "board of 1 September")


def take_back(database: Database, choice: str, from_on: str = "2027-08-01") -> list[ResolutionDecided]:
    """A meeting on taking the tariff back, at which three of four vote so; the tariff asked two thirds."""
    point = resolution("repeal", "repeal", {"decision": "tariff", "of_kind": "tariff", "from_on": from_on})
    held_on = date(2027, 6, 20)
    with database.write(TOWN, SECRETARY) as tx:
        convened = meeting(point, meeting_id="alv-2", held_on=held_on, convened_on=tx.today)
        meetings.convene_meeting(tx, convened)
    at(database, datetime(2027, 6, 20, 18, tzinfo=UTC))
    one, two, three, four = members(4)
    with database.write(TOWN, SECRETARY) as tx:
        cast(tx, "repeal", rows({one: choice, two: choice, three: "for", four: "against"}, held_on), "alv-2")
    with database.write(TOWN, SECRETARY) as tx:
        closing.close_meeting(tx, "alv-2")
    return [each for each in only(told(database), ResolutionDecided) if each.resolution_id == "repeal"]


@pytest.mark.parametrize(("choice", "verdict"), [("for", "adopted"), ("blank", "rejected")])
def test_the_members_take_a_decision_back_with_the_majority_that_it_asked(
    decided: Database, choice: str, verdict: str
) -> None:
    """Three of four are two thirds; one of two is half, which is enough for other subjects, and not for a tariff."""
    [fact] = take_back(decided, choice)
    assert (fact.verdict, fact.article) == (verdict, "art. 14.2")
    stops = only(told(decided), DecisionStopped)
    adopted = [("repealed", date(2027, 8, 1), "repeal")]
    assert [(each.manner, each.from_on, each.stop_id) for each in stops] == (adopted if verdict == "adopted" else [])
    with decided.read(TOWN) as tx:
        assert verify_resolution(tx, "repeal").findings == verify_resolution(tx, "tariff").findings == ()


def test_where_taking_back_is_annulled_the_first_decision_acts_again(decided: Database) -> None:
    take_back(decided, "for")
    at(decided, datetime(2027, 9, 2, 9, tzinfo=UTC))
    stop(decided, "repeal", Ruling("annulled", date(2027, 9, 1)))
    with decided.read(TOWN) as tx:
        assert [each.manner for each in map_stops(tx)["tariff"]] == ["repealed", "restored"]
        assert [each.resolution_id for each in list_tariffs(tx)] == ["tariff"]


def test_a_court_annuls_from_the_beginning_what_the_members_took_back_from_a_later_day(decided: Database) -> None:
    take_back(decided, "for")
    at(decided, datetime(2027, 7, 2, 9, tzinfo=UTC))
    stop(decided, "tariff", Ruling("annulled", date(2027, 7, 1)))
    with decided.write(TOWN, SECRETARY) as tx, pytest.raises(CoopError, match="nothing is left to stop"):
        propose_stop(tx, "tariff", Ruling("suspended", date(2027, 7, 2)), "another paper")
    with decided.read(TOWN) as tx:
        stops = map_stops(tx)["tariff"]
    assert [is_stopped(stops, day) for day in (date(2026, 12, 31), date(2027, 1, 1), date(2027, 8, 1))] == [
        False, True, True,
    ]  # fmt: skip


@pytest.mark.parametrize("suspended_first", [True, False])
def test_the_end_of_a_suspension_gives_back_nothing_that_the_members_took_back(
    decided: Database, suspended_first: bool
) -> None:
    if suspended_first:
        stop(decided, "tariff", Ruling("suspended", RULED))
        take_back(decided, "for")
    else:
        take_back(decided, "for")
        stop(decided, "tariff", Ruling("suspended", date(2027, 6, 20)))
    at(decided, datetime(2027, 9, 2, 9, tzinfo=UTC))
    stop(decided, "tariff", Ruling("resumed", date(2027, 7, 1)), "the end of the case")
    with decided.read(TOWN) as tx:
        stops = map_stops(tx)["tariff"]
        assert list_tariffs(tx) == []
        assert verify_resolution(tx, "tariff").findings == verify_resolution(tx, "repeal").findings == ()
    assert [is_stopped(stops, day) for day in (date(2027, 6, 21), date(2027, 7, 1), date(2027, 8, 1))] == [
        True, False, True,
    ]  # fmt: skip


def test_what_was_taken_back_comes_again_by_a_vote_of_its_own_alone(decided: Database) -> None:
    """Taking back the taking back would follow the ordinary rule, and bring a tariff back with half of the votes."""
    take_back(decided, "for")
    point = resolution("undo", "repeal", {"decision": "repeal", "of_kind": "repeal", "from_on": "2027-08-01"})
    again = meeting(point, meeting_id="alv-3", held_on=date(2027, 8, 1), convened_on=date(2027, 6, 20))
    with decided.write(TOWN, SECRETARY) as tx, pytest.raises(BadInput, match="put to the vote again"):
        meetings.convene_meeting(tx, again)


@pytest.mark.parametrize(
    ("parameters", "field"),
    [
        ({"decision": "tariff", "of_kind": "other", "from_on": "2027-08-01"}, "repeal.parameters.decision"),
        ({"decision": "nothing", "of_kind": "tariff", "from_on": "2027-08-01"}, "repeal.parameters.decision"),
        ({"decision": "tariff", "of_kind": "tariff", "from_on": "2027-06-19"}, "repeal.parameters.from_on"),
    ],
    ids=["kind", "unknown", "past"],
)
def test_the_past_and_what_was_not_decided_are_not_taken_back(
    decided: Database, parameters: dict[str, str], field: str
) -> None:
    point = resolution("repeal", "repeal", parameters)
    again = meeting(point, meeting_id="alv-2", held_on=date(2027, 6, 20), convened_on=date(2027, 5, 4))
    with decided.write(TOWN, SECRETARY) as tx, pytest.raises(BadInput) as refused:
        meetings.convene_meeting(tx, again)
    assert [problem.field for problem in refused.value.problems] == [field]


def test_a_tariff_that_fell_leaves_its_day_to_another(decided: Database) -> None:
    """What one meeting decided for a day falls away where another decided the same on that day; not beside a fall."""
    stop(decided, "key", ANNULLED)
    again = resolution("again", "allocation-key", KEY)
    with decided.write(TOWN, SECRETARY) as tx:
        assert closing._is_decided_before(tx, again, date(2026, 6, 24)) is False
        assert closing._is_decided_before(tx, replace(again, kind="tariff", parameters=TARIFF), date(2026, 6, 24))


FORGERIES: dict[str, dict[str, object]] = {
    "day": {"from_on": date(2028, 1, 1)},
    "paper": {"paper": "another"},
    "manner": {"manner": "resumed"},
}


@pytest.mark.parametrize("change", list(FORGERIES))
def test_a_fall_that_was_changed_or_left_out_is_found(decided: Database, change: str) -> None:
    stop(decided, "tariff", ANNULLED)
    with decided.system_write() as sql:
        sql.execute(text("DROP TRIGGER decision_stop_holds"))
        sql.execute(update(decision_stop).values(FORGERIES[change]))
    with decided.read(TOWN) as tx:
        assert verify_resolution(tx, "tariff").findings == (
            "resolution tariff: what is kept of its fall is not what was told",
        )


def test_pages_and_answers_say_that_a_decision_does_not_hold(decided: Database, tmp_path: Path) -> None:
    board = client(decided, tmp_path, "board")
    page = "/governance/resolutions/tariff/stop"
    assert "A court annuls it" in plain(board.get(page).text)
    filled = {"manner": "annulled", "ruled_on": "2027-05-03", "from_on": "", "paper": PAPER, "entry_id": "e-1"}
    assert board.post(page, data={**filled, "ruled_on": ""}).status_code == 422
    assert board.post(page, data=filled, follow_redirects=False).status_code == 303
    waiting = board.get(page).text
    assert "What it undoes" in plain(waiting)
    assert 'data-card="/billing/cards/stops/tariff/2027-01-01"' in waiting
    assert "You entered this yourself" in plain(waiting)
    asked = f"Confirm that a decision falls or acts again, or leave it out: {PAPER}"
    assert asked not in plain(board.get("/governance/cards/waiting").text), "it is her own"
    second = sit_down(client(decided, tmp_path), "account-2", "board").get("/governance/cards/waiting").text
    assert asked in plain(second)
    assert f'href="{page}"' in second
    with decided.write(TOWN, SECRETARY) as tx:
        confirm(tx, get_entry(tx, "e-1"))
    member = client(decided, tmp_path, "member", member_id="m001")
    said = plain(member.get("/governance/resolutions/tariff", params={"lang": "nl"}).text)
    assert "Aangenomen, maar geldt niet meer" in said
    assert PAPER in said
    assert "geldt niet" in plain(member.get("/governance/meetings/alv-1/minutes", params={"lang": "nl"}).text)
    assert member.get(page).status_code == 403
    answer = board.get("/governance/api/v1/resolutions/tariff").json()
    assert [(each["manner"], each["from_on"]) for each in answer["stops"]] == [("annulled", "2027-01-01")]
    minutes = board.get("/governance/api/v1/meetings/alv-1/minutes").json()
    assert [each["resolution_id"] for each in minutes["fallen"]] == ["tariff"]
    told(decided)  # the feed gives what is sealed
    feed = client(decided, tmp_path, "partner").get("/governance/feed.atom").text
    assert "Does not hold any more: Resolution tariff" in feed
