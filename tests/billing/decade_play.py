"""Playing an invented decade on a real database, by a process that is killed in the middle again and again."""

from __future__ import annotations

import random
import signal
import time
from collections.abc import Container, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, date, datetime
from multiprocessing import get_context
from multiprocessing.connection import Connection
from pathlib import Path

from coop.billing.runs.commands import correct_bills, issue_bills
from coop.billing.service import BILLING
from coop.kit.clock import SYSTEM_CLOCK
from coop.kit.database import Database
from tests.billing.decade import Act, Decade, Run, invent_decade
from tests.billing.village import hear, release
from tests.desk import COMMUNITY, SECRETARY
from tests.kit.clocks import SetClock

MOST_S = 0.25
"""The longest that a process works on after an act began in which it is to be killed [s]."""


def play(url: str, mark: Path, seed: int, homes: int, years: int, say: Connection) -> None:
    """Play the acts of a decade that are not marked as done, and say of each that it begins."""
    acts, clock = invent_decade(seed, homes, years).acts, SetClock(SYSTEM_CLOCK.now())
    database = BILLING.open_database(url, clock, migrate=False)
    for number in range(int(mark.read_text()) if mark.exists() else 0, len(acts)):
        day, act = acts[number]
        clock.set(datetime(day.year, day.month, day.day, 12, tzinfo=UTC))
        say.send(number)
        _play(database, day, act)
        new = mark.with_suffix(".new")
        new.write_text(str(number + 1))
        new.replace(mark)
    database.close()


def _play(database: Database, day: date, act: Act) -> None:
    """Do one act, which may have been done before."""
    if isinstance(act, tuple):
        hear(database, *act)
        return
    if not isinstance(act, Run):
        with database.write(COMMUNITY, SECRETARY) as tx:
            act(tx)
        return
    with database.write(COMMUNITY, SECRETARY) as tx:
        run = correct_bills(tx, day) if act.month is None else issue_bills(tx, act.month, day)
    codes = sorted({brake.code for brake in run.brakes})
    if act.planted:
        if run.status != "held" or not set(codes) & set(act.planted):
            raise SystemExit(f"the run of {act.month} was {run.status}, by {codes}; planted was {act.planted}")
    elif run.status == "held":
        with database.write(COMMUNITY, SECRETARY) as tx:
            if release(tx, run.run_id).status != "issued":
                raise SystemExit(f"the run of {act.month} is held again")


@dataclass
class Played:
    """How often whoever played a decade was killed, and how often of these after a run began."""

    kills: int = 0
    kills_in_runs: int = 0


def play_and_kill(url: str, folder: Path, decade: Decade, numbers: tuple[int, int, int], kills: int) -> Played:
    """Play a decade to its end, killing whoever plays it so many times, two thirds of them in a run."""
    rng, played, alone = random.Random(f"kills {numbers}"), Played(), get_context("forkserver")
    alone.set_forkserver_preload([__name__])
    runs = {number for number, (_, act) in enumerate(decade.acts) if isinstance(act, Run)}
    # The last acts are so short that all may be over before the kill.
    due = sorted(rng.sample(range(len(decade.acts) - 19), kills))
    while True:
        heard, say = alone.Pipe(duplex=False)
        player = alone.Process(target=play, args=(url, folder / "mark", *numbers, say))
        player.start()
        say.close()
        began = _wait_for(heard, due, runs if len(due) % 3 else range(len(decade.acts)))
        if began is not None:
            due.pop(0)
            time.sleep(rng.uniform(0, MOST_S))
            player.kill()
        player.join()
        heard.close()
        if player.exitcode == 0:
            return played
        assert player.exitcode == -signal.SIGKILL, "whoever played ended by itself"
        played.kills += 1
        played.kills_in_runs += began in runs


def _wait_for(heard: Connection, due: Sequence[int], among: Container[int]) -> int | None:
    """The first act among some that begins once the next is due; None once all were played."""
    with suppress(EOFError):
        while True:
            number: int = heard.recv()
            if due and number >= due[0] and number in among:
                return number
    return None
