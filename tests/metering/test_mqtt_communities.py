"""One connection to the MQTT broker serves every co-operative of an installation."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

import pytest
from sqlalchemy import select

from coop.demo.cooperative import PROFILE
from coop.kit.database import Database
from coop.kit.parking import UNKNOWN
from coop.kit.tables import dead_letter
from coop.metering.intake.mqtt import MqttDoor
from coop.metering.intake.parking import list_telegrams
from coop.metering.model import Meter, MeterKind
from coop.metering.register.commands import register_meters
from tests.desk import SECRETARY
from tests.founding import found_in
from tests.metering.homes import COMMUNITY, latest_values, let_gateway_in
from tests.metering.test_mqtt_door import batch, publish, room_of, wait_until
from tests.servers.mosquitto import Mosquitto

pytestmark = pytest.mark.mqtt

ZUID = "zuid"


def values_of(database: Database, community: str) -> list[int]:
    """Quarter-hours of the meter E1 that a co-operative has."""
    series = latest_values(database, community).get(("E1", "electricity_import", "interval"), {})
    return [value for value, _ in series.values()]


def letters_of(database: Database, community: str) -> list[str]:
    with database.read(community) as tx:
        return [letter.reason for letter in list_telegrams(tx)]


def reasons_of_nobody(database: Database) -> set[str]:
    with database.read(UNKNOWN) as tx:
        return set(tx.scalars(select(dead_letter.c.reason).where(dead_letter.c.community == tx.community)))


def test_a_telegram_reaches_the_co_operative_of_its_topic_and_one_for_nobody_is_the_operator_s(
    one_database: Database, mosquitto: Mosquitto
) -> None:
    found_in(one_database, ZUID, replace(PROFILE, hosts=("zuid.example",)))
    with one_database.write(ZUID, SECRETARY) as tx:
        register_meters(tx, [Meter("E1", MeterKind.ELECTRICITY, None, datetime(2020, 1, 1, tzinfo=UTC))])
    let_gateway_in(one_database, "gw", "E1")
    let_gateway_in(one_database, "gw", "E1", community=ZUID)
    door = MqttDoor(room_of(one_database), mosquitto.url, "many")
    door.start()
    try:

        def both_came() -> bool:
            # The same meter number and hour in both, so that only the topic tells them apart.
            publish(mosquitto, f"coop/{COMMUNITY}/gw/head-end", batch([5, 6]))
            publish(mosquitto, f"coop/{ZUID}/gw/head-end", batch([7, 8, 9]))
            return bool(values_of(one_database, COMMUNITY) and values_of(one_database, ZUID))

        wait_until(both_came)
        publish(mosquitto, "coop/nobody/gw/head-end", batch([1]))
        wait_until(lambda: reasons_of_nobody(one_database))
        assert len(door._clients) == 1, "one connection for all"
    finally:
        door.stop()
    assert (values_of(one_database, COMMUNITY), values_of(one_database, ZUID)) == ([5, 6], [7, 8, 9])
    assert letters_of(one_database, COMMUNITY) == letters_of(one_database, ZUID) == []
    assert reasons_of_nobody(one_database) == {"there is no co-operative 'nobody' here"}
