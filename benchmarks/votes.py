"""A vote of 5,000 members in their own sessions, and the result after the closing.

    python -m benchmarks.votes [--members N] [--voting N] [--clients N] [--url postgresql://...]

So many clients vote at once, each for one member after the other, by the form that members send. Now and then they ask
for a resolution that is not there: that is what any request costs here, and latencies are divided by it. Everything
runs in one process, clients included. The closing counts all ballots, until their result can be read; it is divided by
reading them and adding them up plainly.
"""

from __future__ import annotations

import argparse
import statistics
import tempfile
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from pathlib import Path

from fastapi.testclient import TestClient
from sqlalchemy import select

from coop.governance.convening.commands import convene_meeting
from coop.governance.service import GOVERNANCE
from coop.governance.statutes.version import Statutes
from coop.governance.tables.meetings import ballot
from coop.kit.database import Database
from coop.kit.session import COOKIE, Session, sign
from tests.desk import COMMUNITY, SECRET, SECRETARY, open_desk, sign_in
from tests.founding import found_in
from tests.governance.assembly import ARTICLES, admit, adopt, meeting, resolution
from tests.kit.clocks import SetClock

OPEN = datetime(2026, 6, 24, 12, tzinfo=UTC)
BASE_EVERY = 10


def main() -> None:
    """Let members vote, close the meeting, and print seconds and ratios."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--members", type=int, default=5000)
    parser.add_argument("--voting", type=int, default=0, help="how many of them vote; without it all")
    parser.add_argument("--clients", type=int, default=8)
    parser.add_argument("--url", default="")
    wanted = parser.parse_args()
    people = [f"m{number:05}" for number in range(wanted.members)]
    with tempfile.TemporaryDirectory(prefix="coop-votes-") as folder:
        database = GOVERNANCE.open_database(wanted.url or f"sqlite:///{folder}/governance.db", SetClock(OPEN))
        prepare(database, people)
        voting = people[: wanted.voting or None]
        votes_s, base_s, taken_s = vote_all(database, Path(folder), voting, wanted.clients)
        close_s, plain_s = close(database, Path(folder), len(voting))
        database.close()
    p50, p99 = statistics.median(votes_s), statistics.quantiles(votes_s, n=100)[-1]
    base = statistics.median(base_s)
    print(f"{len(votes_s)} votes by {wanted.clients} clients in {taken_s:.1f} s: {len(votes_s) / taken_s:.0f} a second")
    print(f"a vote: p50 {p50 * 1e3:.0f} ms, p99 {p99 * 1e3:.0f} ms; {p50 / base:.1f} and {p99 / base:.1f} x the base")
    print(
        f"the result stands {close_s:.2f} s after closing, {close_s / plain_s:.1f} x of adding the ballots up plainly"
    )


def prepare(database: Database, people: list[str]) -> None:
    """A co-operative of many members, and a meeting whose vote is open."""
    clock = database.clock
    assert isinstance(clock, SetClock)
    found_in(database)
    clock.set(datetime(2026, 5, 1, 9, tzinfo=UTC))
    with database.write(COMMUNITY, SECRETARY) as tx:
        admit(tx, *people)
        adopt(tx, Statutes(datetime(2020, 1, 1, tzinfo=UTC).date(), ARTICLES))
    clock.set(datetime(2026, 5, 20, 9, tzinfo=UTC))
    with database.write(COMMUNITY, SECRETARY) as tx:
        convene_meeting(tx, meeting(resolution("point")))
    clock.set(OPEN)


def vote_all(
    database: Database, folder: Path, people: list[str], clients: int
) -> tuple[list[float], list[float], float]:
    """Seconds of each vote and of each request of the base, and of all of it."""
    votes_s: list[float] = []
    base_s: list[float] = []

    def vote(share: list[str]) -> None:
        with TestClient(app) as browser:
            browser.cookies.set(COOKIE, sign_member(share[0]))
            ask_nothing(browser)
            ready.wait()
            for number, member_id in enumerate(share):
                browser.cookies.set(COOKIE, sign_member(member_id))
                choice = ("for", "for", "against", "blank")[number % 4]
                form = {"choice": choice, "ballot_id": f"b-{member_id}"}
                began = time.perf_counter()
                while True:
                    answer = browser.post("/governance/resolutions/point/vote", data=form, follow_redirects=False)
                    if answer.status_code != 503:  # the database was busy: the form is sent again, as it says
                        break
                votes_s.append(time.perf_counter() - began)
                assert answer.status_code == 303, answer.text
                if number % BASE_EVERY == 0:
                    base_s.append(ask_nothing(browser))

    app, ready = open_desk(GOVERNANCE, database, folder).app, threading.Barrier(clients + 1)
    with ThreadPoolExecutor(clients) as pool:
        voting = pool.map(vote, [people[number::clients] for number in range(clients)])
        ready.wait()
        began = time.perf_counter()
        list(voting)
    return votes_s, base_s, time.perf_counter() - began


def ask_nothing(desk: TestClient) -> float:
    """Seconds of a request that reaches the service and reads one row that is not there."""
    began = time.perf_counter()
    assert desk.get("/governance/api/v1/resolutions/nothing").status_code == 404
    return time.perf_counter() - began


def sign_member(member_id: str) -> str:
    """The cookie of a member who is signed in."""
    return sign(Session(f"of-{member_id}", "Lid", frozenset({"member"}), member_id, COMMUNITY, "session", OPEN), SECRET)


def close(database: Database, folder: Path, members: int) -> tuple[float, float]:
    """Seconds from the closing to the page that says the result, and of adding the ballots up plainly."""
    with open_desk(GOVERNANCE, database, folder) as desk:
        sign_in(desk, "board")
        began = time.perf_counter()
        closed = desk.post("/governance/meetings/alv-1/close", data={"confirmed": "yes"}, follow_redirects=False)
        answer = desk.get("/governance/api/v1/resolutions/point").json()
        close_s = time.perf_counter() - began
    assert closed.status_code == 303, closed.text
    began = time.perf_counter()
    with database.read(COMMUNITY) as tx:
        cast = [row.choice for row in tx.execute(select(ballot.c.choice).where(ballot.c.community == COMMUNITY))]
        counted = {choice: cast.count(choice) for choice in ("for", "against", "blank")}
    plain_s = time.perf_counter() - began
    count = answer["count"]
    assert counted == {choice: count[f"votes_{choice}"] for choice in counted}
    assert sum(counted.values()) == members
    return close_s, plain_s


if __name__ == "__main__":
    main()
