"""An independent reader of the deliveries: dsmr-parser, pyMeterBus and json, no decoder of ours."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import meterbus
from dsmr_parser import telegram_specifications
from dsmr_parser.exceptions import InvalidChecksumError
from dsmr_parser.parsers import TelegramParser

from coop.demo.stream import Delivery

_PARSER = TelegramParser(telegram_specifications.V5)


@dataclass(frozen=True)
class HeatStand:
    """A heat stand [J] as read from a telegram."""

    serial: str
    at: datetime
    heat_j: int
    received_at: datetime


@dataclass(frozen=True)
class P1Telegram:
    """A telegram as dsmr-parser reads it; ``content`` is None when the checksum is wrong."""

    delivery: Delivery
    content: Any

    @property
    def electricity_serial(self) -> str:
        """Serial of the electricity meter."""
        return bytes.fromhex(self.content.EQUIPMENT_IDENTIFIER.value).decode()


@dataclass(frozen=True)
class Column:
    """A series of a head-end batch, as JSON has it."""

    delivery: Delivery
    meter: str
    quantity: str
    unit: str
    start: datetime
    step_s: int
    values: list[int | None]
    quality: list[int] | None


def p1_telegrams(deliveries: Iterable[Delivery]) -> Iterator[P1Telegram]:
    """Each P1 telegram in the order of arrival."""
    for delivery in deliveries:
        if delivery.format == "p1":
            for text in delivery.body.decode("ascii").split("/")[1:]:
                try:
                    yield P1Telegram(delivery, _PARSER.parse(f"/{text}"))
                except InvalidChecksumError:
                    yield P1Telegram(delivery, None)


def heat_stands(deliveries: Iterable[Delivery], telegrams: Iterable[P1Telegram]) -> Iterator[HeatStand]:
    """Every heat stand: those of P1 telegrams, then those of M-Bus frames."""
    for telegram in telegrams:
        if telegram.content is not None:
            (device,) = telegram.content.MBUS_DEVICES
            reading = device.MBUS_METER_READING
            serial = bytes.fromhex(device.MBUS_EQUIPMENT_IDENTIFIER.value).decode()
            yield HeatStand(serial, reading.datetime, int(reading.value * 10**9), telegram.delivery.received_at)
    for delivery in deliveries:
        if delivery.format == "mbus":
            for line in delivery.body.decode("ascii").splitlines():
                instant, frame_hex = line.split(" ")
                assert instant.endswith("Z")
                body = json.loads(meterbus.load(bytes.fromhex(frame_hex)).to_JSON())["body"]
                digits = "".join(part.strip()[2:] for part in body["header"]["identification"].split(","))
                energy = body["records"][0]
                heat_j = energy["value"] * (3600 if energy["unit"] == "MeasureUnit.WH" else 1)
                serial = body["header"]["manufacturer"] + digits
                at = datetime.fromisoformat(instant).astimezone(UTC)
                yield HeatStand(serial, at, heat_j, delivery.received_at)


def head_end_columns(deliveries: Iterable[Delivery]) -> Iterator[Column]:
    """Every series of every head-end batch."""
    for delivery in deliveries:
        if delivery.format == "head-end":
            for series in json.loads(delivery.body)["series"]:
                start = datetime.fromisoformat(series.pop("start"))
                yield Column(delivery=delivery, start=start, quality=series.pop("quality", None), **series)
