"""Governance judges a key before the notice as metering would, from nothing but the facts that metering told, whatever
became of groups and meters and in whatever order the facts are heard."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import suppress
from datetime import UTC, date, datetime, timedelta
from functools import partial
from random import Random
from typing import Any

import pytest

from coop.events import Envelope, read_event
from coop.events.metering import ConnectionMetered, SharingGroupChanged
from coop.governance.decisions.allocation_key import judge_known
from coop.governance.meetings.heard_answers import on_connection_metered, on_sharing_group_changed
from coop.governance.service import GOVERNANCE
from coop.kit import journal
from coop.kit.database import Database
from coop.kit.tx import Tx
from coop.metering.intake.moves import move_meter
from coop.metering.model import Meter, MeterKind
from coop.metering.register.commands import correct_meter, register_meters, set_group, withdraw_meter
from coop.metering.service import METERING
from coop.metering.sharing.commands import judge_proposed_key
from coop.values import CoopError
from tests.governance.assembly import meeting, resolution
from tests.kit.clocks import SetClock
from tests.metering.homes import COMMUNITY, INSTALLED, NOW, SECRETARY, occupy, open_database, set_clock
from tests.migrated import MigratedUrl

Said = Callable[[Tx], object]

CONNECTIONS = tuple(f"C{number}" for number in range(1, 6))
GROUPS = ("roofs", "school", "square")
DAYS = tuple(date(2024, 6, 1) + timedelta(days=20 * step) for step in range(20))
HISTORIES = 24
STEPS = 12


def history(rng: Random) -> Iterator[Said]:
    """What people say of meters and groups; some of it is refused."""
    for number in range(STEPS):
        serial = rng.choice([f"E{rng.randint(1, 3)}", f"N{rng.randint(0, number)}"])
        place, home = rng.choice(CONNECTIONS), f"10{rng.randint(1, 5)}"
        kind = rng.choice([MeterKind.ELECTRICITY, MeterKind.HEAT])
        group, sharing = rng.choice(GROUPS), rng.choice([None, rng.sample(CONNECTIONS, rng.randint(0, 4))])
        at, day = datetime(2024, 9, 1, tzinfo=UTC) + timedelta(days=number), rng.choice(DAYS)
        acts: list[Said] = [
            partial(register_meters, meters=[Meter(f"N{number}", kind, place, INSTALLED)]),
            partial(set_group, group_id=group, producers=[], connections=sharing, since=rng.choice([None, day])),
            partial(correct_meter, serial=serial, connection=home, installed_at=INSTALLED, reason="it hung there"),
            partial(move_meter, serial=serial, connection=home, at=at, stands={}, reason="moved"),
            partial(withdraw_meter, serial=serial, reason="a mistake"),
        ]
        yield rng.choice(acts)


def keys(rng: Random) -> Iterator[dict[str, Any]]:
    """Keys that a board might put to the vote."""
    for _ in range(8):
        named = rng.sample(CONNECTIONS, rng.randint(1, 5))
        parts = {name: 1_000_000 // len(named) for name in named}
        parts[named[0]] += 1_000_000 - sum(parts.values())
        terms: dict[str, Any] = rng.choice(
            [{"kind": "static", "weights": parts}, {"kind": "priority", "order": named}, {"kind": "equal"}]
        )
        group = rng.choice([*GROUPS, "nowhere"])
        yield {"group_id": group, "valid_from": rng.choice(DAYS).isoformat(), **terms}


def facts_of(database: Database) -> list[Envelope]:
    with database.system_write() as sql:
        journal.seal(sql)
    with database.system_read() as sql:
        return list(journal.envelopes(sql, "metering", 0))


def hear(tx: Tx, envelope: Envelope) -> None:
    event = read_event(envelope)
    if isinstance(event, SharingGroupChanged):
        on_sharing_group_changed(tx, event, envelope)
    if isinstance(event, ConnectionMetered):
        on_connection_metered(tx, event, envelope)


def named(reasons: list[str]) -> list[str]:
    """Reasons, with what metering alone can tell apart: that a connection is none, and that it shares in nothing."""
    return sorted(
        reason.replace("there is no connection ", "").replace(" does not share in the group", "") for reason in reasons
    )


@pytest.fixture
def metering(migrated_url: MigratedUrl) -> Iterator[Database]:
    opened = open_database(migrated_url(METERING, "sqlite"), migrate=False)
    with opened.write(COMMUNITY, SECRETARY) as tx:
        for connection_id in CONNECTIONS[3:]:
            occupy(tx, connection_id, connection_id.replace("C", "M"), date(2024, 1, 1))
    yield opened
    opened.close()


@pytest.mark.parametrize("seed", range(HISTORIES))
def test_what_metering_would_refuse_is_refused_and_nothing_else(
    metering: Database, migrated_url: MigratedUrl, seed: int
) -> None:
    rng = Random(seed)
    for number, said in enumerate(history(rng)):
        set_clock(metering, NOW + timedelta(hours=number))
        with suppress(CoopError), metering.write(COMMUNITY, SECRETARY) as tx:
            said(tx)
    facts = facts_of(metering)
    heard = [*facts, *rng.choices(facts, k=3)]
    rng.shuffle(heard)
    governance = GOVERNANCE.open_database(migrated_url(GOVERNANCE, "sqlite"), SetClock(INSTALLED), migrate=False)
    compared = 0
    with metering.read(COMMUNITY) as theirs, governance.write(COMMUNITY, SECRETARY) as ours:
        for envelope in heard:
            hear(ours, envelope)
        for parameters in keys(rng):
            asked = resolution("key", "allocation-key", parameters)
            refused = named([str(problem) for problem in judge_known(ours, meeting(asked), asked)])
            assert refused == named([str(problem) for problem in judge_proposed_key(theirs, parameters)]), parameters
            compared += 1
    governance.close()
    assert compared == 8
