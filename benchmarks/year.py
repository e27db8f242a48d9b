"""A year of quarter-hours through the whole house: ingest, allocate, bill; seconds, peak memory, and growth.

    python -m benchmarks.year [--members 1000]

Each size runs in a process of its own on fresh SQLite files: 365 head-end batches of quarter-hours, a P1 telegram per
home at every month's bounds, twelve closed periods and twelve bill runs, through the same handlers, journals and bus as
in service. Making the telegrams is not counted. The base that everything is divided by is one plain pass (write and
fsync) over the bytes of the very same telegrams.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np

from coop.billing.runs.commands import issue_bills
from coop.demo.tariffs import components
from coop.demo.telegrams import Column, P1Reading, head_end, p1
from coop.events import Event
from coop.events.governance import AllocationKeyAdopted, TariffAdopted
from coop.events.members import ConnectionOpened, ContractSigned, GasYear, MemberAdmitted
from coop.kit.actor import COMMAND_LINE
from coop.kit.bus.local import LocalBus
from coop.kit.garbage import tune_gc
from coop.kit.relay import settle
from coop.kit.service import Room
from coop.kit.settings import Settings
from coop.kit.tx import Tx
from coop.metering.intake.gateways import limit
from coop.metering.intake.receive import decode_delivery, receive_all
from coop.metering.model import Int64Array, Meter, MeterKind
from coop.metering.periods.close import close_period
from coop.metering.register.commands import register_meters, set_group
from coop.operator.runtime import local_bus, open_rooms
from coop.values import Period, hash_parameters, midnight
from tests.founding import found_everywhere
from tests.metering.homes import let_gateway_in

YEAR = 2025
COMMUNITY = "bench"
TARIFF = {
    "valid_from": "2025-01-01",
    "components": components("34.50", "380.00", "30.00", "120.00", "0.2150"),
}


@dataclass
class Watch:
    """Seconds by phase, and those of them that the processor worked: a shared machine makes the others more."""

    seconds: dict[str, float] = field(default_factory=dict)
    cpu: dict[str, float] = field(default_factory=dict)

    @contextmanager
    def phase(self, name: str) -> Iterator[None]:
        """Add the block's time to a phase."""
        start, start_cpu = time.perf_counter(), time.process_time()
        yield
        self.seconds[name] = self.seconds.get(name, 0.0) + time.perf_counter() - start
        self.cpu[name] = self.cpu.get(name, 0.0) + time.process_time() - start_cpu


def main() -> None:
    """Run each size in its own process and print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument(
        "--members", type=int, default=1000, help="the largest size; a half and a quarter of it run too"
    )
    parser.add_argument("--one", type=int, help=argparse.SUPPRESS)
    parser.add_argument("--months", type=int, default=12, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.one:
        print(json.dumps(measure(options.one, options.months)))
        return
    print(f"A year of {YEAR}: ingest, allocate, bill (SQLite, one process)")
    print(" members   ingest    close    bills   all, s   cpu, s   of it ingest, close    MiB  x plain write  x half")
    before = None
    for members in (options.members // 4, options.members // 2, options.members):
        command = [sys.executable, "-m", "benchmarks.year", "--one", str(members)]
        told = json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout)
        total = told["ingest"] + told["close"] + told["bills"]
        growth = f"{total / before:7.2f}" if before else "      –"
        print(
            f"{members:>8} {told['ingest']:8.1f} {told['close']:8.1f} {told['bills']:8.1f} {total:8.1f}"
            f" {told['cpu']:8.1f} {told['ingest_cpu']:14.1f} {told['close_cpu']:6.1f} {told['peak_mib']:6.0f}"
            f" {total / told['plain_write']:14.0f} {growth}"
        )
        before = total


def measure(members: int, months: int = 12) -> dict[str, float]:
    """One size: seconds by phase, peak memory [MiB], and what a plain write of the same bytes took [s]."""
    watch = Watch()
    with tempfile.TemporaryDirectory() as folder:
        play(Settings(data_dir=Path(folder)), members, watch, months)
    peak_mib = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    cpu = {f"{name}_cpu": seconds for name, seconds in watch.cpu.items() if name != "plain_write"}
    return {**watch.seconds, **cpu, "cpu": sum(cpu.values()), "peak_mib": peak_mib}


def play(settings: Settings, members: int, watch: Watch, months: int = 12) -> None:
    """Let a year of quarter-hours of so many homes come in, be closed and be billed, in an empty folder of data; or the
    first ``months`` of it."""
    rooms = open_rooms(settings)
    found_everywhere(rooms, COMMUNITY)
    bus = local_bus(rooms)
    set_up(rooms, bus, members)
    use_wh, solar_wh = quarters_of(members)
    tune_gc()
    for month in Period.year(YEAR).months()[:months]:
        bodies = list(telegrams_of(month, members, use_wh, solar_wh))
        with watch.phase("plain_write"):
            _plain_write(settings.data_dir / "plain", [body for _, _, body in bodies])
        with watch.phase("ingest"):
            for format_, at, body in bodies:
                delivery = decode_delivery(format_, body, gateway="bench", received_at=at)
                with writing(rooms["metering"]) as tx:
                    receive_all(tx, limit(tx, [delivery]))
        with watch.phase("close"):
            with writing(rooms["metering"]) as tx:
                close_period(tx, month)
            settle_rooms(rooms, bus)
        with watch.phase("bills"):
            with writing(rooms["billing"]) as tx:
                run = issue_bills(tx, month, month.end + timedelta(days=5))
            settle_rooms(rooms, bus)
        if len(run.bills) != members:
            raise SystemExit(f"{len(run.bills)} bills in {month}, {members} members; {run.brakes[:3]}")
    for room in rooms.values():
        room.database.close()


def set_up(rooms: dict[str, Room], bus: LocalBus, members: int) -> None:
    """Members with a connection, a contract and meters; a tariff and a key, as if just adopted."""
    start = date(YEAR, 1, 1)
    told: list[Event] = []
    for n in range(members):
        reference = tuple(GasYear(year=year, gas_m3=1100, amount_cents=160_000) for year in range(YEAR - 4, YEAR))
        member_id, connection_id = f"M{n:05d}", f"C{n:05d}"
        told += [
            MemberAdmitted(member_id=member_id, kind="tenant", joined_on=start),
            ConnectionOpened(
                member_id=member_id, connection_id=connection_id, building_id="B", kind="dwelling", opened_on=start
            ),
            ContractSigned(
                contract_id=f"K{n:05d}",
                member_id=member_id,
                connection_id=connection_id,
                starts_on=start,
                tariff_clause="1",
                reference=reference,
            ),
        ]
    key = {"group_id": "roofs", "kind": "dynamic", "valid_from": start.isoformat()}
    decided: list[Event] = [
        TariffAdopted(
            tariff_id="T",
            resolution_id="R1",
            meeting_id="ALV",
            parameters=TARIFF,
            valid_from=start,
            decided_on=start,
            **_hashes(TARIFF),
        ),
        AllocationKeyAdopted(
            key_id="S",
            resolution_id="R2",
            group_id="roofs",
            parameters=key,
            valid_from=start,
            decided_on=start,
            **_hashes(key),
        ),
    ]
    for name, events in (("members", told), ("governance", decided)):
        with writing(rooms[name]) as tx:
            tx.tell(*events)
    settle_rooms(rooms, bus)
    installed = datetime(YEAR - 1, 12, 1, tzinfo=UTC)
    meters = [Meter(serial, MeterKind.SOLAR, None, installed) for serial in _roofs(members)]
    for n in range(members):
        meters.append(Meter(f"E{n:05d}", MeterKind.ELECTRICITY, f"C{n:05d}", installed))
        # The port that reads the heat meter out hangs on a meter of the building, which takes no part.
        meters.append(Meter(f"P{n:05d}", MeterKind.ELECTRICITY, None, installed))
        meters.append(Meter(f"H{n:05d}", MeterKind.HEAT, f"C{n:05d}", installed))
    with writing(rooms["metering"]) as tx:
        register_meters(tx, meters)
        set_group(tx, "roofs", _roofs(members), None)
    let_gateway_in(rooms["metering"].database, "bench", every=True, community=COMMUNITY)


def writing(room: Room) -> AbstractContextManager[Tx]:
    """A transaction of the co-operative in a service, at its command line."""
    return room.database.write(COMMUNITY, COMMAND_LINE)


def _hashes(parameters: Mapping[str, Any]) -> dict[str, Any]:
    digest = hash_parameters(parameters)
    return {"parameters_hash": digest, "notice_hash": digest}


def _roofs(members: int) -> list[str]:
    """Serials of the meters behind the panels: one of all would count more than a meter can."""
    return [f"S{n:05d}" for n in range(-(-members // 500))]


def quarters_of(members: int) -> tuple[Int64Array, Int64Array]:
    """Use of each home (members, 96) and make of each roof (96,) on one UTC day [Wh]; days differ by a shift."""
    draw = np.random.default_rng(1)
    use = draw.integers(20, 400, (members, 96))
    sun = np.clip(np.sin((np.arange(96) - 22) / 52 * np.pi), 0, None)
    return use, (sun * 300 * members / len(_roofs(members))).astype(np.int64)


def telegrams_of(
    month: Period,
    members: int,
    use_wh: Int64Array,
    solar_wh: Int64Array,
) -> Iterator[tuple[str, datetime, bytes]]:
    """(format, received at, body): heat stands at the month's bounds, then a head-end batch a UTC day."""
    first = date(YEAR, 1, 1)
    for at in [month.start_at, month.end_at] if month.start == first else [month.end_at]:
        day = (at - midnight(first)).days
        bodies = [
            p1(
                P1Reading(
                    "/KWG5\\BENCH", at, f"P{n:05d}", (0, 0), (0, 0), 1, 0, f"H{n:05d}", 100_000 + day * (5 + n % 7)
                )
            )
            for n in range(members)
        ]
        yield "p1", at + timedelta(minutes=1), b"".join(bodies)
    # The civil year begins an hour before its first UTC day.
    start = datetime(month.start.year, month.start.month, 1, tzinfo=UTC) - timedelta(days=month.start == first)
    while start < month.end_at:
        shift = start.timetuple().tm_yday
        columns = [
            Column(f"E{n:05d}", "electricity_import", start, 900, np.roll(use_wh[n], shift).tolist())
            for n in range(members)
        ]
        columns += [Column(roof, "electricity_export", start, 900, solar_wh.tolist()) for roof in _roofs(members)]
        sent_at = start + timedelta(days=1, hours=4)
        yield "head-end", sent_at, head_end("bench", sent_at, columns)
        start += timedelta(days=1)


def _plain_write(path: Path, bodies: list[bytes]) -> None:
    with path.open("wb") as file:
        for body in bodies:
            file.write(body)
            file.flush()
            os.fsync(file.fileno())


def settle_rooms(rooms: dict[str, Room], bus: LocalBus) -> None:
    """Relay until every service has heard all."""
    settle([(name, room.database) for name, room in rooms.items()], bus)


if __name__ == "__main__":
    main()
