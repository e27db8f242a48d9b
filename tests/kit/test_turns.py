"""Turns of threads: in the order in which they were asked for, and none is lost with who gave up."""

from __future__ import annotations

import random
import threading
import time
from pathlib import Path

import pytest
from sqlalchemy import text

from coop.demo.cooperative import COMMUNITY
from coop.kit.actor import COMMAND_LINE
from coop.kit.turns import Turns
from coop.metering.service import METERING
from tests.founding import found_in

LONG_S = 30.0


def wait_for(turns: Turns, count: int) -> None:
    """Wait until so many threads stand in the line."""
    deadline = time.monotonic() + LONG_S
    while len(turns._waiting) < count:
        assert time.monotonic() < deadline
        time.sleep(0.001)


def test_turns_come_in_the_order_in_which_they_were_asked_for() -> None:
    turns, served = Turns(), list[int]()

    def ask(nth: int) -> None:
        assert turns.acquire(LONG_S)
        served.append(nth)
        turns.release()

    assert turns.acquire(LONG_S)
    threads = [threading.Thread(target=ask, args=(nth,)) for nth in range(20)]
    for nth, thread in enumerate(threads, 1):
        thread.start()
        wait_for(turns, nth)
    turns.release()
    for thread in threads:
        thread.join(LONG_S)
    assert served == list(range(20))


def test_who_gives_up_leaves_the_line_and_keeps_nobody_behind_waiting() -> None:
    turns, served = Turns(), list[str]()

    def ask(name: str, timeout_s: float) -> None:
        if turns.acquire(timeout_s):
            served.append(name)
            turns.release()

    assert turns.acquire(LONG_S)
    impatient = threading.Thread(target=ask, args=("impatient", 0.05))
    impatient.start()
    wait_for(turns, 1)
    patient = threading.Thread(target=ask, args=("patient", LONG_S))
    patient.start()
    wait_for(turns, 2)
    impatient.join(LONG_S)
    turns.release()
    patient.join(LONG_S)
    assert served == ["patient"]
    assert turns.acquire(0.0), "it is free again"


@pytest.mark.parametrize("has_come", [False, True])
def test_who_is_stopped_while_it_waits_loses_nobody_s_turn(monkeypatch: pytest.MonkeyPatch, has_come: bool) -> None:
    turns = Turns()
    assert turns.acquire(LONG_S)

    def stopped(self: threading.Event, timeout: float | None = None) -> bool:
        if has_come:
            turns.release()
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(threading.Event, "wait", stopped)
        with pytest.raises(KeyboardInterrupt):
            turns.acquire(LONG_S)
    if not has_come:
        turns.release()
    assert turns.acquire(0.0)
    assert not turns._waiting


def test_of_many_threads_that_come_and_give_up_one_has_the_turn_at_a_time() -> None:
    turns, inside, worst, had = Turns(), [0], [0], [0]

    def work(seed: int) -> None:
        draw = random.Random(seed)
        for _ in range(200):
            if turns.acquire(draw.choice((0.0, 0.0002, LONG_S))):
                inside[0] += 1
                worst[0] = max(worst[0], inside[0])
                had[0] += 1
                time.sleep(0.0001 if draw.random() < 0.2 else 0)
                inside[0] -= 1
                turns.release()

    threads = [threading.Thread(target=work, args=(seed,)) for seed in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(LONG_S)
    assert worst == [1]
    assert had[0] > 200
    assert turns.acquire(0.0)
    assert not turns._waiting


def test_a_writer_comes_between_the_writes_of_another_that_never_rests(tmp_path: Path) -> None:
    database = METERING.open_database(f"sqlite:///{tmp_path}/metering.db")
    found_in(database)
    turns, enough = [0], threading.Event()

    def never_rest() -> None:
        while not enough.is_set():
            with database.system_write() as sql:
                sql.execute(text("SELECT 1"))
                time.sleep(0.005)
            turns[0] += 1

    busy = threading.Thread(target=never_rest)
    busy.start()
    between = []
    try:
        for _ in range(20):
            before = turns[0]
            with database.write(COMMUNITY, COMMAND_LINE):
                between.append(turns[0] - before)
            time.sleep(0.002)
    finally:
        enough.set()
        busy.join(LONG_S)
        database.close()
    assert max(between) <= 2, "the one that was writing, and one that stood in the line before"
