"""Commands on the register of meters, sharing groups and gateways."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from datetime import datetime
from decimal import Decimal

from sqlalchemy import Connection

from coop.metering.handlers.receive import receive
from coop.metering.model import BASE_UNIT, Decoded, Delivery, Meter, Quantity, Receipt, Stand
from coop.metering.storage import register
from coop.metering.storage.register import Group
from coop.values import BadInput, CoopError, Problem

EXCHANGE = "exchange"


def register_meters(connection: Connection, community: str, meters: Sequence[Meter]) -> int:
    """Put meters into the register, all or none; one that is there already must be the same. Returns how many are new.

    Raises:
        BadInput: a meter is named twice, or is there already and differs; each is named.
    """
    known = register.meters_of(connection, community, [one.serial for one in meters])
    problems = []
    seen: set[str] = set()
    for line, one in enumerate(meters, start=1):
        if one.serial in seen:
            problems.append(Problem("is named more than once", one.serial, line))
        seen.add(one.serial)
        was = known.get(one.serial)
        if was is not None and not _same(was, one):
            problems.append(Problem("is registered already, and otherwise", one.serial, line))
    if problems:
        raise BadInput(problems, "bad-meters")
    new = [one for one in meters if one.serial not in known]
    register.add_meters(connection, community, new)
    return len(new)


def _same(was: Meter, one: Meter) -> bool:
    # A meter that was exchanged since is still the one that was registered.
    removed = one.removed_at in (None, was.removed_at)
    return removed and (was.kind, was.connection_id, was.installed_at, was.maxima) == (
        one.kind,
        one.connection_id,
        one.installed_at,
        one.maxima,
    )


def exchange_meter(
    connection: Connection,
    community: str,
    old: str,
    new: Meter,
    at: datetime,
    end_stands: Mapping[Quantity, Decimal],
    start_stands: Mapping[Quantity, Decimal],
    received_at: datetime,
) -> Receipt:
    """Exchange a meter: the old one hangs until ``at`` and ends with its stands, the new one starts with its own.

    Stands are in the quantity's base unit. The work order is a delivery, so that the stands have a source to walk back
    to.

    Raises:
        CoopError: the old meter is unknown or was removed at another instant.
        BadInput: the new meter is known otherwise, hangs elsewhere, or a stand is not possible.
    """
    was = register.meters_of(connection, community, [old]).get(old)
    if was is None:
        raise CoopError("unknown-meter", f"meter {old} is not registered")
    if was.removed_at not in (None, at):
        raise CoopError("already-removed", f"meter {old} was removed at another time, {was.removed_at}")
    if at <= was.installed_at or new.installed_at != at or new.connection_id != was.connection_id:
        raise BadInput([Problem("the new meter must hang where the old one hung, from when that was removed", "new")])
    register.remove_meter(connection, community, old, at)
    register_meters(connection, community, [new])
    stands = [
        Stand(serial, quantity, at, value, BASE_UNIT[quantity])
        for serial, told in ((old, end_stands), (new.serial, start_stands))
        for quantity, value in sorted(told.items())
    ]
    document = {
        "at": at.isoformat(),
        "old": old,
        "new": new.serial,
        "stands": [[stand.meter, stand.quantity.value, str(stand.value), stand.unit] for stand in stands],
    }
    body = json.dumps(document, sort_keys=True).encode()
    receipt = receive(connection, community, Delivery(EXCHANGE, "board", received_at, body, Decoded(stands)))
    if receipt.problems:
        raise BadInput(receipt.problems, "bad-exchange")
    return receipt


def set_group(connection: Connection, community: str, group: Group) -> None:
    """Say which meters produce for a sharing group, and who shares. Closed runs keep what they were computed from.

    Raises:
        BadInput: a producer is no registered meter.
    """
    known = register.meters_of(connection, community, group.producers)
    missing = sorted(set(group.producers) - known.keys())
    if missing:
        raise BadInput([Problem(f"meter {serial} is not registered", "producers") for serial in missing], "bad-group")
    register.set_group(connection, community, group)


def register_gateway(connection: Connection, community: str, name: str, token: str) -> None:
    """Let a gateway in by a token, of which only the hash is kept.

    Raises:
        BadInput: the token is short enough to be guessed.
    """
    if len(token) < 20:
        raise BadInput([Problem("a token has at least 20 characters", "token")], "bad-token")
    register.add_gateway(connection, community, name, token_hash(token))


def token_hash(token: str) -> str:
    """What is kept of a token. It is long and random, so that a plain hash is enough."""
    return hashlib.sha256(token.encode()).hexdigest()
