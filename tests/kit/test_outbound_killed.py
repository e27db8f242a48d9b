"""Outbound under kills, several processes at once, and the worker's threads."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

import pytest
from sqlalchemy import Connection

from coop.kit.database import Database
from coop.kit.outbound import Away, Outgoing, TryLater, Worker, enqueue, make_due, send_due
from coop.kit.outbound.store import CLAIM_LASTS
from tests.kit.post import House, Pigeon, PowerCutError, letter, mail_queue, parked, refuse_all, until
from tests.kit.town import COMMUNITY, SECRETARY


class Killer:
    """Cuts the power at one of the writing transactions of a database, just before its commit or just after."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.left, self.before = 0, False
        write = Database.system_write

        @contextmanager
        def dying(database: Database) -> Iterator[Connection]:
            self.left -= 1
            mine = self.left == 0
            with write(database) as sql:
                yield sql
                if mine and self.before:
                    raise PowerCutError
            if mine:
                raise PowerCutError

        monkeypatch.setattr(Database, "system_write", dying)

    def arm(self, at: int, *, before: bool) -> None:
        """Let the transaction that is the ``at``-th from now be the last."""
        self.left, self.before = at, before


@pytest.mark.parametrize("before", [True, False])
def test_killed_at_any_commit_each_message_is_delivered_and_recorded_once(
    house: House, monkeypatch: pytest.MonkeyPatch, before: bool
) -> None:
    pigeon, killer = Pigeon(), Killer(monkeypatch)
    queue = mail_queue(pigeon)
    house.work(queue)
    sent_twice = []
    for at in range(1, 8):  # one transaction makes three messages; a claim and a note send each
        house.admit(*range(3 * at, 3 * at + 3))
        killer.arm(at, before=before)
        with pytest.raises(PowerCutError):
            house.work(queue)
        for _ in range(2):  # the others go on at once, the one in hand after its claim has lapsed
            house.work(queue)
            house.wait(seconds=CLAIM_LASTS.total_seconds())
        keys = Counter(outgoing.id for outgoing in pigeon.delivered)
        sent_twice.append(keys.total() - len(keys))
        assert {delivery.id for delivery in house.deliveries("delivered")} == set(keys)
        assert len(keys) == len(house.deliveries()) == 3 * at
    # Only what dies between the transport and its note is sent twice, with the same key.
    assert sent_twice == ([0, 0, 1, 1, 2, 2, 3] if before else [0] * 7)


def test_a_message_that_kills_its_process_again_and_again_fails_at_last(house: House) -> None:
    def die(_outgoing: Outgoing) -> None:
        raise PowerCutError

    pigeon = Pigeon(die)
    queue = mail_queue(pigeon, tries_max=3)
    house.admit(1)
    make_due(house.database, queue)
    for _ in range(3):
        with pytest.raises(PowerCutError):
            send_due(house.database, queue)
        house.wait(minutes=10)
    send_due(house.database, queue)
    (delivery,) = house.deliveries("failed")
    assert delivery.trouble == "gave up after 3 tries: each ended before it was noted"


def test_a_proof_counts_also_when_the_claim_has_lapsed_meanwhile(house: House) -> None:
    queue = mail_queue(Pigeon())

    def sleep_while_another_fails(outgoing: Outgoing) -> None:
        if outgoing.tries == 1:
            house.wait(minutes=11)
            send_due(house.database, replace(queue, transport=Pigeon(refuse_all)))

    house.admit(1)
    house.work(replace(queue, transport=Pigeon(sleep_while_another_fails)))
    (delivery,) = house.deliveries()
    assert (delivery.state, delivery.trouble) == ("delivered", None)


def test_a_failure_does_not_undo_what_another_process_did_meanwhile(house: House) -> None:
    queue = mail_queue(Pigeon())

    def sleep_while_another_delivers(outgoing: Outgoing) -> None:
        if outgoing.tries == 1:
            house.wait(minutes=11)
            send_due(house.database, queue)
            raise TryLater("timed out")

    house.admit(1)
    house.work(replace(queue, transport=Pigeon(sleep_while_another_delivers)))
    (delivery,) = house.deliveries()
    assert (delivery.state, delivery.tries) == ("delivered", 2)


def test_a_failure_that_comes_late_leaves_the_claim_of_another_process_alone(house: House) -> None:
    def busy(_outgoing: Outgoing) -> None:
        raise TryLater("busy")

    def sleep_while_another_is_put_off(outgoing: Outgoing) -> None:
        if outgoing.tries == 1:
            house.wait(minutes=11)
            send_due(house.database, mail_queue(Pigeon(busy)))
            raise TryLater("timed out")

    house.admit(1)
    house.work(mail_queue(Pigeon(sleep_while_another_is_put_off)))
    (delivery,) = house.deliveries()
    assert (delivery.tries, delivery.trouble) == (2, "busy")


def test_workers_of_several_processes_send_each_message_once_and_in_order(house: House) -> None:
    pigeon = Pigeon()
    queue = mail_queue(pigeon)
    house.admit(*range(40))
    with house.database.write(COMMUNITY, SECRETARY) as tx:
        for number in range(40):
            enqueue(tx, "mail", letter("same@coop.example", str(number)), str(number))
    failures: list[Exception] = []

    def work() -> None:
        try:
            while len(pigeon.delivered) < 80 and not failures:
                make_due(house.database, queue, limit=7)
                send_due(house.database, queue)
        except Exception as error:  # noqa: BLE001  # whatever it is, the test's own thread shows it
            failures.append(error)

    threads = [threading.Thread(target=work) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert failures == []
    assert set(Counter(outgoing.id for outgoing in pigeon.delivered).values()) == {1}
    assert sorted(set(pigeon.recipients)) == [*(f"m{i:04d}@coop.example" for i in range(40)), "same@coop.example"]
    same = [int(outgoing.body) for outgoing in pigeon.delivered if outgoing.recipient == "same@coop.example"]
    assert same == list(range(40))


def test_a_worker_makes_and_sends_while_it_is_open(house: House) -> None:
    pigeon = Pigeon()
    with Worker(mail_queue(pigeon), house.database, pause_s=0.01) as worker:
        house.admit(1, 2)
        until(lambda: len(house.deliveries("delivered")) == 2)
        assert (worker.name, worker.trouble) == ("outbound members mail", None)
    house.admit(3)
    assert make_due(house.database, mail_queue(pigeon)) == 1


def test_a_worker_whose_server_is_away_says_so_and_counts_no_tries(house: House) -> None:
    class Gate(Pigeon):
        shut = True

        def open(self) -> Any:
            if self.shut:
                raise Away("mail.example:587: connection refused")
            return super().open()

    gate = Gate()
    with Worker(mail_queue(gate), house.database, pause_s=0.01) as worker:
        house.admit(1)
        until(lambda: worker.trouble)
        assert worker.trouble == "mail.example:587: connection refused"
        assert [(d.state, d.tries) for d in house.deliveries()] == [("waiting", 0)]
        gate.shut = False
        until(lambda: house.deliveries("delivered"))
        until(lambda: worker.trouble is None)


def test_a_worker_outlives_a_bug_in_making_and_parks_its_fact(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("coop.kit.outbound.worker.wait_before", lambda _failures: 0.01)
    troubles = set()
    with Worker(mail_queue(Pigeon()), house.database, pause_s=0.01) as worker:
        house.admit(1, kind="gremlin")
        house.admit(2)

        def is_delivered() -> bool:
            troubles.add(worker.trouble)
            return len(house.deliveries("delivered")) == 1

        until(is_delivered)
        until(lambda: worker.trouble is None)
    assert "KeyError: 'm0001'" in troubles
    assert parked(house) == ["the program failed on it: KeyError: 'm0001'"]


@pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning")
def test_a_worker_whose_thread_has_ended_says_so(house: House) -> None:
    def die(_outgoing: Outgoing) -> None:
        raise PowerCutError

    house.admit(1)
    with Worker(mail_queue(Pigeon(die)), house.database, pause_s=0.01) as worker:
        until(lambda: worker.trouble)
        assert worker.trouble == "its thread has ended"
