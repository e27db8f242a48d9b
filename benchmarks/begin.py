"""From ``coop init`` to a sign-in page, the weight of home, and pages while readings come in (``benchmarks.begin``).

Seconds are those of one machine; what counts are the ratios, each from one run. Server, browser and gateway share the
machine, so that the second half says what streaming adds, not how fast a server is.
"""

from __future__ import annotations

import json
import os
import re
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path

import httpx2

from coop.demo.doors import Doors
from coop.demo.plan import DemoPlan
from coop.demo.playing import Mark, play_year, through_http
from coop.kit.clock import SYSTEM_CLOCK
from coop.kit.session import COOKIE, Session, sign
from coop.kit.settings import Settings
from tests.desk import COMMUNITY
from tests.flows.installation import SECRET, embedded
from tests.servers.process import free_port

INIT = ("init", "--key", "warm", "--name", "Coöperatie Warm U.A.", "--secretary", "noor@warm.example")
PLAN = DemoPlan(size=5, seed=3)
PAGES_PER_S, DURATION_S = 50, 20
PAGES = ("/", "/members/", "/billing/runs", "/billing/cards/waiting", "/governance/cards/waiting")
READINGS = 96
"""Values in one delivery that streams in: a day of quarter-hours."""


def main() -> None:
    """Measure the beginning, then a year's installation at rest and under telegrams, in turns."""
    with tempfile.TemporaryDirectory() as folder:
        started_s, init_s, page_s = time_beginning(Path(folder) / "begin")
        print(
            f"coop init {init_s:.1f} s, of which starting {started_s:.1f} s; coop run to a sign-in page {page_s:.1f} s"
        )
        with (
            embedded(Path(folder) / "year", rate_per_address=0) as settings,
            Doors(settings, settings.public_url()) as doors,
        ):
            play_year(PLAN, doors, through_http(doors), Mark(Path(folder) / "played.json", PLAN), lambda _: None)
            doors.settled()
            with open_client(settings) as client:
                print(f"home of the board: {weigh(client)}")
                quiet, busy = [], []
                for _ in range(2):
                    quiet += ask_steadily(client)
                    with streaming(doors):
                        busy += ask_steadily(client)
    p95 = {name: statistics.quantiles(taken, n=20)[-1] * 1000 for name, taken in (("quiet", quiet), ("busy", busy))}
    print(f"p95 at {PAGES_PER_S} pages/s: {p95['quiet']:.0f} ms at rest, {p95['busy']:.0f} ms while telegrams stream")
    print(f"streaming : rest = {p95['busy'] / p95['quiet']:.2f}")


def time_beginning(folder: Path) -> tuple[float, float, float]:
    """Seconds of ``coop --version``, of ``coop init``, and of ``coop run`` until its sign-in page answers."""
    port = free_port()
    environment = {name: text for name, text in os.environ.items() if not name.startswith("COOP_")}
    environment |= {"COOP_DATA_DIR": str(folder), "COOP_PORT": str(port)}
    seconds = []
    for words in (("--version",), INIT):
        began = time.perf_counter()
        subprocess.run([sys.executable, "-m", "coop", *words], env=environment, check=True, capture_output=True)
        seconds.append(time.perf_counter() - began)
    began = time.perf_counter()
    process = subprocess.Popen(
        [sys.executable, "-m", "coop", "run"], env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    try:
        while not answers_sign_in(port):
            time.sleep(0.05)
        return seconds[0], seconds[1], time.perf_counter() - began
    finally:
        process.terminate()
        process.wait()


def answers_sign_in(port: int) -> bool:
    try:
        return httpx2.get(f"http://127.0.0.1:{port}/members/sign-in").status_code == 200
    except httpx2.TransportError:
        return False


def open_client(settings: Settings) -> httpx2.Client:
    """A browser of somebody of the board."""
    session = Session("a-1", "Noor", frozenset({"board"}), None, COMMUNITY, "s-1", SYSTEM_CLOCK.now())
    headers = {"cookie": f"{COOKIE}={sign(session, SECRET)}", "accept": "text/html", "accept-language": "nl"}
    return httpx2.Client(base_url=settings.public_url(), headers=headers, timeout=30)


def weigh(client: httpx2.Client) -> str:
    """Bytes of the home page, of what it links once, and of its fragments, as they are sent."""
    page = client.get("/")
    linked = set(re.findall(r'(?:src|href)="(/static/[^"]+)"', page.text))
    fragments = set(re.findall(r'data-(?:card|line)="([^"]+)"', page.text))
    once = sum(len(client.get(address).content) for address in linked)
    each = sum(len(client.get(address).content) for address in fragments)
    return f"{len(page.content)} bytes, {once} once for style and script, {each} in {len(fragments)} fragments"


def ask_steadily(client: httpx2.Client) -> list[float]:
    """Seconds that each page took, of so many a second whether the ones before have come or not."""

    def ask(at: float, page: str) -> float:
        time.sleep(max(0.0, at - time.perf_counter()))
        client.get(page).raise_for_status()
        return time.perf_counter() - at  # waiting for a free connection counts

    began = time.perf_counter()
    with ThreadPoolExecutor(32) as pool:
        asked = [
            pool.submit(ask, began + number / PAGES_PER_S, PAGES[number % len(PAGES)])
            for number in range(PAGES_PER_S * DURATION_S)
        ]
        return [each.result() for each in asked]


@contextmanager
def streaming(doors: Doors) -> Iterator[None]:
    """Ten deliveries a second of a day's readings each, while the block runs."""
    stopping = threading.Event()
    thread = threading.Thread(target=stream, args=(doors, stopping))
    thread.start()
    try:
        yield
    finally:
        stopping.set()
        thread.join()


def stream(doors: Doors, stopping: threading.Event) -> None:
    """Send readings of one heat meter, each time other ones."""
    meters = doors.get("/metering/api/v1/meters")
    meter = next(row["serial"] for row in meters if row["kind"] == "heat" and not row["removed_at"])
    mapping = {"time_column": "at", "meter": meter, "columns": [{"column": "v", "quantity": "heat", "unit": "GJ"}]}
    start = SYSTEM_CLOCK.now().replace(hour=0, minute=0, second=0, microsecond=0) - timedelta(days=1)
    stand = 9000
    while not stopping.wait(0.1):
        stand += 1
        lines = [f"{(start + timedelta(minutes=15 * at)).isoformat()},{stand / 100:.2f}" for at in range(READINGS)]
        body = "\n".join(["at,v", *lines]).encode()
        doors.post("/metering/api/v1/csv", content=body, params={"mapping": json.dumps(mapping)})


if __name__ == "__main__":
    main()
