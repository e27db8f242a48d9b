"""Every measurement, one after the other: ``make bench``."""

from __future__ import annotations

import runpy
import sys

if __name__ == "__main__":
    for name in (
        "allocation",
        "ingest",
        "year",
        "detaching",
        "path",
        "paging",
        "effects",
        "register",
        "communities",
        "begin",
    ):
        print(f"\n== {name}", flush=True)
        sys.argv = [name]
        runpy.run_module(f"benchmarks.{name}", run_name="__main__")
