"""The register of meters as a CSV file: in whole or not at all, every bad line named at once."""

from __future__ import annotations

import csv
import io

from coop.metering.amounts import amount, instant_of
from coop.metering.model import Meter, MeterKind, Quantity
from coop.values import BadInput, Problem

_COLUMNS = ("serial", "kind", "connection_id", "installed_on", "removed_on", "maxima")


def read_meters(body: bytes) -> list[Meter]:
    """Meters from a CSV file: serial, kind, connection_id, installed_on, removed_on, maxima (``heat=10000 GJ``, several
    with ``;``).

    >>> body = b"serial,kind,connection_id,installed_on,removed_on,maxima\\nH1,heat,C1,2025-01-01,,heat=10000 GJ\\n"
    >>> [meter] = read_meters(body)
    >>> meter.serial, meter.installed_at.isoformat(), str(meter.maxima[Quantity.HEAT])
    ('H1', '2024-12-31T23:00:00+00:00', '10000000000000')

    Raises:
        BadInput: with line, column and reason of everything that is wrong.
    """
    try:
        rows = csv.reader(io.StringIO(body.decode("utf-8-sig"), newline=""), strict=True)
        header = next(rows, [])
        if tuple(header) != _COLUMNS:
            raise BadInput([Problem(f"the columns are {', '.join(_COLUMNS)}", "header", 1)])
        problems: list[Problem] = []
        found: list[Meter] = []
        for cells in rows:
            if cells:
                try:
                    found.append(_meter(cells))
                except BadInput as wrong:
                    problems += [Problem(one.reason, one.field, rows.line_num) for one in wrong.problems]
    except (UnicodeDecodeError, csv.Error) as error:
        raise BadInput([Problem(str(error), "file")]) from error
    if problems:
        raise BadInput(problems, "bad-meters")
    return found


def _meter(cells: list[str]) -> Meter:
    if len(cells) != len(_COLUMNS):
        raise BadInput([Problem(f"{len(cells)} cells where the header has {len(_COLUMNS)}")])
    serial, kind, connection_id, installed_on, removed_on, maxima = (cell.strip() for cell in cells)
    problems = []
    if not 0 < len(serial) <= 64 or any(letter.isspace() or letter == "\x00" for letter in serial):
        problems.append(Problem("is no serial of at most 64 characters", "serial"))
    if len(connection_id) > 100 or "\x00" in connection_id:
        problems.append(Problem("is no id of at most 100 characters", "connection_id"))
    if kind not in set(MeterKind):
        problems.append(Problem(f"{kind!r} is none of {', '.join(MeterKind)}", "kind"))
    if problems:
        raise BadInput(problems)
    most = {}
    for pair in filter(None, maxima.split(";")):
        quantity, _, text = pair.partition("=")
        if quantity not in set(Quantity):
            raise BadInput([Problem(f"{quantity!r} is no quantity", "maxima")])
        most[Quantity(quantity)] = amount(text, Quantity(quantity), "maxima")
    installed_at = instant_of(installed_on, "installed_on")
    removed_at = instant_of(removed_on, "removed_on") if removed_on else None
    return Meter(serial, MeterKind(kind), connection_id or None, installed_at, removed_at, most)
