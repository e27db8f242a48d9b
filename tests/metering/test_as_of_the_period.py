"""Groups, keys and who shares, as they were in the period: nothing that is said later moves a closed month unseen."""

from __future__ import annotations

from datetime import date, timedelta

import pytest

from coop.events.metering import EnergyAllocated
from coop.kit.database import Database
from coop.kit.jobs import Work
from coop.kit.tx import Tx
from coop.metering.jobs import correct_periods
from coop.metering.model import Quality, Quantity
from coop.metering.periods import store as periods
from coop.metering.periods.close import close_period, correct_period
from coop.metering.periods.schedule import list_touched
from coop.metering.provenance.verify import verify_allocation
from coop.metering.register import groups
from coop.metering.register.commands import set_group
from coop.values import BadInput, CoopError, Period
from coop.values import quarters as quarters_in
from tests.metering.homes import COMMUNITY, LATER, NOW, adopt_key, deliver, gj, quarters, set_clock, writing
from tests.metering.test_closing import DYNAMIC, told

MARCH = Period.month(2025, 3)
N = quarters_in(MARCH)
THIRDS: dict[str, object] = {"kind": "static", "weights": {"C1": 100_000, "C2": 100_000, "C3": 800_000}}


def say_march(tx: Tx) -> None:
    """Heat that is complete, and 400, 300 and 50 Wh under 600 Wh in every quarter-hour."""
    for i in (1, 2, 3):
        deliver(tx, gj(f"H{i}", MARCH.start_at, "1"), gj(f"H{i}", MARCH.end_at, "2"))
    rows = [quarters(f"E{i}", MARCH.start_at, [wh] * N) for i, wh in ((1, 400), (2, 300), (3, 50))]
    deliver(tx, *rows, quarters("S1", MARCH.start_at, [600] * N, Quantity.ELECTRICITY_EXPORT))


def say_one_late_wh(tx: Tx) -> None:
    late = quarters("E1", MARCH.start_at, [401], quality=[Quality.CORRECTED])
    deliver(tx, late, received_at=LATER + timedelta(days=1))


def shares(tx: Tx) -> dict[str, int]:
    """What each connection was told last, over all spans of March."""
    newest: dict[tuple[str, str, Period], int] = {}
    for share, run in periods.list_told_allocations(tx):
        newest[share.connection_id, run.group_id, run.period] = share.allocated_wh
    found: dict[str, int] = {}
    for (connection_id, _, _), allocated_wh in newest.items():
        found[connection_id] = found.get(connection_id, 0) + allocated_wh
    return found


def test_a_group_that_is_changed_later_moves_no_closed_month(database: Database) -> None:
    with writing(database) as tx:
        say_march(tx)
        adopt_key(tx, DYNAMIC, date(2025, 1, 1))
        close_period(tx, MARCH)
        before = shares(tx)
        set_group(tx, "roofs", ["S1"], ["C1", "C2"])
        say_one_late_wh(tx)
        correct_period(tx, MARCH)
        after = shares(tx)
        assert {name: abs(after[name] - before[name]) <= 1 for name in before} == dict.fromkeys(before, True)
        set_group(tx, "roofs", [], [])
        assert correct_period(tx, MARCH).revision == 2
        assert shares(tx) == after
        [group] = groups.list_groups(tx)
    assert (group.producers, group.connections) == ((), ())


def test_a_change_that_reaches_into_a_closed_month_is_refused_unless_somebody_decides_it_by_name(
    database: Database,
) -> None:
    middle = date(2025, 3, 16)
    with writing(database) as tx:
        say_march(tx)
        adopt_key(tx, DYNAMIC, date(2025, 1, 1))
        close_period(tx, MARCH)
        before = shares(tx)
    with pytest.raises(CoopError, match="reaches into what is closed: 2025-03"), writing(database) as tx:
        set_group(tx, "roofs", ["S1"], ["C1", "C2"], middle)
    with pytest.raises(BadInput, match="say why"), writing(database) as tx:
        set_group(tx, "roofs", ["S1"], ["C1", "C2"], middle, reopens=True)
    with writing(database) as tx:
        set_group(tx, "roofs", ["S1"], ["C1", "C2"], middle, "103 left on the 16th", reopens=True)
        assert [closed.period for closed in list_touched(tx)] == [MARCH]
        closed = correct_period(tx, MARCH)
        after = shares(tx)
        assert list_touched(tx) == []
        assert all(verify_allocation(tx, run.id) == [] for run in periods.list_runs(tx, MARCH))
    half = 15 * 96
    assert after["C3"] == before["C3"] * half // N
    assert closed.cause == "group roofs was put right from 2025-03-16"


def test_a_correction_whose_decision_changed_nothing_waits_no_longer(one_database: Database) -> None:
    with writing(one_database) as tx:
        say_march(tx)
        close_period(tx, MARCH)
        adopt_key(tx, DYNAMIC, date(2025, 4, 1))
        set_group(tx, "roofs", ["S1"], ["C1"], date(2025, 3, 20), "put right", reopens=True)
        assert len(list_touched(tx)) == 1
        assert correct_period(tx, MARCH).revision == 1
        assert list_touched(tx) == []


def test_a_key_that_reaches_into_a_closed_month_is_refused_and_blocks_no_correction(database: Database) -> None:
    with writing(database) as tx:
        say_march(tx)
        adopt_key(tx, DYNAMIC, date(2025, 1, 1))
        close_period(tx, MARCH)
        before = shares(tx)
    for start in (date(2025, 2, 1), date(2025, 3, 15)):
        with pytest.raises(CoopError, match="reaches into what is closed"), writing(database) as tx:
            adopt_key(tx, THIRDS, start, "K2")
    with writing(database) as tx:
        adopt_key(tx, DYNAMIC, date(2025, 1, 1))  # heard again
        adopt_key(tx, THIRDS, date(2025, 4, 1), "K2")
        say_one_late_wh(tx)
        assert correct_period(tx, MARCH).revision == 2
        assert abs(shares(tx)["C1"] - before["C1"]) <= 1
        assert {fact.key_id for fact in told(tx, EnergyAllocated)} == {"K1"}


def test_a_key_that_was_told_in_time_and_heard_late_is_a_decision_about_what_was_closed_without_it(
    one_database: Database,
) -> None:
    with writing(one_database) as tx:
        say_march(tx)
        close_period(tx, MARCH)
        adopt_key(tx, DYNAMIC, date(2025, 3, 1), told_at=MARCH.end_at)
        assert [closed.period for closed in list_touched(tx)] == [MARCH]
        assert correct_period(tx, MARCH).cause == "the key of resolution R-K1 was heard late"


def test_a_key_with_an_end_shares_nothing_after_it(one_database: Database) -> None:
    with writing(one_database) as tx:
        say_march(tx)
        adopt_key(tx, DYNAMIC | {"valid_until": "2025-03-11"}, date(2025, 1, 1))
        close_period(tx, MARCH)
        spans = {run.period for run in periods.list_runs(tx, MARCH)}
    assert spans == {Period(date(2025, 3, 1), date(2025, 3, 11))}
    with pytest.raises(BadInput, match="must be after"), writing(one_database) as tx:
        adopt_key(tx, DYNAMIC | {"valid_from": "2026-01-01", "valid_until": "2026-01-01"}, date(2026, 1, 1), "K9")


def test_a_connection_shares_from_the_day_it_joins_to_the_day_it_leaves(database: Database) -> None:
    with writing(database) as tx:
        say_march(tx)
        adopt_key(tx, DYNAMIC, date(2025, 1, 1))
        set_group(tx, "roofs", ["S1"], ["C1", "C2"], groups.BEGINNING)
        set_group(tx, "roofs", ["S1"], ["C1", "C2", "C3"], date(2025, 3, 11))
        set_group(tx, "roofs", ["S1"], ["C1", "C3"], date(2025, 3, 21))
        close_period(tx, MARCH)
        [run] = periods.list_runs(tx, MARCH)
        used = {share.connection_id: share.consumed_wh for share in periods.list_allocations(tx, run.id)}
        assert verify_allocation(tx, run.id) == []
        roster = groups.find_roster(tx, "roofs")
    assert used == {"C1": 400 * N, "C2": 300 * 20 * 96, "C3": 50 * (N - 10 * 96)}
    assert roster is not None
    assert [str(spell) for spell in roster.spells_of("C3", MARCH)] == ["2025-03-11/2025-04-01"]


def test_a_roof_that_joins_divides_the_run_at_its_day(one_database: Database) -> None:
    with writing(one_database) as tx:
        say_march(tx)
        adopt_key(tx, DYNAMIC, date(2025, 1, 1))
        set_group(tx, "roofs", [], None, groups.BEGINNING)
        set_group(tx, "roofs", ["S1"], None, date(2025, 3, 11))
        close_period(tx, MARCH)
        [run] = periods.list_runs(tx, MARCH)
    assert (run.period.start, run.produced_wh) == (date(2025, 3, 11), 600 * (N - 10 * 96))


def test_a_group_is_known_as_it_was_said_on_any_day(database: Database) -> None:
    set_clock(database, NOW + timedelta(days=1))
    with writing(database) as tx:
        set_group(tx, "roofs", ["S1"], ["C1"], date(2025, 3, 11), "the notary said so")
        [now], [then] = groups.list_rosters(tx), groups.list_rosters(tx, NOW)
    assert (now.on(date(2025, 4, 1)).connections, then.on(date(2025, 4, 1)).connections) == (("C1",), None)
    assert {one.reason for one in now.members if one.recorded_at > NOW} == {"the notary said so"}


def test_the_job_drafts_the_correction_that_a_decision_asks_for(one_database: Database) -> None:
    with writing(one_database) as tx:
        say_march(tx)
        adopt_key(tx, DYNAMIC, date(2025, 1, 1))
        close_period(tx, MARCH)
        set_group(tx, "roofs", ["S1"], ["C1", "C2"], date(2025, 3, 16), "103 left", reopens=True)
    work = Work(one_database, COMMUNITY, NOW, "correct-periods")
    assert "2025-03 corrected" in correct_periods(work)
