"""Requests a second of a program with its token, beside those of a person with a session (``benchmarks.requests``).

In one process and without a network, so that what is compared is the way in: a cookie that is read and looked up, or
a token that is hashed and looked up. The ratio counts; the seconds are those of one machine.
"""

from __future__ import annotations

import tempfile
import time
from pathlib import Path
from statistics import median

from fastapi.testclient import TestClient

from coop.kit.session import COOKIE, Session, sign
from coop.kit.settings import Settings
from coop.members.programs.commands import make_program
from coop.members.programs.model import NewProgram
from coop.operator.runtime import build_app, local_bus, open_rooms
from tests.desk import COMMUNITY, SECRET, SECRETARY
from tests.founding import found_everywhere

ROUNDS, REQUESTS = 7, 200
ADDRESS = "/members/api/v1/members"


def main() -> None:
    """Measure both ways in, in turns, and print the medians and their ratio."""
    with tempfile.TemporaryDirectory() as folder:
        settings = Settings(data_dir=Path(folder), secret=SECRET, rate_per_token=0, rate_per_address=0)
        rooms = open_rooms(settings)
        found_everywhere(rooms, COMMUNITY)
        database = rooms["members"].database
        with database.write(COMMUNITY, SECRETARY) as tx:
            _, token = make_program(tx, NewProgram("Books", ("read:members",)), may_speak_for_every_meter=False)
            session = Session("a-1", "Noor", frozenset({"board"}), None, COMMUNITY, "s-1", tx.now)
        client = TestClient(build_app("coop", settings, rooms, local_bus(rooms), None, scheduled=False))
        ways = {
            "session": {"cookie": f"{COOKIE}={sign(session, SECRET)}"},
            "token": {"authorization": f"Bearer {token}"},
        }
        per_s: dict[str, list[float]] = {way: [] for way in ways}
        for _ in range(ROUNDS):
            for way, headers in ways.items():
                per_s[way].append(_measure(client, headers))
        for room in rooms.values():
            room.database.close()
    for way, figures in per_s.items():
        print(f"{way}: {median(figures):.0f} requests/s ({min(figures):.0f} to {max(figures):.0f})")
    print(f"token : session = {median(per_s['token']) / median(per_s['session']):.2f}")


def _measure(client: TestClient, headers: dict[str, str]) -> float:
    began = time.perf_counter()
    for _ in range(REQUESTS):
        client.get(ADDRESS, headers=headers).raise_for_status()
    return REQUESTS / (time.perf_counter() - began)


if __name__ == "__main__":
    main()
