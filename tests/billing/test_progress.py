"""A run that takes a while: how far it is, killed in the middle, and made again in the name of who asked."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from sqlalchemy import text

from coop.billing.bills import store as bills
from coop.billing.jobs import resume_runs
from coop.billing.runs import asking, progress, works
from coop.billing.service import BILLING
from coop.kit.actor import Actor
from coop.kit.database import Database
from coop.kit.jobs import Work
from coop.values import Period
from tests.billing.village import admitted, hear, month_of, signed, tariff_adopted, visit
from tests.desk import COMMUNITY
from tests.founding import found_in
from tests.kit.running import wait_until

JANUARY = Period.month(2025, 1)
MEMBERS = ("anna", "bram", "cees")
HTML = {"accept": "text/html", "accept-language": "en"}
HeldUp = tuple[threading.Event, threading.Event, ThreadPoolExecutor]
TREASURER = Actor("account", "somebody", "page")
WAITING = text(
    "SELECT count(*) FROM pg_locks WHERE NOT granted"
    " AND pid IN (SELECT pid FROM pg_stat_activity WHERE datname = current_database())"
)

KILLED = """
import os, sys
from coop.billing.runs import works, progress
from coop.billing.service import BILLING
from coop.kit.actor import Actor

progress.NOTE_EVERY_S = 0
noted = progress.Meter.__call__

def note(meter, stage, done, total):
    noted(meter, stage, done, total)
    if (stage, done) == ("written", 2):
        os._exit(9)

progress.Meter.__call__ = note
database = BILLING.open_database(sys.argv[1])
with database.write(sys.argv[2], Actor("account", "somebody", "page")) as tx:
    work = works.begin(tx, "2025-01", "run")
works.carry_out(database, sys.argv[2], work)
"""
"""A process that is killed when it has written two of three bills."""


@pytest.fixture
def village(database: Database) -> Database:
    """Three members whose January is closed."""
    hear(database, tariff_adopted(), *(admitted(name) for name in MEMBERS), *(signed(name) for name in MEMBERS))
    hear(database, *month_of(MEMBERS, JANUARY))
    return database


@pytest.fixture
def held_up(monkeypatch: pytest.MonkeyPatch) -> Iterator[HeldUp]:
    """A run that waits when it has written two bills: that it has, that it may go on, and where it is made."""
    arrived, go_on, pool = threading.Event(), threading.Event(), ThreadPoolExecutor(1)
    noted = progress.Meter.__call__

    def note(meter: progress.Meter, stage: str, done: int, total: int) -> None:
        noted(meter, stage, done, total)
        if (stage, done) == (progress.WRITTEN, 2):
            arrived.set()
            go_on.wait(30)

    monkeypatch.setattr(progress.Meter, "__call__", note)
    monkeypatch.setattr(progress, "NOTE_EVERY_S", 0)
    monkeypatch.setattr("coop.billing.pages.PATIENCE_S", 0)
    monkeypatch.setattr(asking, "_pool", pool)
    yield arrived, go_on, pool
    go_on.set()


def test_the_page_says_how_far_a_run_is_and_looks_again_without_a_script(
    village: Database, tmp_path: Path, held_up: HeldUp
) -> None:
    arrived, go_on, pool = held_up
    board = visit(village, tmp_path, "treasurer")
    asked = board.post("/billing/runs/2025-01/issue", headers=HTML, follow_redirects=False)
    assert (asked.status_code, asked.headers["location"]) == (303, "/billing/runs/2025-01")
    assert arrived.wait(30)
    page = board.get("/billing/runs/2025-01", headers=HTML).text
    assert '<meta http-equiv="refresh" content="2;' in page
    assert '<progress value="2" max="3"' in page
    assert "2 of 3" in page
    assert "to go" in page
    [working] = board.get("/billing/api/v1/runs/working").json()["runs"]
    told = {name: working[name] for name in ("name", "asked", "status", "stage", "done", "total", "permille")}
    assert told == {
        "name": "2025-01",
        "asked": "run",
        "status": "running",
        "stage": "written",
        "done": 2,
        "total": 3,
        "permille": 799,
    }
    assert working["seconds_left"] >= 0
    assert "Being made" in board.get("/billing/runs", headers=HTML).text
    again = board.post("/billing/runs/2025-01/issue", headers=HTML, follow_redirects=False)
    assert again.headers["location"] == "/billing/runs/2025-01", "asked twice it is made once"
    go_on.set()
    pool.shutdown(wait=True)
    ended = board.get("/billing/runs/2025-01", headers=HTML).text
    assert "refresh" not in ended
    assert "-000003" in ended
    assert board.get("/billing/api/v1/runs/working").json() == {"runs": []}


def test_a_run_that_was_killed_in_the_middle_says_so_and_is_made_again_in_the_name_of_who_asked(
    village: Database, tmp_path: Path
) -> None:
    url = village.engine.url.render_as_string(hide_password=False)
    env = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[2])}
    killed = subprocess.run([sys.executable, "-c", KILLED, url, COMMUNITY], env=env, check=False)
    assert killed.returncode == 9
    board = visit(village, tmp_path, "treasurer")
    page = board.get("/billing/runs/2025-01", headers=HTML).text
    assert "None of them is issued" in page
    assert "Issue these bills" in page
    [working] = board.get("/billing/api/v1/runs/working").json()["runs"]
    assert (working["status"], working["seconds_left"]) == ("stopped", None)
    assert board.get("/billing/api/v1/bills").json() == []
    job = Work(village, COMMUNITY, village.clock.now(), "resume-runs")
    assert resume_runs(job) == "made again 1 that were stopped; 0 refused"
    assert resume_runs(job) == "no run was stopped"
    with village.read(COMMUNITY) as tx:
        assert [head.sequence for head in bills.list_heads(tx)] == [1, 2, 3]
    ended = board.get("/billing/runs/2025-01", headers=HTML).text
    assert "None of them is issued" not in ended
    assert "-000003" in ended
    [run] = board.get("/billing/api/v1/runs").json()
    assert (run["run_by"], run["status"]) == ("somebody", "issued")


def test_of_two_who_ask_for_a_run_at_once_the_second_waits_and_neither_fails(postgres_url: str) -> None:
    database = BILLING.open_database(postgres_url)
    found_in(database)
    with ThreadPoolExecutor(1) as pool:
        with database.write(COMMUNITY, TREASURER) as tx:
            first = works.begin(tx, "2025-01", "run")
            other = pool.submit(_begin, database)
            with database.system_read() as sql:
                wait_until(lambda: bool(sql.scalar(WAITING)))
        second = other.result(30)
    assert (first.actor_id, second.actor_id) == ("somebody", "deputy")
    with database.read(COMMUNITY) as tx:
        assert [found.work.actor_id for found in works.list_standing(database, tx)] == ["deputy"]
    database.close()


def _begin(database: Database) -> works.Work:
    with database.write(COMMUNITY, Actor("account", "deputy", "page")) as tx:
        return works.begin(tx, "2025-01", "run")


def test_what_is_refused_while_somebody_waits_is_not_kept_and_else_stands_on_the_page(
    village: Database, tmp_path: Path
) -> None:
    board = visit(village, tmp_path, "treasurer")
    assert board.post("/billing/api/v1/runs", json={"period": "2025-02"}).status_code == 409
    assert board.get("/billing/api/v1/runs/working").json() == {"runs": []}
    with village.write(COMMUNITY, TREASURER) as tx:
        work = works.begin(tx, "2025-02", "run")
    with pytest.raises(Exception, match="cannot be billed yet"):
        works.carry_out(village, COMMUNITY, work)
    [working] = board.get("/billing/api/v1/runs/working").json()["runs"]
    assert (working["status"], "cannot be billed yet" in working["reason"]) == ("refused", True)
    assert "The run was refused" in board.get("/billing/runs/2025-02", headers=HTML).text
    assert resume_runs(Work(village, COMMUNITY, village.clock.now(), "resume-runs")) == "no run was stopped"


def test_a_program_that_prefers_an_answer_at_once_hears_where_to_look_and_nothing_is_made_twice(
    village: Database, tmp_path: Path, held_up: HeldUp
) -> None:
    arrived, go_on, pool = held_up
    board = visit(village, tmp_path, "treasurer")
    at_once = {"prefer": "wait=9, Respond-Async"}
    asked = board.post("/billing/api/v1/runs", json={"period": "2025-01"}, headers=at_once)
    assert (asked.status_code, asked.headers["location"]) == (202, "/billing/api/v1/runs/working")
    assert [run["name"] for run in asked.json()["runs"]] == ["2025-01"]
    assert arrived.wait(30)
    again = board.post("/billing/api/v1/runs", json={"period": "2025-01"}, headers=at_once)
    assert (again.status_code, again.json()["runs"][0]["done"]) == (202, 2)
    go_on.set()
    pool.shutdown(wait=True)
    assert board.get(asked.headers["location"]).json() == {"runs": []}
    [run] = board.get("/billing/api/v1/runs").json()
    assert run["bill_count"] == 3
