"""Commands on the register of meters and sharing groups."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import datetime
from decimal import Decimal

from coop.kit.tx import Tx
from coop.metering.handlers.receive import receive
from coop.metering.model import BASE_UNIT, Decoded, Delivery, Meter, Quantity, Receipt, Stand
from coop.metering.storage import readings, register
from coop.metering.storage.register import Group
from coop.values import BadInput, CoopError, Problem

EXCHANGE = "exchange"


def register_meters(tx: Tx, meters: Sequence[Meter]) -> int:
    """Put meters into the register, all or none; one that is there already must be the same. Returns how many are new.

    Raises:
        BadInput: a meter is named twice, or is there already and differs; each is named.
    """
    readings.lock(tx)
    known = register.meters_of(tx, [one.serial for one in meters])
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
    register.add_meters(tx, new)
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
    tx: Tx,
    old_serial: str,
    new_serial: str,
    at: datetime,
    end_stands: Mapping[Quantity, Decimal],
    start_stands: Mapping[Quantity, Decimal],
    maxima: Mapping[Quantity, Decimal] | None = None,
) -> Receipt:
    """Exchange a meter: the old one hangs until ``at`` and ends with its stands, the new one, of the same kind and in
    the same place, starts with its own.

    Stands and maxima are in the quantity's base unit. The work order is a delivery, so that the stands have a source to
    walk back to.

    Raises:
        CoopError: the old meter is unknown or was removed at another instant.
        BadInput: the new meter is known otherwise, the old one did not hang yet, or a stand is not possible.
    """
    readings.lock(tx)
    old = register.meters_of(tx, [old_serial]).get(old_serial)
    if old is None:
        raise CoopError("unknown-meter", f"meter {old_serial} is not registered")
    if old.removed_at not in (None, at):
        raise CoopError("already-removed", f"meter {old_serial} was removed at another time, {old.removed_at}")
    if at <= old.installed_at:
        raise BadInput([Problem("the old meter did not hang there yet", "at")], "bad-exchange")
    new = Meter(new_serial, old.kind, old.connection_id, at, None, maxima or {})
    register.remove_meter(tx, old_serial, at)
    register_meters(tx, [new])
    stands = [
        Stand(serial, quantity, at, value, BASE_UNIT[quantity])
        for serial, told in ((old_serial, end_stands), (new_serial, start_stands))
        for quantity, value in sorted(told.items())
    ]
    document = {
        "at": at.isoformat(),
        "old": old_serial,
        "new": new_serial,
        "stands": [[stand.meter, stand.quantity.value, str(stand.value), stand.unit] for stand in stands],
    }
    body = json.dumps(document, sort_keys=True).encode()
    receipt = receive(tx, Delivery(EXCHANGE, tx.actor.id or "board", tx.now, body, Decoded(stands)))
    if receipt.problems:
        raise BadInput(receipt.problems, "bad-exchange")
    return receipt


def set_group(tx: Tx, group_id: str, producers: Sequence[str], connections: Sequence[str] | None) -> Group:
    """Say which meters produce for a sharing group, and which connections share (None: all). Closed runs keep what they
    were computed from.

    Raises:
        BadInput: a producer is no registered meter.
    """
    known = register.meters_of(tx, producers)
    missing = sorted(set(producers) - known.keys())
    if missing:
        raise BadInput([Problem(f"meter {serial} is not registered", "producers") for serial in missing], "bad-group")
    shared = None if connections is None else tuple(sorted(connections))
    group = Group(group_id, tuple(sorted(producers)), shared)
    register.set_group(tx, group)
    return group
