"""Attendance: noted as members come in, undone and signed, frozen by the closing, and found where it was changed."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from coop.events.attendance import AttendanceFrozen, AttendanceNoted
from coop.governance.ballots import closing
from coop.governance.ballots import commands as ballots
from coop.governance.ballots.attendance import commands as attendance
from coop.governance.ballots.attendance import store
from coop.governance.ballots.attendance.commands import Arrival
from coop.governance.ballots.verify import verify_resolution
from coop.governance.convening import commands as meetings
from coop.governance.entered import KINDS
from coop.governance.entries import commands as entries
from coop.governance.statutes.model import MORE_THAN_HALF, Articles, Proxies, Quorum, Rule, Share
from coop.governance.statutes.version import Statutes
from coop.kit.database import Database
from coop.values import BadInput, CoopError
from tests.desk import SECRETARY
from tests.governance.assembly import (
    ARTICLES,
    PLAIN,
    SECOND,
    TOWN,
    admit,
    adopt,
    cast,
    client,
    come,
    confirm,
    meeting,
    members,
    only,
    resolution,
    rows,
    sit_down,
    told_with_notices,
)
from tests.kit.clocks import SetClock
from tests.metering.test_meter_pages import plain
from tests.poppler import assert_no_warning

HEADS = Quorum("art. 14", Share(1, 2), "members")
QUORATE = replace(ARTICLES, rules={"ordinary": replace(PLAIN, quorum=HEADS)}, proxies=Proxies("art. 16", most_held=1))
EVENING = datetime(2026, 6, 24, 18, tzinfo=UTC)


def at(database: Database, when: datetime) -> None:
    clock = database.clock
    assert isinstance(clock, SetClock)
    clock.set(when)


def begin(database: Database, articles: Articles = QUORATE, count: int = 4, *points: str) -> None:
    """Members and a meeting under these statutes, on its evening."""
    at(database, datetime(2026, 5, 1, 9, tzinfo=UTC))
    with database.write(TOWN, SECRETARY) as tx:
        admit(tx, *members(count))
        adopt(tx, Statutes(date(2020, 1, 1), articles))
    at(database, datetime(2026, 5, 20, 9, tzinfo=UTC))
    with database.write(TOWN, SECRETARY) as tx:
        meetings.convene_meeting(tx, meeting(*(resolution(point) for point in points or ("a", "b"))))
    at(database, EVENING)


def there(database: Database) -> dict[str, str]:
    with database.read(TOWN) as tx:
        return {member_id: each.manner for member_id, each in attendance.find_present(tx, "alv-1").items()}


def note(database: Database, *arrivals: Arrival) -> list[bool]:
    with database.write(TOWN, SECOND) as tx:
        return [attendance.note_arrival(tx, "alv-1", arrival) for arrival in arrivals]


def findings(database: Database, point: str = "a") -> tuple[str, ...]:
    with database.write(TOWN, SECRETARY) as tx:
        return verify_resolution(tx, point).findings


def test_who_came_and_did_not_vote_on_a_point_counts_for_its_quorum_by_heads(database: Database) -> None:
    """Two came, both vote on the first point and one on the second: the quorum of half is there for both."""
    begin(database)
    with database.write(TOWN, SECRETARY) as tx:
        come(tx, "m001", "m002")
        cast(tx, "a", rows({"m001": "for", "m002": "for"}))
        cast(tx, "b", rows({"m001": "for"}))
        first, second = closing.close_meeting(tx, "alv-1")
    assert (first.verdict.word, second.verdict.word) == ("adopted", "adopted")
    assert (second.count.members_present, second.count.votes_silent) == (2, 1)
    assert findings(database, "a") == findings(database, "b") == ()


def test_a_majority_of_the_present_is_taken_of_who_is_there_in_silence_too(database: Database) -> None:
    begin(database, replace(ARTICLES, rules={"ordinary": Rule("art. 12", MORE_THAN_HALF, base="present")}))
    with database.write(TOWN, SECRETARY) as tx:
        come(tx, *members(4))
        cast(tx, "a", rows({"m001": "for", "m002": "for"}))
        cast(tx, "b", rows({"m001": "for", "m002": "for", "m003": "for"}))
        first, second = closing.close_meeting(tx, "alv-1")
    assert (first.verdict.word, first.verdict.votes_needed) == ("rejected", 3)
    assert second.verdict.word == "adopted"
    assert findings(database) == ()


def test_each_line_is_told_with_its_time_and_whoever_noted_it_and_the_same_again_is_no_line(database: Database) -> None:
    begin(database)
    assert note(database, Arrival("m001"), Arrival("m001"), Arrival("m001", "online")) == [True, False, True]
    assert there(database) == {"m001": "online"}
    with database.write(TOWN, SECOND) as tx:
        assert attendance.note_leaving(tx, "alv-1", "m001")
        assert not attendance.note_leaving(tx, "alv-1", "m001")
        first, *_, last = store.list_noted(tx, "alv-1")
    assert (first.recorded_at, first.actor, first.channel) == (EVENING, "account:account-2", "page")
    assert [fact.change for fact in only(told_with_notices(database), AttendanceNoted)] == ["came", "came", "left"]
    assert there(database) == {}
    with database.write(TOWN, SECOND) as tx:
        assert attendance.undo_line(tx, "alv-1", last.number)
        assert not attendance.undo_line(tx, "alv-1", last.number)
    assert there(database) == {"m001": "online"}


def test_who_gave_a_mandate_is_there_as_long_as_its_holder_is(database: Database) -> None:
    begin(database)
    mandate = Arrival("m002", "mandate", "m001")
    with pytest.raises(BadInput, match="not there: note them first"):
        note(database, mandate)
    note(database, Arrival("m001"), mandate)
    assert there(database) == {"m001": "room", "m002": "mandate"}
    with pytest.raises(BadInput, match=r"art\. 16 lets nobody hold so many mandates"):
        note(database, Arrival("m003", "mandate", "m001"))
    with database.write(TOWN, SECOND) as tx:
        attendance.note_leaving(tx, "alv-1", "m001")
    assert there(database) == {}


def test_a_quorum_in_person_leaves_out_who_is_there_by_a_mandate_but_not_who_voted_in_their_own_session(
    database: Database,
) -> None:
    in_person = replace(HEADS, with_proxies=False)
    begin(database, replace(QUORATE, rules={"ordinary": replace(PLAIN, quorum=in_person)}))
    note(database, Arrival("m001"), Arrival("m002", "mandate", "m001"))
    with database.write(TOWN, SECRETARY) as tx:
        cast(tx, "a", rows({"m001": "for"}))
        ballots.cast_own_vote(tx, "b", "m001", "for")
        ballots.cast_own_vote(tx, "b", "m002", "for")
        first, second = closing.close_meeting(tx, "alv-1")
    assert (first.verdict.reason, first.count.members_represented) == ("no-quorum", 1)
    assert (second.verdict.word, second.count.members_represented) == ("adopted", 0)
    assert findings(database, "a") == findings(database, "b") == ()


@pytest.mark.parametrize(
    ("arrival", "reason"),
    [
        (Arrival("stranger"), "not on the voting list"),
        (Arrival("m001", "by telepathy"), "none of"),
        (Arrival("m001", "room", "m002"), "has a holder"),
        (Arrival("m001", "mandate", "m001"), "name the member who holds"),
        (Arrival("m001", "mandate", ""), "name the member who holds"),
    ],
)
def test_nobody_is_there_who_cannot_be(database: Database, arrival: Arrival, reason: str) -> None:
    begin(database)
    with pytest.raises(BadInput, match=reason):
        note(database, arrival)


def test_nobody_is_there_before_the_day_nor_after_the_closing(database: Database) -> None:
    begin(database)
    at(database, datetime(2026, 6, 23, 18, tzinfo=UTC))
    with pytest.raises(CoopError, match="from the day of the meeting on"):
        note(database, Arrival("m001"))
    at(database, EVENING)
    note(database, Arrival("m001"))
    with database.write(TOWN, SECRETARY) as tx:
        closing.close_meeting(tx, "alv-1")
    with pytest.raises(CoopError, match="stands fast"):
        note(database, Arrival("m002"))
    with database.read(TOWN) as tx:
        line = replace(store.list_noted(tx, "alv-1")[0], number=9, member_id="m002")
    with pytest.raises(DBAPIError, match="stands fast"), database.write(TOWN, SECOND) as tx:
        store.add_noted(tx, "alv-1", line)


def test_a_list_that_one_person_alone_has_seen_closes_no_meeting(database: Database) -> None:
    """Sixty people whom one account lets in would make any quorum."""
    begin(database)
    with database.write(TOWN, SECRETARY) as tx:
        for member_id in members(4):
            attendance.note_arrival(tx, "alv-1", Arrival(member_id))
        assert attendance.sign_attendance(tx, "alv-1")
    with (
        pytest.raises(CoopError, match="4 lines of the list of who is there were seen by you alone"),
        database.write(TOWN, SECRETARY) as tx,
    ):
        closing.close_meeting(tx, "alv-1")
    with database.write(TOWN, SECOND) as tx:
        assert attendance.sign_attendance(tx, "alv-1")
        assert not attendance.sign_attendance(tx, "alv-1")
    with database.write(TOWN, SECRETARY) as tx:
        attendance.note_leaving(tx, "alv-1", "m004")
    with pytest.raises(CoopError, match="1 line of the list"), database.write(TOWN, SECRETARY) as tx:
        closing.close_meeting(tx, "alv-1")
    with database.write(TOWN, SECOND) as tx:
        assert closing.close_meeting(tx, "alv-1")
    [frozen] = only(told_with_notices(database), AttendanceFrozen)
    assert (frozen.in_room, frozen.online, frozen.by_mandate) == (3, 0, 0)


def test_a_list_of_signatures_counts_once_another_person_compared_it(database: Database) -> None:
    begin(database)
    arrivals = [Arrival("m001"), Arrival("m002", "mandate", "m001")]
    with pytest.raises(BadInput, match="voting list") as bad, database.write(TOWN, SECRETARY) as tx:
        attendance.enter_attendance(tx, "alv-1", "Presentielijst", [*arrivals, Arrival("nobody")])
    assert [problem.line for problem in bad.value.problems] == [3]
    with database.write(TOWN, SECRETARY) as tx:
        entry = attendance.enter_attendance(tx, "alv-1", "Presentielijst", arrivals)
        assert attendance.enter_attendance(tx, "alv-1", "Presentielijst", arrivals) == entry
        with pytest.raises(CoopError, match="somebody else"):
            entries.confirm(tx, entry.entry_id, KINDS)
        with pytest.raises(CoopError, match="a list of who was there waits"):
            closing.close_meeting(tx, "alv-1")
    assert there(database) == {}
    with database.write(TOWN, SECRETARY) as tx:
        assert confirm(tx, entry) == 2
        assert confirm(tx, entry) == 0
        closing.close_meeting(tx, "alv-1")
    assert there(database) == {"m001": "room", "m002": "mandate"}
    assert {fact.entry_id for fact in only(told_with_notices(database), AttendanceNoted)} == {entry.entry_id}
    assert findings(database) == ()


FORGERIES = {
    "a line": "UPDATE attendance SET member_id = 'm003' WHERE number = 2",
    "a line more": "INSERT INTO attendance SELECT community, meeting_id, 3, change, 'm003', manner, holder, undoes,"
    " entry_id, channel, recorded_at, actor FROM attendance WHERE number = 2",
    "a line less": "DELETE FROM attendance WHERE number = 2",
    "the list": "UPDATE attendance_list SET list_hash = (SELECT list_hash FROM voting_list WHERE moment = 'closed')",
}


@pytest.mark.parametrize("forged", FORGERIES)
def test_who_verifies_finds_attendance_that_was_changed_in_the_database(embedded: Database, forged: str) -> None:
    begin(embedded)
    note(embedded, Arrival("m001"), Arrival("m002"))
    with embedded.write(TOWN, SECRETARY) as tx:
        cast(tx, "a", rows({"m001": "for"}))
        closing.close_meeting(tx, "alv-1")
    assert findings(embedded) == ()
    with embedded.system_write() as sql:
        for trigger in ("attendance_holds", "attendance_keeps", "attendance_closes", "attendance_list_holds"):
            sql.execute(text(f"DROP TRIGGER {trigger}"))
        sql.execute(text(FORGERIES[forged]))
    [*found] = findings(embedded)
    assert any("attendance" in each or "list of who was there" in each for each in found)


def test_a_count_of_heads_that_was_changed_is_found_by_the_frozen_list(embedded: Database) -> None:
    begin(embedded)
    note(embedded, Arrival("m001"), Arrival("m002"))
    with embedded.write(TOWN, SECRETARY) as tx:
        cast(tx, "a", rows({"m001": "for"}))
        closing.close_meeting(tx, "alv-1")
    with embedded.system_write() as sql:
        sql.execute(text("DROP TRIGGER decision_holds"))
        sql.execute(text("UPDATE decision SET members_present = 3, votes_silent = 2 WHERE resolution_id = 'a'"))
    assert any("another count" in each for each in findings(embedded))


def test_a_meeting_without_a_list_counts_who_handed_in_a_ballot(database: Database) -> None:
    begin(database)
    with database.write(TOWN, SECRETARY) as tx:
        cast(tx, "a", rows({"m001": "for", "m002": "for"}))
        first, second = closing.close_meeting(tx, "alv-1")
    assert (first.count.members_present, second.verdict.reason) == (2, "no-quorum")
    assert only(told_with_notices(database), AttendanceFrozen) == []
    assert findings(database) == ()


PAGE = "/governance/meetings/alv-1"


@pytest.fixture
def door(embedded: Database, tmp_path: Path) -> TestClient:
    """The page at the door of the room, with somebody of the board behind it."""
    begin(embedded)
    return client(embedded, tmp_path, "board")


def tap(door: TestClient, **fields: str) -> str:
    answer = door.post(f"{PAGE}/attendance", data=fields, params={"lang": "nl"})
    assert answer.status_code == 200, answer.text
    return plain(answer.text)


def test_the_quorum_grows_with_each_tap_and_one_is_undone_by_another(door: TestClient) -> None:
    assert "0 van 4 leden" in plain(door.get(f"{PAGE}/attendance", params={"lang": "nl"}).text)
    assert "Lid L-001 is er." in tap(door, act="room", number="L-001")
    seen = tap(door, act="online", number="L-002")
    assert "2 van 4 leden" in seen
    assert "genoeg" in seen
    line = door.get("/governance/api/v1/meetings/alv-1/attendance").json()[1]["line"]
    assert "1 van 4 leden" in tap(door, act="undo", line=str(line))
    tap(door, act="room", number="L-002")
    left = tap(door, act="left", number="L-002")
    assert "1 van 4 leden" in left
    assert "te weinig" in left


def test_a_search_finds_who_comes_in_and_an_unknown_number_is_named(door: TestClient) -> None:
    found = door.get(f"{PAGE}/attendance", params={"search": "003"}).text
    assert 'value="L-003"' in found
    assert 'name="number" value="L-001"' not in found
    wrong = door.post(f"{PAGE}/attendance", data={"act": "room", "number": "L-999"})
    assert wrong.status_code == 422
    assert "no member with number L-999" in plain(wrong.text)
    mandate = {"act": "mandate", "number": "L-001", "holder": "L-002"}
    assert "note them first" in plain(door.post(f"{PAGE}/attendance", data=mandate).text)


def test_a_paper_list_is_entered_by_one_and_confirmed_by_another_on_the_page(door: TestClient) -> None:
    wrong = door.post(f"{PAGE}/attendance", data={"act": "paper", "paper": "Lijst", "lines": "L-001\n\nL-999 > L-001"})
    assert (wrong.status_code, "L-999" in wrong.text) == (422, True)
    tap(door, act="paper", paper="Lijst", lines="L-001\n\nL-002 > L-001")
    entry = door.get("/governance/api/v1/entries").json()[0]
    assert (entry["kind"], entry["state"]) == ("attendance", "waits")
    assert door.post(f"{PAGE}/attendance/{entry['entry_id']}", data={"act": "confirm"}).status_code == 422
    sit_down(door, "account-2", "board")
    door.post(f"{PAGE}/attendance/{entry['entry_id']}", data={"act": "confirm"}).raise_for_status()
    listed = door.get("/governance/api/v1/meetings/alv-1/attendance").json()
    assert [(each["member_number"], each["manner"], each["holder"]) for each in listed] == [
        ("L-001", "room", None),
        ("L-002", "mandate", "m001"),
    ]


def test_a_program_notes_who_comes_and_reads_the_quorum_and_no_member_may(door: TestClient) -> None:
    address = "/governance/api/v1/meetings/alv-1"
    came = {"change": "came", "member_id": "m001"}
    assert door.post(f"{address}/attendance", json=came).json() == {"meeting_id": "alv-1", "new": True}
    assert door.post(f"{address}/attendance", json=came).json()["new"] is False
    quorum = door.get(f"{address}/quorum").json()
    assert (quorum["in_room"], quorum["points"][0]["there"], quorum["points"][0]["reached"]) == (1, 1, False)
    members_there = [{"member_id": "m002", "manner": "online"}]
    door.post(f"{address}/attendance/lists", json={"paper": "Lijst", "members": members_there}).raise_for_status()
    csv = door.get("/governance/exports/attendance.csv", params={"meeting": "alv-1"}).text
    assert "L-001" in csv
    sit_down(door, "m", "member", member_id="m001")
    assert door.get(f"{address}/attendance").status_code == 403
    assert door.get(f"{PAGE}/attendance").status_code == 403
    assert door.post(f"{address}/attendance", json=came).status_code == 403
    assert "u bent er" in plain(door.get(PAGE, params={"lang": "nl"}).text)


def test_minutes_say_how_many_were_there_and_in_which_manner(door: TestClient) -> None:
    tap(door, act="room", number="L-001")
    tap(door, act="mandate", number="L-002", holder="L-001")
    sit_down(door, "account-2", "board")
    door.post(f"{PAGE}/close", data={"confirmed": "yes"}).raise_for_status()
    minutes = door.get("/governance/api/v1/meetings/alv-1/minutes").json()
    assert {manner: minutes["attendance"][manner] for manner in ("room", "online", "mandate")} == {
        "room": 1,
        "online": 0,
        "mandate": 1,
    }
    assert "1, 0 en 1" in plain(door.get(f"{PAGE}/minutes", params={"lang": "nl"}).text)
    assert_no_warning(door.get(f"{PAGE}/minutes.pdf").content)
    assert "L-002" in door.get(f"{PAGE}/attendance").text


def test_an_arrival_that_is_sent_again_after_the_closing_changes_nothing(database: Database) -> None:
    begin(database)
    note(database, Arrival("m001"))
    with database.write(TOWN, SECRETARY) as tx:
        closing.close_meeting(tx, "alv-1")
    assert note(database, Arrival("m001")) == [False]
