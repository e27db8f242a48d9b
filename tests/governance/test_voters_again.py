"""Voting lists held beside the journal of the register: a phantom, a missing member, and other votes."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest
from sqlalchemy import insert, text

from coop.events import Event
from coop.events.members import MemberAdmitted, MemberChanged, MemberLeft
from coop.governance.ballots import closing
from coop.governance.ballots.elections import papers
from coop.governance.convening import commands as meetings
from coop.governance.meetings import store
from coop.governance.meetings.heard_voters import on_member_admitted, on_member_changed, on_member_left
from coop.governance.meetings.list_store import OPENED, find_list
from coop.governance.meetings.term_store import Term
from coop.governance.meetings.voting_lists import list_late, list_unheard, read_list
from coop.governance.statutes.council import Council
from coop.governance.statutes.model import MemberClass, Rule, Share, Voters
from coop.governance.statutes.version import Statutes
from coop.governance.suspensions.commands import suspend_member
from coop.governance.tables.meetings import voter
from coop.kit.database import Database
from coop.kit.positions import Head, note_head, note_heard
from coop.kit.tx import Tx
from coop.members.service import MEMBERS
from coop.values import CoopError
from coop.verification.voters import verify_voters
from tests.desk import SECRETARY
from tests.governance.assembly import (
    HELD,
    STATUTES,
    TOLD_AT,
    TOWN,
    adopt,
    cast,
    confirm,
    envelope,
    meeting,
    resolution,
    rows,
)
from tests.governance.conftest import open_copy
from tests.kit.clocks import SetClock
from tests.migrated import MigratedUrl

SPRING = datetime(2026, 5, 20, 9, tzinfo=UTC)
EVENING = datetime(2026, 6, 24, 18, tzinfo=UTC)
HEARD = {MemberAdmitted: on_member_admitted, MemberChanged: on_member_changed, MemberLeft: on_member_left}


@pytest.fixture
def register(migrated_url: MigratedUrl) -> Iterator[Database]:
    """The register, whose journal is the one that is believed."""
    yield from open_copy(migrated_url(MEMBERS, "sqlite"), SetClock(TOLD_AT))


def tell(tx: Tx, register: Database, *events: Event, at: datetime = TOLD_AT, heard: bool = True) -> None:
    """Facts that the register tells at an instant, and that governance hears or not."""
    assert isinstance(register.clock, SetClock)
    register.clock.set(at)
    with register.write(TOWN, SECRETARY) as its:
        its.tell(*events)
    for event in events if heard else ():
        HEARD[type(event)](tx, event, envelope(event, at=at))  # type: ignore[operator]  # each hears its own kind


def admitted(member_id: str, votes: int = 1) -> MemberAdmitted:
    return MemberAdmitted(member_id=member_id, kind="owner", joined_on=date(2021, 1, 1), votes=votes)


def find(governance: Database, register: Database) -> list[str]:
    with governance.read(TOWN) as tx, register.read(TOWN) as its:
        return list(verify_voters(tx, its))


def begin(embedded: Database, clock: SetClock, register: Database, statutes: Statutes = STATUTES) -> None:
    """A register of four, of whom one left, one has two votes by now and one is suspended; and a notice."""
    clock.set(SPRING)
    with embedded.write(TOWN, SECRETARY) as tx:
        tell(tx, register, *(admitted(f"m00{number}") for number in (1, 2, 3, 4)))
        tell(tx, register, MemberLeft(member_id="m003", left_on=HELD, number=1))
        tell(tx, register, MemberChanged(member_id="m002", number=1, from_on=HELD, kind="owner", votes=2))
        adopt(tx, statutes)
        confirm(tx, suspend_member(tx, "m004", date(2026, 5, 1), 3, "minutes of the board"))
        meetings.convene_meeting(tx, meeting(resolution("a")))


def close(embedded: Database, clock: SetClock) -> None:
    clock.set(EVENING)
    with embedded.write(TOWN, SECRETARY) as tx:
        cast(tx, "a", rows({"m001": "for"}))
        closing.close_meeting(tx, "alv-1")


def test_a_list_that_the_register_told_of_agrees(embedded: Database, clock: SetClock, register: Database) -> None:
    begin(embedded, clock, register)
    with embedded.write(TOWN, SECRETARY) as tx:
        late = EVENING - timedelta(hours=1)
        tell(tx, register, admitted("m009"), MemberLeft(member_id="m001", left_on=HELD), at=late)
    close(embedded, clock)
    assert find(embedded, register) == []


@pytest.mark.parametrize(("joined_on", "votes"), [(date(2026, 3, 24), 1), (date(2026, 3, 25), 0)])
def test_who_is_a_member_for_less_than_the_statutes_ask_has_no_vote_yet(
    embedded: Database, clock: SetClock, register: Database, joined_on: date, votes: int
) -> None:
    """Three months before 24 June is 24 March; another kind since the spring makes nobody newer."""
    voters = replace(STATUTES.articles.voters or Voters("art. 12"), least_months=3)
    begin(embedded, clock, register, replace(STATUTES, articles=replace(STATUTES.articles, voters=voters)))
    with embedded.write(TOWN, SECRETARY) as tx:
        joined = admitted("m005").model_copy(update={"joined_on": joined_on})
        tell(tx, register, joined, MemberChanged(member_id="m001", number=1, from_on=HELD, kind="tenant", votes=1))
    close(embedded, clock)
    with embedded.read(TOWN) as tx:
        assert dict(find_list(tx, "alv-1", OPENED) or {}) == {"m001": 1, "m002": 2, "m004": 0, "m005": votes}
    assert find(embedded, register) == []


def test_a_phantom_that_was_put_among_the_voters_before_the_list_froze_is_found(
    embedded: Database, clock: SetClock, register: Database
) -> None:
    begin(embedded, clock, register)
    with embedded.system_write() as sql:
        row = {"community": TOWN, "member_id": "m666", "from_on": date(2021, 1, 1), "change": "admitted"}
        sql.execute(insert(voter).values(**row, kind="owner", votes=1, told_at=TOLD_AT))
        sql.execute(text("UPDATE voter SET votes = 7 WHERE member_id = 'm001'"))
    close(embedded, clock)
    found = find(embedded, register)
    names = [f"meeting alv-1, list as it was {moment}: " for moment in ("opened", "closed")]
    assert found == [
        name + finding
        for name in names
        for finding in (
            "m666 stands on it, and has no vote by what was told",
            "m001 has 7 votes, and should have 1",
        )
    ]


def test_a_member_who_was_put_in_another_class_before_the_list_froze_is_found(
    embedded: Database, clock: SetClock, register: Database
) -> None:
    more = Share(1, 2, above=True)
    classes = (MemberClass("art. 9", "tenants", more, ("tenant",)), MemberClass("art. 9", "others", more))
    rules = {**STATUTES.articles.rules, "ordinary": Rule("art. 8", more, classes=("tenants", "others"))}
    begin(
        embedded, clock, register, replace(STATUTES, articles=replace(STATUTES.articles, rules=rules, classes=classes))
    )
    assert find(embedded, register) == []
    with embedded.system_write() as sql:
        sql.execute(text("UPDATE voter SET kind = 'tenant' WHERE member_id = 'm001'"))
    close(embedded, clock)
    name = "meeting alv-1, list as it was opened: "
    assert find(embedded, register) == [f"{name}m001 is counted as tenant, and is owner by what was told"]


def test_a_member_of_whom_governance_did_not_hear_in_time_is_named(
    embedded: Database, clock: SetClock, register: Database
) -> None:
    begin(embedded, clock, register)
    with embedded.write(TOWN, SECRETARY) as tx:
        tell(tx, register, admitted("m005"), heard=False)
    close(embedded, clock)
    assert {each.partition(": ")[2] for each in find(embedded, register)} == {
        "m005 is missing, and has a vote by what was told"
    }


def test_a_list_is_not_frozen_while_facts_of_the_register_are_under_way(
    embedded: Database, clock: SetClock, register: Database
) -> None:
    begin(embedded, clock, register)
    clock.set(EVENING)
    note_head(embedded, "members", Head(7, "f" * 64), EVENING, is_heard=True)
    with embedded.write(TOWN, SECRETARY) as tx:
        cast(tx, "a", rows({"m001": "for"}))
        assert find_list(tx, "alv-1", OPENED) is None
        with pytest.raises(CoopError, match="did not arrive here yet"), tx.savepoint():
            closing.close_meeting(tx, "alv-1")
        tell(tx, register, admitted("m005"))
    with embedded.system_write() as sql:
        note_heard(sql, "members", range(1, 8), EVENING)
    close(embedded, clock)
    assert find(embedded, register) == []


def test_who_was_told_of_in_time_and_heard_too_late_is_named(
    embedded: Database, clock: SetClock, register: Database
) -> None:
    begin(embedded, clock, register)
    close(embedded, clock)
    with embedded.write(TOWN, SECRETARY) as tx:
        tell(tx, register, admitted("m005"))
        tell(tx, register, admitted("m006"), at=EVENING)
        kept = store.find_meeting(tx, "alv-1")
        assert kept is not None
        assert (list_unheard(tx, kept), list_late(tx, kept)) == (["m005"], ["m006"])


@pytest.mark.parametrize(("seated", "sits_for_them"), [("m003", "m003"), ("m002", "m002")])
def test_the_list_of_a_council_is_made_again_from_elections(
    embedded: Database, clock: SetClock, register: Database, seated: str, sits_for_them: str
) -> None:
    """m001 and m002 were elected, m002 stepped down and m003 stands by; who is put into the table is found."""
    clock.set(SPRING)
    terms = [Term("delegates", f"m00{place}", date(2026, 1, 1), date(2028, 1, 1), place=place) for place in (1, 2)]
    terms.append(replace(terms[0], office="substitutes", member_id="m003"))
    with embedded.write(TOWN, SECRETARY) as tx:
        tell(tx, register, *(admitted(f"m00{number}") for number in (1, 2, 3, 4)))
        council = Council("art. 14", 2, weight="by members", substitutes=1)
        adopt(tx, replace(STATUTES, articles=replace(STATUTES.articles, council=council)))
        for term in terms:
            confirm(tx, papers.enter_term(tx, f"minutes on {term.member_id}", term))
        confirm(tx, papers.enter_end(tx, "letter", terms[1], date(2026, 5, 1)))
        meetings.convene_meeting(tx, meeting(resolution("a")))
    if seated == "m002":
        with embedded.system_write() as sql:
            sql.execute(text("DROP TRIGGER office_end_keeps"))
            sql.execute(text("DELETE FROM office_end"))
    close(embedded, clock)
    with embedded.read(TOWN) as tx:
        assert dict(find_list(tx, "alv-1", OPENED) or {}) == {"m001": 2, sits_for_them: 2}
    found = find(embedded, register)
    assert bool(found) == (seated == "m002")
    assert [each.split(": ")[1] for each in found if " opened" in each] == [
        "m002 stands on it, and has no vote by what was told",
        "m003 is missing, and has a vote by what was told",
    ][: len(found)]


def test_a_list_by_share_of_which_nobody_has_more_than_a_tenth_is_made_again(
    embedded: Database, clock: SetClock, register: Database
) -> None:
    """30, 5 and eight of one are 43: a tenth is 4, for each part of the list that is read alone as well."""
    clock.set(SPRING)
    with embedded.write(TOWN, SECRETARY) as tx:
        tell(
            tx, register, admitted("m001", 30), admitted("m002", 5), *(admitted(f"m01{number}") for number in range(8))
        )
        capped = Voters("art. 11", plural=True, most_share=Share(1, 10))
        adopt(tx, replace(STATUTES, articles=replace(STATUTES.articles, voters=capped)))
        meetings.convene_meeting(tx, meeting(resolution("a")))
        held = store.find_meeting(tx, "alv-1")
        assert held is not None
        assert dict(read_list(tx, held, ["m001", "m010"])) == {"m001": 4, "m010": 1}
    close(embedded, clock)
    with embedded.read(TOWN) as tx:
        assert sum((find_list(tx, "alv-1", OPENED) or {}).values()) == 16
    assert find(embedded, register) == []
