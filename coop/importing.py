"""``coop import`` and ``coop deadletters``: the operator's way in, through the same handlers as every other door."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from coop.kit import clock, inbox
from coop.kit.settings import Settings
from coop.members.formats.register_csv import COLUMNS
from coop.members.handlers import import_register
from coop.members.handlers import undo_import as undo_register
from coop.metering.formats import FORMATS
from coop.metering.handlers.receive import decode_delivery, preview, receive, undo_import
from coop.runtime import Room, open_room, replayers
from coop.values import CoopError
from coop.web.operations import replay


def import_path(
    settings: Settings,
    path: Path,
    kind: str,
    mapping: Mapping[str, Any] | None,
    received_at: datetime | None,
    *,
    dry_run: bool,
    undo: str = "",
) -> Iterator[str]:
    """Read a file, or every file of a folder in order of name, and say what became of each.

    Raises:
        BadInput: a CSV file has bad lines; nothing of it was read.
        CoopError: no such kind, or nothing to undo.
    """
    if kind not in (*COLUMNS, *FORMATS, "csv"):
        raise CoopError("unknown-kind", f"{kind!r} is none of {', '.join((*COLUMNS, *FORMATS, 'csv'))}")
    at = received_at.replace(tzinfo=UTC) if received_at else clock.now()
    service = "members" if kind in COLUMNS else "metering"
    room = open_room(service, settings)
    try:
        if undo:
            yield _undo(room, settings, undo, at)
            return
        files = sorted(file for file in path.iterdir() if file.is_file()) if path.is_dir() else [path]
        for file in files:
            read = _import_register if service == "members" else _import_readings
            yield f"{file.name}: {read(room, settings, file, kind, mapping, at, dry_run)}"
    finally:
        room.database.close()


def work_dead_letters(
    settings: Settings, names: Sequence[str], replay_id: str, discard_id: str
) -> tuple[list[str], int]:
    """Replay or discard what is asked, then list what is still parked; returns the lines and how many are parked."""
    lines, parked = [], 0
    for name in names:
        room = open_room(name, settings)
        try:
            with room.database.read() as connection:
                ids = [letter.id for letter in inbox.parked(connection, 100_000)]
            for letter_id in ids if replay_id == "all" else [one for one in ids if one == replay_id]:
                lines.append(f"{name} {letter_id}: {_replayed(room, settings, letter_id)}")
            if discard_id in ids:
                with room.database.write() as connection:
                    inbox.resolve(connection, discard_id, "discarded")
                lines.append(f"{name} {discard_id}: discarded")
            with room.database.read() as connection:
                left = inbox.parked(connection, 100_000)
            parked += len(left)
            lines += [f"{name} {one.id} {one.parked_at:%Y-%m-%d %H:%M} {one.code}: {one.reason}" for one in left]
        finally:
            room.database.close()
    return [*lines, f"{parked} parked"], parked


def _replayed(room: Room, settings: Settings, letter_id: str) -> str:
    try:
        replay(room.database, replayers(room, settings), letter_id)
    except CoopError as refusal:
        return f"refused again: {refusal.message}"
    return "taken"


def _import_register(
    room: Room, settings: Settings, file: Path, kind: str, _mapping: object, at: datetime, dry_run: bool
) -> str:
    with room.database.write() as connection:
        receipt = import_register(
            connection, settings.community, kind, file.name, file.read_bytes(), at, dry_run=dry_run
        )
    if not receipt.new:
        return "was imported before; nothing changed"
    if dry_run:
        return f"{receipt.count} lines would be imported"
    return f"{receipt.count} lines imported; undo with --undo {receipt.import_id}"


def _import_readings(
    room: Room,
    settings: Settings,
    file: Path,
    kind: str,
    mapping: Mapping[str, Any] | None,
    at: datetime,
    dry_run: bool,
) -> str:
    delivery = decode_delivery(kind, file.read_bytes(), gateway=file.name, received_at=at, mapping=mapping)
    with room.database.write() as connection:
        receipt = (preview if dry_run else receive)(connection, settings.community, delivery)
    told = [f"{receipt.values} values {'would be ' if dry_run else ''}taken"]
    told += ["was here before; nothing changed"] if receipt.duplicate else []
    told += [f"undo with --undo {receipt.delivery_id}"] if kind == "csv" and not dry_run else []
    told += [f"\n  parked: {problem}" for problem in receipt.problems]
    return "; ".join(told)


def _undo(room: Room, settings: Settings, import_id: str, at: datetime) -> str:
    with room.database.write() as connection:
        if room.service.name == "members":
            return f"{undo_register(connection, settings.community, import_id, at)} lines taken out"
        return f"{undo_import(connection, settings.community, import_id, at).new_versions} days restored"


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
