"""The main job on real Kafka and PostgreSQL, with every process killed and the broker emptied on the way, against the
embedded run."""

from __future__ import annotations

import random
import threading
import time
from pathlib import Path

import pytest

from coop.demo.cooperative import COMMUNITY
from coop.demo.doors import Doors
from coop.demo.plan import DemoPlan
from coop.demo.playing import Mark, Progress, play_year, through_http
from coop.events import SERVICES
from coop.kit.settings import Settings
from coop.operator.verification import verify_bills, verify_journals
from tests.flows.installation import FourProcesses, embedded, four_processes, state_of
from tests.servers.kafka import ForgetfulKafka

pytestmark = [pytest.mark.live, pytest.mark.slow]

PLAN = DemoPlan(size=4, seed=3)
BROKER = "the broker"


def test_killed_and_emptied_on_the_way_the_four_services_come_to_the_bills_of_the_embedded_run(
    forgetful: ForgetfulKafka, postgres_url: str, tmp_path: Path
) -> None:
    with embedded(tmp_path / "embedded") as settings, Doors(settings, settings.public_url(), patience_s=90) as doors:
        play_year(PLAN, doors, through_http(doors), Mark(tmp_path / "embedded.json", PLAN), lambda _: None)
        doors.settled()
        expected = state_of(doors)
    assert expected["billing"]["bills"]
    assert verify_bills(settings, COMMUNITY, "", print)

    live = Settings(
        data_dir=tmp_path / "live",
        bus="kafka",
        kafka=forgetful.kafka.bootstrap,
        database_url=postgres_url,
        secret="secret of the tests",
    )
    with four_processes(live, tmp_path) as processes:
        killer = Killer(processes, forgetful)
        with Doors(live, "", processes.addresses(), patience_s=150) as doors:
            play_year(PLAN, doors, through_http(doors), Mark(tmp_path / "live.json", PLAN), killer.watch)
            killer.join()
            doors.settled()
            assert state_of(doors) == expected
    assert killer.killed == {*SERVICES, BROKER}
    assert verify_bills(live, COMMUNITY, "", print)
    assert verify_journals(live, print)


class Killer:
    """Kills each service once with SIGKILL, at a random moment of the year, and starts it again a moment later; kills
    the broker once too, and starts it on an empty disk."""

    def __init__(self, processes: FourProcesses, broker: ForgetfulKafka) -> None:
        seed = random.randrange(2**32)
        print(f"the kills are drawn with seed {seed}")
        self._draw, self._processes, self._broker = random.Random(seed), processes, broker
        self._due = {name: self._draw.uniform(0.02, 0.95) for name in (*SERVICES, BROKER)}
        self._threads: list[threading.Thread] = []
        self.killed: set[str] = set()

    def watch(self, progress: Progress) -> None:
        """Kill whose time has come, from a thread, so that the play runs into it."""
        for name, share in list(self._due.items()):
            if progress.share >= share:
                del self._due[name]
                delay_s = self._draw.uniform(0, 0.5)
                thread = threading.Thread(target=self._kill, args=(name, delay_s))
                thread.start()
                self._threads.append(thread)

    def join(self) -> None:
        """Wait until every killed service is being started again."""
        for thread in self._threads:
            thread.join()

    def _kill(self, name: str, delay_s: float) -> None:
        time.sleep(delay_s)
        self.killed.add(name)
        if name == BROKER:
            self._broker.lose_disk()
            return
        self._processes.kill(name)
        time.sleep(0.5)
        self._processes.start(name)
