r"""Encoders: how meters say what they know, byte for byte, in the three forms that arrive at a co-operative.

- ``p1``: DSMR 5 telegrams, one after the other. Lines end in CRLF; the checksum is CRC-16/ARC from ``/`` up to and
  including ``!``. Source: Netbeheer Nederland, P1 Companion Standard 5.0.2;
  docs/domain/metering-formats-and-units.md#dsmr-p1 (E25).
- ``mbus``: a text line for each frame, ``<instant> <hex>``; the frame is a wired M-Bus answer (RSP_UD) with variable
data structure and least significant byte first. Source: EN 13757-2 and -3;
docs/domain/metering-formats-and-units.md#m-bus.
- ``head-end``: JSON, one column of values for each register.

Nothing here is shared with the decoders of the metering service: each proves the other.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from coop.values import AMSTERDAM


def _crc_table() -> tuple[int, ...]:
    table = []
    for value in range(256):
        for _ in range(8):
            value = value >> 1 ^ 0xA001 if value & 1 else value >> 1
        table.append(value)
    return tuple(table)


_CRC_TABLE = _crc_table()


def crc16_arc(data: bytes) -> int:
    """Checksum of a P1 telegram.

    >>> f"{crc16_arc(b'123456789'):04X}"
    'BB3D'
    """
    crc = 0
    for byte in data:
        crc = crc >> 8 ^ _CRC_TABLE[(crc ^ byte) & 0xFF]
    return crc


def p1_time(at: datetime) -> str:
    """Local time as P1 says it, with S in summer and W in winter: so the doubled hour of autumn stays apart.

    >>> from datetime import UTC
    >>> p1_time(datetime(2025, 10, 26, 0, 30, tzinfo=UTC)), p1_time(datetime(2025, 10, 26, 1, 30, tzinfo=UTC))
    ('251026023000S', '251026023000W')
    """
    local = at.astimezone(AMSTERDAM)
    return f"{local:%y%m%d%H%M%S}{'S' if local.dst() else 'W'}"


def p1_telegram(header: str, lines: Sequence[str]) -> bytes:
    r"""Header, empty line, lines, ``!`` and checksum.

    >>> lines = ["1-3:0.2.8(50)", "0-0:1.0.0(260101000500W)", "0-1:24.1.0(004)", "0-1:96.1.0(4B57473030303031)",
    ...          "0-1:24.2.1(260101000000W)(0012.34*GJ)"]
    >>> p1_telegram("/KWG5\\HEAT-0001", lines)[-7:]
    b'!FFD1\r\n'
    """
    telegram = "\r\n".join([header, "", *lines, "!"]).encode("ascii")
    return telegram + f"{crc16_arc(telegram):04X}\r\n".encode("ascii")


@dataclass(frozen=True)
class P1Reading:
    """Telegram of a P1 port: electricity stands per tariff [Wh], present power [W], a heat meter's stand [0.01 GJ]."""

    header: str
    at: datetime
    electricity_serial: str
    import_wh: tuple[int, int]
    export_wh: tuple[int, int]
    tariff: int
    power_w: int
    heat_serial: str
    heat_centi_gj: int


def p1(reading: P1Reading) -> bytes:
    """One telegram of an electricity meter with a heat meter on its first channel."""
    time = p1_time(reading.at)
    drawn, fed = max(reading.power_w, 0), max(-reading.power_w, 0)
    lines = ["1-3:0.2.8(50)", f"0-0:1.0.0({time})", f"0-0:96.1.1({reading.electricity_serial.encode().hex().upper()})"]
    for direction, stands in (("1", reading.import_wh), ("2", reading.export_wh)):
        for tariff, wh in enumerate(stands, 1):
            lines.append(f"1-0:{direction}.8.{tariff}({wh // 1000:06d}.{wh % 1000:03d}*kWh)")
    gj, rest = divmod(reading.heat_centi_gj, 100)
    return p1_telegram(
        reading.header,
        [
            *lines,
            f"0-0:96.14.0({reading.tariff:04d})",
            f"1-0:1.7.0({drawn // 1000:02d}.{drawn % 1000:03d}*kW)",
            f"1-0:2.7.0({fed // 1000:02d}.{fed % 1000:03d}*kW)",
            "0-1:24.1.0(004)",
            f"0-1:96.1.0({reading.heat_serial.encode().hex().upper()})",
            f"0-1:24.2.1({time})({gj:04d}.{rest:02d}*GJ)",
        ],
    )


@dataclass(frozen=True)
class MbusReading:
    """Telegram of one heat meter: stand [of ``resolution_j``], volume [0.01 m3], water, power and flow of the last
    hour.

    Temperatures in [0.1 degC], power in [W], flow in [l/h]; ``digits`` of the heat register as it is shown.
    """

    serial: str
    access_number: int
    at: datetime
    heat: int
    resolution_j: int
    digits: int
    volume_10_l: int
    flow_ddegc: int
    return_ddegc: int
    power_w: int
    flow_l_per_h: int


_VIF_ENERGY = {3_600_000: 0x06, 1_000_000: 0x0E, 10_000_000: 0x0F}
"""10^3 Wh, 10^6 J and 10^7 J."""

_DIF_BCD = {4: 0x0A, 6: 0x0B, 8: 0x0C}


def bcd(value: int, digits: int) -> bytes:
    """Packed decimal digits, least significant byte first.

    >>> bcd(12345678, 8).hex()
    '78563412'
    """
    text = f"{value:0{digits}d}"
    if len(text) > digits:
        raise ValueError(f"{value} does not fit in {digits} digits")
    return bytes.fromhex(text)[::-1]


def _manufacturer(letters: str) -> bytes:
    """Three letters in two bytes, five bits each. Source: EN 13757-3, identification of the manufacturer."""
    code = 0
    for letter in letters:
        code = code << 5 | ord(letter) - 64
    return code.to_bytes(2, "little")


def _time_point(at: datetime) -> bytes:
    """Local date and time, type F, with the bit for summer time. Source: EN 13757-3, annex A."""
    local = at.astimezone(AMSTERDAM)
    year = local.year - 2000
    summer = 0x80 if local.dst() else 0
    return bytes([local.minute, local.hour | summer, local.day | (year & 7) << 5, local.month | (year >> 3) << 4])


def mbus_frame(reading: MbusReading) -> bytes:
    """RSP_UD long frame: ``68 L L 68 C A CI`` header, records, checksum, ``16``.

    The last digits of the serial are the secondary address; the primary address is 1 behind the concentrator.
    """

    def record(digits: int, vif: int, value: int) -> bytes:
        return bytes([_DIF_BCD[digits], vif]) + bcd(value, digits)

    user_data = b"".join(
        [
            bytes([0x08, 0x01, 0x72]),
            bcd(int(reading.serial[3:]), 8) + _manufacturer(reading.serial[:3]),
            # Version, medium heat (return side), access number, status, no encryption.
            bytes([0x1B, 0x04, reading.access_number % 256, 0x00, 0x00, 0x00]),
            record(reading.digits, _VIF_ENERGY[reading.resolution_j], reading.heat),
            record(8, 0x14, reading.volume_10_l),
            record(4, 0x5A, reading.flow_ddegc),
            record(4, 0x5E, reading.return_ddegc),
            record(6, 0x2B, reading.power_w),
            record(6, 0x3B, reading.flow_l_per_h),
            bytes([0x04, 0x6D]) + _time_point(reading.at),
        ]
    )
    length = len(user_data)
    return bytes([0x68, length, length, 0x68]) + user_data + bytes([sum(user_data) % 256, 0x16])


def instant(at: datetime) -> str:
    """UTC instant to the second.

    >>> from datetime import UTC
    >>> instant(datetime(2025, 6, 30, 22, tzinfo=UTC))
    '2025-06-30T22:00:00Z'
    """
    return f"{at:%Y-%m-%dT%H:%M:%S}Z"


def mbus_line(at: datetime, frame: bytes) -> bytes:
    """A frame as a concentrator hands it on: captured when, and its bytes."""
    return f"{instant(at)} {frame.hex().upper()}\n".encode("ascii")


@dataclass(frozen=True)
class Column:
    """Consecutive values of one register, in whole units of its quantity; None where the head-end has nothing."""

    meter: str
    quantity: str
    start: datetime
    step_s: int
    values: list[int | None]


UNITS = {
    "electricity_import": "Wh",
    "electricity_export": "Wh",
    "heat": "J",
    "volume": "l",
    "power": "W",
    "volume_flow": "l/h",
    "flow_temperature": "cdegC",
    "return_temperature": "cdegC",
    "outside_temperature": "cdegC",
    "source_temperature": "cdegC",
}


def head_end(name: str, sent_at: datetime, columns: Sequence[Column]) -> bytes:
    """A batch of columns, all measured; null is missing."""
    series = []
    for column in columns:
        entry: dict[str, object] = {
            "meter": column.meter,
            "quantity": column.quantity,
            "unit": UNITS[column.quantity],
            "start": instant(column.start),
            "step_s": column.step_s,
            "values": column.values,
        }
        series.append(entry)
    document = {"head_end": name, "sent_at": instant(sent_at), "series": series}
    return json.dumps(document, separators=(",", ":")).encode("ascii")
