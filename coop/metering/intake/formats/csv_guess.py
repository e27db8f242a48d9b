"""A guess at what the columns of a file mean, and the mapping that a filled form makes of it: a person sees and mends
it before anything is read by it."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

from coop.kit.sheets import Sheet
from coop.metering.model import BASE_UNIT, Quantity, to_units
from coop.values import BadInput, Problem, read_digits, say

TIME_FORMATS: tuple[str, ...] = (
    "",
    "%d-%m-%Y %H:%M",
    "%d-%m-%Y %H:%M:%S",
    "%d/%m/%Y %H:%M",
    "%d/%m/%Y %H:%M:%S",
    "%d-%m-%Y",
    "%d/%m/%Y",
    "%Y/%m/%d %H:%M",
    "%Y%m%d%H%M%S",
)
"""Ways in which a time may be written; the first is ISO 8601, such as 2026-01-31 12:00."""

ZONES: tuple[str, ...] = ("Europe/Amsterdam", "UTC", "Etc/GMT-1")
"""Clocks by which times may be told; the last is winter time all year."""

UNITS: Mapping[Quantity, tuple[str, ...]] = {
    Quantity.HEAT: ("GJ", "MJ", "kWh", "MWh"),
    Quantity.COLD: ("GJ", "MJ", "kWh", "MWh"),
    Quantity.ELECTRICITY_IMPORT: ("kWh", "Wh", "MWh"),
    Quantity.ELECTRICITY_EXPORT: ("kWh", "Wh", "MWh"),
    Quantity.VOLUME: ("m3", "l"),
    Quantity.OUTSIDE_TEMPERATURE: ("degC",),
    Quantity.SOURCE_TEMPERATURE: ("degC",),
}
"""Quantities that a file may hold, each with its units."""

STEPS: Mapping[str, int] = {"stand": 0, "900": 900, "3600": 3600, "86400": 86400}
"""What a value may be: a stand, or the use of so many seconds."""

DELIMITER = ";"

_TIME = re.compile(r"tijd|time|datum|date|moment", re.IGNORECASE)
_METER = re.compile(r"meter|serial|serie", re.IGNORECASE)
_MEANINGS = (
    (re.compile(r"terug|export|feed|opwek|productie", re.IGNORECASE), Quantity.ELECTRICITY_EXPORT),
    (re.compile(r"stroom|elek|elec|import|afname|levering", re.IGNORECASE), Quantity.ELECTRICITY_IMPORT),
    (re.compile(r"volume|m3|water", re.IGNORECASE), Quantity.VOLUME),
    (re.compile(r"buiten|outside", re.IGNORECASE), Quantity.OUTSIDE_TEMPERATURE),
    (re.compile(r"warmte|heat|gj|energie|energy|stand|waarde|value|kwh", re.IGNORECASE), Quantity.HEAT),
)
_UNIT_IN_NAME = re.compile(r"(?<![a-z])(GJ|MJ|MWh|kWh|Wh|m3)(?![a-z0-9])", re.IGNORECASE)
_FINEST = -12


@dataclass(frozen=True)
class Choice:
    """Guess at what a column of values holds; ``what`` is a key of ``STEPS``."""

    quantity: Quantity
    unit: str
    what: str = "stand"


def write_csv(sheet: Sheet) -> bytes:
    """A table as the CSV file that is kept: semicolons, which no number holds, and UTF-8."""
    text = io.StringIO()
    writer = csv.writer(text, delimiter=DELIMITER, lineterminator="\n")
    writer.writerow(sheet.header)
    writer.writerows(cells for _, cells in sheet.lines)
    return text.getvalue().encode()


def guess(sheet: Sheet) -> dict[str, str]:
    """The fields of the mapping's form, filled in as far as the file tells."""
    filled = {"timezone": ZONES[0], "time_column": "", "meter_column": "", "time_format": "", "decimal": "."}
    for at, name in enumerate(sheet.header):
        cells = [cells[at] for _, cells in sheet.lines[:50] if cells[at]]
        if not filled["time_column"] and _TIME.search(name):
            filled["time_column"] = str(at)
            filled["time_format"] = _guess_format(cells)
        elif not filled["meter_column"] and _METER.search(name) and not all(map(_is_number, cells)):
            filled["meter_column"] = str(at)
        elif cells and all(map(_is_number, cells)):
            quantity = next((meant for words, meant in _MEANINGS if words.search(name)), None)
            if quantity is not None and quantity.value not in filled.values():
                named = _UNIT_IN_NAME.search(name)
                units = {unit.lower(): unit for unit in UNITS[quantity]}
                filled[f"quantity.{at}"] = quantity.value
                filled[f"unit.{at}"] = units.get(named[1].lower() if named else "", UNITS[quantity][0])
            if any("," in cell for cell in cells):
                filled["decimal"] = ","
        elif not filled["meter_column"] and _METER.search(name):
            filled["meter_column"] = str(at)
    return filled


def read_mapping(filled: Mapping[str, str], sheet: Sheet) -> dict[str, Any]:
    """The mapping that a filled form makes, as ``CsvMapping`` takes it.

    Raises:
        BadInput: with every field that is wrong.
    """
    problems = []
    time_at, meter_at = _place(filled, "time_column", sheet), _place(filled, "meter_column", sheet)
    meter = filled.get("meter", "").strip()
    if time_at is None:
        problems.append(Problem(say("choose the column that holds the time"), "time_column"))
    if (meter_at is None) == (not meter):
        reason = say("choose the column that names the meter, or give the one meter of the whole file: one of the two")
        problems.append(Problem(reason, "meter_column"))
    columns, wrong = _read_columns(filled, sheet)
    problems += wrong
    if not columns and not wrong:
        problems.append(Problem(say("say of at least one column what it counts"), "columns"))
    if filled.get("timezone") not in ZONES:
        problems.append(Problem(say("choose a clock"), "timezone"))
    if filled.get("time_format", "") not in TIME_FORMATS:
        problems.append(Problem(say("choose how times are written"), "time_format"))
    if twice := [name for name in dict.fromkeys(sheet.header) if sheet.header.count(name) > 1]:
        reason = say("the file has more than one column %(names)s: give them different names", names=tuple(twice))
        problems.append(Problem(reason, "columns"))
    if problems or time_at is None:
        raise BadInput(problems, "bad-mapping")
    mapping: dict[str, Any] = {
        "time_column": sheet.header[time_at],
        "columns": columns,
        "delimiter": DELIMITER,
        "decimal": "," if filled.get("decimal") == "," else ".",
        "timezone": filled["timezone"],
        "time_format": filled.get("time_format", ""),
    }
    return mapping | ({"meter": meter} if meter_at is None else {"meter_column": sheet.header[meter_at]})


def fill_again(mapping: Mapping[str, Any], sheet: Sheet) -> dict[str, str]:
    """The form that a mapping which was kept fills in, as far as a file has its columns."""
    places = {name: str(at) for at, name in enumerate(sheet.header)}
    filled = {
        "time_column": places.get(mapping["time_column"], ""),
        "meter_column": places.get(mapping.get("meter_column", ""), ""),
        "meter": mapping.get("meter", ""),
        "timezone": mapping["timezone"],
        "time_format": mapping["time_format"],
        "decimal": mapping["decimal"],
        "time_is": next((column["time_is"] for column in mapping["columns"] if column.get("time_is")), "start"),
    }
    for column in mapping["columns"]:
        if at := places.get(column["column"]):
            filled |= {
                f"quantity.{at}": column["quantity"],
                f"unit.{at}": column["unit"],
                f"what.{at}": str(column.get("step_s") or "stand"),
            }
    return filled


def map_again(mapping: Mapping[str, Any], sheet: Sheet) -> dict[str, Any]:
    """A mapping that was kept, for a file that nobody looks at: it has every column that the mapping names.

    Raises:
        BadInput: it lacks some, or they are no longer what the mapping says.
    """
    named = [mapping["time_column"], mapping.get("meter_column"), *(column["column"] for column in mapping["columns"])]
    if missing := tuple(name for name in named if name and name not in sheet.header):
        raise BadInput([Problem(say("the file has no column %(names)s", names=missing), line=1)], "bad-mapping")
    return read_mapping(fill_again(mapping, sheet), sheet)


def _read_columns(filled: Mapping[str, str], sheet: Sheet) -> tuple[list[dict[str, Any]], list[Problem]]:
    columns: list[dict[str, Any]] = []
    problems: list[Problem] = []
    for at, name in enumerate(sheet.header):
        quantity = filled.get(f"quantity.{at}", "")
        if not quantity:
            continue
        unit, what = filled.get(f"unit.{at}", ""), filled.get(f"what.{at}", "stand")
        units = UNITS.get(Quantity(quantity), ()) if quantity in set(Quantity) else ()
        if unit not in units:
            reason = say("is counted in %(units)s", units=units) if units else say("choose what is counted")
            problems.append(Problem(reason, f"unit.{at}"))
        elif what not in STEPS:
            problems.append(Problem(say("choose what a value is"), f"what.{at}"))
        elif any(column["quantity"] == quantity for column in columns):
            problems.append(Problem(say("a column before it counts the same"), f"quantity.{at}"))
        elif STEPS[what]:
            interval: dict[str, Any] = {"kind": "interval", "step_s": STEPS[what]}
            interval |= {"time_is": "end"} if filled.get("time_is") == "end" else {}
            columns.append({"column": name, "quantity": quantity, "unit": unit, **interval})
        else:
            exponent = _find_exponent([cells[at] for _, cells in sheet.lines], unit, Quantity(quantity))
            fine = {"exponent": exponent} if exponent else {}
            columns.append({"column": name, "quantity": quantity, "unit": unit, **fine})
    return columns, problems


def _find_exponent(cells: Sequence[str], unit: str, quantity: Quantity) -> int:
    """The resolution in which every value is a whole number: 0, or finer where the decimals ask for it."""
    if BASE_UNIT[quantity] == "degC":
        return -2
    decimals = max((len(re.split(r"[.,]", cell)[-1]) for cell in cells if re.search(r"[.,]", cell)), default=0)
    smallest = Decimal(1).scaleb(-min(decimals, -_FINEST))
    for exponent in range(0, _FINEST, -1):
        try:
            to_units(smallest, unit, quantity, exponent)
        except ValueError:
            continue
        return exponent
    return _FINEST


def _place(filled: Mapping[str, str], field: str, sheet: Sheet) -> int | None:
    place = read_digits(filled.get(field, ""))
    return place if place is not None and place < len(sheet.header) else None


def _guess_format(cells: Sequence[str]) -> str:
    for written in TIME_FORMATS:
        if cells and all(_fits(cell, written) for cell in cells):
            return written
    return ""


def _fits(cell: str, written: str) -> bool:
    try:
        if written:
            datetime.strptime(cell, written)  # noqa: DTZ007 - only whether it can be read
        else:
            datetime.fromisoformat(cell)
    except ValueError:
        return False
    return True


def _is_number(cell: str) -> bool:
    return re.fullmatch(r"[+-]?\d{1,15}([.,]\d{1,15})?", cell) is not None
