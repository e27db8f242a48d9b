"""Two processes of each service behind the proxy, as deploy/kubernetes runs them: any instance answers any request, and
together they come to what one process comes to."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import httpx2
import pytest

from coop.demo.cooperative import COMMUNITY
from coop.demo.doors import Doors
from coop.demo.plan import DemoPlan
from coop.demo.playing import Mark, Progress, play_year, through_http
from coop.events import SERVICES
from coop.kit.settings import Settings
from coop.operator.verification import verify_bills, verify_journals
from tests.flows.installation import FourProcesses, embedded, four_processes, signed_in, state_of
from tests.servers.absent import ServerAbsent, skip_or_fail
from tests.servers.caddy import Caddy, caddy_server
from tests.servers.kafka import Kafka

pytestmark = [pytest.mark.live, pytest.mark.slow]

PLAN = DemoPlan(size=4, seed=5)


@contextmanager
def two_of_each(settings: Settings, folder: Path) -> Iterator[tuple[Caddy, tuple[FourProcesses, FourProcesses]]]:
    """Eight processes on one Kafka and PostgreSQL, and the proxy that gives each request to whichever is next."""
    with ExitStack() as stack:
        pair: list[FourProcesses] = []
        for name in ("first", "second"):
            (folder / name).mkdir()
            pair.append(stack.enter_context(four_processes(settings, folder / name)))
        upstreams = {name: [processes.ports[name] for processes in pair] for name in SERVICES}
        try:
            caddy = stack.enter_context(caddy_server(upstreams))
        except ServerAbsent as reason:
            skip_or_fail(reason)
        yield caddy, (pair[0], pair[1])


def test_two_of_each_come_to_the_bills_of_one_and_one_may_go_on_the_way(
    kafka: Kafka, postgres_url: str, tmp_path: Path
) -> None:
    with embedded(tmp_path / "embedded") as alone, Doors(alone, alone.public_url(), patience_s=90) as doors:
        play_year(PLAN, doors, through_http(doors), Mark(tmp_path / "embedded.json", PLAN), lambda _: None)
        doors.settled()
        expected = state_of(doors)

    live = Settings(
        data_dir=tmp_path / "live",
        bus="kafka",
        kafka=kafka.bootstrap,
        database_url=postgres_url,
        secret="secret of the tests",
    )
    with two_of_each(live, tmp_path) as (caddy, (first, second)):
        leaving = dict(zip(SERVICES, (0.2, 0.4, 0.6, 0.8), strict=True))

        def replace_one(progress: Progress) -> None:
            """Take one instance of each service away during the year, as a rolling upgrade does, and bring it back."""
            for name, share in list(leaving.items()):
                if progress.share >= share:
                    del leaving[name]
                    first.kill(name)
                    first.start(name)

        with Doors(live, caddy.url, patience_s=150) as doors:
            play_year(PLAN, doors, through_http(doors), Mark(tmp_path / "live.json", PLAN), replace_one)
            first.wait_until_up()
            doors.settled()
            assert state_of(doors) == expected
        assert not leaving
        check_sessions(live, caddy, first, second)
    assert verify_bills(live, COMMUNITY, "", print)
    assert verify_journals(live, print)


def check_sessions(live: Settings, caddy: Caddy, first: FourProcesses, second: FourProcesses) -> None:
    """A sign-in that ends at one instance is over at the other, and each instance is ready."""
    for processes in (first, second):
        for address in processes.addresses().values():
            ready = httpx2.get(f"{address}/readyz")
            assert ready.status_code == 200, ready.text
    pages = [f"{processes.addresses()['members']}/members/api/v1/members" for processes in (first, second)]
    with signed_in(live, "board") as client:
        assert [client.get(page).status_code for page in pages] == [200, 200]
        client.post(f"{caddy.url}/members/sign-out", headers={"origin": caddy.url})
    with signed_in(live, "board") as again:
        assert [again.get(page).status_code for page in pages] == [401, 401]
