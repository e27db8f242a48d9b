"""Wired M-Bus: the answers (RSP_UD) of heat and water meters, as lines of hex that a gateway or a reading round made.

A line is ``[<instant ending in Z> ]<hex of one long frame, spaces as you like>``; empty lines and lines after ``#`` are
passed over. A frame may run on over further lines that carry no instant; a line that starts ``68 L L 68`` always starts
a new one, so half a frame costs itself alone.

Taken over are the plain records: instantaneous, storage 0, tariff 0, subunit 0, with no code behind them that changes
their meaning (a pulse value also calls itself a volume). The one exception is energy that a meter for both heat and
cold counts by the sign of its flow: codes 3B (heat) and 3C (cold); by the same codes an electricity meter tells
import from export. Where a meter repeats a quantity in another unit, the first record counts.

**Time.** The instant on the line comes from the gateway's synchronised clock and goes before all. Without one, the time
point in the answer counts: it may be minutes off, but it belongs to the value, also when a file comes in weeks later.
It is the meter's own clock, and says so: of a gateway it is believed as long as it is about right.
Only an answer without either is dated by its receipt.

A frame's status byte says that a battery is low or a sensor broken; its registers still count, and what is wrong shows
in the records that the meter marks as error or that no meter can mean.

Sources: EN 13757-2 (frame), EN 13757-3 (records, media); docs/domain/metering-formats-and-units.md#m-bus.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from decimal import ROUND_HALF_EVEN, Context, Decimal

from coop.metering.intake.formats.mbus_records import Answer, Function, Record, answer, records
from coop.metering.intake.formats.plausible import implausible, unset_clock
from coop.metering.model import CUMULATIVE, Decoded, Quantity, Stand
from coop.values import BadInput, Problem, say

__all__ = ["decode", "records"]

_LINE = re.compile(r"(?:(\d{4}-\d\d-\d\d[T ][0-9:.]+Z)\s+)?(.*)")
_INSTANT_ABOUT = re.compile(r"\d{4}-")
_SPACE = re.compile(r"\s+")

_HEAT_MEDIA = frozenset({0x04, 0x0C, 0x0D})
_COLD_MEDIA = frozenset({0x0A, 0x0B})
"""Device types of EN 13757-3: heat (outlet, inlet), heat and cold together, cold (outlet, inlet)."""

_ELECTRICITY = 0x02
_NO_WATER = frozenset({0x01, 0x03, 0x05, 0x09})
"""Oil, gas, steam, compressed air: their volume is no water's, and what is in a tank of oil falls by nature."""

_ONLY_POSITIVE, _ONLY_NEGATIVE = (0x3B,), (0x3C,)
_ELECTRIC = {
    (): Quantity.ELECTRICITY_IMPORT,
    _ONLY_POSITIVE: Quantity.ELECTRICITY_IMPORT,
    _ONLY_NEGATIVE: Quantity.ELECTRICITY_EXPORT,
}

_GAUGE = {
    "volume": Quantity.VOLUME,
    "power": Quantity.POWER,
    "volume flow": Quantity.VOLUME_FLOW,
    "flow temperature": Quantity.FLOW_TEMPERATURE,
    "return temperature": Quantity.RETURN_TEMPERATURE,
}

# To the unit that the model knows; a quotient is rounded with the rest below.
_CONVERT: dict[str, tuple[str, Decimal, Decimal]] = {
    "J/h": ("W", Decimal(1), Decimal(3600)),
    "m3/min": ("m3/h", Decimal(60), Decimal(1)),
    "m3/s": ("m3/h", Decimal(3600), Decimal(1)),
}
_RESOLUTION = {
    "Wh": Decimal(1),
    "J": Decimal(1),
    "m3": Decimal("0.001"),
    "W": Decimal(1),
    "m3/h": Decimal("0.001"),
    "degC": Decimal("0.01"),
}
"""Precision to which the store keeps a value that is no exact register: a gauge, or a 32-bit float."""

_DIGITS = 40
"""A float or a stack of scale codes can name numbers that no arithmetic here needs to carry."""

_WIDE = Context(prec=60, rounding=ROUND_HALF_EVEN)


def decode(body: bytes, *, received_at: datetime) -> Decoded:
    """Stands of every answer in ``body``: energy [Wh or J], volume [m3], power [W], flow [m3/h], temperatures [degC].

    >>> frame = "681D1D68080172175885062D2C0804040000000406E7910000025AC6010A621000FF16"
    >>> body = f"# reading round\\n2026-01-01T00:00:00Z {frame}\\n{frame[:20]}".encode()
    >>> decoded = decode(body, received_at=datetime(2026, 1, 1, tzinfo=UTC))
    >>> [(stand.meter, str(stand.quantity), stand.value, stand.unit) for stand in decoded.stands]
    [('KAM06855817', 'heat', Decimal('37351000'), 'Wh'), ('KAM06855817', 'flow_temperature', Decimal('45.40'), 'degC')]
    >>> print(*decoded.problems)
    line 3, length: 35 bytes announced, 10 received
    """
    decoded, is_dated_by_receipt = Decoded(), False
    for line, instant, text, raw in _frames(body):
        for found in _stands(line, instant, text, received_at):
            if isinstance(found, Stand):
                decoded.stands.append(found)
                is_dated_by_receipt |= not (instant or found.is_by_own_clock)
            else:
                decoded.problems.append(found)
                decoded.broken.append(raw)
    return replace(decoded, is_dated_by_receipt=is_dated_by_receipt)


def _frames(body: bytes) -> Iterator[tuple[int, str, str, bytes]]:
    """(first line, instant or "", hex without spaces, raw) of each frame, whole or not."""
    pending: tuple[int, str, str, bytes] | None = None
    for number, raw in enumerate(body.splitlines(), start=1):
        # Latin-1 reads any byte; what is no hex digit is refused later, with its line.
        line = raw.decode("latin-1").strip()
        if not line or line.startswith("#"):
            continue
        match = _LINE.fullmatch(line)
        instant, text = (match[1] or "", match[2]) if match else ("", line)
        text = _SPACE.sub("", text)
        if pending and (instant or _starts_frame(text) or _is_whole(pending[2])):
            yield pending
            pending = None
        pending = (
            (pending[0], pending[1], pending[2] + text, pending[3] + b"\n" + raw)
            if pending
            else (number, instant, text, raw)
        )
    if pending:
        yield pending


def _starts_frame(text: str) -> bool:
    return text[:2] == "68" == text[6:8] and text[2:4] == text[4:6]


def _is_whole(text: str) -> bool:
    """True where nothing can follow: as long as it announces, or no frame at all."""
    try:
        return not _starts_frame(text) or len(text) >= 2 * (int(text[2:4], 16) + 6)
    except ValueError:
        return True


def _stands(line: int, instant: str, text: str, received_at: datetime) -> Iterator[Stand | Problem]:
    if not instant and _INSTANT_ABOUT.match(text):
        yield Problem(say("not an instant such as 2026-01-01T00:00:00Z followed by a space"), "time", line)
        return
    try:
        frame = bytes.fromhex(text)
    except ValueError:
        yield Problem(say("not hex: pairs of 0-9 and A-F"), "frame", line)
        return
    try:
        said = answer(frame)
    except BadInput as refused:
        for problem in refused.problems:
            yield Problem(problem.reason, problem.field, line)
        return
    try:
        own_clock = None if instant else _time_point(said)
        at = datetime.fromisoformat(instant).astimezone(UTC) if instant else own_clock or received_at
    except ValueError:
        yield Problem(say("%(instant)s is not an instant such as 2026-01-01T00:00:00Z", instant=instant), "time", line)
        return
    if unset := unset_clock(at):
        yield Problem(unset, "time", line)
        return
    taken: set[Quantity] = set()
    for record in said.records:
        quantity = _quantity(record, said.medium)
        if quantity is None or quantity in taken:
            continue
        taken.add(quantity)
        stand = _stand(record, quantity, said.meter, at, line)
        yield replace(stand, is_by_own_clock=own_clock is not None) if isinstance(stand, Stand) else stand
    if not taken:
        yield Problem(
            say("holds no register that is read here (medium %(medium)s)", medium=f"{said.medium:02X}"),
            said.meter,
            line,
        )


def _stand(record: Record, quantity: Quantity, meter: str, at: datetime, line: int) -> Stand | Problem:
    field = f"{meter} {record.quantity}"
    if not isinstance(record.value, Decimal):
        return Problem(say("the meter gives no number"), field, line)
    value, unit = record.value, record.unit
    if value and abs(value.adjusted()) > _DIGITS:
        return Problem(say("%(value)s %(unit)s is beyond any register", value=f"{value:.3E}", unit=unit), field, line)
    if unit in _CONVERT:
        unit, times, per = _CONVERT[unit]
        value = _WIDE.divide(_WIDE.multiply(value, times), per)
    if record.is_real or quantity not in CUMULATIVE:
        value = value.quantize(_RESOLUTION[unit], context=_WIDE)
    reason = implausible(quantity, value, unit)
    return Problem(reason, field, line) if reason else Stand(meter, quantity, at, value, unit, line=line)


def _is_plain(record: Record) -> bool:
    return record.function is Function.INSTANTANEOUS and not (record.storage or record.tariff or record.subunit)


def _quantity(record: Record, medium: int) -> Quantity | None:
    """The quantity of a record, or None when it is history, a maximum, a tariff, or nothing that is kept."""
    if not _is_plain(record):
        return None
    if record.quantity != "energy":
        is_other = medium in _NO_WATER and record.quantity.startswith("volume")
        return None if record.qualifiers or is_other else _GAUGE.get(record.quantity)
    if medium == _ELECTRICITY:
        return _ELECTRIC.get(record.qualifiers)
    if medium not in _HEAT_MEDIA | _COLD_MEDIA:
        return None
    if record.qualifiers == _ONLY_NEGATIVE or (medium in _COLD_MEDIA and not record.qualifiers):
        return Quantity.COLD
    return Quantity.HEAT if record.qualifiers in ((), _ONLY_POSITIVE) else None


def _time_point(said: Answer) -> datetime | None:
    for record in said.records:
        if isinstance(record.value, datetime) and record.quantity == "time point" and _is_plain(record):
            return record.value.astimezone(UTC)
    return None
