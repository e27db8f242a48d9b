"""Measurements and allocations as their member takes them home: the sealed fact, and every value that it was made of.

``coop/verification/athome.py`` checks them there beside the bill, with no other file of this program.
"""

from __future__ import annotations

from typing import Any

import orjson

from coop.events.envelope import Event
from coop.events.metering import EnergyAllocated, PeriodMeasured
from coop.kit import journal
from coop.kit.tx import Tx
from coop.metering.model import DAY_S, Quality
from coop.metering.periods.store import Allocation, Measurement
from coop.metering.provenance.ground import Ground
from coop.metering.provenance.verify import quarters_of, read_days
from coop.metering.readings.days import Stored
from coop.metering.readings.store import instant
from coop.metering.sharing.quarters import QUARTER_S
from coop.values import NotFound, say


def take_measurement(tx: Tx, told: Measurement, language: str) -> bytes:
    """A measurement as JSON: the fact that told of it, and the values of its registers as ``[instant, seconds, value,
    quality]``, in whole units of the register.

    Raises:
        NotFound: no fact tells of it any more.
        ReadingsGone: values are no longer there as they were.
    """
    fact = _find_fact(tx, PeriodMeasured, told.connection_id, measurement_id=told.id, revision=told.revision)
    basis, days = read_days(Ground(tx, [told.id]), told)
    counted = {span.register_id for span in basis.spans}
    values = {
        register_id: [value for day in sorted(stored) for value in _list_values(stored[day])]
        for register_id, stored in days.items()
        if register_id in counted
    }
    return _write(tx, "measurement", language, fact, values=values)


def take_allocation(tx: Tx, share: Allocation, language: str) -> bytes:
    """An allocation to a connection as JSON: the fact that told of it, and every quarter-hour in which its member held
    the connection as ``[instant, used, allocated]`` [thousandths of a Wh].

    Raises:
        NotFound: no fact tells of it any more.
        ReadingsGone: what it was computed from is no longer there as it was.
    """
    fact = _find_fact(tx, EnergyAllocated, share.connection_id, run_id=share.run_id, member_id=share.member_id)
    again = quarters_of(tx, share.run_id)
    inputs, served = again.inputs, again.served
    column = inputs.participants.index(share.connection_id)
    held = [
        one for one in inputs.holdings if (one.connection_id, one.member_id) == (share.connection_id, share.member_id)
    ]
    quarters = []
    for number, (used, got) in enumerate(zip(served.use[:, column], served.allocated[:, column], strict=True)):
        at_s = inputs.from_s + number * QUARTER_S
        if any(one.from_s <= at_s < one.to_s for one in held):
            quarters.append([instant(at_s).isoformat(), int(used), int(got)])
    return _write(tx, "allocation", language, fact, quarters=quarters)


def _write(tx: Tx, what: str, language: str, fact: dict[str, Any], **made_of: object) -> bytes:
    """A file that says when it was taken: a fact of seconds ago may have no seal yet."""
    taken_at = tx.now.isoformat()
    return orjson.dumps({"what": what, "taken_at": taken_at, "language": language, "fact": fact, **made_of})


def _find_fact(tx: Tx, kind: type[Event], subject: str, **named: object) -> dict[str, Any]:
    for row in journal.list_rows(tx, kind, tx.community, subject):
        data = orjson.loads(row["data"])
        if all(data[name] == value for name, value in named.items()):
            return row
    raise NotFound(say("no fact tells of this any more: the keeper of the books has to look"))


def _list_values(stored: Stored) -> list[list[object]]:
    content = stored.content
    return [
        [instant(stored.day * DAY_S + offset).isoformat(), stored.step_s, value, Quality(quality).name.lower()]
        for offset, value, quality in zip(
            content.offsets.tolist(), content.values.tolist(), content.quality.tolist(), strict=True
        )
    ]
