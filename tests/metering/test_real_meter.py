"""A real heat meter and ten real M-Bus frames through the same doors as everything else."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path

from coop.kit.database import Database
from coop.metering.intake.parking import list_telegrams, replay_telegram
from coop.metering.intake.receive import decode_delivery, receive
from coop.metering.model import Meter, MeterKind, Quantity, Shape, register_id
from coop.metering.periods import store as periods
from coop.metering.provenance.verify import verify_measurement
from coop.metering.readings import store as readings
from coop.metering.register.commands import register_meters
from coop.metering.register.store import find_register
from coop.values import Period
from tests.metering.formats.conftest import shared_data as shared_data
from tests.metering.homes import COMMUNITY, close_anyway, occupy, writing

ARRIVED = datetime(2021, 1, 2, tzinfo=UTC)
MAPPING = {
    "time_column": "time_rounded",
    "meter_column": "meter_id",
    "columns": [
        {"column": "energy_heat_kwh", "quantity": "heat", "unit": "kWh", "exponent": -6},
        {"column": "volume_flow_m3", "quantity": "volume", "unit": "m3", "exponent": -9},
    ],
}


def test_the_danish_meter_comes_out_exact_in_the_store_and_in_its_months(
    one_database: Database, shared_data: Callable[[str], Path]
) -> None:
    body = shared_data("heat_meter_dk_660_hourly.csv").read_bytes()
    lines = body.decode().splitlines()[1:]
    kwh = {datetime.fromisoformat(line.split(",")[2]): Decimal(line.split(",")[3]) for line in lines}
    first_at, last_at = min(kwh), max(kwh)
    whole_j = (kwh[last_at] - kwh[first_at]) * 3_600_000
    file = decode_delivery("csv", body, gateway="board", received_at=ARRIVED, mapping=MAPPING)
    with writing(one_database) as tx:
        register_meters(tx, [Meter("660", MeterKind.HEAT, "DK", datetime(2018, 1, 1, tzinfo=UTC))])
        occupy(tx, "DK", "M660", date(2018, 1, 1))
        receipt = receive(tx, file)
        identity = register_id(COMMUNITY, "660", Quantity.HEAT, Shape.STAND)
        one = find_register(tx, identity)
        days = range(readings.day_number(first_at), readings.day_number(last_at) + 1)
        stored = readings.latest(tx, [identity], days)
    assert (receipt.values, receipt.problems) == (2 * len(lines), ())
    assert one is not None
    values = [value for day in days for value in stored[identity, day].content.values.tolist()]
    assert len(values) == len(lines)
    assert Decimal(values[-1] - values[0]).scaleb(one.exponent) == whole_j
    # The first stand lies at midnight in Amsterdam, the last an hour before it: that hour has no stand at its end.
    total_j = Decimal(0)
    with writing(one_database) as tx:
        for month in Period(date(2018, 1, 3), date(2021, 1, 1)).months():
            close_anyway(tx, month)
            [row] = [row for row in periods.list_measurements(tx, month) if row.member_id == "M660"]
            assert row.estimated == (month.end == date(2021, 1, 1))
            assert verify_measurement(tx, row.id) == []
            total_j += row.energy_j
    assert total_j == whole_j


def test_the_frames_of_ten_makers_go_through_the_door(
    one_database: Database, shared_data: Callable[[str], Path]
) -> None:
    frames = sorted(shared_data("mbus").glob("*.hex"))
    assert len(frames) == 10
    now = datetime(2026, 1, 1, tzinfo=UTC)
    with writing(one_database) as tx:
        deliveries = [
            decode_delivery("mbus", b"2025-12-31T12:00:00Z " + frame.read_bytes(), gateway="bus", received_at=now)
            for frame in frames
        ]
        receipts = [receive(tx, delivery) for delivery in deliveries]
        letters = list_telegrams(tx)
        assert not any(receipt.accepted for receipt in receipts)
        assert {letter.code for letter in letters} <= {"unknown-meter", "unreadable"}
        serials = {stand.meter for delivery in deliveries for stand in delivery.decoded.stands}
        # Such meters count whole districts: their registers stand far above a home's.
        meters = [Meter(serial, MeterKind.HEAT, None, datetime(2010, 1, 1, tzinfo=UTC)) for serial in sorted(serials)]
        register_meters(tx, meters)
        for letter in letters:
            if letter.code == "unknown-meter":
                replay_telegram(tx, letter.id)
        for delivery in deliveries:
            for stand in delivery.decoded.stands:
                identity = register_id(COMMUNITY, stand.meter, stand.quantity, Shape.STAND)
                day = readings.day_number(stand.at)
                stored = readings.latest(tx, [identity], [day])[identity, day]
                assert len(stored.content) == 1
    assert len(serials) >= 9
