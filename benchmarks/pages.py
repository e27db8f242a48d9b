"""Processor time of the heaviest pages beside the lightest one, on a demonstration's year.

    python -m benchmarks.pages [--data FOLDER]

In one process and without a network, so that waiting counts for nothing: each page is asked in turns with all others,
and its least time counts. With ``--data`` the pages of an installation that is there are measured, such as by two
versions of the program on copies of one folder: what counts is the ratio of the two.
"""

from __future__ import annotations

import argparse
import tempfile
from pathlib import Path
from time import process_time

from fastapi.testclient import TestClient
from sqlalchemy import select

from benchmarks._measure import table
from benchmarks.begin import PLAN
from coop.demo.doors import Doors
from coop.demo.playing import Mark, play_year, through_http
from coop.kit.clock import SYSTEM_CLOCK
from coop.kit.session import COOKIE, Session, sign
from coop.kit.settings import Settings
from coop.members.tables import contract
from coop.operator.runtime import build_app, local_bus, open_rooms
from tests.desk import COMMUNITY
from tests.flows.installation import SECRET, embedded

LIGHTEST = "/operations"
PAGES = {
    "board": (
        LIGHTEST,
        "/",
        "/members/",
        "/members/messages",
        "/members/log",
        "/billing/runs",
        "/billing/tariffs",
        "/governance/",
        "/governance/programme",
        "/governance/cards/waiting",
        "/metering/data",
        "/metering/missing",
        "/metering/periods/2025-03",
        "/metering/breaks",
        "/metering/meters",
        "/metering/cards/completeness",
    ),
    "member": ("/metering/", "/billing/", "/billing/cards/cost", "/governance/cards/waiting"),
}
ROUNDS = 7


def main() -> None:
    """Play a year, or take a folder, and print the pages by what they cost."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path)
    wanted = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="coop-pages-") as folder:
        data = wanted.data or play(Path(folder))
        costs_s = measure(Settings(data_dir=data, secret=SECRET, rate_per_address=0))
    heaviest_first = dict(sorted(costs_s.items(), key=lambda pair: -pair[1]))
    print(table(heaviest_first, f"board {LIGHTEST}", "ms", 1e3))


def play(folder: Path) -> Path:
    """Play the year of a few homes into an installation; returns its folder."""
    with embedded(folder, rate_per_address=0) as settings, Doors(settings, settings.public_url()) as doors:
        play_year(PLAN, doors, through_http(doors), Mark(folder / "played.json", PLAN), lambda _: None)
        doors.settled()
    return folder


def measure(settings: Settings) -> dict[str, float]:
    """Least processor time of each page [s], by its role and address."""
    rooms = open_rooms(settings)
    app = build_app("coop", settings, rooms, local_bus(rooms), None, scheduled=False)
    with rooms["members"].database.read(COMMUNITY) as tx:
        member_id = tx.scalar(select(contract.c.member_id).where(contract.c.community == COMMUNITY).limit(1))
    clients = {}
    for role in PAGES:
        own_id = member_id if role == "member" else None
        session = Session("a-1", "Noor", frozenset({role}), own_id, COMMUNITY, "s-1", SYSTEM_CLOCK.now())
        headers = {"accept": "text/html", "accept-language": "nl", "cookie": f"{COOKIE}={sign(session, SECRET)}"}
        clients[role] = TestClient(app, headers=headers)
    asked = [(role, page) for role, pages in PAGES.items() for page in pages]
    costs_s: dict[str, list[float]] = {}
    for _ in range(ROUNDS):
        for role, page in asked:
            began_s = process_time()
            clients[role].get(page).raise_for_status()
            costs_s.setdefault(f"{role} {page}", []).append(process_time() - began_s)
    for room in rooms.values():
        room.database.close()
    return {name: min(taken) for name, taken in costs_s.items()}


if __name__ == "__main__":
    main()
