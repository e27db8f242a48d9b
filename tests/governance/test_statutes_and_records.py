"""Statutes that change, records of decisions, and whose hand a ballot is in."""

from __future__ import annotations

import hashlib
import json
from concurrent.futures import ThreadPoolExecutor, wait
from dataclasses import replace
from datetime import UTC, date, datetime
from typing import Any

import pytest
from sqlalchemy import select, text, update

from coop.demo.tariffs import components
from coop.events.governance import StatutesAdopted
from coop.governance.articles import commands as statutes
from coop.governance.articles.commands import describe_change
from coop.governance.ballots import closing
from coop.governance.ballots import commands as ballots
from coop.governance.ballots.store import list_ballots
from coop.governance.ballots.verify import verify_resolution
from coop.governance.convening import commands as meetings
from coop.governance.entered import KINDS
from coop.governance.entries import commands as entries
from coop.governance.meetings import store
from coop.governance.minutes import records
from coop.governance.programmes import commands as programmes
from coop.governance.tables.meetings import ballot
from coop.kit.actor import Actor
from coop.kit.database import Database
from coop.kit.tables import document
from coop.values import BadInput, CoopError, NotFound, canonical_json, hash_parameters
from tests.desk import SECRETARY
from tests.governance.assembly import (
    HELD,
    MEETING,
    PROGRAMME,
    SECOND,
    STATUTES,
    TARIFF,
    TOWN,
    admit,
    adopt,
    cast,
    confirm,
    live,
    meeting,
    members,
    only,
    resolution,
    rows,
    told,
    told_with_notices,
)
from tests.governance.holding import STRICTER, change_statutes, close, convene, vote
from tests.kit.clocks import SetClock


def test_statutes_change_only_by_what_a_meeting_adopted_and_from_their_deed(
    database: Database, clock: SetClock
) -> None:
    live(database, until="plan")
    newer = change_statutes(database, clock, STRICTER)
    weaker = replace(newer, articles=replace(newer.articles, notices={}))
    for refused, field in (
        (STRICTER, "resolution_id"),
        (replace(newer, resolution_id="tariff"), "resolution_id"),
        (weaker, "articles"),
        (replace(newer, deed_on=None), "deed_on"),
        (replace(newer, deed_file=None), "deed_file"),
        (replace(newer, deed_file="f" * 64), "deed_file"),
        (replace(newer, notary=" "), "notary"),
        (replace(newer, deed_on=date(2026, 2, 28)), "deed_on"),
    ):
        with pytest.raises(BadInput) as bad, database.write(TOWN, SECRETARY) as tx:
            statutes.adopt_statutes(tx, refused)
        assert [problem.field for problem in bad.value.problems] == [field]
    with database.write(TOWN, SECRETARY) as tx:
        adopt(tx, newer)
        assert [version.name for version in store.list_statutes(tx)] == ["Deed of 2020", "Deed of 2026"]
    adopted = only(told_with_notices(database), StatutesAdopted)[-1]
    deed = {"file": newer.deed_file, "made_on": "2026-03-03", "notary": "the notary in town"}
    assert adopted.deed_hash == hashlib.sha256(json.dumps(deed, separators=(",", ":")).encode()).hexdigest()


def test_nobody_brings_old_statutes_back_alone_twice_or_after_a_newer_change(
    database: Database, clock: SetClock
) -> None:
    live(database, until="plan")
    older = change_statutes(database, clock, STRICTER)
    later = replace(older, valid_from=date(2026, 9, 1))
    with database.write(TOWN, SECRETARY) as tx:
        entry = statutes.adopt_statutes(tx, older)
        with pytest.raises(CoopError, match="yourself"):
            entries.confirm(tx, entry.entry_id, KINDS)
        assert len(store.list_statutes(tx)) == 1
        confirm(tx, entry)
        assert statutes.adopt_statutes(tx, older) == entry
        with pytest.raises(BadInput, match=r"brought the statutes that are in force from 2026-06-24"):
            statutes.adopt_statutes(tx, later)
    newest = replace(STRICTER, articles=replace(STRICTER.articles, name="Deed of 2027"))
    second = meeting(
        resolution("again", "statutes", dict(describe_change(newest))),
        meeting_id="alv-9",
        held_on=date(2026, 12, 1),
        convened_on=date(2026, 9, 1),
    )
    clock.set(datetime(2026, 9, 1, 9, tzinfo=UTC))
    convene(database, second)
    clock.set(datetime(2026, 12, 1, 18, tzinfo=UTC))
    with database.write(TOWN, SECRETARY) as tx:
        cast(tx, "again", rows(dict.fromkeys(members(4), "for"), date(2026, 12, 1)), "alv-9")
        closing.close_meeting(tx, "alv-9")
        with pytest.raises(BadInput) as refused:
            statutes.adopt_statutes(tx, replace(later, valid_from=date(2027, 1, 1)))
    assert any("a newer change" in str(problem.reason) for problem in refused.value.problems)


def test_the_first_statutes_hold_once_a_second_person_confirmed_them(database: Database) -> None:
    with database.write(TOWN, SECRETARY) as tx:
        entry = statutes.adopt_statutes(tx, STATUTES)
        assert store.list_statutes(tx) == []
        with pytest.raises(CoopError, match="yourself"):
            entries.confirm(tx, entry.entry_id, KINDS)
        assert confirm(tx, entry) == 1
        assert len(store.list_statutes(tx)) == 1


def test_statutes_cannot_change_under_a_meeting_that_was_convened(database: Database, clock: SetClock) -> None:
    live(database, until="convene")
    newer = change_statutes(database, clock, STRICTER)
    convene(database, MEETING)
    with pytest.raises(CoopError) as refused, database.write(TOWN, SECRETARY) as tx:
        statutes.adopt_statutes(tx, newer)
    assert refused.value.code == "statutes-too-late"


def test_a_notice_that_comes_while_the_statutes_change_waits_and_is_held_against_the_new_ones(
    database: Database, clock: SetClock
) -> None:
    live(database, until="convene")
    newer = change_statutes(database, clock, STRICTER)
    with ThreadPoolExecutor(1) as another:
        with database.write(TOWN, SECRETARY) as tx:
            adopt(tx, newer)
            notice = another.submit(convene, database, meeting(resolution("tariff", "tariff", TARIFF)))
            assert wait([notice], timeout=0.3).not_done
        with pytest.raises(CoopError, match=r"art\. 20 asks 60 clear days"):
            notice.result(timeout=20)


def test_what_does_not_exist_is_not_found(database: Database) -> None:
    live(database, until="vote")
    with pytest.raises(NotFound):
        vote(database, "nothing", {"m001": "for"})
    with pytest.raises(NotFound):
        close(database, meeting_id="nowhere")
    with pytest.raises(NotFound), database.read(TOWN) as tx:
        records.resolution_record(tx, "nothing")


def test_another_community_sees_nothing_of_it(database: Database) -> None:
    live(database)
    with database.read("elsewhere") as tx:
        assert records.state(tx) == {"resolutions": {}, "realisations": {}, "milestones": {}, "tranches": {}}
    with database.write("elsewhere", SECRETARY) as tx:
        programmes.plan_programme(tx, PROGRAMME)


def test_a_record_carries_three_hashes_that_are_equal(database: Database) -> None:
    live(database)
    with database.read(TOWN) as tx:
        record = records.resolution_record(tx, "tariff")
    assert record["parameters_hash"] == record["notice_hash"] == record["adopted_hash"] == hash_parameters(TARIFF)
    assert (record["verdict"], record["majority"], record["quorum"]) == ("adopted", "2/3", "1/4")


def lay_down(database: Database, clock: SetClock, community: str, choices: dict[str, str]) -> dict[str, Any]:
    """The state after a meeting of which the ballots came in an order."""
    clock.set(datetime(2026, 5, 20, 9, tzinfo=UTC))
    with database.write(community, SECRETARY) as tx:
        for member in choices:
            admit(tx, member)
        adopt(tx, STATUTES)
        meetings.convene_meeting(tx, meeting(resolution("a"), resolution("b")))
    clock.set(datetime(2026, 6, 24, 18, tzinfo=UTC))
    with database.write(community, SECRETARY) as tx:
        for member, choice in choices.items():
            for point in ("a", "b"):
                cast(tx, point, rows({member: choice}))
        closing.close_meeting(tx, "alv-1")
        return records.state(tx)


def test_the_state_does_not_depend_on_the_order_in_which_votes_came(database: Database, clock: SetClock) -> None:
    north = lay_down(database, clock, "north", dict.fromkeys(members(4), "for"))
    assert lay_down(database, clock, "south", dict.fromkeys(members(4)[::-1], "for")) == north


def test_the_state_tells_nobody_who_voted_how(database: Database, clock: SetClock) -> None:
    """Not by a hash either: of few voters every division of a known count can be tried."""
    north = lay_down(database, clock, "north", {"m001": "against", "m002": "for", "m003": "for"})
    assert lay_down(database, clock, "south", {"m001": "for", "m002": "for", "m003": "against"}) == north
    assert {each["ballots"] for each in north["resolutions"].values()} == {3}


def test_a_member_s_own_vote_is_replaced_by_nobody_else(database: Database, clock: SetClock) -> None:
    live(database, until="vote")
    clock.set(datetime(2026, 6, 20, 18, tzinfo=UTC))
    member = Actor("account", "account-of-m001", "page")
    with database.write(TOWN, member) as tx:
        assert ballots.cast_own_vote(tx, "tariff", "m001", "for")
    with pytest.raises(BadInput, match="line 1, cast_on: no ballot is dated after today, 2026-06-20"):
        vote(database, "tariff", {"m002": "against"}, HELD)
    clock.set(datetime(2026, 6, 24, 18, tzinfo=UTC))
    # Whoever enters a row for each member learns nothing of who voted; confirming names nobody's day.
    with database.write(TOWN, SECRETARY) as tx:
        batch = {"tariff": rows({"m001": "against", "m002": "for"})}
        entry = ballots.enter_ballots(tx, "alv-1", "room", batch)
    with pytest.raises(BadInput, match="m001 voted personally; nobody"), database.write(TOWN, SECRETARY) as tx:
        confirm(tx, entry)
    with database.write(TOWN, member) as tx:
        assert ballots.cast_own_vote(tx, "tariff", "m001", "blank")
        history = list_ballots(tx, "tariff")["m001"]
    assert [(cast.choice, cast.personal) for cast in history] == [("for", True), ("blank", True)]


def test_a_member_takes_back_what_a_steward_entered_for_them(database: Database, clock: SetClock) -> None:
    live(database, until="vote")
    clock.set(datetime(2026, 6, 24, 18, tzinfo=UTC))
    assert vote(database, "tariff", {"m001": "against"}) == 1
    with database.write(TOWN, SECRETARY) as tx:
        assert ballots.cast_own_vote(tx, "tariff", "m001", "for")
        assert [cast.personal for cast in list_ballots(tx, "tariff")["m001"]] == [False, True]


def test_each_ballot_says_who_handed_it_in_and_when(database: Database, clock: SetClock) -> None:
    live(database, until="vote")
    clock.set(datetime(2026, 6, 24, 18, tzinfo=UTC))
    vote(database, "tariff", {"m002": "for"}, date(2026, 6, 1))
    with database.write(TOWN, Actor("account", "account-of-m001", "page")) as tx:
        ballots.cast_own_vote(tx, "tariff", "m001", "for")
        handed_in = select(ballot.c.member_id, ballot.c.actor, ballot.c.recorded_at).where(
            ballot.c.community == tx.community
        )
        assert sorted(tuple(row) for row in tx.execute(handed_in)) == [
            ("m001", "account:account-of-m001", clock.now()),
            ("m002", str(SECOND), clock.now()),
        ]


def test_parameters_that_were_changed_after_the_notice_take_no_effect(database: Database) -> None:
    live(database, until="close")
    with database.system_write() as sql:
        sql.execute(text("DROP TRIGGER document_stays" + ("" if database.is_sqlite else " ON document")))
        notice_hash = hash_parameters(TARIFF)
        dearer = canonical_json(TARIFF | {"components": components("99.00")})
        sql.execute(update(document).where(document.c.sha256 == notice_hash).values(body=dearer))
    with pytest.raises(CoopError) as refused:
        close(database)
    assert refused.value.code == "parameters-changed"
    with database.read(TOWN) as tx:
        verified = verify_resolution(tx, "tariff")
        record = records.resolution_record(tx, "tariff")
    assert "resolution tariff: the parameters are no longer those of the notice" in verified.findings
    assert record["parameters_hash"] != record["notice_hash"]
    assert told(database) == []
