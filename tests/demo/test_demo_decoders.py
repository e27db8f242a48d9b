"""The simulator's encoders and metering's decoders share no line: here each proves the other, over a whole year."""

from coop.demo.faults import FaultKind, faults
from coop.demo.plan import DemoPlan
from coop.demo.stream import Delivery
from coop.metering.intake.formats import head_end, mbus, p1
from coop.metering.model import Quality, Quantity, to_units
from tests.demo.reader import Column, HeatStand


def test_metering_reads_every_heat_stand_that_the_independent_reader_finds(
    year: list[Delivery], stands: list[HeatStand]
) -> None:
    read = set()
    for delivery in year:
        if delivery.format in ("p1", "mbus"):
            decode = p1.decode if delivery.format == "p1" else mbus.decode
            for stand in decode(delivery.body, received_at=delivery.received_at).stands:
                if stand.quantity is Quantity.HEAT:
                    read.add((stand.meter, stand.at, to_units(stand.value, stand.unit, Quantity.HEAT, 0)))
    expected = {(stand.serial, stand.at, stand.heat_j) for stand in stands}
    assert read == expected


def test_metering_names_only_the_faults_that_the_plan_has(plan: DemoPlan, year: list[Delivery]) -> None:
    formats = {"p1": p1.decode, "mbus": mbus.decode, "head-end": head_end.decode}
    troubled = {
        delivery.received_at.date()
        for delivery in year
        if formats[delivery.format](delivery.body, received_at=delivery.received_at).problems
    }
    # A time in the future is read as it stands; whoever stores it knows the server's clock, and refuses it.
    assert troubled == {f.start.date() for f in faults(plan) if f.kind is FaultKind.WRONG_CHECKSUM}


def test_metering_reads_every_column_with_its_quality(year: list[Delivery], columns: list[Column]) -> None:
    read = [
        (series.meter, series.quantity.value, series.start, series.values.tolist(), series.quality.tolist())
        for delivery in year
        if delivery.format == "head-end"
        for series in head_end.decode(delivery.body, received_at=delivery.received_at).series
    ]
    expected = [
        (
            column.meter,
            column.quantity,
            column.start,
            [value or 0 for value in column.values],
            column.quality or [Quality.MISSING if value is None else Quality.MEASURED for value in column.values],
        )
        for column in columns
    ]
    assert read == expected
