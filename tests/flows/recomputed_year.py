"""Play a demonstration year with every fault on and compute it a second time from its log: the long run of
``test_recomputed_from_the_log``. ``python -m tests.flows.recomputed_year 100`` plays a hundred homes."""

from __future__ import annotations

import logging
import sys
import tempfile
from pathlib import Path

from coop.demo.doors import Doors
from coop.demo.plan import DemoPlan
from coop.demo.playing import Mark, play_year, through_http
from tests.flows.installation import embedded
from tests.flows.recompute import recompute


def main() -> int:
    """Play so many homes as the first argument says, and say what of them comes out otherwise."""
    plan = DemoPlan(size=int(sys.argv[1]))
    logging.disable(logging.WARNING)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        with embedded(folder) as settings, Doors(settings, settings.public_url(), patience_s=600) as doors:
            play_year(plan, doors, through_http(doors), Mark(folder / "demonstration.json", plan), lambda _: None)
            doors.settled()
        number, differences = recompute(folder / "metering.db")
    print(*differences, f"{number - len(differences)} of {number} figures come out the same", sep="\n")
    return 1 if differences or not number else 0


if __name__ == "__main__":
    raise SystemExit(main())
