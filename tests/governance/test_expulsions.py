"""Expulsions: two people sign them, the member has a month to appeal, who is expelled is suspended meanwhile, and the
members decide."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest
from fastapi.testclient import TestClient

from coop.events.governance import (
    ExpulsionAppealed,
    ExpulsionSettled,
    MemberExpelled,
    MemberSuspended,
    SuspensionLifted,
)
from coop.governance.ballots import closing
from coop.governance.ballots.verify import verify_resolution
from coop.governance.convening import commands as meetings
from coop.governance.entered import KINDS
from coop.governance.entries import commands as entries
from coop.governance.entries.store import Entry
from coop.governance.expulsions import store
from coop.governance.expulsions.commands import appeal, end_unopposed, enter_appeal, expel_member
from coop.governance.expulsions.rules import find_appeal_end
from coop.governance.meetings.voting_lists import list_suspended
from coop.governance.suspensions.commands import lift_suspension, suspend_member
from coop.kit.database import Database
from coop.kit.tx import Tx
from coop.values import BadInput, CoopError
from tests.desk import SECRETARY
from tests.governance.assembly import (
    TOWN,
    cast,
    client,
    come,
    confirm,
    confirm_over_http,
    leave,
    meeting,
    only,
    resolution,
    rows,
    sit_down,
    told_with_notices,
)
from tests.governance.test_attendance import at, begin
from tests.governance.test_suspensions import AHEAD, BEFORE
from tests.metering.test_meter_pages import plain

TOLD, LAST = date(2026, 5, 21), date(2026, 6, 28)
"""The member is told, and the last day of their term: a week for the receipt, and a calendar month."""

TREATED = date(2026, 7, 20)
"""Day of the meeting that treats the appeal."""

APPEAL = resolution("appeal", "appeal", {"member": "L-001"})


@pytest.fixture
def town(database: Database) -> Database:
    begin(database, AHEAD)
    at(database, BEFORE)
    return database


def expel(tx: Tx, member_id: str = "m001", way: str = "expulsion", ends_on: date | None = None) -> Entry:
    return expel_member(
        tx, member_id, way, TOLD - timedelta(days=1), "sold our heat", "art. 7.4", "minutes, point 3", ends_on
    )


def suspended(tx: Tx) -> set[str]:
    return set(list_suspended(tx, tx.today))


def decide(database: Database, choice: str, present: int = 3) -> None:
    """Bring the appeal to a meeting, and let three members vote on it."""
    at(database, datetime(2026, 7, 1, 9, tzinfo=UTC))
    with database.write(TOWN, SECRETARY) as tx:
        meetings.convene_meeting(tx, meeting(APPEAL, meeting_id="alv-2", held_on=TREATED, convened_on=date(2026, 7, 1)))
    at(database, datetime(2026, 7, 20, 18, tzinfo=UTC))
    voting = ["m002", "m003", "m004"][:present]
    with database.write(TOWN, SECRETARY) as tx:
        come(tx, *voting, meeting_id="alv-2")
        cast(tx, "appeal", rows(dict.fromkeys(voting, choice), TREATED), "alv-2")
        closing.close_meeting(tx, "alv-2")
        assert verify_resolution(tx, "appeal").findings == ()


@pytest.mark.parametrize("told_on", [date(2026, 1, 24), date(2026, 5, 21), date(2026, 12, 30), date(2028, 2, 22)])
def test_the_term_is_a_calendar_month_from_a_week_after_the_telling(told_on: date) -> None:
    """Held against a reckoning that steps day by day: the same day of the next month, or the last that it has."""
    received = told_on + timedelta(days=7)
    day = received + timedelta(days=1)
    while day.day != received.day and (day + timedelta(days=1)).month in (received.month, received.month % 12 + 1):
        day += timedelta(days=1)
    assert find_appeal_end(told_on) == day


def test_one_person_alone_expels_nobody(town: Database) -> None:
    with town.write(TOWN, SECRETARY) as tx:
        entry = expel(tx)
        with pytest.raises(CoopError, match="somebody else confirms it"):
            entries.confirm(tx, entry.entry_id, KINDS)
        assert (suspended(tx), store.list_cases(tx)) == (set(), [])
        confirm(tx, entry)
        assert suspended(tx) == {"m001"}
        with pytest.raises(CoopError, match="ends this membership already"):
            expel(tx, "m001", "termination", date(2027, 1, 1))
    facts = told_with_notices(town)
    [expelled], [held] = only(facts, MemberExpelled), only(facts, MemberSuspended)
    assert (expelled.reason, expelled.told_on, expelled.appeal_until) == ("sold our heat", TOLD, LAST)
    assert (held.from_on, held.ends_on, held.article) == (TOLD, None, "BW 2:35 lid 4")


def test_what_cannot_be_is_refused_with_every_reason(town: Database) -> None:
    with town.write(TOWN, SECRETARY) as tx:
        with pytest.raises(BadInput) as bad:
            expel_member(tx, "stranger", "banishment", date(2026, 5, 22), " ", "", "minutes")
        fields = {problem.field for problem in bad.value.problems}
        assert fields == {"member_id", "way", "reason", "article", "decided_on"}
        with pytest.raises(BadInput, match="a termination names the day"):
            expel(tx, way="termination")
        with pytest.raises(BadInput, match="an expulsion names no day"):
            expel(tx, ends_on=date(2027, 1, 1))


def test_without_an_appeal_the_membership_ends_once_the_term_is_over(town: Database) -> None:
    with town.write(TOWN, SECRETARY) as tx:
        confirm(tx, expel(tx))
        confirm(tx, expel(tx, "m002", "termination", date(2027, 1, 1)))
        assert suspended(tx) == {"m001"}, "who is given notice keeps the vote"
    at(town, datetime(2026, 6, 28, 20, tzinfo=UTC))
    with town.write(TOWN, SECRETARY) as tx:
        assert end_unopposed(tx) == 0, "the last day is one to appeal on"
    at(town, datetime(2026, 6, 28, 23, 20, tzinfo=UTC))
    with town.write(TOWN, SECRETARY) as tx:
        assert (end_unopposed(tx), end_unopposed(tx)) == (2, 0)
        assert suspended(tx) == set()
        leave(tx, "m001", date(2026, 6, 29), told_at=tx.now)
        with pytest.raises(CoopError, match="nothing to appeal against"):
            appeal(tx, "m001")
    facts = told_with_notices(town)
    assert [fact.member_id for fact in only(facts, SuspensionLifted)] == ["m001"]
    settled = {fact.member_id: fact for fact in only(facts, ExpulsionSettled)}
    assert [(settled[each].outcome, settled[each].left_on) for each in ("m001", "m002")] == [
        ("unopposed", date(2026, 6, 29)),
        ("unopposed", date(2027, 1, 1)),
    ]


def test_an_appeal_that_the_members_reject_ends_the_membership_on_their_day(town: Database) -> None:
    with town.write(TOWN, SECRETARY) as tx:
        confirm(tx, expel(tx))
        with pytest.raises(BadInput, match="no appeal of a member with this number waits"):
            meetings.convene_meeting(tx, meeting(APPEAL, meeting_id="early", convened_on=TOLD))
        appeal(tx, "m001")
        appeal(tx, "m001")
    at(town, datetime(2026, 6, 24, 18, tzinfo=UTC))
    with town.write(TOWN, SECRETARY) as tx:
        refusal = r"m001 is suspended on 2026-06-24 and has no vote \(BW 2:35 lid 4\)"
        with pytest.raises(BadInput, match=refusal):
            cast(tx, "a", rows({"m001": "against"}))
    at(town, datetime(2026, 6, 29, 9, tzinfo=UTC))
    with town.write(TOWN, SECRETARY) as tx:
        assert end_unopposed(tx) == 0, "an appeal is settled by the members alone"
    decide(town, "for")
    facts = told_with_notices(town)
    assert [fact.appealed_on for fact in only(facts, ExpulsionAppealed)] == [TOLD]
    [settled] = only(facts, ExpulsionSettled)
    assert (settled.outcome, settled.left_on, settled.resolution_id) == ("confirmed", TREATED, "appeal")


def test_an_appeal_that_is_won_ends_the_suspension_and_the_member_stays(town: Database) -> None:
    with town.write(TOWN, SECRETARY) as tx:
        confirm(tx, suspend_member(tx, "m001", TOLD, 3, "minutes, point 2"))
        confirm(tx, expel(tx))
        with pytest.raises(CoopError, match="the suspension ends as the members decide"):
            lift_suspension(tx, "m001", "minutes", "m003")
        confirm(tx, expel(tx, "m003"))
        appeal(tx, "m001")
        appeal(tx, "m003")
        assert suspended(tx) == {"m001", "m003"}
    decide_on = resolution("second", "appeal", {"member": "L-003"})
    at(town, datetime(2026, 7, 1, 9, tzinfo=UTC))
    with town.write(TOWN, SECRETARY) as tx:
        points = meeting(APPEAL, decide_on, meeting_id="alv-2", held_on=TREATED, convened_on=date(2026, 7, 1))
        meetings.convene_meeting(tx, points)
    at(town, datetime(2026, 7, 20, 18, tzinfo=UTC))
    with town.write(TOWN, SECRETARY) as tx:
        come(tx, "m002", "m004", meeting_id="alv-2")
        for point in ("appeal", "second"):
            cast(tx, point, rows({"m002": "for", "m004": "against"}, TREATED), "alv-2")
        closing.close_meeting(tx, "alv-2")
        assert suspended(tx) == {"m001"}, "what ran before the expulsion runs on"
        assert list_suspended(tx, date(2026, 8, 20)).keys() == {"m001"}
        assert list_suspended(tx, date(2026, 8, 21)).keys() == set()
    settled = only(told_with_notices(town), ExpulsionSettled)
    assert [(fact.outcome, fact.left_on) for fact in settled] == [("stays", None), ("stays", None)]


def test_an_appeal_on_paper_holds_by_two_and_only_within_the_term(town: Database) -> None:
    with town.write(TOWN, SECRETARY) as tx:
        confirm(tx, expel(tx))
    at(town, datetime(2026, 7, 1, 9, tzinfo=UTC))
    with town.write(TOWN, SECRETARY) as tx:
        with pytest.raises(CoopError, match="from 2026-05-21 to 2026-06-28"):
            enter_appeal(tx, "m001", date(2026, 6, 29), "letter")
        with pytest.raises(CoopError, match="from 2026-05-21 to 2026-06-28"):
            appeal(tx, "m001")
        paper = enter_appeal(tx, "m001", LAST, "letter")
        assert end_unopposed(tx) == 0, "a paper that waits holds it up"
        confirm(tx, paper)
        assert end_unopposed(tx) == 0
    [fact] = only(told_with_notices(town), ExpulsionAppealed)
    assert (fact.appealed_on, fact.entry_id) == (LAST, paper.entry_id)


def test_two_people_expel_on_a_page_and_the_member_reads_why_and_appeals(embedded: Database, tmp_path: Path) -> None:
    begin(embedded, AHEAD)
    at(embedded, BEFORE)
    desk: TestClient = sit_down(client(embedded, tmp_path), "account-1", "board")
    page, own = "/governance/expulsions", "/governance/expulsion"
    assert "No membership was ended by the board" in plain(desk.get(page).text)
    filled = {"act": "expel", "number": "L-001", "way": "expulsion", "decided_on": "2026-05-20", "article": "art. 7.4"}
    refused = desk.post(page, data=filled | {"paper": "minutes, point 3", "reason": ""})
    assert (refused.status_code, "the member is told this" in refused.text) == (422, True)
    desk.post(page, data=filled | {"paper": "minutes, point 3", "reason": "sold our heat"})
    assert "You entered this yourself" in plain(desk.get(page).text)
    sit_down(desk, "account-2", "board")
    assert "Confirm that a membership ends" in desk.get("/governance/cards/waiting").text
    entry_id = desk.get(page).text.partition(f'action="{page}/')[2].partition('"')[0]
    assert "the member is told" in desk.post(f"{page}/{entry_id}", data={"act": "confirm"}).text
    assert "sold our heat" in desk.get("/governance/exports/expulsions.csv").text
    sit_down(desk, "account-6", "member", member_id="m002")
    assert "has not ended your membership" in plain(desk.get(own).text)
    assert "nothing to appeal against" in desk.post(own).text
    sit_down(desk, "account-5", "member", member_id="m001")
    assert desk.get(page).status_code == 403
    assert "you can appeal" in desk.get("/governance/cards/waiting").text
    assert "as the board ends your membership (BW 2:35 lid 4)" in plain(desk.get("/governance/meetings/alv-1").text)
    shown = plain(desk.get(own).text)
    assert "sold our heat" in shown
    assert "28 June 2026" in shown
    assert "The members' meeting decides on it" in plain(desk.post(own).text)
    sit_down(desk, "account-2", "board")
    assert "Bring the appeal of member L-001 to a meeting" in desk.get("/governance/cards/waiting").text


def test_a_program_enters_an_expulsion_and_nobody_appeals_for_another(embedded: Database, tmp_path: Path) -> None:
    begin(embedded, AHEAD)
    at(embedded, BEFORE)
    desk: TestClient = sit_down(client(embedded, tmp_path), "account-1", "board")
    address, own = "/governance/api/v1/expulsions", "/governance/api/v1/me/expulsions"
    body = {
        "member_id": "m001",
        "way": "termination",
        "decided_on": "2026-05-20",
        "ends_on": "2027-01-01",
        "reason": "moved out of the village",
        "article": "art. 7.2",
        "paper": "minutes, point 3",
        "entry_id": "one",
    }
    assert desk.post(address, json=body).json()["state"] == "waits"
    confirm_over_http(desk, "one")
    sit_down(desk, "account-6", "member", member_id="m002")
    assert desk.get(own).json() == []
    assert desk.post(f"{own}/appeal").json()["code"] == "not-expelled"
    sit_down(desk, "account-5", "member", member_id="m001")
    assert desk.post(f"{own}/appeal").json()["state"] == "appealed"
    assert desk.get(address).status_code == 403
    sit_down(desk, "account-1", "board")
    [listed] = desk.get(address).json()
    assert (listed["state"], listed["appealed_on"], listed["ends_on"]) == ("appealed", "2026-05-21", "2027-01-01")
    late = {"member_id": "m002", "received_on": "2026-05-21", "paper": "letter"}
    assert desk.post(f"{address}/appeals", json=late).json()["code"] == "not-expelled"
