"""Exchange of a meter by a work order, whose cumulative readings are a delivery of their own."""

from __future__ import annotations

import json
from datetime import datetime

from coop.kit.tx import Tx
from coop.metering.intake.acts import Amounts
from coop.metering.intake.receive import receive
from coop.metering.intake.telling import tell_member
from coop.metering.model import BASE_UNIT, Decoded, Delivery, Meter, Stand
from coop.metering.receipt import Receipt
from coop.metering.register import store as register
from coop.metering.register.commands import register_meters
from coop.metering.register.locking import lock
from coop.values import BadInput, CoopError, Problem, say

EXCHANGE = "exchange"


def exchange_meter(
    tx: Tx,
    old_serial: str,
    new_serial: str,
    at: datetime,
    end_stands: Amounts,
    start_stands: Amounts,
    maxima: Amounts | None = None,
    *,
    is_signed: bool = False,
) -> Receipt:
    """Exchange a meter: the old one hangs until ``at`` and ends with its stands, the new one, of the same kind and in
    the same place, starts with its own.

    Stands and maxima are in the quantity's base unit. The work order is a delivery, so that the stands have a source to
    walk back to; two people answer for them where it ``is_signed``.

    Raises:
        CoopError: the old meter is unknown or was removed at another instant.
        BadInput: the new meter is known otherwise, the old one did not hang yet, or a stand is not possible.
    """
    lock(tx)
    old = register.meters_of(tx, [old_serial]).get(old_serial)
    if old is None:
        raise CoopError("unknown-meter", say("meter %(old_serial)s is not registered", old_serial=old_serial))
    if old.removed_at not in (None, at):
        raise CoopError(
            "already-removed",
            say(
                "meter %(old_serial)s was removed at another time, %(removed_at)s",
                old_serial=old_serial,
                removed_at=old.removed_at,
            ),
        )
    if at <= old.installed_at:
        raise BadInput([Problem(say("the old meter did not hang there yet"), "at")], "bad-exchange")
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
    receipt = receive(
        tx, Delivery(EXCHANGE, tx.actor.id or "board", tx.now, body, Decoded(stands), is_signed=is_signed)
    )
    if receipt.problems:
        raise BadInput(receipt.problems, "bad-exchange")
    if not receipt.duplicate and end_stands:
        tell_member(tx, old_serial, min(end_stands), at, "exchanged", receipt.delivery_id)
    return receipt
