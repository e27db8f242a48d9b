"""Files as a door: each file of a folder is one delivery; meters and exchanges come as CSV.

The format of a file follows from its name: ``*.p1`` and ``*.dsmr`` are P1 telegrams, ``*.mbus`` and ``*.hex`` M-Bus
frames, ``*.json`` head-end batches, and ``*.csv`` needs its column mapping beside it in ``<name>.mapping.json``.
"""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

from coop.kit.database import Database
from coop.metering.handlers.receive import decode_delivery, receive
from coop.metering.model import Meter, MeterKind, Quantity, Receipt
from coop.metering.values_in import amount, instant_of
from coop.values import BadInput, Problem

FORMAT_OF = {".p1": "p1", ".dsmr": "p1", ".mbus": "mbus", ".hex": "mbus", ".json": "head-end", ".csv": "csv"}
MAPPING = ".mapping.json"

_COLUMNS = ("serial", "kind", "connection_id", "installed_on", "removed_on", "maxima")


def import_path(
    database: Database, community: str, path: Path, received_at: datetime, gateway: str = "file"
) -> Iterator[tuple[Path, Receipt | BadInput]]:
    """Take in a file, or every file of a folder in the order of names; each is durable before the next is read.

    Yields:
        Each file with its receipt, or with what is wrong with it: the others go on.
    """
    files = sorted(one for one in path.rglob("*") if one.is_file()) if path.is_dir() else [path]
    for file in files:
        if file.name.endswith(MAPPING):
            continue
        try:
            yield file, _import_file(database, community, file, received_at, gateway)
        except BadInput as wrong:
            yield file, wrong


def _import_file(database: Database, community: str, file: Path, received_at: datetime, gateway: str) -> Receipt:
    format = FORMAT_OF.get(file.suffix.lower())
    if format is None:
        raise BadInput([Problem(f"no format goes with {file.suffix or 'a name without an ending'}", file.name)])
    mapping = None
    if format == "csv":
        beside = file.with_name(file.stem + MAPPING)
        if not beside.exists():
            raise BadInput([Problem(f"a CSV file needs its column mapping in {beside.name}", file.name)], "bad-mapping")
        try:
            mapping = json.loads(beside.read_text())
        except ValueError as error:
            raise BadInput([Problem(f"is not JSON: {error}", beside.name)], "bad-mapping") from error
    delivery = decode_delivery(format, file.read_bytes(), gateway=gateway, received_at=received_at, mapping=mapping)
    with database.write() as connection:
        return receive(connection, community, delivery)


def read_meters(body: bytes) -> list[Meter]:
    """Meters from a CSV file: serial, kind, connection_id, installed_on, removed_on, maxima (``heat=10000 GJ``, several
    with ``;``).

    >>> body = b"serial,kind,connection_id,installed_on,removed_on,maxima\\nH1,heat,C1,2025-01-01,,heat=10000 GJ\\n"
    >>> [(meter.serial, meter.installed_at.isoformat(), str(meter.maxima[Quantity.HEAT])) for meter in read_meters(body)]
    [('H1', '2024-12-31T23:00:00+00:00', '10000000000000')]

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
    if not serial or any(letter.isspace() for letter in serial):
        problems.append(Problem("is no serial", "serial"))
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
