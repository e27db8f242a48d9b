"""A second meeting called on pages: the points that had no quorum, word by word, on another day."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path

import pytest

from coop.events.governance import MeetingConvened
from coop.governance.ballots import closing
from coop.governance.ballots.verify import verify_resolution
from coop.governance.convening import commands as meetings
from coop.governance.meetings import store
from coop.governance.statutes.model import Articles, Quorum, Rule, Second, Share
from coop.governance.statutes.version import Statutes
from coop.kit.database import Database
from tests.desk import SECRETARY
from tests.governance.assembly import (
    PLAIN,
    TOWN,
    admit,
    adopt,
    cast,
    client,
    meeting,
    members,
    only,
    resolution,
    rows,
    told_with_notices,
)
from tests.kit.clocks import SetClock
from tests.metering.test_meter_pages import plain

HELD = date(2026, 6, 24)
PAGE = "/governance/meetings/alv-1/second"
QUORUM = Quorum("art. 14 lid 3", Share(1, 2), "members")
SECOND = Second("art. 14 lid 4", Share(2, 3), to_days=28)
SALE = replace(resolution("a"), subject_nl="Verkoop van de pomp", explanation_nl="Aan de buren, voor 12.000 euro.")


def close_first(database: Database, clock: SetClock, rule: Rule) -> None:
    """A first meeting of four members on two points, of which all vote on the second and one on the first."""
    clock.set(datetime(2026, 5, 20, 9, tzinfo=UTC))
    with database.write(TOWN, SECRETARY) as tx:
        admit(tx, *members(4))
        adopt(tx, Statutes(date(2020, 1, 1), Articles("q", rules={"ordinary": rule})))
        meetings.convene_meeting(tx, meeting(SALE, resolution("b")))
    clock.set(datetime(2026, 6, 24, 18, tzinfo=UTC))
    with database.write(TOWN, SECRETARY) as tx:
        cast(tx, "a", rows({"m001": "for"}))
        cast(tx, "b", rows(dict.fromkeys(members(4), "for")))
        closing.close_meeting(tx, "alv-1")
    clock.set(datetime(2026, 6, 25, 9, tzinfo=UTC))


def test_the_board_calls_a_second_meeting_on_what_had_no_quorum(
    embedded: Database, clock: SetClock, tmp_path: Path
) -> None:
    close_first(embedded, clock, replace(PLAIN, quorum=QUORUM, second=SECOND))
    board = client(embedded, tmp_path, "board")
    nl = {"lang": "nl"}
    assert f'href="{PAGE}"' in board.get("/governance/meetings/alv-1").text
    form = board.get(PAGE, params=nl).text
    assert "Verkoop van de pomp" in form
    assert "Besluit b" not in form
    assert "Art. 14 lid 4: een tweede vergadering beslist erover zonder quorum" in plain(form)
    assert "tot en met 22 juli 2026" in plain(form)
    filled = {"held_on": "2026-07-15", "begins_at": "20:00", "place": "Het buurthuis", "point.0": "on"}
    silent = board.post(PAGE, params=nl, data=filled | {"act": "keep"})
    assert (silent.status_code, "zeg in de oproeping waarom" in plain(silent.text)) == (422, True)
    filled |= {"second_why": "Er was één lid van de vier."}
    look = plain(board.post(PAGE, params=nl, data=filled | {"act": "look"}).text)
    assert "Dit is een tweede vergadering" in look
    assert "Aan de buren, voor 12.000 euro." in look
    kept = board.post(PAGE, params=nl, data=filled | {"act": "keep"})
    assert kept.url.path == "/governance/meetings/alv-2026-07-15"
    assert "over wat op de eerste geen quorum had" in plain(kept.text)
    first = plain(board.get("/governance/meetings/alv-1", params=nl).text)
    assert "Een tweede vergadering beslist op 15 juli 2026" in first
    assert f'href="{PAGE}"' not in first
    clock.set(datetime(2026, 7, 15, 18, tzinfo=UTC))
    with embedded.write(TOWN, SECRETARY) as tx:
        second = store.find_meeting(tx, "alv-2026-07-15")
        assert second is not None
        assert second.second_of == "alv-1"
        assert [point.is_same_proposal(SALE) for point in second.resolutions] == [True]
        cast(tx, "alv-2026-07-15-1", rows({"m001": "for"}, date(2026, 7, 15)), "alv-2026-07-15")
        [decided] = closing.close_meeting(tx, "alv-2026-07-15")
        assert (decided.verdict.word, decided.verdict.article) == ("adopted", "art. 14 lid 4")
        assert verify_resolution(tx, "alv-2026-07-15-1").findings == ()
    told = only(told_with_notices(embedded), MeetingConvened)[-1]
    assert (told.second_of, told.second_why) == ("alv-1", "Er was één lid van de vier.")


@pytest.mark.parametrize(
    ("filled", "said"),
    [
        ({"held_on": "2026-07-15"}, "kies ten minste één punt"),
        ({"held_on": "2026-07-15", "point.1": "on"}, "kies ten minste één punt"),
        ({"held_on": "15 juli", "point.0": "on"}, "geef een dag"),
        (
            {"held_on": "2026-06-20", "point.0": "on", "second_why": "x"},
            "een vergadering wordt opgeroepen voordat zij wordt gehouden",
        ),
    ],
)
def test_a_second_meeting_that_cannot_be_is_refused_on_its_page(
    embedded: Database, clock: SetClock, tmp_path: Path, filled: dict[str, str], said: str
) -> None:
    close_first(embedded, clock, replace(PLAIN, quorum=QUORUM, second=SECOND))
    board = client(embedded, tmp_path, "board")
    answer = board.post(PAGE, params={"lang": "nl"}, data=filled | {"act": "keep"})
    assert answer.status_code == 422
    assert said in plain(answer.text), plain(answer.text)[:900]
    with embedded.read(TOWN) as tx:
        assert [each.meeting_id for each in store.list_meetings(tx)] == ["alv-1"]


def test_statutes_without_a_second_meeting_say_so_before_one_is_called(
    embedded: Database, clock: SetClock, tmp_path: Path
) -> None:
    close_first(embedded, clock, replace(PLAIN, quorum=QUORUM))
    page = plain(client(embedded, tmp_path, "board").get(PAGE).text)
    assert "The statutes know no second meeting for it: the quorum is asked again." in page


def test_a_member_calls_no_second_meeting(embedded: Database, clock: SetClock, tmp_path: Path) -> None:
    close_first(embedded, clock, replace(PLAIN, quorum=QUORUM, second=SECOND))
    member = client(embedded, tmp_path, "member", member_id="m001")
    assert f'href="{PAGE}"' not in member.get("/governance/meetings/alv-1").text
    assert member.get(PAGE).status_code == 403
    assert member.post(PAGE, data={"held_on": "2026-07-15", "point.0": "on", "act": "keep"}).status_code == 403
