"""A vote of 5,000 members in their own sessions, and the result after the closing.

    python -m benchmarks.votes [--members N] [--voting N] [--clients N] [--servers N] [--url postgresql://...]

The service runs as it does for members, in processes of their own that answer over HTTP. So many clients vote at once,
each for one member after the other, by the form that members send, over a connection that stays open as a proxy's does.
Now and then they ask for a resolution that is not there: that is what any request costs here, and latencies are divided
by it. The closing counts all ballots, until their result can be read; it is divided by reading them and adding them up
plainly.
"""

from __future__ import annotations

import argparse
import multiprocessing
import os
import statistics
import tempfile
import threading
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import UTC, datetime
from http.client import HTTPConnection
from pathlib import Path
from typing import Final
from urllib.parse import urlencode

from sqlalchemy import select

from coop.governance.convening.commands import convene_meeting
from coop.governance.service import GOVERNANCE
from coop.governance.statutes.version import Statutes
from coop.governance.tables.meetings import ballot
from coop.kit.database import Database
from coop.kit.session import COOKIE, Session, sign
from coop.kit.settings import Settings
from coop.operator.serving import make_server
from tests.desk import COMMUNITY, SECRET, SECRETARY, open_desk, sign_in
from tests.founding import found_in
from tests.governance.assembly import ARTICLES, admit, adopt, meeting, resolution
from tests.kit.clocks import SetClock
from tests.servers.process import free_port

OPEN = datetime(2026, 6, 24, 12, tzinfo=UTC)
BASE_EVERY: Final = 10
VOTE: Final = "/governance/resolutions/point/vote"
CHOICES: Final = ("for", "for", "against", "blank")
PATIENCE_S: Final = 300


def main() -> None:
    """Let members vote, close the meeting, and print seconds and ratios."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--members", type=int, default=5000)
    parser.add_argument("--voting", type=int, default=0, help="how many of them vote; without it all")
    parser.add_argument("--clients", type=int, default=8)
    parser.add_argument("--servers", type=int, default=1, help="processes that answer; several need PostgreSQL")
    parser.add_argument("--url", default="")
    wanted = parser.parse_args()
    people = [f"m{number:05}" for number in range(wanted.members)]
    with tempfile.TemporaryDirectory(prefix="coop-votes-") as folder:
        url = wanted.url or f"sqlite:///{folder}/governance.db"
        database = GOVERNANCE.open_database(url, SetClock(OPEN))
        prepare(database, people)
        voting = people[: wanted.voting or None]
        with serving(url, Path(folder), wanted.servers) as servers:
            began_s = sum(read_processor_s(pid) for _, pid in servers)
            votes_s, base_s, taken_s = vote_all(voting, wanted.clients, [port for port, _ in servers])
            busy_s = sum(read_processor_s(pid) for _, pid in servers) - began_s
        close_s, plain_s = close(database, Path(folder), len(voting))
        database.close()
    p50, p99 = statistics.median(votes_s), statistics.quantiles(votes_s, n=100)[-1]
    base = statistics.median(base_s)
    print(f"{len(votes_s)} votes by {wanted.clients} clients in {taken_s:.1f} s: {len(votes_s) / taken_s:.0f} a second")
    print(f"a vote: p50 {p50 * 1e3:.0f} ms, p99 {p99 * 1e3:.0f} ms; {p50 / base:.1f} and {p99 / base:.1f} x the base")
    print(f"the service's processor: {busy_s / len(votes_s) * 1e3:.1f} ms a vote, with a tenth of a base")
    print(
        f"the result stands {close_s:.2f} s after closing, {close_s / plain_s:.1f} x of adding the ballots up plainly"
    )


@contextmanager
def serving(url: str, folder: Path, servers: int) -> Iterator[Sequence[tuple[int, int]]]:
    """So many processes that answer for the service; the port and the id of each."""
    spawning = multiprocessing.get_context("spawn")
    ports = [free_port() for _ in range(servers)]
    processes = [spawning.Process(target=serve, args=(url, folder, port)) for port in ports]
    for process in processes:
        process.start()
    try:
        for port in ports:
            wait_for(port)
        yield [(port, process.pid or 0) for port, process in zip(ports, processes, strict=True)]
    finally:
        for process in processes:
            process.terminate()
            process.join()


def serve(url: str, folder: Path, port: int) -> None:
    """Answer for the service on a port, as an installation does, on the day of the meeting."""
    database = GOVERNANCE.open_database(url, SetClock(OPEN))
    desk = open_desk(GOVERNANCE, database, folder)
    make_server(desk.app, Settings(data_dir=folder, host="127.0.0.1", port=port)).run()  # type: ignore[arg-type]  # FastAPI


def wait_for(port: int) -> None:
    """Wait until a port answers."""
    until = time.monotonic() + PATIENCE_S
    while True:
        try:
            HTTPConnection("127.0.0.1", port).connect()
        except ConnectionRefusedError:
            if time.monotonic() > until:
                raise
            time.sleep(0.1)
        else:
            return


def read_processor_s(pid: int) -> float:
    """Seconds of a processor that a process has used."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


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


def vote_all(people: Sequence[str], clients: int, ports: Sequence[int]) -> tuple[list[float], list[float], float]:
    """Seconds of each vote and of each request of the base, and of all of it."""
    votes_s: list[float] = []
    base_s: list[float] = []

    def vote(client: int) -> None:
        connection = HTTPConnection("127.0.0.1", ports[client % len(ports)])
        requests = [prepare_vote(number, member_id) for number, member_id in enumerate(people[client::clients])]
        ask_nothing(connection, requests[0][1])
        ready.wait()
        for number, (form, headers) in enumerate(requests):
            began = time.perf_counter()
            # Where the database was busy, the form is sent again, as the answer asks.
            while (status := ask(connection, "POST", VOTE, headers, form)) == 503:
                pass
            votes_s.append(time.perf_counter() - began)
            assert status == 303, status
            if number % BASE_EVERY == 0:
                base_s.append(ask_nothing(connection, headers))

    ready = threading.Barrier(clients + 1)
    with ThreadPoolExecutor(clients) as pool:
        voting = pool.map(vote, range(clients))
        ready.wait()
        began = time.perf_counter()
        list(voting)
    return votes_s, base_s, time.perf_counter() - began


def prepare_vote(number: int, member_id: str) -> tuple[str, dict[str, str]]:
    """The form of a vote as its page sends it, and the headers of a member who is signed in."""
    form = urlencode({"choice": CHOICES[number % 4], "ballot_id": f"b-{member_id}"})
    cookie = f"{COOKIE}={sign_member(member_id)}"
    return form, {"Cookie": cookie, "Content-Type": "application/x-www-form-urlencoded", "Accept": "text/html"}


def ask(connection: HTTPConnection, method: str, address: str, headers: dict[str, str], body: str = "") -> int:
    """The status of the answer to a request."""
    connection.request(method, address, body or None, headers)
    answer = connection.getresponse()
    answer.read()
    return answer.status


def ask_nothing(connection: HTTPConnection, headers: dict[str, str]) -> float:
    """Seconds of a request that reaches the service and reads one row that is not there."""
    began = time.perf_counter()
    assert ask(connection, "GET", "/governance/api/v1/resolutions/nothing", headers) == 404
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
