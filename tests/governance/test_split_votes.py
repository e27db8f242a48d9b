"""Votes of one member that are divided: by the statutes alone, all of them, counted twice, and never more than there
are."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime
from fractions import Fraction
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from coop.events.governance import BallotEntered
from coop.governance.ballots import closing
from coop.governance.ballots import commands as ballots
from coop.governance.ballots.box_again import add_up_again
from coop.governance.ballots.commitments import commit
from coop.governance.ballots.counting import count_ballots
from coop.governance.ballots.mandates import commands as mandates
from coop.governance.ballots.papers import read_papers
from coop.governance.ballots.store import list_ballots, list_standing
from coop.governance.ballots.verify import verify_resolution
from coop.governance.convening import commands as meetings
from coop.governance.meetings.store import find_decision
from coop.governance.minutes.taking_home import take_vote
from coop.governance.model import Ballot, Parts
from coop.governance.statutes.model import Articles, Voters
from coop.governance.statutes.voters import weigh_member
from coop.governance.tables.meetings import ballot
from coop.governance.tables.stamps import stamp
from coop.kit import journal
from coop.kit.actor import Actor
from coop.kit.database import Database
from coop.values import BadInput, CoopError, hash_parameters
from coop.verification.athome import WORDS, check_source, describe, seal
from tests.desk import SECRETARY
from tests.governance.assembly import (
    ARTICLES,
    HELD,
    STATUTES,
    TOWN,
    admit,
    adopt,
    cast,
    meeting,
    only,
    resolution,
    told_with_notices,
)
from tests.governance.test_attendance import EVENING, at

MEMBER = Actor("account", "member-1", "page")
VOTERS = Voters("art. 11", plural=True, most_votes=5, split=True, split_article="art. 11.4")
SPLIT = replace(ARTICLES, voters=VOTERS)
WEIGHTS = {"m001": 9, "m002": 3, "m003": 1, "m004": 1}
"""Votes by the register; the statutes let nobody have more than five."""


def begin(database: Database, articles: Articles = SPLIT) -> None:
    """A housing corporation, an association of owners and two people, on the evening of a meeting with two points."""
    at(database, datetime(2026, 5, 1, 9, tzinfo=UTC))
    with database.write(TOWN, SECRETARY) as tx:
        for member_id, votes in WEIGHTS.items():
            admit(tx, member_id, votes=votes)
        adopt(tx, replace(STATUTES, articles=articles))
    at(database, datetime(2026, 5, 20, 9, tzinfo=UTC))
    with database.write(TOWN, SECRETARY) as tx:
        meetings.convene_meeting(tx, meeting(resolution("a"), resolution("b")))
    at(database, EVENING)


def vote(database: Database, member_id: str, choice: str | Parts, ballot_id: str = "", point: str = "a") -> bool:
    with database.write(TOWN, MEMBER) as tx:
        return ballots.cast_own_vote(tx, point, member_id, choice, ballot_id)


def paper(member_id: str, votes: tuple[Any, Any, Any], **more: Any) -> dict[str, Any]:
    """A row of the room that divides votes."""
    names = ("votes_for", "votes_against", "votes_blank")
    return {"member_id": member_id, "choice": "split", **dict(zip(names, votes, strict=True)), **more}


def close(database: Database) -> dict[str, tuple[int, int, int]]:
    """Close the meeting; votes by point."""
    with database.write(TOWN, SECRETARY) as tx:
        decided = closing.close_meeting(tx, "alv-1")
    counts = {each.resolution.resolution_id: each.count for each in decided}
    return {name: (each.votes_for, each.votes_against, each.votes_blank) for name, each in counts.items()}


def findings(database: Database, point: str = "a") -> tuple[str, ...]:
    with database.read(TOWN) as tx:
        return verify_resolution(tx, point).findings


def test_divided_votes_of_pages_and_room_are_counted_by_heads_and_by_votes(database: Database) -> None:
    begin(database)
    assert vote(database, "m001", Parts(3, 2, 0))
    vote(database, "m003", "against")
    with database.write(TOWN, SECRETARY) as tx:
        assert cast(tx, "a", [paper("m002", (1, None, 2)), {"member_id": "m004", "choice": "for"}]) == 2
    assert close(database) == {"a": (3 + 1 + 1, 2 + 1, 2), "b": (0, 0, 0)}
    with database.read(TOWN) as tx:
        decided = find_decision(tx, "a")
    assert decided is not None
    assert (decided.count.members_present, decided.count.votes_present, decided.count.votes_entitled) == (4, 10, 10)
    assert findings(database) == () == findings(database, "b")


@pytest.mark.parametrize(
    ("parts", "reason"),
    [
        (Parts(4, 2, 0), "divided are 6 votes, and the member has 5"),
        (Parts(9, 0, 0), "divided are 9 votes"),
        (Parts(2, 2, 0), "divided are 4 votes"),
        (Parts(7, -2, 0), "is a number of votes, none or more"),
        (Parts(True, 4, 0), "is a number of votes, none or more"),
    ],
)
def test_nobody_divides_more_or_less_than_they_have(embedded: Database, parts: Parts, reason: str) -> None:
    begin(embedded)
    with pytest.raises(BadInput, match=reason):
        vote(embedded, "m001", parts)
    with pytest.raises(BadInput, match=reason), embedded.write(TOWN, SECRETARY) as tx:
        cast(tx, "a", [paper("m001", (parts.votes_for, parts.votes_against, parts.votes_blank))])
    assert close(embedded)["a"] == (0, 0, 0)


def test_where_the_statutes_are_silent_nobody_divides_and_the_refusal_names_the_article(embedded: Database) -> None:
    begin(embedded, ARTICLES)
    with pytest.raises(BadInput, match=r"art\. 11 lets nobody divide their votes"):
        vote(embedded, "m001", Parts(5, 4, 0))
    with pytest.raises(BadInput, match=r"art\. 11"), embedded.write(TOWN, SECRETARY) as tx:
        cast(tx, "a", [paper("m001", (5, 4, 0))])
    with pytest.raises(BadInput, match="only who divides"), embedded.write(TOWN, SECRETARY) as tx:
        cast(tx, "a", [{"member_id": "m001", "choice": "for", "votes_for": 20}])
    assert vote(embedded, "m001", "for")
    assert close(embedded)["a"] == (9, 0, 0)


def test_a_retry_changes_nothing_and_the_newest_division_counts(database: Database) -> None:
    begin(database)
    assert vote(database, "m001", Parts(3, 2), "one")
    assert not vote(database, "m001", Parts(3, 2), "one")
    for other in (Parts(2, 3), "for"):
        with pytest.raises(CoopError, match="another ballot has the id one"):
            vote(database, "m001", other, "one")
    assert vote(database, "m001", "against", "two")
    assert vote(database, "m001", Parts(0, 1, 4), "three")
    assert not vote(database, "m001", Parts(3, 2), "one")
    assert close(database)["a"] == (0, 1, 4)
    assert findings(database) == ()


def test_an_unsplit_ballot_is_committed_to_as_before() -> None:
    plain = Ballot("m1", "for", HELD, ballot_id="b1", salt="s")
    assert commit("a", plain) == hash_parameters(["a", "b1", "m1", "for", "", "own", "2026-06-24", "s"])
    divided = replace(plain, choice="split", votes_for=1, votes_against=2, votes_blank=0)
    assert commit("a", divided) == hash_parameters(["a", "b1", "m1", "split", "", "own", "2026-06-24", "s", [1, 2, 0]])


@pytest.mark.parametrize(
    ("member_id", "votes"),
    [
        ("m001", {"votes_for": 5, "votes_against": 1, "votes_blank": 0}),
        ("m001", {"votes_for": 9, "votes_against": 0, "votes_blank": 0}),
        ("m001", {"votes_for": 2, "votes_against": 2, "votes_blank": 0}),
        ("m001", {"votes_for": 6, "votes_against": -1, "votes_blank": 0}),
        ("m001", {"votes_for": 5}),
        ("stranger", {"votes_for": 1, "votes_against": 0, "votes_blank": 0}),
        ("m001", {"choice": "for", "votes_for": 5, "votes_against": 0, "votes_blank": 0}),
    ],
)
def test_the_database_itself_takes_no_division_of_other_votes(
    database: Database, member_id: str, votes: Mapping[str, Any]
) -> None:
    begin(database)
    vote(database, "m003", "for")  # the list is frozen
    usual = {"choice": "split", "votes_for": None, "votes_against": None, "votes_blank": None}
    with pytest.raises(DBAPIError), database.write(TOWN, MEMBER) as tx:
        _insert(tx, member_id, usual | dict(votes))
    with database.write(TOWN, MEMBER) as tx:
        _insert(tx, "m001", usual | {"votes_for": 2, "votes_against": 2, "votes_blank": 1})
    with database.read(TOWN) as tx:
        assert list_standing(tx, "a")["m001"].parts == Parts(2, 2, 1)


def _insert(tx: Any, member_id: str, values: Mapping[str, Any]) -> None:
    row = {"community": TOWN, "resolution_id": "a", "member_id": member_id, "number": 1, "cast_on": HELD}
    own = {"proxy_holder": None, "channel": "own", "ballot_id": "x", "entry_id": None, "salt": "s"}
    tx.insert(ballot, [{**row, **own, **values, **stamp(tx)}])


FORGERIES: Mapping[str, tuple[tuple[str, ...], str]] = {
    "nothing": ((), ""),
    "parts": (
        ("UPDATE ballot SET votes_for = 5, votes_against = 0 WHERE member_id = 'm001'",),
        "1 ballots are not as they were put in the box",
    ),
    "swap": (
        (
            "UPDATE ballot SET member_id = 'm00x' WHERE member_id = 'm002'",
            "UPDATE ballot SET member_id = 'm002' WHERE member_id = 'm001'",
            "UPDATE ballot SET member_id = 'm001' WHERE member_id = 'm00x'",
        ),
        "2 divided ballots have other votes",
    ),
    "more": (
        ("UPDATE ballot SET votes_blank = 4 WHERE member_id = 'm001'",),
        "1 divided ballots have other votes than their members on the list",
    ),
    "whole": (
        (
            "UPDATE ballot SET choice = 'for', votes_for = NULL, votes_against = NULL, votes_blank = NULL"
            " WHERE member_id = 'm002'",
        ),
        "1 ballots of paper stand in no entry that two people signed",
    ),
}


@pytest.mark.parametrize("forgery", list(FORGERIES))
def test_a_division_that_is_forged_in_the_database_after_the_count_is_found(database: Database, forgery: str) -> None:
    begin(database)
    vote(database, "m001", Parts(3, 2))
    with database.write(TOWN, SECRETARY) as tx:
        cast(tx, "a", [paper("m002", (1, 1, 1))])
    assert close(database)["a"] == (4, 3, 1)
    statements, finding = FORGERIES[forgery]
    with database.system_write() as sql:
        for trigger in ("ballot_keeps", "ballot_holds")[: 1 + database.is_sqlite]:
            sql.execute(text(f"DROP TRIGGER {trigger}" + ("" if database.is_sqlite else " ON ballot")))
        for statement in statements:
            sql.execute(text(statement))
    found = findings(database)
    assert any(finding in each for each in found) if finding else found == ()
    assert not finding or any("are not as they were put in the box" in each for each in found)


def test_a_division_that_was_changed_before_the_count_is_not_counted(database: Database) -> None:
    begin(database)
    vote(database, "m001", Parts(3, 2))
    with database.system_write() as sql:
        for trigger in ("ballot_keeps", "ballot_holds")[: 1 + database.is_sqlite]:
            sql.execute(text(f"DROP TRIGGER {trigger}" + ("" if database.is_sqlite else " ON ballot")))
        sql.execute(text("UPDATE ballot SET votes_for = 8 WHERE member_id = 'm001'"))
    with pytest.raises(CoopError, match="it was changed in the box"):
        close(database)


def test_a_division_that_the_board_enters_is_told_and_its_member_strikes_it(database: Database) -> None:
    begin(database)
    with database.write(TOWN, SECRETARY) as tx:
        cast(tx, "a", [paper("m001", (5, 0, 0)), paper("m002", (0, 3, 0))], paper="letter")
    assert {each.member_id for each in only(told_with_notices(database), BallotEntered)} == {"m001", "m002"}
    with database.write(TOWN, MEMBER) as tx:
        assert ballots.object_to_ballot(tx, "a", "m001")
    vote(database, "m001", Parts(1, 4))
    with pytest.raises(BadInput, match="only they can vote now"), database.write(TOWN, SECRETARY) as tx:
        cast(tx, "a", [paper("m001", (5, 0, 0))])
    assert close(database)["a"] == (1, 7, 0)
    assert findings(database) == ()


def test_a_holder_divides_the_votes_of_one_giver_at_a_time(database: Database) -> None:
    begin(database)
    at(database, datetime(2026, 6, 10, 9, tzinfo=UTC))
    with database.write(TOWN, MEMBER) as tx:
        for giver in ("m001", "m002"):
            mandates.give_mandate(tx, "alv-1", giver, "m003")
        with pytest.raises(BadInput, match="member by member"):
            ballots.cast_by_mandates(tx, "a", "m003", Parts(3, 2), "one")
        with pytest.raises(BadInput, match="divided are 5 votes, and the member has 3"):
            ballots.cast_by_mandates(tx, "a", "m003", Parts(3, 2), "one", "m002")
        with pytest.raises(CoopError, match="you hold no mandate"):
            ballots.cast_by_mandates(tx, "a", "m003", Parts(1, 0), "one", "m004")
        assert ballots.cast_by_mandates(tx, "a", "m003", Parts(3, 2), "one", "m001") == 1
        assert ballots.cast_by_mandates(tx, "a", "m003", Parts(3, 2), "one", "m001") == 0
        assert ballots.cast_by_mandates(tx, "a", "m003", "for", "two", "m002") == 1
        assert {name: each.parts or each.choice for name, each in list_standing(tx, "a").items()} == {
            "m001": Parts(3, 2),
            "m002": "for",
        }
    vote(database, "m001", Parts(0, 0, 5))
    at(database, EVENING)
    assert close(database)["a"] == (3, 0, 5)
    assert findings(database) == ()


def test_typed_lines_divide_votes_and_name_what_they_do_not_understand() -> None:
    papers, problems = read_papers("L-1 3v+2tb-\nL-2 2T+1B v -> L-1\nL-3 1v+1v bb\nL-4 3x+1v bb\nL-5 v2bb", 3)
    assert [paper.choices for paper in papers] == [
        (Parts(3, 2, 0), "blank", ""),
        (Parts(0, 2, 1), "for", ""),
        ("for", Parts(0, 0, 2), "blank"),
    ]
    assert [problem.line for problem in problems] == [3, 4]


def test_at_home_the_own_division_opens_and_one_that_was_not_counted_is_found(embedded: Database) -> None:
    begin(embedded)
    vote(embedded, "m001", Parts(3, 2))
    vote(embedded, "m002", "for")
    close(embedded)
    with embedded.system_write() as sql:
        journal.seal(sql)
    with embedded.read(TOWN) as tx:
        taken = json.loads(take_vote(tx, "a", "m001", "en"))
    assert list(check_source(taken, WORDS["en"])) == []
    assert (taken["own"][3], taken["own"][8]) == ("split", [3, 2, 0])
    use: dict[str, Any] = {"readings": [], "shares": [], "spans": []}
    bill = {"inputs": json.dumps({"consumption": use, "previous": None, "corrects": None, "guarantee": []})}
    said = "\n".join(describe(bill, [taken], WORDS["en"]))
    assert "and your ballot (3 for, 2 against, 0 blank) is in the box" in said
    forged = json.loads(json.dumps(taken))
    for fact in (each for each in forged["facts"] if ".resolution-decided." in each["type"]):
        fact["data"] = json.dumps(json.loads(fact["data"]) | {"votes_for": 7, "votes_against": 1})
        fact["hash"] = seal(fact)
    assert WORDS["en"]["divided"] % "Resolution a" in list(check_source(forged, WORDS["en"]))
    turned = json.loads(json.dumps(taken))
    turned["own"][8] = [2, 3, 0]
    assert WORDS["en"]["own"] % "Resolution a" in list(check_source(turned, WORDS["en"]))


@st.composite
def boxes(draw: st.DrawFn) -> tuple[Articles, dict[str, int], dict[str, str | tuple[Fraction, Fraction]]]:
    """Statutes with a cap, members by the register, and what each wants: one way, or shares for and against."""
    articles = Articles("drawn", voters=Voters("v", plural=True, most_votes=draw(st.integers(1, 12)), split=True))
    register = draw(st.dictionaries(st.sampled_from("abcdefgh"), st.integers(0, 30), min_size=1))
    fractions = st.fractions(0, 1, max_denominator=12)
    wants: dict[str, str | tuple[Fraction, Fraction]] = {}
    for member_id in register:
        first, second = draw(fractions), draw(fractions)
        one_way = draw(st.sampled_from(("for", "against", "blank", "", "split", "split")))
        wants[member_id] = (first, (1 - first) * second) if one_way == "split" else one_way
    return articles, register, wants


@given(boxes())
def test_two_counts_and_fractions_come_to_the_same(
    drawn: tuple[Articles, dict[str, int], dict[str, str | tuple[Fraction, Fraction]]],
) -> None:
    articles, register, wants = drawn
    assert articles.voters is not None
    votes = {member_id: weigh_member(articles, "owner", number) for member_id, number in register.items()}
    cap = articles.voters.most_votes or 0
    sums, box, heads = {"for": 0, "against": 0, "blank": 0}, [], 0
    for member_id, want in wants.items():
        has = min(register[member_id], cap)  # the second calculation: plain integers, and shares rounded down
        heads += bool(has) and want != ""
        if isinstance(want, str):
            if want:
                sums[want] += has
                box.append(Ballot(member_id, want, HELD))
            continue
        pro, contra = (int(share * has) for share in want)
        for choice, number in (("for", pro), ("against", contra), ("blank", has - pro - contra)):
            sums[choice] += number
        blank = has - pro - contra
        box.append(Ballot(member_id, "split", HELD, votes_for=pro, votes_against=contra, votes_blank=blank))
    count = count_ballots(box, votes)
    assert {"for": count.votes_for, "against": count.votes_against, "blank": count.votes_blank} == sums
    again = add_up_again((each for each in box if votes[each.member_id]), votes)
    assert {choice: again[choice] for choice in sums} == sums
    assert count.members_present == heads
    assert count.votes_present <= count.votes_entitled == sum(min(number, cap) for number in register.values())


def test_history_keeps_every_division(embedded: Database) -> None:
    begin(embedded)
    for parts in (Parts(3, 2), Parts(1, 1, 3)):
        vote(embedded, "m001", parts)
    with embedded.read(TOWN) as tx:
        assert [each.parts for each in list_ballots(tx, "a")["m001"]] == [Parts(3, 2), Parts(1, 1, 3)]
