"""The name of a co-operative says that it is wound up on the days on which a decision to end it holds, and no other."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import date, timedelta
from itertools import permutations

import pytest

from coop.communities.commands import describe
from coop.communities.store import find_profile, list_profiles
from coop.events.governance import DecisionRecorded, DecisionStopped
from coop.kit.database import Database
from coop.members.community import commands
from coop.members.community.heard import on_decision_recorded, on_decision_stopped
from tests.desk import COMMUNITY, SECRETARY
from tests.founding import found_in
from tests.governance.assembly import envelope
from tests.kit.clocks import SetClock
from tests.members.sample import AT
from tests.members.test_community import OTHER_IBAN, TREASURER, WARM

TODAY = AT.date()
Fact = DecisionRecorded | DecisionStopped


def day(number: int) -> date:
    return TODAY + timedelta(days=number)


def ended(resolution_id: str, dissolved_on: date, kind: str = "dissolution") -> DecisionRecorded:
    who = {"liquidators": "board", "balance_to": "leden", "books_kept_by": "notaris"}
    return DecisionRecorded(
        resolution_id=resolution_id,
        meeting_id="alv",
        kind=kind,
        parameters={"dissolved_on": str(dissolved_on), **who} if kind == "dissolution" else {"year": 2027},
        parameters_hash="0" * 64,
        notice_hash="0" * 64,
        decided_on=TODAY,
    )


def stopped(resolution_id: str, number: int, manner: str, from_on: date, told_on: date) -> DecisionStopped:
    return DecisionStopped(
        stop_id=f"stop-{number}",
        resolution_id=resolution_id,
        kind="dissolution",
        subject_nl="Einde",
        subject_en="End",
        number=number,
        manner=manner,
        from_on=from_on,
        ruled_on=told_on,
        stopped_on=told_on,
        paper="ruling 7",
    )


def hear(database: Database, facts: Sequence[Fact]) -> None:
    for fact in facts:
        with database.write(COMMUNITY, SECRETARY) as tx:
            if isinstance(fact, DecisionRecorded):
                on_decision_recorded(tx, fact, envelope(fact))
            else:
                on_decision_stopped(tx, fact, envelope(fact))


def days_of_winding_up(database: Database, until: int = 100) -> list[int]:
    """Numbers of the days on which the name says so."""
    found = []
    with database.read(COMMUNITY) as tx:
        for number in range(until):
            profile = find_profile(tx, day(number))
            assert profile is not None
            says = {called.endswith(" in liquidatie") for called in (profile.name, profile.site_name)}
            assert len(says) == 1
            assert profile.name.count("in liquidatie") == says.copy().pop()
            found += [number] if says.pop() else []
    return found


@pytest.fixture
def founded(database: Database) -> Database:
    found_in(database, profile=WARM)
    return database


def test_it_says_so_from_the_day_of_the_decision_and_other_decisions_change_nothing(founded: Database) -> None:
    """BW 2:19 lid 5."""
    hear(founded, [ended("end", day(30)), ended("end", day(30)), ended("budget", day(3), "budget")])
    assert days_of_winding_up(founded) == list(range(30, 100))
    with founded.read(COMMUNITY) as tx:
        assert len(list_profiles(tx)) == 2
        after = find_profile(tx, day(30))
    assert after == replace(WARM, name="Warm in de Wijk U.A. in liquidatie", site_name="Warm in de Wijk in liquidatie")


STORY: list[Fact] = [
    ended("end", day(30)),
    stopped("end", 1, "suspended", day(30), day(40)),
    stopped("end", 2, "resumed", day(50), day(50)),
    stopped("end", 3, "annulled", day(30), day(80)),
]
"""Ended from day 30, suspended by what was told on day 40, acting again from day 50, annulled by what was told on day
80: worked by hand, the name says so on days 30 to 39 and 50 to 79."""


@pytest.mark.parametrize("facts", [[STORY[i] for i in order] for order in permutations(range(4))])
def test_a_decision_that_falls_takes_the_words_away_in_whatever_order_it_is_heard(
    founded: Database, facts: list[Fact]
) -> None:
    hear(founded, facts)
    hear(founded, facts[:1])
    assert days_of_winding_up(founded) == [*range(30, 40), *range(50, 80)]


def test_of_two_decisions_the_one_that_stands_counts(founded: Database) -> None:
    facts: list[Fact] = [
        ended("first", day(10)),
        ended("second", day(60)),
        stopped("first", 1, "withdrawn", day(10), day(5)),
    ]
    hear(founded, facts)
    assert days_of_winding_up(founded) == list(range(60, 100))


def test_a_profile_for_a_later_day_that_was_on_file_says_so_too(founded: Database) -> None:
    with founded.write(COMMUNITY, SECRETARY) as tx:
        describe(tx, replace(WARM, street="Nieuwe Kade 1"), day(45))
    hear(founded, [ended("end", day(30))])
    assert days_of_winding_up(founded) == list(range(30, 100))
    with founded.read(COMMUNITY) as tx:
        later = find_profile(tx, day(45))
        assert later is not None
        assert later.street == "Nieuwe Kade 1"
    hear(founded, [stopped("end", 1, "annulled", day(30), day(35))])
    assert days_of_winding_up(founded) == list(range(30, 35))


def test_what_changes_before_that_day_is_not_taken_back_on_it(founded: Database) -> None:
    """Particulars, a bank account that two people changed meanwhile, and the words that nobody leaves out."""
    hear(founded, [ended("end", day(30))])
    with founded.write(COMMUNITY, SECRETARY) as tx:
        commands.change_profile(tx, {"street": "Nieuwe Kade 1", "name": "Warm U.A.", "iban": OTHER_IBAN})
    with founded.write(COMMUNITY, TREASURER) as tx:
        commands.confirm_iban(tx, 1)
    assert days_of_winding_up(founded, 60) == list(range(30, 60))
    with founded.read(COMMUNITY) as tx:
        now, then = find_profile(tx, TODAY), find_profile(tx, day(30))
        assert now is not None
        assert (now.name, now.street, now.iban) == ("Warm U.A.", "Nieuwe Kade 1", OTHER_IBAN)
        assert then == replace(now, name="Warm U.A. in liquidatie", site_name="Warm in de Wijk in liquidatie")
    set_day(founded, 31)
    with founded.write(COMMUNITY, SECRETARY) as tx:
        commands.change_profile(tx, {"name": "Warm U.A."})
    assert days_of_winding_up(founded, 60) == list(range(30, 60))


def set_day(database: Database, number: int) -> None:
    clock = database.clock
    assert isinstance(clock, SetClock)
    clock.set(AT + timedelta(days=number))
