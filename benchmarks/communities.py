"""Many small co-operatives in one installation: memory, idle processor, and time to answer, for 1, 10 and 30 of them.

    python -m benchmarks.communities [--counts 1 10 30] [--homes 10] [--days 31] [--idle-s 20]

Each count runs in a process of its own (``coop run`` as an operator starts it) on fresh SQLite files. Co-operatives are
founded while it runs, each with its homes in the register, its meters, and their quarter-hours of some days, a delivery
a home. Then the process is left alone, and its memory and the processor time that it uses by itself are read; last, the
same pages are asked for of each in turn. Everything is divided by what one co-operative takes.
"""

from __future__ import annotations

import argparse
import base64
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

import httpx2

from coop.kit.clock import SYSTEM_CLOCK
from coop.kit.session import COOKIE, Session, sign
from coop.kit.settings import Settings
from coop.operator.founding import add_community
from tests.servers.process import free_port

SECRET = "a secret that is long enough for this"
PATIENCE_S = 120.0
ROLES = frozenset({"board", "treasurer", "operator"})
PAGES = ("/members/", "/billing/", "/metering/data", "/governance/", "/members/community")


@dataclass(frozen=True)
class Measured:
    """Figures of one count of co-operatives."""

    memory_mib: float
    idle_share: float
    founding_s: float
    reading_s: float
    page_ms: float
    disk_mib: float


def main() -> None:
    """Measure each count and print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--counts", type=int, nargs="+", default=[1, 10, 30])
    parser.add_argument("--homes", type=int, default=10)
    parser.add_argument("--days", type=int, default=31)
    parser.add_argument("--idle-s", type=float, default=20.0)
    arguments = parser.parse_args()
    figures = {count: measure(count, arguments.homes, arguments.days, arguments.idle_s) for count in arguments.counts}
    base = figures[arguments.counts[0]]
    each = f"{arguments.homes} homes each, {arguments.days} days of quarter-hours"
    print(f"{each}; in brackets: times what {arguments.counts[0]} takes")
    heads = ("memory MiB", "idle CPU %", "founding s", "readings s", "a page ms", "disk MiB")
    print("  count  " + "  ".join(f"{head:>17}" for head in heads))
    for count, measured in figures.items():
        cells = [
            _cell(measured.memory_mib, base.memory_mib, 0),
            _cell(measured.idle_share * 100, base.idle_share * 100, 2),
            _cell(measured.founding_s, base.founding_s, 2),
            _cell(measured.reading_s, base.reading_s, 2),
            _cell(measured.page_ms, base.page_ms, 1),
            _cell(measured.disk_mib, base.disk_mib, 1),
        ]
        print(f"  {count:>5}  " + "  ".join(cells))


def measure(count: int, homes: int, days: int, idle_s: float) -> Measured:
    """Run an installation with so many co-operatives and read its figures."""
    with tempfile.TemporaryDirectory(prefix="coop-communities-") as folder:
        settings = Settings(data_dir=Path(folder), secret=SECRET, port=free_port())
        with _running(settings) as process:
            begun = time.perf_counter()
            for number in range(count):
                _found(settings, number, homes)
            founding_s = (time.perf_counter() - begun) / count
            begun = time.perf_counter()
            for number in range(count):
                _deliver(settings, number, homes, days)
            reading_s = (time.perf_counter() - begun) / count
            _ask_every_page(settings, count)  # so that nothing is counted that only a first request needs
            time.sleep(2.0)
            cpu_s, at = _cpu_s(process.pid), time.perf_counter()
            time.sleep(idle_s)
            idle_share = (_cpu_s(process.pid) - cpu_s) / (time.perf_counter() - at)
            page_ms = statistics.median(_ask_every_page(settings, count)) * 1000
            disk = sum(file.stat().st_size for file in Path(folder).iterdir())
            return Measured(_memory_mib(process.pid), idle_share, founding_s, reading_s, page_ms, disk / 2**20)


@contextmanager
def _running(settings: Settings) -> Iterator[subprocess.Popen[bytes]]:
    environment = {
        **{name: value for name, value in os.environ.items() if not name.startswith("COOP_")},
        "COOP_DATA_DIR": str(settings.data_dir),
        "COOP_SECRET": SECRET,
        "COOP_PORT": str(settings.port),
        "COOP_LOG_LEVEL": "WARNING",
    }
    process = subprocess.Popen([sys.executable, "-m", "coop", "run"], env=environment, stdout=subprocess.DEVNULL)
    try:
        _wait_for(lambda: httpx2.get(f"{settings.public_url()}/livez", timeout=2).status_code == 200)
        yield process
    finally:
        process.terminate()
        process.wait()


def _found(settings: Settings, number: int, homes: int) -> None:
    """Found a co-operative while the others run, and fill its register; returns when its meters are registered."""
    key = _key(number)
    add_community(settings, key, {"name": f"Coöperatie {number} U.A.", "hosts": _host(number)})
    with _entered(settings, number) as client:
        _wait_for(lambda: client.get("/metering/api/v1/meters").is_success)
        for kind, lines in _register(homes).items():
            answer = client.post(
                f"/members/api/v1/imports/{kind}", content=lines, headers={"content-type": "text/csv"},
                params={"file_name": f"{kind}.csv"},
            )  # fmt: skip
            answer.raise_for_status()
        meters = [{"serial": f"H{home}", "kind": "heat", "installed_on": "2025-01-01"} for home in range(homes)] + [
            {"serial": f"E{home}", "kind": "electricity", "installed_on": "2025-01-01"} for home in range(homes)
        ]
        client.post("/metering/api/v1/meters", json=meters).raise_for_status()


def _deliver(settings: Settings, number: int, homes: int, days: int) -> None:
    """Hand in a co-operative's quarter-hours, a home at a time."""
    with _entered(settings, number) as client:
        for home in range(homes):
            usual = {"quantity": "electricity_import", "unit": "Wh", "start": "2025-01-01T00:00:00Z", "step_s": 900}
            series = [{"meter": f"E{home}", **usual, "values": [40 + home] * (96 * days)}]
            sent = json.dumps({"head_end": "bench", "sent_at": "2025-03-01T00:00:00Z", "series": series})
            body = base64.b64encode(sent.encode()).decode()
            delivery = {"format": "head-end", "gateway": "bench", "received_at": "2025-03-01T00:00:00Z", "body": body}
            answer = client.post("/metering/api/v1/deliveries/batch", json={"deliveries": [delivery]})
            answer.raise_for_status()
            assert not answer.json()["problems"], answer.text


def _register(homes: int) -> dict[str, str]:
    members = ["number,name,kind,joined_on"]
    connections = ["number,building,kind,address"]
    occupancies = ["connection,member,opened_on"]
    for home in range(homes):
        members.append(f"M{home},Member {home},tenant,2025-01-01")
        connections.append(f"C{home},1,dwelling,Kade {home}")
        occupancies.append(f"C{home},M{home},2025-01-01")
    files = {"members": members, "connections": connections, "occupancies": occupancies}
    return {kind: "\n".join(lines) + "\n" for kind, lines in files.items()}


def _ask_every_page(settings: Settings, count: int) -> list[float]:
    """Seconds of each page of each co-operative, in turn."""
    seconds = []
    for number in range(count):
        with _entered(settings, number) as client:
            for page in PAGES:
                begun = time.perf_counter()
                answer = client.get(page, headers={"accept": "text/html"})
                seconds.append(time.perf_counter() - begun)
                answer.raise_for_status()
    return seconds


def _entered(settings: Settings, number: int) -> httpx2.Client:
    session = Session("board", "Board", ROLES, None, _key(number), "s", SYSTEM_CLOCK.now())
    return httpx2.Client(
        base_url=settings.public_url(),
        cookies={COOKIE: sign(session, SECRET)},
        headers={"accept": "application/json", "host": _host(number)},
        timeout=PATIENCE_S,
    )


def _key(number: int) -> str:
    return f"coop-{number}"


def _host(number: int) -> str:
    return f"coop-{number}.example"


def _wait_for(reached: Callable[[], bool]) -> None:
    deadline = time.monotonic() + PATIENCE_S
    while True:
        with suppress(httpx2.TransportError):
            if reached():
                return
        if time.monotonic() > deadline:
            raise TimeoutError("the installation did not answer")
        time.sleep(0.05)


def _memory_mib(pid: int) -> float:
    """Resident memory of a process."""
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("VmRSS:")) / 1024


def _cpu_s(pid: int) -> float:
    """Processor time that a process used so far."""
    fields = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def _cell(value: float, base: float, digits: int) -> str:
    times = value / base if base else float("nan")
    return f"{value:>9.{digits}f} ({times:>5.2f})"


if __name__ == "__main__":
    main()
