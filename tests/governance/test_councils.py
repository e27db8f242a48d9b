"""A council of members in an installation: chosen by the members, voting in their place, and found where it is not."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path
from types import MappingProxyType
from typing import Any

import pytest

from coop.events.governance import ElectionVoteOpened, MeetingConvened, PersonElected, ReferendumAsked, TermEnded
from coop.governance.ballots import closing
from coop.governance.ballots.elections import papers
from coop.governance.ballots.elections.papers import enter_end
from coop.governance.ballots.mandates import commands as mandates
from coop.governance.ballots.verify import verify_resolution
from coop.governance.convening import commands as meetings
from coop.governance.convening.referring import ask_referendum
from coop.governance.meetings import voting_lists
from coop.governance.meetings.store import find_meeting
from coop.governance.meetings.term_store import Term, list_terms
from coop.governance.model import Meeting
from coop.governance.statutes.council import Council, Group
from coop.governance.statutes.model import Referendum
from coop.governance.statutes.version import Statutes
from coop.kit.database import Database
from coop.values import BadInput, CoopError
from tests.desk import SECRETARY
from tests.governance.assembly import (
    TOWN,
    admit,
    adopt,
    cast,
    client,
    confirm,
    leave,
    meeting,
    members,
    only,
    resolution,
    rows,
    sit_down,
    told_with_notices,
)
from tests.governance.elections.room import ONLINE, choose, count, open_vote, seat
from tests.governance.test_attendance import EVENING, at
from tests.metering.test_meter_pages import plain

COUNCIL = Council("art. 14", 3, term_months=36, substitutes=1)
HELD = replace(ONLINE, council=COUNCIL)
MAY, JUNE = datetime(2026, 5, 20, 9, tzinfo=UTC), datetime(2026, 6, 25, 9, tzinfo=UTC)


SEATS: dict[str, Any] = {"office": "delegates", "seats": 3, "candidates": ["m001", "m002", "m003", "m004"]}


def begin(
    database: Database, council: Council = COUNCIL, referenda: Mapping[str, Referendum] = MappingProxyType({})
) -> None:
    """Twelve members, four of them tenants, under statutes with a council; nobody sits in it yet."""
    at(database, datetime(2026, 5, 1, 9, tzinfo=UTC))
    with database.write(TOWN, SECRETARY) as tx:
        admit(tx, *members(12)[:8])
        admit(tx, *members(12)[8:], kind="tenant")
        adopt(tx, Statutes(date(2020, 1, 1), replace(HELD, council=council, referenda=referenda)))
    at(database, MAY)


def seat_before(database: Database, *seated: tuple[str, str], office: str = "delegates", place: int = 1) -> None:
    """Delegates of before, each with their group, by a paper that two people signed."""
    with database.write(TOWN, SECRETARY) as tx:
        for member_id, group in seated:
            term = Term(office, member_id, date(2026, 1, 1), date(2028, 1, 1), stands_for=group, place=place)
            confirm(tx, papers.enter_term(tx, "minutes of 2025", term))


def convene(database: Database, held: Meeting) -> None:
    with database.write(TOWN, SECRETARY) as tx:
        meetings.convene_meeting(tx, held)


def listed(database: Database, meeting_id: str = "alv-1") -> dict[str, int]:
    with database.read(TOWN) as tx:
        found = find_meeting(tx, meeting_id)
        assert found is not None
        return dict(voting_lists.read_list(tx, found))


def test_the_members_choose_their_council_which_then_decides_in_their_place(database: Database) -> None:
    """Three of four candidates, on 9, 8 and 7 of 12 ballots: m004, on 6, is not above half."""
    begin(database)
    with pytest.raises(CoopError, match="first the members choose delegates"):
        convene(database, meeting(resolution("r", "other")))
    convene(database, meeting(seat(**SEATS)))
    at(database, EVENING)
    open_vote(database)
    ballots = [["m001", "m002", "m003"]] * 7 + [["m001", "m002", "m004"], ["m001", "m004"], *[["m004"]] * 3]
    choose(database, dict(zip(members(12), ballots, strict=True)))
    assert dict(count(database).votes) == {"m001": 9, "m002": 8, "m003": 7, "m004": 5}
    with database.write(TOWN, SECRETARY) as tx:
        closing.close_meeting(tx, "alv-1")
    at(database, JUNE)
    days = {"convened_on": date(2026, 6, 25), "held_on": date(2026, 8, 5)}
    held = meeting(resolution("r", "other"), meeting_id="council-1", **days)
    convene(database, held)
    at(database, datetime(2026, 8, 5, 17, tzinfo=UTC))
    assert listed(database, "council-1") == {"m001": 1, "m002": 1, "m003": 1}
    with database.write(TOWN, SECRETARY) as tx, pytest.raises(BadInput, match=r"can hold no mandate|so many mandates"):
        mandates.give_mandate(tx, "council-1", "m001", "m002")
    with database.write(TOWN, SECRETARY) as tx, pytest.raises(BadInput, match="no vote at this meeting"):
        mandates.give_mandate(tx, "council-1", "m009", "m002")
    with pytest.raises(BadInput, match="m009"), database.write(TOWN, SECRETARY) as tx:
        cast(tx, "r", rows({"m009": "against"}, date(2026, 8, 5)), "council-1")
    with database.write(TOWN, SECRETARY) as tx:
        cast(tx, "r", rows({"m001": "for", "m002": "for", "m003": "against"}, date(2026, 8, 5)), "council-1")
        outcome = closing.close_meeting(tx, "council-1")[0]
    assert (outcome.verdict.word, outcome.count.votes_entitled, outcome.count.members_entitled) == ("adopted", 3, 3)
    facts = told_with_notices(database)
    elected = [(each.member_id, each.place) for each in only(facts, PersonElected)]
    assert elected == [("m001", 1), ("m002", 2), ("m003", 3)]
    assert [each.voters for each in only(facts, MeetingConvened)] == [(), ("m001", "m002", "m003")]
    with database.write(TOWN, SECRETARY) as tx:
        assert verify_resolution(tx, "e").findings == () == verify_resolution(tx, "r").findings


def test_a_substitute_takes_the_seat_of_who_stepped_down_or_left_before_the_list_was_frozen(embedded: Database) -> None:
    begin(embedded)
    seat_before(embedded, ("m001", ""), ("m002", ""), ("m003", ""))
    seat_before(embedded, ("m004", ""), office="substitutes")
    with embedded.write(TOWN, SECRETARY) as tx:
        term = next(each for each in list_terms(tx) if each.member_id == "m002")
        with pytest.raises(BadInput, match="not ahead"):
            enter_end(tx, "letter", term, date(2026, 7, 1))
        confirm(tx, enter_end(tx, "letter of 18 May", term, date(2026, 5, 19)))
        with pytest.raises(BadInput, match="ended before"):
            enter_end(tx, "letter, again", term, date(2026, 5, 18))
    convene(embedded, meeting(resolution("r", "other")))
    assert sorted(listed(embedded)) == ["m001", "m003", "m004"]
    at(embedded, EVENING)
    assert sorted(listed(embedded)) == ["m001", "m003", "m004"]
    with embedded.write(TOWN, SECRETARY) as tx:
        leave(tx, "m001", date(2026, 6, 1), told_at=EVENING)
        cast(tx, "r", rows({"m001": "for", "m004": "for"}))
        closing.close_meeting(tx, "alv-1")
    assert [each.ends_on for each in only(told_with_notices(embedded), TermEnded)] == [date(2026, 5, 19)]
    with embedded.write(TOWN, SECRETARY) as tx:
        assert verify_resolution(tx, "r").findings == ()


def test_groups_choose_their_own_and_delegates_weigh_as_the_members_whom_they_stand_for(embedded: Database) -> None:
    """Eight owners for two delegates are four votes each; four tenants for one are four."""
    groups = (Group("art. 14", "tenants", 1, ("tenant",)), Group("art. 14", "owners", 2))
    begin(embedded, Council("art. 14", 3, weight="by members", groups=groups))
    choice: dict[str, Any] = {**SEATS, "seats": 1, "group": "tenants", "candidates": ["m009", "m010"]}
    for changed, reason in (
        ({"group": ""}, r"art\. 14: one group chooses its delegates: tenants, owners"),
        ({"candidates": ["m001"]}, "only who is of the group stands for it"),
        ({"seats": 2, "candidates": ["m009", "m010"]}, "gives 1 seats, of which 0 are taken"),
        ({"ends_on": "2031-07-01"}, "lets a term last until 2030-07-01 at most"),
    ):
        with pytest.raises(BadInput, match=reason):
            convene(embedded, meeting(seat(**{**choice, **changed})))
    with pytest.raises(CoopError, match="convene a meeting for each"):
        convene(embedded, meeting(seat(**choice), resolution("r", "other")))
    convene(embedded, meeting(seat(**choice)))
    assert sorted(listed(embedded)) == ["m009", "m010", "m011", "m012"]
    seat_before(embedded, ("m001", "owners"), ("m002", "owners"), ("m009", "tenants"))
    convene(embedded, meeting(resolution("r", "other"), meeting_id="council-1"))
    assert listed(embedded, "council-1") == {"m001": 4, "m002": 4, "m009": 4}
    at(embedded, EVENING)
    with embedded.write(TOWN, SECRETARY) as tx:
        cast(tx, "r", rows({"m001": "for", "m002": "against", "m009": "for"}), "council-1")
        outcome = closing.close_meeting(tx, "council-1")[0]
    assert (outcome.count.votes_for, outcome.count.votes_against) == (8, 4)
    told_with_notices(embedded)
    with embedded.write(TOWN, SECRETARY) as tx:
        assert verify_resolution(tx, "r").findings == ()


def test_members_who_are_no_delegates_can_ask_a_referendum_on_what_the_council_decided(embedded: Database) -> None:
    begin(embedded, referenda={"ordinary": Referendum("art. 15", 30, members=2)})
    seat_before(embedded, ("m001", ""), ("m002", ""), ("m003", ""))
    convene(embedded, meeting(resolution("r", "other")))
    at(embedded, EVENING)
    with embedded.write(TOWN, SECRETARY) as tx:
        cast(tx, "r", rows({"m001": "for", "m002": "for"}))
        closing.close_meeting(tx, "alv-1")
        ask_referendum(tx, "r", "m008")
        ask_referendum(tx, "r", "m009")
    asked = only(told_with_notices(embedded), ReferendumAsked)
    assert [(each.member_id, each.granted) for each in asked] == [("m008", False), ("m009", True)]
    with embedded.write(TOWN, SECRETARY) as tx:
        assert verify_resolution(tx, "r").findings == ()


def test_everybody_reads_who_votes_at_a_meeting_of_the_council_and_two_end_a_term(
    embedded: Database, tmp_path: Path
) -> None:
    begin(embedded)
    seat_before(embedded, ("m001", ""), ("m002", ""), ("m003", ""))
    convene(embedded, meeting(resolution("r", "other")))
    desk = sit_down(client(embedded, tmp_path), "account-1", "board")
    page = "/governance/offices"
    assert "the members' council decides in the place of all members: 3 delegates" in plain(desk.get(page).text)
    ended = {"term": "delegates m002 2026-01-01", "ended_on": "2026-05-19", "end_paper": "letter of 18 May"}
    assert desk.post(f"{page}/ends", data={**ended, "term": "nobody"}).status_code == 422
    assert "It holds once somebody else confirms it." in plain(desk.post(f"{page}/ends", data=ended).text)
    sit_down(desk, "account-2", "board")
    entry_id = desk.get(page).text.partition(f'action="{page}/')[2].partition('"')[0]
    desk.post(f"{page}/{entry_id}", data={"act": "confirm"})
    assert sorted(listed(embedded)) == ["m001", "m003"]
    [out] = desk.get("/governance/api/v1/meetings").json()
    assert (out["voters"], out["group"]) == ("delegates", "")
    sit_down(desk, "account-9", "member", member_id="m009")
    read = plain(desk.get("/governance/meetings/alv-1").text)
    assert "the members' council decides in the place of all members (art. 14)" in read
    assert "Delegates with a vote 2" in read
    statutes = plain(desk.get("/governance/statutes").text)
    assert "3 delegates vote at meetings in the place of all members" in statutes
    assert "Of 60 members 3 vote; votes of each: 1." in statutes


def test_a_vote_that_is_opened_at_the_meeting_names_the_delegates_who_vote(
    database: Database,
) -> None:
    begin(database)
    seat_before(database, ("m001", ""), ("m002", ""), ("m003", ""))
    convene(database, meeting(seat(candidates=["m005", "m006"])))
    at(database, EVENING)
    open_vote(database)
    [opened] = only(told_with_notices(database), ElectionVoteOpened)
    assert opened.voters == ("m001", "m002", "m003") == tuple(sorted(listed(database)))


def test_a_vote_of_all_members_names_nobody_since_all_vote(database: Database) -> None:
    begin(database)
    convene(database, meeting(seat(**SEATS)))
    at(database, EVENING)
    open_vote(database)
    assert only(told_with_notices(database), ElectionVoteOpened)[0].voters == ()
