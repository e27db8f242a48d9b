from datetime import UTC, datetime

import pytest

from coop.demo.meters import CANAL_METER, CHARGE_METER, DISCHARGE_METER, heat_pumps
from coop.demo.plan import DemoPlan
from coop.demo.simulation import Chunk, chunks


@pytest.fixture(scope="module")
def months() -> list[Chunk]:
    endless = chunks(DemoPlan(size=20, seed=3, year=2025))
    return [next(endless) for _ in range(12)]


def test_every_joule_of_the_plant_is_accounted_for_in_every_hour(months: list[Chunk]) -> None:
    for chunk in months:
        registers = chunk.plant.registers
        (pump,) = heat_pumps(DemoPlan(20))
        given, drawn = registers[pump, "heat"], 3600 * registers[pump, "electricity_import"]
        source = registers[CANAL_METER, "heat"] - registers[CHARGE_METER, "heat"] + registers[DISCHARGE_METER, "heat"]
        assert (given == chunk.heat_j.sum(axis=0) + chunk.plant.loss_j).all()
        assert (given == drawn + source).all()


def test_the_year_of_the_plant_is_plausible(months: list[Chunk]) -> None:
    def year(serial: str, quantity: str) -> int:
        return sum(int(chunk.plant.registers[serial, quantity].sum()) for chunk in months)

    (pump,) = heat_pumps(DemoPlan(20))
    fed = year(pump, "heat")
    loss = sum(int(chunk.plant.loss_j.sum()) for chunk in months)
    assert 0.10 < loss / fed < 0.20
    assert 3.0 < fed / (3600 * year(pump, "electricity_import")) < 3.6
    assert 0.7 < year(DISCHARGE_METER, "heat") / year(CHARGE_METER, "heat") < 1.2


def test_storage_is_charged_in_summer_and_empties_in_winter(months: list[Chunk]) -> None:
    charged = [int(chunk.plant.registers[CHARGE_METER, "heat"].sum()) for chunk in months]
    taken = [int(chunk.plant.registers[DISCHARGE_METER, "heat"].sum()) for chunk in months]
    assert charged[0] == charged[11] == taken[6] == taken[7] == 0
    assert min(charged[6], charged[7], taken[0], taken[11]) > 0


def test_flow_and_temperature_drop_carry_the_heat(months: list[Chunk]) -> None:
    # Q [kW] = V [m3/h] x 4.1868 x dT / 3.6, with whole litres and 30 K:
    # docs/domain/heat-source-and-environment.md#heat-carried-by-water.
    registers = months[0].plant.registers
    power_w = registers["WP000001", "heat"] / 3600
    carried_w = registers["WP000001", "volume_flow"] * 4.1868 * 30 / 3.6
    assert abs(carried_w - power_w).max() < 36


def test_two_heat_pumps_share_what_does_not_divide() -> None:
    chunk = next(chunks(DemoPlan(size=301)))
    registers = chunk.plant.registers
    assert heat_pumps(DemoPlan(301)) == ["WP000001", "WP000002"]
    difference = registers["WP000001", "heat"] - registers["WP000002", "heat"]
    assert set(difference.tolist()) == {0, 1}


def test_heat_follows_the_cold_and_the_morning(months: list[Chunk]) -> None:
    january, july = months[0], months[6]
    assert january.heat_j.sum() > 4 * july.heat_j.sum()
    by_hour = [int(january.heat_j[:, january.span.hour == hour].sum()) for hour in range(24)]
    assert by_hour[7] > 1.4 * by_hour[3]


def test_a_connection_takes_heat_from_its_first_contract_until_it_leaves(months: list[Chunk]) -> None:
    # Connection 6 joins on 10 April, connection 8 leaves on 1 October: civil midnight is 22:00 UTC the day before.
    april, october = months[3], months[9]
    joined = april.span.hour_at(datetime(2025, 4, 9, 22, tzinfo=UTC))
    assert april.heat_j[5, :joined].sum() == 0 < april.heat_j[5, joined:].sum()
    left = october.span.hour_at(datetime(2025, 9, 30, 22, tzinfo=UTC))
    assert october.heat_j[7, :left].sum() > 0 == october.heat_j[7, left:].sum() == months[10].heat_j[7].sum()
