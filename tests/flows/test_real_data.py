"""A real meter of three years and ten real frames, through the HTTP doors into what is billed."""

from __future__ import annotations

import json
import re
import xml.etree.ElementTree as ElementTree
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path

import httpx2
import pytest
from sqlalchemy import select

from coop.billing.tables import heard as heard_tables
from coop.demo.cooperative import COMMUNITY
from coop.demo.doors import Doors
from coop.kit.settings import Settings
from coop.metering.model import Quantity, Shape, register_id
from coop.metering.readings import store as readings
from coop.metering.register.store import find_register
from coop.operator.runtime import open_room
from coop.values import Period
from tests.flows.installation import embedded, signed_in
from tests.metering.formats.conftest import shared_data as shared_data

pytestmark = pytest.mark.slow

MAPPING = {
    "time_column": "time_rounded",
    "timezone": "UTC",
    "meter_column": "meter_id",
    "columns": [
        {"column": "energy_heat_kwh", "quantity": "heat", "unit": "kWh", "exponent": -6},
        {"column": "volume_flow_m3", "quantity": "volume", "unit": "m3", "exponent": -9},
    ],
}
REGISTER = {
    "members": "number,kind,name,joined_on\n660,owner,Deens,2017-12-01\n",
    "connections": "number,id,building,kind,address\n660,DK,B1,dwelling,Aalborg\n",
    "occupancies": "connection,member,opened_on\n660,660,2018-01-03\n",
}


@pytest.fixture
def installation(tmp_path: Path) -> Iterator[Settings]:
    with embedded(tmp_path / "data") as settings:
        yield settings


@pytest.fixture
def client(installation: Settings) -> Iterator[httpx2.Client]:
    with signed_in(installation, "operator", "board") as opened:
        yield opened


def test_what_billing_heard_of_the_danish_meter_is_its_last_register_less_its_first(
    doors: Doors, settings: Settings, shared_data: Callable[[str], Path]
) -> None:
    body = shared_data("heat_meter_dk_660_hourly.csv").read_bytes()
    kwh = [Decimal(line.split(",")[3]) for line in body.decode().splitlines()[1:]]
    assert (round(kwh[0], 3), round(kwh[-1], 3)) == (Decimal("5347.614"), Decimal("56974.857"))
    for kind, text in REGISTER.items():
        doors.post(f"/members/api/v1/imports/{kind}", content=text.encode())
    doors.settled()
    meter = {"serial": "660", "kind": "heat", "connection": "660", "installed_on": "2018-01-03"}
    doors.post("/metering/api/v1/meters", [meter])
    params = {"mapping": json.dumps(MAPPING), "received_at": "2021-01-02T00:00:00Z"}
    assert doors.post("/metering/api/v1/csv", content=body, params=params)["values"] == 2 * 26_256
    assert doors.post("/metering/api/v1/csv", content=body, params=params)["duplicate"]
    doors.settled()
    months = [month for year in (2018, 2019, 2020) for month in Period.year(year).months()]
    for month in months:
        # The last register lies an hour before the last month ends: that hour is estimated.
        is_last = month == months[-1]
        closed = {"accept": ["660"], "reason": "the file ends an hour before the year"} if is_last else {}
        doors.post(f"/metering/api/v1/periods/{month}/close", closed)
    doors.settled()
    room = open_room("billing", settings)
    with room.database.system_read() as sql:
        heard = list(sql.execute(select(heard_tables.measurement)))
    room.database.close()
    assert len(heard) == len(months)
    assert sum(Decimal(row.energy_j) for row in heard) == (kwh[-1] - kwh[0]) * 3_600_000
    assert [str(Period(row.period_start, row.period_end)) for row in heard if row.estimated] == ["2020-12"]


def test_the_frames_of_ten_makers_stand_in_the_store_as_their_oracle_reads_them(
    installation: Settings, client: httpx2.Client, shared_data: Callable[[str], Path]
) -> None:
    frames = sorted(shared_data("mbus").glob("*.hex"))
    assert len(frames) == 10
    params = {"format": "mbus", "gateway": "bus", "received_at": "2026-01-01T00:00:00Z"}
    serial_of: dict[str, str] = {}
    for frame in frames:
        body = b"2025-12-31T12:00:00Z " + frame.read_bytes()
        refused = client.post("/metering/api/v1/deliveries", params=params, content=body)
        assert refused.status_code == 422, "nobody has registered these meters yet"
        found = set(re.findall(r"meter (\S+) is not registered", refused.json()["detail"]))
        assert len(found) <= 1
        if found:
            serial_of[frame.stem] = found.pop()
    meters = [{"serial": serial, "kind": "heat", "installed_on": "2010-01-01"} for serial in serial_of.values()]
    client.post("/metering/api/v1/meters", json=meters).raise_for_status()
    for letter in client.get("/metering/api/v1/parked").json():
        if "is not registered" in letter["reason"]:
            client.post(f"/metering/api/v1/parked/{letter['id']}/replay").raise_for_status()
    compared = 0
    room = open_room("metering", installation)
    at = datetime(2025, 12, 31, 12, tzinfo=UTC)
    with room.database.read(COMMUNITY) as tx:
        for name, serial in serial_of.items():
            told_wh = _energy_wh(shared_data(f"mbus/{name}.xml"))
            identity = register_id(COMMUNITY, serial, Quantity.HEAT, Shape.STAND)
            one = find_register(tx, identity)
            if one is None or told_wh is None:
                continue
            day = readings.day_number(at)
            [value] = readings.latest(tx, [identity], [day])[identity, day].content.values.tolist()
            assert Decimal(value).scaleb(one.exponent) == told_wh * 3600, name
            compared += 1
    room.database.close()
    assert compared >= 8


def _energy_wh(path: Path) -> Decimal | None:
    """The present heat register as libmbus reads it [Wh]."""
    # The files declare ISO-8859-1 and hold UTF-8.
    root = ElementTree.parse(path, ElementTree.XMLParser(encoding="utf-8")).getroot()
    for record in root.findall("DataRecord"):
        told = {name: record.findtext(name, "") for name in ("Function", "StorageNumber", "Unit", "Quantity", "Value")}
        if told["Quantity"] == "Energy" and told["StorageNumber"] == "0" and told["Function"].startswith("Inst"):
            return Decimal(told["Value"])
    return None
