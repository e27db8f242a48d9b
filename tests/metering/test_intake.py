"""Readings on their way in: what is stored, what is silent, what is refused and kept."""

from __future__ import annotations

import uuid
from datetime import timedelta
from decimal import Decimal

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from prometheus_client import REGISTRY
from sqlalchemy import func, select
from sqlalchemy.exc import DBAPIError

from coop.kit.database import Database
from coop.metering.intake.exchange import exchange_meter
from coop.metering.intake.parking import discard_telegram, list_telegrams, replay_telegram
from coop.metering.intake.receive import decode_delivery, preview, receive, receive_all, undo_import
from coop.metering.model import Meter, MeterKind, Quality, Quantity, Series, Stand
from coop.metering.periods import store as periods
from coop.metering.periods.close import close_period
from coop.metering.readings import arrivals
from coop.metering.readings import store as readings
from coop.metering.register.commands import register_meters
from coop.metering.tables import block, delivery
from coop.values import BadInput, CoopError, Period
from tests.metering.homes import (
    COMMUNITY,
    HEAT_MAX,
    INSTALLED,
    LATER,
    at,
    deliver,
    found,
    gj,
    hours,
    killed,
    latest_values,
    quarters,
    set_clock,
    writing,
)

HEAT_1 = ("H1", "heat", "stand")
POWER_1 = ("E1", "electricity_import", "interval")
JANUARY = at("2025-01-01T00:00")
MARCH = Period.month(2025, 3)


def blocks(database: Database) -> int:
    with database.read(COMMUNITY) as tx:
        ours = block.c.community == tx.community
        return tx.scalar(select(func.count()).select_from(block).where(ours)) or 0


def test_a_stand_is_kept_in_whole_joules_at_its_second(database: Database) -> None:
    with writing(database) as tx:
        receipt = deliver(tx, gj("H1", at("2025-01-01T00:00:05"), "12.34"))
    assert (receipt.accepted, receipt.values, receipt.observations, receipt.problems) == (True, 1, 1, ())
    assert latest_values(database)[HEAT_1] == {1735689605: (12_340_000_000, Quality.MEASURED)}


def test_a_batch_over_three_utc_days_says_something_of_each(database: Database) -> None:
    with writing(database) as tx:
        receipt = deliver(tx, quarters("E1", at("2025-01-01T12:00"), range(96 * 2)))
    assert (receipt.values, receipt.observations) == (192, 3)
    assert [value for value, _ in latest_values(database)[POWER_1].values()] == list(range(192))


def test_the_same_delivery_again_is_silent_whoever_brings_it(database: Database) -> None:
    with writing(database) as tx:
        first = deliver(tx, gj("H1", JANUARY, "1"))
        again = deliver(tx, gj("H1", JANUARY, "1"), received_at=LATER + timedelta(days=3))
    assert (again.delivery_id, again.duplicate, again.observations) == (first.delivery_id, True, 0)
    assert blocks(database) == 1


def test_the_same_value_in_another_delivery_is_kept_as_what_that_one_said(database: Database) -> None:
    with writing(database) as tx:
        deliver(tx, gj("H1", JANUARY, "1"))
        again = deliver(tx, gj("H1", JANUARY, "1.00"), received_at=LATER + timedelta(days=3))
    assert (again.duplicate, again.values, again.observations) == (False, 1, 1)
    assert latest_values(database)[HEAT_1] == {1735689600: (1_000_000_000, Quality.MEASURED)}


def test_a_changed_value_stands_and_the_old_one_stays_in_the_log(database: Database) -> None:
    with writing(database) as tx:
        deliver(tx, quarters("E1", JANUARY, [1, 2, 3]))
        deliver(tx, quarters("E1", JANUARY, [1, 9, 3]), received_at=LATER + timedelta(hours=1))
        [identity] = tx.scalars(select(block.c.register_id).where(block.c.community == tx.community).distinct())
        told = readings.read_history(tx, identity, readings.day_number(JANUARY))
    by_delivery = [told.entries.values[told.entries.number == number].tolist() for number in told.entries.numbers()]
    assert by_delivery == [[1, 2, 3], [1, 9, 3]]
    assert told.fold.day.values.tolist() == [1, 9, 3]
    assert told.fold.number.tolist() == [2, 2, 2]  # the later receipt stands, also where it says the same


def test_a_late_value_is_merged_into_its_day(database: Database) -> None:
    with writing(database) as tx:
        deliver(tx, quarters("E1", JANUARY, [1, 0, 3], quality=[1, 0, 1]))
        deliver(tx, quarters("E1", JANUARY + timedelta(minutes=15), [2]))
    assert [value for value, _ in latest_values(database)[POWER_1].values()] == [1, 2, 3]


def test_what_is_missing_in_a_later_delivery_does_not_take_away_what_is_there(database: Database) -> None:
    with writing(database) as tx:
        deliver(tx, quarters("E1", JANUARY, [1, 2]))
        deliver(tx, quarters("E1", JANUARY, [0, 2], quality=[0, 1]))
    assert [value for value, _ in latest_values(database)[POWER_1].values()] == [1, 2]


def test_a_correction_outranks_what_it_corrects_even_when_it_comes_first(database: Database) -> None:
    with writing(database) as tx:
        deliver(tx, gj("H1", JANUARY, "5.00", Quality.CORRECTED))
        deliver(tx, gj("H1", JANUARY, "4.00"), received_at=LATER + timedelta(hours=1))
    assert latest_values(database)[HEAT_1] == {1735689600: (5_000_000_000, Quality.CORRECTED)}


def test_a_measured_value_replaces_an_estimate_and_not_the_other_way_round(database: Database) -> None:
    with writing(database) as tx:
        deliver(tx, gj("H1", JANUARY, "5.00", Quality.ESTIMATED))
        deliver(tx, gj("H1", JANUARY, "4.00"))
        deliver(tx, gj("H1", JANUARY, "6.00", Quality.ESTIMATED), received_at=LATER + timedelta(hours=1))
    assert latest_values(database)[HEAT_1] == {1735689600: (4_000_000_000, Quality.MEASURED)}


def test_what_was_received_earlier_and_comes_in_later_does_not_win(database: Database) -> None:
    with writing(database) as tx:
        deliver(tx, quarters("E1", JANUARY, [7, 8]), received_at=LATER)
        deliver(tx, quarters("E1", JANUARY, [1, 2, 3]), received_at=LATER - timedelta(hours=1))
    assert [value for value, _ in latest_values(database)[POWER_1].values()] == [7, 8, 3]


def test_several_telegrams_of_one_day_in_one_delivery_are_one_block(database: Database) -> None:
    with writing(database) as tx:
        receipt = deliver(tx, *(gj("H1", hour, f"1.{i:02d}") for i, hour in enumerate(hours(JANUARY, 24))))
    assert (receipt.values, receipt.observations) == (24, 1)


def test_a_register_that_is_told_twice_in_one_batch_ends_with_one_value_a_quarter(database: Database) -> None:
    with writing(database) as tx:
        deliver(tx, quarters("E1", JANUARY, [1, 2]), quarters("E1", JANUARY, [1, 5]))
    assert [value for value, _ in latest_values(database)[POWER_1].values()] == [1, 5]


def test_readings_and_deliveries_cannot_be_changed_or_removed(database: Database) -> None:
    with writing(database) as tx:
        deliver(tx, gj("H1", JANUARY, "1"))
    for statement in (block.delete(), block.update().values(parts=9), delivery.delete()):
        with pytest.raises(DBAPIError, match="only added"), database.system_write() as sql:
            sql.execute(statement)


def test_a_killed_transaction_leaves_nothing_and_the_delivery_can_come_again(database: Database) -> None:
    with killed(database) as tx:
        deliver(tx, gj("H1", JANUARY, "1"), gj("H9", JANUARY, "1"))
    with writing(database) as tx:
        assert list_telegrams(tx) == []
        receipt = deliver(tx, gj("H1", JANUARY, "1"), gj("H9", JANUARY, "1"))
    assert (receipt.duplicate, receipt.observations, blocks(database)) == (False, 1, 1)


def test_several_deliveries_in_one_transaction_are_all_there_or_none(database: Database) -> None:
    body = b'{"head_end":"h","sent_at":"2025-01-02T00:00:00Z","series":[]}'
    good = decode_delivery("head-end", body, gateway="g", received_at=LATER)
    with writing(database) as tx:
        receipts = receive_all(tx, [good, good])
    assert [receipt.duplicate for receipt in receipts] == [False, True]


def test_deliveries_are_counted_by_what_became_of_them(one_database: Database) -> None:
    def counted(outcome: str) -> float:
        labels = {"channel": "api", "outcome": outcome}
        return REGISTRY.get_sample_value("coop_telegrams_total", labels) or 0.0

    before = [counted(outcome) for outcome in ("taken", "duplicate", "refused")]
    file = decode_delivery("csv", CSV, gateway="board", received_at=LATER, mapping=MAPPING)
    with writing(one_database) as tx:
        for _ in range(3):
            deliver(tx, gj("H1", JANUARY, "1"))
        deliver(tx, gj("H9", JANUARY, "1"))
        preview(tx, file)
    after = [counted(outcome) for outcome in ("taken", "duplicate", "refused")]
    assert [a - b for a, b in zip(after, before, strict=True)] == [1, 2, 1]


REFUSED = [
    ("unknown-meter", gj("H9", JANUARY, "1"), "meter H9 is not registered"),
    ("unknown-meter", quarters("E9", JANUARY, [1]), "meter E9 is not registered"),
    ("future", gj("H1", LATER + timedelta(minutes=6), "1"), "lies after it was received"),
    ("future", quarters("E1", LATER, [1]), "lies after it was received"),
    ("not-installed", gj("H1", INSTALLED - timedelta(seconds=1), "1"), "did not hang there"),
    ("not-installed", quarters("E1", INSTALLED - timedelta(minutes=15), [1]), "did not hang there"),
    ("impossible-value", gj("H1", JANUARY, "10000"), "more than its register can show"),
    ("impossible-value", gj("H1", JANUARY, "0.0000000000000001"), "not a whole number"),
    ("impossible-value", quarters("E1", JANUARY, [60_000]), "more than the meter can count"),
    ("impossible-value", quarters("H1", JANUARY, [9_300_000_000], Quantity.HEAT, unit="GJ"), "more than the meter"),
    ("impossible-value", quarters("E1", JANUARY, [9_223_372_036_855], unit="MWh"), "more than the meter can count"),
    ("impossible-value", quarters("WP1", JANUARY, [2**54], Quantity.POWER, unit="kW"), "more than the meter can count"),
]


@pytest.mark.parametrize(("code", "reading", "reason"), REFUSED, ids=[f"{r[0]}-{type(r[1]).__name__}" for r in REFUSED])
def test_a_reading_that_cannot_be_is_parked_whole_and_the_rest_goes_on(
    one_database: Database, code: str, reading: Stand | Series, reason: str
) -> None:
    with writing(one_database) as tx:
        receipt = deliver(tx, gj("H2", JANUARY, "1"), reading)
        [letter] = list_telegrams(tx)
    [problem] = receipt.problems
    assert receipt.accepted
    assert problem.field.startswith(reading.meter)
    assert reason in problem.reason
    assert letter.code == code
    assert reason in letter.reason
    assert reading.meter.encode() in letter.body
    assert ("H2", "heat", "stand") in latest_values(one_database)


def test_a_delivery_without_anything_good_is_not_accepted_and_kept_all_the_same(database: Database) -> None:
    with writing(database) as tx:
        receipt = deliver(tx, gj("H9", JANUARY, "1"))
        kept = arrivals.find_delivery(tx, receipt.delivery_id)
    assert kept is not None
    assert kept.problems == 1
    assert not receipt.accepted


def test_one_impossible_quarter_is_refused_and_its_neighbours_stay(database: Database) -> None:
    with writing(database) as tx:
        receipt = deliver(tx, quarters("E1", JANUARY, [5, 99_999, 7]))
    assert receipt.values == 2
    assert [value for value, _ in latest_values(database)[POWER_1].values()] == [5, 7]


def test_quarters_after_the_removal_of_a_meter_are_refused_alone(database: Database) -> None:
    removed = Meter("E8", MeterKind.ELECTRICITY, "C8", INSTALLED, JANUARY + timedelta(minutes=30))
    with writing(database) as tx:
        register_meters(tx, [removed])
        receipt = deliver(tx, quarters("E8", JANUARY, [1, 2, 3, 4]))
    assert (receipt.values, len(receipt.problems)) == (2, 1)


def test_a_jump_comes_in_whatever_lies_around_it_and_is_judged_when_it_is_counted(database: Database) -> None:
    values = ["1", "900", "1.05"]
    with writing(database) as tx:
        for hour, value in zip(hours(JANUARY, 3), values, strict=True):
            assert not deliver(tx, gj("H1", hour, value)).problems
    stored = [value for value, _ in latest_values(database)[HEAT_1].values()]
    assert stored == [1_000_000_000, 900_000_000_000, 1_050_000_000]


def test_one_false_zero_does_not_condemn_what_follows(database: Database) -> None:
    values = ["500", "0", "500.02", "500.04"]
    with writing(database) as tx:
        for hour, value in zip(hours(JANUARY, 4), values, strict=True):
            assert not deliver(tx, gj("H1", hour, value)).problems
    assert len(latest_values(database)[HEAT_1]) == 4


def test_an_unknown_meter_is_replayed_once_it_is_registered(database: Database) -> None:
    with writing(database) as tx:
        receipt = deliver(
            tx,
            gj("H9", JANUARY, "1.5"),
            gj("H9", JANUARY + timedelta(hours=1), "1.6"),
            quarters("H9", JANUARY, [3], unit="Wh"),
        )
        letters = list_telegrams(tx)
    with pytest.raises(BadInput, match="not registered"), writing(database) as tx:
        replay_telegram(tx, letters[0].id)
    with writing(database) as tx:
        register_meters(tx, [Meter("H9", MeterKind.HEAT, "C9", INSTALLED)])
        for letter in letters:
            replay_telegram(tx, letter.id)
        assert list_telegrams(tx) == []
        ours = delivery.c.community == tx.community
        rows = tx.execute(select(delivery.c.format, delivery.c.adopts).where(ours).order_by(delivery.c.number)).all()
    assert [tuple(row) for row in rows] == [("p1", None), *[("replay", receipt.delivery_id)] * len(letters)]
    assert list(latest_values(database)["H9", "heat", "stand"].values()) == [(1_500_000_000, 1), (1_600_000_000, 1)]


def test_a_reading_that_our_own_clock_called_future_is_taken_in_once_the_clock_is_right(database: Database) -> None:
    told = gj("H1", JANUARY + timedelta(hours=4), "1.5"), quarters("E1", JANUARY + timedelta(hours=4), [3])
    with writing(database) as tx:
        deliver(tx, *told, received_at=JANUARY)
        letters = list_telegrams(tx)
    assert {letter.code for letter in letters} == {"future"}
    set_clock(database, JANUARY + timedelta(hours=3))
    with pytest.raises(BadInput, match="lies after it was received"), writing(database) as tx:
        replay_telegram(tx, letters[0].id)
    set_clock(database, JANUARY + timedelta(hours=5))
    with writing(database) as tx:
        assert [replay_telegram(tx, letter.id).values for letter in letters] == [1, 1]
    assert latest_values(database).keys() == {HEAT_1, POWER_1}


def test_a_replay_into_a_closed_period_marks_it_late(database: Database) -> None:
    with writing(database) as tx:
        for i in (1, 2, 3):
            deliver(tx, gj(f"H{i}", MARCH.start_at, "1"), gj(f"H{i}", MARCH.end_at, "2"))
        deliver(tx, gj("H9", MARCH.start_at, "1"), gj("H9", MARCH.end_at, "3"))
        close_period(tx, MARCH)
        register_meters(tx, [Meter("H9", MeterKind.HEAT, "C1", INSTALLED)])
        [letter] = list_telegrams(tx)
        replay_telegram(tx, letter.id)
        assert {(late.period_start, late.revision) for late in periods.list_late(tx)} == {(MARCH.start, 1)}


def test_a_letter_is_replayed_or_discarded_once(database: Database) -> None:
    with writing(database) as tx:
        deliver(tx, gj("H9", JANUARY, "1"))
        [letter] = list_telegrams(tx)
        discard_telegram(tx, letter.id)
    with pytest.raises(CoopError, match="nothing open is parked"), writing(database) as tx:
        discard_telegram(tx, letter.id)
    with pytest.raises(CoopError, match="nothing open is parked"), writing(database) as tx:
        replay_telegram(tx, letter.id)


CSV = b"t,e\n2025-01-01T00:00Z,1.5\n2025-01-01T01:00Z,1.75\n"
MAPPING = {"time_column": "t", "meter": "H1", "columns": [{"column": "e", "quantity": "heat", "unit": "GJ"}]}


def test_a_csv_file_goes_in_and_can_be_undone_and_made_again(database: Database) -> None:
    file = decode_delivery("csv", CSV, gateway="board", received_at=LATER, mapping=MAPPING)
    with writing(database) as tx:
        deliver(tx, gj("H1", JANUARY + timedelta(minutes=30), "1.6"))
        done = receive(tx, file)
    before = blocks(database)
    with writing(database) as tx:
        undone = undo_import(tx, done.delivery_id)
        again = undo_import(tx, done.delivery_id)
    assert [value for value, _ in latest_values(database)[HEAT_1].values()] == [1_600_000_000]
    assert (undone.observations, again.duplicate, blocks(database)) == (1, True, before + 1)
    with writing(database) as tx:
        redone = receive(tx, file)
    assert not redone.duplicate
    assert len(latest_values(database)[HEAT_1]) == 3


def test_undoing_a_file_leaves_what_came_later(database: Database) -> None:
    file = decode_delivery("csv", CSV, gateway="board", received_at=LATER, mapping=MAPPING)
    with writing(database) as tx:
        done = receive(tx, file)
        deliver(tx, gj("H1", JANUARY, "1.4", Quality.CORRECTED), received_at=LATER + timedelta(hours=1))
        undo_import(tx, done.delivery_id)
    assert latest_values(database)[HEAT_1] == {1735689600: (1_400_000_000, Quality.CORRECTED)}


def test_a_csv_file_with_one_bad_reading_leaves_nothing(database: Database) -> None:
    file = decode_delivery("csv", CSV, gateway="board", received_at=LATER, mapping={**MAPPING, "meter": "H9"})
    with pytest.raises(BadInput) as refused, writing(database) as tx:
        receive(tx, file)
    assert [problem.line for problem in refused.value.problems] == [2, 3]
    assert blocks(database) == 0


def test_a_look_before_an_import_says_the_same_and_keeps_nothing(database: Database) -> None:
    file = decode_delivery("csv", CSV, gateway="board", received_at=LATER, mapping=MAPPING)
    with writing(database) as tx:
        receipt = preview(tx, file)
    assert (receipt.values, receipt.observations, blocks(database)) == (2, 1, 0)


def test_an_exchange_ends_one_meter_and_starts_the_next(database: Database) -> None:
    noon = at("2025-03-10T12:00")
    stands = ({Quantity.HEAT: Decimal(5_000_000_000)}, {Quantity.HEAT: Decimal(0)})
    for _ in range(2):  # a repeat changes nothing
        with writing(database) as tx:
            exchange_meter(tx, "H1", "H1B", noon, *stands, HEAT_MAX)
    found = latest_values(database)
    assert found[HEAT_1] == {1741608000: (5_000_000_000, 1)}
    assert found["H1B", "heat", "stand"] == {1741608000: (0, 1)}
    with writing(database) as tx:
        assert deliver(tx, gj("H1", noon + timedelta(hours=1), "5.1")).problems


def test_a_meter_that_is_there_otherwise_is_refused_with_its_line(database: Database) -> None:
    meters = [
        Meter("N1", MeterKind.HEAT, "C1", INSTALLED),
        Meter("H1", MeterKind.HEAT, "C2", INSTALLED, None, HEAT_MAX),
    ]
    with pytest.raises(BadInput, match="line 2, H1: is registered already"), writing(database) as tx:
        register_meters(tx, meters)


READING = st.tuples(st.integers(0, 11), st.integers(0, 400), st.sampled_from([1, 2, 3, 4]))


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.data())
def test_any_split_order_and_repetition_of_deliveries_gives_the_same_latest_values(
    one_database: Database, data: st.DataObject
) -> None:
    told = data.draw(st.lists(READING, min_size=1, max_size=8, unique_by=lambda one: (one[0], one[2])))
    repeated = [*data.draw(st.permutations(told)), *data.draw(st.lists(st.sampled_from(told), max_size=4))]
    size = data.draw(st.integers(1, 4))
    batches = [repeated[start : start + size] for start in range(0, len(repeated), size)]
    assert outcome(one_database, batches) == outcome(one_database, [[one] for one in told])


def outcome(database: Database, batches: list[list[tuple[int, int, int]]]) -> object:
    """What now counts after these batches of (quarter, value, quality), in a co-operative of its own."""
    community = str(uuid.uuid4())
    with writing(database, community) as tx:
        found(tx)
        for batch in batches:
            series = [quarters("E1", JANUARY + timedelta(minutes=15 * i), [v], quality=[q]) for i, v, q in batch]
            deliver(tx, *series)
    return latest_values(database, community)
