"""The lists of the home page where each service is a process of its own, behind the proxy: each adds its own lines."""

from __future__ import annotations

import re
from pathlib import Path

import httpx2
import pytest

from coop.events import SERVICES
from coop.kit.settings import Settings
from tests.flows.installation import four_processes, signed_in
from tests.servers.absent import ServerAbsent, skip_or_fail
from tests.servers.caddy import caddy_server
from tests.servers.kafka import Kafka

pytestmark = pytest.mark.live

SHOWN = {
    "members": "Register: leden, aansluitingen, contracten",
    "governance": "Ze zijn er nog niet",
    "metering": "Er is nog geen meter",
    "billing": "Er is nog geen maand afgesloten",
}
"""Words that only the process of each service can say in a list."""


def ask(client: httpx2.Client, url: str) -> str:
    answer = client.get(url, headers={"accept": "text/html", "accept-language": "nl"})
    assert answer.status_code == 200, f"{url}: {answer.status_code}"
    return answer.text


def test_each_process_adds_its_own_lines_to_the_lists_of_the_home_page(
    kafka: Kafka, postgres_url: str, tmp_path: Path
) -> None:
    live = Settings(
        data_dir=tmp_path / "live",
        bus="kafka",
        kafka=kafka.bootstrap,
        database_url=postgres_url,
        secret="secret of the tests",
    )
    with four_processes(live, tmp_path) as processes:
        try:
            with caddy_server({name: [processes.ports[name]] for name in SERVICES}) as caddy:
                check_lists(live, caddy.url)
        except ServerAbsent as reason:
            skip_or_fail(reason)


def check_lists(live: Settings, url: str) -> None:
    with signed_in(live, "board", "treasurer", "operator") as board:
        page = ask(board, f"{url}/")
        addresses = re.findall(r'data-(?:line|card)="([^"]+)"', page)
        assert {address.split("/")[1] for address in addresses} >= set(SERVICES)
        said = dict.fromkeys(SERVICES, "")
        for address in addresses:
            service = address.split("/")[1]
            said[service] = said.get(service, "") + ask(board, f"{url}{address}")
        for service, words in SHOWN.items():
            assert words in re.sub(r"\s+", " ", said[service]), service
    with signed_in(live, "member") as member:
        lines = re.findall(r'data-line="([^"]+)"', ask(member, f"{url}/"))
        assert lines
        assert not [address for address in lines if "/step-" in address]
        for address in lines:
            ask(member, f"{url}{address}")
