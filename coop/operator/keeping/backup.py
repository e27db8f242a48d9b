"""``coop backup``: one point in time over all services, into one file, while they run."""

from __future__ import annotations

import errno
import fcntl
import os
import shutil
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO, cast

from sqlalchemy import Connection

from coop.communities.store import list_communities
from coop.events import SERVICES
from coop.kit import backups, months
from coop.kit.release import VERSION
from coop.kit.settings import Settings
from coop.operator.keeping import archive
from coop.operator.keeping.archive import FORMAT, FORMAT_VERSION, Manifest, ServicePart
from coop.operator.keeping.dumping import Table, dump_rows, list_partitions, list_revisions, list_tables
from coop.operator.keeping.sealing import Seal, sealed
from coop.operator.keeping.snapshot import Snapshot, find_ahead, read_head, take_snapshot
from coop.operator.runtime import open_rooms
from coop.values import CoopError

FOLDER = "backups"
"""In the data folder, where no other place is named."""

Echo = Callable[[str], object]


def back_up(settings: Settings, to: Path | None, seal: Seal, *, with_secret: bool, echo: Echo) -> Path:
    """Write a backup and note in the installation that it was made; returns its path.

    Raises:
        CoopError: there is no installation, no room for it, such a file already, or services that do not agree.
    """
    if with_secret and settings.secret:
        raise CoopError("no-secret", "the signing secret is a setting here and in no file: keep it where you keep that")
    rooms = open_rooms(settings, migrate=False)
    try:
        with take_snapshot(rooms) as snapshot:
            if ahead := find_ahead(snapshot):
                raise CoopError("services-disagree", f"{'; '.join(ahead)}: run `coop doctor` first")
            path = _path(settings, to, snapshot, seal)
            secret = _read_secret(settings) if with_secret or seal else b""
            _refuse_short_disk(path.parent, _measure(snapshot))
            with _appearing(path) as file, sealed(file, seal) as target:
                _write(target, snapshot, secret)
        size = path.stat().st_size
        for room in rooms.values():
            backups.note_backup(room.database, backups.Backup(snapshot.taken_at, path.name, size, bool(seal)))
    finally:
        for room in rooms.values():
            room.database.close()
    echo(f"{path}: {size / 2**20:.1f} MiB, all services as they were at {snapshot.taken_at:%Y-%m-%d %H:%M:%S} UTC")
    if not secret:
        echo("the signing secret is not in it; keep it elsewhere, or encrypt the backup and it is kept within")
    return path


def _write(target: BinaryIO, snapshot: Snapshot, secret: bytes) -> None:
    tables = {service: list_tables(snapshot.view(service)) for service in SERVICES}
    manifest = _describe(snapshot, tables, secret)
    with archive.written(target, manifest) as writer:
        for service in SERVICES:
            for table in tables[service]:
                rows = dump_rows(snapshot.view(service), table)
                writer.add_rows(service, table.name, rows, manifest.created_at)
        if secret:
            writer.add(archive.SECRET, secret, manifest.created_at)


def _describe(snapshot: Snapshot, tables: Mapping[str, list[Table]], secret: bytes) -> Manifest:
    return Manifest(
        format=FORMAT,
        format_version=FORMAT_VERSION,
        coop_version=VERSION,
        created_at=snapshot.taken_at,
        database=snapshot.view(SERVICES[0]).dialect.name,
        communities=sorted(list_communities(snapshot.view(SERVICES[0]))),
        has_secret=bool(secret),
        services={service: _describe_service(snapshot.view(service), tables[service]) for service in SERVICES},
    )


def _describe_service(sql: Connection, tables: list[Table]) -> ServicePart:
    head = read_head(sql)
    return ServicePart(
        revisions=list_revisions(sql),
        head_position=head.position,
        head_hash=head.hash,
        tables={table.name: list(table.columns) for table in tables},
        partitions=list_partitions(sql),
        detached=months.list_detached(sql),
    )


def _read_secret(settings: Settings) -> bytes:
    path = settings.data_dir / "secret"
    return path.read_bytes() if not settings.secret and path.exists() else b""


def _path(settings: Settings, to: Path | None, snapshot: Snapshot, seal: Seal) -> Path:
    name = f"coop-backup-{snapshot.taken_at:%Y%m%dT%H%M%SZ}.tar.gz{'.age' if seal else ''}"
    if to is None:
        to = settings.data_dir / FOLDER
        to.mkdir(mode=0o700, parents=True, exist_ok=True)
    path = to / name if to.is_dir() else to
    if not path.parent.is_dir():
        raise CoopError("no-folder", f"there is no folder {path.parent}")
    if path.exists():
        raise CoopError("exists-already", f"{path} exists already; a backup never replaces one")
    return path


def _measure(snapshot: Snapshot) -> int:
    """Bytes of the tables; a backup takes some half of it."""
    total = 0
    for service in SERVICES:
        sql = snapshot.view(service)
        query = (
            "SELECT sum(pg_table_size(oid)) FROM pg_class WHERE relkind = 'r'"
            " AND relnamespace = current_schema()::regnamespace"
            if sql.dialect.name == "postgresql"
            else "SELECT page_count * page_size FROM pragma_page_count, pragma_page_size"
        )
        total += int(sql.exec_driver_sql(query).scalar() or 0)
    return total


def _refuse_short_disk(folder: Path, size_bytes: int) -> None:
    free_bytes = shutil.disk_usage(folder).free
    needed_bytes = size_bytes // 2 + 16 * 2**20
    if free_bytes < needed_bytes:
        raise CoopError(
            "disk-short",
            f"{folder} has {free_bytes // 2**20} MiB free, and the backup may need {needed_bytes // 2**20} MiB:"
            " make room, or name another place by --to",
        )


@contextmanager
def _appearing(path: Path) -> Iterator[BinaryIO]:
    """A file that appears whole or not at all, and never in place of another; what a killed backup left is removed."""
    for left in path.parent.glob(".coop-backup-*.part"):
        _remove_left(left)
    draft = path.with_name(f".coop-backup-{os.getpid()}-{path.name}.part")
    try:
        with open(os.open(draft, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
            fcntl.flock(file, fcntl.LOCK_EX)
            yield cast(BinaryIO, file)
            file.flush()
            os.fsync(file.fileno())
            _place(draft, path)
    except FileExistsError:
        raise CoopError("exists-already", f"{path} exists already; a backup never replaces one") from None
    except OSError as error:
        raise CoopError("not-written", f"the backup cannot be written to {path.parent}: {error.strerror}") from None
    finally:
        draft.unlink(missing_ok=True)
    folder = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)


def _place(draft: Path, path: Path) -> None:
    try:
        os.link(draft, path)
    except OSError as error:
        # A stick's or a share's file system may know no links: there the name is looked at just before.
        if error.errno not in (errno.EPERM, errno.ENOTSUP) or path.exists():
            raise
        os.rename(draft, path)


def _remove_left(path: Path) -> None:
    """Remove a draft unless somebody still writes it."""
    try:
        with path.open("rb") as file:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            path.unlink()
    except OSError:
        return
