"""M-Bus answers, against libmbus' reading of ten real frames.

Where the oracle and EN 13757-3 disagree the standard is followed, and ``DISAGREEMENTS`` says which records and why.
"""

from __future__ import annotations

import xml.etree.ElementTree as ElementTree
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from coop.metering.intake.formats.mbus import decode, records
from coop.metering.intake.formats.mbus_records import Function, Record
from coop.metering.intake.receive import decode_delivery
from coop.metering.model import Quantity
from coop.values import BadInput

NOW = datetime(2026, 1, 1, tzinfo=UTC)
FRAMES = [
    "ELS_Elster-F96-Plus",
    "SEN_Pollustat",
    "allmess_cf50",
    "engelmann_sensostar2c",
    "itron_cf_55",
    "kamstrup_multical_601",
    "landis+gyr_ultraheat_t230",
    "sen_pollucom_e",
    "sontex_supercal_531_telegram1",
    "svm_f22_telegram1",
]
UNITS = {"m^3": "m3", "m^3/h": "m3/h", "°C": "degC", "-": "", "Units for H.C.A.": ""}
QUANTITIES = {
    "time point (date)": "time point",
    "time point (date & time)": "time point",
    "fabrication no": "fabrication number",
    "h.c.a.": "heat cost allocator",
}

# (frame, record) -> (what the oracle says, what the standard says, why).
DISAGREEMENTS: dict[tuple[str, int], tuple[str, tuple[str, str, object], str]] = {
    ("ELS_Elster-F96-Plus", 4): (
        "13131113.000000",
        ("power", "W", None),
        "DD DD EB BD is no decimal: hex digits in type A mean no value; libmbus drops some and adds up",
    ),
    ("ELS_Elster-F96-Plus", 5): ("131.113000", ("volume flow", "m3/h", None), "as the record before"),
    ("SEN_Pollustat", 12): (
        "11582321.000000",
        ("duration of volume flow", "s", Decimal(11582321)),
        "VIFE 50 makes it the seconds below the first lower limit; libmbus leaves VIFE out and calls it m3/h",
    ),
    ("SEN_Pollustat", 13): (
        "756.000000",
        ("duration of volume flow", "s", Decimal(756)),
        "VIFE 58: the seconds above the upper limit",
    ),
    ("landis+gyr_ultraheat_t230", 19): (
        "0.000000",
        ("time of power", "", None),
        "VIFE 6F makes it the moment at which the maximum ended, type F, here not set; libmbus reads it as the power",
    ),
    ("landis+gyr_ultraheat_t230", 20): ("0.000000", ("time of volume flow", "", None), "VIFE 6F, not set"),
    ("landis+gyr_ultraheat_t230", 21): (
        "41065374.600000",
        ("time of flow temperature", "", datetime.fromisoformat("2011-08-26T20:50")),
        "VIFE 6F: 32 14 7A 18 is a type F moment",
    ),
    ("landis+gyr_ultraheat_t230", 22): (
        "40953732.300000",
        ("time of return temperature", "", datetime.fromisoformat("2011-08-09T11:43")),
        "VIFE 6F: 2B 0B 69 18 is a type F moment",
    ),
    ("landis+gyr_ultraheat_t230", 32): (
        "2027-01-01T00:00:00Z",
        ("time point", "", None),
        "year 127 means each year; libmbus folds it into 2027",
    ),
}


def oracle(path: Path) -> ElementTree.Element:
    # The files declare ISO-8859-1 and hold UTF-8.
    return ElementTree.parse(path, ElementTree.XMLParser(encoding="utf-8")).getroot()


def civil(value: object) -> object:
    """Meters tell civil time: libmbus hangs a Z on it, we the offset of their standard time."""
    return value.replace(tzinfo=None) if isinstance(value, datetime) else value


def oracle_value(text: str | None, quantity: str, record: Record) -> object:
    if text is None:
        return None
    if record.function is Function.MANUFACTURER:
        return text
    if quantity == "time point":
        moment = datetime.fromisoformat(text)
        return moment.replace(tzinfo=None) if "T" in text else moment.date()
    return Decimal(text)


@pytest.mark.parametrize("name", FRAMES)
def test_real_frames_agree_with_libmbus(name: str, shared_data: Callable[[str], Path]) -> None:
    found = records(bytes.fromhex(shared_data(f"mbus/{name}.hex").read_text()))
    expected = oracle(shared_data(f"mbus/{name}.xml")).findall("DataRecord")
    assert len(found) == len(expected)
    for index, (record, told) in enumerate(zip(found, expected, strict=True)):
        text = told.findtext("Value") or None
        unit, quantity = told.findtext("Unit") or "", (told.findtext("Quantity") or "").lower()
        want = (QUANTITIES.get(quantity, quantity), UNITS.get(unit, unit), oracle_value(text, record.quantity, record))
        value = civil(record.value)
        if (name, index) in DISAGREEMENTS:
            told_by_oracle, want, _ = DISAGREEMENTS[name, index]
            assert text == told_by_oracle
        if record.is_real:
            # The oracle prints six decimals of a 32-bit float; ours is its exact value.
            assert isinstance(value, Decimal)
            value = value.quantize(Decimal("0.000001"))
        assert (record.quantity, record.unit, value) == want
        assert record.function.value == str(told.findtext("Function")).lower()
        assert record.storage == int(told.findtext("StorageNumber") or 0)
        assert (record.tariff, record.subunit) == (int(told.findtext("Tariff") or 0), int(told.findtext("Device") or 0))


@pytest.mark.parametrize("name", FRAMES)
def test_the_meter_of_a_real_frame_is_its_maker_and_number(name: str, shared_data: Callable[[str], Path]) -> None:
    slave = oracle(shared_data(f"mbus/{name}.xml")).find("SlaveInformation")
    assert slave is not None
    decoded = decode(shared_data(f"mbus/{name}.hex").read_bytes(), received_at=NOW)
    meter = f"{slave.findtext('Manufacturer')}{int(slave.findtext('Id') or 0):08d}"
    assert {stand.meter for stand in decoded.stands} == {meter}
    assert {stand.quantity for stand in decoded.stands} >= {Quantity.HEAT, Quantity.VOLUME}


def test_only_plain_records_of_a_real_frame_become_stands(shared_data: Callable[[str], Path]) -> None:
    stands = decode(shared_data("mbus/kamstrup_multical_601.hex").read_bytes(), received_at=NOW).stands
    assert [(s.meter, s.quantity, str(s.value), s.unit) for s in stands] == [
        ("KAM06855817", Quantity.HEAT, "37351000", "Wh"),
        ("KAM06855817", Quantity.VOLUME, "561.08", "m3"),
        ("KAM06855817", Quantity.FLOW_TEMPERATURE, "101.69", "degC"),
        ("KAM06855817", Quantity.RETURN_TEMPERATURE, "46.16", "degC"),
        ("KAM06855817", Quantity.POWER, "34700", "W"),
        ("KAM06855817", Quantity.VOLUME_FLOW, "0.543", "m3/h"),
    ]


def test_a_pulse_value_is_no_volume_register(shared_data: Callable[[str], Path]) -> None:
    stands = decode(shared_data("mbus/engelmann_sensostar2c.hex").read_bytes(), received_at=NOW).stands
    assert [stand.value for stand in stands if stand.quantity is Quantity.VOLUME] == [Decimal("12.9")]


def test_a_sensor_that_is_not_fitted_spoils_only_its_own_value(shared_data: Callable[[str], Path]) -> None:
    decoded = decode(shared_data("mbus/svm_f22_telegram1.hex").read_bytes(), received_at=NOW)
    assert [str(problem) for problem in decoded.problems] == [
        "line 1, SVM01006089 flow temperature: 243.00 degC is outside -60 .. 200 degC",
        "line 1, SVM01006089 return temperature: 243.00 degC is outside -60 .. 200 degC",
    ]
    assert Decimal(28014000) in [stand.value for stand in decoded.stands]


def test_a_real_file_wrapped_over_lines_is_one_frame(shared_data: Callable[[str], Path]) -> None:
    raw = shared_data("mbus/kamstrup_multical_601.hex").read_text()
    wrapped = "# from the cellar\n" + "\n".join(raw[i : i + 48] for i in range(0, len(raw), 48))
    whole = decode(raw.encode(), received_at=NOW)
    assert [s.value for s in decode(wrapped.encode(), received_at=NOW).stands] == [s.value for s in whole.stands]


def frame(*data: str, medium: int = 0x04, control: int = 0x08, ci: int = 0x72, signature: str = "0000") -> bytes:
    body = bytes([control, 1, ci]) + bytes.fromhex(f"17588506 2D2C 08 {medium:02X} 04 00 {signature} {' '.join(data)}")
    return bytes([0x68, len(body), len(body), 0x68]) + body + bytes([sum(body) % 256, 0x16])


ENERGY = "04 06 E7910000"
TIME = "04 6D 1A2F6511"  # 2011-01-05 15:26


def stands_of(*data: str, medium: int = 0x04) -> list[tuple[Quantity, str, str]]:
    decoded = decode(frame(*data, medium=medium).hex().encode(), received_at=NOW)
    return [(stand.quantity, str(stand.value), stand.unit) for stand in decoded.stands]


def reasons(body: bytes) -> list[str]:
    decoded = decode(body, received_at=NOW)
    assert len(decoded.problems) == len(decoded.broken)
    return [str(problem) for problem in decoded.problems]


def test_the_instant_of_the_line_goes_before_the_clock_of_the_meter() -> None:
    at = [
        decode(body.encode(), received_at=NOW).stands[0].at
        for body in (
            f"2025-12-31T12:00:00Z {frame(ENERGY, TIME).hex()}",
            frame(ENERGY, TIME).hex(),
            frame(ENERGY, "04 6D 1AAF6511").hex(),  # The same with the summer bit.
            frame(ENERGY, "04 6D 9A2F6511").hex(),  # The same, marked as invalid by the meter.
            frame(ENERGY).hex(),
        )
    ]
    meter_clock, in_summer = datetime(2011, 1, 5, 14, 26, tzinfo=UTC), datetime(2011, 1, 5, 13, 26, tzinfo=UTC)
    assert at == [datetime(2025, 12, 31, 12, tzinfo=UTC), meter_clock, in_summer, NOW, NOW]


def test_the_same_bytes_without_a_time_are_another_reading_on_another_day() -> None:
    def ids(body: str) -> list[str]:
        instants = (NOW, NOW + timedelta(hours=1), NOW + timedelta(days=1))
        return [decode_delivery("mbus", body.encode(), gateway="gw", received_at=at).id("demo") for at in instants]

    first, again, next_day = ids(frame(ENERGY).hex())
    assert first == again != next_day
    assert len(set(ids(frame(ENERGY, TIME).hex()))) == 1
    assert len(set(ids(f"2025-12-31T12:00:00Z {frame(ENERGY).hex()}"))) == 1


def test_electricity_is_import_or_export_and_never_dropped_beside_its_power() -> None:
    power = (Quantity.POWER, "10", "W")
    assert stands_of(ENERGY, "02 2B 0A00", medium=0x02) == [(Quantity.ELECTRICITY_IMPORT, "37351000", "Wh"), power]
    both = stands_of("04 86 3B E7910000", "04 86 3C 05000000", medium=0x02)
    assert both == [
        (Quantity.ELECTRICITY_IMPORT, "37351000", "Wh"),
        (Quantity.ELECTRICITY_EXPORT, "5000", "Wh"),
    ]


@pytest.mark.parametrize(("medium", "kept"), [(0x07, True), (0x16, True), (0x04, True), (0x01, False), (0x03, False)])
def test_a_volume_of_gas_or_oil_is_no_water(medium: int, kept: bool) -> None:
    said = frame("04 13 7B000000", medium=medium).hex().encode()
    decoded = decode(said, received_at=NOW)
    assert [stand.quantity for stand in decoded.stands] == ([Quantity.VOLUME] if kept else [])
    assert bool(decoded.problems) != kept, "what is left out says so"


def test_energy_is_heat_or_cold_by_the_medium_and_the_sign_of_the_flow() -> None:
    assert stands_of(ENERGY, medium=0x0C) == [(Quantity.HEAT, "37351000", "Wh")]
    assert stands_of(ENERGY, medium=0x0A) == [(Quantity.COLD, "37351000", "Wh")]
    both = stands_of("04 86 3B E7910000", "04 86 3C 05000000", medium=0x0D)
    assert both == [(Quantity.HEAT, "37351000", "Wh"), (Quantity.COLD, "5000", "Wh")]
    assert stands_of(ENERGY, medium=0x07) == []


def test_joules_and_other_units_keep_what_the_meter_says() -> None:
    assert stands_of("0C 0E 19900100") == [(Quantity.HEAT, "19019000000", "J")]
    assert stands_of("04 FB 08 02000000") == [(Quantity.HEAT, "200000000", "J")]
    assert stands_of("02 32 0A00") == [(Quantity.POWER, "0", "W")]  # 1,000 J/h
    assert stands_of("02 43 0A00") == [(Quantity.VOLUME_FLOW, "0.060", "m3/h")]  # 1 l/min
    assert stands_of("01 86 7D 05") == [(Quantity.HEAT, "5000000", "Wh")]  # kWh times a thousand


def test_impossible_and_absent_values_are_refused_by_name() -> None:
    assert reasons(frame("04 06 FFFFFFFF").hex().encode()) == ["line 1, KAM06855817 energy: -1000 Wh is negative"]
    assert reasons(frame("0C 06 BDEBDDDD").hex().encode()) == ["line 1, KAM06855817 energy: the meter gives no number"]
    assert reasons(frame("05 3E 0000C07F", ENERGY).hex().encode()) == [
        "line 1, KAM06855817 volume flow: the meter gives no number"
    ]
    assert reasons(frame(TIME).hex().encode()) == [
        "line 1, KAM06855817: holds no register that is read here (medium 04)"
    ]


@pytest.mark.parametrize(
    ("broken", "reason"),
    [
        (b"\x69" + frame(ENERGY)[1:], "start: a long frame starts 68 L L 68, this one 69 15 15 68"),
        (frame(ENERGY)[:2] + b"\x16" + frame(ENERGY)[3:], "length: it must be given twice alike, here 15 16"),
        (frame(ENERGY)[:-1], "length: 27 bytes announced, 26 received"),
        (frame(ENERGY) + b"\x00", "length: 27 bytes announced, 28 received"),
        (frame(ENERGY)[:-1] + b"\x17", "stop: a frame ends with 16, this one with 17"),
        (frame(ENERGY)[:-2] + b"\x00\x16", f"checksum: the frame says 00, its bytes give {frame(ENERGY)[-2]:02X}"),
        (frame(ENERGY, control=0x53), "control: 53 is not the answer to a request for data (08)"),
        (frame(ENERGY, ci=0x73), "control information: 73 is not a variable data answer with header (72)"),
        (frame(ENERGY, signature="0005"), "signature: the answer is encrypted (mode 5); keys are not kept here"),
        (frame("04 06 E791"), "record 0: cut off by the end of the frame"),
        (b"\x68\x03\x03\x68\x08\x01\x72\x7b\x16", "length: 3 bytes cannot hold the header of an answer"),
    ],
)
def test_a_broken_frame_is_named_and_its_neighbours_are_read(broken: bytes, reason: str) -> None:
    good = frame(ENERGY).hex()
    decoded = decode(f"{good}\n{broken.hex()}\n{good}\n".encode(), received_at=NOW)
    assert [str(problem) for problem in decoded.problems] == [f"line 2, {reason}"]
    assert decoded.broken == [broken.hex().encode()]
    assert len(decoded.stands) == 2
    with pytest.raises(BadInput, match=reason.split(":")[0]):
        records(broken)


def test_lines_that_are_no_frames_are_named() -> None:
    assert reasons(b"68 zz") == ["line 1, frame: not hex: pairs of 0-9 and A-F"]
    assert reasons(f"2025-12-31T25:00:00Z {frame(ENERGY).hex()}".encode()) == [
        "line 1, time: 2025-12-31T25:00:00Z is not an instant such as 2026-01-01T00:00:00Z"
    ]
    assert reasons(f"2025-12-31 12:00 {frame(ENERGY).hex()}".encode()) == [
        "line 1, time: not an instant such as 2026-01-01T00:00:00Z followed by a space"
    ]


def test_the_next_frame_ends_half_a_frame() -> None:
    half = frame(ENERGY).hex()[:20]
    decoded = decode(f"{half}\n{frame(ENERGY).hex()}\n2026-01-01T00:00:00Z {half}".encode(), received_at=NOW)
    assert len(decoded.stands) == 1
    assert [(problem.line, problem.field) for problem in decoded.problems] == [(1, "length"), (3, "length")]


def test_a_date_without_a_clock_is_a_date() -> None:
    assert [record.value for record in records(frame("42 6C 5F1C"))] == [date(2010, 12, 31)]


@given(st.binary())
def test_no_bytes_crash_the_decoder(body: bytes) -> None:
    decoded = decode(body, received_at=NOW)
    assert len(decoded.problems) == len(decoded.broken)


@given(st.binary(max_size=60), st.sampled_from([0x72, 0x76]), st.integers(0, 255))
def test_no_records_under_a_right_checksum_crash_the_decoder(data: bytes, ci: int, medium: int) -> None:
    decoded = decode(frame(data.hex(), ci=ci, medium=medium).hex().encode(), received_at=NOW)
    assert decoded.problems or decoded.stands


@given(st.integers(0, 2**31 - 1), st.integers(0, 7))
def test_every_register_comes_out_exactly(value: int, exponent: int) -> None:
    (record,) = records(frame(f"04 {exponent:02X} {value.to_bytes(4, 'little').hex()}"))
    assert record.value == Decimal(value).scaleb(exponent - 3)
