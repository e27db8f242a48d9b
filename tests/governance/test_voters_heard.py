"""Who may vote on a day, from facts that come in any order."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta
from itertools import count
from pathlib import Path
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from coop.events.members import MemberAdmitted, MemberLeft
from coop.governance.main import SERVICE
from coop.governance.storage.meetings import votes_on
from coop.kit import journal
from coop.kit.database import Database
from coop.kit.service import LocalBus, rebuild, settle
from coop.values import CoopError
from tests.governance.assembly import HELD, TOWN, admit, leave


def test_a_member_votes_from_the_day_they_joined_until_the_day_they_left(database: Database) -> None:
    with database.write() as connection:
        admit(connection, "a", joined_on=HELD)
        leave(connection, "a", HELD + timedelta(days=10))
    with database.read() as connection:
        assert votes_on(connection, TOWN, HELD - timedelta(days=1)) == {}
        assert votes_on(connection, TOWN, HELD) == {"a": 1}
        assert votes_on(connection, TOWN, HELD + timedelta(days=9)) == {"a": 1}
        assert votes_on(connection, TOWN, HELD + timedelta(days=10)) == {}


def test_leaving_may_be_heard_before_joining(database: Database) -> None:
    with database.write() as connection:
        leave(connection, "a", HELD)
        admit(connection, "a")
    with database.read() as connection:
        assert votes_on(connection, TOWN, HELD) == {}
        assert votes_on(connection, TOWN, HELD - timedelta(days=1)) == {"a": 1}


def test_who_comes_back_votes_again(database: Database) -> None:
    with database.write() as connection:
        admit(connection, "a", joined_on=date(2024, 1, 1))
        admit(connection, "a", joined_on=date(2021, 1, 1))
        leave(connection, "a", date(2023, 1, 1))
    with database.read() as connection:
        assert votes_on(connection, TOWN, date(2023, 6, 1)) == {}
        assert votes_on(connection, TOWN, HELD) == {"a": 1}


def test_members_of_another_community_do_not_vote_here(database: Database) -> None:
    with database.write() as connection:
        admit(connection, "a")
    with database.read() as connection:
        assert votes_on(connection, "elsewhere", HELD) == {}


def test_one_admission_told_with_two_numbers_of_votes_is_refused(database: Database) -> None:
    with database.write() as connection:
        admit(connection, "a")
    with pytest.raises(CoopError) as refused, database.write() as connection:
        admit(connection, "a", votes=2)
    assert refused.value.code == "voter-conflict"


@pytest.fixture(scope="module")
def quick(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Database]:
    """One SQLite file for all examples of a property; each example has a community of its own."""
    opened = Database(f"sqlite:///{tmp_path_factory.mktemp('voters')}/governance.db", "governance")
    opened.migrate()
    yield opened
    opened.close()


changes = st.lists(st.tuples(st.sampled_from("ab"), st.integers(0, 20), st.booleans()), max_size=12)
examples = count()


@given(changes=changes, shuffle=st.randoms(use_true_random=False))
@settings(max_examples=40, deadline=None)
def test_the_right_to_vote_does_not_depend_on_the_order_of_facts(
    quick: Database, changes: list[tuple[str, int, bool]], shuffle: Random
) -> None:
    first, example = date(2026, 1, 1), next(examples)
    communities = (f"{example} in order", f"{example} shuffled")
    with quick.write() as connection:
        for community, facts in zip(communities, (changes, shuffle.sample(changes, len(changes))), strict=True):
            for member, days, joins in facts:
                on = first + timedelta(days=days)
                if joins:
                    admit(connection, member, joined_on=on, community=community)
                else:
                    leave(connection, member, on, community)
    with quick.read() as connection:
        for days in range(22):
            on = first + timedelta(days=days)
            assert votes_on(connection, communities[0], on) == votes_on(connection, communities[1], on)


def test_voters_are_rebuilt_from_the_register_s_journal(database: Database, tmp_path: Path) -> None:
    register = Database(f"sqlite:///{tmp_path}/members.db", "members")
    register.migrate()
    with register.write() as connection:
        joined = [MemberAdmitted(member_id=m, kind="owner", joined_on=date(2021, 1, 1)) for m in "abc"]
        journal.append(connection, [*joined, MemberLeft(member_id="b", left_on=date(2022, 1, 1))], TOWN)
    settle([("members", register)], LocalBus([SERVICE.consumer(database)]))
    with database.write() as connection:
        assert votes_on(connection, TOWN, HELD) == {"a": 1, "c": 1}
        connection.execute(SERVICE.heard_tables[0].delete())
    rebuild(SERVICE, database, {"members": register})
    with database.read() as connection:
        assert votes_on(connection, TOWN, HELD) == {"a": 1, "c": 1}
    register.close()
