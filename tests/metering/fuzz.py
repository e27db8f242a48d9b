"""Damaged, invented and hostile deliveries in every format, each from a seed, and the doors that must survive them.

``python -m tests.metering.fuzz --minutes 60`` plays until the time is over; the tests play a few thousand.
"""

from __future__ import annotations

import argparse
import json
import random
import resource
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

import orjson
from sqlalchemy import func, select

from coop.kit.database import Database
from coop.kit.rawdoor import RawDoor
from coop.kit.service import Room
from coop.kit.settings import Settings
from coop.kit.tables import dead_letter
from coop.metering.intake.formats import FORMATS
from coop.metering.intake.formats.csv_readings import CsvMapping, decode_csv
from coop.metering.intake.formats.p1 import crc16
from coop.metering.intake.raw import telegram_door
from coop.metering.model import Meter, MeterKind
from coop.metering.register.commands import register_meters
from coop.metering.service import METERING
from coop.metering.tables import delivery
from coop.values import BadInput
from tests.desk import open_desk, sign_in
from tests.metering.homes import (
    COMMUNITY,
    INSTALLED,
    LATER,
    at,
    latest_values,
    let_gateway_in,
    open_database,
    set_clock,
    writing,
)

API = "/metering/api/v1"
EXPECTED = {200, 422}
"""Answers to a delivery or a file: it was taken, or what is wrong with it is named."""
START = at("2025-03-10T00:00")
RECORDS = (
    "0C 06 12345678",
    "04 06 E791 0000",
    "04 6D 3A 0F 65 13",
    "02 5B 0F27",
    "05 2D 000080FF",
    "0D 78 04 31323334",
)
QUANTITIES = (
    "electricity_import",
    "electricity_export",
    "heat",
    "cold",
    "volume",
    "power",
    "flow_temperature",
    "x",
    "",
)
UNITS = ("Wh", "kWh", "MWh", "J", "GJ", "l", "m3", "W", "cdegC", "degC", "\x00", "€", "")
PAIRS = (("electricity_import", "Wh"), ("electricity_export", "kWh"), ("heat", "GJ"), ("heat", "J"), ("heat", "kWh"))
DAYS = (
    "250310000000W", "250311000000W", "250401000000S", "250330023000S", "000101000000W", "991231235900W", "260101", "W",
)  # fmt: skip
METERS = ("E1", "H1", "S1", "E2", "H2", "E3", "WP1", "BRON", "nobody", "E1 ", "E\x00", "é", "\ud7ff", "x" * 65, "")
INSTANTS = (
    "2025-03-10T00:00:00Z", "2025-03-30T01:00:00Z", "2025-10-26T00:00:00Z", "1970-01-01T00:00:00Z",
    "1999-12-31T23:45:00Z", "2000-01-01T00:00:00+14:00", "2099-12-31T23:45:00Z", "2100-01-01T00:00:00Z",
    "9999-12-31T23:59:59Z", "0001-01-01T00:00:00Z", "0001-01-01T00:00:00+23:59", "2025-03-10",
    "2025-02-30T00:00:00Z", "2025-03-10T00:00:00", "", "now", "2027-01-11T00:00:00Z",
)  # fmt: skip
NUMBERS = (0, 1, -1, 100, 900, 4294967296, 2**53, 2**53 + 1, 2**63 - 1, 2**63, -(2**63), 2**64, 18446744074, 9300000000)
STEPS = (900, 3600, 300, 86400, 60, 1, 0, -900, 901, 86401, 2**31)


@dataclass(frozen=True)
class Thrown:
    """A delivery that was thrown at a door."""

    format: str
    body: bytes


def invent(seed: int) -> Thrown:
    """The delivery of a seed."""
    chance = random.Random(seed)
    format, make = chance.choice(
        [("p1", _telegrams), ("mbus", _frames), ("head-end", _columns), ("head-end", _columns), ("sms", _columns)]
    )
    body = make(chance)
    if chance.random() < 0.3:
        body = _damage(chance, body)
    return Thrown(format, body)


def invent_file(seed: int) -> tuple[bytes, dict[str, object]]:
    """A file of readings and its mapping, of a seed."""
    chance = random.Random(seed)
    lines = ["time;meter;value"]
    for _ in range(chance.randint(0, 6)):
        lines.append(
            f"{chance.choice(INSTANTS)};{chance.choice(METERS)};{chance.choice((*NUMBERS, '1,5', 'NaN', '1e999', '-'))}"
        )
    body = "\n".join(lines).encode("utf-8", "surrogatepass")
    column: dict[str, object] = {"column": "value", "quantity": chance.choice(QUANTITIES), "unit": chance.choice(UNITS)}
    if chance.random() < 0.5:
        column |= {"kind": "interval", "step_s": chance.choice(STEPS)}
    mapping: dict[str, object] = {
        "delimiter": ";",
        "decimal": ",",
        "time_column": "time",
        "meter_column": "meter",
        "columns": [column],
    }
    return (_damage(chance, body) if chance.random() < 0.3 else body), mapping


def _telegrams(chance: random.Random) -> bytes:
    return b"".join(_telegram(chance) for _ in range(chance.randint(1, 3)))


def _telegram(chance: random.Random) -> bytes:
    def day() -> str:
        return chance.choice(
            ["250310000000W", "250330023000S", "000101000000W", "991231235900W", "271231000000W", "260101", "W"]
        )

    def meter() -> str:
        return chance.choice(METERS[: chance.choice([2, 2, 15])]).encode("utf-8", "surrogatepass").hex()

    lines = ["/KWG5\\HEAT-0001", "", f"0-0:1.0.0({day()})", f"0-0:96.1.1({meter()})"]
    for register in ("1.8.1", "1.8.2", "2.8.1", "2.8.2"):
        lines.append(
            f"1-0:{register}({chance.choice(['001234.567'] * 8 + ['999999.999', '1000000', '-1', '', '1e9'])}*kWh)"
        )
    for channel in range(1, chance.randint(1, 4)):
        lines.append(f"0-{channel}:24.1.0({chance.choice(['004', '012', '003', '999', 'x'])})")
        lines.append(f"0-{channel}:96.1.0({meter()})")
        value = chance.choice(["0012.34", "99999999", "0.00000001", ""])
        lines.append(f"0-{channel}:24.2.1({day()})({value}*{chance.choice(['GJ', 'm3', 'kWh', ''])})")
    if chance.random() < 0.1:
        chance.shuffle(lines)
    text = "\r\n".join([*lines, "!"]).encode("latin-1", "replace")
    return text + f"{crc16(text):04X}\r\n".encode()


def _frames(chance: random.Random) -> bytes:
    lines = []
    for _ in range(chance.randint(1, 4)):
        records = bytearray()
        for _ in range(chance.randint(0, 6)):
            if chance.random() < 0.8:
                records += bytes.fromhex(chance.choice(RECORDS))
            else:
                records += chance.randbytes(chance.randint(1, 9))
        identity = bytes.fromhex("17588506") if chance.random() < 0.7 else chance.randbytes(4)
        control = 0x72 if chance.random() < 0.9 else chance.randrange(256)
        head = bytes([0x08, 0x01, control]) + identity + b"\x2d\x2c\x08"
        medium = 0x04 if chance.random() < 0.7 else chance.randrange(256)
        mode = 0 if chance.random() < 0.9 else chance.randrange(256)
        data = head + bytes([medium, chance.randrange(256), 0, 0, mode]) + bytes(records)
        frame = bytes([0x68, len(data) % 256, len(data) % 256, 0x68]) + data + bytes([sum(data) % 256, 0x16])
        instant = chance.choice(["", "", chance.choice(INSTANTS) + " "])
        lines.append(instant + frame.hex())
    return "\n".join(lines).encode("utf-8", "surrogatepass")


def _columns(chance: random.Random) -> bytes:
    series = []
    for _ in range(chance.randint(0, 4)):
        pool = [*range(0, 400, 50), *([*NUMBERS, None, 1.5, "1"] if chance.random() < 0.3 else [])]
        values: list[object] = [chance.choice(pool) for _ in range(chance.choice([1, 4, 96, 100, 0]))]
        paired = chance.random() < 0.7
        quantity, unit = chance.choice(PAIRS) if paired else (chance.choice(QUANTITIES), chance.choice(UNITS))
        column: dict[str, object] = {
            "meter": chance.choice(METERS[: chance.choice([5, 5, 8, 15])]),
            "quantity": quantity,
            "unit": unit,
            "start": chance.choice(INSTANTS[: chance.choice([3, 3, 17])]),
            "step_s": chance.choice(STEPS[: chance.choice([2, 11])]),
            "values": values,
        }
        if chance.random() < 0.3:
            column["quality"] = [chance.choice([0, 1, 2, 3, 4, 5, 255, 256, -1, 2**40]) for _ in values]
        if chance.random() < 0.1:
            column[chance.choice([*column])] = chance.choice([None, [], {}, 7, "x" * 5000, [[1]], True])
        series.append(column)
    document: dict[str, object] = {"head_end": "h", "sent_at": "2025-03-11T00:00:00Z", "series": series}
    if chance.random() < 0.1:
        document[chance.choice([*document])] = chance.choice([None, [], {}, 7, "x\x00", "x" * 5000])
    try:
        return orjson.dumps(document)
    except TypeError:  # a number that no JSON of this library carries, but another's does
        return json.dumps(document).encode()


def _damage(chance: random.Random, body: bytes) -> bytes:
    damaged = bytearray(body)
    for _ in range(chance.randint(1, 5)):
        place = chance.randrange(len(damaged) + 1)
        match chance.randrange(4):
            case 0 if damaged:
                damaged[place % len(damaged)] = chance.randrange(256)
            case 1:
                del damaged[place : place + chance.randint(1, 40)]
            case 2:
                damaged[place:place] = chance.randbytes(chance.randint(1, 8))
            case _:
                damaged[place:place] = damaged[: chance.randint(1, 60)]
    return bytes(damaged)


class Doors:
    """A co-operative with meters behind its door, at which one gateway speaks for half of them."""

    OWN = ("E1", "H1", "S1", "KAM06855817")

    def __init__(self, database: Database, folder: Path) -> None:
        self.database = database
        set_clock(database, LATER)
        with writing(database) as tx:
            register_meters(tx, [Meter("KAM06855817", MeterKind.HEAT, "C2", INSTALLED)])
        self._bearer = let_gateway_in(database, "box", *self.OWN)
        self.door: RawDoor = telegram_door(
            Room(METERING, database, Settings(data_dir=folder, park_limit=10**9)), "mqtt"
        )
        self._gateway = open_desk(METERING, database, folder)
        self._board = sign_in(open_desk(METERING, database, folder), "board")
        self.outcomes: Counter[str] = Counter()
        self.answered: Counter[int] = Counter()

    def throw(self, thrown: Thrown) -> None:
        """Hand one delivery to the door of a bus or a broker, and fail where the program failed on it."""
        self._wait()
        self.door.receive([({"community": COMMUNITY, "gateway": "box", "format": thrown.format}, thrown.body)])

    def post(self, seed: int) -> None:
        """Post the delivery of a seed as the gateway, and try its file as the board; fail on a server error."""
        self._wait()
        thrown, (file, mapping) = invent(seed), invent_file(seed)
        posted = self.post_body(thrown.format, thrown.body)
        told = {"mapping": json.dumps(mapping), "dry_run": "true"}
        tried = self._board.post(f"{API}/csv", params=told, content=file)
        for answer in (posted, tried):
            assert answer.status_code in EXPECTED, (answer.status_code, answer.text)
            self.answered[answer.status_code] += 1

    def post_body(self, format: str, body: bytes) -> Any:
        """Post a delivery as the gateway."""
        return self._gateway.post(f"{API}/deliveries", params={"format": format}, content=body, headers=self._bearer)

    def _wait(self) -> None:
        set_clock(self.database, self.database.clock.now() + timedelta(seconds=1))

    def list_bugs(self) -> list[str]:
        """Reasons of everything that was parked because the program failed on it, or refused the whole message."""
        with self.database.read(COMMUNITY) as tx:
            query = select(dead_letter.c.code, dead_letter.c.reason, dead_letter.c.kind)
            letters = tx.execute(query.where(dead_letter.c.community == tx.community)).all()
            taken = tx.scalar(select(func.sum(delivery.c.values_taken)).where(delivery.c.community == tx.community))
        self.outcomes = Counter(f"{letter.kind} {letter.code}" for letter in letters)
        self.outcomes["values taken"] = taken or 0
        return [
            str(letter.reason) for letter in letters
            if letter.code == "bug" or (letter.kind == "unrouted" and letter.code != "unknown-format")
        ]  # fmt: skip

    def list_wrong(self) -> list[str]:
        """Values that are stored and cannot be: of others' meters, or negative."""
        wrong = []
        for (serial, quantity, shape), values in latest_values(self.database).items():
            if serial not in self.OWN:
                wrong.append(f"{serial} was written by a gateway that does not speak for it")
            counts = quantity in ("electricity_import", "electricity_export", "heat", "cold", "volume")
            wrong += [f"{serial} {quantity} {shape}: {value}" for value, _ in values.values() if counts and value < 0]
        return wrong


def decode_all(seed: int) -> None:
    """Hand the delivery and the file of a seed to the decoders; each fault is a problem with its raw part."""
    thrown = invent(seed)
    if thrown.format in FORMATS:
        decoded = FORMATS[thrown.format](thrown.body, received_at=LATER)
        assert len(decoded.problems) == len(decoded.broken)
    body, mapping = invent_file(seed)
    try:
        decode_csv(body, CsvMapping.parse(mapping), received_at=LATER)
    except BadInput:
        return


def play(doors: Doors, seeds: range, is_over: Callable[[], bool] = lambda: False) -> int:
    """Play seeds; returns how many were."""
    for count, seed in enumerate(seeds):
        if is_over():
            return count
        try:
            decode_all(seed)
            if seed % 3:
                doors.throw(invent(seed))
            else:
                doors.post(seed)
        except BaseException:
            print(f"seed {seed}", file=sys.stderr)
            raise
    return len(seeds)


def main() -> None:
    """Play for so many minutes, from a seed on, and say what came of it."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--minutes", type=float, default=60)
    parser.add_argument("--seed", type=int, default=int(time.time()))
    options = parser.parse_args()
    end = time.monotonic() + options.minutes * 60
    with tempfile.TemporaryDirectory() as name:
        database = open_database(f"sqlite:///{name}/metering.db")
        doors = Doors(database, Path(name))
        count = play(doors, range(options.seed, options.seed + 10**9), lambda: time.monotonic() > end)
        bugs, wrong = doors.list_bugs(), doors.list_wrong()
        database.close()
    peak_mib = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
    print(f"{count} deliveries from seed {options.seed}, at most {peak_mib} MiB: {dict(doors.outcomes)}")
    print(f"answers of the API: {dict(doors.answered)}")
    for line in sorted({*bugs, *wrong})[:50]:
        print(line)
    sys.exit(bool(bugs or wrong))


if __name__ == "__main__":
    main()
