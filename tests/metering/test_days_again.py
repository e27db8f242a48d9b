"""Corrections that share only those days again of which somebody spoke: whatever happens, as all of it comes out.

The comparison is that of ``both_ways``: figures, hashes, versions and what is kept, of each correction.
"""

from __future__ import annotations

import json
import random
from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest
from sqlalchemy import select, update

from coop.kit.database import Database
from coop.kit.tx import Tx
from coop.metering.intake.receive import receive, undo_import
from coop.metering.model import Decoded, Delivery, Meter, MeterKind, Quality, Quantity, Series, Stand
from coop.metering.periods import store as periods
from coop.metering.periods.acceptance import subject_of
from coop.metering.periods.close import correct_period
from coop.metering.periods.results import compute_period
from coop.metering.periods.tables import computed_day
from coop.metering.provenance.standing_again import verify_standing
from coop.metering.provenance.verify import explain_allocation, verify_allocation
from coop.metering.readings.sealing import list_to_seal, seal_days
from coop.metering.register.commands import register_meters, set_group
from coop.values import CoopError, Period, midnight
from tests.metering.both_ways import Seen
from tests.metering.homes import INSTALLED, LATER, adopt_key, close_anyway, found, quarters, writing
from tests.metering.test_heard_late import closing, hear, opening

SPAN = Period(date(2025, 3, 27), date(2025, 4, 4))
"""Days of which one has 23 hours."""
DAYS = [SPAN.start + timedelta(days=i) for i in range(SPAN.days)]
DYNAMIC: dict[str, object] = {"kind": "dynamic"}
KEYS: tuple[dict[str, object], ...] = (DYNAMIC, {"kind": "equal"}, {"kind": "priority", "order": ["C3", "C1", "C2"]})
EXPORT = {"S1", "S2", "Z1"}


class Play:
    """Homes whose electricity was shared in two groups with points in common, and what is said of it afterwards."""

    def __init__(self, database: Database, community: str, rng: random.Random) -> None:
        self.database, self.community, self.rng = database, community, rng
        self.number = self.moves = 0
        self.imports: list[str] = []

    def begin(self) -> None:
        """Each group has a roof of the co-operative, one also that of a home; another home has a second meter."""
        with writing(self.database, self.community) as tx:
            found(tx)
            register_meters(
                tx,
                [
                    Meter("S2", MeterKind.SOLAR, None, INSTALLED),
                    Meter("Z1", MeterKind.SOLAR, "C1", INSTALLED),
                    Meter("E4", MeterKind.ELECTRICITY, "C2", midnight(DAYS[4])),
                ],
            )
            set_group(tx, "school", ["S2", "Z1"], ["C1", "C2"])
            adopt_key(tx, DYNAMIC, date(2024, 1, 1))
            adopt_key(tx, KEYS[1], date(2024, 1, 1), "K2", group_id="school")
            for meter in ("E1", "E2", "E3", "S1", "S2", "Z1"):
                self.say(tx, meter, SPAN.start_at, int((SPAN.end_at - SPAN.start_at).total_seconds()) // 900)
            self.say(tx, "E4", midnight(DAYS[4]), 96 * (len(DAYS) - 4))
            close_anyway(tx, SPAN)

    def tell(self, tx: Tx, *told: Stand | Series, format: str = "head-end", is_claim: bool = False) -> str:
        self.number += 1
        stands = [one for one in told if isinstance(one, Stand)]
        series = [one for one in told if isinstance(one, Series)]
        body = json.dumps([self.community, self.number]).encode()
        received_at = LATER + timedelta(hours=self.number)
        delivery = Delivery(format, "gw", received_at, body, Decoded(stands, series), is_signed=not is_claim)
        return receive(tx, delivery).delivery_id

    def say(
        self,
        tx: Tx,
        meter: str,
        start: datetime,
        n: int,
        step_s: int = 900,
        codes: tuple[int, ...] = (1,),
        format: str = "head-end",
        is_claim: bool = False,
    ) -> str:
        quantity = Quantity.ELECTRICITY_EXPORT if meter in EXPORT else Quantity.ELECTRICITY_IMPORT
        values = [self.rng.randint(0, 900) for _ in range(n)]
        quality = [self.rng.choice(codes) for _ in range(n)]
        told = quarters(meter, start, values, quantity, quality, step_s=step_s)
        return self.tell(tx, told, format=format, is_claim=is_claim)

    def happen(self) -> None:
        """Let one thing happen, as far as it may; most often somebody speaks of a day."""
        day = self._day
        acts: list[Callable[[Tx], object]] = [
            day, day, day, day, day, self._file, self._undo, self._hour, self._stand, self._claim, self._move,
            self._key, self._beyond, self._seal, self._missing, self._repeat,
        ]  # fmt: skip
        with suppress(CoopError), writing(self.database, self.community) as tx:
            self.rng.choice(acts)(tx)

    def correct(self) -> None:
        """Correct what was closed, and accept whatever is missing."""
        with suppress(CoopError), writing(self.database, self.community) as tx:
            lacking = {subject_of(said) for said in compute_period(tx, SPAN).lacking}
            correct_period(tx, SPAN, accept=lacking, reason="the test goes on")

    def _meter(self) -> str:
        return self.rng.choice(["E1", "E2", "E3", "E4", "S1", "S2", "Z1"])

    def _when(self) -> datetime:
        return midnight(self.rng.choice(DAYS)) + timedelta(hours=self.rng.choice([0, 0, 5, 23]))

    def _day(self, tx: Tx) -> None:
        self.say(tx, self._meter(), self._when(), self.rng.choice([1, 40, 96]), codes=(1, 2))

    def _missing(self, tx: Tx) -> None:
        self.say(tx, self._meter(), self._when(), 3, codes=(0, 1, Quality.CORRECTED))

    def _repeat(self, tx: Tx) -> None:
        self.tell(tx, quarters("E3", midnight(DAYS[1]), [77] * 96))

    def _file(self, tx: Tx) -> None:
        self.imports.append(self.say(tx, self._meter(), self._when(), 96, codes=(Quality.CORRECTED,), format="csv"))

    def _undo(self, tx: Tx) -> None:
        if self.imports:
            undo_import(tx, self.imports.pop())

    def _hour(self, tx: Tx) -> None:
        if self.rng.random() < 0.3:
            self.say(tx, self._meter(), self._when(), 4, step_s=3600)

    def _stand(self, tx: Tx) -> None:
        if self.rng.random() < 0.3:
            start = self._when()
            for i in range(6):
                at = start + timedelta(minutes=30 * i)
                self.tell(tx, Stand("E3", Quantity.ELECTRICITY_IMPORT, at, Decimal(100 + i), "kWh"))

    def _claim(self, tx: Tx) -> None:
        if self.rng.random() < 0.3:
            self.say(tx, self._meter(), self._when(), 8, is_claim=True)

    def _move(self, tx: Tx) -> None:
        if not self.moves:
            day = self.rng.choice(DAYS[1:-1])
            hear(tx, closing(day, self.moves))
            hear(tx, opening("M9", day + timedelta(days=self.rng.choice([0, 1]))))
            self.moves += 1

    def _key(self, tx: Tx) -> None:
        adopt_key(tx, self.rng.choice(KEYS), self.rng.choice(DAYS), f"K{self.number}-{self.moves}")

    def _beyond(self, tx: Tx) -> None:
        when = midnight(self.rng.choice([SPAN.end, SPAN.start - timedelta(days=1)]))
        self.say(tx, self._meter(), when, 96)

    def _seal(self, tx: Tx) -> None:
        seal_days(tx, set(list_to_seal(tx, 20)))


def test_whatever_is_said_of_some_days_the_run_comes_out_as_all_of_it_would(
    database: Database, corrections: Seen
) -> None:
    for seed in range(5):
        play = Play(database, f"days-{seed}", random.Random(seed))
        play.begin()
        for _ in range(14):
            play.happen()
            if play.rng.random() < 0.7:
                play.correct()
        play.correct()
        with database.read(play.community) as tx:
            assert verify_standing(tx).findings == [], seed
            for run in periods.list_runs(tx, SPAN):
                assert verify_allocation(tx, run.id) == [], seed
    assert corrections.by_day > 25, "runs of which some days alone were shared again"
    assert corrections.counted_runs > corrections.by_day + 5, "and runs that were computed whole"


def day_said(play: Play, day: date, values: list[int]) -> None:
    """Let a home say another day, and correct what was closed."""
    with writing(play.database, play.community) as tx:
        play.tell(tx, quarters("E2", midnight(day), values))
        correct_period(tx, SPAN, accept={subject_of(said) for said in compute_period(tx, SPAN).lacking}, reason="so")


def test_one_day_is_shared_again_and_is_explained_and_verified_as_any(database: Database, corrections: Seen) -> None:
    play = Play(database, "one-day", random.Random(1))
    play.begin()
    with database.read(play.community) as tx:
        was = {one.connection_id: one for run in periods.list_runs(tx) for one in periods.list_allocations(tx, run.id)}
        kept = days_kept(tx)
    day_said(play, DAYS[2], [5_000] * 96)
    assert corrections.by_day == 2, "both groups, for they share points"
    with database.read(play.community) as tx:
        roofs = next(run for run in reversed(periods.list_runs(tx)) if run.group_id == "roofs")
        assert roofs.revision == 2
        assert verify_allocation(tx, roofs.id) == []
        why = explain_allocation(tx, roofs.id, "C2", midnight(DAYS[2]) + timedelta(hours=12))
        assert why.taken == 5_000_000
        now = days_kept(tx)
    written = {day for (group_id, day), row in now.items() if kept[group_id, day] != row}
    first = (midnight(DAYS[2]).astimezone(UTC).date() - date(1970, 1, 1)).days
    assert written == {first, first + 1}, "a civil day lies on two of UTC"
    assert was["C2"].consumed_wh > 0


def days_kept(tx: Tx) -> dict[tuple[str, int], tuple[bytes, ...]]:
    """What is kept of each day, by group."""
    columns = computed_day.c
    query = select(columns.group_id, columns.day, columns.sums, columns.sha256, columns.versions)
    rows = tx.execute(query.where(columns.community == tx.community))
    return {(group_id, day): tuple(rest) for group_id, day, *rest in rows}


@pytest.mark.parametrize("crime", ["sums", "sha256"])
def test_a_day_that_somebody_changed_moves_no_energy_and_verifying_finds_it(
    database: Database, corrections: Seen, crime: str
) -> None:
    play = Play(database, "burgled", random.Random(3))
    play.begin()
    columns = computed_day.c
    with writing(database, play.community) as tx:
        day = max(tx.execute(select(columns.day).where(columns.community == tx.community)).scalars())
        row = {one: body for (one, at), body in days_kept(tx).items() if at == day - 1}["roofs"]
        forged = {"sums": row[0], "sha256": row[1]}[crime]
        where = columns.community == tx.community, columns.day == day - 2, columns.group_id == "roofs"
        tx.execute(update(computed_day).where(*where).values({crime: forged}))
        [finding] = verify_standing(tx).findings
        assert finding.startswith(f"{SPAN}: what was kept of ")
        assert "in group roofs is not what that day came to" in finding
    day_said(play, DAYS[2], [5_000] * 96)
    assert corrections.by_day == 0, "all of it was computed"
    with database.read(play.community) as tx:
        assert verify_standing(tx).findings == []


def test_versions_that_somebody_changed_are_found(one_database: Database) -> None:
    play = Play(one_database, "burgled", random.Random(3))
    play.begin()
    columns = computed_day.c
    with writing(one_database, play.community) as tx:
        versions = days_kept(tx)["school", max(day for _, day in days_kept(tx))][2]
        where = columns.community == tx.community, columns.group_id == "roofs"
        tx.execute(update(computed_day).where(*where).values(versions=versions))
        assert len(verify_standing(tx).findings) > 3
