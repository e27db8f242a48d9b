r"""DSMR P1 telegrams: what a Dutch electricity meter says on its consumer port, heat and water meters included.

A delivery is one telegram or many, one after the other: ``/`` identification, lines of ``OBIS(value)``, ``!`` and the
checksum over everything from ``/`` up to and including ``!``. Read are:

=================  =================================================================================================
``0-0:1.0.0``      time of the electricity stands, Dutch local time with S (summer) or W (winter)
``0-0:96.1.1``     id of the electricity meter, as hex text
``1-0:1.8.1/.2``   import per tariff [kWh]; the register is their sum
``1-0:2.8.1/.2``   export per tariff [kWh]; the register is their sum
``0-n:24.1.0``     what hangs on channel n. Read first: the same codes carry gas in m3 and heat in GJ
``0-n:96.1.0``     its id, as hex text
``0-n:24.2.1``     capture time and value of its register
=================  =================================================================================================

``dsmr-parser`` does the decoding, with a specification of just these lines: fewer lines are faster, and a fault in a
voltage cannot spoil an energy. Its checksum is not used, for it names the two sums in decimal, takes 0.3 ms a telegram,
and works on text; the table below works on the bytes that were sent. A checksum that fits next to a line that cannot be
read means a meter that we do not understand: then the whole telegram is set aside.

Sources: Netbeheer Nederland, P1 Companion Standard 5.0.2, sections 5 and 6; EN 13757-3 for device types;
docs/domain/metering-formats-and-units.md#dsmr-p1 (E25).
"""

from __future__ import annotations

import logging
import re
import struct
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from functools import cache
from itertools import pairwise
from typing import Any

from dsmr_parser.exceptions import ParseError
from dsmr_parser.parsers import CosemParser, MBusParser, TelegramParser, ValueParser

from coop.metering.intake.formats.plausible import implausible
from coop.metering.model import Decoded, Quantity, Stand
from coop.values import AMSTERDAM, Problem, read_digits, say

LARGEST_STAND_KWH = Decimal("999999.999")
"""An electricity register counts 6 digits and 3 decimals: F9(3,3) in the P1 Companion Standard, section 6."""

LONGEST_TELEGRAM = 16 * 1024
"""Most bytes of a telegram: one with four channels and a long text message has a third of it."""

_TELEGRAM = re.compile(rb"/[^/!]*!([0-9A-Fa-f]{4})(?:\r?\n|\Z)")
_NUMBER = re.compile(r"[0-9]{1,12}(?:\.[0-9]{1,6})?")
_TIME = re.compile(r"[0-9]{12}[SW]")
_SUMMER = {"S": timedelta(hours=1), "W": timedelta(0)}

_NOT_READ = frozenset({0, 3})
"""Nothing connected, and gas: a co-operative that heats without gas keeps no register of it."""

_REGISTER = {
    2: Quantity.ELECTRICITY_IMPORT,
    4: Quantity.HEAT,
    6: Quantity.VOLUME,
    7: Quantity.VOLUME,
    10: Quantity.COLD,
    11: Quantity.COLD,
    12: Quantity.HEAT,
    13: Quantity.HEAT,
    21: Quantity.VOLUME,
    22: Quantity.VOLUME,
}
"""Quantity that the main register of a device counts, by its type. Source: EN 13757-3, table of device types."""


def decode(body: bytes, *, received_at: datetime) -> Decoded:
    r"""Stands of every telegram in ``body``: electricity [kWh], heat and cold [GJ], water [m3].

    >>> lines = ["/KWG5\\HEAT-0001", "", "1-3:0.2.8(50)", "0-0:1.0.0(260101000500W)", "0-1:24.1.0(004)",
    ...          "0-1:96.1.0(4B57473030303031)", "0-1:24.2.1(260101000000W)(0012.34*GJ)", "!"]
    >>> telegram = "\r\n".join(lines).encode()
    >>> f"{crc16(telegram):04X}"
    'FFD1'
    >>> received_at = datetime(2026, 1, 1, tzinfo=UTC)
    >>> stand, = decode(telegram + b"FFD1\r\n", received_at=received_at).stands
    >>> stand.meter, str(stand.quantity), stand.at.isoformat(), stand.value, stand.unit
    ('KWG00001', 'heat', '2025-12-31T23:00:00+00:00', Decimal('12.34'), 'GJ')
    >>> print(*decode(telegram + b"FFD2\r\n", received_at=received_at).problems)
    line 1, checksum: the telegram says FFD2, its bytes give FFD1
    """
    decoded = Decoded()
    for part, checksum, line in _telegrams(body):
        for found in _registers(part, checksum, line):
            if isinstance(found, Stand):
                decoded.stands.append(found)
            else:
                decoded.problems.append(found)
                decoded.broken.append(part)
    return decoded


def crc16(data: bytes) -> int:
    """CRC-16/ARC.

    Source: P1 Companion Standard, section 5; check value in docs/domain/metering-formats-and-units.md#e25.

    >>> f"{crc16(b'123456789'):04X}"
    'BB3D'
    """
    # Two bytes at a time: a telegram's checksum then costs a fifth of what it does byte by byte.
    two, one = _crc_tables()
    crc = 0
    for word in struct.unpack(f"<{len(data) // 2}H", data[: len(data) & ~1]):
        crc = two[crc ^ word]
    return (crc >> 8) ^ one[(crc ^ data[-1]) & 0xFF] if len(data) % 2 else crc


@cache
def _crc_tables() -> tuple[list[int], list[int]]:
    one = list(range(256))
    for _ in range(8):
        one = [(crc >> 1) ^ (0xA001 if crc & 1 else 0) for crc in one]
    once = [(crc >> 8) ^ one[crc & 0xFF] for crc in range(1 << 16)]
    return [(crc >> 8) ^ one[crc & 0xFF] for crc in once], one


def _telegrams(body: bytes) -> Iterator[tuple[bytes, str, int]]:
    """(raw, the checksum it carries, its first line) of whole telegrams; of the scraps between, without checksum."""
    parts: list[tuple[int, int, str]] = []
    matches = list(_TELEGRAM.finditer(body))
    for match in matches:
        parts.append((*match.span(), match[1].decode().upper()))
    for (_, end), (start, _) in pairwise([(0, 0), *(match.span() for match in matches), (len(body), len(body))]):
        scrap = body[end:start].lstrip()
        if scrap:
            parts.append((start - len(scrap), start, ""))
    line, counted = 1, 0
    for start, end, checksum in sorted(parts):
        line += body.count(b"\n", counted, start)
        counted = start
        yield body[start:end], checksum, line


def _registers(part: bytes, checksum: str, line: int) -> Iterator[Stand | Problem]:
    if not checksum:
        yield Problem(say("cut off: no whole telegram from / to ! and a checksum of four hex digits"), "telegram", line)
        return
    if len(part) > LONGEST_TELEGRAM:
        reason = say(
            "%(length)s bytes are more than a telegram can have (%(most)s)", length=len(part), most=LONGEST_TELEGRAM
        )
        yield Problem(reason, "telegram", line)
        return
    computed = f"{crc16(part[: part.rindex(b'!') + 1]):04X}"
    if computed != checksum:
        yield Problem(
            say("the telegram says %(checksum)s, its bytes give %(computed)s", checksum=checksum, computed=computed),
            "checksum",
            line,
        )
        return
    try:
        # Latin-1 reads any byte, and the checksum has already vouched for them.
        telegram = _parser().parse(part.decode("latin-1"), throw_ex=True)
    except (ParseError, ValueError) as error:
        what = error.args[1] if len(error.args) > 1 else error
        yield Problem(say("a line cannot be read: %(error)s", error=str(what).strip()), "telegram", line)
        return
    registers = [
        _electricity(telegram, "1.8", Quantity.ELECTRICITY_IMPORT, line),
        _electricity(telegram, "2.8", Quantity.ELECTRICITY_EXPORT, line),
        *(_channel(device, line) for device in getattr(telegram, "MBUS_DEVICES", [])),
    ]
    if not any(registers) and not hasattr(telegram, "MBUS_DEVICES"):
        yield Problem(say("holds no register that is read here"), "telegram", line)
    for found in registers:
        if isinstance(found, Stand):
            unlikely = implausible(found.quantity, found.value, found.unit)
            yield Problem(unlikely, found.meter, line) if unlikely else found
        elif found:
            yield found


def _electricity(telegram: Any, register: str, quantity: Quantity, line: int) -> Stand | Problem | None:
    tariffs = [_first(telegram, f"{register}.{tariff}") for tariff in (1, 2)]
    if tariffs == [None, None]:
        return None
    field = f"1-0:{register}"
    stands_kwh = [tariff["value"] for tariff in tariffs if tariff and tariff["unit"] == "kWh"]
    if len(stands_kwh) != 2 or None in stands_kwh:
        return Problem(say("both tariffs are needed, each a number of kWh"), field, line)
    if max(stands_kwh) > LARGEST_STAND_KWH:
        return Problem(
            say(
                "%(stand)s kWh is more than the register's %(largest)s",
                stand=max(stands_kwh),
                largest=LARGEST_STAND_KWH,
            ),
            field,
            line,
        )
    meter, at = (_value(telegram, name) for name in ("96.1.1", "1.0.0"))
    if meter is None:
        return Problem(say("no meter id in hex text"), "0-0:96.1.1", line)
    if at is None:
        return Problem(say("not a Dutch time such as 260101000000W"), "0-0:1.0.0", line)
    return Stand(meter, quantity, at, sum(stands_kwh, Decimal(0)), "kWh", line=line)


def _channel(device: Any, line: int) -> Stand | Problem | None:
    # The type comes first: it alone says what the number on the line counts.
    code = f"0-{device.channel_id}"
    kind = _value(device, "24.1.0")
    if kind in _NOT_READ:
        return None
    if kind not in _REGISTER:
        return Problem(
            say("no device type") if kind is None else say("device type %(kind)s is not read here", kind=f"{kind:03d}"),
            f"{code}:24.1.0",
            line,
        )
    meter = _value(device, "96.1.0")
    if meter is None:
        return Problem(say("no meter id in hex text"), f"{code}:96.1.0", line)
    at, reading = (
        device.__dict__["24.2.1"].values if "24.2.1" in device.__dict__ else ({"value": None}, {"value": None})
    )
    if line_s := at.get("line"):
        return Problem(say("a line cannot be read: %(error)s", error=line_s), f"{code}:24.2.1", line)
    if at["value"] is None:
        return Problem(say("not a Dutch time such as 260101000000W"), f"{code}:24.2.1", line)
    if reading["value"] is None or reading["unit"] is None:
        return Problem(say("not a number with a unit"), f"{code}:24.2.1", line)
    return Stand(meter, _REGISTER[kind], at["value"], reading["value"], reading["unit"], line=line)


def _first(holder: Any, name: str) -> dict[str, Any] | None:
    found = getattr(holder, name, None)
    return found.values[0] if found else None


def _value(holder: Any, name: str) -> Any:
    found = _first(holder, name)
    return found["value"] if found else None


@cache
def _parser() -> TelegramParser:
    """Compiled once. The names of its objects are the codes themselves."""

    def one(code: str, coerce: Any) -> dict[str, Any]:
        return {
            "obis_reference": rf"^{code}\(.+?\r\n",
            "value_parser": _Line(ValueParser(coerce)),
            "value_name": code.split(":")[1].replace("\\", ""),
        }

    energies = [one(rf"1-0:{direction}\.8\.{tariff}", _number) for direction in (1, 2) for tariff in (1, 2)]
    channel = [one(r"0-[1-9]:24\.1\.0", read_digits), one(r"0-[1-9]:96\.1\.0", _text)]
    reading = one(r"0-[1-9]:24\.2\.1", None) | {"value_parser": _Channel(ValueParser(_instant), ValueParser(_number))}
    own = [one(r"0-0:1\.0\.0", _instant), one(r"0-0:96\.1\.1", _text)]
    # The library logs each fault that it raises; a problem says it once, to the one who can mend it.
    logging.getLogger("dsmr_parser.parsers").setLevel(logging.CRITICAL + 1)
    return TelegramParser(
        {"checksum_support": True, "objects": [*own, *energies, *channel, reading]}, apply_checksum_validation=False
    )


# The library lets one line spoil the whole telegram; these give None instead, and only what the line says is lost.


class _Line(CosemParser):  # type: ignore[misc]
    def _parse(self, line: str) -> list[dict[str, Any]]:
        try:
            return list(super()._parse(line))
        except ParseError:
            return [{"value": None, "unit": None, "line": line.strip()} for _ in self.value_formats]


class _Channel(_Line, MBusParser):  # type: ignore[misc]
    pass


def _instant(text: str) -> datetime | None:
    """UTC instant of a local time that says whether it is summer.

    >>> _instant("260101000000W").isoformat()
    '2025-12-31T23:00:00+00:00'
    >>> _instant("261025023000S").isoformat(), _instant("261025023000W").isoformat()
    ('2026-10-25T00:30:00+00:00', '2026-10-25T01:30:00+00:00')
    >>> _instant("260329023000S"), _instant("260101000000S")
    (None, None)
    """
    if not _TIME.fullmatch(text):
        return None
    try:
        local = datetime.fromisoformat(f"20{text[:6]}T{text[6:12]}").replace(tzinfo=AMSTERDAM, fold=text[12] == "W")
    except ValueError:
        return None
    # A season that the calendar contradicts, or an hour that spring skips, shows as another offset.
    return local.astimezone(UTC) if local.dst() == _SUMMER[text[12]] else None


def _number(text: str) -> Decimal | None:
    return Decimal(text) if _NUMBER.fullmatch(text) else None


def _text(hex_text: str) -> str | None:
    try:
        text = bytes.fromhex(hex_text).decode("ascii").strip()
    except ValueError:
        return None
    return text if text.isprintable() and text else None
