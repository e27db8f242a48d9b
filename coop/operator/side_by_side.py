"""Parts of a verification that need nothing of each other, side by side in processes.

Each part opens the databases for itself, for reading only, and tells what it tells alone, in the same order. What fails
in another process, for whatever reason, is done again in this one, where it fails as it would alone.
"""

from __future__ import annotations

import os
import sys
import threading
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ProcessPoolExecutor
from functools import cache, partial
from multiprocessing import get_context
from typing import TypeVar

from coop.kit.garbage import tune_gc
from coop.kit.settings import Settings
from coop.metering.provenance.with_period import Verified
from coop.operator.findings import Echo
from coop.operator.readings_again import PeriodsAgain, compute_periods, verify_log_again
from coop.operator.verification import verify_bills

Part = tuple[Callable[[Settings, str, Echo], bool], str]
"""A verification, and the co-operative whose things it verifies."""

_Told = tuple[bool, list[str]]
_Found = TypeVar("_Found")


def count_cores() -> int:
    """Number of cores of the machine."""
    return os.cpu_count() or 1


def verify_everything(settings: Settings, communities: Sequence[str], jobs: int, echo: Echo) -> bool:
    """Verify every bill and every reading of co-operatives, in at most so many processes; True when all agrees."""
    if len(communities) < jobs:
        good = [verify_divided(settings, community, jobs, echo) for community in communities]
        return all(good)
    return run_parts(settings, [(verify_community, community) for community in communities], jobs, echo)


def verify_community(settings: Settings, community: str, echo: Echo) -> bool:
    """Verify every bill and every reading of a co-operative; True when all agrees."""
    again = compute_periods(settings, community)
    for line in again.lines:
        echo(line)
    good = verify_log_again(settings, community, echo)
    return verify_bills(settings, community, "", echo, lambda: again.verified) and good and again.agrees


def verify_divided(settings: Settings, community: str, jobs: int, echo: Echo) -> bool:
    """The same in two processes or three: another one computes the closed periods, and a third reads the log, or this
    one, once all of the bills is done that needs neither."""
    read_log: Callable[[], _Told] = partial(_run, settings, (verify_log_again, community))
    compute: Callable[[], PeriodsAgain] = partial(compute_periods, settings, community)
    with _pool(min(jobs, 3) - 1) as pool:
        begun = pool.submit(compute)
        log = cache(partial(_take, pool.submit(read_log), read_log) if jobs > 2 else read_log)
        periods = cache(partial(_take, begun, compute))

        def find_verified() -> Verified:
            log()
            return periods().verified

        bills: list[str] = []
        good = verify_bills(settings, community, "", bills.append, find_verified)
        for line in (*periods().lines, *log()[1], *bills):
            echo(line)
        return good and log()[0] and periods().agrees


def run_parts(settings: Settings, parts: Sequence[Part], jobs: int, echo: Echo) -> bool:
    """Run parts in at most so many processes, of which this is one, and tell what they find in their order; True when
    all agree."""
    jobs, good = min(jobs, len(parts)), True
    if jobs < 2:
        for verify, community in parts:
            good &= verify(settings, community, echo)
        return good
    with _pool(jobs - 1) as pool:
        begun = [pool.submit(_run, settings, part) for part in parts[:-1]]
        # The last is done here meanwhile, and then what nobody began yet, from the end.
        here = {len(begun): _run(settings, parts[-1])}
        here |= {k: _run(settings, parts[k]) for k in reversed(range(len(begun))) if begun[k].cancel()}
        for k, part in enumerate(parts):
            agrees, lines = here[k] if k in here else _take(begun[k], partial(_run, settings, part))
            good &= agrees
            for line in lines:
                echo(line)
    return good


def _pool(jobs: int) -> ProcessPoolExecutor:
    return ProcessPoolExecutor(jobs, get_context(_name_start()), initializer=tune_gc)


def _name_start() -> str:
    """Name how another process begins: as a copy of this one, which loads nothing again, or anew where other threads
    run, since a copy takes along their locks without them. The command has no other thread, and no database open."""
    return "fork" if sys.platform == "linux" and threading.active_count() == 1 else "spawn"


def _run(settings: Settings, part: Part) -> _Told:
    verify, community = part
    lines: list[str] = []
    return verify(settings, community, lines.append), lines


def _take(begun: Future[_Found], here: Callable[[], _Found]) -> _Found:
    """Outcome of another process; of the same done here where it failed there."""
    return here() if begun.exception() else begun.result()
