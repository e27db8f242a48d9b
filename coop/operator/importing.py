"""``coop import`` and ``coop deadletters``: the operator's way in, through the same handlers as every other door."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from coop.kit import clock, inbox
from coop.kit.settings import Settings
from coop.members.formats.register_csv import COLUMNS
from coop.members.handlers import import_register
from coop.members.handlers import undo_import as undo_register
from coop.metering.formats import FORMATS
from coop.metering.handlers.receive import CSV, decode_delivery, preview, receive
from coop.metering.handlers.receive import undo_import as undo_readings
from coop.operator.operations import replay
from coop.operator.runtime import Room, open_room, replayers
from coop.values import CoopError

MOST_LETTERS = 100_000
"""More than anybody reads; a consumer stops long before so many are parked."""


@dataclass(frozen=True)
class Imported:
    """What became of a file, in words; it is not ``whole`` when something in it was parked."""

    text: str
    whole: bool


def import_path(
    settings: Settings,
    path: Path,
    kind: str,
    mapping: Mapping[str, Any] | None,
    received_at: datetime | None,
    *,
    dry_run: bool,
) -> Iterator[Imported]:
    """Read a file, or every file of a folder in order of name, and say what became of each.

    Raises:
        BadInput: a CSV file has bad lines; nothing of it was read.
        CoopError: no such kind.
    """
    read = _import_register if _owner(kind) == "members" else _import_readings
    files = sorted(file for file in path.iterdir() if file.is_file()) if path.is_dir() else [path]
    with _opened(_owner(kind), settings) as room:
        for file in files:
            yield read(room, settings, file, kind, mapping, _instant(received_at), dry_run)


def undo_import(settings: Settings, kind: str, import_id: str, received_at: datetime | None) -> str:
    """Take out what an import of this kind brought, and say how much that was.

    Raises:
        CoopError: no such kind or import, or other records stand on it.
    """
    with _opened(_owner(kind), settings) as room, room.database.write() as connection:
        if room.service.name == "members":
            lines = undo_register(connection, settings.community, import_id, _instant(received_at))
            return f"{lines} lines taken out"
        receipt = undo_readings(connection, settings.community, import_id, _instant(received_at))
        return f"{receipt.new_versions} days restored"


def work_dead_letters(
    settings: Settings, names: Sequence[str], replay_id: str, discard_id: str
) -> tuple[list[str], int]:
    """Replay or discard what is asked, then list what is still parked; returns the lines and how many are parked.

    Raises:
        CoopError: nothing is parked under an id that is named.
    """
    done, left, named = [], [], {replay_id, discard_id} - {"", "all"}
    for name in names:
        with _opened(name, settings) as room:
            ids = _parked_ids(room)
            named.difference_update(ids)
            for letter_id in ids if replay_id == "all" else [one for one in ids if one == replay_id]:
                done.append(f"{name} {letter_id}: {_replayed(room, settings, letter_id)}")
            if discard_id in ids:
                with room.database.write() as connection:
                    inbox.resolve(connection, discard_id, "discarded")
                done.append(f"{name} {discard_id}: discarded")
            with room.database.read() as connection:
                letters = inbox.parked(connection, MOST_LETTERS)
            left += [f"{name} {one.id} {one.parked_at:%Y-%m-%d %H:%M} {one.code}: {one.reason}" for one in letters]
    if named:
        raise CoopError("no-such-letter", f"nothing open is parked under {', '.join(sorted(named))}")
    return [*done, *left, f"{len(left)} parked"], len(left)


@contextmanager
def _opened(service: str, settings: Settings) -> Iterator[Room]:
    room = open_room(service, settings)
    try:
        yield room
    finally:
        room.database.close()


def _owner(kind: str) -> str:
    """The service that keeps what files of this kind hold."""
    if kind not in (*COLUMNS, *FORMATS, CSV):
        raise CoopError("unknown-kind", f"{kind!r} is none of {', '.join((*COLUMNS, *FORMATS, CSV))}")
    return "members" if kind in COLUMNS else "metering"


def _instant(received_at: datetime | None) -> datetime:
    return received_at.replace(tzinfo=UTC) if received_at else clock.now()


def _parked_ids(room: Room) -> list[str]:
    with room.database.read() as connection:
        return [letter.id for letter in inbox.parked(connection, MOST_LETTERS)]


def _replayed(room: Room, settings: Settings, letter_id: str) -> str:
    try:
        replay(room.database, replayers(room, settings), letter_id)
    except CoopError as refusal:
        return f"refused again: {refusal.message}"
    return "taken"


def _import_register(
    room: Room, settings: Settings, file: Path, kind: str, _mapping: object, at: datetime, dry_run: bool
) -> Imported:
    with room.database.write() as connection:
        receipt = import_register(
            connection, settings.community, kind, file.name, file.read_bytes(), at, dry_run=dry_run
        )
    if not receipt.new:
        told = "was imported before; nothing changed"
    elif dry_run:
        told = f"{receipt.added} of {receipt.count} lines would be added"
    else:
        told = f"{receipt.added} of {receipt.count} lines added; undo with --undo {receipt.import_id}"
    return Imported(f"{file.name}: {told}", whole=True)


def _import_readings(
    room: Room,
    settings: Settings,
    file: Path,
    kind: str,
    mapping: Mapping[str, Any] | None,
    at: datetime,
    dry_run: bool,
) -> Imported:
    delivery = decode_delivery(kind, file.read_bytes(), gateway=file.name, received_at=at, mapping=mapping)
    with room.database.write() as connection:
        receipt = (preview if dry_run else receive)(connection, settings.community, delivery)
    told = [f"{receipt.values} values {'would be ' if dry_run else ''}taken"]
    told += ["was here before; nothing changed"] if receipt.duplicate else []
    told += [f"undo with --undo {receipt.delivery_id}"] if kind == CSV and not dry_run else []
    parked = "".join(f"\n  {'would be ' if dry_run else ''}parked: {problem}" for problem in receipt.problems)
    return Imported(f"{file.name}: {'; '.join(told)}{parked}", whole=not receipt.problems)


def read_mapping(path: Path) -> dict[str, Any]:
    """A column mapping from a JSON file.

    Raises:
        CoopError: it is not a JSON object.
    """
    try:
        mapping = json.loads(path.read_text())
    except ValueError as error:
        raise CoopError("bad-mapping", f"{path.name} is not JSON: {error}") from error
    if not isinstance(mapping, dict):
        raise CoopError("bad-mapping", f"{path.name} is not a JSON object")
    return mapping
