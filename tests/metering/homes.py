"""What the tests of metering share: a co-operative with a few meters, and deliveries in short."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import numpy as np

from coop.communities.model import ANY_HOST
from coop.demo.cooperative import PROFILE
from coop.events import Envelope, Event
from coop.events.governance import AllocationKeyAdopted
from coop.events.members import ConnectionClosed, ConnectionOpened, DeviceMetersSet, ProgramTokenMade
from coop.events.scopes import DELIVER
from coop.kit.database import Database
from coop.kit.tokens import keep_token, make_token, set_device_meters
from coop.kit.tx import Tx
from coop.metering.intake.receive import receive
from coop.metering.model import DAY_S, Decoded, Delivery, Meter, MeterKind, Quality, Quantity, Series, Stand
from coop.metering.periods.acceptance import subject_of
from coop.metering.periods.close import close_period
from coop.metering.periods.results import compute_period
from coop.metering.periods.store import Closed
from coop.metering.readings import store as readings
from coop.metering.receipt import Receipt
from coop.metering.register import store as register
from coop.metering.register.commands import register_meters, set_group
from coop.metering.register.heard import on_connection_closed, on_connection_opened
from coop.metering.service import METERING
from coop.metering.sharing.heard import on_allocation_key_adopted
from coop.values import Period, hash_parameters
from tests.desk import COMMUNITY, SECRETARY
from tests.founding import hear_of_founding

__all__ = ["COMMUNITY", "SECRETARY"]

INSTALLED = datetime(2024, 1, 1, tzinfo=UTC)
LATER = datetime(2027, 1, 1, tzinfo=UTC)
NOW = LATER + timedelta(days=10)
HEAT_MAX = {Quantity.HEAT: Decimal(10_000_000_000_000)}


class Killed(Exception):
    """The process ended here."""


@dataclass
class SetClock:
    """A clock that tells what a test set."""

    at: datetime

    def now(self) -> datetime:
        return self.at


def open_database(url: str, *, migrate: bool = True) -> Database:
    """Migrated, with the homes of ``found``; its clock says a while after ``LATER``."""
    database = METERING.open_database(url, SetClock(NOW), migrate=migrate)
    with writing(database) as tx:
        found(tx)
    return database


def set_clock(database: Database, at: datetime) -> None:
    """Let it be that instant."""
    assert isinstance(database.clock, SetClock)
    database.clock.at = at


@contextmanager
def writing(database: Database, community: str = COMMUNITY) -> Iterator[Tx]:
    """A transaction of the co-operative that commits."""
    with database.write(community, SECRETARY) as tx:
        yield tx


@contextmanager
def killed(database: Database) -> Iterator[Tx]:
    """A transaction of a process that is killed before it commits."""
    with suppress(Killed), writing(database) as tx:
        yield tx
        raise Killed


def envelope(event: Event, community: str = COMMUNITY, told_at: datetime = INSTALLED) -> Envelope:
    """An envelope round a fact of another service."""
    return Envelope(
        id=event.fact_id(community),
        type=event.TYPE,
        source="/coop/test",
        subject="",
        time=told_at,
        community=community,
        actor="account:test",
        channel="api",
        position=1,
        hash="0" * 64,
        data=event.canonical(),
    )


def occupy(tx: Tx, connection_id: str, member_id: str, start: date, end: date | None = None) -> None:
    """Let a member hold a connection; C1 is the connection that people call 101."""
    opened = ConnectionOpened(
        connection_id=connection_id,
        member_id=member_id,
        building_id="B1",
        kind="dwelling",
        opened_on=start,
        number=f"10{connection_id.removeprefix('C')}",
    )
    on_connection_opened(tx, opened, envelope(opened, tx.community))
    if end:
        closed = ConnectionClosed(connection_id=connection_id, member_id=member_id, opened_on=start, closed_on=end)
        on_connection_closed(tx, closed, envelope(closed, tx.community))


def adopt_key(
    tx: Tx,
    parameters: dict[str, object],
    valid_from: date,
    key_id: str = "K1",
    told_at: datetime | None = None,
    group_id: str = "roofs",
) -> None:
    """Let the meeting adopt an allocation key for a group, now or at an instant."""
    digest = hash_parameters(parameters)
    adopted = AllocationKeyAdopted(
        key_id=key_id,
        resolution_id=f"R-{key_id}",
        group_id=group_id,
        valid_from=valid_from,
        parameters=parameters,
        parameters_hash=digest,
        notice_hash=digest,
        decided_on=valid_from,
    )
    on_allocation_key_adopted(tx, adopted, envelope(adopted, tx.community, told_at or tx.now))


def found(tx: Tx) -> None:
    """Three homes with heat and electricity meters, a shared roof, and a heat pump with its source."""
    hosts = (ANY_HOST,) if tx.community == COMMUNITY else (f"{tx.community}.example",)
    hear_of_founding(tx, replace(PROFILE, hosts=hosts))
    heat = [Meter(f"H{i}", MeterKind.HEAT, f"C{i}", INSTALLED, None, HEAT_MAX) for i in (1, 2, 3)]
    power = [Meter(f"E{i}", MeterKind.ELECTRICITY, f"C{i}", INSTALLED) for i in (1, 2, 3)]
    others = [
        Meter("S1", MeterKind.SOLAR, None, INSTALLED),
        Meter("WP1", MeterKind.HEAT_PUMP, None, INSTALLED),
        Meter("BRON", MeterKind.SOURCE, None, INSTALLED),
    ]
    register_meters(tx, [*heat, *power, *others])
    set_group(tx, "roofs", ["S1"], None)
    for i in (1, 2, 3):
        occupy(tx, f"C{i}", f"M{i}", date(2024, 1, 1))


def gj(meter: str, at: datetime, value: str, quality: Quality = Quality.MEASURED) -> Stand:
    """A heat stand in GJ."""
    return Stand(meter, Quantity.HEAT, at, Decimal(value), "GJ", quality)


def quarters(
    meter: str,
    start: datetime,
    values: Sequence[int],
    quantity: Quantity = Quantity.ELECTRICITY_IMPORT,
    quality: Sequence[int] | None = None,
    unit: str = "Wh",
    step_s: int = 900,
) -> Series:
    """Interval values from ``start`` on; without ``quality`` all are measured."""
    codes = np.array(quality if quality is not None else [1] * len(values), np.uint8)
    return Series(meter, quantity, start, step_s, unit, np.array(values, np.int64), codes)


def deliver(tx: Tx, *told: Stand | Series, received_at: datetime = LATER) -> Receipt:
    """Hand readings over as a gateway would; the body follows from what they say."""
    stands = [one for one in told if isinstance(one, Stand)]
    series = [one for one in told if isinstance(one, Series)]
    body = json.dumps([repr(one) if isinstance(one, Stand) else [repr(one), one.values.tolist()] for one in told])
    delivery = Delivery("p1" if stands else "head-end", "gw", received_at, body.encode(), Decoded(stands, series))
    return receive(tx, delivery)


def latest_values(
    database: Database, community: str = COMMUNITY
) -> dict[tuple[str, str, str], dict[int, tuple[int, int]]]:
    """Everything that now counts: by meter, quantity and shape, (value, quality) by second since 1970, in order of
    time: a database gives rows in any order."""
    with database.read(community) as tx:
        registers = register.list_registers(tx)
        days = range(readings.day_number(datetime(2023, 12, 1, tzinfo=UTC)), readings.day_number(LATER) + 1)
        stored = readings.latest(tx, [one.id for one in registers], days)
    names = {one.id: (one.serial, one.quantity.value, one.shape.value) for one in registers}
    result: dict[tuple[str, str, str], dict[int, tuple[int, int]]] = {}
    for (identity, day), one in sorted(stored.items(), key=lambda found: found[0]):
        for offset, value, quality in zip(one.content.offsets, one.content.values, one.content.quality, strict=True):
            result.setdefault(names[identity], {})[day * DAY_S + int(offset)] = (int(value), int(quality))
    return result


def close_anyway(tx: Tx, period: Period) -> Closed:
    """Close a period, and accept an estimate of everything that is missing."""
    lacking = {subject_of(said) for said in compute_period(tx, period).lacking}
    return close_period(tx, period, accept=lacking, reason="the test goes on")


def at(text: str) -> datetime:
    """An instant, UTC."""
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def hours(start: datetime, n: int) -> list[datetime]:
    """Whole hours from ``start`` on."""
    return [start + timedelta(hours=i) for i in range(n)]


def let_gateway_in(
    database: Database, name: str, *meters: str, every: bool = False, confirmed: bool = True, community: str = COMMUNITY
) -> dict[str, str]:
    """The headers by which a gateway comes in that speaks for these meters, or for every one: as a device, unless only
    one person said so."""
    token, of = make_token(), None if every else meters
    with writing(database, community) as tx:
        keep_token(
            tx,
            ProgramTokenMade(
                token_id=token.token_id,
                token_sha256=token.sha256,
                scopes=(DELIVER,),
                expires_at=None,
                gateway=name,
                meters=of,
            ),
        )
        if confirmed:
            set_device_meters(tx, DeviceMetersSet(token_id=token.token_id, meters=of, set_at=tx.now, named_by=None))
    return {"authorization": f"Bearer {token.token}"}
