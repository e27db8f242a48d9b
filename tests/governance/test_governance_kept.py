"""What was decided stays: every step is whole or absent, can be repeated, and is never changed afterwards."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import Table, delete, insert, update
from sqlalchemy.exc import DBAPIError

from coop.governance.ballots.elections import store as elections
from coop.governance.ballots.elections.model import Counted, Vote
from coop.governance.ballots.elections.store import Opened
from coop.governance.ballots.mandates import commands as mandates
from coop.governance.ballots.words import store as words
from coop.governance.convening import commands as meetings
from coop.governance.convening import withdrawals
from coop.governance.entries import store as store_entries
from coop.governance.meetings import class_store, store
from coop.governance.meetings import term_store as terms
from coop.governance.minutes import commands as minutes
from coop.governance.model import Count
from coop.governance.papers import commands as papers
from coop.governance.programmes import report_store
from coop.governance.programmes.seat_store import list_seats
from coop.governance.tables.assembly import suspension
from coop.governance.tables.challenges import challenge
from coop.governance.tables.expulsions import expulsion, expulsion_step
from coop.governance.tables.meetings import KEPT, ballot, decision, objection
from coop.governance.tables.motions import motion, motion_backing
from coop.governance.tables.programmes import steering_seat_end
from coop.governance.tables.referenda import referendum_objection, referendum_request
from coop.governance.tables.stops import decision_stop
from coop.kit.database import Database
from coop.kit.tx import Tx
from tests.desk import SECRETARY
from tests.governance.assembly import (
    HELD,
    IN_TIME,
    LATER,
    STEPS,
    TOWN,
    actor_of,
    confirm,
    contents,
    live,
    meeting,
    resolution,
)

SAID: dict[str, object] = {"recorded_at": LATER, "actor": "account:account-1"}


class PowerCut(Exception):
    """The process died before the commit."""


def cut_off(database: Database, name: str) -> None:
    with database.write(TOWN, actor_of(name)) as tx:
        STEPS[name](tx)
        raise PowerCut


@pytest.mark.parametrize("name", STEPS)
def test_a_step_cut_off_before_its_commit_leaves_nothing_and_repeating_it_changes_nothing(
    database: Database, name: str
) -> None:
    live(database, until=name)
    before = contents(database)
    with pytest.raises(PowerCut):
        cut_off(database, name)
    assert contents(database) == before
    with database.write(TOWN, actor_of(name)) as tx:
        STEPS[name](tx)
    after = contents(database)
    assert after != before
    with database.write(TOWN, actor_of(name)) as tx:
        STEPS[name](tx)
    assert contents(database) == after


def test_a_whole_life_lived_twice_is_the_same_life(database: Database) -> None:
    live(database)
    once = contents(database)
    live(database)
    assert contents(database) == once


def elect(tx: Tx) -> None:
    """A vote of an election with a ballot, a count, a lot and a term, as its tables hold them."""
    day = tx.today
    entry_id = store_entries.add_entry(tx, "lot", "alv-1", "a paper", {}, "0" * 64, "")
    elections.add_vote(tx, Opened("tariff", 1, "round", ("m001",), 1, False, False, tx.now, "a"))
    elections.add_ballots(tx, "tariff", [Vote(1, "m001", ("m001",), day, None, "b", "0" * 64)])
    elections.add_count(tx, "tariff", Counted(1, {"m001": 1}, 1, 0, 0, 4, {"m001": 1}, "0" * 64))
    elections.add_lot(tx, "tariff", 1, ["m001"], entry_id)
    term = terms.Term("board", "m001", day, day + timedelta(days=1), "tariff")
    terms.add_term(tx, term)
    terms.add_end(tx, terms.Ended(*term.key, day, entry_id))


def suspend(tx: Tx) -> None:
    """A suspension as its table holds it."""
    entry_id = store_entries.add_entry(tx, "suspension", "m001", "a letter", {}, "0" * 64, "")
    days = {"from_on": tx.today, "ends_on": tx.today}
    row = {"community": TOWN, "member_id": "m001", "number": 1, "change": "suspended", "article": "5.4", **days, **SAID}
    tx.execute(insert(suspension).values(**row, entry_id=entry_id))


def expel(tx: Tx) -> None:
    """An expulsion with its appeal, as the tables hold them."""
    entry_id = store_entries.add_entry(tx, "expulsion", "m001", "a letter", {}, "0" * 64, "")
    days = {"decided_on": tx.today, "told_on": tx.today, "appeal_until": tx.today + timedelta(days=38)}
    row = {"community": TOWN, "expulsion_id": entry_id, **SAID}
    about = {"member_id": "m001", "way": "expulsion", "reason": "sold heat", "article": "art. 7"}
    tx.execute(insert(expulsion).values(**row, **days, **about))
    tx.execute(insert(expulsion_step).values(**row, step="appealed", day=tx.today, outcome=""))


def class_votes(tx: Tx) -> None:
    """The kinds of voters and the votes of a class, as the tables hold them."""
    class_store.add_kinds(tx, "alv-1", {"m001": "tenant"})
    class_store.add_counts(tx, "tariff", [("tenants", Count(1, 0, 0, 1, members_entitled=1, members_present=1))])


def seat(tx: Tx) -> None:
    """The end of a seat in the steering group, as its table holds it."""
    entry_id = store_entries.add_entry(tx, "seat-end", "", "a letter", {}, "0" * 64, "")
    seat_id = list_seats(tx)[0].seat_id
    row = {"community": TOWN, "seat_id": seat_id, "ended_on": tx.today, "entry_id": entry_id, **SAID}
    tx.execute(insert(steering_seat_end).values(**row))


def stop(tx: Tx) -> None:
    """The fall of a decision as its table holds it."""
    entry_id = store_entries.add_entry(tx, "stop", "tariff", "a ruling", {}, "0" * 64, "")
    days = {"from_on": tx.today, "ruled_on": tx.today, "told_on": tx.today}
    row = {"community": TOWN, "resolution_id": "tariff", "number": 1, "stop_id": "s", "manner": "annulled", **days}
    tx.execute(insert(decision_stop).values(**row, paper="a ruling", entry_id=entry_id, **SAID))


def speak(tx: Tx) -> None:
    """A word of the chair as its table holds it."""
    entry_id = store_entries.add_entry(tx, "word", "m", "a sheet", {}, "0" * 64, "")
    words.add_word(tx, words.Word("roof", 1, "chair", "for", entry_id))


def dispute(tx: Tx) -> None:
    """A dispute on an outcome as its table holds it."""
    row = {"community": TOWN, "resolution_id": "tariff", "number": 1, "asked_by": "voter", "member_id": "m001"}
    counts = {"by_hands": True, "votes_asking": 1, "votes_there": 4, "is_granted": True, "channel": "page"}
    tx.execute(insert(challenge).values(**row, **counts, **SAID))


def refer(tx: Tx) -> None:
    """A request of a referendum on paper, to which its member objects, as the tables hold them."""
    entry_id = store_entries.add_entry(tx, "request", "alv-1", "a letter", {}, "0" * 64, "")
    row = {"community": TOWN, "resolution_id": "tariff", "number": 1, **SAID}
    asked = {"member_id": "m001", "is_own": False, "entry_id": entry_id, "channel": "page"}
    counts = {"members_asking": 1, "votes_asking": 1, "is_granted": False}
    tx.execute(insert(referendum_request).values(**row, **asked, **counts))
    tx.execute(insert(referendum_objection).values(**row, requests_before=1, in_time=True))


def move(tx: Tx) -> None:
    """A motion that its member backs, as the tables hold it."""
    row = {"community": TOWN, "motion_id": "motion-1", "member_id": "m001", "channel": "page", **SAID}
    about = {"meeting_id": "alv-1", "resolution_id": "tariff", "manner": "amendment", "content": {}}
    tx.execute(insert(motion).values(**row, **about, content_hash="0" * 64))
    tx.execute(insert(motion_backing).values(**row))


@pytest.mark.parametrize("table", KEPT, ids=lambda table: table.name)
def test_a_kept_row_can_be_neither_changed_nor_deleted(database: Database, table: Table) -> None:
    live(database)
    with database.write(TOWN, SECRETARY) as tx:
        said = {"community": TOWN, "resolution_id": "tariff", "member_id": "m001", "number": 1, **SAID}
        tx.execute(insert(objection).values(**said, in_time=False))
        elect(tx)
        suspend(tx)
        expel(tx)
        class_votes(tx)
        seat(tx)
        stop(tx)
        dispute(tx)
        move(tx)
        refer(tx)
        report_store.add_file(tx, "permit.pdf", "application/pdf", b"%PDF-")
        report_store.settle_report(tx, report_store.add_report(tx, "permit", IN_TIME), "withdrawn")
        today = tx.today
        coming = meeting(resolution("roof"), meeting_id="m", held_on=today + timedelta(days=30), convened_on=today)
        meetings.convene_meeting(tx, coming)
        speak(tx)
        mandates.give_mandate(tx, "m", "m001", "m002")
        papers.add_later(tx, "roof", papers.put_ready(tx, "Dak", "Roof", "explanation", b"Sun.").paper_id)
        confirm(tx, withdrawals.propose_withdrawal(tx, "m", "The hall is not free"))
        confirm(tx, minutes.write_minutes(tx, "alv-1", minutes.Written("A. Jansen", "B. de Vries")))
    for statement in (update(table).values(community="other"), delete(table)):
        with pytest.raises(DBAPIError, match="never changed or deleted"), database.system_write() as sql:
            sql.execute(statement)


def test_no_ballot_is_added_once_the_resolution_is_decided(database: Database) -> None:
    live(database)
    late = {"community": TOWN, "resolution_id": "tariff", "member_id": "m001", "number": 2, "choice": "against"}
    with pytest.raises(DBAPIError, match="closed"), database.write(TOWN, SECRETARY) as tx:
        tx.execute(insert(ballot).values(**late, **SAID, cast_on=HELD, channel="own", ballot_id="b", salt=""))


def test_a_decision_on_other_parameters_than_those_of_the_notice_cannot_be_stored(database: Database) -> None:
    live(database, until="vote")
    with pytest.raises(DBAPIError), database.write(TOWN, SECRETARY) as tx:
        tx.execute(
            insert(decision).values(
                community=TOWN,
                resolution_id="tariff",
                decided_on=HELD,
                verdict="adopted",
                reason="majority",
                article="art. 14.2",
                parameters_hash="0" * 64,
                votes_needed=1,
                votes_for=1,
                votes_against=0,
                votes_blank=0,
                votes_entitled=4,
                members_entitled=4,
                members_present=3,
                votes_silent=0,
                votes_represented=0,
                members_represented=0,
                rule="",
                casting="",
                approved=False,
                voting_list_hash="",
                ballots_hash="",
                **SAID,
            )
        )


def test_an_adoption_without_its_majority_cannot_be_stored(database: Database) -> None:
    live(database, until="vote")
    with database.read(TOWN) as tx:
        bound = store.find_notice(tx, "tariff")[0]
    with pytest.raises(DBAPIError), database.write(TOWN, SECRETARY) as tx:
        tx.execute(
            insert(decision).values(
                community=TOWN,
                resolution_id="tariff",
                decided_on=HELD,
                verdict="adopted",
                reason="majority",
                article="art. 14.2",
                parameters_hash=bound,
                votes_needed=3,
                votes_for=2,
                votes_against=1,
                votes_blank=0,
                votes_entitled=4,
                members_entitled=4,
                members_present=3,
                votes_silent=0,
                votes_represented=0,
                members_represented=0,
                rule="",
                casting="",
                approved=False,
                voting_list_hash="",
                ballots_hash="",
                **SAID,
            )
        )
