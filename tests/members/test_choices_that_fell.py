"""Choices of the co-operative that the members' meeting made, and that do not hold any more."""

from __future__ import annotations

from datetime import date
from itertools import permutations

import pytest

from coop.communities.choices import Choices, DatedChoice, TapWaterChoice, founding_choices
from coop.communities.falls import hold_again
from coop.communities.stops import RESUMED, Stop
from coop.communities.store import load_choices
from coop.events.governance import ChoiceAdopted, DecisionStopped
from coop.kit.database import Database
from coop.values import hash_parameters
from tests.desk import COMMUNITY
from tests.founding import found_in
from tests.members.test_messages_heard import hear

FIRST, SECOND, FELL, AGAIN = date(2027, 1, 1), date(2027, 3, 1), date(2027, 5, 4), date(2027, 9, 1)
LONG = "long-" * 19
"""An id of a resolution may have a hundred signs."""


def adopted(resolution_id: str, valid_from: date, permille: int) -> ChoiceAdopted:
    value = {"permille": permille}
    said = {"name": "tap-water", "valid_from": valid_from.isoformat(), "value": value, "source": "the meeting"}
    sha256 = hash_parameters(said)
    return ChoiceAdopted(
        name="tap-water",
        valid_from=valid_from,
        value=value,
        source="the meeting",
        resolution_id=resolution_id,
        meeting_id="alv",
        parameters_hash=sha256,
        notice_hash=sha256,
        decided_on=FIRST,
    )


def fell(resolution_id: str, number: int, told_on: date, manner: str = "annulled") -> DecisionStopped:
    return DecisionStopped(
        stop_id=f"{resolution_id}-{number}",
        resolution_id=resolution_id,
        number=number,
        kind="choice",
        subject_nl="Keuze",
        subject_en="Choice",
        manner=manner,
        from_on=told_on,
        ruled_on=told_on,
        stopped_on=told_on,
        paper="C/13/700123",
    )


def test_the_choice_before_holds_again_from_the_day_of_the_fall_and_the_other_once_it_resumes(
    database: Database,
) -> None:
    found_in(database)
    facts = (
        adopted(LONG, FIRST, 0),
        fell(LONG, 1, FELL),
        fell("about-nothing", 1, FELL),
        fell(LONG, 2, AGAIN, RESUMED),
    )
    for _ in range(2):
        hear(database, *facts)
    with database.read(COMMUNITY) as tx:
        choices = load_choices(tx)
    assert [choices.on(TapWaterChoice, day).permille for day in (FIRST, FELL, AGAIN)] == [0, 210, 0]
    assert len([row for row in choices.rows if isinstance(row.choice, TapWaterChoice)]) == 4


@pytest.mark.parametrize("order", sorted(set(permutations("BCbc"))), ids="".join)
def test_a_choice_that_fell_comes_back_with_no_other_that_falls(order: tuple[str, ...]) -> None:
    """B and C are made, b and c are their falls; b is told while C holds, c last. However they are heard, C holds when
    B fell, and what was chosen before both when C fell."""
    rows = list(founding_choices())
    stops: dict[str, list[Stop]] = {}
    first_days = {"B": FIRST, "C": SECOND}
    for fact in order:
        if fact in first_days:
            rows.append(DatedChoice(first_days[fact], TapWaterChoice(permille=ord(fact)), "the meeting", fact))
        else:
            told_on = FELL if fact == "b" else AGAIN
            stops[fact.upper()] = [Stop(fact.upper(), 1, "annulled", told_on, told_on)]
        rows += hold_again(rows, stops, "C/13/700123")
    choices = Choices(tuple(rows))
    days = FIRST, SECOND, FELL, AGAIN
    assert [choices.on(TapWaterChoice, day).permille for day in days] == [ord("B"), ord("C"), ord("C"), 210]


def test_what_was_withdrawn_before_its_day_leaves_the_day_to_what_is_chosen_meanwhile() -> None:
    """Chosen for September, withdrawn in January, and another chosen from May on: that one holds in September too."""
    late = DatedChoice(AGAIN, TapWaterChoice(permille=1), "the meeting", "late")
    stops = {"late": [Stop("late", 1, "withdrawn", AGAIN, FIRST)]}
    rows = [*founding_choices(), late]
    rows += hold_again(rows, stops, "board")
    rows.append(DatedChoice(FELL, TapWaterChoice(permille=2), "the meeting", "new"))
    rows += hold_again(rows, stops, "the meeting")
    choices = Choices(tuple(rows))
    assert [choices.on(TapWaterChoice, day).permille for day in (SECOND, FELL, AGAIN)] == [210, 2, 2]
