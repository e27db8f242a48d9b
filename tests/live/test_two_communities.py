"""Two co-operatives in one installation of four processes on Kafka and PostgreSQL, founded while these run."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import httpx2
import pytest
from kafka import KafkaProducer

from coop.events import SERVICES
from coop.kit.clock import SYSTEM_CLOCK
from coop.kit.database import Database
from coop.kit.session import COOKIE, Session, sign
from coop.kit.settings import Settings
from coop.metering.intake.kafka import TOPIC
from coop.metering.service import METERING
from tests.flows.command import coop
from tests.flows.installation import SECRET, four_processes
from tests.flows.telegrams import head_end
from tests.metering.homes import latest_values
from tests.servers.kafka import Kafka

pytestmark = pytest.mark.live

NOORD, ZUID = "noord", "zuid"
ROLES = frozenset({"board", "treasurer", "operator", "auditor"})
HOMES = {NOORD: 2, ZUID: 3}
"""How many members each has, so that counts tell them apart."""


@dataclass(frozen=True)
class Umbrella:
    """Four running processes and the two co-operatives in them."""

    settings: Settings
    addresses: dict[str, str]

    def ask(self, community: str, path: str, *, host: str = "", method: str = "GET", **body: Any) -> httpx2.Response:
        """Ask the service of a path as the board of a co-operative, at its own host name or another."""
        session = Session("board", "Board", ROLES, None, community, "s", SYSTEM_CLOCK.now())
        headers = {"host": host or host_of(community), "cookie": f"{COOKIE}={sign(session, SECRET)}"}
        headers |= {"accept": "application/json", **body.pop("headers", {})}
        return httpx2.request(method, self.addresses[path.split("/")[1]] + path, headers=headers, timeout=60, **body)

    def answers(self, community: str, path: str) -> bool:
        return self.ask(community, path).is_success

    def command(self, *arguments: str) -> Any:
        """Run ``coop`` beside the processes."""
        url = self.settings.database_url
        return coop(self.settings, *arguments, COOP_BUS="kafka", COOP_KAFKA=self.settings.kafka, COOP_DATABASE_URL=url)


def host_of(community: str) -> str:
    return f"{community}.example"


def wait_until(reached: Callable[[], object], patience_s: float = 90) -> None:
    deadline = time.monotonic() + patience_s
    while not reached():
        assert time.monotonic() < deadline, "it did not become so"
        time.sleep(0.2)


@pytest.fixture
def umbrella(kafka: Kafka, postgres_url: str, tmp_path: Path) -> Iterator[Umbrella]:
    """Both are founded while the processes run, and have their members and meters."""
    settings = Settings(
        data_dir=tmp_path / "live", bus="kafka", kafka=kafka.bootstrap, database_url=postgres_url, secret=SECRET
    )
    with four_processes(settings, tmp_path, founded=False) as processes:
        opened = Umbrella(settings, processes.addresses())
        assert opened.ask(NOORD, "/members/api/v1/members").json()["code"] == "unknown-host", "nobody has it yet"
        for community, homes in HOMES.items():
            done = opened.command("community", "add", community, "--name", f"{community} U.A.", "--host",
                                  host_of(community))  # fmt: skip
            assert done.returncode == 0, done.stderr
            for name in SERVICES:
                wait_until(partial(opened.answers, community, f"/{name}/api/v1/jobs"))
            lines = [f"{community}-{home},tenant,Member {home} of {community},2025-01-01" for home in range(homes)]
            opened.ask(
                community,
                "/members/api/v1/imports/members?file_name=members.csv",
                method="POST",
                headers={"content-type": "text/csv"},
                content="\n".join(["number,kind,name,joined_on", *lines]) + "\n",
            ).raise_for_status()
            meter = {"serial": "E1", "kind": "electricity", "installed_on": "2024-12-01"}
            opened.ask(community, "/metering/api/v1/meters", method="POST", json=[meter]).raise_for_status()
            gateway = {
                "name": "Box",
                "scopes": ["write:readings"],
                "gateway": "gw",
                "meters": ["E1"],
                "has_token": False,
            }
            opened.ask(community, "/members/api/v1/programs", method="POST", json=gateway).raise_for_status()
        yield opened


def test_nothing_of_one_is_seen_by_the_other_on_any_service(umbrella: Umbrella) -> None:
    admitted = "members.member-admitted.v1"
    for community, homes in HOMES.items():
        for listener in ("billing", "governance"):
            path = f"/{listener}/api/v1/traffic"
            wait_until(partial(has_heard, umbrella, community, path, admitted, homes))
            assert heard(umbrella, community, path, admitted) == homes, "its own, and not those of the other"
        assert umbrella.ask(community, "/members/api/v1/traffic").json()["told"][admitted] == homes
    for community, other in ((NOORD, ZUID), (ZUID, NOORD)):
        for path in ("/members/api/v1/members", "/members/api/v1/community", "/governance/api/v1/state"):
            assert other not in umbrella.ask(community, path).text, path
        for name in SERVICES:
            foreign = umbrella.ask(community, f"/{name}/api/v1/dead-letters", host=host_of(other))
            assert foreign.status_code == 401, "a session of one is no sign-in at the other's host name"
            unknown = umbrella.ask(community, f"/{name}/api/v1/dead-letters", host="nobody.example")
            assert unknown.status_code == 404


def test_a_telegram_on_kafka_reaches_the_co_operative_that_it_names(umbrella: Umbrella) -> None:
    for community in HOMES:
        traffic = "/metering/api/v1/traffic"
        wait_until(partial(has_heard, umbrella, community, traffic, "members.program-token-made.v1", 1))
    producer = KafkaProducer(bootstrap_servers=umbrella.settings.kafka)
    for community, values in ((NOORD, [5, 6]), (ZUID, [7, 8, 9]), ("nobody", [1]), ("", [2])):
        body = head_end({"meter": "E1", "start": "2025-01-15T00:00:00Z", "values": values})
        headers = [("community", community.encode()), ("gateway", b"gw"), ("format", b"head-end")]
        producer.send(TOPIC, body, key=b"gw", headers=headers if community else headers[1:])
    producer.flush()
    producer.close()
    database = METERING.open_database(umbrella.settings.database_url, migrate=False)
    for community, values in ((NOORD, [5, 6]), (ZUID, [7, 8, 9])):
        wait_until(partial(values_of, database, community))
        assert values_of(database, community) == values
    database.close()

    def parked() -> list[str]:
        lines: list[str] = umbrella.command("deadletters", "metering", "--community", "?").stdout.splitlines()
        return lines

    wait_until(lambda: parked()[-1] == "2 parked")
    assert all("there is no co-operative" in line for line in parked()[:-1])
    for community in HOMES:
        assert umbrella.command("deadletters", "metering", "--community", community).returncode == 0


def heard(umbrella: Umbrella, community: str, path: str, kind: str) -> int:
    count: int = umbrella.ask(community, path).json()["heard"].get(kind, 0)
    return count


def has_heard(umbrella: Umbrella, community: str, path: str, kind: str, count: int) -> bool:
    return heard(umbrella, community, path, kind) >= count


def values_of(database: Database, community: str) -> list[int]:
    """Quarter-hours of the meter E1 that a co-operative has."""
    series = latest_values(database, community).get(("E1", "electricity_import", "interval"), {})
    return [value for value, _ in series.values()]
