"""``coop import`` and ``coop deadletters``: the operator's way in, through the same handlers as every other door."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from coop.kit import parking
from coop.kit.actor import COMMAND_LINE
from coop.kit.parking import Letter
from coop.kit.service import Room
from coop.kit.settings import Settings
from coop.members.imports.commands import import_register
from coop.members.imports.commands import undo_import as undo_register
from coop.members.imports.formats.register_rows import COLUMNS
from coop.metering.amounts import receipt_of
from coop.metering.intake.doubts import confirm, find_doubts
from coop.metering.intake.formats import FORMATS
from coop.metering.intake.receive import CSV, decode_delivery, receive
from coop.metering.intake.receive import preview as preview_readings
from coop.metering.intake.receive import undo_import as undo_readings
from coop.metering.model import Delivery
from coop.metering.register.commands import admit_meters, judge_meters
from coop.metering.register.meters_file import read_meters
from coop.metering.register.store import meters_of
from coop.operator.operations import replay
from coop.operator.runtime import open_room
from coop.values import CoopError

LETTERS_MAX = 100_000
"""More than anybody reads; a consumer stops long before so many are parked."""


METERS = "meters"
METERING_KINDS = (METERS, *FORMATS, CSV)


@dataclass(frozen=True)
class Imported:
    """The outcome of a file, in words; it is not ``whole`` when something in it was parked."""

    text: str
    whole: bool


def import_path(
    settings: Settings,
    community: str,
    path: Path,
    kind: str,
    mapping: Mapping[str, Any] | None,
    received_at: datetime | None,
    *,
    dry_run: bool,
    preview: str = "",
    reason: str = "",
) -> Iterator[Imported]:
    """Read a file, or every file of a folder in order of name, and say what became of each.

    Raises:
        BadInput: a CSV file has bad lines; nothing of it was read.
        CoopError: no such kind.
    """
    owner = _owner(kind)
    files = sorted(file for file in path.iterdir() if file.is_file()) if path.is_dir() else [path]
    with _open(owner, settings) as room:
        for file in files:
            if kind == METERS:
                yield _import_meters(room, community, file, dry_run=dry_run)
            elif owner == "members":
                yield _import_register(room, community, file, kind, dry_run=dry_run, preview=preview)
            else:
                claimed_at = received_at.replace(tzinfo=UTC) if received_at else None
                received = receipt_of(claimed_at, room.database.clock.now(), "--received-at")
                delivery = decode_delivery(
                    kind, file.read_bytes(), gateway=file.name, received_at=received, mapping=mapping
                )
                yield _import_readings(room, community, delivery, reason, dry_run=dry_run)


def undo_import(settings: Settings, community: str, kind: str, import_id: str) -> str:
    """Take out what an import of this kind brought, and say how much that was.

    Raises:
        CoopError: no such kind or import, or other records stand on it.
    """
    if kind == METERS:
        raise CoopError("bad-undo", "a meter is taken out of the register by itself, on its page and with a reason")
    with _open(_owner(kind), settings) as room, room.database.write(community, COMMAND_LINE) as tx:
        if room.service.name == "members":
            return f"{undo_register(tx, import_id)} lines taken out"
        return f"{undo_readings(tx, import_id).observations} days restored"


def work_dead_letters(
    settings: Settings, community: str, names: Sequence[str], replay_id: str, discard_id: str
) -> tuple[list[str], int]:
    """Replay or discard what is asked, then list what is still parked; returns the lines and how many are parked.

    Raises:
        CoopError: nothing is parked under an id that is named.
    """
    done, left, missing = [], [], {replay_id, discard_id} - {"", "all"}
    for name in names:
        with _open(name, settings) as room:
            letter_ids = [letter.id for letter in _list_parked(room, community)]
            missing.difference_update(letter_ids)
            for letter_id in letter_ids:
                if replay_id in ("all", letter_id):
                    done.append(f"{name} {letter_id}: {_replay(room, community, letter_id)}")
            if discard_id in letter_ids:
                with room.database.write(community, COMMAND_LINE) as tx:
                    parking.resolve(tx, discard_id, "discarded")
                done.append(f"{name} {discard_id}: discarded")
            left += [
                f"{name} {letter.id} {letter.parked_at:%Y-%m-%d %H:%M} {letter.code}: {letter.reason}"
                for letter in _list_parked(room, community)
            ]
    if missing:
        raise CoopError("no-such-letter", f"nothing open is parked under {', '.join(sorted(missing))}")
    return [*done, *left, f"{len(left)} parked"], len(left)


@contextmanager
def _open(service: str, settings: Settings) -> Iterator[Room]:
    room = open_room(service, settings)
    try:
        yield room
    finally:
        room.database.close()


def _owner(kind: str) -> str:
    """The service that keeps the content of files of this kind."""
    if kind not in (*COLUMNS, *METERING_KINDS):
        raise CoopError("unknown-kind", f"{kind!r} is none of {', '.join((*COLUMNS, *METERING_KINDS))}")
    return "members" if kind in COLUMNS else "metering"


def _list_parked(room: Room, community: str) -> Sequence[Letter]:
    with room.database.read(community) as tx:
        return parking.list_parked(tx, LETTERS_MAX)


def _replay(room: Room, community: str, letter_id: str) -> str:
    try:
        replay(room, community, COMMAND_LINE, letter_id)
    except CoopError as refusal:
        return f"refused again: {refusal.message}"
    return "taken"


def _import_register(room: Room, community: str, file: Path, kind: str, *, dry_run: bool, preview: str) -> Imported:
    with room.database.write(community, COMMAND_LINE) as tx:
        receipt = import_register(tx, kind, file.name, file.read_bytes(), dry_run=dry_run, preview=preview)
    if not receipt.new:
        outcome = "was imported before; nothing changed"
    elif dry_run:
        outcome = f"{receipt.added} of {receipt.count} lines would be added"
        if receipt.changed:
            outcome += f", {receipt.changed} changed; take them with --preview {receipt.preview}"
    else:
        changed = f", {receipt.changed} changed" if receipt.changed else ""
        outcome = f"{receipt.added} of {receipt.count} lines added{changed}; undo with --undo {receipt.import_id}"
    return Imported(f"{file.name}: {outcome}", whole=True)


def _import_meters(room: Room, community: str, file: Path, *, dry_run: bool) -> Imported:
    entries = read_meters(file.read_bytes())
    with room.database.write(community, COMMAND_LINE) as tx:
        known = meters_of(tx, [entry.serial for entry in entries])
        new = len(judge_meters(tx, entries)) - len(known) if dry_run else admit_meters(tx, entries)
    would = "would be " if dry_run else ""
    return Imported(f"{file.name}: {new} of {len(entries)} meters {would}added; the others were there", whole=True)


def _import_readings(room: Room, community: str, delivery: Delivery, reason: str, *, dry_run: bool) -> Imported:
    is_file = delivery.format == CSV
    with room.database.write(community, COMMAND_LINE) as tx:
        doubts = find_doubts(tx, delivery) if dry_run and is_file else []
        if is_file and not dry_run:
            delivery = confirm(tx, delivery, reason)
        receipt = (preview_readings if dry_run else receive)(tx, delivery)
    outcome = [f"{receipt.values} values {'would be ' if dry_run else ''}taken"]
    outcome += ["was here before; nothing changed"] if receipt.duplicate else []
    outcome += [f"undo with --undo {receipt.delivery_id}"] if is_file and not dry_run else []
    parked = "".join(f"\n  {'would be ' if dry_run else ''}parked: {problem}" for problem in receipt.problems)
    strange = "".join(f"\n  needs --reason: {doubt}" for doubt in doubts)
    return Imported(f"{delivery.gateway}: {'; '.join(outcome)}{strange}{parked}", whole=not receipt.problems)


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
