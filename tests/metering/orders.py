"""Random histories of one register's day, told in any order, and the day that they have to end in.

The day is computed here a second time, from the statements alone and with no code of the product. Run as a program it
plays as many histories as one asks for, ``python -m tests.metering.orders 100000``, says how many ended right and names
each that did not. It writes down how far it is (in the file that is named second), and goes on from there.
"""

from __future__ import annotations

import json
import random
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

from coop.kit.actor import Actor
from coop.kit.database import Database
from coop.kit.rows import insert_nouns
from coop.kit.tx import Tx
from coop.metering.intake.parking import list_telegrams, replay_telegram
from coop.metering.intake.receive import receive, undo_import
from coop.metering.intake.tables import withdrawal
from coop.metering.intake.withdrawals import Withdrawal, answer_withdrawal
from coop.metering.model import Decoded, Delivery, Quality, Quantity, Series, Shape, Stand, register_id
from coop.metering.readings import arrivals
from coop.metering.readings import store as readings
from coop.metering.readings.sealing import seal_days
from tests.metering.homes import COMMUNITY, gj, open_database, quarters

FIRST = datetime(2024, 2, 1, tzinfo=UTC)
DAYS = 900
TOGETHER = 50
RANKS = {3: 1, 2: 2, 1: 3, 4: 4}
SECOND_PERSON = Actor("account", "another", "web")
REGISTERS = (("E1", False), ("E2", False), ("E3", False), ("H1", True), ("H2", True), ("H3", True))
Placed = dict[int, tuple[int, int]]
"""By second of the day, value and quality."""


@dataclass(frozen=True)
class Statement:
    """Values and qualities that one delivery says, by place; ``kind`` says how it comes in."""

    name: str
    kind: str
    received_h: int
    values: Placed

    @property
    def received_after(self) -> timedelta:
        """When it was received, after the day began: by a clock that runs behind where it is parked first."""
        return timedelta(days=-2 if self.kind == "parked" else 40, hours=self.received_h)


@dataclass
class Known:
    """What was said so far, and what was taken back."""

    said: set[str] = field(default_factory=set)
    undone: set[str] = field(default_factory=set)
    false: set[tuple[int, int]] = field(default_factory=set)

    def fold(self, statements: dict[str, Statement]) -> Placed:
        """The day that has to stand: at each place the best of what is not taken back."""
        best: dict[int, tuple[int, timedelta, int, int]] = {}
        for name in self.said - self.undone:
            one = statements[name]
            for place, (value, quality) in one.values.items():
                if (place, value) not in self.false:
                    told = RANKS[quality], one.received_after, value, quality
                    best[place] = max(best.get(place, told), told)
        return {place: (value, quality) for place, (_, _, value, quality) in sorted(best.items())}


def draw(rng: random.Random) -> list[Statement]:
    """Statements about one day: of gateways, imports, corrections, what is parked first, and re-sends of any."""
    drawn: list[Statement] = []
    for i in range(rng.randint(2, 6)):
        kind = rng.choice(["gateway", "gateway", "import", "correction", "parked"])
        if drawn and rng.random() < 0.4:
            values = dict(rng.choice(drawn).values)
        else:
            quality = {"correction": [4], "import": [1]}.get(kind, [1, 1, 3])
            first, count = rng.randint(0, 5), rng.randint(1, 4)
            values = {900 * k: (rng.randint(0, 9), rng.choice(quality)) for k in range(first, first + count)}
        if kind in ("gateway", "parked"):
            values = {place: (value, 1 if quality == 4 else quality) for place, (value, quality) in values.items()}
        drawn.append(Statement(f"s{i}", kind, rng.randint(0, 5), values))
    return drawn


@dataclass
class Play:
    """A history of one register's day as it is told to the product."""

    tx: Tx
    rng: random.Random
    meter: str
    is_stand: bool
    start: datetime
    number: int

    @property
    def register_id(self) -> str:
        quantity = Quantity.HEAT if self.is_stand else Quantity.ELECTRICITY_IMPORT
        return register_id(COMMUNITY, self.meter, quantity, Shape.STAND if self.is_stand else Shape.INTERVAL)

    @property
    def day(self) -> int:
        return readings.day_number(self.start)

    def run(self) -> None:
        """Tell everything in some order, with what is told twice and sealed in between, and compare."""
        statements = {one.name: one for one in draw(self.rng)}
        known = Known()
        delivered: dict[str, str] = {}
        letters: dict[str, str] = {}
        moments: list[tuple[int, Placed]] = []
        for act, subject in self._acts(statements):
            if act == "say":
                self._say(statements[subject], known, delivered, letters)
            elif act == "adopt":
                replay_telegram(self.tx, letters[subject])
                known.said.add(subject)
            elif act == "undo":
                undo_import(self.tx, delivered[subject])
                known.undone.add(subject)
            elif act == "withdraw":
                self._withdraw(statements[subject], known)
            else:
                seal_days(self.tx, {(self.register_id, self.day)})
            moments.append((arrivals.last_number(self.tx), known.fold(statements)))
            if act == "seal" or len(moments) == 1:
                self._compare(None, moments[-1][1])
        for number, stood in self.rng.sample(moments, min(3, len(moments))):
            self._compare(number, stood)
        self._compare(None, moments[-1][1])

    def _acts(self, statements: dict[str, Statement]) -> list[tuple[str, str]]:
        """Acts in some order, each after those that it needs."""
        rng = self.rng
        placed: list[tuple[float, str, str]] = []
        for one in statements.values():
            at = rng.random()
            placed += [(at, "say", one.name)] + [(rng.uniform(at, 1), "say", one.name)] * rng.choice([0, 0, 1])
            if one.kind == "parked":
                placed.append((rng.uniform(at, 1), "adopt", one.name))
            if one.kind == "import" and rng.random() < 0.5:
                # A file that comes again after it was undone would be another delivery.
                latest = max(when for when, _, name in placed if name == one.name)
                placed.append((rng.uniform(latest, 1), "undo", one.name))
            if rng.random() < 0.2:
                placed.append((rng.random(), "withdraw", one.name))
        placed += [(rng.random(), "seal", "") for _ in range(rng.randint(0, 3))]
        return [(act, subject) for _, act, subject in sorted(placed)]

    def _say(self, one: Statement, known: Known, delivered: dict[str, str], letters: dict[str, str]) -> None:
        told = list(self._readings(one))
        stands = [each for each in told if isinstance(each, Stand)]
        series = [each for each in told if isinstance(each, Series)]
        format = {"import": "csv"}.get(one.kind, "p1")
        body = json.dumps([self.number, self.meter, one.name]).encode()
        at = self.start + one.received_after
        delivered[one.name] = receive(self.tx, Delivery(format, "gw", at, body, Decoded(stands, series))).delivery_id
        if one.kind == "parked":
            mine = [letter for letter in list_telegrams(self.tx) if letter.source == delivered[one.name]]
            letters[one.name] = letters.get(one.name) or mine[0].id
        else:
            known.said.add(one.name)

    def _readings(self, one: Statement) -> Iterator[Stand | Series]:
        for place, (value, quality) in one.values.items():
            at = self.start + timedelta(seconds=place)
            if self.is_stand:
                yield gj(self.meter, at, str(value), Quality(quality))
            else:
                yield quarters(self.meter, at, [value], quality=[quality])

    def _withdraw(self, one: Statement, known: Known) -> None:
        place, (value, _) = self.rng.choice(sorted(one.values.items()))
        known.false.add((place, value))
        units, step_s = (value * 10**9, 0) if self.is_stand else (value, 900)
        at_s = readings.seconds(self.start) + place
        name = f"{self.number}-{place}-{value}-{self.rng.random()}"[:36]
        row = Withdrawal(name, self.register_id, at_s, step_s, 0, units, "false", self.tx.now, "account:first")
        if not readings.read_history(self.tx, self.register_id, self.day).entries.numbers():
            known.false.discard((place, value))
            return  # there is no register yet
        insert_nouns(self.tx, withdrawal, [row])
        answer_withdrawal(self.tx, name, confirmed=True)

    def _compare(self, known: int | None, stood: Placed) -> None:
        stored = readings.latest(self.tx, [self.register_id], [self.day], known)
        content = stored[self.register_id, self.day].content if stored else None
        unit = 10**9 if self.is_stand else 1
        found = (
            {
                offset: (value // unit, quality)
                for offset, value, quality in zip(
                    content.offsets.tolist(), content.values.tolist(), content.quality.tolist(), strict=True
                )
            }
            if content is not None
            else {}
        )
        if found != stood:
            raise AssertionError(f"history {self.number} of {self.meter}, known {known}: {found}, not {stood}")


def play(database: Database, count: int, seed: int) -> None:
    """Play so many histories, each of a day and register of its own.

    Raises:
        AssertionError: one ends otherwise than its statements say.
    """
    for first in range(seed, seed + count, TOGETHER):
        with database.write(COMMUNITY, SECOND_PERSON) as tx:
            for number in range(first, min(first + TOGETHER, seed + count)):
                place = number % (DAYS * len(REGISTERS))
                meter, is_stand = REGISTERS[place % len(REGISTERS)]
                start = FIRST + timedelta(days=place // len(REGISTERS))
                Play(tx, random.Random(number), meter, is_stand, start, number).run()


@dataclass
class Progress:
    """Histories that were played, from the first on, and those of them that ended otherwise than they have to."""

    played: int = 0
    wrong: dict[int, str] = field(default_factory=dict)

    def __str__(self) -> str:
        return f"{self.played - len(self.wrong)} of {self.played} histories ended as they have to"


def read_progress(path: Path) -> Progress:
    """What an earlier run wrote down; nothing where there was none."""
    if not path.exists():
        return Progress()
    kept = json.loads(path.read_text())
    return Progress(kept["played"], {int(number): why for number, why in kept["wrong"].items()})


def play_on(progress: Progress, count: int) -> Iterator[Progress]:
    """Play on up to ``count`` histories, in files that are thrown away, and say now and then how far it is."""
    size = DAYS * len(REGISTERS)
    while progress.played < count:
        with tempfile.TemporaryDirectory() as folder:
            database = open_database(f"sqlite:///{folder}/metering.db")
            first = progress.played
            for start in range(first, min(first + size, count), TOGETHER * 10):
                after = min(start + TOGETHER * 10, first + size, count)
                progress.wrong |= find_wrong(database, start, after)
                progress.played = after
                yield progress
            database.close()


def find_wrong(database: Database, first: int, after: int) -> dict[int, str]:
    """Play histories together; where one ends wrong, each by itself, to name every one that does."""
    try:
        play(database, after - first, first)
    except AssertionError:
        wrong = {}
        for number in range(first, after):
            with tempfile.TemporaryDirectory() as folder:
                alone = open_database(f"sqlite:///{folder}/metering.db")
                try:
                    play(alone, 1, number)
                except AssertionError as error:
                    wrong[number] = str(error)
                alone.close()
        return wrong
    return {}


def main() -> int:
    """Play as many histories as the first argument says, on from what the file named second says was played."""
    count, path = int(sys.argv[1]), Path(sys.argv[2]) if len(sys.argv) > 2 else None
    progress = read_progress(path) if path else Progress()
    for _ in play_on(progress, count):
        if path:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(json.dumps({"played": progress.played, "wrong": progress.wrong}))
        print(progress, flush=True)
    print(progress, *progress.wrong.values(), sep="\n")
    return 1 if progress.wrong else 0


if __name__ == "__main__":
    raise SystemExit(main())
