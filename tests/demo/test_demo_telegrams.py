import json
from datetime import UTC, datetime

import meterbus
import pytest
from dsmr_parser import telegram_specifications
from dsmr_parser.parsers import TelegramParser

from coop.demo.telegrams import (
    Column,
    MbusReading,
    P1Reading,
    bcd,
    head_end,
    mbus_frame,
    mbus_line,
    p1,
    p1_telegram,
    p1_time,
)

AT = datetime(2025, 7, 8, 22, tzinfo=UTC)


def test_the_p1_example_comes_out_byte_for_byte() -> None:
    # E25: docs/domain/metering-formats-and-units.md#e25.
    lines = [
        "1-3:0.2.8(50)",
        "0-0:1.0.0(260101000500W)",
        "0-1:24.1.0(004)",
        "0-1:96.1.0(4B57473030303031)",
        "0-1:24.2.1(260101000000W)(0012.34*GJ)",
    ]
    assert p1_telegram("/KWG5\\HEAT-0001", lines) == (
        b"/KWG5\\HEAT-0001\r\n\r\n1-3:0.2.8(50)\r\n0-0:1.0.0(260101000500W)\r\n0-1:24.1.0(004)\r\n"
        b"0-1:96.1.0(4B57473030303031)\r\n0-1:24.2.1(260101000000W)(0012.34*GJ)\r\n!FFD1\r\n"
    )


@pytest.mark.parametrize(
    ("at", "text"),
    [
        (datetime(2025, 12, 31, 23, tzinfo=UTC), "260101000000W"),
        (datetime(2025, 3, 30, 0, 59, tzinfo=UTC), "250330015900W"),
        (datetime(2025, 3, 30, 1, 0, tzinfo=UTC), "250330030000S"),
        (datetime(2025, 10, 26, 0, 30, tzinfo=UTC), "251026023000S"),
        (datetime(2025, 10, 26, 1, 30, tzinfo=UTC), "251026023000W"),
        (datetime(2025, 6, 30, 22, tzinfo=UTC), "250701000000S"),
    ],
)
def test_p1_times_say_summer_or_winter(at: datetime, text: str) -> None:
    assert p1_time(at) == text


def test_dsmr_parser_reads_a_telegram_back() -> None:
    reading = P1Reading(
        "/KWG5\\COOP-0002", AT, "E0045000212345678", (1_234_567, 7), (0, 89_000), 1, -1530, "KWG00020001", 999_999
    )
    telegram = TelegramParser(telegram_specifications.V5).parse(p1(reading).decode())
    assert str(telegram.ELECTRICITY_USED_TARIFF_1.value) == "1234.567"
    assert str(telegram.ELECTRICITY_USED_TARIFF_2.value) == "0.007"
    assert str(telegram.ELECTRICITY_DELIVERED_TARIFF_2.value) == "89.000"
    assert str(telegram.CURRENT_ELECTRICITY_USAGE.value) == "0.000"
    assert str(telegram.CURRENT_ELECTRICITY_DELIVERY.value) == "1.530"
    assert bytes.fromhex(telegram.EQUIPMENT_IDENTIFIER.value) == b"E0045000212345678"
    (device,) = telegram.MBUS_DEVICES
    assert device.MBUS_DEVICE_TYPE.value == 4
    assert bytes.fromhex(device.MBUS_EQUIPMENT_IDENTIFIER.value) == b"KWG00020001"
    assert str(device.MBUS_METER_READING.value) == "9999.99"
    assert device.MBUS_METER_READING.datetime == AT


@pytest.mark.parametrize(
    ("resolution_j", "heat", "value", "unit"),
    [
        (3_600_000, 12_345_678, 12_345_678_000, "Wh"),
        (10_000_000, 1234, 12_340_000_000, "J"),
        (1_000_000, 9, 9_000_000, "J"),
    ],
)
def test_pymeterbus_reads_a_frame_back(resolution_j: int, heat: int, value: int, unit: str) -> None:
    reading = MbusReading("LUG00031234", 7, AT, heat, resolution_j, 8, 33_840, 691, 391, 1703, 48)
    frame = meterbus.load(mbus_frame(reading))
    document = json.loads(frame.to_JSON())
    header, records = document["body"]["header"], document["body"]["records"]
    assert header["manufacturer"] == "LUG"
    assert "".join(part.strip()[2:] for part in header["identification"].split(",")) == "00031234"
    assert header["access_no"] == 7
    energy, volume, flow, back, power, stream, time = records
    assert (energy["value"], energy["unit"]) == (value, f"MeasureUnit.{unit.upper()}")
    assert [round(volume["value"], 2), round(flow["value"], 1), round(back["value"], 1)] == [338.4, 69.1, 39.1]
    assert [power["value"], round(stream["value"], 3)] == [1703, 0.048]
    # The frame says civil time; midnight in Amsterdam is 22:00 UTC in summer.
    assert time["value"] == "2025-07-09T00:00"


def test_the_time_point_of_a_frame_marks_summer_time() -> None:
    summer = mbus_frame(MbusReading("KAM00000001", 0, AT, 0, 3_600_000, 8, 0, 0, 0, 0, 0))
    winter = mbus_frame(MbusReading("KAM00000001", 0, AT.replace(month=1), 0, 3_600_000, 8, 0, 0, 0, 0, 0))
    assert (summer[-5] & 0x80, winter[-5] & 0x80) == (0x80, 0)


def test_a_value_that_does_not_fit_its_digits_is_refused() -> None:
    with pytest.raises(ValueError, match="8 digits"):
        bcd(100_000_000, 8)


def test_a_concentrator_line_is_the_capture_instant_and_the_frame() -> None:
    assert mbus_line(AT, bytes([0x68, 0x16])) == b"2025-07-08T22:00:00Z 6816\n"


def test_a_head_end_batch_names_missing_values_and_corrects_none() -> None:
    columns = [Column("871687000000000016", "electricity_import", AT, 900, [1, None])]
    (first,) = json.loads(head_end("headend-1", AT, columns))["series"]
    assert first["values"] == [1, None]
    assert "quality" not in first
    assert (first["unit"], first["start"], first["step_s"]) == ("Wh", "2025-07-08T22:00:00Z", 900)
