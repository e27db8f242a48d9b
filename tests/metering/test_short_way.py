"""Corrections the short way: whatever happened since a period was computed, it comes out as the whole computation says.

The comparison itself is that of ``both_ways``, which looks at every correction of every test of metering.
"""

from __future__ import annotations

import json
import random
from collections.abc import Callable
from contextlib import suppress
from datetime import date, datetime, timedelta
from decimal import Decimal
from uuid import uuid4

import pytest
from sqlalchemy import update

from coop.kit.actor import Actor
from coop.kit.database import Database
from coop.kit.rows import insert_nouns
from coop.kit.tx import Tx
from coop.metering.heat.decisions import answer_break, decide_break, find_doubt, list_choices
from coop.metering.intake.exchange import exchange_meter
from coop.metering.intake.receive import receive, undo_import
from coop.metering.intake.tables import withdrawal
from coop.metering.intake.withdrawals import Withdrawal, answer_withdrawal
from coop.metering.model import Decoded, Delivery, Quality, Quantity, Series, Stand
from coop.metering.periods import store as periods
from coop.metering.periods.acceptance import subject_of
from coop.metering.periods.close import correct_period
from coop.metering.periods.results import compute_period, find_breaks
from coop.metering.periods.standing import keep_standing, load_standing
from coop.metering.periods.tables import computed_heat, computed_run
from coop.metering.provenance.standing_again import verify_standing
from coop.metering.readings.sealing import list_to_seal, seal_days
from coop.metering.register.commands import correct_meter
from coop.metering.register.store import list_meters, list_registers
from coop.values import CoopError, Period, midnight
from tests.metering.both_ways import Seen
from tests.metering.homes import LATER, adopt_key, close_anyway, found, gj, quarters, writing
from tests.metering.test_heard_late import closing, hear, opening

WEEK = Period(date(2025, 3, 3), date(2025, 3, 8))
DAYS = [WEEK.start + timedelta(days=i) for i in range(-1, WEEK.days + 2)]
SECOND = Actor("account", "another", "web")
KEYS: tuple[dict[str, object], ...] = (
    {"kind": "dynamic"},
    {"kind": "equal"},
    {"kind": "priority", "order": ["C3", "C1", "C2"]},
)


class Play:
    """A co-operative whose week is closed, and what happens to it afterwards."""

    def __init__(self, database: Database, community: str, rng: random.Random) -> None:
        self.database, self.community, self.rng = database, community, rng
        self.number = 0
        self.moves = 0
        self.imports: list[str] = []

    def tell(self, tx: Tx, *told: Stand | Series, format: str = "p1", is_claim: bool = False) -> str:
        """Let a device say something, or one account alone; returns the delivery."""
        self.number += 1
        stands = [one for one in told if isinstance(one, Stand)]
        series = [one for one in told if isinstance(one, Series)]
        body = json.dumps([self.community, self.number]).encode()
        received_at = LATER + timedelta(hours=self.number)
        decoded = Decoded(stands, series)
        return receive(tx, Delivery(format, "gw", received_at, body, decoded, is_signed=not is_claim)).delivery_id

    def begin(self) -> None:
        """One home is read at each midnight, one at six in the morning, one at both ends alone."""
        with writing(self.database, self.community) as tx:
            found(tx)
            adopt_key(tx, KEYS[0], date(2024, 1, 1))
            rising = [(midnight(day), day.toordinal() - DAYS[0].toordinal()) for day in DAYS]
            self.tell(tx, *(gj("H1", when, str(10 + i)) for when, i in rising))
            self.tell(tx, *(gj("H2", when + timedelta(hours=6), str(20 + 2 * i)) for when, i in rising))
            self.tell(tx, gj("H3", WEEK.start_at, "5"), gj("H3", WEEK.end_at, "6.5"))
            self._tell_weather(tx, midnight(DAYS[0]), 24 * len(DAYS))
            for meter in ("E1", "E2", "E3", "S1"):
                self._power(tx, meter, WEEK.start_at, 96 * WEEK.days)
            close_anyway(tx, WEEK)

    def happen(self) -> None:
        """Let one thing happen, as far as it may."""
        acts: list[Callable[[Tx], object]] = [
            self._stand, self._stand, self._day, self._day, self._file, self._undo, self._move, self._exchange,
            self._key, self._weather, self._withdraw, self._next_month, self._hang, self._seal, self._decide,
        ]  # fmt: skip
        with suppress(CoopError), self.database.write(self.community, SECOND) as tx:
            self.rng.choice(acts)(tx)

    def correct(self) -> None:
        """Correct the week, and accept whatever is missing."""
        with suppress(CoopError), writing(self.database, self.community) as tx:
            lacking = {subject_of(said) for said in compute_period(tx, WEEK).lacking}
            correct_period(tx, WEEK, accept=lacking, reason="the test goes on")

    def _is_claim(self) -> bool:
        return self.moves > 0 and self.rng.random() < 0.2

    def _when(self) -> datetime:
        return midnight(self.rng.choice(DAYS)) + timedelta(hours=self.rng.choice([0, 0, 0, 6, 11]))

    def _power(self, tx: Tx, meter: str, start: datetime, n: int) -> None:
        quantity = Quantity.ELECTRICITY_EXPORT if meter == "S1" else Quantity.ELECTRICITY_IMPORT
        values = [self.rng.randint(0, 900) for _ in range(n)]
        self.tell(tx, quarters(meter, start, values, quantity), is_claim=self._is_claim())

    def _stand(self, tx: Tx) -> None:
        meter, when = self.rng.choice(["H1", "H1", "H2", "H3"]), self._when()
        base, step = {"H1": (10, Decimal(1)), "H2": (20, Decimal(2)), "H3": (5, Decimal("0.3"))}[meter]
        days = Decimal((when - midnight(DAYS[0])).total_seconds()) / 86400
        value = (base + step * days + Decimal(self.rng.randint(-30, 30)) / 100).quantize(Decimal("0.01"))
        quality = self.rng.choice([Quality.MEASURED, Quality.CORRECTED])
        self.tell(tx, gj(meter, when, str(value), quality), is_claim=self._is_claim())

    def _day(self, tx: Tx) -> None:
        start = midnight(self.rng.choice(DAYS[1:-2])) + timedelta(hours=self.rng.choice([0, 0, 5]))
        self._power(tx, self.rng.choice(["E1", "E2", "E3", "S1"]), start, self.rng.choice([1, 40, 96]))

    def _file(self, tx: Tx) -> None:
        stand = gj("H1", self._when(), str(self.rng.randint(9, 18)), Quality.CORRECTED)
        self.imports.append(self.tell(tx, stand, format="csv"))

    def _undo(self, tx: Tx) -> None:
        if self.imports:
            undo_import(tx, self.imports.pop())

    def _move(self, tx: Tx) -> None:
        day = self.rng.choice([*DAYS[1:-2], None])
        if day is not None and self.rng.random() < 0.5:
            hear(tx, opening("M9", day))
        hear(tx, closing(day, self.moves))
        self.moves += 1

    def _exchange(self, tx: Tx) -> None:
        old = [one.serial for one in list_meters(tx) if one.connection_id == "C2" and one.serial.startswith("H")][-1]
        stand = {Quantity.HEAT: Decimal(self.rng.randint(22, 30)) * 10**9}
        exchange_meter(tx, old, f"H2-{self.number}", self._when(), stand, {Quantity.HEAT: Decimal(0)}, is_signed=True)

    def _key(self, tx: Tx) -> None:
        adopt_key(tx, self.rng.choice(KEYS), self.rng.choice(DAYS), f"K{self.number}")

    def _weather(self, tx: Tx) -> None:
        self._tell_weather(tx, midnight(self.rng.choice(DAYS)), 24)

    def _tell_weather(self, tx: Tx, start: datetime, n: int) -> None:
        told = [self.rng.randint(-500, 1500) for _ in range(n)]
        self.tell(tx, quarters("BRON", start, told, Quantity.OUTSIDE_TEMPERATURE, unit="cdegC", step_s=3600))

    def _withdraw(self, tx: Tx) -> None:
        register = next(one.id for one in list_registers(tx) if one.serial == "H1")
        at_s = int(midnight(self.rng.choice(DAYS)).timestamp())
        row = Withdrawal(str(uuid4()), register, at_s, 0, 0, 11 * 10**9, "false", tx.now, "account:first")
        insert_nouns(tx, withdrawal, [row])
        answer_withdrawal(tx, row.id, confirmed=True)

    def _next_month(self, tx: Tx) -> None:
        when = midnight(WEEK.end + timedelta(days=self.rng.randint(1, 40)))
        self.tell(tx, gj(self.rng.choice(["H1", "H2", "H3"]), when, "60"))

    def _hang(self, tx: Tx) -> None:
        correct_meter(tx, "H3", self.rng.choice(["C3", "C1"]), self._when(), "it was entered wrongly")

    def _seal(self, tx: Tx) -> None:
        seal_days(tx, set(list_to_seal(tx, 20)))

    def _decide(self, tx: Tx) -> None:
        for block in find_breaks(tx, WEEK):
            register, doubt = find_doubt(tx, block.register_id, block.at_s)
            proposal = decide_break(tx, register.id, doubt.at_s, list_choices(tx, register, doubt)[0], "looked at")
            answer_break(tx, proposal.id, confirmed=True)
            return


def test_whatever_happens_a_correction_comes_out_as_the_whole_computation_says(
    database: Database, corrections: Seen
) -> None:
    for seed in range(4):
        play = Play(database, f"play-{seed}", random.Random(seed))
        play.begin()
        for _ in range(10):
            play.happen()
            if play.rng.random() < 0.6:
                play.correct()
        play.correct()
        with database.read(play.community) as tx:
            assert verify_standing(tx).findings == [], seed
    assert corrections.corrections > 15
    assert corrections.standing > 15, "some stood"
    assert corrections.counted > 15, "and some were counted again"
    assert corrections.standing_runs > 3, "so it is with runs"
    assert corrections.counted_runs > 3, "of shared electricity"


@pytest.mark.parametrize("crime", [{"known": 10_000}, {"body": b"[]"}, {"sha256": "0" * 64}])
def test_what_somebody_changed_is_not_relied_on_and_verifying_finds_it(
    database: Database, corrections: Seen, crime: dict[str, object]
) -> None:
    play = Play(database, "burgled", random.Random(7))
    play.begin()
    with writing(database, play.community) as tx:
        play.tell(tx, gj("H1", WEEK.end_at, "15.5", Quality.CORRECTED))
        tx.execute(update(computed_heat).where(computed_heat.c.community == tx.community).values(**crime))
        [finding] = verify_standing(tx).findings
        assert "was changed" in finding
        told = correct_period(tx, WEEK)
        assert (told.revision, told.measured_count) == (2, 1)
        assert verify_standing(tx).findings == []


def test_what_somebody_forged_whole_is_found_by_computing_again(one_database: Database) -> None:
    play = Play(one_database, "forged", random.Random(7))
    play.begin()
    with writing(one_database, play.community) as tx:
        play.tell(tx, gj("H1", WEEK.end_at, "15.5", Quality.CORRECTED))
        told = load_standing(tx, WEEK, periods.list_measurements(tx, WEEK))
        assert told is not None
        keep_standing(tx, WEEK, told.kept)  # as if the reading had been known
        again = verify_standing(tx)
    assert again.findings == [
        f"{WEEK}: heat of connection C1 is kept as it was told, and comes out otherwise",
    ]


def test_a_run_that_somebody_kept_from_being_computed_is_found(one_database: Database) -> None:
    play = Play(one_database, "forged", random.Random(7))
    play.begin()
    with writing(one_database, play.community) as tx:
        play.tell(tx, quarters("E1", WEEK.start_at, [5_000] * 96))
        assert verify_standing(tx).findings == []
        tx.execute(update(computed_run).where(computed_run.c.community == tx.community).values(known=10_000))
        *days, run = verify_standing(tx).findings
        assert run == f"{WEEK}: group roofs is kept as it was told, and comes out otherwise"
        assert all("in group roofs is not what that day came to" in one for one in days)


def test_a_reading_of_heat_lets_every_run_stand_and_one_of_electricity_every_measurement(
    one_database: Database, corrections: Seen
) -> None:
    play = Play(one_database, "halves", random.Random(7))
    play.begin()
    with writing(one_database, play.community) as tx:
        play.tell(tx, gj("H1", WEEK.end_at, "15.5", Quality.CORRECTED))
        assert correct_period(tx, WEEK).allocated_count == 0
    assert (corrections.standing_runs, corrections.counted_runs, corrections.standing) == (1, 0, 2)
    with writing(one_database, play.community) as tx:
        play.tell(tx, quarters("E1", WEEK.start_at, [5_000] * 96))
        assert correct_period(tx, WEEK).measured_count == 0
    assert (corrections.standing_runs, corrections.counted_runs, corrections.standing) == (1, 1, 5)


def test_a_run_of_which_somebody_turned_out_to_be_no_part_stands_too(one_database: Database, corrections: Seen) -> None:
    play = Play(one_database, "gone", random.Random(7))
    play.begin()
    with writing(one_database, play.community) as tx:
        hear(tx, closing(WEEK.start - timedelta(days=1), 0))
    play.correct()
    assert (corrections.standing_runs, corrections.counted_runs) == (0, 1)
    with writing(one_database, play.community) as tx:
        assert verify_standing(tx).findings == []
        play.tell(tx, gj("H3", WEEK.end_at, "6.6", Quality.CORRECTED))
    play.correct()
    assert (corrections.standing_runs, corrections.counted_runs) == (1, 1)
    with one_database.read(play.community) as tx:
        assert [run.revision for run in periods.list_runs(tx, WEEK)] == [1, 2]


def test_a_run_of_which_nothing_was_told_does_not_stand_before_it_is_written(
    database: Database, corrections: Seen
) -> None:
    play = Play(database, "sunny", random.Random(7))
    play.begin()
    produced_wh = []
    for made in (50_000, 60_000):
        with writing(database, play.community) as tx:
            play.tell(tx, quarters("S1", WEEK.start_at, [made], Quantity.ELECTRICITY_EXPORT))
            revision = correct_period(tx, WEEK).revision
            produced_wh.append(periods.list_runs(tx, WEEK)[-1].produced_wh)
    assert (revision, produced_wh[0]) == (2, produced_wh[1]), "nobody got more of what there was too much of"
    with writing(database, play.community) as tx:
        play.tell(tx, gj("H1", WEEK.end_at, "15.5", Quality.CORRECTED))
        assert (correct_period(tx, WEEK).revision, corrections.standing_runs) == (3, 0)
        assert periods.list_runs(tx, WEEK)[-1].produced_wh == produced_wh[0] + 10_000
