"""The log of readings: nothing said is lost, whatever is repeated, taken back, adopted or sealed."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import func, select
from sqlalchemy.exc import DBAPIError

from coop.kit.actor import Actor
from coop.kit.database import Database
from coop.kit.jobs import Work
from coop.kit.tx import Tx
from coop.metering.intake.parking import list_telegrams, replay_telegram
from coop.metering.intake.receive import decode_delivery, receive, undo_import
from coop.metering.intake.withdrawals import answer_withdrawal, list_withdrawals, propose_withdrawal
from coop.metering.jobs import seal_past_days
from coop.metering.model import Decoded, Delivery, Meter, MeterKind, Quality, Series, Stand
from coop.metering.periods import store as periods
from coop.metering.periods.close import close_period
from coop.metering.provenance.verify import verify_measurement
from coop.metering.readings import arrivals, log, sealing
from coop.metering.readings import store as readings
from coop.metering.readings.observations import Entries
from coop.metering.register import store as register
from coop.metering.register.commands import register_meters
from coop.metering.tables import block, delivery
from coop.values import BadInput, CoopError, NotFound
from tests.metering.homes import (
    COMMUNITY,
    INSTALLED,
    LATER,
    NOW,
    Killed,
    at,
    deliver,
    gj,
    killed,
    latest_values,
    quarters,
    writing,
)
from tests.metering.test_closing import MARCH

HEAT_1, POWER_1 = ("H1", "heat", "stand"), ("E1", "electricity_import", "interval")
JANUARY = at("2025-01-01T00:00")
DAY = readings.day_number(JANUARY)
TREASURER = Actor("account", "treasurer", "web")


def import_file(tx: Tx, name: str, *stands: Stand) -> str:
    """Import a file of readings; returns its delivery."""
    file = Delivery("csv", "board", LATER, name.encode(), Decoded(list(stands), []))
    return receive(tx, file).delivery_id


def seal(database: Database) -> str:
    return seal_past_days(Work(database, COMMUNITY, NOW, "seal-days"))


def register_of(tx: Tx, serial: str) -> str:
    return next(one.id for one in register.list_registers(tx) if one.serial == serial)


def count_blocks(database: Database) -> int:
    with database.read(COMMUNITY) as tx:
        ours = block.c.community == tx.community
        return tx.scalar(select(func.count()).select_from(block).where(ours)) or 0


@pytest.mark.parametrize("sealed", [False, True])
def test_undoing_an_import_keeps_what_a_telegram_said_as_well(database: Database, sealed: bool) -> None:
    with writing(database) as tx:
        imported = import_file(tx, "1", gj("H1", JANUARY, "10"), gj("H1", JANUARY + timedelta(hours=1), "14.5"))
        deliver(tx, gj("H1", JANUARY + timedelta(hours=1), "14.5"), received_at=LATER + timedelta(hours=1))
    if sealed:
        assert seal(database) == "1 day of a register packed"
    with writing(database) as tx:
        undo_import(tx, imported)
    assert latest_values(database)[HEAT_1] == {1735693200: (14_500_000_000, Quality.MEASURED)}


def test_undoing_an_import_gives_back_what_it_had_replaced(database: Database) -> None:
    with writing(database) as tx:
        wrong = import_file(tx, "1", gj("H1", JANUARY, "14.9"))
        deliver(tx, gj("H1", JANUARY, "14.5"), received_at=LATER - timedelta(hours=1))
    assert latest_values(database)[HEAT_1] == {1735689600: (14_900_000_000, Quality.MEASURED)}
    with writing(database) as tx:
        undo_import(tx, wrong)
    assert latest_values(database)[HEAT_1] == {1735689600: (14_500_000_000, Quality.MEASURED)}


@pytest.mark.parametrize("order", ["ABC", "ACB", "BAC", "BCA", "CAB", "CBA"])
def test_a_value_that_is_sent_again_last_stands_in_every_order_of_arrival(one_database: Database, order: str) -> None:
    received = {"A": ([100], 0), "B": ([140], 1), "C": ([100, 7], 2)}
    with writing(one_database) as tx:
        for name in order:
            values, days = received[name]
            deliver(tx, quarters("E1", JANUARY, values), received_at=LATER + timedelta(days=days))
    assert list(latest_values(one_database)[POWER_1].values()) == [(100, 1), (7, 1)]


def test_what_is_adopted_late_takes_the_place_that_its_receipt_gives_it(database: Database) -> None:
    with writing(database) as tx:
        deliver(tx, quarters("E9", JANUARY, [140]), received_at=LATER + timedelta(days=1))
        register_meters(tx, [Meter("E9", MeterKind.ELECTRICITY, "C1", INSTALLED)])
        deliver(tx, quarters("E9", JANUARY, [100]), received_at=LATER)
        deliver(tx, quarters("E9", JANUARY, [100, 7]), received_at=LATER + timedelta(days=2))
        [letter] = list_telegrams(tx)
        replay_telegram(tx, letter.id)
    values = latest_values(database)["E9", "electricity_import", "interval"]
    assert [value for value, _ in values.values()] == [100, 7]


def test_a_reading_that_changes_nothing_leaves_a_closed_period_alone(database: Database) -> None:
    with writing(database) as tx:
        for i in (1, 2, 3):
            deliver(tx, gj(f"H{i}", MARCH.start_at, "1"), gj(f"H{i}", MARCH.end_at, "2"))
        close_period(tx, MARCH)
        deliver(tx, gj("H1", MARCH.end_at, "2.00"), received_at=LATER + timedelta(days=1))
        assert periods.list_late(tx) == []
        deliver(tx, gj("H1", MARCH.end_at, "2.01"), received_at=LATER + timedelta(days=2))
        assert [late.day for late in periods.list_late(tx)] == [readings.day_number(MARCH.end_at)]


def test_a_day_is_asked_for_as_it_was_known_at_a_delivery_and_at_an_instant(database: Database) -> None:
    with writing(database) as tx:
        deliver(tx, quarters("E1", JANUARY, [1, 2]))
        deliver(tx, quarters("E1", JANUARY, [9], quality=[Quality.CORRECTED]), received_at=LATER + timedelta(days=1))
        deliver(tx, quarters("E1", JANUARY, [5, 5, 5]), received_at=LATER - timedelta(days=1))
        one = register_of(tx, "E1")

        def ask(known: int | None) -> list[int]:
            stored = readings.latest(tx, [one], [DAY], known)
            return stored[one, DAY].content.values.tolist() if stored else []

        asked = [ask(known) for known in (0, 1, 2, 3, None)]
        sealing.seal_days(tx, {(one, DAY)})
        assert [ask(known) for known in (0, 1, 2, 3, None)] == asked
        assert arrivals.number_at(tx, tx.now) == 3
        assert arrivals.number_at(tx, tx.now - timedelta(seconds=1)) == 0
    assert asked == [[], [1, 2], [9, 2], [9, 2, 5], [9, 2, 5]]


def test_a_sealed_day_stands_as_before_and_keeps_what_each_delivery_said(database: Database) -> None:
    with writing(database) as tx:
        for i in range(20):
            series: Series = quarters("E1", JANUARY + timedelta(minutes=15 * i), [i, 500 + i])
            deliver(tx, series, gj("H1", JANUARY + timedelta(minutes=15 * i), f"1.{i:02}"))
        ids = [register_of(tx, serial) for serial in ("E1", "H1")]
        before = [readings.read_history(tx, one, DAY) for one in ids]
    values = latest_values(database)
    assert (count_blocks(database), seal(database), count_blocks(database)) == (
        40,
        "2 days of registers packed",
        2,
    )
    assert seal(database) == "0 days of registers packed"
    assert latest_values(database) == values
    with writing(database) as tx:
        for one, was in zip(ids, before, strict=True):
            now = readings.read_history(tx, one, DAY)
            assert now.entries.table.tolist() == was.entries.table.tolist()
            assert now.fold.sha256() == was.fold.sha256()
        deliver(tx, gj("H1", JANUARY, "0.99"), received_at=LATER + timedelta(days=1))
        deliver(tx, gj("H1", JANUARY + timedelta(minutes=15), "0.5"), received_at=LATER - timedelta(days=1))
    assert list(latest_values(database)[HEAT_1].values())[:2] == [(990_000_000, 1), (1_010_000_000, 1)]
    assert seal(database) == "1 day of a register packed"
    assert list(latest_values(database)[HEAT_1].values())[:2] == [(990_000_000, 1), (1_010_000_000, 1)]


def test_many_small_deliveries_of_a_day_are_sealed_before_it_is_over(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sealing, "PILE_MAX", 4)
    with writing(database) as tx:
        for i in range(90):
            deliver(tx, gj("H1", JANUARY + timedelta(seconds=10 * i), f"1.{i:02}"))
    assert count_blocks(database) < 60
    assert [value for value, _ in latest_values(database)[HEAT_1].values()] == [
        1_000_000_000 + 10_000_000 * i for i in range(90)
    ]


def test_only_what_a_sealed_block_holds_may_go(database: Database) -> None:
    with writing(database) as tx:
        for i in range(3):
            deliver(tx, quarters("E1", JANUARY, [i, i, i]), received_at=LATER + timedelta(hours=i))
        one = register_of(tx, "E1")
        parts = log.load_blocks(tx, {DAY: [one]})[one, DAY]
        sources = readings.sources_of(tx, [1, 2, 3])
        sealed = log.write_block(tx.community, (one, DAY), log.read_blocks(parts), sources, is_sealed=True)
        less = log.write_block(tx.community, (one, DAY), log.read_blocks(parts[::2]), sources, is_sealed=True)
        altered = log.write_block(
            tx.community,
            (one, DAY),
            log.read_blocks([*parts[:2], less]).take(slice(1, None)),
            sources,
            is_sealed=True,
        )
    for false in (less, altered, sealed._replace(digest=(sealed.digest + 1) % 2**48), sealed._replace(parts=4)):
        with pytest.raises(DBAPIError, match="holds what its parts hold"), writing(database) as tx:
            sealing.replace_parts(tx, false)
    with writing(database) as tx:
        sealing.replace_parts(tx, sealed)
    assert count_blocks(database) == 1
    with pytest.raises(DBAPIError, match="nothing comes in beneath"), writing(database) as tx:
        tx.insert_rows(block, [parts[0]])
    for statement in (block.delete(), block.update().values(parts=9), delivery.delete()):
        with pytest.raises(DBAPIError, match="only added"), database.system_write() as sql:
            sql.execute(statement)


def test_a_seal_that_would_say_something_else_is_refused(
    one_database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    with writing(one_database) as tx:
        deliver(tx, quarters("E1", JANUARY, [1, 2]))
        deliver(tx, quarters("E1", JANUARY, [3]), received_at=LATER + timedelta(hours=1))
    write_block = log.write_block

    def forget(community: str, key: log.RegisterDay, entries: Entries, *rest: object, **how: object) -> log.Block:
        return write_block(community, key, entries.take(slice(1, None)), *rest, **how)  # type: ignore[arg-type]

    monkeypatch.setattr(sealing, "write_block", forget)
    with pytest.raises(CoopError, match="would change what was said"):
        seal(one_database)
    assert count_blocks(one_database) == 2


def test_a_false_reading_is_withdrawn_by_two_people_and_what_else_was_said_stands(database: Database) -> None:
    noon = MARCH.start_at + timedelta(days=10)
    with writing(database) as tx:
        for i in (1, 2, 3):
            deliver(tx, gj(f"H{i}", MARCH.start_at, "1"), gj(f"H{i}", MARCH.end_at, "2"))
        deliver(tx, gj("H1", MARCH.end_at, "900"), received_at=LATER + timedelta(hours=1))
        deliver(tx, gj("H1", noon, "1.5"))
        one = register_of(tx, "H1")
        at_s = readings.seconds(MARCH.end_at)
        proposal = propose_withdrawal(tx, one, at_s, "typed wrongly")
        with pytest.raises(CoopError, match="somebody else confirms"):
            answer_withdrawal(tx, proposal.id, confirmed=True)
    assert latest_values(database)[HEAT_1][at_s] == (900_000_000_000, 1)
    with database.write(COMMUNITY, TREASURER) as tx:
        answer_withdrawal(tx, proposal.id, confirmed=True)
        answer_withdrawal(tx, proposal.id, confirmed=True)
    assert latest_values(database)[HEAT_1][at_s] == (2_000_000_000, 1)
    with writing(database) as tx:
        deliver(tx, gj("H1", MARCH.end_at, "900.0"), received_at=LATER + timedelta(days=1))
        assert [(told.value, told.reason, answer is not None) for told, answer in list_withdrawals(tx, one)] == [
            (900_000_000_000, "typed wrongly", True)
        ]
    assert latest_values(database)[HEAT_1][at_s] == (2_000_000_000, 1)
    assert seal(database) != ""
    assert latest_values(database)[HEAT_1][at_s] == (2_000_000_000, 1)


def test_a_withdrawal_marks_the_closed_period_and_leaves_nothing_where_nothing_else_was_said(
    database: Database,
) -> None:
    with writing(database) as tx:
        for i in (1, 2, 3):
            deliver(tx, gj(f"H{i}", MARCH.start_at, "1"), gj(f"H{i}", MARCH.end_at, "2"))
        deliver(tx, gj("H1", MARCH.start_at + timedelta(days=10), "1.7"))
        close_period(tx, MARCH)
        at_s = readings.seconds(MARCH.start_at + timedelta(days=10))
        proposal = propose_withdrawal(tx, register_of(tx, "H1"), at_s, "read at another meter")
    with database.write(COMMUNITY, TREASURER) as tx:
        answer_withdrawal(tx, proposal.id, confirmed=True)
        assert [late.day for late in periods.list_late(tx)] == [at_s // 86_400]
        with pytest.raises(NotFound, match="stands at that moment"):
            propose_withdrawal(tx, proposal.register_id, at_s, "again")
    assert at_s not in latest_values(database)[HEAT_1]


@pytest.mark.parametrize("step", ["write_block", "fold", "replace_parts"])
def test_whoever_is_killed_while_sealing_leaves_the_parts_or_the_whole(
    database: Database, monkeypatch: pytest.MonkeyPatch, step: str
) -> None:
    with writing(database) as tx:
        for i in range(4):
            hour = JANUARY + timedelta(hours=i)
            deliver(tx, gj("H1", hour, f"1.{i}"), quarters("E1", hour, [i, i]))
    values = latest_values(database)
    whole, calls = getattr(sealing, step), 0

    def die_at_the_second(*told: object, **how: object) -> object:
        nonlocal calls
        calls += 1
        done = whole(*told, **how)
        if calls == 2:
            raise Killed
        return done

    monkeypatch.setattr(sealing, step, die_at_the_second)
    with pytest.raises(Killed):
        seal(database)
    monkeypatch.undo()
    assert (count_blocks(database), latest_values(database)) == (8, values)
    assert (seal(database), count_blocks(database)) == ("2 days of registers packed", 2)
    with killed(database) as tx:
        deliver(tx, gj("H1", JANUARY, "9"))
        sealing.seal_days(tx, {(register_of(tx, "H1"), DAY)})
    assert (count_blocks(database), latest_values(database)) == (2, values)


def csv_of(tx: Tx, at_text: str, gj_text: str) -> object:
    """Import a file that is finer than a telegram; returns its receipt."""
    body = f"t,e\n{at_text},{gj_text}\n".encode()
    column = {"column": "e", "quantity": "heat", "unit": "GJ", "exponent": -6}
    mapping = {"time_column": "t", "meter": "H1", "columns": [column]}
    return receive(tx, decode_delivery("csv", body, gateway="board", received_at=LATER, mapping=mapping))


def test_a_file_that_is_finer_than_the_telegram_before_it_refines_its_register(database: Database) -> None:
    with writing(database) as tx:
        for i in (1, 2, 3):
            deliver(tx, gj(f"H{i}", MARCH.start_at, "1.25"), gj(f"H{i}", MARCH.end_at, "2"))
        close_period(tx, MARCH)
        told = {one.connection_id: one for one in periods.list_measurements(tx, MARCH)}["C1"]
        assert verify_measurement(tx, told.id) == []
    with writing(database) as tx:
        csv_of(tx, "2025-04-20T00:00Z", "2.12345678912345")
        one = register.find_register(tx, register_of(tx, "H1"))
        assert one is not None
        unit = 10**-one.exponent
        assert (one.exponent, one in register.list_registers(tx)) == (-6, True)
        deliver(tx, gj("H1", at("2025-04-21T00:00"), "2.5"))
        assert verify_measurement(tx, told.id) == []
    values = sorted(latest_values(database)[HEAT_1].values())
    assert [value for value, _ in values] == [
        1_250_000_000 * unit,
        2_000_000_000 * unit,
        2_123_456_789_123_450,
        2_500_000_000 * unit,
    ]
    seal(database)
    assert sorted(latest_values(database)[HEAT_1].values()) == values


def test_a_finer_file_is_refused_where_what_the_register_said_does_not_fit_it(one_database: Database) -> None:
    with writing(one_database) as tx:
        deliver(tx, gj("H1", JANUARY, "9999"))
    with pytest.raises(BadInput, match="not a whole number"), writing(one_database) as tx:
        csv_of(tx, "2025-04-20T00:00Z", "1.123456789123456")
    assert list(latest_values(one_database)[HEAT_1].values()) == [(9_999_000_000_000, 1)]


@pytest.mark.parametrize("turned", [False, True])
def test_quarter_hours_and_hours_of_one_day_stand_beside_each_other(database: Database, turned: bool) -> None:
    hours = quarters("E1", JANUARY, [10, 402, 7], step_s=3600)
    fine = quarters("E1", JANUARY + timedelta(hours=1), [100, 100, 100, 100, 3])
    with writing(database) as tx:
        for i, told in enumerate([fine, hours] if turned else [hours, fine]):
            deliver(tx, told, received_at=LATER + timedelta(hours=i))
    values = [(value, quality) for value, quality in latest_values(database)[POWER_1].values()]
    # The first hour is divided, the second one stands as it was told finer, the third is what is left of it; the parts
    # of a measured hour add up to it, and are no estimate.
    assert values == [
        *[(3, 1), (3, 1), (2, 1), (2, 1)],
        *[(100, 1)] * 4,
        *[(3, 1), (2, 1), (1, 1), (1, 1)],
    ]
    seal(database)
    assert [(value, quality) for value, quality in latest_values(database)[POWER_1].values()] == values
    with writing(database) as tx:
        deliver(tx, quarters("E1", JANUARY, [60], step_s=3600, quality=[4]), received_at=LATER + timedelta(days=1))
    assert [value for value, _ in latest_values(database)[POWER_1].values()][:5] == [15, 15, 15, 15, 100]
