"""What metering hears, its commands on the register and its raw doors: each repeatable, each whole or absent."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path

import pytest
from sqlalchemy import Connection, func, select
from sqlalchemy.exc import IntegrityError

from coop.events import Event
from coop.events.governance import AllocationKeyAdopted
from coop.events.members import ConnectionClosed, ConnectionOpened
from coop.kit.database import Database
from coop.kit.inbox import consume, parked
from coop.kit.settings import Settings
from coop.metering.bus import TOPIC, raw_topics
from coop.metering.handlers.parking import discard_telegram, parked_telegrams, replay_telegram
from coop.metering.handlers.receive import decode_delivery, receive, undo_import
from coop.metering.handlers.register import exchange_meter, register_gateway, register_meters, set_group
from coop.metering.main import SERVICE, replayers
from coop.metering.model import Meter, MeterKind, Quantity
from coop.metering.storage import metadata, register
from coop.metering.storage.register import Group
from coop.metering.storage.tables import allocation_key
from coop.values import BadInput, CoopError, hash_parameters
from tests.metering.homes import (
    COMMUNITY,
    HEAT_MAX,
    INSTALLED,
    LATER,
    at,
    deliver,
    envelope,
    gj,
    killed,
    latest_values,
    occupy,
)
from tests.metering.test_intake import CSV, JANUARY, MAPPING

KEY: dict[str, object] = {"kind": "static", "weights": {"C1": 600_000, "C2": 400_000}}


def adopted(parameters: dict[str, object], notice: str = "", kept: str = "") -> AllocationKeyAdopted:
    digest = hash_parameters(parameters)
    return AllocationKeyAdopted(
        key_id="K9",
        resolution_id="R9",
        group_id="roofs",
        valid_from=date(2025, 1, 1),
        parameters=parameters,
        parameters_hash=kept or digest,
        notice_hash=notice or digest,
        decided_on=date(2024, 12, 1),
    )


HEARD: list[Event] = [
    ConnectionOpened(connection_id="C9", member_id="M9", building_id="B", kind="dwelling", opened_on=date(2025, 1, 1)),
    ConnectionClosed(connection_id="C1", member_id="M1", closed_on=date(2025, 6, 1)),
    adopted(KEY),
]


def rows(connection: Connection) -> dict[str, int]:
    """How many rows every table has."""
    return {t.name: connection.scalar(select(func.count()).select_from(t)) or 0 for t in metadata.sorted_tables}


def test_a_hold_that_was_undone_never_was_and_told_anew_it_is(database: Database) -> None:
    start = date(2025, 3, 1)
    opened = ConnectionOpened(connection_id="C9", member_id="M9", building_id="B", kind="dwelling", opened_on=start)
    facts = [opened, ConnectionClosed(connection_id="C9", member_id="M9", closed_on=start)]
    again = opened.model_copy(update={"registration": 2})
    consume(SERVICE.consumer(database), [envelope(fact) for fact in facts])
    with database.read() as connection:
        assert "C9" not in {one.connection_id for one in register.occupancies(connection, COMMUNITY)}
    consume(SERVICE.consumer(database), [envelope(again)])
    with database.read() as connection:
        found = [one for one in register.occupancies(connection, COMMUNITY) if one.connection_id == "C9"]
    assert [(one.start, one.end) for one in found] == [(start, None)]


def test_a_member_who_comes_back_holds_the_connection_twice(one_database: Database) -> None:
    with one_database.write() as connection:
        occupy(connection, "C9", "M9", date(2025, 1, 1), date(2025, 3, 1))
        occupy(connection, "C9", "M9", date(2025, 3, 1), date(2025, 5, 1))
        found = [one for one in register.occupancies(connection, COMMUNITY) if one.connection_id == "C9"]
    assert [(one.start, one.end) for one in found] == [
        (date(2025, 1, 1), date(2025, 3, 1)),
        (date(2025, 3, 1), date(2025, 5, 1)),
    ]


@pytest.mark.parametrize("event", HEARD, ids=lambda event: type(event).__name__)
def test_a_fact_is_heard_once_and_a_killed_hearing_leaves_nothing(database: Database, event: Event) -> None:
    handler = SERVICE.hears[type(event)]
    with database.read() as connection:
        before = rows(connection)
    with killed(database) as connection:
        handler(connection, event, envelope(event))
    with database.read() as connection:
        assert rows(connection) == before
    for _ in range(2):
        with database.write() as connection:
            handler(connection, event, envelope(event))
    with database.read() as connection:
        assert sum(rows(connection).values()) == sum(before.values()) + 1


def test_a_closing_that_is_heard_before_its_opening_ends_the_occupancy(database: Database) -> None:
    opened, closed = HEARD[0], ConnectionClosed(connection_id="C9", member_id="M9", closed_on=date(2025, 3, 1))
    consume(SERVICE.consumer(database), [envelope(closed), envelope(opened)])
    with database.read() as connection:
        [found] = [one for one in register.occupancies(connection, COMMUNITY) if one.connection_id == "C9"]
    assert (found.member_id, found.start, found.end) == ("M9", date(2025, 1, 1), date(2025, 3, 1))


@pytest.mark.parametrize(
    ("event", "code"),
    [
        (adopted(KEY, notice="0" * 64), "key-not-as-noticed"),
        (adopted(KEY, kept="0" * 64), "key-not-as-noticed"),
        (adopted({"kind": "static", "weights": {"C1": 5}}), "allocation-key"),
    ],
)
def test_a_key_that_is_not_as_noticed_or_no_key_is_parked(
    database: Database, event: AllocationKeyAdopted, code: str
) -> None:
    consume(SERVICE.consumer(database), [envelope(event)])
    with database.read() as connection:
        [letter] = parked(connection)
        assert register.keys_of(connection, COMMUNITY, "roofs") == []
    assert letter.code == code


def test_the_database_itself_refuses_a_key_that_is_not_as_noticed(database: Database) -> None:
    row = {
        "community": COMMUNITY,
        "key_id": "K",
        "group_id": "g",
        "resolution_id": "R",
        "valid_from": date(2025, 1, 1),
        "decided_on": date(2025, 1, 1),
        "parameters": "{}",
        "parameters_hash": "a" * 64,
        "notice_hash": "b" * 64,
    }
    with pytest.raises(IntegrityError), database.write() as connection:
        connection.execute(allocation_key.insert().values(row))


def exchange(connection: Connection) -> None:
    noon = at("2025-03-10T12:00")
    stands = ({Quantity.HEAT: Decimal(5_000_000_000)}, {Quantity.HEAT: Decimal(0)})
    exchange_meter(
        connection, COMMUNITY, "H1", Meter("H1B", MeterKind.HEAT, "C1", noon, None, HEAT_MAX), noon, *stands, LATER
    )


def replay(connection: Connection) -> None:
    register_meters(connection, COMMUNITY, [Meter("H9", MeterKind.HEAT, "C9", INSTALLED)])
    for letter in parked_telegrams(connection, COMMUNITY):
        replay_telegram(connection, COMMUNITY, letter.id)


def discard(connection: Connection) -> None:
    for letter in parked_telegrams(connection, COMMUNITY):
        discard_telegram(connection, COMMUNITY, letter.id)


def undo(connection: Connection) -> None:
    file = decode_delivery("csv", CSV, gateway="board", received_at=LATER, mapping=MAPPING)
    undo_import(connection, COMMUNITY, file.id(COMMUNITY), LATER + timedelta(hours=1))


COMMANDS: list[Callable[[Connection], None]] = [
    exchange,
    replay,
    discard,
    undo,
    lambda connection: set_group(connection, COMMUNITY, Group("g2", ("S1",), ("C1",))),
    lambda connection: register_gateway(connection, COMMUNITY, "he", "a-token-of-more-than-twenty"),
]


@pytest.mark.parametrize("command", COMMANDS)
def test_a_command_repeated_changes_nothing_and_killed_leaves_nothing(
    database: Database, command: Callable[[Connection], None]
) -> None:
    with database.write() as connection:
        receive(connection, COMMUNITY, decode_delivery("csv", CSV, gateway="b", received_at=LATER, mapping=MAPPING))
        deliver(connection, gj("H9", JANUARY, "1"))
        before, values = rows(connection), None
    with killed(database) as connection:
        command(connection)
    with database.read() as connection:
        assert rows(connection) == before
    for _ in range(2):
        with database.write() as connection:
            command(connection)
            after = rows(connection)
            values = values or after
    assert after == values


def test_raw_messages_are_stored_together_and_what_cannot_be_read_is_parked(database: Database, tmp_path: Path) -> None:
    take = raw_topics(database, Settings(data_dir=tmp_path, community=COMMUNITY))[TOPIC]
    series = {
        "meter": "E1",
        "quantity": "electricity_import",
        "unit": "Wh",
        "start": "2025-01-01T00:00:00Z",
        "step_s": 900,
        "values": [1, 2],
    }
    body = json.dumps({"head_end": "h", "sent_at": "2025-01-02T00:00:00Z", "series": [series]}).encode()
    headers = {"format": "head-end", "gateway": "he", "received-at": "2025-01-02T00:00:00Z"}
    messages = [(headers, body), ({**headers, "format": "sms"}, b"?"), ({**headers, "received-at": "soon"}, body)]
    for _ in range(2):
        take(messages)
    with database.read() as connection:
        letters = parked_telegrams(connection, COMMUNITY)
    assert len(latest_values(database)["E1", "electricity_import", "interval"]) == 2
    assert sorted(letter.code for letter in letters) == ["bad-input", "unknown-format"]
    replayer = replayers(database, Settings(data_dir=tmp_path))["telegram"]
    with pytest.raises(CoopError, match="nothing says how to read it"):
        replayer(letters[0].id)


def test_a_short_token_is_refused(one_database: Database) -> None:
    with pytest.raises(BadInput, match="at least 20"), one_database.write() as connection:
        register_gateway(connection, COMMUNITY, "he", "short")
