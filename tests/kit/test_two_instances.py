"""Two processes of one service on one PostgreSQL hear the same facts at once, and each fact is handled once."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import replace

import pytest
from psycopg.errors import DeadlockDetected
from sqlalchemy import func, select
from sqlalchemy.exc import OperationalError

from coop.events import Envelope
from coop.events.members import MemberAdmitted
from coop.kit import journal, parking, positions
from coop.kit.database import Database
from coop.kit.inbox import consume
from coop.kit.tables import fact_count, inbox
from coop.kit.tx import Tx
from tests.kit.town import COMMUNITY, LISTENER, heard_by, member, open_database, tell

FACTS, GHOST = 360, 150


@contextmanager
def instance(url: str, batch_size: int, first: int) -> Iterator[subprocess.Popen[str]]:
    """A process that reads all facts and waits to hear them."""
    command = [sys.executable, "-m", "tests.kit.listening", url, str(batch_size), str(first)]
    pipe = subprocess.PIPE
    process = subprocess.Popen(command, stdin=pipe, stdout=pipe, stderr=pipe, text=True)
    try:
        yield process
    finally:
        process.kill()
        process.communicate()


def start(process: subprocess.Popen[str]) -> None:
    """Let a process hear a first batch, once it has read."""
    assert process.stdout is not None
    assert process.stdout.readline() == "ready\n"
    go_on(process)


def go_on(process: subprocess.Popen[str]) -> None:
    """Let a process hear what is left, as soon as it is through its first batch."""
    print(file=process.stdin, flush=True)


def read_count(process: subprocess.Popen[str]) -> int:
    """Facts of the next batch that were new to the process."""
    assert process.stdout is not None
    return int(process.stdout.readline())


def count_taken(listener: Database) -> tuple[int, int]:
    """Facts that were claimed, and what the count of facts says, which is added to with each."""
    with listener.system_read() as sql:
        claimed = sql.scalar(select(func.count()).select_from(inbox)) or 0
        counted = sql.scalar(select(func.sum(fact_count.c.number)).where(fact_count.c.direction == "heard")) or 0
    return claimed, int(counted)


def test_of_two_instances_that_hear_the_same_facts_each_is_handled_by_one(postgres_url: str) -> None:
    teller, listener = open_database(postgres_url, "members"), open_database(postgres_url, "billing")
    tell(teller, *(member(number, "ghost" if number == GHOST else "owner") for number in range(FACTS)))
    with teller.system_write() as sql:
        journal.seal(sql)
    with ExitStack() as stack:
        places = ((10, 0), (30, FACTS // 3), (20, 2 * FACTS // 3))
        killed, *pair = [stack.enter_context(instance(postgres_url, size, first)) for size, first in places]
        start(killed)
        go_on(killed)
        assert read_count(killed) == 10
        killed.kill()
        killed.wait()
        before, _ = count_taken(listener)
        assert 10 <= before < FACTS // 3, "it was killed on the way"
        for process in pair:
            start(process)
        first = [read_count(process) for process in pair]
        for process in pair:
            go_on(process)
        said = [process.communicate(timeout=60) for process in pair]
        new = [begun + sum(map(int, counts.split())) for begun, (counts, _) in zip(first, said, strict=True)]
        assert [log for _, log in said] == ["", ""], "to meet each other is nothing to warn of"
        assert [process.returncode for process in pair] == [0, 0]
    assert min(first) > 0, "both had a part in it"
    assert before + sum(new) == FACTS
    assert count_taken(listener) == (FACTS, FACTS)
    assert heard_by(listener) == [f"m{number:04d}" for number in range(FACTS) if number != GHOST]
    with listener.read(COMMUNITY) as tx:
        assert [letter.reason for letter in parking.list_parked(tx)] == [f"m{GHOST:04d} is a ghost"]
    with listener.system_read() as sql:
        assert [state.heard_position for state in positions.list_sources(sql)] == [FACTS]
    for database in (teller, listener):
        database.close()


def test_of_two_at_the_same_facts_the_second_goes_on_with_one_line(
    postgres_url: str, caplog: pytest.LogCaptureFixture
) -> None:
    teller, listener = open_database(postgres_url, "members"), open_database(postgres_url, "billing")
    tell(teller, *map(member, range(3)))
    with teller.system_write() as sql:
        journal.seal(sql)
    with teller.system_read() as sql:
        facts = journal.envelopes(sql, "members", 0)
    other = LISTENER.consumer(listener)
    meetings = iter([lambda: consume(other, facts[:2]), give_way])

    def meet(tx: Tx, event: MemberAdmitted, envelope: Envelope) -> None:
        next(meetings, lambda: None)()
        other.hears[MemberAdmitted](tx, event, envelope)

    caplog.set_level("INFO", "coop.kit.inbox")
    assert consume(replace(other, hears={MemberAdmitted: meet}), facts, lambda failures: 0) == 1
    assert [(line.levelname, line.exc_info, line.message) for line in caplog.records] == [
        ("INFO", None, "another process of billing took 2 of 3 facts first"),
        ("INFO", None, "billing gave way to another process, and tries again"),
    ]
    assert count_taken(listener) == (3, 3)
    for database in (teller, listener):
        database.close()


def give_way() -> None:
    raise OperationalError("INSERT", None, DeadlockDetected())
