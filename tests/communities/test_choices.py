"""What a co-operative chose: rows that are only added, each from its day, known from an instant on."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime

import pytest

from coop.communities.choices import BrakeChoice, TapWaterChoice, founding_choices, read_choice
from coop.communities.commands import make_choice
from coop.communities.store import load_choices
from coop.governance.kinds import check_resolution
from coop.governance.model import Resolution
from coop.kit.database import Database
from coop.members.service import MEMBERS
from coop.values import BadInput, CoopError
from tests.desk import COMMUNITY, SECRETARY
from tests.founding import found_in
from tests.kit.clocks import SetClock
from tests.migrated import MigratedUrl

FOUNDED_AT = datetime(2026, 1, 5, 9, tzinfo=UTC)
BRAKES = {"ratio": "2", "difference_cents": 5000}


@pytest.fixture(params=["sqlite", "postgresql"])
def database(request: pytest.FixtureRequest, migrated_url: MigratedUrl) -> Iterator[Database]:
    """The members service with a co-operative that was founded on 5 January 2026."""
    opened = MEMBERS.open_database(migrated_url(MEMBERS, request.param), SetClock(FOUNDED_AT), migrate=False)
    found_in(opened)
    yield opened
    opened.close()


def choose(database: Database, at: datetime, valid_from: date, permille: int, resolution_id: str = "r-1") -> None:
    assert isinstance(database.clock, SetClock)
    database.clock.set(at)
    with database.write(COMMUNITY, SECRETARY) as tx:
        make_choice(tx, "tap-water", valid_from, {"permille": permille}, "the meeting's own", resolution_id)


def test_a_choice_holds_from_its_day_and_the_one_made_last_counts(database: Database) -> None:
    choose(database, datetime(2026, 2, 1, tzinfo=UTC), date(2026, 3, 1), 200)
    choose(database, datetime(2026, 2, 2, tzinfo=UTC), date(2026, 3, 1), 190, "r-2")
    with database.read(COMMUNITY) as tx:
        choices = load_choices(tx)
    assert [choices.on(TapWaterChoice, date(2026, month, 1)).permille for month in (1, 2, 3, 4)] == [210, 210, 190, 190]
    assert choices.dated_on(TapWaterChoice, date(2026, 3, 1))[0].resolution_id == "r-2"


def test_choices_can_be_read_as_they_were_known_at_an_instant(database: Database) -> None:
    choose(database, datetime(2026, 6, 1, tzinfo=UTC), date(2026, 3, 1), 200)
    with database.read(COMMUNITY) as tx:
        before = load_choices(tx, known_at=datetime(2026, 5, 31, tzinfo=UTC))
        after = load_choices(tx)
    assert before.on(TapWaterChoice, date(2026, 4, 1)).permille == 210
    assert after.on(TapWaterChoice, date(2026, 4, 1)).permille == 200
    assert len(before.rows) == len(founding_choices())


def test_a_resolution_that_is_heard_again_brings_no_older_choice_back(database: Database) -> None:
    choose(database, datetime(2026, 2, 1, tzinfo=UTC), date(2026, 3, 1), 200, "r-1")
    choose(database, datetime(2026, 2, 2, tzinfo=UTC), date(2026, 3, 1), 190, "r-2")
    choose(database, datetime(2026, 2, 3, tzinfo=UTC), date(2026, 3, 1), 200, "r-1")
    with database.read(COMMUNITY) as tx:
        choices = load_choices(tx)
    assert choices.on(TapWaterChoice, date(2026, 3, 1)).permille == 190
    assert len(choices.rows) == len(founding_choices()) + 2


def test_what_touches_money_needs_a_resolution_and_what_does_not_needs_none(database: Database) -> None:
    with database.write(COMMUNITY, SECRETARY) as tx:
        with pytest.raises(CoopError, match="members' meeting adopts it") as refusal:
            make_choice(tx, "tap-water", date(2026, 2, 1), {"permille": 200}, "the board's own")
        make_choice(tx, "brakes", date(2026, 2, 1), BRAKES, "the board's own")
        chosen = load_choices(tx).on(BrakeChoice, date(2026, 2, 1))
    assert refusal.value.code == "needs-resolution"
    assert chosen.difference_cents == 5000


def test_before_the_first_choice_of_a_kind_nothing_is_made_up(database: Database) -> None:
    with database.read(COMMUNITY) as tx, pytest.raises(CoopError, match="no choice of tap-water that holds on 1999"):
        load_choices(tx).on(TapWaterChoice, date(1999, 12, 31))


@pytest.mark.parametrize(
    ("name", "value", "field"),
    [
        ("lottery", {}, "name"),
        ("tap-water", {"permille": 1001}, "permille"),
        ("tap-water", {"permille": 210, "why": "x"}, "why"),
        ("guarantee", {"index_series": "cpi-households"}, "reference_years"),
        ("limits", {"heat": {"power_w": -1, "flow_l_per_h": 0}}, "heat.power_w"),
    ],
)
def test_a_choice_of_the_wrong_shape_is_refused_field_by_field(name: str, value: dict[str, object], field: str) -> None:
    with pytest.raises(BadInput) as refusal:
        read_choice(name, value)
    assert field in {problem.field for problem in refusal.value.problems}


def test_a_resolution_whose_choice_could_not_act_never_reaches_the_agenda() -> None:
    def problems(value: object) -> list[str]:
        parameters = {"name": "tap-water", "valid_from": "2027-01-01", "source": "own", "value": value}
        resolution = Resolution("r-1", "choice", "Warm water", "Hot water", "", "", parameters)
        return [problem.field for problem in check_resolution(resolution, 1)]

    assert problems({"permille": 200}) == []
    assert problems({"permille": 2000}) == ["r-1.parameters.permille"]
    assert problems("200") == ["r-1.parameters.value"]
