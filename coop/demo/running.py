"""``coop demo``: the demonstration beside a server or into one elsewhere, and what the terminal shows of it."""

from __future__ import annotations

import logging
import sys
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import uvicorn
from rich.console import Console
from rich.progress import BarColumn, SpinnerColumn, TaskProgressColumn, TextColumn, TimeElapsedColumn
from rich.progress import Progress as Bar
from rich.table import Table

from coop.demo.accounts import accounts
from coop.demo.acts import password
from coop.demo.clock import PlayedClock
from coop.demo.doors import Doors
from coop.demo.plan import DemoPlan
from coop.demo.playing import (
    Mark,
    Progress,
    Report,
    convene_once,
    play_live,
    play_year,
    refuse_other_register,
    through_http,
)
from coop.kit.clock import SYSTEM_CLOCK, today
from coop.kit.settings import Settings
from coop.values import CoopError

LIVE_PAUSE_S = 1.0

log = logging.getLogger(__name__)


@contextmanager
def play_beside(
    server: uvicorn.Server, settings: Settings, plan: DemoPlan, mark: Mark, *, live: bool
) -> Iterator[None]:
    """Play ``plan`` into the ``server`` that the block runs, as soon as it is up."""
    stopping = threading.Event()
    player = threading.Thread(
        target=_play_when_up,
        args=(settings, plan, mark, server, stopping, Console(), live),
        name="demo",
        daemon=True,
    )
    player.start()
    try:
        yield
    finally:
        stopping.set()
        player.join(timeout=10)


def play_remotely(settings: Settings, plan: DemoPlan, url: str, addresses: Mapping[str, str], *, live: bool) -> None:
    """Play ``plan`` into an installation that runs elsewhere.

    Raises:
        CoopError: the installation has a register of its own, or a command was refused.
        ConnectionError: a service stayed away.
    """
    console = Console()
    mark = Mark(settings.data_dir / "demonstration.json", plan)
    with Doors(settings, url, addresses) as doors:
        refuse_other_register(doors, mark)
        _tell_sign_ins(console, plan, url)
        with _bar(console) as report:
            play_year(plan, doors, through_http(doors), mark, report)
        convene_once(plan, doors, mark, today(SYSTEM_CLOCK))
        if live:
            play_live(plan, doors, through_http(doors), mark, LIVE_PAUSE_S, lambda: True)


def _play_when_up(
    settings: Settings,
    plan: DemoPlan,
    mark: Mark,
    server: uvicorn.Server,
    stopping: threading.Event,
    console: Console,
    live: bool,
) -> None:
    while not server.started:
        if stopping.wait(0.05):
            return
    _tell_sign_ins(console, plan, settings.public_url())
    try:
        clock = PlayedClock(mark.days_back)
        with Doors(settings, f"http://127.0.0.1:{settings.port}", clock=clock) as doors:
            with _bar(console) as report:
                play_year(plan, doors, through_http(doors), mark, report)
            convene_once(plan, doors, mark, today(clock))
            console.print(f"The year is in. In this co-operative it is {today(clock):%-d %B %Y}. Ctrl-C stops.")
            check = f"COOP_DATA_DIR={settings.data_dir} {_name_program()} verify {plan.year}-000001"
            console.print(f"In another terminal this recomputes a bill: {check}", soft_wrap=True)
            if live:
                play_live(plan, doors, through_http(doors), mark, LIVE_PAUSE_S, lambda: not stopping.is_set(), clock)
    except (CoopError, ConnectionError) as error:
        if not stopping.is_set():
            log.error("the demonstration stopped: %s", error)


def _name_program() -> str:
    """Name this program as another terminal in the same folder begins it: ``make run`` puts it on nobody's path."""
    begun, here = Path(sys.argv[0]), Path.cwd()
    return str(begun.relative_to(here) if begun.is_relative_to(here) else begun)


def _tell_sign_ins(console: Console, plan: DemoPlan, url: str) -> None:
    table = Table(title=f"Demonstration co-operative: {url}", title_justify="left")
    for heading in ("who", "e-mail", "password"):
        table.add_column(heading)
    for account in accounts(plan):
        table.add_row(account.role, account.login, password(plan, account))
    console.print(table)


@contextmanager
def _bar(console: Console) -> Iterator[Report]:
    """A progress bar on a terminal, a line now and then elsewhere."""
    bar = Bar(
        SpinnerColumn(),
        TextColumn("{task.description:<34}"),
        BarColumn(),
        TaskProgressColumn(),
        TimeElapsedColumn(),
        console=console,
        disable=not console.is_terminal,
    )
    with bar:
        task = bar.add_task("", total=1.0)
        last_shown = -1

        def report(progress: Progress) -> None:
            nonlocal last_shown
            text = f"{progress.at:%Y-%m-%d} {progress.doing}"
            bar.update(task, completed=progress.share, description=text[:34])
            tenth = int(progress.share * 10)
            if not console.is_terminal and tenth != last_shown:
                last_shown = tenth
                console.print(f"{progress.share:4.0%} {text}, {progress.telegrams} deliveries")

        yield report
