"""Lines of the home page: what one person entered waits for any other who may confirm it, at the page of its kind."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime
from html import unescape
from pathlib import Path
from typing import Any, get_args

import pytest
from fastapi.testclient import TestClient

from coop.governance.api.answers import KindName
from coop.governance.convening import commands as meetings
from coop.governance.entered import KINDS
from coop.governance.entries import commands as entries
from coop.governance.model import Count
from coop.kit.database import Database
from tests.desk import SECRETARY
from tests.governance.assembly import CHANGE, MEETING, TOWN, client, live, meeting, resolution, sit_down, take_seat
from tests.governance.elections.room import seat
from tests.governance.test_attendance import at

CARD = "/governance/cards/waiting"
DAY = "2027-08-01"
TERM = {"office": "board", "member_id": "m001", "begins_on": DAY, "ends_on": "2028-08-01"}
COUNT = Count(1, 0, 0, votes_entitled=1, members_entitled=1, members_present=1)

TARIFF: dict[str, dict[str, Any]] = {
    "challenge": {"member_id": None},
    "request": {"member_id": "m001"},
    "motion": {
        "manner": "amendment",
        "members": [],
        **dict.fromkeys(("subject_nl", "subject_en", "explanation_nl", "explanation_en"), "another one"),
        "parameters": MEETING.resolutions[0].parameters,
    },
    "order": {"amendments": []},
    "stop": {"manner": "annulled", "ruled_on": DAY, "from_on": None},
}
"""Contents of the entries on a decision, each as its kind writes it."""

HELD: dict[str, Any] = {
    "ballots": {"tariff": [{"member_id": "m001", "choice": "for", "cast_on": "2026-06-24"}]},
    "minutes": {"chair": "A", "secretary": "B", "remarks": "", "points": {}},
}
"""Contents of the entries on a meeting that was held."""

NOW: dict[str, Any] = {
    "attendance": [{"member_id": "m001", "manner": "room", "holder": ""}],
    "word": [{"resolution_id": "b", "speaker": "chair", "says": "for"}],
    "count": {"resolution_id": "e", "number": 1, "votes": {"m001": 1}, "valid": 1, "blank": 0, "invalid": 0},
    "lot": {"resolution_id": "e", "number": 1, "drawn": ["m001"]},
}
"""Contents of the entries on a meeting that is held now, and elects."""

ALONE: dict[str, Any] = {
    "meeting": {
        "meeting_id": "alv-0",
        "held_on": "2020-06-01",
        "convened_on": "2020-05-01",
        "place": "",
        "begins_at": "",
        "resolutions": [
            {
                "resolution": {
                    "resolution_id": "old",
                    "kind": "other",
                    **dict.fromkeys(("subject_nl", "subject_en", "explanation_nl", "explanation_en"), "old"),
                    "parameters": {},
                },
                "count": vars(COUNT),
            }
        ],
    },
    "statutes": {
        "valid_from": DAY,
        "articles": CHANGE,
        "deed_on": DAY,
        "resolution_id": None,
        "notary": "",
        "deed_file": "",
    },
    "suspension": {"member_id": "m001", "from_on": DAY, "months": 1},
    "lifting": {"member_id": "m001", "number": 1},
    "expulsion": {
        "member_id": "m001",
        "way": "termination",
        "decided_on": DAY,
        "reason": "moved",
        "article": "art. 7",
        "ends_on": "2028-01-01",
    },
    "appeal": {"member_id": "m001", "received_on": DAY},
    "term": TERM,
    "term-end": TERM,
    "seat": {"account_id": "account-9", "party": "co-operative", "organisation": "", "from_on": DAY, "until_on": ""},
}
"""Contents of the entries that are about no meeting."""


def name_paper(kind: str) -> str:
    return "room" if kind == "ballots" else f"paper of {kind}"


@pytest.fixture
def entered(embedded: Database) -> dict[str, str]:
    """One entry of each kind, by its kind; nobody judged whether it could hold."""
    live(embedded, until="reach")
    with embedded.write(TOWN, SECRETARY) as tx:
        held_on, convened_on = date(2027, 10, 1), date(2027, 9, 1)
        points = seat(), resolution("b")
        meetings.convene_meeting(tx, meeting(*points, meeting_id="alv-2", held_on=held_on, convened_on=convened_on))
    at(embedded, datetime(2027, 10, 1, 18, tzinfo=UTC))
    with embedded.write(TOWN, SECRETARY) as tx:
        seat_id = take_seat(tx, SECRETARY, "co-operative")
        contents = {
            **{kind: ("alv-1", content | {"resolution_id": "tariff"}) for kind, content in TARIFF.items()},
            **{kind: ("alv-1", content) for kind, content in HELD.items()},
            **{kind: ("alv-2", content) for kind, content in NOW.items()},
            **{kind: ("", content) for kind, content in ALONE.items()},
            "seat-end": ("", {"seat_id": seat_id, "ended_on": DAY}),
        }
        return {
            kind: entries.enter(tx, lambda _tx, _entry: 0, kind, meeting_id, name_paper(kind), content).entry_id
            for kind, (meeting_id, content) in contents.items()
        }


def read(desk: TestClient, account_id: str, *roles: str, member_id: str | None = None) -> dict[str, str]:
    """Lines of the home page that name a paper, as somebody reads them: the address by the text."""
    sit_down(desk, account_id, *roles, member_id=member_id)
    page = desk.get(CARD, headers={"Accept-Language": "en"}).text
    lines = re.findall(r'<a[^>]* href="([^"]+)"[^>]*>(.*?)</a>', page, re.DOTALL)
    return {" ".join(re.sub("<[^>]+>", " ", unescape(text)).split()): unescape(address) for address, text in lines}


def test_each_kind_of_entry_waits_at_its_page_where_anybody_settles_it_but_who_entered_it(
    entered: dict[str, str], embedded: Database, tmp_path: Path
) -> None:
    assert entered.keys() == {name for name, kind in KINDS.items() if kind.waits}, "one of each kind"
    assert set(get_args(KindName)) == KINDS.keys()
    desk = client(embedded, tmp_path)
    own, member = read(desk, "account-1", "board"), read(desk, "account-3", "member")
    second = {"member_id": "m002"}
    for kind, entry_id in entered.items():
        line = KINDS[kind].waits % {"paper": "From the room" if kind == "ballots" else name_paper(kind)}
        others = read(desk, "account-2", "board", **second)
        assert line in others, kind
        assert line not in own | member, kind
        page = desk.get(others[line], headers={"Accept-Language": "en"})
        assert page.status_code == 200, kind
        forms = re.findall(rf'<form method="post" action="([^"]*/{entry_id})"[^>]*>(.*?)</form>', page.text, re.DOTALL)
        assert [re.findall(r'name="act" value="(\w+)"', form) for _, form in forms] == [["confirm"], ["drop"]], kind
        address = unescape(forms[0][0])
        answer = desk.post(address, data={"act": "drop", "reason": "a slip"}, follow_redirects=False)
        assert (answer.status_code, answer.headers["location"]) == (303, others[line]), kind
        assert line not in read(desk, "account-2", "board", **second), kind
        sit_down(desk, "account-1", "board")
        assert desk.post(address, data={"act": "confirm"}).status_code in (409, 422), kind


def test_an_entry_is_settled_at_the_page_of_what_it_is_about_and_no_other(
    entered: dict[str, str], embedded: Database, tmp_path: Path
) -> None:
    desk = sit_down(client(embedded, tmp_path), "account-2", "board")
    away = [
        f"/governance/resolutions/key/stop/{entered['stop']}",
        f"/governance/resolutions/tariff/stop/{entered['challenge']}",
        f"/governance/meetings/alv-1/attendance/{entered['attendance']}",
        f"/governance/offices/{entered['seat']}",
    ]
    for address in away:
        answer = desk.post(address, data={"act": "drop", "reason": "a slip"}, headers={"Accept-Language": "en"})
        assert "there is no such entry" in unescape(answer.text), address
