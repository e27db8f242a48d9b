"""Modules of ours that a request passes from the HTTP door to durable: a telegram, a period's closing, a bill run.

    python -m benchmarks.path

Each request is asked once before, in a house of three homes, so that nothing is counted that only a first one needs. A
module counts when one of its functions runs. For each request the modules are named in the order in which it
reaches them.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import FrameType
from typing import Any

from fastapi.testclient import TestClient

from benchmarks.year import COMMUNITY, YEAR, set_up, settle_rooms, writing
from coop.demo.telegrams import P1Reading, p1
from coop.events.scopes import DELIVER
from coop.kit.clock import SYSTEM_CLOCK
from coop.kit.session import COOKIE, Session, sign
from coop.kit.settings import Settings
from coop.members.programs.commands import make_program
from coop.members.programs.model import NewProgram
from coop.operator.runtime import build_app, local_bus, open_rooms
from coop.values import Period
from tests.founding import found_everywhere

SECRET = "a secret that is long enough for this"


def main() -> None:
    """Trace the three requests and print what each passes."""
    argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter).parse_args()
    with tempfile.TemporaryDirectory(prefix="coop-path-") as folder:
        for name, modules in trace_requests(Path(folder)).items():
            print(f"{name}: {len(modules)} modules")
            for module in modules:
                print(f"  {module}")


def trace_requests(folder: Path) -> dict[str, list[str]]:
    """The modules that each request passes, in order."""
    settings = Settings(data_dir=folder, secret=SECRET)
    rooms = open_rooms(settings)
    found_everywhere(rooms, COMMUNITY)
    bus = local_bus(rooms)
    set_up(rooms, bus, members=3)
    with writing(rooms["members"]) as tx:
        new = NewProgram("Plant", (DELIVER,), gateway="gateway-1")
        _, token = make_program(tx, new, may_speak_for_every_meter=True)
    client = TestClient(build_app("coop", settings, rooms, bus, None, scheduled=False))
    cookie = {"cookie": f"{COOKIE}={sign(_treasurer(), SECRET)}"}
    paths: dict[str, list[str]] = {}
    for month in (1, 2):
        for home in range(3):
            body = p1(_reading(home, month))
            paths["a P1 telegram"] = _ask(
                client, "/metering/api/v1/deliveries?format=p1", {"authorization": f"Bearer {token}"}, content=body
            )
        address = f"/metering/api/v1/periods/{YEAR}-{month:02d}/close"
        lacking = client.post(address, json={"dry_run": True}, headers=cookie).json()["lacking"]
        accepted = {"accept": [one["subject"] for one in lacking], "reason": "the benchmark goes on"}
        paths["a period's closing"] = _ask(client, address, cookie, json=accepted)
        settle_rooms(rooms, bus)
        run = {"period": f"{YEAR}-{month:02d}"}
        paths["a bill run"] = _ask(client, "/billing/api/v1/runs", cookie, json=run)
    for room in rooms.values():
        room.database.close()
    return paths


def _ask(client: TestClient, address: str, headers: dict[str, str], **body: Any) -> list[str]:
    """Post a request; returns the modules that it passed."""
    with _tracing() as modules:
        answer = client.post(address, headers=headers, **body)
    answer.raise_for_status()
    return list(modules)


@contextmanager
def _tracing() -> Iterator[dict[str, None]]:
    """Note every module of ours whose functions run, in this thread and in those that begin."""
    modules: dict[str, None] = {}

    def note(frame: FrameType, event: str, _argument: object) -> None:
        name = frame.f_globals.get("__name__", "")
        if event == "call" and name.startswith("coop."):
            modules[name] = None

    threading.setprofile(note)
    sys.setprofile(note)
    try:
        yield modules
    finally:
        sys.setprofile(None)
        threading.setprofile(None)


def _reading(home: int, month: int) -> P1Reading:
    at = Period.month(YEAR, month).end_at
    return P1Reading("/KWG5\\BENCH", at, f"P{home:05d}", (0, 0), (0, 0), 1, 0, f"H{home:05d}", 100_000 + 100 * month)


def _treasurer() -> Session:
    roles = frozenset({"treasurer"})
    return Session("account-1", "Treasurer", roles, None, COMMUNITY, "session-1", SYSTEM_CLOCK.now())


if __name__ == "__main__":
    main()
