"""What was refused is kept whole, with the reason, until somebody replays or discards it.

A reading that was decoded and then refused is kept as plain JSON of that reading; a part that could not be decoded is
kept as the bytes that came. Either way the letter names its delivery, and so the format, the gateway and the instant.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import numpy as np
import orjson
from sqlalchemy import Connection, select

from coop.kit.inbox import dead_letter, park, resolve
from coop.metering.formats import FORMATS
from coop.metering.handlers.intake import Batch, Intake, Refused, Taken
from coop.metering.handlers.intake_series import take_series
from coop.metering.handlers.intake_stands import take_stands
from coop.metering.model import Decoded, Delivery, Quality, Quantity, Series, Stand
from coop.metering.storage import readings
from coop.values import BadInput, CoopError, Problem

KIND = "telegram"
_READ, _RAW, _UNROUTED = "readings", "raw", "unrouted"


def park_refused(connection: Connection, community: str, delivery_id: str, refused: Sequence[Refused]) -> None:
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
        more = f" (and {len(alike) - 1} more)" if len(alike) > 1 else ""
        reason = f"{alike[0].problem}{more}"
        park(connection, KIND, _source(_READ, community, delivery_id), orjson.dumps(document), code, reason)


def park_broken(connection: Connection, community: str, delivery_id: str, decoded: Decoded) -> None:
    """Keep the raw part behind each problem of decoding; one part with several problems is one letter."""
    parts: dict[bytes, list[Problem]] = {}
    for problem, part in zip(decoded.problems, decoded.broken, strict=True):
        parts.setdefault(part, []).append(problem)
    for part, problems in parts.items():
        reason = "; ".join(str(problem) for problem in problems)
        park(connection, KIND, _source(_RAW, community, delivery_id), part, "unreadable", reason)


def park_unrouted(connection: Connection, community: str, where: str, body: bytes, refusal: CoopError) -> None:
    """Keep what came in at an address of which nothing is known, such as a topic with an unknown format."""
    park(connection, KIND, _source(_UNROUTED, community, where), body, refusal.code, refusal.message)


def parked_telegrams(connection: Connection, community: str, limit: int = 200) -> list[Any]:
    """Open letters of a co-operative's telegrams, oldest first."""
    query = (
        select(dead_letter)
        .where(dead_letter.c.kind == KIND, dead_letter.c.resolved_at.is_(None))
        .where(dead_letter.c.source.like(f"%:{community}:%"))
        .order_by(dead_letter.c.parked_at, dead_letter.c.id)
    )
    return [row for row in connection.execute(query.limit(limit)) if row.source.split(":")[1] == community]


def replay_telegram(connection: Connection, community: str, letter_id: str) -> Taken:
    """Take a parked telegram in after all; it keeps its first delivery and the instant at which that was received.

    Raises:
        CoopError: there is no such open letter, or it is refused again (and stays parked).
    """
    letter = _open(connection, community, letter_id)
    form, _, delivery_id = letter.source.split(":", 2)
    if form == _UNROUTED:
        raise CoopError("not-replayable", f"nothing says how to read it: {letter.reason}")
    row = readings.delivered(connection, delivery_id)
    read = _decode(letter.body) if form == _READ else None
    decoded = read or FORMATS[row.format](letter.body, received_at=row.received_at)
    if decoded.problems:
        raise BadInput(decoded.problems)
    delivery = Delivery(row.format, row.gateway, row.received_at, letter.body, decoded)
    batch = Batch(connection, community, {delivery_id: delivery})
    taken = take(batch, delivery_id)
    if taken.refused:
        raise BadInput([one.problem for one in taken.refused])
    batch.write()
    resolve(connection, letter_id, "replayed")
    return taken


def community_of_letter(connection: Connection, letter_id: str) -> str:
    """Whose telegram a letter holds.

    Raises:
        CoopError: there is no such letter.
    """
    source = connection.scalar(
        select(dead_letter.c.source).where(dead_letter.c.id == letter_id, dead_letter.c.kind == KIND)
    )
    if source is None:
        raise CoopError("no-such-letter", f"there is no open parked telegram {letter_id}")
    return str(source.split(":", 2)[1])


def discard_telegram(connection: Connection, community: str, letter_id: str) -> None:
    """Close a letter without taking it in; it stays in the table.

    Raises:
        CoopError: there is no such open letter.
    """
    _open(connection, community, letter_id)
    resolve(connection, letter_id, "discarded")


def take(batch: Batch, delivery_id: str) -> Taken:
    """Judge all readings of a delivery, and add to its batch what they make."""
    intake = Intake(batch, delivery_id)
    take_stands(intake)
    take_series(intake)
    return intake.taken


def _open(connection: Connection, community: str, letter_id: str) -> Any:
    letter = connection.execute(
        select(dead_letter).where(dead_letter.c.id == letter_id, dead_letter.c.resolved_at.is_(None))
    ).first()
    if letter is None or letter.kind != KIND or letter.source.split(":")[1] != community:
        raise CoopError("no-such-letter", f"there is no open parked telegram {letter_id}")
    return letter


def _source(form: str, community: str, delivery_id: str) -> str:
    return f"{form}:{community}:{delivery_id}"


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
            _utc(row["at"]),
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
            _utc(row["start"]),
            row["step_s"],
            row["unit"],
            np.array(row["values"], np.int64),
            np.array(row["quality"], np.uint8),
            row["line"],
        )
        for row in document["series"]
    ]
    return Decoded(stands, series)


def _utc(text: str) -> datetime:
    return datetime.fromisoformat(text).astimezone(UTC)
