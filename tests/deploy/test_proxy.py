"""deploy/Caddyfile as a real Caddy runs it, in front of one process that has all four services."""

from __future__ import annotations

import http.client
import json
import shutil
import time
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import httpx2
import pytest

from coop.events import SERVICES
from coop.kit.http import BODY_MAX, GuardedRoute
from coop.kit.release import VERSION
from coop.kit.settings import Settings
from coop.operator.runtime import embedded_app
from tests.flows.installation import embedded, signed_in
from tests.servers.absent import ServerAbsent, skip_or_fail
from tests.servers.caddy import CADDYFILE, Caddy, caddy_server

MIB = 2**20


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Caddy, Settings]]:
    """A proxy in front of a whole installation."""
    if shutil.which("caddy") is None:
        skip_or_fail(ServerAbsent("no Caddy on this machine (Debian: apt-get install caddy)"))
    with (
        embedded(tmp_path_factory.mktemp("behind the proxy")) as settings,
        caddy_server({name: [settings.port] for name in SERVICES}) as caddy,
    ):
        yield caddy, settings


@pytest.mark.parametrize("service", SERVICES)
def test_each_service_is_asked_by_its_own_name_how_it_does(house: tuple[Caddy, Settings], service: str) -> None:
    caddy, _ = house
    assert httpx2.get(f"{caddy.url}/{service}/livez").text == f"ok coop {VERSION}\n"
    ready = httpx2.get(f"{caddy.url}/{service}/readyz")
    assert ready.json()["ready"] is True
    assert httpx2.get(f"{caddy.url}/metrics").status_code == 403, "figures are read from inside"


def test_pages_and_documents_come_through_and_may_only_be_read_encrypted(house: tuple[Caddy, Settings]) -> None:
    caddy, _ = house
    page = httpx2.get(f"{caddy.url}/members/sign-in", headers={"accept": "text/html"})
    assert page.status_code == 200
    assert page.headers["strict-transport-security"].startswith("max-age=31536000")
    assert "server" not in page.headers
    paths = httpx2.get(f"{caddy.url}/openapi.json").json()["paths"]
    assert {path.split("/")[1] for path in paths} >= set(SERVICES)


@pytest.mark.parametrize(
    ("path", "length", "status"),
    [
        ("/metering/api/v1/deliveries/batch", 65 * MIB, 413),
        ("/members/api/v1/imports/members", 18 * MIB, 413),
        ("/billing/api/v1/runs", 2 * MIB, 413),
        ("/metering/api/v1/deliveries/batch", 2 * MIB, 422),
    ],
)
def test_a_body_that_is_too_large_stops_at_the_door(
    house: tuple[Caddy, Settings], path: str, length: int, status: int
) -> None:
    caddy, settings = house
    media = "text/csv" if "imports" in path else "application/json"
    with signed_in(settings, "operator", "board", "treasurer") as client:
        answer = client.post(f"{caddy.url}{path}", content=chunks(length), headers={"content-type": media})
    assert answer.status_code == status


def chunks(length: int) -> Iterator[bytes]:
    """A body whose length is not announced."""
    for _ in range(0, length, MIB):
        yield b" " * MIB


def test_headers_without_end_are_refused(house: tuple[Caddy, Settings]) -> None:
    caddy, _ = house
    many = {f"x-header-{number}": "x" * 100 for number in range(300)}
    assert httpx2.get(f"{caddy.url}/livez", headers=many).status_code == 431


def test_the_access_log_holds_no_token_cookie_or_query(house: tuple[Caddy, Settings]) -> None:
    caddy, _ = house
    connection = http.client.HTTPConnection("127.0.0.1", caddy.port)
    secrets = {"authorization": "Bearer S3CRET", "cookie": "coop=S3CRET", "referer": "http://x/?token=S3CRET"}
    connection.request("GET", "/livez?token=S3CRET&marker=1", headers=secrets)
    assert connection.getresponse().status == 200
    connection.close()
    deadline = time.monotonic() + 10
    while not any(line["request"]["uri"] == "/livez" for line in access_lines(caddy)):
        assert time.monotonic() < deadline
        time.sleep(0.1)
    assert "S3CRET" not in caddy.log.read_text()


def access_lines(caddy: Caddy) -> list[dict[str, Any]]:
    """What was logged of requests."""
    lines = [json.loads(line) for line in caddy.log.read_text().splitlines() if line.startswith("{")]
    return [line for line in lines if "request" in line]


def test_the_door_lets_in_as_much_as_each_route_takes(tmp_path: Path) -> None:
    limits = dict.fromkeys(matched("deliveries"), 64 * MIB) | dict.fromkeys(matched("files"), 17 * MIB)
    assert set(matched("others not")) == set(limits)
    app = embedded_app(Settings(data_dir=tmp_path))
    large = {route.path: route.body_max for route in guarded(app.routes) if route.body_max > BODY_MAX}
    assert large
    for path, body_max in large.items():
        fitting = [limits[rule] for rule in limits if rule == path or path.startswith(rule.removesuffix("*") + "{")]
        fitting += [limits[rule] for rule in limits if rule.endswith("/*") and path.startswith(rule[:-1])]
        assert fitting, f"{path} takes {body_max} bytes"
        assert min(fitting) >= body_max, path


def matched(matcher: str) -> list[str]:
    """Paths of a matcher in the Caddyfile."""
    (line,) = [line for line in CADDYFILE.read_text().splitlines() if line.strip().startswith(f"@{matcher} path ")]
    return line.split(" path ")[1].split()


def guarded(routes: Iterable[Any]) -> Iterator[GuardedRoute]:
    """All guarded routes, also those of included routers."""
    for route in routes:
        if isinstance(route, GuardedRoute):
            yield route
        yield from guarded(getattr(getattr(route, "original_router", None), "routes", ()))
