from datetime import UTC, date, datetime, timedelta

from coop.demo.community import community
from coop.demo.faults import IMPOSSIBLE_STAND, UNKNOWN_SERIAL, Fault, FaultKind, faults
from coop.demo.plan import DemoPlan
from coop.demo.stream import Delivery
from coop.demo.telegrams import instant
from coop.values import midnight
from tests.demo.reader import Column, HeatStand, P1Telegram


def of_kind(plan: DemoPlan, kind: FaultKind) -> list[Fault]:
    found = [fault for fault in faults(plan) if fault.kind is kind]
    assert found
    return found


def test_the_smallest_community_has_a_fault_of_every_kind() -> None:
    assert {fault.kind for fault in faults(DemoPlan(4))} == set(FaultKind)


def test_a_larger_community_keeps_the_faults_of_a_smaller_one() -> None:
    small, large = faults(DemoPlan(60)), faults(DemoPlan(120))
    assert set(small) < set(large)
    assert small == tuple(sorted(small, key=lambda fault: fault.start))


def test_a_silent_meter_says_nothing_also_over_the_end_of_a_month(plan: DemoPlan, stands: list[HeatStand]) -> None:
    silent = of_kind(plan, FaultKind.SILENT_DAYS)
    for fault in silent:
        assert not [s for s in stands if s.serial == fault.where and fault.start <= s.at < fault.end]
        assert [s for s in stands if s.serial == fault.where and s.at == fault.end]
    assert any(f.start.month != f.end.month for f in silent)


def test_missing_quarter_hours_are_null(plan: DemoPlan, columns: list[Column]) -> None:
    nulls = {
        (column.meter, column.start + i * timedelta(minutes=15))
        for column in columns
        for i, value in enumerate(column.values)
        if value is None
    }
    expected = set()
    for fault in of_kind(plan, FaultKind.MISSING_QUARTERS):
        at = fault.start
        while at < fault.end:
            expected.add((fault.where, at))
            at += timedelta(minutes=15)
    assert nulls == expected


def test_a_duplicate_is_the_same_bytes_again(plan: DemoPlan, year: list[Delivery]) -> None:
    for fault in of_kind(plan, FaultKind.DUPLICATE):
        (second,) = [d for d in year if d.gateway == fault.where and d.received_at == fault.received_at]
        assert [d.body for d in year if d.gateway == fault.where].count(second.body) == 2


def test_a_late_delivery_is_missing_on_its_day_and_comes_later(plan: DemoPlan, year: list[Delivery]) -> None:
    for fault in of_kind(plan, FaultKind.LATE):
        assert fault.received_at is not None
        assert fault.received_at - fault.end > timedelta(days=3)
        about = instant(fault.start).encode()
        (only,) = [d for d in year if d.gateway == fault.where and about in d.body]
        assert only.received_at == fault.received_at


def test_a_corrected_day_comes_again_with_other_values(plan: DemoPlan, columns: list[Column]) -> None:
    corrections = of_kind(plan, FaultKind.CORRECTED)
    for fault in corrections:
        imports = (c for c in columns if c.meter == fault.where and c.quantity == "electricity_import")
        first, second = [column for column in imports if column.start == fault.start]
        assert first.delivery.received_at < second.delivery.received_at == fault.received_at
        assert first.quality is None
        assert second.quality is None, "a head-end measures anew; what it calls corrected is refused"
        assert first.values == [(value or 0) // 2 + 40 for value in second.values]
    # Some come when their month is over.
    assert any(fault.received_at and fault.received_at.month > fault.start.month for fault in corrections)


def test_an_exchange_shows_the_end_of_the_old_and_the_start_of_the_new_meter(
    plan: DemoPlan, stands: list[HeatStand]
) -> None:
    (fault,) = of_kind(plan, FaultKind.EXCHANGE)
    old, new = [meter for meter in community(plan).meters if meter.kind == "heat" and meter.connection_number == 1]
    assert (old.serial, old.removed_at) == (fault.where, new.installed_at)
    last = max((s for s in stands if s.serial == old.serial), key=lambda s: s.at)
    first = min((s for s in stands if s.serial == new.serial), key=lambda s: s.at)
    assert last.at == first.at == fault.start
    assert first.heat_j == new.start_stand * new.resolution_j < last.heat_j


def test_a_reset_register_starts_again_at_zero_after_midnight(plan: DemoPlan, stands: list[HeatStand]) -> None:
    (fault,) = of_kind(plan, FaultKind.RESET)
    by_time = {s.at: s.heat_j for s in stands if s.serial == fault.where}
    before, at, after = (by_time[fault.start + timedelta(days=i)] for i in (-1, 0, 1))
    assert before <= at
    assert 0 <= after < 10**9 < at


def test_a_register_rolls_over_within_the_year(plan: DemoPlan, stands: list[HeatStand]) -> None:
    (fault,) = of_kind(plan, FaultKind.ROLLOVER)
    found = [s.heat_j for s in stands if s.serial == fault.where and s.at < midnight(date(2026, 1, 1))]
    assert max(found) > 9_990 * 10**9
    assert 0 < found[-1] < 100 * 10**9


def test_one_telegram_has_a_wrong_checksum(plan: DemoPlan, telegrams: list[P1Telegram]) -> None:
    broken = [telegram.delivery for telegram in telegrams if telegram.content is None]
    times = {fault.start for fault in of_kind(plan, FaultKind.WRONG_CHECKSUM)}
    assert len(broken) == len(times)
    assert all(any(abs(d.received_at - at) < timedelta(hours=1) for at in times) for d in broken)


def test_a_stranger_speaks_once(stands: list[HeatStand]) -> None:
    (stranger,) = [stand for stand in stands if stand.serial == UNKNOWN_SERIAL]
    assert stranger.at == datetime(2025, 4, 21, 22, tzinfo=UTC)


def test_an_impossible_stand_stands_alone(plan: DemoPlan, stands: list[HeatStand]) -> None:
    (fault,) = of_kind(plan, FaultKind.IMPOSSIBLE_VALUE)
    by_time = {s.at: s.heat_j for s in stands if s.serial == fault.where}
    resolution_j = next(m.resolution_j for m in community(plan).meters if m.serial == fault.where)
    assert by_time[fault.start] == IMPOSSIBLE_STAND * resolution_j
    assert by_time[fault.start - timedelta(days=1)] <= by_time[fault.start + timedelta(days=1)] < 10**12


def test_a_telegram_from_the_future_arrives_now(plan: DemoPlan, stands: list[HeatStand]) -> None:
    (fault,) = of_kind(plan, FaultKind.FUTURE)
    (ahead,) = [stand for stand in stands if stand.at > stand.received_at]
    assert ahead.serial == fault.where
    assert ahead.at - ahead.received_at > timedelta(days=700)


def test_every_fault_says_where_and_what_is_true() -> None:
    plan = DemoPlan(100)
    meters = {meter.serial for meter in community(plan).meters}
    gateways = {meter.gateway for meter in community(plan).meters}
    for fault in faults(plan):
        assert fault.start < fault.end
        assert fault.truth.endswith(".")
        assert fault.where in meters | gateways | {UNKNOWN_SERIAL}
