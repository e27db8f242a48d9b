import hashlib
import itertools
from collections import defaultdict
from collections.abc import Iterable
from datetime import UTC, date, datetime, timedelta

import pytest

from coop.demo.community import community
from coop.demo.plan import DemoPlan
from coop.demo.stream import Delivery, complete_by, deliveries, live
from coop.demo.truth import truth
from coop.values import AMSTERDAM, Period, midnight
from tests.demo.reader import Column, HeatStand, P1Telegram, head_end_columns, heat_stands, p1_telegrams


def digest(found: Iterable[Delivery]) -> str:
    """One hash over everything that a delivery is."""
    total = hashlib.sha256()
    for delivery in found:
        head = f"{delivery.format} {delivery.gateway} {delivery.received_at.isoformat()} "
        total.update(head.encode() + delivery.body)
    return total.hexdigest()


def test_the_same_seed_gives_the_same_bytes_and_another_seed_others() -> None:
    def january(seed: int) -> str:
        return digest(deliveries(DemoPlan(12, seed), date(2025, 1, 1), date(2025, 2, 1)))

    assert january(5) == january(5) != january(6)


def test_months_one_by_one_are_the_same_as_together(plan: DemoPlan, year: list[Delivery]) -> None:
    bounds = [date(2025, 1, 1), date(2025, 3, 1), date(2025, 6, 5), date(2025, 8, 9), complete_by(plan)]
    parts = [list(deliveries(plan, start, end)) for start, end in itertools.pairwise(bounds)]
    assert digest(itertools.chain(*parts)) == digest(year)


def test_a_member_says_the_same_in_a_larger_community(plan: DemoPlan, year: list[Delivery]) -> None:
    larger = list(deliveries(DemoPlan(16), date(2025, 1, 1), date(2025, 3, 1)))
    before = midnight(date(2025, 3, 1))
    serials = {meter.serial for meter in community(plan).meters if meter.kind == "heat"}
    eans = {connection.ean for connection in community(plan).connections}
    small = [delivery for delivery in year if delivery.received_at < before]

    def stands(found: list[Delivery]) -> set[tuple[str, datetime, int]]:
        read = heat_stands(found, p1_telegrams(found))
        return {(stand.serial, stand.at, stand.heat_j) for stand in read if stand.serial in serials}

    def quarters(found: list[Delivery]) -> list[str]:
        read = (column for column in head_end_columns(found) if column.meter in eans)
        return sorted(f"{c.meter} {c.quantity} {c.start} {c.values}" for c in read)

    assert stands(small) == stands(larger)
    assert quarters(small) == quarters(larger)


def test_deliveries_come_in_the_order_of_time_and_within_what_was_asked(year: list[Delivery]) -> None:
    times = [delivery.received_at for delivery in year]
    assert times == sorted(times)
    assert all(at.tzinfo is UTC for at in times)
    assert midnight(date(2025, 1, 1)) <= times[0]
    assert times[-1] < midnight(date(2026, 1, 21))


def test_every_stand_is_taken_at_civil_midnight_also_when_the_clock_changes(stands: list[HeatStand]) -> None:
    exchange = datetime(2025, 9, 16, 8, tzinfo=UTC)
    days = {stand.at for stand in stands if stand.at != exchange}
    assert {(at.astimezone(AMSTERDAM).hour, at.minute, at.second) for at in days} == {(0, 0, 0)}
    for moment in ("2025-03-29T23:00Z", "2025-03-30T22:00Z", "2025-10-25T22:00Z", "2025-10-26T23:00Z"):
        assert datetime.fromisoformat(moment) in days


def used_j(plan: DemoPlan, read: list[HeatStand]) -> dict[str, int]:
    """Heat per connection from the stands alone, read as a careful reader would."""
    meters = {meter.serial: meter for meter in community(plan).meters if meter.kind == "heat"}
    end = midnight(date(2026, 1, 1))
    stands: dict[str, dict[datetime, int]] = defaultdict(dict)
    for stand in read:
        known = meters.get(stand.serial)
        possible = known and stand.heat_j < known.register_span * known.resolution_j
        if possible and stand.at <= min(stand.received_at, end):
            assert stands[stand.serial].setdefault(stand.at, stand.heat_j) == stand.heat_j
    used: dict[str, int] = defaultdict(int)
    for serial, by_time in stands.items():
        meter = meters[serial]
        highest = meter.register_span * meter.resolution_j
        for (_, before), (_, after) in itertools.pairwise(sorted(by_time.items())):
            step = after - before
            if step < 0:
                # A register near its end went round; any other that falls was reset to 0.
                step = after + (highest - before if before > highest * 99 // 100 else 0)
            used[meter.connection_id or ""] += step
    return used


def test_the_stands_of_the_year_sum_up_to_the_truth(plan: DemoPlan, stands: list[HeatStand]) -> None:
    expected = truth(plan, Period.year(2025)).heat_j
    assert used_j(plan, stands) == expected
    assert all(5 * 10**9 < heat_j < 100 * 10**9 for heat_j in expected.values())


def test_the_truth_of_the_months_is_that_of_the_year(plan: DemoPlan) -> None:
    year = truth(plan, Period.year(2025))
    first = truth(plan, Period(date(2025, 1, 1), date(2025, 7, 20)))
    second = truth(plan, Period(date(2025, 7, 20), date(2026, 1, 1)))
    for key, heat_j in year.heat_j.items():
        assert heat_j == first.heat_j[key] + second.heat_j[key]
        assert year.import_wh[key] == first.import_wh[key] + second.import_wh[key]
    assert year.solar_wh == {key: first.solar_wh[key] + second.solar_wh[key] for key in year.solar_wh}


def test_a_period_before_the_simulation_has_no_truth(plan: DemoPlan) -> None:
    with pytest.raises(ValueError, match="2025"):
        truth(plan, Period.month(2024, 12))


def test_quarter_hours_sum_up_to_the_truth_where_nothing_is_missing(plan: DemoPlan, columns: list[Column]) -> None:
    may = Period.month(2025, 5)
    quarters: dict[tuple[str, str], dict[datetime, int]] = defaultdict(dict)
    for column in columns:
        if column.step_s == 900:
            for i, value in enumerate(column.values):
                quarters[column.meter, column.quantity][column.start + i * timedelta(minutes=15)] = value or 0
    expected = truth(plan, may)
    people = community(plan)

    def total(meter: str, quantity: str) -> int:
        return sum(wh for at, wh in quarters[meter, quantity].items() if may.start_at <= at < may.end_at)

    for connection in people.connections:
        assert total(connection.ean, "electricity_import") == expected.import_wh[connection.id]
        assert total(connection.ean, "electricity_export") == expected.export_wh[connection.id]
    for building in people.buildings:
        assert total(building.roof.meter, "electricity_export") == expected.solar_wh[building.roof.meter]


def test_p1_electricity_stands_agree_with_the_quarter_hours(plan: DemoPlan, telegrams: list[P1Telegram]) -> None:
    connection, may = community(plan).connections[1], Period.month(2025, 5)
    # The serial of the electricity meter carries the number of its connection.
    stands = {
        telegram.content.P1_MESSAGE_TIMESTAMP.value: telegram.content.ELECTRICITY_USED_TARIFF_1.value
        + telegram.content.ELECTRICITY_USED_TARIFF_2.value
        for telegram in telegrams
        if telegram.content is not None and telegram.electricity_serial[5:9] == "0002"
    }
    used_wh = int((stands[may.end_at] - stands[may.start_at]) * 1000)
    assert used_wh == truth(plan, may).import_wh[connection.id]


def test_the_plant_speaks_hourly_and_knows_the_weather(columns: list[Column]) -> None:
    hourly = [column for column in columns if column.step_s == 3600]
    outside = [column for column in hourly if column.quantity == "outside_temperature"]
    assert {len(column.values) for column in hourly} == {24}
    assert {column.unit for column in outside} == {"cdegC"}
    starts = [column.start for column in outside]
    # The day in which the civil year starts, the year, and nineteen days until everything is in.
    assert starts == [datetime(2024, 12, 31, tzinfo=UTC) + timedelta(days=i) for i in range(1 + 365 + 19)]


def test_every_meter_that_speaks_is_in_the_register_but_one(
    plan: DemoPlan, stands: list[HeatStand], columns: list[Column], telegrams: list[P1Telegram]
) -> None:
    known = {meter.serial: meter for meter in community(plan).meters}
    spoken = {stand.serial for stand in stands} | {column.meter for column in columns}
    spoken |= {telegram.electricity_serial for telegram in telegrams if telegram.content is not None}
    assert spoken - set(known) == {"KAM99990001"}
    assert set(known) <= spoken
    assert all(column.quantity in known[column.meter].quantities for column in columns)


def test_live_goes_on_where_the_deliveries_stopped_a_telegram_at_a_time(plan: DemoPlan) -> None:
    start_at = midnight(complete_by(plan) + timedelta(days=1))
    found = list(itertools.takewhile(lambda d: d.received_at < start_at + timedelta(days=3), live(plan, start_at)))
    times = [delivery.received_at for delivery in found]
    assert times == sorted(times)
    assert start_at <= times[0] < start_at + timedelta(hours=1)
    spread = [delivery for delivery in found if delivery.received_at >= start_at + timedelta(hours=7)]
    assert all(delivery.body.count(b"/KWG5") == 1 for delivery in spread if delivery.format == "p1")
    assert all(delivery.body.count(b"\n") == 1 for delivery in spread if delivery.format == "mbus")
    hours = {d.received_at.replace(minute=0, second=0) for d in spread if d.format == "p1"}
    assert len(hours) == 65
    hourly = [column for column in head_end_columns(found) if column.quantity == "outside_temperature"]
    assert [len(column.values) for column in hourly[:3]] == [24, 1, 1]
    assert hourly[0].start + timedelta(days=1) == hourly[1].start == datetime(2026, 1, 22, tzinfo=UTC)
    middle = len(found) * 2 // 3
    again = list(itertools.islice(live(plan, found[middle].received_at), len(found) - middle))
    assert digest(again) == digest(found[middle:])


def test_live_says_both_hours_of_the_autumn_night(plan: DemoPlan) -> None:
    start_at = datetime(2025, 10, 25, 23, 30, tzinfo=UTC)
    night = itertools.takewhile(lambda d: d.received_at < start_at + timedelta(hours=4), live(plan, start_at))
    text = b"".join(delivery.body for delivery in night if delivery.format == "p1").decode()
    assert "0-0:1.0.0(251026020000S)" in text
    assert "0-0:1.0.0(251026020000W)" in text
