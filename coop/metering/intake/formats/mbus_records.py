"""Data records of a wired M-Bus answer, exact: what each value counts, in which unit, for which store.

``pyMeterBus`` cuts the answer into records; what it makes of their values is not used, because it multiplies floats.
Here the raw bytes meet whole powers of ten instead, so a register comes out as the meter shows it. Base units: Wh or J,
m3, W or J/h, m3/h, degC, K, bar, kg, s. The other kept library, ``pymbusparser`` (bindings to a Rust crate), holds its
values as 64-bit floats too; only the cutting is needed, and that costs 0.1 ms in pure Python that installs anywhere.

Source: EN 13757-3, data types A, B, F, G, H and I, VIF and VIFE tables (public as M-Bus documentation 4.8, sections 6.3
to 8.4); the ten public frames of libmbus beside their XML.
"""

from __future__ import annotations

import math
import struct
from dataclasses import dataclass
from datetime import date, datetime, timedelta, timezone
from decimal import Context, Decimal
from enum import StrEnum
from functools import lru_cache

from meterbus import TelegramLong, TelegramVariableDataRecord
from meterbus.exceptions import MBusError

from coop.values import BadInput, Problem, Said, say

START, STOP = 0x68, 0x16
_SHORTEST = 3 + 12
"""C, A and CI, then the header: id, manufacturer, version, medium, access number, status and signature."""

Value = Decimal | datetime | date | str | None


class Function(StrEnum):
    """The value of its span that a record holds."""

    INSTANTANEOUS = "instantaneous value"
    MAXIMUM = "maximum value"
    MINIMUM = "minimum value"
    ERROR = "value during error state"
    MANUFACTURER = "manufacturer specific"
    MORE = "more records follow"


@dataclass(frozen=True)
class Record:
    """One data record. ``qualifiers`` are the VIFE codes that change what the value means; a scale is already applied.

    ``value`` is None where the meter itself marks it as no value: hex digits in a decimal, an invalid or yearly date.
    ``is_real`` marks a 32-bit float on the wire: its value is exact here but means no more than seven digits.
    """

    function: Function
    storage: int
    tariff: int
    subunit: int
    quantity: str
    unit: str
    value: Value
    qualifiers: tuple[int, ...] = ()
    is_real: bool = False


@dataclass(frozen=True)
class Answer:
    """A whole answer: who says it, about which medium, and its records in order."""

    meter: str
    medium: int
    records: tuple[Record, ...]


# (first code, codes in the row, quantity, unit, power of ten of the first code): each next code counts ten times more.
_PRIMARY = (
    (0x00, 8, "energy", "Wh", -3),
    (0x08, 8, "energy", "J", 0),
    (0x10, 8, "volume", "m3", -6),
    (0x18, 8, "mass", "kg", -3),
    (0x28, 8, "power", "W", -3),
    (0x30, 8, "power", "J/h", 0),
    (0x38, 8, "volume flow", "m3/h", -6),
    (0x40, 8, "volume flow", "m3/min", -7),
    (0x48, 8, "volume flow", "m3/s", -9),
    (0x50, 8, "mass flow", "kg/h", -3),
    (0x58, 4, "flow temperature", "degC", -3),
    (0x5C, 4, "return temperature", "degC", -3),
    (0x60, 4, "temperature difference", "K", -3),
    (0x64, 4, "external temperature", "degC", -3),
    (0x68, 4, "pressure", "bar", -3),
    (0x6C, 1, "time point", "", 0),
    (0x6D, 1, "time point", "", 0),
    (0x6E, 1, "heat cost allocator", "", 0),
    (0x78, 1, "fabrication number", "", 0),
    (0x7A, 1, "bus address", "", 0),
)
_AFTER_FB = (
    (0x00, 2, "energy", "Wh", 5),
    (0x08, 2, "energy", "J", 8),
    (0x10, 2, "volume", "m3", 2),
    (0x18, 2, "mass", "kg", 5),
    (0x28, 2, "power", "W", 5),
    (0x30, 2, "power", "J/h", 8),
)
_AFTER_FD = (
    (0x08, 1, "access number", "", 0),
    (0x0C, 1, "model version", "", 0),
    (0x0D, 1, "hardware version", "", 0),
    (0x0E, 1, "firmware version", "", 0),
    (0x0F, 1, "software version", "", 0),
    (0x10, 1, "customer location", "", 0),
    (0x11, 1, "customer", "", 0),
    (0x17, 1, "error flags", "", 0),
)
_DURATIONS = {0x20: "on time", 0x24: "operating time", 0x70: "averaging duration", 0x74: "actuality duration"}
_SECONDS = (1, 60, 3600, 86400)

_Meaning = tuple[str, str, Decimal]


def _ten(exponent: int) -> Decimal:
    # Written out, so that products read 37351000 and not 3.7351E+7.
    return Decimal(10**exponent) if exponent >= 0 else Decimal(1).scaleb(exponent)


def _table(rows: tuple[tuple[int, int, str, str, int], ...]) -> dict[int, _Meaning]:
    return {
        first + step: (quantity, unit, _ten(exponent + step))
        for first, count, quantity, unit, exponent in rows
        for step in range(count)
    }


_MEANING: dict[int, dict[int, _Meaning]] = {
    0: _table(_PRIMARY)
    | {first + i: (name, "s", Decimal(s)) for first, name in _DURATIONS.items() for i, s in enumerate(_SECONDS)},
    0xFB: _table(_AFTER_FB),
    0xFD: _table(_AFTER_FD),
}

_WIDE = Context(prec=60)
_LIMIT_DURATION, _SPAN_DURATION = range(0x50, 0x60), range(0x60, 0x68)
_DATES = frozenset({0x42, 0x43, 0x46, 0x47, 0x4A, 0x4B, 0x4E, 0x4F, 0x6A, 0x6B, 0x6E, 0x6F})
_COUNTS = frozenset({0x41, 0x49})

_FUNCTIONS = (Function.INSTANTANEOUS, Function.MAXIMUM, Function.MINIMUM, Function.ERROR)
_INTEGER = {1: 1, 2: 2, 3: 3, 4: 4, 6: 6, 7: 8}
_REAL = {5: 4}
_DECIMAL = {9: 1, 10: 2, 11: 3, 12: 4, 14: 6}
_LENGTH = _INTEGER | _REAL | _DECIMAL
"""Bytes of data by the low four bits of the DIF; 13 is of variable length."""


def records(frame: bytes) -> list[Record]:
    """All data records of one long frame, in base units.

    >>> frame = bytes.fromhex("681D1D68080172175885062D2C0804040000000406E7910000025AC6010A621000FF16")
    >>> [(record.quantity, record.value, record.unit) for record in records(frame)]
    [('energy', Decimal('37351000'), 'Wh'), ('flow temperature', Decimal('45.4'), 'degC'), \
('temperature difference', Decimal('1.0'), 'K')]

    Raises:
        BadInput: start, length, stop, checksum, control or header are wrong, or a record is cut off.
    """
    return list(answer(frame).records)


def answer(frame: bytes) -> Answer:
    """Read an answer, of which meter and with which records: see ``records``.

    Raises:
        BadInput: start, length, stop, checksum, control or header are wrong, or a record is cut off.
    """
    _check(frame)
    header = [frame[7:11], frame[11:13]]
    if frame[6] == 0x72:
        header = [part[::-1] for part in header]
    number, maker = header[0].hex(), int.from_bytes(header[1], "big")
    code = "".join(chr(64 + (maker >> shift & 0x1F)) for shift in (10, 5, 0))
    if not number.isdecimal():
        raise _bad("header", say("the identification %(number)s is not eight decimal digits", number=number))
    if maker >> 15 or not (code.isalpha() and code.isupper()):
        raise _bad("header", say("the manufacturer code %(maker)s is not three letters", maker=f"{maker:04X}"))
    try:
        cut = TelegramLong(list(frame)).records
    except (MBusError, LookupError) as error:
        raise _bad("records", say("they do not end where the frame ends")) from error
    return Answer(code + number, frame[14], tuple(_record(raw, f"record {i}") for i, raw in enumerate(cut)))


def _check(frame: bytes) -> None:
    """Everything that the link layer promises, in the order in which a reader at a cable would look."""
    if frame[:1] != bytes([START]) or frame[3:4] not in (b"", bytes([START])):
        raise _bad("start", say("a long frame starts 68 L L 68, this one %(found)s", found=frame[:4].hex(" ").upper()))
    if len(frame) < 4 or frame[1] != frame[2]:
        raise _bad("length", say("it must be given twice alike, here %(found)s", found=frame[1:3].hex(" ").upper()))
    if len(frame) != frame[1] + 6:
        raise _bad(
            "length",
            say("%(announced)s bytes announced, %(received)s received", announced=frame[1] + 6, received=len(frame)),
        )
    if frame[1] < _SHORTEST:
        raise _bad("length", say("%(code)s bytes cannot hold the header of an answer", code=frame[1]))
    if frame[-1] != STOP:
        raise _bad("stop", say("a frame ends with 16, this one with %(code)s", code=f"{frame[-1]:02X}"))
    computed = sum(frame[4:-2]) % 256
    if computed != frame[-2]:
        raise _bad(
            "checksum",
            say(
                "the frame says %(code)s, its bytes give %(computed)s",
                code=f"{frame[-2]:02X}",
                computed=f"{computed:02X}",
            ),
        )
    # ACD and DFC, the bits 5 and 4, only say that more waits: RSP_UD is 08 under them.
    if frame[4] & ~0x30 != 0x08:
        raise _bad("control", say("%(code)s is not the answer to a request for data (08)", code=f"{frame[4]:02X}"))
    if frame[6] not in (0x72, 0x76):
        raise _bad(
            "control information",
            say("%(code)s is not a variable data answer with header (72)", code=f"{frame[6]:02X}"),
        )
    mode = frame[18 if frame[6] == 0x72 else 17] & 0x1F
    if mode:
        raise _bad("signature", say("the answer is encrypted (mode %(mode)s); keys are not kept here", mode=mode))


def _record(raw: TelegramVariableDataRecord, field: str) -> Record:
    dif, data = raw.dib.parts[0], bytes(raw.dataField.parts)
    if dif in (0x0F, 0x1F):
        function = Function.MORE if dif == 0x1F else Function.MANUFACTURER
        return Record(function, 0, 0, 0, "", "", data.hex(" ").upper() or None)
    storage, tariff, subunit = raw.dib.parse_dife()
    coding = dif & 0x0F
    if not raw.vib.parts or len(data) != _LENGTH.get(coding, len(data)):
        raise _bad(field, say("cut off by the end of the frame"))
    custom = raw.vib.customVIF.decodeASCII if raw.vib.without_extension_bit else ""
    quantity, unit, factor, qualifiers = _meaning(bytes(raw.vib.parts), custom)
    value: Value
    if quantity == "time point" or quantity.startswith("time of"):
        value = _date(data)
    else:
        number = _number(data, coding)
        # The default context would round the longest integers past 28 digits.
        value = _WIDE.multiply(number, factor) if isinstance(number, Decimal) else number
    function = _FUNCTIONS[dif >> 4 & 3]
    return Record(function, storage, tariff or 0, subunit or 0, quantity, unit, value, qualifiers, coding in _REAL)


@lru_cache(maxsize=1024)  # A fleet of meters says the same few hundred of these all year; a flood of others falls out.
def _meaning(codes: bytes, custom: str) -> tuple[str, str, Decimal, tuple[int, ...]]:
    vif, *more = codes
    table, code = (vif, more.pop(0) & 0x7F) if vif in _MEANING and more else (0, vif & 0x7F)
    if code == 0x7C and not table:
        known: _Meaning = (custom, "", Decimal(1))
    elif code == 0x7F and not table:
        # What a maker alone defines stays its own: none of the codes behind it mean what they mean elsewhere.
        return "manufacturer specific", "", Decimal(1), tuple(more)
    else:
        known = _MEANING[table].get(
            code, (f"code {table:02X} {code:02X}" if table else f"code {code:02X}", "", Decimal(1))
        )
    quantity, unit, factor = known
    qualifiers = []
    for vife in (byte & 0x7F for byte in more):
        if 0x70 <= vife <= 0x77:
            factor *= _ten(vife - 0x76)
        elif vife == 0x7D:
            factor *= _ten(3)
        else:
            qualifiers.append(vife)
            if vife in _LIMIT_DURATION or vife in _SPAN_DURATION:
                quantity, unit, factor = f"duration of {quantity}", "s", Decimal(_SECONDS[vife & 3])
            elif vife in _DATES:
                quantity, unit, factor = f"time of {quantity}", "", Decimal(1)
            elif vife in _COUNTS:
                quantity, unit, factor = f"count of {quantity}", "", Decimal(1)
    return quantity, unit, factor, tuple(qualifiers)


def _number(data: bytes, coding: int) -> Decimal | str | None:
    if coding in _INTEGER:
        return Decimal(int.from_bytes(data, "little", signed=True))
    if coding in _DECIMAL:
        # F in the first place is the minus sign; any other hex digit is the meter's way to say that it has no value.
        digits = data[::-1].hex()
        sign, digits = (-1, digits[1:]) if digits[0] == "f" else (1, digits)
        return Decimal(sign * int(digits)) if digits.isdecimal() else None
    if coding in _REAL:
        real: float = struct.unpack("<f", data)[0]
        return Decimal(real) if math.isfinite(real) else None
    return data[::-1].decode("latin-1")


def _date(data: bytes) -> Value:
    """Types G (2 bytes), F (4) and I (6): None where the meter marks it as invalid, or means a day of every year."""
    clock, day = {2: (b"", data), 4: (data[:2], data[2:]), 6: (data[:3], data[3:5])}.get(len(data), (b"", b""))
    if not day:
        return None
    year = day[0] >> 5 | (day[1] & 0xF0) >> 1
    try:
        civil = date(2000 + year, day[1] & 0x0F, day[0] & 0x1F)
        if year > 99:
            return None
        if not clock:
            return civil
        second, minute, hour = (0, *clock) if len(clock) == 2 else clock
        is_summer = hour & 0x80 if len(clock) == 2 else second & 0x40
        if minute & 0x80:
            return None
        # A heat meter keeps standard time all year, unless it says by this bit that it follows the summer.
        zone = timezone(timedelta(hours=2 if is_summer else 1))
        return datetime(civil.year, civil.month, civil.day, hour & 0x1F, minute & 0x3F, second & 0x3F, tzinfo=zone)
    except ValueError:
        return None


def _bad(field: str, reason: Said) -> BadInput:
    return BadInput([Problem(reason, field)], code="bad-frame")
