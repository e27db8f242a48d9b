"""Plays a plan into an installation: its people's steps and its meters' telegrams, in the order of time.

How far it came is noted after every batch, so that a play that was killed goes on where it was. What is sent twice
after a kill is silent: telegrams by their hash, commands by their ids.
"""

from __future__ import annotations

import base64
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from itertools import groupby
from pathlib import Path

import orjson

from coop.demo.acts import convene_open_meeting
from coop.demo.doors import Doors
from coop.demo.plan import DemoPlan
from coop.demo.script import Step, calendar, opening
from coop.demo.stream import Delivery, complete_by, deliveries, live
from coop.events.members import MemberAdmitted
from coop.kit.clock import SYSTEM_CLOCK, Clock
from coop.values import CoopError, midnight

BATCH = 200
"""Telegram deliveries that go through the door together."""

Deliver = Callable[[Sequence[Delivery]], None]


@dataclass(frozen=True)
class Progress:
    """Progress of a play: ``share`` of the year from 0 to 1, the simulated time, and what is being done."""

    share: float
    at: datetime
    doing: str
    telegrams: int


Report = Callable[[Progress], None]


class Mark:
    """The note on how far a plan was played, in a file; an installation plays one plan only, by one clock.

    ``days_back`` are those of the clock (``PlayedClock``): what is noted already holds.
    """

    def __init__(self, path: Path, plan: DemoPlan, days_back: int = 0) -> None:
        self._path, self._plan = path, {"size": plan.size, "seed": plan.seed, "year": plan.year}
        self.days_back = days_back
        self.started = False
        self.done: datetime | None = None
        self.convened_on: date | None = None
        if not path.exists():
            return
        noted = orjson.loads(path.read_bytes())
        if noted["plan"] != self._plan:
            told = ", ".join(f"{name} {value}" for name, value in noted["plan"].items())
            reason = f"here plays a demonstration of {told}; run it with these, or choose another COOP_DATA_DIR"
            raise CoopError("other-demonstration", reason)
        self.done = datetime.fromisoformat(noted["done"]) if noted["done"] else None
        self.started = True
        self.days_back = noted.get("days_back", 0)  # an older play went by the machine's clock
        self.convened_on = date.fromisoformat(noted["convened_on"]) if noted["convened_on"] else None

    def note(self, done: datetime | None, convened_on: date | None = None) -> None:
        """Everything before ``done`` was played; on ``convened_on`` a meeting was convened for visitors to vote at."""
        self.started, self.done, self.convened_on = True, done, convened_on or self.convened_on
        self._path.parent.mkdir(parents=True, exist_ok=True)
        fresh = self._path.with_suffix(".new")
        when = {"days_back": self.days_back, "done": self.done, "convened_on": self.convened_on}
        noted = {"plan": self._plan, **when}
        fresh.write_bytes(orjson.dumps(noted))
        fresh.replace(self._path)


def through_http(doors: Doors) -> Deliver:
    """Deliver through metering's HTTP door, many telegrams a request."""

    def deliver(batch: Sequence[Delivery]) -> None:
        doors.post(
            "/metering/api/v1/deliveries/batch",
            {
                "deliveries": [
                    {
                        "format": delivery.format,
                        "gateway": delivery.gateway,
                        "received_at": delivery.received_at.isoformat(),
                        "body": base64.b64encode(delivery.body).decode(),
                    }
                    for delivery in batch
                ]
            },
        )

    return deliver


def play_year(plan: DemoPlan, doors: Doors, deliver: Deliver, mark: Mark, report: Report) -> int:
    """The opening, then the year with its meetings and bills; returns how many telegram deliveries were handed over.

    Raises:
        CoopError: the installation has a register of its own, or a command was refused.
        ConnectionError: a service stayed away.
    """
    start, after = midnight(date(plan.year, 1, 1)), complete_by(plan) + timedelta(days=1)
    refuse_other_register(doors, mark)
    if not mark.started:
        mark.note(None)
    if mark.done is None:
        for step in opening(plan):
            report(Progress(0.0, step.at, step.name, 0))
            step.do(doors)
        mark.note(start)
    done, sent = mark.done or start, 0
    if done >= midnight(after):
        return 0
    steps = [step for step in calendar(plan, after) if step.at >= done]
    coming = (d for d in deliveries(plan, done.date(), after) if d.received_at >= done)

    def tell(at: datetime, doing: str) -> None:
        report(Progress((at - start) / (midnight(after) - start), at, doing, sent))

    for item in _in_order(coming, steps):
        if isinstance(item, Step):
            tell(item.at, item.name)
            item.do(doors)
            mark.note(item.at)
        else:
            deliver(item)
            sent += len(item)
            tell(item[-1].received_at, "telegrams")
            mark.note(item[-1].received_at)
    mark.note(midnight(after))
    tell(midnight(after), "the year is in")
    return sent


def refuse_other_register(doors: Doors, mark: Mark) -> None:
    """Refuse to play beside members that are not the demonstration's.

    Raises:
        CoopError: a play that did not begin yet finds a register.
    """
    if not mark.started and MemberAdmitted.TYPE in doors.get("/members/api/v1/traffic")["told"]:
        raise CoopError("not-empty", "this installation has a register of its own; a demonstration needs an empty one")


def convene_once(plan: DemoPlan, doors: Doors, mark: Mark, day: date) -> None:
    """Convene a meeting two weeks after ``day``, once: something for visitors to vote on."""
    if mark.convened_on is None:
        convene_open_meeting(plan, day, doors)
        mark.note(mark.done or midnight(complete_by(plan)), day)


def play_live(
    plan: DemoPlan,
    doors: Doors,
    deliver: Deliver,
    mark: Mark,
    pause_s: float,
    going_on: Callable[[], bool],
    clock: Clock = SYSTEM_CLOCK,
) -> None:
    """Go on after the year for as long as ``going_on``, months and bills included: a telegram at a time with a pause
    between, and none before the installation's ``clock`` says so."""
    done = mark.done or midnight(complete_by(plan))
    steps = iter([step for step in calendar(plan, done.date() + timedelta(days=3660)) if step.at > done])
    step = next(steps, None)
    for place, delivery in enumerate(live(plan, done)):
        while going_on() and delivery.received_at > clock.now():
            time.sleep(pause_s)
        if not going_on():
            return
        while step and step.at <= delivery.received_at:
            step.do(doors)
            step = next(steps, None)
        deliver([delivery])
        if place % 20 == 0:
            mark.note(delivery.received_at)
        time.sleep(pause_s)


def _in_order(coming: Iterator[Delivery], steps: Sequence[Step]) -> Iterator[list[Delivery] | Step]:
    """Steps and batches of telegrams in the order of time; no batch reaches past the next step."""
    waiting = list(steps)

    def slot(delivery: Delivery) -> int:
        return sum(step.at <= delivery.received_at for step in steps)

    for place, between in groupby(coming, key=slot):
        while len(steps) - len(waiting) < place:
            yield waiting.pop(0)
        batch: list[Delivery] = []
        for delivery in between:
            batch.append(delivery)
            if len(batch) == BATCH:
                yield batch
                batch = []
        if batch:
            yield batch
    yield from waiting
