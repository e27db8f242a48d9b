"""One corrected day: what it costs to take it in, to correct the month in which it lies, and to tell what changed.

    python -m benchmarks.corrected_day [--homes N] [--months N]

The homes are those of ``benchmarks.year``, with one group that shares by use; so a day of one home changes what all of
them got in those quarter-hours. Beside it, in the same run: closing such a month for the first time. Each round
corrects another home and day of the last month. Seconds are the processor's, which a shared machine does not make more.
"""

from __future__ import annotations

import argparse
import statistics
import tempfile
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path

from benchmarks.year import COMMUNITY, YEAR, quarters_of, set_up, settle_rooms, telegrams_of, writing
from coop.demo.telegrams import Column, head_end
from coop.kit.bus.local import LocalBus
from coop.kit.garbage import tune_gc
from coop.kit.service import Room
from coop.kit.settings import Settings
from coop.metering.intake.gateways import limit
from coop.metering.intake.receive import decode_delivery, receive_all
from coop.metering.periods.close import close_period, correct_period
from coop.operator.runtime import local_bus, open_rooms
from coop.values import Period
from tests.founding import found_everywhere


def main() -> None:
    """Close months, correct a day some times, and print the seconds with their ratio."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--homes", type=int, default=1000)
    parser.add_argument("--months", type=int, default=2)
    parser.add_argument("--rounds", type=int, default=5)
    wanted = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="coop-corrected-day-") as folder:
        measure(Settings(data_dir=Path(folder)), wanted.homes, wanted.months, wanted.rounds)


def measure(settings: Settings, homes: int, months: int, rounds: int) -> None:
    """Time and print one size."""
    rooms = open_rooms(settings)
    found_everywhere(rooms, COMMUNITY)
    bus = local_bus(rooms)
    set_up(rooms, bus, homes)
    use_wh, solar_wh = quarters_of(homes)
    tune_gc()
    closing = []
    for month in list(Period.year(YEAR).months())[:months]:
        for format_, at, body in telegrams_of(month, homes, use_wh, solar_wh):
            take_in(rooms["metering"], format_, at, body)
        closing.append(_time(partial(close, rooms, bus, month)))
    parts = [correct(rooms, bus, month, home, use_wh[home].tolist()) for home in range(rounds)]
    intake_s, correct_s, hear_s = (statistics.median(each) for each in zip(*parts, strict=True))
    whole_s, base_s = intake_s + correct_s + hear_s, statistics.median(closing)
    print(f"{homes} homes, one corrected day of one of them, {rounds} rounds (median seconds of the processor)")
    print(f"  taken in {intake_s:.3f}, month computed again and told {correct_s:.3f}, heard by all {hear_s:.3f}")
    print(f"  together {whole_s:.3f}: {whole_s / base_s:.2f} x of closing the month for the first time ({base_s:.2f})")
    for room in rooms.values():
        room.database.close()


def close(rooms: dict[str, Room], bus: LocalBus, month: Period) -> None:
    """Close a month, and let every service hear it."""
    with writing(rooms["metering"]) as tx:
        close_period(tx, month)
    settle_rooms(rooms, bus)


def correct(
    rooms: dict[str, Room], bus: LocalBus, month: Period, home: int, usual_wh: list[int]
) -> tuple[float, float, float]:
    """Let another day of a home come in, and correct its month; returns the seconds of each step."""
    start = datetime(month.start.year, month.start.month, 2 + home, tzinfo=UTC)
    other = Column(f"E{home:05d}", "electricity_import", start, 900, [wh + 1 for wh in usual_wh])
    sent_at = datetime(month.end.year, month.end.month, 20, tzinfo=UTC) + timedelta(hours=home)
    body = head_end("bench", sent_at, [other])

    def again() -> None:
        with writing(rooms["metering"]) as tx:
            closed = correct_period(tx, month)
        if closed.revision != home + 2:
            raise SystemExit(f"the corrected day changed nothing: {closed}")

    return (
        _time(lambda: take_in(rooms["metering"], "head-end", sent_at, body)),
        _time(again),
        _time(lambda: settle_rooms(rooms, bus)),
    )


def take_in(room: Room, format_: str, at: datetime, body: bytes) -> None:
    """Store a telegram."""
    delivery = decode_delivery(format_, body, gateway="bench", received_at=at)
    with writing(room) as tx:
        receive_all(tx, limit(tx, [delivery]))


def _time(act: Callable[[], None]) -> float:
    start = time.process_time()
    act()
    return time.process_time() - start


if __name__ == "__main__":
    main()
