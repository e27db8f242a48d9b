"""Growth of ingest, closing and billing with the number of members, as an exponent: 1 is in step with them.

    python -m benchmarks.growth [--members 250 500 1000 2000] [--months 12]

Each size plays the same months as ``benchmarks.year`` in a process of its own, one after the other. The exponent is the
slope of log(processor time) over log(members), by least squares over all sizes; ``last`` is that of the two largest
alone, where what does not grow with the members weighs least.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
from math import log

PHASES = ("ingest", "close", "bills")


def main() -> None:
    """Run the sizes and print their times and exponents."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--members", type=int, nargs="+", default=[250, 500, 1000, 2000])
    parser.add_argument("--months", type=int, default=12)
    options = parser.parse_args()
    sizes = sorted(set(options.members))
    if len(sizes) < 2:
        parser.error("an exponent takes two sizes")
    print(f"{options.months} months: ingest, allocate, bill (SQLite, one process), processor time [s]")
    print(" members   ingest    close    bills      all      MiB", flush=True)
    seconds: dict[str, list[float]] = {name: [] for name in (*PHASES, "all")}
    for members in sizes:
        command = [sys.executable, "-m", "benchmarks.year", "--one", str(members), "--months", str(options.months)]
        told = json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout)
        for name in PHASES:
            seconds[name].append(told[f"{name}_cpu"])
        seconds["all"].append(sum(told[f"{name}_cpu"] for name in PHASES))
        cells = " ".join(f"{seconds[name][-1]:8.1f}" for name in seconds)
        print(f"{members:>8} {cells} {told['peak_mib']:8.0f}", flush=True)
    for label, first in (("exponent", 0), ("last", -2)):
        cells = " ".join(f"{fit_exponent(sizes[first:], taken[first:]):8.2f}" for taken in seconds.values())
        print(f"{label:>8} {cells}")


def fit_exponent(sizes: list[int], seconds: list[float]) -> float:
    """The slope of log(seconds) over log(size) by least squares.

    >>> round(fit_exponent([100, 200, 400], [1.0, 4.0, 16.0]), 6)
    2.0
    """
    x, y = [log(size) for size in sizes], [log(taken) for taken in seconds]
    middle_x, middle_y = sum(x) / len(x), sum(y) / len(y)
    over = sum((a - middle_x) * (b - middle_y) for a, b in zip(x, y, strict=True))
    return over / sum((a - middle_x) ** 2 for a in x)


if __name__ == "__main__":
    main()
