"""What the tests of outbound share: a database with a clock, a queue about members, a transport that does as told."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from coop.events import Envelope, read_event
from coop.events.members import MemberAdmitted
from coop.kit import journal, parking
from coop.kit.database import Database
from coop.kit.outbound import Delivery, Message, Outgoing, Queue, Refused, State, list_messages, make_due, send_due
from coop.kit.outbound.message import Send
from coop.kit.tx import Tx
from coop.values import CoopError
from tests.kit.clocks import SetClock
from tests.kit.town import COMMUNITY, member, open_database, tell

START = datetime(2026, 11, 25, 12, 0, tzinfo=UTC)
STATES: tuple[State, ...] = ("waiting", "delivered", "failed")


class PowerCutError(BaseException):
    """Nothing catches this, as nothing catches a SIGKILL."""


@dataclass
class House:
    """A service's database and the clock that it goes by."""

    database: Database
    clock: SetClock

    def wait(self, **time: float) -> None:
        """Let time pass."""
        self.clock.set(self.clock.now() + timedelta(**time))

    def admit(self, *numbers: int, kind: str = "owner", community: str = COMMUNITY) -> None:
        """Admit members, in sealed facts."""
        tell(self.database, *(member(number, kind) for number in numbers), community=community)
        with self.database.system_write() as sql:
            journal.seal(sql)

    def deliveries(self, *states: State, community: str = COMMUNITY) -> list[Delivery]:
        """Messages in these states, or all, in the order in which they were made."""
        with self.database.read(community) as tx:
            listed = [delivery for state in states or STATES for delivery in list_messages(tx, state)]
        return sorted(listed, key=lambda delivery: delivery.number)

    def recipients(self, *states: State) -> list[str]:
        """To whom messages in these states, or all, go."""
        return [delivery.recipient for delivery in self.deliveries(*states)]

    def work(self, queue: Queue) -> None:
        """Make and send until nothing is due."""
        while make_due(self.database, queue) or send_due(self.database, queue):
            pass


@contextmanager
def open_house(url: str) -> Iterator[House]:
    """A service's database at noon."""
    clock = SetClock(START)
    database = open_database(url, "members", clock)
    try:
        yield House(database, clock)
    finally:
        database.close()


@dataclass
class Pigeon:
    """A transport that keeps what it delivered; ``obey`` may raise before it does."""

    obey: Callable[[Outgoing], None] = lambda _outgoing: None
    delivered: list[Outgoing] = field(default_factory=list)

    @contextmanager
    def open(self) -> Iterator[Send]:
        yield self._send

    def _send(self, outgoing: Outgoing) -> str:
        self.obey(outgoing)
        self.delivered.append(outgoing)
        return f"flown to {outgoing.recipient}"

    @property
    def recipients(self) -> list[str]:
        """To whom it delivered, in that order."""
        return [outgoing.recipient for outgoing in self.delivered]


def greet(_tx: Tx, envelope: Envelope) -> Sequence[Message]:
    """Writes to each new owner; refuses ghosts, and fails on gremlins."""
    event = read_event(envelope)
    assert isinstance(event, MemberAdmitted)
    if event.kind == "ghost":
        raise CoopError("no-ghosts", f"{event.member_id} is a ghost")
    if event.kind == "gremlin":
        raise KeyError(event.member_id)
    if event.kind != "owner":
        return ()
    return [letter(f"{event.member_id}@coop.example")]


def letter(recipient: str, text: str = "Dag") -> Message:
    return Message(recipient, "Welkom", "text/plain", text.encode())


def mail_queue(pigeon: Pigeon, **options: Any) -> Queue:
    return Queue("mail", pigeon, greet, **{"from_start": True, **options})


def refuse_all(_outgoing: Outgoing) -> None:
    raise Refused("550 not here")


def parked(house: House) -> list[str]:
    with house.database.read(COMMUNITY) as tx:
        return [parked_letter.reason for parked_letter in parking.list_parked(tx)]


def until(reached: Callable[[], object], patience_s: float = 10.0) -> None:
    for _ in range(int(patience_s / 0.02)):
        if reached():
            return
        threading.Event().wait(0.02)
    raise AssertionError("it was not reached")
