"""A choice of the co-operative that the members' meeting made, and that does not hold any more."""

from __future__ import annotations

from datetime import date

from coop.communities.choices import GuaranteeChoice
from coop.communities.commands import make_choice, restore_choice
from coop.communities.store import load_choices
from coop.kit.database import Database
from tests.desk import COMMUNITY, SECRETARY
from tests.founding import found_in

FIRST, FELL, AGAIN = date(2027, 1, 1), date(2027, 5, 4), date(2027, 9, 1)


def test_the_choice_before_holds_again_from_the_day_of_the_fall_and_the_other_once_it_resumes(
    database: Database,
) -> None:
    found_in(database)
    with database.write(COMMUNITY, SECRETARY) as tx:
        before = load_choices(tx).on(GuaranteeChoice, FIRST)
        value = before.model_dump(mode="json") | {"mode": "off"}
        make_choice(tx, "guarantee", FIRST, value, "the meeting", "r-1")
        for _ in range(2):
            restore_choice(tx, "r-1", False, FELL, "C/13/700123")
        restore_choice(tx, "r-9", False, FELL, "about what made no choice")
        choices = load_choices(tx)
        assert [choices.on(GuaranteeChoice, day).mode for day in (FIRST, FELL)] == ["off", "plain"]
        count = len(choices.rows)
        restore_choice(tx, "r-1", True, AGAIN, "200.123.456")
        choices = load_choices(tx)
        assert [choices.on(GuaranteeChoice, day).mode for day in (FIRST, FELL, AGAIN)] == ["off", "plain", "off"]
        assert len(choices.rows) == count + 1
