"""The right to vote on a day, from facts that come in any order."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta
from itertools import count, permutations
from pathlib import Path
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import delete

from coop.events.members import MemberAdmitted, MemberLeft
from coop.governance.meetings.voter_store import find_members
from coop.governance.service import GOVERNANCE
from coop.governance.tables.meetings import voter
from coop.kit.bus.local import LocalBus
from coop.kit.database import Database
from coop.kit.relay import settle
from coop.kit.replay import rebuild
from coop.kit.tx import Tx
from coop.values import CoopError
from tests.desk import SECRETARY
from tests.governance.assembly import HELD, TOLD_AT, TOWN, admit, leave
from tests.kit.town import open_database


def votes_on(tx: Tx, day: date) -> dict[str, int]:
    """Votes by the register on a day."""
    return {member_id: registered.votes for member_id, registered in find_members(tx, day).items()}


def test_a_member_votes_from_the_day_they_joined_until_the_day_they_left(database: Database) -> None:
    with database.write(TOWN, SECRETARY) as tx:
        admit(tx, "a", joined_on=HELD)
        leave(tx, "a", HELD + timedelta(days=10))
    with database.read(TOWN) as tx:
        assert votes_on(tx, HELD - timedelta(days=1)) == {}
        assert votes_on(tx, HELD) == {"a": 1}
        assert votes_on(tx, HELD + timedelta(days=9)) == {"a": 1}
        assert votes_on(tx, HELD + timedelta(days=10)) == {}


def test_leaving_may_be_heard_before_joining(database: Database) -> None:
    with database.write(TOWN, SECRETARY) as tx:
        leave(tx, "a", HELD)
        admit(tx, "a")
    with database.read(TOWN) as tx:
        assert votes_on(tx, HELD) == {}
        assert votes_on(tx, HELD - timedelta(days=1)) == {"a": 1}


def test_of_several_leavings_of_a_member_the_one_told_last_holds_in_any_order(database: Database) -> None:
    later = HELD + timedelta(days=30)
    tellings: list[tuple[int, date | None]] = [(1, HELD), (4, None), (7, later)]
    for turn, in_order in enumerate(permutations([*tellings, tellings[0]])):
        with database.write(f"{TOWN}-{turn}", SECRETARY) as tx:
            admit(tx, "a")
            for number, left_on in in_order:
                leave(tx, "a", left_on, number)
            assert (votes_on(tx, HELD), votes_on(tx, later)) == ({"a": 1}, {})


def test_a_leaving_taken_back_counts_only_from_when_that_was_told(database: Database) -> None:
    with database.write(TOWN, SECRETARY) as tx:
        admit(tx, "a", told_at=TOLD_AT)
        leave(tx, "a", HELD, 1, TOLD_AT + timedelta(hours=1))
        leave(tx, "a", None, 2, TOLD_AT + timedelta(hours=2))
        votes = [find_members(tx, HELD, told_until=TOLD_AT + timedelta(hours=hours)) for hours in range(3)]
    assert [list(each) for each in votes] == [["a"], [], ["a"]]


def test_members_of_another_community_do_not_vote_here(database: Database) -> None:
    with database.write(TOWN, SECRETARY) as tx:
        admit(tx, "a")
    with database.read("elsewhere") as tx:
        assert votes_on(tx, HELD) == {}


def test_one_admission_told_with_two_numbers_of_votes_is_refused(database: Database) -> None:
    with database.write(TOWN, SECRETARY) as tx:
        admit(tx, "a")
    with pytest.raises(CoopError) as refused, database.write(TOWN, SECRETARY) as tx:
        admit(tx, "a", votes=2)
    assert refused.value.code == "voter-conflict"


@pytest.fixture(scope="module")
def quick(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Database]:
    """One SQLite file for all examples of a property; each example has a community of its own."""
    opened = GOVERNANCE.open_database(f"sqlite:///{tmp_path_factory.mktemp('voters')}/governance.db")
    yield opened
    opened.close()


days_told = st.one_of(st.none(), st.integers(0, 20))
changes = st.lists(st.tuples(st.sampled_from("ab"), days_told), max_size=12)
examples = count()


@given(changes=changes, shuffle=st.randoms(use_true_random=False))
@settings(max_examples=40, deadline=None)
def test_the_right_to_vote_does_not_depend_on_the_order_of_facts(
    quick: Database, changes: list[tuple[str, int | None]], shuffle: Random
) -> None:
    first, example = date(2026, 1, 1), next(examples)
    communities = (f"{example} in order", f"{example} shuffled")
    numbered = [*enumerate(changes), (-1, ("a", 0)), (-1, ("b", 3))]
    again = shuffle.sample(numbered, min(3, len(numbered)))
    for community, facts in zip(
        communities, (numbered, shuffle.sample([*numbered, *again], len(numbered) + len(again))), strict=True
    ):
        with quick.write(community, SECRETARY) as tx:
            for number, (member, days) in facts:
                on = None if days is None else first + timedelta(days=days)
                if number < 0:
                    admit(tx, member, joined_on=on or first)
                else:
                    leave(tx, member, on, number)
    voters = []
    for community in communities:
        with quick.read(community) as tx:
            voters.append([votes_on(tx, first + timedelta(days=days)) for days in range(22)])
    assert voters[0] == voters[1]


def test_voters_are_rebuilt_from_the_register_s_journal(database: Database, tmp_path: Path) -> None:
    register = open_database(f"sqlite:///{tmp_path}/members.db", "members")
    with register.write(TOWN, SECRETARY) as tx:
        joined = [MemberAdmitted(member_id=m, kind="owner", joined_on=date(2021, 1, 1)) for m in "abc"]
        tx.tell(*joined, MemberLeft(member_id="b", left_on=date(2022, 1, 1)))
    settle([("members", register)], LocalBus([GOVERNANCE.consumer(database)]))
    with database.write(TOWN, SECRETARY) as tx:
        assert votes_on(tx, HELD) == {"a": 1, "c": 1}
        tx.execute(delete(voter).where(voter.c.community == tx.community))
    rebuild(GOVERNANCE, database, {"members": register})
    with database.read(TOWN) as tx:
        assert votes_on(tx, HELD) == {"a": 1, "c": 1}
    register.close()
