"""Articles that decide in the product: who votes, second meetings, ties, and a change of the statutes by page."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path

import pytest

from coop.governance.ballots import closing
from coop.governance.ballots.verify import _describe_proposal, verify_resolution
from coop.governance.convening import commands as meetings
from coop.governance.meetings import store
from coop.governance.meetings.list_store import CLOSED, find_list
from coop.governance.model import Meeting, Paper
from coop.governance.statutes.model import Articles, Quorum, Rule, Second, Share, VoterKind, Voters
from coop.governance.statutes.version import Statutes
from coop.kit.database import Database
from coop.values import BadInput, CoopError
from tests.desk import SECRETARY
from tests.governance.assembly import (
    ARTICLES,
    HALF,
    HELD,
    PLAIN,
    TOWN,
    admit,
    adopt,
    cast,
    client,
    come,
    live,
    meeting,
    members,
    resolution,
    rows,
)
from tests.kit.clocks import SetClock
from tests.metering.test_meter_pages import plain

SPRING = datetime(2026, 5, 20, 9, tzinfo=UTC)
EVENING = datetime(2026, 6, 24, 18, tzinfo=UTC)


def begin(database: Database, clock: SetClock, articles: Articles, *points: str, count: int = 4) -> None:
    """Statutes, members and a meeting with points, on its evening."""
    clock.set(SPRING)
    with database.write(TOWN, SECRETARY) as tx:
        admit(tx, *members(count))
        adopt(tx, Statutes(date(2020, 1, 1), articles))
        meetings.convene_meeting(tx, meeting(*(resolution(point) for point in points)))
    clock.set(EVENING)


def test_a_kind_of_member_without_a_vote_is_refused_with_its_article(embedded: Database, clock: SetClock) -> None:
    owners = replace(ARTICLES, voters=Voters("art. 11", kinds=(VoterKind("owner", "art. 11 lid 3", votes=False),)))
    begin(embedded, clock, owners, "a")
    refused = pytest.raises(BadInput, match=r"m001 has no vote on 2026-06-24 \(art\. 11\)")
    with refused, embedded.write(TOWN, SECRETARY) as tx:
        cast(tx, "a", rows({"m001": "against"}))
    with embedded.write(TOWN, SECRETARY) as tx:
        closing.close_meeting(tx, "alv-1")
        assert find_list(tx, "alv-1", CLOSED) == dict.fromkeys(members(4), 0)
        decided = store.find_decision(tx, "a")
    assert decided is not None
    assert (decided.count.votes_entitled, decided.count.members_entitled) == (0, 4)


def test_votes_follow_the_register_up_to_the_cap_of_the_statutes(embedded: Database, clock: SetClock) -> None:
    begin(embedded, clock, replace(ARTICLES, voters=Voters("art. 11", plural=True, most_votes=3)), "a", count=1)
    with embedded.write(TOWN, SECRETARY) as tx:
        admit(tx, "big", votes=9)
        admit(tx, "middle", votes=2)
        clock.set(EVENING)
        closing.close_meeting(tx, "alv-1")
        assert find_list(tx, "alv-1", CLOSED) == {"m001": 1, "big": 3, "middle": 2}


def test_everybody_has_one_vote_where_the_statutes_are_silent_whatever_the_register_says(
    embedded: Database, clock: SetClock
) -> None:
    begin(embedded, clock, replace(ARTICLES, voters=None), "a", count=1)
    with embedded.write(TOWN, SECRETARY) as tx:
        admit(tx, "big", votes=9)
        closing.close_meeting(tx, "alv-1")
        assert find_list(tx, "alv-1", CLOSED) == {"m001": 1, "big": 1}


def test_a_second_meeting_decides_what_the_first_had_no_quorum_for(embedded: Database, clock: SetClock) -> None:
    second = Second("art. 14 lid 4", Share(2, 3), to_days=28)
    quorum = Quorum("art. 14 lid 3", Share(1, 2), "members")
    begin(embedded, clock, Articles("q", rules={"ordinary": replace(PLAIN, quorum=quorum, second=second)}), "a")
    again = Meeting(
        "alv-2",
        date(2026, 7, 15),
        date(2026, 6, 25),
        "",
        (replace(resolution("a"), resolution_id="a2"),),
        begins_at="10:00",
    )
    with embedded.write(TOWN, SECRETARY) as tx:
        cast(tx, "a", rows({"m001": "for"}))
        with pytest.raises(CoopError):
            meetings.convene_meeting(tx, replace(again, convened_on=HELD, second_of="alv-1", second_why="too few"))
        [first] = closing.close_meeting(tx, "alv-1")
        assert (first.verdict.reason, first.verdict.article) == ("no-quorum", "art. 14 lid 3")
    clock.set(datetime(2026, 6, 25, 9, tzinfo=UTC))
    with embedded.write(TOWN, SECRETARY) as tx:
        meetings.convene_meeting(tx, replace(again, second_of="alv-1", second_why="too few"))
    clock.set(datetime(2026, 7, 15, 18, tzinfo=UTC))
    with embedded.write(TOWN, SECRETARY) as tx:
        cast(tx, "a2", rows({"m001": "for"}, date(2026, 7, 15)), "alv-2")
        [decided] = closing.close_meeting(tx, "alv-2")
        assert (decided.verdict.word, decided.verdict.article) == ("adopted", "art. 14 lid 4")
        assert verify_resolution(tx, "a2").findings == ()


@pytest.mark.parametrize("field", ["subject_nl", "subject_en", "explanation_nl", "explanation_en"])
def test_a_second_meeting_decides_on_nothing_but_the_first_proposal_word_by_word(
    embedded: Database, clock: SetClock, field: str
) -> None:
    """Few decide in a second meeting: on a text that differs the first quorum is asked again."""
    second = Second("art. 14 lid 4", Share(2, 3), to_days=28)
    quorum = Quorum("art. 14 lid 3", Share(1, 2), "members")
    begin(embedded, clock, Articles("q", rules={"ordinary": replace(PLAIN, quorum=quorum, second=second)}), "a")
    with embedded.write(TOWN, SECRETARY) as tx:
        cast(tx, "a", rows({"m001": "for"}))
        closing.close_meeting(tx, "alv-1")
    other = replace(resolution("a"), **{"resolution_id": "a2", field: "Verkoop van het warmtenet"})  # type: ignore[arg-type]
    clock.set(datetime(2026, 6, 25, 9, tzinfo=UTC))
    with embedded.write(TOWN, SECRETARY) as tx:
        again = Meeting(
            "alv-2",
            date(2026, 7, 15),
            date(2026, 6, 25),
            "",
            (other,),
            begins_at="10:00",
            second_of="alv-1",
            second_why="too few",
        )
        meetings.convene_meeting(tx, again)
    clock.set(datetime(2026, 7, 15, 18, tzinfo=UTC))
    with embedded.write(TOWN, SECRETARY) as tx:
        cast(tx, "a2", rows({"m001": "for"}, date(2026, 7, 15)), "alv-2")
        [decided] = closing.close_meeting(tx, "alv-2")
        assert (decided.verdict.word, decided.verdict.article) == ("rejected", "art. 14 lid 3")
        assert verify_resolution(tx, "a2").findings == ()


def paper(role: str, content: str) -> Paper:
    """A document of a point."""
    return Paper(f"{role}-{content}", "Stuk", "Paper", role, "text/plain", 1, content * 64)


@pytest.mark.parametrize(
    ("papers", "is_same"),
    [
        ((paper("text", "a"), paper("explanation", "c")), True),
        ((paper("text", "a"),), True),
        ((paper("text", "b"), paper("explanation", "b")), False),
        ((), False),
    ],
)
def test_a_second_proposal_is_the_first_one_with_the_same_literal_text(
    papers: tuple[Paper, ...], is_same: bool
) -> None:
    """What explains it may be another, but not the text of the statutes that few would adopt."""
    first = replace(resolution("a", "statutes"), papers=(paper("text", "a"), paper("explanation", "b")), option_of="a")
    second = replace(first, resolution_id="a2", option_of="a2", papers=papers)
    assert second.is_same_proposal(first) is is_same
    assert (_describe_proposal(second) == _describe_proposal(first)) is is_same


def test_a_lot_at_a_tie_can_be_drawn_again(embedded: Database, clock: SetClock) -> None:
    points = tuple("abcdefgh")
    begin(embedded, clock, Articles("l", rules={"ordinary": Rule("art. 12", HALF, tie="lot")}), *points)
    with embedded.write(TOWN, SECRETARY) as tx:
        for point in points:
            cast(tx, point, rows({"m001": "for", "m002": "against"}))
        outcomes = closing.close_meeting(tx, "alv-1")
        assert {outcome.verdict.reason for outcome in outcomes} == {"lot"}
        assert all(verify_resolution(tx, point).findings == () for point in points)


def test_who_is_there_in_silence_counts_for_a_quorum_of_heads(embedded: Database, clock: SetClock) -> None:
    quorum = Quorum("art. 14", Share(3, 4), "members")
    begin(embedded, clock, Articles("q", rules={"ordinary": replace(PLAIN, quorum=quorum)}), "a")
    with embedded.write(TOWN, SECRETARY) as tx:
        cast(tx, "a", rows({"m001": "for"}))
        come(tx, "m001", "m002", "m003")
        [decided] = closing.close_meeting(tx, "alv-1")
        assert (decided.verdict.word, decided.count.members_present) == ("adopted", 3)
        assert verify_resolution(tx, "a").findings == ()


def test_a_verdict_is_kept_and_told_with_its_article_and_rule(embedded: Database, tmp_path: Path) -> None:
    live(embedded)
    answer = client(embedded, tmp_path, "member").get("/governance/api/v1/resolutions/tariff").json()
    rule = "at least 2/3 of the votes for and against; at least 1/4 of all votes must be present (art. 14.1)"
    assert (answer["article"], answer["rule"], answer["quorum_of"]) == ("art. 14.2", rule, "votes")
    page = client(embedded, tmp_path, "member").get("/governance/resolutions/tariff", params={"lang": "nl"}).text
    assert "Art. 14.2 vraagt ten minste 2/3 van de stemmen voor en tegen" in plain(page)


def test_the_board_proposes_a_change_of_the_statutes_from_those_in_force_and_members_see_the_difference(
    embedded: Database, tmp_path: Path
) -> None:
    live(embedded)
    board = client(embedded, tmp_path, "board")
    form = board.get("/governance/meetings/new", params={"kind": "statutes", "lang": "nl"})
    assert 'name="1.rules.tariff.article" type="text" value="art. 14.2"' in form.text
    filled = {
        "held_on": "2027-10-20",
        "1.kind": "statutes",
        "1.subject_nl": "Nieuwe statuten",
        "1.name": "Deed of 2027",
        "1.rules.ordinary.article": "art. 12",
        "1.rules.ordinary.majority": ">1/2",
        "1.rules.tariff.article": "art. 14.2",
        "1.rules.tariff.majority": "3/4",
        "1.proxies.article": "art. 16",
        "1.proxies.most_held": "3",
    }
    look = plain(board.post("/governance/meetings/new", params={"lang": "nl"}, data=filled | {"act": "look"}).text)
    assert "Eén persoon mag hoogstens 3 volmachten hebben" in look
    assert "ten minste 3/4 van de stemmen voor en tegen" in look
    kept = board.post("/governance/meetings/new", data=filled | {"act": "keep"})
    assert kept.status_code == 200, kept.text
    [agenda] = [each for each in board.get("/governance/api/v1/meetings").json() if each["held_on"] == "2027-10-20"]
    page = board.get(f"/governance/resolutions/{agenda['resolutions'][0]['resolution_id']}", params={"lang": "nl"}).text
    assert "ten minste 3/4 van de stemmen voor en tegen" in plain(page)
    bad = board.post(
        "/governance/meetings/new",
        params={"lang": "nl"},
        data=filled | {"act": "look", "1.advance.article": "art. 17", "1.advance.from_days": "60"},
    )
    assert bad.status_code == 422
    assert "BW 2:38 lid 8 staat hoogstens 30 dagen toe" in plain(bad.text)
