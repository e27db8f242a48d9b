"""Every measurement, one after the other: ``make bench``; ``make bench ARGS="pages begin"`` makes those alone."""

from __future__ import annotations

import runpy
import sys

NAMES = (
    "allocation",
    "ingest",
    "year",
    "growth",
    "reading",
    "oddities",
    "detaching",
    "path",
    "paging",
    "effects",
    "corrected_day",
    "corrections",
    "papers",
    "verifying",
    "register",
    "communities",
    "votes",
    "begin",
    "pages",
)

if __name__ == "__main__":
    for name in sys.argv[1:] or NAMES:
        print(f"\n== {name}", flush=True)
        sys.argv = [name]
        runpy.run_module(f"benchmarks.{name}", run_name="__main__")
