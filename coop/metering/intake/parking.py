"""Whatever was refused is kept whole, with the reason, until somebody replays or discards it.

Three kinds of letter: readings that were decoded and then refused, as plain JSON of those readings; a part of a
delivery that could not be decoded, as the bytes that came; and what came in at an address of which nothing is known.
The source of the first two is their delivery, and so the format, the gateway and the instant; that of the last is the
address.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal

import numpy as np
import orjson

from coop.kit import parking
from coop.kit.keyset import Window
from coop.kit.parking import Letter
from coop.kit.tx import Tx
from coop.metering.intake.batch import Batch, Intake, Taken
from coop.metering.intake.formats import FORMATS
from coop.metering.intake.gateways import CarrierMandate, mandate_of
from coop.metering.intake.late import mark_late
from coop.metering.intake.series import take_series
from coop.metering.intake.stands import take_stands
from coop.metering.model import Decoded, Delivery, Mandate, Quality, Quantity, Refused, Series, Stand
from coop.metering.readings import arrivals
from coop.metering.readings.arrivals import Arrival
from coop.metering.receipt import Receipt
from coop.metering.register.locking import lock
from coop.values import BadInput, CoopError, Problem, say, say_count

READINGS, TELEGRAM, UNROUTED = "readings", "telegram", "unrouted"
KINDS = (READINGS, TELEGRAM, UNROUTED)

REPLAY = "replay"
"""Format of the delivery that takes a letter in."""

TELEGRAMS = (*FORMATS, REPLAY)
"""Formats in which gateways speak; in all others people do."""


def park_refused(tx: Tx, delivery_id: str, refused: Sequence[Refused]) -> None:
    """Keep readings that were refused, those of one meter for one reason together."""
    letters: dict[tuple[str, str], list[Refused]] = {}
    for one in refused:
        meter = one.stands[0].meter if one.stands else one.series[0].meter
        letters.setdefault((one.code, meter), []).append(one)
    for (code, _), alike in letters.items():
        document = {
            "stands": [_stand(stand) for one in alike for stand in one.stands],
            "series": [_series(series) for one in alike for series in one.series],
        }
        reason = alike[0].problem.say()
        if len(alike) > 1:
            reason = say_count("%(why)s (and %(num)s more)", "%(why)s (and %(num)s more)", len(alike) - 1, why=reason)
        parking.park(tx, READINGS, delivery_id, orjson.dumps(document), code, reason)


def park_broken(tx: Tx, delivery_id: str, decoded: Decoded) -> None:
    """Keep the raw part behind each problem of decoding; one part with several problems is one letter."""
    parts: dict[bytes, list[Problem]] = {}
    for problem, part in zip(decoded.problems, decoded.broken, strict=True):
        parts.setdefault(part, []).append(problem)
    for part, problems in parts.items():
        parking.park(tx, TELEGRAM, delivery_id, part, "unreadable", BadInput(problems).message)


def park_unrouted(tx: Tx, address: str, body: bytes, refusal: CoopError) -> None:
    """Keep what came in at an address of which nothing is known, such as a topic with an unknown format."""
    parking.park(tx, UNROUTED, address, body, refusal.code, refusal.message)


def list_telegrams(tx: Tx, window: Window | None = None) -> Sequence[Letter]:
    """A window of the open letters of the co-operative's telegrams, oldest first, and one more."""
    return parking.page_parked(tx, window, *KINDS)


def count_telegrams(tx: Tx) -> int:
    """Number of open letters of telegrams."""
    return parking.count_parked(tx, *KINDS)


def list_meters(letter: Letter) -> list[str]:
    """Serials of the meters of which a parked letter speaks, where it was decoded."""
    if letter.kind != READINGS:
        return []
    document = orjson.loads(letter.body)
    return sorted({told["meter"] for told in (*document["stands"], *document["series"])})


def replay_telegram(tx: Tx, letter_id: str) -> Taken:
    """Take a parked telegram in after all, as a delivery of its own that adopts what the first one brought, received
    when that was.

    Whether its readings can have been is judged by the time of the replay: the clock that refused them as future may
    have been ours. A gateway's go as far as it may speak now: whoever replays them lends it no right, and what came in
    as passed on stays so.

    Raises:
        CoopError: there is no such open letter, or it is refused again (and stays parked).
    """
    lock(tx)
    letter = _get(tx, letter_id)
    row = arrivals.find_delivery(tx, letter.source)
    if row is None or letter.kind == UNROUTED:
        raise CoopError("not-replayable", say("nothing says how to read it: %(reason)s", reason=letter.reason))
    if letter.kind == READINGS:
        decoded = _decode(letter.body)
    else:
        decoded = FORMATS[row.format](letter.body, received_at=row.received_at)
    if decoded.problems:
        raise BadInput(decoded.problems)
    mandate: Mandate = CarrierMandate()
    if row.is_of_a_gateway:
        by_name = mandate_of(tx, row.gateway)
        mandate = replace(by_name, devices=frozenset()) if row.is_claim else by_name
    delivery = Delivery(REPLAY, row.gateway, row.received_at, letter_id.encode(), decoded, mandate=mandate)
    delivery_id, number = delivery.id(tx.community), arrivals.last_number(tx) + 1
    batch = Batch(tx, {delivery_id: delivery}, number, tx.now)
    taken = take(batch, delivery_id)
    if taken.refused:
        raise BadInput([one.problem for one in taken.refused])
    receipt = Receipt(delivery_id, True, False, taken.values, len(taken.changed))
    days = {each.day for each in taken.changed}
    arrivals.add_deliveries(tx, [Arrival(number, delivery, receipt, days, adopts=row.id)])
    batch.write()
    mark_late(tx, taken.changed)
    parking.resolve(tx, letter_id, "replayed")
    return taken


def discard_telegram(tx: Tx, letter_id: str) -> None:
    """Close a letter without taking it in; it stays in the table.

    Raises:
        CoopError: there is no such open letter.
    """
    parking.resolve(tx, _get(tx, letter_id).id, "discarded")


def take(batch: Batch, delivery_id: str) -> Taken:
    """Judge all readings of a delivery, and add to its batch what they make."""
    intake = Intake(batch, delivery_id)
    take_stands(intake)
    take_series(intake)
    return intake.taken


def _get(tx: Tx, letter_id: str) -> Letter:
    letter = parking.get_parked(tx, letter_id)
    if letter.kind not in KINDS:
        raise CoopError("no-such-letter", say("%(letter_id)s is no parked telegram", letter_id=letter_id))
    return letter


def _stand(stand: Stand) -> dict[str, object]:
    return {
        "meter": stand.meter,
        "quantity": stand.quantity.value,
        "at": stand.at.isoformat(),
        "value": str(stand.value),
        "unit": stand.unit,
        "quality": stand.quality.value,
        "line": stand.line,
    }


def _series(series: Series) -> dict[str, object]:
    return {
        "meter": series.meter,
        "quantity": series.quantity.value,
        "start": series.start.isoformat(),
        "step_s": series.step_s,
        "unit": series.unit,
        "values": series.values.tolist(),
        "quality": series.quality.tolist(),
        "line": series.line,
    }


def _decode(body: bytes) -> Decoded:
    document = orjson.loads(body)
    stands = [
        Stand(
            row["meter"],
            Quantity(row["quantity"]),
            _instant(row["at"]),
            Decimal(row["value"]),
            row["unit"],
            Quality(row["quality"]),
            row["line"],
        )
        for row in document["stands"]
    ]
    series = [
        Series(
            row["meter"],
            Quantity(row["quantity"]),
            _instant(row["start"]),
            row["step_s"],
            row["unit"],
            np.array(row["values"], np.int64),
            np.array(row["quality"], np.uint8),
            row["line"],
        )
        for row in document["series"]
    ]
    return Decoded(stands, series)


def _instant(text: str) -> datetime:
    return datetime.fromisoformat(text).astimezone(UTC)
