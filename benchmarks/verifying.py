"""Verifying everything that a year of homes left behind, as ``coop verify --all`` does, beside making its bills.

    python -m benchmarks.verifying [--members 100]

A hundred homes have 1,200 bills. The base that everything is divided by is issuing them, in the same process. Their
tariff and key were adopted by no vote that governance holds, which is all that there is to be found.

Aimed at: 5 s. What is left is flat: each bill computed anew, each line priced a second time by other code, every block
of readings read, and the allocations run again, of which loading their compiled code takes 0.7 s. What a closed period
shows by the way is not computed a second time for the bills.
"""

from __future__ import annotations

import argparse
import tempfile
from pathlib import Path

from benchmarks.year import COMMUNITY, Watch, play
from coop.kit.garbage import tune_gc
from coop.kit.settings import Settings
from coop.operator.readings_again import compute_periods, verify_log_again
from coop.operator.verification import verify_bills, verify_journals


def main() -> None:
    """Play a year, verify it, and print what each part takes."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--members", type=int, default=100)
    parser.add_argument("--folder", type=Path, help="keep the year here, and verify what is there already")
    wanted = parser.parse_args()
    watch = Watch()
    with tempfile.TemporaryDirectory(prefix="coop-verifying-") as temporary:
        settings = Settings(data_dir=wanted.folder or Path(temporary))
        if not (settings.data_dir / "billing.db").exists():
            play(settings, wanted.members, watch)
        tune_gc()  # as the command does
        told: list[str] = []
        with watch.phase("chains"):
            good = verify_journals(settings, told.append)
        with watch.phase("readings"):
            again = compute_periods(settings, COMMUNITY)
            told += again.lines
            good &= again.agrees
            good &= verify_log_again(settings, COMMUNITY, told.append)
        with watch.phase("verify"):
            verify_bills(settings, COMMUNITY, "", told.append, lambda: again.verified)
    print(f"{wanted.members} homes, a year: {told[-2]}" if len(told) > 1 else "nothing was verified")
    for name in ("bills", "chains", "readings", "verify"):
        if name in watch.cpu:
            print(f"  {name:<10} {watch.seconds[name]:7.1f} s, {watch.cpu[name]:6.1f} s of a core")
    if not good:
        raise SystemExit(1)


if __name__ == "__main__":
    main()
