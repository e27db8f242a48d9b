"""Referenda that lack their quorum: the second meeting of the statutes, and what becomes of the suspended decision."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path

import pytest
from sqlalchemy import text

from coop.events.governance import DecisionStopped
from coop.governance.ballots import closing
from coop.governance.convening import commands as meetings
from coop.governance.convening.referring import view_referral
from coop.governance.statutes.model import Quorum, Second, Share
from coop.kit.database import Database
from tests.desk import SECRETARY
from tests.governance import test_referenda
from tests.governance.assembly import HALF, TOWN, client, meeting, only, sit_down, told
from tests.governance.test_challenges import vote
from tests.governance.test_options import set_day
from tests.governance.test_referenda import FOUR, ONE, THREE, TWO, ask, begin, findings, hold, holds, point
from tests.metering.test_meter_pages import plain

FIRST = test_referenda.HELD
SECOND = Second("art. 23.5", HALF, to_days=28, from_days=7, quorum=Quorum("art. 23.5", Share(1, 2), "members"))


@pytest.fixture(autouse=True)
def statutes_with_a_second_meeting(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(test_referenda, "RULE", replace(test_referenda.RULE, second=SECOND))


def refer(database: Database, asks: str = "repeal") -> None:
    """A referendum that two of four asked, and at which one of four voted: less than half."""
    begin(database, asks)
    ask(database, ONE)
    ask(database, TWO)
    hold(database, {ONE: "for"}, asks)


def hold_again(
    database: Database, votes: Mapping[str, str], asks: str = "repeal", days: int = 14, second: bool = True
) -> None:
    held_on = FIRST + timedelta(days=days)
    set_day(database, datetime(2026, 8, 11, 9, tzinfo=UTC))
    with database.write(TOWN, SECRETARY) as tx:
        again = replace(point(asks), resolution_id="ref-2")
        convened = meeting(again, meeting_id="alv-3", held_on=held_on, convened_on=tx.today)
        if second:
            convened = replace(convened, second_of="alv-2", second_why="Too few took part (art. 23.5).")
        meetings.convene_meeting(tx, convened)
    set_day(database, datetime.combine(held_on, time(16), tzinfo=UTC))
    vote(database, "ref-2", votes)
    with database.write(TOWN, SECRETARY) as tx:
        closing.close_meeting(tx, "alv-3")


def words(database: Database) -> list[str]:
    return [each.manner for each in only(told(database), DecisionStopped)]


def test_without_the_quorum_the_decision_waits_for_the_second_meeting(database: Database) -> None:
    refer(database)
    assert (words(database), holds(database)) == (["referendum"], False)
    with database.read(TOWN) as tx:
        due = view_referral(tx, "tariff", None).second
    assert due is not None
    assert (due.meeting_id, due.from_on, due.until) == ("alv-2", date(2026, 8, 17), date(2026, 9, 7))
    assert findings(database, "tariff", "ref") == []


@pytest.mark.parametrize(
    ("asks", "votes", "stands"),
    [
        ("repeal", {ONE: "for", TWO: "for"}, False),
        ("repeal", {ONE: "for", TWO: "against"}, True),
        ("repeal", {ONE: "for"}, True),  # too few there too: as if there was no majority
        ("confirm", {ONE: "for", TWO: "for"}, True),
        ("confirm", {ONE: "for"}, False),
    ],
    ids=["falls", "tie", "twice too few", "confirmed", "twice too few to confirm"],
)
def test_the_second_meeting_settles_it_by_its_own_quorum(
    embedded: Database, asks: str, votes: dict[str, str], stands: bool
) -> None:
    refer(embedded, asks)
    hold_again(embedded, votes, asks)
    assert (words(embedded), holds(embedded)) == (["referendum", "restored" if stands else "repealed"], stands)
    assert findings(embedded, "tariff", "ref", "ref-2") == []


def test_a_meeting_that_is_no_second_one_begins_anew(embedded: Database) -> None:
    refer(embedded)
    hold_again(embedded, {ONE: "for"}, second=False)
    assert words(embedded) == ["referendum"]  # a first meeting without its quorum, again
    assert findings(embedded, "tariff", "ref", "ref-2") == []


def test_a_second_meeting_too_late_that_may_not_decide_settles_nothing(
    embedded: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    late = replace(SECOND, outside="undecidable")
    monkeypatch.setattr(test_referenda, "RULE", replace(test_referenda.RULE, second=late))
    refer(embedded)
    hold_again(embedded, {ONE: "for", TWO: "for", THREE: "for", FOUR: "for"}, days=29)
    assert words(embedded) == ["referendum"]
    assert findings(embedded, "tariff", "ref", "ref-2") == []


def test_a_decision_that_acts_again_without_an_outcome_is_found(embedded: Database) -> None:
    refer(embedded)
    with embedded.system_write() as sql:
        sql.execute(text("DROP TRIGGER decision_holds"))
        sql.execute(text("UPDATE decision SET reason = 'majority' WHERE resolution_id = 'ref'"))
    assert "resolution ref: what became of its decision is not what the members voted" in findings(embedded, "ref")


def test_the_page_says_that_a_second_meeting_is_due_and_then_that_it_was_not_held(
    embedded: Database, tmp_path: Path
) -> None:
    refer(embedded)
    page = "/governance/resolutions/tariff/referendum"
    desk = client(embedded, tmp_path, "board")
    said = plain(desk.get(page, params={"lang": "nl"}).text)
    assert "Een tweede vergadering wordt gehouden van 17 augustus 2026 tot en met 7 september 2026" in said
    assert "/governance/meetings/alv-2/second" in desk.get(page).text
    sit_down(desk, "account-of-m001", "member", member_id=ONE)
    assert "/governance/meetings/alv-2/second" not in desk.get(page).text
    set_day(embedded, datetime(2026, 9, 8, 9, tzinfo=UTC))
    desk = client(embedded, tmp_path, "board")
    said = plain(desk.get(page, params={"lang": "nl"}).text)
    assert "er is tot en met 7 september 2026 geen tweede vergadering gehouden" in said
    assert "/governance/meetings/new?kind=referendum" in desk.get(page).text


def test_a_program_reads_which_second_meeting_is_due_until_it_settled_it(embedded: Database, tmp_path: Path) -> None:
    address = "/governance/api/v1/resolutions/tariff/referendum"
    begin(embedded, "repeal")
    ask(embedded, ONE)
    ask(embedded, TWO)
    assert client(embedded, tmp_path, "board").get(address).json()["second"] is None  # its first meeting is to come
    hold(embedded, {ONE: "for"}, "repeal")
    due = {"meeting_id": "alv-2", "held_on": "2026-08-10", "from_on": "2026-08-17", "until": "2026-09-07"}
    desk = client(embedded, tmp_path, "board")
    assert desk.get(address).json()["second"] == due
    sit_down(desk, "account-of-m001", "member", member_id=ONE)
    assert desk.get(address).json()["second"] == due  # whoever asked it reads it too
    hold_again(embedded, {ONE: "for", TWO: "for"})
    held = client(embedded, tmp_path, "board").get(address).json()
    assert (held["second"], held["outcome"]) == (None, "repealed")
