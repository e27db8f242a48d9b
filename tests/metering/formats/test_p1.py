"""DSMR P1 telegrams. Source of the worked example E25: docs/domain/metering-formats-and-units.md#e25."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from coop.metering.intake.formats.p1 import crc16, decode
from coop.metering.model import Quantity

NOW = datetime(2026, 12, 1, tzinfo=UTC)
HEAT = ["0-1:24.1.0(004)", "0-1:96.1.0(4B57473030303031)", "0-1:24.2.1(260101000000W)(0012.34*GJ)"]
ELECTRICITY = [
    "0-0:96.1.1(4530303031)",
    "1-0:1.8.1(001234.567*kWh)",
    "1-0:1.8.2(000765.433*kWh)",
    "1-0:2.8.1(000010.001*kWh)",
    "1-0:2.8.2(000000.002*kWh)",
]


def telegram(*lines: str, at: str = "260101000500W") -> bytes:
    text = ["/KWG5\\HEAT-0001", "", "1-3:0.2.8(50)", f"0-0:1.0.0({at})", *lines, "!"]
    raw = "\r\n".join(text).encode("latin-1")
    return raw + b"%04X\r\n" % crc16(raw)


def reasons(body: bytes) -> list[str]:
    decoded = decode(body, received_at=NOW)
    assert len(decoded.problems) == len(decoded.broken)
    return [str(problem) for problem in decoded.problems]


def test_the_worked_example_is_read() -> None:
    raw = telegram(*HEAT)
    assert raw.endswith(b"!FFD1\r\n")
    (stand,) = decode(raw, received_at=NOW).stands
    assert (stand.meter, stand.quantity, stand.value, stand.unit) == ("KWG00001", Quantity.HEAT, Decimal("12.34"), "GJ")
    assert stand.at == datetime(2025, 12, 31, 23, tzinfo=UTC)


def test_a_wrong_checksum_names_both_sums_and_stops_no_neighbour() -> None:
    body = telegram(*HEAT) + telegram(*HEAT).replace(b"FFD1", b"FFD0") + telegram(*HEAT)
    decoded = decode(body, received_at=NOW)
    assert len(decoded.stands) == 2
    assert [str(p) for p in decoded.problems] == ["line 9, checksum: the telegram says FFD0, its bytes give FFD1"]
    assert decoded.broken == [telegram(*HEAT).replace(b"FFD1", b"FFD0")]


def test_import_and_export_are_the_sums_of_their_tariffs() -> None:
    stands = decode(telegram(*ELECTRICITY, *HEAT), received_at=NOW).stands
    assert [(s.meter, s.quantity, s.value, s.unit) for s in stands] == [
        ("E0001", Quantity.ELECTRICITY_IMPORT, Decimal("2000.000"), "kWh"),
        ("E0001", Quantity.ELECTRICITY_EXPORT, Decimal("10.003"), "kWh"),
        ("KWG00001", Quantity.HEAT, Decimal("12.34"), "GJ"),
    ]
    assert stands[0].at == datetime(2025, 12, 31, 23, 5, tzinfo=UTC)


@pytest.mark.parametrize(
    ("local", "instant"),
    [
        ("261025023000S", datetime(2026, 10, 25, 0, 30, tzinfo=UTC)),
        ("261025023000W", datetime(2026, 10, 25, 1, 30, tzinfo=UTC)),
        ("260329015959W", datetime(2026, 3, 29, 0, 59, 59, tzinfo=UTC)),
        ("260329030000S", datetime(2026, 3, 29, 1, tzinfo=UTC)),
        ("240229120000W", datetime(2024, 2, 29, 11, tzinfo=UTC)),
    ],
)
def test_both_sides_of_a_clock_change_are_told_apart(local: str, instant: datetime) -> None:
    (stand,) = decode(telegram(*HEAT[:2], f"0-1:24.2.1({local})(0012.34*GJ)"), received_at=NOW).stands
    assert stand.at == instant


@pytest.mark.parametrize("local", ["260329023000S", "260329023000W", "260101000000S", "260701000000W", "260230000000W"])
def test_a_time_that_the_calendar_does_not_have_is_refused(local: str) -> None:
    (reason,) = reasons(telegram(*HEAT[:2], f"0-1:24.2.1({local})(0012.34*GJ)"))
    assert reason == "line 1, 0-1:24.2.1: not a Dutch time such as 260101000000W"


def test_the_type_decides_what_the_same_code_carries() -> None:
    def channel(kind: str, value: str) -> list[str]:
        return [f"0-2:24.1.0({kind})", "0-2:96.1.0(5730303031)", f"0-2:24.2.1(260101000000W)({value})"]

    def quantities(kind: str, value: str) -> list[Quantity]:
        return [stand.quantity for stand in decode(telegram(*channel(kind, value)), received_at=NOW).stands]

    assert quantities("004", "0012.34*GJ") == quantities("012", "0012.34*GJ") == [Quantity.HEAT]
    assert quantities("010", "0012.34*GJ") == [Quantity.COLD]
    assert quantities("007", "00012.345*m3") == [Quantity.VOLUME]
    assert reasons(telegram(*channel("003", "00012.345*m3"))) == quantities("003", "00012.345*m3") == []
    assert reasons(telegram(*channel("004", "00012.345*m3"))) == ["line 1, W0001: m3 is not a unit of heat"]
    assert reasons(telegram(*channel("099", "1*m3"))) == ["line 1, 0-2:24.1.0: device type 099 is not read here"]


def test_a_bad_channel_leaves_the_electricity_alone() -> None:
    decoded = decode(telegram(*ELECTRICITY, HEAT[0], HEAT[2]), received_at=NOW)
    assert len(decoded.stands) == 2
    assert [str(problem) for problem in decoded.problems] == ["line 1, 0-1:96.1.0: no meter id in hex text"]


def test_what_no_meter_can_say_is_refused() -> None:
    over = [line.replace("001234.567", "1000000.000") for line in ELECTRICITY[:3]]
    assert reasons(telegram(*over)) == ["line 1, 1-0:1.8: 1000000.000 kWh is more than the register's 999999.999"]
    negative = telegram(*HEAT[:2], "0-1:24.2.1(260101000000W)(-012.34*GJ)")
    assert reasons(negative) == ["line 1, 0-1:24.2.1: not a number with a unit"]
    assert reasons(telegram(*ELECTRICITY[:2])) == ["line 1, 1-0:1.8: both tariffs are needed, each a number of kWh"]
    assert reasons(telegram("0-1:96.14.0(0002)")) == ["line 1, telegram: holds no register that is read here"]


def test_a_line_that_cannot_be_read_sets_its_telegram_aside() -> None:
    (reason,) = reasons(telegram(*HEAT[:2], "0-1:24.2.1(260101000000W)(0012,34*GJ)"))
    assert reason == "line 1, 0-1:24.2.1: a line cannot be read: 0-1:24.2.1(260101000000W)(0012,34*GJ)"


@pytest.mark.parametrize(
    "line", ["0-1:24.2.1(260101000000W)( *GJ)", "0-1:24.2.1(260101000000W)", "0-1:24.2.1()(12.3*GJ)"]
)
def test_a_channel_that_cannot_be_read_leaves_the_others_in_the_telegram(line: str) -> None:
    body = telegram(*ELECTRICITY, *HEAT[:2], line)
    assert [stand.quantity for stand in decode(body, received_at=NOW).stands] == [
        Quantity.ELECTRICITY_IMPORT,
        Quantity.ELECTRICITY_EXPORT,
    ]
    assert [reason.split(":24.2.1:")[0] for reason in reasons(body)] == ["line 1, 0-1"]


@pytest.mark.parametrize("length", range(1, len(telegram(*HEAT)) - 3))
def test_half_a_telegram_costs_itself_alone(length: int) -> None:
    decoded = decode(telegram(*HEAT)[:length] + telegram(*HEAT), received_at=NOW)
    assert [stand.value for stand in decoded.stands] == [Decimal("12.34")]
    assert len(decoded.problems) == 1
    assert decoded.problems[0].field == "telegram"


def test_noise_between_telegrams_is_kept_apart() -> None:
    decoded = decode(b"\xff\x00 noise\r\n" + telegram(*HEAT) + b"\r\n" + telegram(*HEAT), received_at=NOW)
    assert (len(decoded.stands), decoded.broken) == (2, [b"\xff\x00 noise\r\n"])
    assert [stand.line for stand in decoded.stands] == [2, 11]


@given(st.binary())
def test_no_bytes_crash_the_decoder(body: bytes) -> None:
    decoded = decode(body, received_at=NOW)
    assert len(decoded.problems) == len(decoded.broken)
    assert decoded.problems or not body.strip()


@given(st.lists(st.text(st.characters(codec="latin-1", exclude_characters="/!\r\n"), max_size=30), max_size=4))
def test_no_lines_under_a_right_checksum_crash_the_decoder(values: list[str]) -> None:
    codes = ["0-1:24.1.0", "0-1:96.1.0", "0-1:24.2.1", "1-0:1.8.1"]
    lines = [f"{code}({value})" for code, value in zip(codes, values, strict=False)]
    decoded = decode(telegram(*lines), received_at=NOW)
    assert len(decoded.problems) == len(decoded.broken)
    assert all(stand.meter for stand in decoded.stands)


@given(st.integers(0, 99_999_999), st.integers(0, 99_999_999))
def test_every_stand_comes_out_as_it_went_in(tariff_1_wh: int, tariff_2_wh: int) -> None:
    lines = [f"1-0:1.8.{i}({wh // 1000:06d}.{wh % 1000:03d}*kWh)" for i, wh in ((1, tariff_1_wh), (2, tariff_2_wh))]
    (stand,) = decode(telegram("0-0:96.1.1(4530303031)", *lines), received_at=NOW).stands
    assert stand.value * 1000 == tariff_1_wh + tariff_2_wh
