"""Suspensions: entered by one and confirmed by another, over by themselves, never a way to take a vote that is open."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import text

from coop.events.governance import MemberSuspended, SuspensionLifted
from coop.governance.ballots import closing
from coop.governance.ballots import commands as ballots
from coop.governance.ballots.mandates import commands as mandates
from coop.governance.ballots.verify import verify_resolution
from coop.governance.entered import KINDS
from coop.governance.entries import commands as entries
from coop.governance.meetings import voting_lists
from coop.governance.meetings.store import find_meeting
from coop.governance.statutes.model import Articles, Voters
from coop.governance.suspensions.commands import lift_suspension, suspend_member
from coop.kit.database import Database
from coop.kit.tx import Tx
from coop.values import BadInput, CoopError
from tests.desk import SECRETARY
from tests.governance.assembly import (
    ARTICLES,
    TOWN,
    cast,
    client,
    come,
    confirm,
    confirm_over_http,
    only,
    rows,
    sit_down,
    told_with_notices,
)
from tests.governance.test_attendance import EVENING, at, begin
from tests.metering.test_meter_pages import plain

VOTERS = Voters("art. 11", suspended_months=3, suspended_article="art. 11.6", suspended_no_vote_article="art. 11.7")
HELD: Articles = replace(ARTICLES, voters=VOTERS)
BEFORE = datetime(2026, 5, 21, 9, tzinfo=UTC)
"""After the notice, and before the day on which the first vote can be cast."""

AHEAD = replace(HELD, advance=None)
"""Statutes by which the vote opens on the day of the meeting."""


@pytest.fixture
def convened(database: Database) -> Database:
    """Four members and a meeting whose vote opens on its day; nobody is suspended yet."""
    begin(database, AHEAD)
    at(database, BEFORE)
    return database


def suspend(tx: Tx, member_id: str = "m001", from_on: date = date(2026, 5, 21), months: int = 3) -> int:
    return confirm(tx, suspend_member(tx, member_id, from_on, months, "minutes, point 4"))


def listed(tx: Tx) -> dict[str, int]:
    meeting = find_meeting(tx, "alv-1")
    assert meeting is not None
    return dict(voting_lists.read_list(tx, meeting))


def test_a_suspended_member_stands_on_the_list_without_a_vote_and_may_come_in(convened: Database) -> None:
    with convened.write(TOWN, SECRETARY) as tx:
        assert suspend(tx) == 1
        assert listed(tx) == {"m001": 0, "m002": 1, "m003": 1, "m004": 1}
        with pytest.raises(BadInput, match=r"you are suspended until 2026-08-21, .*\(art\. 11\.7\)"):
            mandates.give_mandate(tx, "alv-1", "m001", "m002")
        with pytest.raises(BadInput, match="has no vote at this meeting and can hold no mandate"):
            mandates.give_mandate(tx, "alv-1", "m002", "m001")
    [fact] = only(told_with_notices(convened), MemberSuspended)
    assert (fact.from_on, fact.ends_on, fact.article) == (date(2026, 5, 21), date(2026, 8, 21), "art. 11.7")
    at(convened, EVENING)
    reason = r"m001 is suspended on 2026-06-24 and has no vote \(art\. 11\.7\)"
    with pytest.raises(BadInput, match=reason), convened.write(TOWN, SECRETARY) as tx:
        cast(tx, "a", rows({"m001": "for"}))
    with convened.write(TOWN, SECRETARY) as tx:
        come(tx, "m001", "m002")
        cast(tx, "a", rows({"m002": "for"}))
        outcome = closing.close_meeting(tx, "alv-1")[0]
    assert (outcome.count.votes_entitled, outcome.count.votes_silent) == (3, 0)
    with convened.write(TOWN, SECRETARY) as tx:
        assert verify_resolution(tx, "a").findings == ()


def test_a_suspension_is_over_by_itself_at_its_term_and_earlier_where_two_people_lift_it(convened: Database) -> None:
    with convened.write(TOWN, SECRETARY) as tx:
        suspend(tx, "m001", months=1)
        suspend(tx, "m002", months=2)
        assert listed(tx) == {"m001": 1, "m002": 0, "m003": 1, "m004": 1}
        lifting = lift_suspension(tx, "m002", "minutes, point 5", "m003")
        with pytest.raises(CoopError, match="somebody else confirms it"):
            entries.confirm(tx, lifting.entry_id, KINDS)
        assert listed(tx)["m002"] == 0
        confirm(tx, lifting)
        assert listed(tx)["m002"] == 1
        with pytest.raises(CoopError, match="is not suspended"):
            lift_suspension(tx, "m002", "minutes, point 6", "m003")
    [fact] = only(told_with_notices(convened), SuspensionLifted)
    assert (fact.member_id, fact.lifted_on) == ("m002", date(2026, 5, 21))


@pytest.mark.parametrize(
    ("member_id", "from_on", "months", "reason"),
    [
        ("m001", date(2026, 5, 21), 4, r"from 1 to 3 months \(art\. 11\.6\)"),
        ("m001", date(2026, 5, 21), 0, r"from 1 to 3 months"),
        ("m001", date(2026, 5, 21), -(10**12), r"from 1 to 3 months"),
        ("m001", date(2026, 2, 21), 3, "so long ago is over"),
        ("m001", date(2026, 5, 22), 3, "not ahead"),
        ("stranger", date(2026, 5, 21), 3, "no member"),
    ],
)
def test_a_suspension_that_cannot_be_is_refused_with_its_reason(
    convened: Database, member_id: str, from_on: date, months: int, reason: str
) -> None:
    with convened.write(TOWN, SECRETARY) as tx, pytest.raises(BadInput, match=reason):
        suspend_member(tx, member_id, from_on, months, "minutes")


def test_nobody_is_suspended_longer_by_a_second_suspension_on_top(convened: Database) -> None:
    with convened.write(TOWN, SECRETARY) as tx:
        suspend(tx)
        with pytest.raises(CoopError, match="suspended already, until 2026-08-21"):
            suspend_member(tx, "m001", date(2026, 5, 20), 3, "minutes, point 9")


def test_suspensions_that_follow_each_other_last_no_longer_together_than_one_may(convened: Database) -> None:
    """The board could suspend a member anew on the day on which the longest term was over, for ever."""
    with convened.write(TOWN, SECRETARY) as tx:
        suspend(tx, months=2)
        confirm(tx, lift_suspension(tx, "m001", "minutes, point 5", "m003"))
        suspend(tx, months=2)
    at(convened, datetime(2026, 7, 21, 9, tzinfo=UTC))
    with convened.write(TOWN, SECRETARY) as tx:
        with pytest.raises(CoopError, match=r"on 2026-08-21 at the latest, .* at most 3 months \(art\. 11\.6\)"):
            suspend_member(tx, "m001", date(2026, 7, 21), 2, "minutes, point 9")
        suspend(tx, from_on=date(2026, 7, 21), months=1)
    at(convened, datetime(2026, 11, 21, 9, tzinfo=UTC))
    with convened.write(TOWN, SECRETARY) as tx:
        assert suspend(tx, from_on=date(2026, 11, 21)) == 1


def test_no_suspension_takes_a_vote_once_the_list_is_frozen_nor_gives_one_back(database: Database) -> None:
    """The vote is open from the notice on: the board cannot suspend whoever votes against, not even with an earlier
    day."""
    begin(database, HELD)
    at(database, datetime(2026, 5, 28, 9, tzinfo=UTC))
    with database.write(TOWN, SECRETARY) as tx:
        suspend(tx, "m001", date(2026, 5, 1))
        assert listed(tx)["m001"] == 1
        assert ballots.cast_own_vote(tx, "a", "m001", "against")
    at(database, EVENING)
    with database.write(TOWN, SECRETARY) as tx:
        outcome = closing.close_meeting(tx, "alv-1")[0]
        assert (outcome.count.votes_against, verify_resolution(tx, "a").findings) == (1, ())


def test_a_list_on_which_a_suspended_member_got_a_vote_is_found(embedded: Database) -> None:
    begin(embedded, AHEAD)
    at(embedded, BEFORE)
    with embedded.write(TOWN, SECRETARY) as tx:
        suspend(tx)
    with embedded.system_write() as sql:
        sql.execute(text("DROP TRIGGER suspension_keeps"))
        sql.execute(text("DELETE FROM suspension"))
    at(embedded, EVENING)
    with embedded.write(TOWN, SECRETARY) as tx:
        cast(tx, "a", rows({"m001": "for"}))
        closing.close_meeting(tx, "alv-1")
        assert "resolution a: 1 suspended members have a vote on the list" in verify_resolution(tx, "a").findings


def test_two_people_suspend_a_member_on_a_page_and_the_member_reads_why_they_cannot_vote(
    embedded: Database, tmp_path: Path
) -> None:
    begin(embedded, AHEAD)
    at(embedded, BEFORE)
    desk = sit_down(client(embedded, tmp_path), "account-1", "board")
    page = "/governance/suspensions"
    assert "Nobody is suspended" in plain(desk.get(page).text)
    filled = {"act": "suspend", "number": "L-001", "from_on": "2026-05-21", "months": "9", "paper": "minutes, point 4"}
    refused = desk.post(page, data=filled)
    assert refused.status_code == 422
    assert "from 1 to 3 months (art. 11.6)" in refused.text
    desk.post(page, data=filled | {"months": "2"})
    assert "You entered this yourself" in plain(desk.get(page).text)
    sit_down(desk, "account-2", "board")
    assert "Confirm that a member is suspended" in desk.get("/governance/cards/waiting").text
    entry_id = desk.get(page).text.partition(f'action="{page}/')[2].partition('"')[0]
    assert "the member is told" in desk.post(f"{page}/{entry_id}", data={"act": "confirm"}).text
    assert "L-001" in desk.get("/governance/exports/suspensions.csv").text
    assert "Member L-001 has no vote here" in plain(desk.get("/governance/meetings/alv-1/attendance").text)
    assert "21 July 2026" in desk.get("/governance/cards/members/m001").text
    sit_down(desk, "account-5", "member", member_id="m001")
    assert "the board suspended you (art. 11.7)" in plain(desk.get("/governance/meetings/alv-1").text)
    assert desk.get(page).status_code == 403


def test_a_program_enters_lists_and_lifts_suspensions(embedded: Database, tmp_path: Path) -> None:
    begin(embedded, AHEAD)
    at(embedded, BEFORE)
    desk: TestClient = sit_down(client(embedded, tmp_path), "account-1", "board")
    address = "/governance/api/v1/suspensions"
    body = {"member_id": "m001", "from_on": "2026-05-21", "months": 2, "paper": "minutes, point 4", "entry_id": "one"}
    assert desk.post(address, json=body).json()["state"] == "waits"
    confirm_over_http(desk, "one")
    [listed_out] = desk.get(address).json()
    assert (listed_out["ends_on"], listed_out["lasts"]) == ("2026-07-21", True)
    lifting = {"paper": "minutes, point 5", "entry_id": "two"}
    sit_down(desk, "account-1", "board", member_id="m003")
    assert desk.post(f"{address}/m001/lift", json=lifting).json()["state"] == "waits"
    sit_down(desk, "account-3", "board", member_id="m001")
    own = desk.post(f"{address}/m001/lift", json={"paper": "mine", "entry_id": "three"})
    seconded = desk.post("/governance/api/v1/entries/two/confirm")
    on_page = desk.post("/governance/suspensions/two", data={"act": "confirm"})
    assert {own.json()["code"], seconded.json()["code"]} == {"own-suspension"}
    assert "two others sign that it ends" in on_page.text
    sit_down(desk, "account-2", "board", member_id="m002")
    assert desk.post("/governance/api/v1/entries/two/confirm").json()["state"] == "confirmed"
    [listed_out] = desk.get(address).json()
    assert (listed_out["ends_on"], listed_out["lasts"], listed_out["lifted"]) == ("2026-05-21", False, True)


def test_a_second_account_without_a_member_ends_no_suspension_nor_leaves_one_out(
    embedded: Database, tmp_path: Path
) -> None:
    """A steward who is suspended could sign with another account of theirs, which names no member."""
    begin(embedded, AHEAD)
    at(embedded, BEFORE)
    desk = sit_down(client(embedded, tmp_path), "account-1", "board", member_id="m003")
    address, page = "/governance/api/v1/suspensions", "/governance/suspensions"
    entries_address = "/governance/api/v1/entries"
    body = {"member_id": "m001", "from_on": "2026-05-21", "months": 2, "paper": "minutes, point 4", "entry_id": "one"}
    desk.post(address, json=body)
    for signer, code in ((None, "signer-unknown"), ("m001", "own-suspension")):
        sit_down(desk, "account-4", "board", member_id=signer)
        left_out = desk.post(f"{entries_address}/one/drop", json={"reason": "not so"})
        assert left_out.json()["code"] == code
        assert desk.post(f"{page}/one", data={"act": "drop", "reason": "not so"}).status_code == 422
    confirm_over_http(desk, "one")
    sit_down(desk, "account-1", "board", member_id="m003")
    desk.post(f"{address}/m001/lift", json={"paper": "minutes, point 5", "entry_id": "two"})
    sit_down(desk, "account-4", "board")
    lifted = desk.post(f"{address}/m001/lift", json={"paper": "mine", "entry_id": "three"})
    confirmed = desk.post(f"{entries_address}/two/confirm")
    left_out = desk.post(f"{entries_address}/two/drop", json={"reason": "not so"})
    assert {each.json()["code"] for each in (lifted, confirmed, left_out)} == {"signer-unknown"}
    refused = desk.post(f"{page}/two", data={"act": "confirm"})
    assert (refused.status_code, "says of no member whose it is" in refused.text) == (422, True)
    assert desk.get(address).json()[0]["lasts"]
