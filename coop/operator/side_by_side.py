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
from multiprocessing import get_context

from coop.kit.garbage import tune_gc
from coop.kit.settings import Settings
from coop.operator.findings import Echo
from coop.operator.readings_again import verify_log_again, verify_periods
from coop.operator.verification import verify_every_bill

Part = tuple[Callable[[Settings, str, Echo], bool], str]
"""A verification, and the co-operative whose things it verifies."""

_Told = tuple[bool, list[str]]
_PARTS = (verify_periods, verify_log_again, verify_every_bill)


def count_cores() -> int:
    """Number of cores of the machine."""
    return os.cpu_count() or 1


def verify_everything(settings: Settings, communities: Sequence[str], jobs: int, echo: Echo) -> bool:
    """Verify every bill and every reading of co-operatives, in at most so many processes; True when all agrees."""
    parts = [(verify, community) for community in communities for verify in _PARTS]
    return run_parts(settings, parts, jobs, echo)


def run_parts(settings: Settings, parts: Sequence[Part], jobs: int, echo: Echo) -> bool:
    """Run parts in at most so many processes, of which this is one, and tell what they find in their order; True when
    all agree."""
    jobs, good = min(jobs, len(parts)), True
    if jobs < 2:
        for verify, community in parts:
            good &= verify(settings, community, echo)
        return good
    with ProcessPoolExecutor(jobs - 1, get_context(_name_start()), initializer=tune_gc) as pool:
        begun = [pool.submit(_run, settings, part) for part in parts[:-1]]
        # The last is done here meanwhile, and then what nobody began yet, from the end.
        here = {len(begun): _run(settings, parts[-1])}
        here |= {k: _run(settings, parts[k]) for k in reversed(range(len(begun))) if begun[k].cancel()}
        for k, part in enumerate(parts):
            agrees, lines = here[k] if k in here else _take(settings, part, begun[k])
            good &= agrees
            for line in lines:
                echo(line)
    return good


def _name_start() -> str:
    """How another process begins: as a copy of this one, which loads nothing again, or anew where other threads run,
    since a copy takes along their locks without them. The command has no other thread, and no database open."""
    return "fork" if sys.platform == "linux" and threading.active_count() == 1 else "spawn"


def _run(settings: Settings, part: Part) -> _Told:
    verify, community = part
    lines: list[str] = []
    return verify(settings, community, lines.append), lines


def _take(settings: Settings, part: Part, begun: Future[_Told]) -> _Told:
    """Outcome of a part in another process; of the same done here where it failed there."""
    return _run(settings, part) if begun.exception() else begun.result()
