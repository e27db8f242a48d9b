"""Elections as the commands hold them: rounds, lots, papers, terms, and everything that is refused."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from coop.events.governance import (
    CandidatesNamed,
    ElectionBallotsCommitted,
    ElectionVoteCounted,
    LotDrawn,
    PersonElected,
    ResolutionDecided,
)
from coop.governance.ballots import closing
from coop.governance.ballots import commands as ballots
from coop.governance.ballots.elections import commands, papers, store
from coop.governance.ballots.elections.model import Sheet, Vote
from coop.governance.ballots.mandates import commands as mandates
from coop.governance.ballots.verify import verify_resolution
from coop.governance.convening import commands as meetings
from coop.governance.entered import KINDS
from coop.governance.entries import commands as entries
from coop.governance.meetings.term_store import Term, list_terms
from coop.governance.statutes.model import Election
from coop.kit.database import Database
from coop.values import BadInput, CoopError
from tests.desk import SECRETARY
from tests.governance.assembly import SECOND, TOWN, come, confirm, meeting, only, resolution, told_with_notices
from tests.governance.elections.room import (
    BEFORE,
    MEMBER,
    ONLINE,
    SECRET,
    choose,
    convene,
    count,
    lot,
    open_vote,
    seat,
    sheet,
    stand,
    vote,
)
from tests.governance.test_attendance import EVENING, at


def close(database: Database) -> None:
    with database.write(TOWN, SECRETARY) as tx:
        closing.close_meeting(tx, "alv-1")


def findings(database: Database, point: str = "e") -> tuple[str, ...]:
    told_with_notices(database)
    with database.read(TOWN) as tx:
        return verify_resolution(tx, point).findings


def terms(database: Database) -> list[tuple[str, date]]:
    with database.read(TOWN) as tx:
        return [(term.member_id, term.ends_on) for term in list_terms(tx)]


def test_an_election_goes_from_the_notice_over_a_run_off_to_a_term(database: Database) -> None:
    """5, 4 and 3 of 12: nobody above 6, so the two highest again; 7 of 12 is more than half."""
    convene(database)
    assert open_vote(database) == ("m001", "m002", "m003")
    first = vote(database, *["m001"] * 5, *["m002"] * 4, *["m003"] * 3)
    assert (first.word, first.valid, dict(first.votes)) == ("next round", 12, {"m001": 5, "m002": 4, "m003": 3})
    assert open_vote(database) == ("m001", "m002")
    second = vote(database, *["m002"] * 7, *["m001"] * 4, "-", number=2)
    assert (second.word, second.valid, second.blank) == ("elected", 11, 1)
    assert stand(database).elected == ("m002",)
    close(database)
    assert terms(database) == [("m002", date(2029, 7, 1))]
    facts = told_with_notices(database)
    assert only(facts, CandidatesNamed)[0].candidates == ("m001", "m002", "m003")
    assert [fact.word for fact in only(facts, ElectionVoteCounted)] == ["next round", "elected"]
    assert [fact.member_id for fact in only(facts, PersonElected)] == ["m002"]
    assert [(fact.kind, fact.verdict) for fact in only(facts, ResolutionDecided)] == [("election", "adopted")]
    assert findings(database) == ()


def test_a_tie_is_decided_by_a_lot_that_two_people_saw(database: Database) -> None:
    convene(database, seat(candidates=["m001", "m002"]))
    assert vote(database, *["m001"] * 3, *["m002"] * 3).word == "lot"
    with pytest.raises(CoopError, match="first the lot decides"):
        open_vote(database)
    with pytest.raises(CoopError, match="is not over"):
        close(database)
    with pytest.raises(BadInput, match="among those that share the place"):
        lot(database, "m003", number=1)
    with database.write(TOWN, SECRETARY) as tx:
        entry = papers.enter_lot(tx, "e", 1, "proces-verbaal", ["m002"])
    with pytest.raises(CoopError, match="entered this yourself"), database.write(TOWN, SECRETARY) as tx:
        entries.confirm(tx, entry.entry_id, KINDS)
    assert stand(database).elected == ()
    with database.write(TOWN, SECRETARY) as tx:
        confirm(tx, entry)
    assert stand(database).elected == ("m002",)
    close(database)
    assert [fact.drawn for fact in only(told_with_notices(database), LotDrawn)] == [("m002",)]
    assert findings(database) == ()


def test_several_seats_fill_with_majorities_and_a_run_off_for_the_rest(embedded: Database) -> None:
    """Two seats, eleven valid papers: m001 is on 8, more than 5.5; the others on 4, 4 and 3 are not, so the two highest
    are voted on again for the seat that is left. There 4 against 4: the lot."""
    convene(embedded, seat(seats=2, candidates=["m001", "m002", "m003", "m004"]))
    first = vote(embedded, *["m001+m002"] * 4, *["m001+m003"] * 4, *["m004"] * 3, "-")
    assert (first.valid, dict(first.votes)) == (11, {"m001": 8, "m002": 4, "m003": 4, "m004": 3})
    assert stand(embedded).elected == ("m001",)
    assert open_vote(embedded) == ("m002", "m003")
    assert vote(embedded, *["m002"] * 4, *["m003"] * 4, number=2).word == "lot"
    lot(embedded, "m003", number=2)
    close(embedded)
    assert (sorted(member for member, _ in terms(embedded)), findings(embedded)) == (["m001", "m003"], ())


def test_a_binding_nomination_stands_below_two_thirds_and_is_broken_by_them(embedded: Database) -> None:
    """7 of 11 is less than two thirds (21 < 22); 8 of 12 is exactly that."""
    convene(embedded, seat("stays", nominated=["m001"]), seat("goes", nominated=["m001"]))
    assert vote(embedded, *["break"] * 7, *["keep"] * 4, point="stays").word == "stands"
    assert stand(embedded, "stays").elected == ("m001",)
    assert vote(embedded, *["break"] * 8, *["keep"] * 4, point="goes").word == "broken"
    assert open_vote(embedded, "goes") == ("m001", "m002", "m003")
    vote(embedded, *["m003"] * 7, number=2, point="goes")
    close(embedded)
    assert sorted(member for member, _ in terms(embedded)) == ["m001", "m003"]
    assert (findings(embedded, "stays"), findings(embedded, "goes")) == ((), ())


def test_one_candidate_for_one_seat_can_be_refused(embedded: Database) -> None:
    convene(embedded, seat(candidates=["m001"]))
    assert open_vote(embedded) == ("m001", "against")
    assert vote(embedded, *["against"] * 6, *["m001"] * 6).word == "not elected"
    close(embedded)
    assert terms(embedded) == []
    assert [fact.verdict for fact in only(told_with_notices(embedded), ResolutionDecided)] == ["rejected"]
    assert findings(embedded) == ()


def test_a_list_fills_every_seat_and_plurality_needs_no_majority(embedded: Database) -> None:
    lists = {"A": ["m001", "m002"], "B": ["m003", "m004"], "C": ["m005", "m006"]}
    most = replace(ONLINE, election=Election("art. 20", ("all",), plurality=True))
    convene(embedded, seat(candidates=None, lists=lists, seats=2), articles=most)
    assert vote(embedded, *"AAAABBBCCC").word == "elected"
    close(embedded)
    assert [member for member, _ in terms(embedded)] == ["m001", "m002"]
    assert findings(embedded) == ()


def test_a_secret_ballot_is_on_paper_alone_and_says_the_article(embedded: Database) -> None:
    convene(embedded, articles=SECRET)
    open_vote(embedded)
    with pytest.raises(CoopError, match="asks a secret ballot"):
        choose(embedded, {"m001": ["m001"]})
    with embedded.write(TOWN, SECRETARY) as tx:
        come(tx, *(f"m{number:03d}" for number in range(1, 10)))
    with pytest.raises(CoopError, match="papers in the room is entered"):
        count(embedded)
    with pytest.raises(BadInput, match="10 votes are on the papers"):
        sheet(embedded, Sheet({"m001": 6, "m002": 4}, 10))
    with pytest.raises(BadInput, match="do not fit"):
        sheet(embedded, Sheet({"m001": 6}, 7))
    assert sheet(embedded, Sheet({"m001": 5, "m002": 2}, 7, blank=1, invalid=1)) == 9
    with pytest.raises(CoopError, match="were counted"):
        sheet(embedded, Sheet({"m001": 1, "m002": 2}, 3))
    assert count(embedded).word == "elected"
    close(embedded)
    assert (terms(embedded), findings(embedded)) == ([("m001", date(2029, 7, 1))], ())


def test_who_is_in_the_room_votes_on_paper_and_the_others_here(database: Database) -> None:
    """Papers bring no more than who is in the room and did not vote here: m001 did, so of three in the room two can."""
    convene(database)
    open_vote(database, on_paper=True)
    choose(database, {"m001": ["m001"], "m009": ["m001"]})
    with database.write(TOWN, SECRETARY) as tx:
        come(tx, "m001", "m002", "m003")
    with pytest.raises(CoopError, match="you are in the room"):
        choose(database, {"m002": ["m002"]})
    with pytest.raises(BadInput, match="3 votes are on the papers"):
        sheet(database, Sheet({"m002": 3}, 3))
    sheet(database, Sheet({"m002": 2}, 2))
    with pytest.raises(CoopError, match="nobody votes here in it"):
        choose(database, {"m010": ["m001"]})
    counted = count(database)
    assert dict(counted.votes) == {"m001": 2, "m002": 2, "m003": 0}
    assert (counted.valid, counted.entitled) == (4, 12)


def test_votes_are_cast_once_changed_and_sent_again(embedded: Database) -> None:
    convene(embedded)
    open_vote(embedded)
    with embedded.write(TOWN, MEMBER) as tx:
        assert commands.cast_own(tx, "e", 1, "m001", ["m001"], "b1")
        assert commands.cast_own(tx, "e", 1, "m001", ["m002"], "b2")
        assert not commands.cast_own(tx, "e", 1, "m001", ["m001"], "b1")
    with pytest.raises(CoopError, match="another ballot has the id"), embedded.write(TOWN, MEMBER) as tx:
        commands.cast_own(tx, "e", 1, "m002", ["m001"], "b1")
    assert dict(count(embedded).votes) == {"m001": 0, "m002": 1, "m003": 0}
    assert sum(len(fact.commitments) for fact in only(told_with_notices(embedded), ElectionBallotsCommitted)) == 2


def test_what_cannot_be_voted_is_refused(embedded: Database) -> None:
    convene(embedded, seat(), resolution("a"))
    with pytest.raises(CoopError, match="not open"):
        choose(embedded, {"m001": ["m001"]})
    open_vote(embedded)
    for names, reason in (
        (["m009"], "cannot be voted for now"),
        (["m001", "m002"], "names at most 1"),
        (["m001", "m001"], "twice"),
    ):
        with pytest.raises(BadInput, match=reason):
            choose(embedded, {"m001": names})
    with pytest.raises(BadInput, match="has no vote"):
        choose(embedded, {"stranger": ["m001"]})
    with pytest.raises(CoopError, match="elected by name"), embedded.write(TOWN, MEMBER) as tx:
        ballots.cast_own_vote(tx, "e", "m001", "for")
    with pytest.raises(CoopError, match="not over"):
        close(embedded)
    count(embedded)
    with pytest.raises(CoopError, match="not open"):
        choose(embedded, {"m001": ["m001"]})
    late = Vote(1, "m005", ("m001",), date(2026, 6, 24), None, "late", "0" * 64)
    with pytest.raises(DBAPIError, match="this vote was counted"), embedded.write(TOWN, SECRETARY) as tx:
        store.add_ballots(tx, "e", [late])


def test_the_first_vote_may_open_ahead_and_nothing_is_counted_before_the_day(embedded: Database) -> None:
    convene(embedded)
    at(embedded, BEFORE)
    open_vote(embedded)
    choose(embedded, {"m001": ["m002"]})
    with pytest.raises(CoopError, match="counted at the meeting"):
        count(embedded)
    at(embedded, datetime(2026, 6, 25, 9, tzinfo=UTC))
    with pytest.raises(CoopError, match="until the end"):
        choose(embedded, {"m002": ["m002"]})
    count(embedded)


def test_a_mandate_casts_for_its_giver_until_they_vote_themselves(embedded: Database) -> None:
    convene(embedded)
    at(embedded, BEFORE)
    with embedded.write(TOWN, MEMBER) as tx:
        for giver in ("m004", "m005"):
            mandates.give_mandate(tx, "alv-1", giver, "m001")
    open_vote(embedded)
    with embedded.write(TOWN, MEMBER) as tx:
        assert commands.cast_by_mandates(tx, "e", 1, "m001", ["m001"], "x") == 2
        assert commands.cast_by_mandates(tx, "e", 1, "m001", ["m001"], "x") == 0
    choose(embedded, {"m004": ["m002"]})
    at(embedded, EVENING)
    assert dict(count(embedded).votes) == {"m001": 1, "m002": 1, "m003": 0}


def test_candidates_are_members_and_seats_go_one_by_one_where_the_statutes_say_so(embedded: Database) -> None:
    convene(embedded, articles=replace(ONLINE, election=Election("art. 20", ("all",), one_by_one=True)))
    at(embedded, datetime(2026, 5, 20, 9, tzinfo=UTC))
    for changed, reason in (
        ({"candidates": ["m001", "nobody"]}, "is no member on the day"),
        ({"seats": 2}, "each seat be voted on by itself"),
        ({"nominated": ["m009"]}, "only who stands"),
        ({"ends_on": "2026-06-01"}, "ends after it begins"),
        ({"lists": {"A": ["m001"]}}, "name candidates, or lists"),
    ):
        with pytest.raises(BadInput, match=reason), embedded.write(TOWN, SECRETARY) as tx:
            meetings.convene_meeting(tx, meeting(seat("x", **changed), meeting_id="alv-2"))


def test_a_term_of_before_is_entered_by_two(embedded: Database) -> None:
    convene(embedded)
    term = Term("board", "m004", date(2024, 1, 1), date(2027, 1, 1))
    with embedded.write(TOWN, SECRETARY) as tx:
        entry = papers.enter_term(tx, "Notulen van 2023", term)
    assert terms(embedded) == []
    with embedded.write(TOWN, SECRETARY) as tx:
        confirm(tx, entry)
    assert terms(embedded) == [("m004", date(2027, 1, 1))]
    with pytest.raises(BadInput, match="no member"), embedded.write(TOWN, SECOND) as tx:
        papers.enter_term(tx, "x", replace(term, member_id="nobody"))


FORGERIES = {
    "a ballot is turned": ("UPDATE election_ballot SET choices = '[\"m003\"]' WHERE member_id = 'm001'", "1 ballots"),
    "two ballots are swapped": (
        "UPDATE election_ballot SET choices = CASE member_id WHEN 'm001' THEN '[\"m003\"]' ELSE '[\"m001\"]' END"
        " WHERE member_id IN ('m001', 'm012') AND number = 1",
        "2 ballots are not as they were put in the box",
    ),
    "a ballot is taken away": ("DELETE FROM election_ballot WHERE member_id = 'm001' AND number = 1", "1 are missing"),
    "a count is written up": ("UPDATE election_count SET votes = '{\"m001\": 12}'", "another count"),
    "a word is changed": ("UPDATE election_count SET word = 'elected'", "not those that were told"),
    "weights are made up": (
        "UPDATE election_count SET weights = '{\"m001\": 9}' WHERE number = 1",
        "weigh otherwise",
    ),
    "somebody takes an office": ("UPDATE office_term SET member_id = 'm009'", "whom nobody elected"),
    "another stands": ("UPDATE election_vote SET options = '[\"m009\"]' WHERE number = 1", "not as they were told"),
}


@pytest.mark.parametrize("forgery", FORGERIES)
def test_what_somebody_changes_in_the_tables_is_found(embedded: Database, forgery: str) -> None:
    convene(embedded)
    vote(embedded, *["m001"] * 5, *["m002"] * 4, *["m003"] * 3)
    vote(embedded, *["m002"] * 7, *["m001"] * 5, number=2)
    close(embedded)
    assert findings(embedded) == ()
    statement, found = FORGERIES[forgery]
    with embedded.system_write() as sql:
        for table in ("election_ballot", "election_count", "office_term", "election_vote"):
            for trigger in ("holds", "keeps"):
                sql.execute(text(f"DROP TRIGGER {table}_{trigger}"))
        sql.execute(text(statement))
    assert any(found in finding for finding in findings(embedded)), findings(embedded)


def test_ballots_of_a_member_whose_order_was_turned_before_the_count_are_found(embedded: Database) -> None:
    """The last one stands: with the order turned a member's first choice was counted, and everything agreed."""
    convene(embedded)
    open_vote(embedded)
    for names in (["m002"], ["m001"]):
        choose(embedded, {"m001": names})
    choose(embedded, {f"m{number:03}": ["m003"] for number in range(2, 13)})
    with embedded.system_write() as sql:
        for trigger in ("holds", "keeps"):
            sql.execute(text(f"DROP TRIGGER election_ballot_{trigger}"))
        for turned in ("place + 8", "11 - place"):
            sql.execute(text(f"UPDATE election_ballot SET place = {turned} WHERE member_id = 'm001'"))
    counted = count(embedded)
    close(embedded)
    assert counted.votes["m002"] == 1
    assert findings(embedded) == (
        "resolution e: vote 1: ballots of 1 members stand in another order than they were cast",
    )
