"""What metering hears, its commands on the register and its raw doors: each repeatable, each whole or absent."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path

import pytest
from sqlalchemy import func, select
from sqlalchemy.exc import IntegrityError

from coop.events import Event
from coop.events.governance import AllocationKeyAdopted
from coop.events.members import ConnectionClosed, ConnectionOpened
from coop.events.metering import AllocationKeyAnswered, ConnectionMetered, SharingGroupChanged
from coop.kit.database import Database
from coop.kit.inbox import consume
from coop.kit.parking import list_parked
from coop.kit.service import Room
from coop.kit.settings import Settings
from coop.kit.tables import dead_letter
from coop.kit.tx import Tx
from coop.metering.intake.exchange import exchange_meter
from coop.metering.intake.kafka import TOPIC
from coop.metering.intake.parking import discard_telegram, list_telegrams, replay_telegram
from coop.metering.intake.receive import decode_delivery, receive, undo_import
from coop.metering.model import Meter, MeterKind, Quantity
from coop.metering.register import store as register
from coop.metering.register.commands import correct_meter, register_meters, set_group, withdraw_meter
from coop.metering.register.groups import BEGINNING
from coop.metering.service import METERING
from coop.metering.tables import allocation_key, metadata
from coop.values import CoopError, hash_parameters
from tests.metering.homes import (
    COMMUNITY,
    HEAT_MAX,
    INSTALLED,
    LATER,
    NOW,
    SECRETARY,
    at,
    deliver,
    envelope,
    gj,
    killed,
    latest_values,
    let_gateway_in,
    occupy,
    set_clock,
    writing,
)
from tests.metering.test_closing import told
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
    ConnectionClosed(connection_id="C1", member_id="M1", opened_on=date(2024, 1, 1), closed_on=date(2025, 6, 1)),
    adopted(KEY),
]


def rows(tx: Tx) -> dict[str, int]:
    """How many rows of the co-operative every table has."""
    tables = [table for table in metadata.sorted_tables if "community" in table.c]
    return {
        table.name: tx.scalar(select(func.count()).select_from(table).where(table.c.community == tx.community)) or 0
        for table in tables
    }


def test_a_hold_that_was_undone_never_was_and_told_anew_it_is(database: Database) -> None:
    start = date(2025, 3, 1)
    opened = ConnectionOpened(connection_id="C9", member_id="M9", building_id="B", kind="dwelling", opened_on=start)
    facts = [opened, ConnectionClosed(connection_id="C9", member_id="M9", opened_on=start, closed_on=start)]
    again = opened.model_copy(update={"registration": 2})
    consume(METERING.consumer(database), [envelope(fact) for fact in facts])
    with database.read(COMMUNITY) as tx:
        assert "C9" not in {one.connection_id for one in register.list_occupancies(tx)}
    consume(METERING.consumer(database), [envelope(again)])
    with database.read(COMMUNITY) as tx:
        found = [one for one in register.list_occupancies(tx) if one.connection_id == "C9"]
    assert [(one.start, one.end) for one in found] == [(start, None)]


def test_a_member_who_comes_back_holds_the_connection_twice(one_database: Database) -> None:
    with writing(one_database) as tx:
        occupy(tx, "C9", "M9", date(2025, 1, 1), date(2025, 3, 1))
        occupy(tx, "C9", "M9", date(2025, 3, 1), date(2025, 5, 1))
        found = [one for one in register.list_occupancies(tx) if one.connection_id == "C9"]
    assert [(one.start, one.end) for one in found] == [
        (date(2025, 1, 1), date(2025, 3, 1)),
        (date(2025, 3, 1), date(2025, 5, 1)),
    ]


@pytest.mark.parametrize("event", HEARD, ids=lambda event: type(event).__name__)
def test_a_fact_is_heard_once_and_a_killed_hearing_leaves_nothing(database: Database, event: Event) -> None:
    handler = METERING.hears[type(event)]
    with database.read(COMMUNITY) as tx:
        before = rows(tx)
    with killed(database) as tx:
        handler(tx, event, envelope(event))
    with database.read(COMMUNITY) as tx:
        assert rows(tx) == before
    for _ in range(2):
        with writing(database) as tx:
            handler(tx, event, envelope(event))
    with database.read(COMMUNITY) as tx:
        assert sum(rows(tx).values()) == sum(before.values()) + 1


def test_a_closing_that_is_heard_before_its_opening_ends_the_occupancy(database: Database) -> None:
    opened, begun, ended = HEARD[0], date(2025, 1, 1), date(2025, 3, 1)
    closed = ConnectionClosed(connection_id="C9", member_id="M9", opened_on=begun, closed_on=ended)
    consume(METERING.consumer(database), [envelope(closed), envelope(opened)])
    with database.read(COMMUNITY) as tx:
        [found] = [one for one in register.list_occupancies(tx) if one.connection_id == "C9"]
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
    consume(METERING.consumer(database), [envelope(event)])
    with database.read(COMMUNITY) as tx:
        [letter] = list_parked(tx)
        assert register.keys_of(tx, "roofs") == []
    assert letter.code == code


def test_a_key_of_a_group_that_is_not_there_is_said_to_do_nothing_until_somebody_makes_it(database: Database) -> None:
    parameters: dict[str, object] = {"kind": "equal", "group_id": "school", "valid_from": "2025-01-01"}
    key = adopted(parameters).model_copy(update={"group_id": "school"})
    fact = envelope(key)
    for _ in range(2):
        consume(METERING.consumer(database), [fact])
    with writing(database) as tx:
        assert list_parked(tx) == []
        [answer] = told(tx, AllocationKeyAnswered)
        assert (answer.resolution_id, answer.taken, answer.code) == ("R9", False, "no-such-group")
        assert "school" in answer.reason
        set_group(tx, "school", ["S1"], ["C1"])
        set_group(tx, "school", ["S1"], ["C1", "C2"], date(2025, 6, 1))
        answers = told(tx, AllocationKeyAnswered)
        assert [answer.taken for answer in answers] == [False, True]
        assert [one.key_id for one in register.keys_of(tx, "school")] == [key.key_id]
        roofs = adopted(KEY)
    consume(METERING.consumer(database), [envelope(roofs)])
    with database.read(COMMUNITY) as tx:
        assert len(told(tx, AllocationKeyAnswered)) == 2, "a group that is there needs no word"


def test_who_shares_in_a_group_is_told_whenever_somebody_says_so_and_not_again(database: Database) -> None:
    with writing(database) as tx:
        before = len(told(tx, SharingGroupChanged))
        set_group(tx, "school", [], ["C1"])
        set_group(tx, "school", ["S1"], ["C1"])
        for _ in range(2):
            set_group(tx, "school", ["S1"], ["C1", "C2"], date(2025, 6, 1))
        facts = told(tx, SharingGroupChanged)[before:]
    assert [(fact.group_id, fact.number) for fact in facts] == [("school", 1), ("school", 2), ("school", 3)]
    assert [(one.connection_id, one.joins_on, one.leaves_on) for one in facts[-1].spells] == [
        ("C1", BEGINNING, None),
        ("C2", date(2025, 6, 1), None),
    ]


def test_a_connection_is_told_to_be_metered_with_its_first_electricity_meter_and_not_with_its_last(
    database: Database,
) -> None:
    with writing(database) as tx:
        told_first = told(tx, ConnectionMetered)
        register_meters(tx, [Meter("E9", MeterKind.ELECTRICITY, "C9", INSTALLED)])
        register_meters(tx, [Meter("E10", MeterKind.ELECTRICITY, "C9", INSTALLED)])
        register_meters(tx, [Meter("H8", MeterKind.HEAT, "C8", INSTALLED)])
        withdraw_meter(tx, "E9", "typed twice")
    set_clock(database, NOW + timedelta(hours=1))
    with writing(database) as tx:
        correct_meter(tx, "E10", "101", INSTALLED, "it hangs at 101")
        facts = told(tx, ConnectionMetered)
    assert [(fact.connection_id, fact.metered) for fact in told_first] == [("C1", True), ("C2", True), ("C3", True)]
    assert [(fact.connection_id, fact.metered) for fact in facts[3:]] == [("C9", True), ("C9", False)]


def test_the_database_itself_refuses_a_key_that_is_not_as_noticed(database: Database) -> None:
    row: dict[str, object] = {
        "community": COMMUNITY,
        "key_id": "K",
        "group_id": "g",
        "resolution_id": "R",
        "valid_from": date(2025, 1, 1),
        "decided_on": date(2025, 1, 1),
        "parameters": {},
        "parameters_hash": "a" * 64,
        "notice_hash": "b" * 64,
    }
    with pytest.raises(IntegrityError), writing(database) as tx:
        tx.execute(allocation_key.insert(), [row])


def exchange(tx: Tx) -> None:
    noon = at("2025-03-10T12:00")
    stands = ({Quantity.HEAT: Decimal(5_000_000_000)}, {Quantity.HEAT: Decimal(0)})
    exchange_meter(tx, "H1", "H1B", noon, *stands, HEAT_MAX)


def replay(tx: Tx) -> None:
    register_meters(tx, [Meter("H9", MeterKind.HEAT, "C9", INSTALLED)])
    for letter in list_telegrams(tx):
        replay_telegram(tx, letter.id)


def discard(tx: Tx) -> None:
    for letter in list_telegrams(tx):
        discard_telegram(tx, letter.id)


def undo(tx: Tx) -> None:
    file = decode_delivery("csv", CSV, gateway="board", received_at=LATER, mapping=MAPPING)
    undo_import(tx, file.id(COMMUNITY))


COMMANDS: list[Callable[[Tx], object]] = [
    exchange,
    replay,
    discard,
    undo,
    lambda tx: set_group(tx, "g2", ["S1"], ["C1"]),
]


@pytest.mark.parametrize("command", COMMANDS)
def test_a_command_repeated_changes_nothing_and_killed_leaves_nothing(
    database: Database, command: Callable[[Tx], object]
) -> None:
    with writing(database) as tx:
        receive(tx, decode_delivery("csv", CSV, gateway="b", received_at=LATER, mapping=MAPPING))
        deliver(tx, gj("H9", JANUARY, "1"))
        before, values = rows(tx), None
    with killed(database) as tx:
        command(tx)
    with database.read(COMMUNITY) as tx:
        assert rows(tx) == before
    for _ in range(2):
        with writing(database) as tx:
            command(tx)
            after = rows(tx)
            values = values or after
    assert after == values


def test_raw_messages_are_stored_together_and_what_cannot_be_read_is_parked(database: Database, tmp_path: Path) -> None:
    room = Room(METERING, database, Settings(data_dir=tmp_path))
    door = METERING.topics(room)[TOPIC]
    series = {
        "meter": "E1",
        "quantity": "electricity_import",
        "unit": "Wh",
        "start": "2025-01-01T00:00:00Z",
        "step_s": 900,
        "values": [1, 2],
    }
    body = json.dumps({"head_end": "h", "sent_at": "2025-01-02T00:00:00Z", "series": [series]}).encode()
    let_gateway_in(database, "he", "E1")
    headers = {"community": COMMUNITY, "format": "head-end", "gateway": "he"}
    messages = [(headers, body), ({**headers, "format": "sms"}, b"?"), ({**headers, "format": "csv"}, b"t,e")]
    for _ in range(2):
        door.receive(messages)
    with database.read(COMMUNITY) as tx:
        letters = list_telegrams(tx)
    assert len(latest_values(database)["E1", "electricity_import", "interval"]) == 2
    assert sorted(letter.code for letter in letters) == ["bad-input", "unknown-format"]
    with pytest.raises(CoopError, match="nothing says how to read it"):
        room.replay(letters[0].kind, COMMUNITY, SECRETARY, letters[0].id)


POISON: list[tuple[dict[str, str], str]] = [
    ({}, "E\x00"),
    ({"gateway": "g" * 300}, "E1"),
    ({"gateway": "g\x00"}, "E1"),
    ({"format": "f" * 300}, "E1"),
    ({"community": "c" * 300}, "E1"),
    ({"community": "c\x00"}, "E1"),
]


@pytest.mark.parametrize(("headers", "meter"), POISON)
def test_whatever_is_wrong_with_one_telegram_the_others_are_stored(
    database: Database, tmp_path: Path, headers: dict[str, str], meter: str
) -> None:
    room = Room(METERING, database, Settings(data_dir=tmp_path))
    door = METERING.topics(room)[TOPIC]

    def telegram(meter: str, hour: int) -> bytes:
        series = {
            "meter": meter,
            "quantity": "electricity_import",
            "unit": "Wh",
            "start": f"2025-01-01T{hour:02d}:00:00Z",
            "step_s": 900,
            "values": [1, 2, 3, 4],
        }
        return json.dumps({"head_end": "h", "sent_at": "2025-01-02T00:00:00Z", "series": [series]}).encode()

    let_gateway_in(database, "he", every=True)
    usual = {"community": COMMUNITY, "format": "head-end", "gateway": "he"}
    messages = [(usual, telegram("E1", hour)) for hour in range(20)]
    messages.insert(10, ({**usual, **headers}, telegram(meter, 23)))
    for _ in range(2):
        door.receive(messages)
    values = latest_values(database)["E1", "electricity_import", "interval"]
    with database.system_read() as sql:
        parked = sql.execute(select(dead_letter.c.reason)).all()
    assert (len(values), len(parked)) == (80, 1)
    assert door.trouble is None
