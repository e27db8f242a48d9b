"""The archive of a backup: a compressed tar that is written and read piece by piece.

``manifest.json`` comes first: format, version of coop, when, whose, and per service its revisions, the head of its
chain and its tables. Then the tables, in parts of some megabytes, ``<service>/<table>/<number>.copy``, and ``secret``
if it is kept. ``sums.json`` comes last, with the SHA-256 of every member and the rows of every table: only then are
they known, and an archive without it was not finished. Only one part is in memory at a time.
"""

from __future__ import annotations

import gzip
import hashlib
import io
import tarfile
import zlib
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from typing import Annotated, BinaryIO

import orjson
from pydantic import BaseModel, Field, ValidationError

from coop.events import SERVICES
from coop.values import CoopError

FORMAT = "coop-backup"
FORMAT_VERSION = 1

PART_BYTES = 8 * 2**20
MEMBER_BYTES_MAX = 2**30
COMPRESSION = 3
"""Level of zlib: a backup is made every night beside the work of the day, and quick matters more than small."""

MANIFEST, SUMS, SECRET = "manifest.json", "sums.json", "secret"

Identifier = Annotated[str, Field(pattern=r"^[a-z_][a-z0-9_]*$")]
"""Names of tables and columns, which stand in statements."""


Bounds = Annotated[str, Field(pattern=r"^(DEFAULT|FOR VALUES [^;]*)$")]
"""Bounds of a partition, likewise."""


class ServicePart(BaseModel):
    """A service in a backup; ``detached`` are tables of months that were taken out of another one, with that one."""

    revisions: list[str]
    head_position: int
    head_hash: str
    tables: dict[Identifier, list[Identifier]]
    partitions: list[tuple[Identifier, Identifier, Bounds]] = Field(default_factory=list)
    detached: list[tuple[Identifier, Identifier]] = Field(default_factory=list)


class Manifest(BaseModel):
    """The first member."""

    format: str
    format_version: int
    coop_version: str
    created_at: datetime
    database: str
    communities: list[str]
    has_secret: bool
    services: dict[str, ServicePart]


class Sums(BaseModel):
    """The last member: the hash of every other one, and the rows of each ``service/table``."""

    sha256: dict[str, str]
    rows: dict[str, int]


@dataclass(frozen=True)
class Part:
    """Some rows of a table."""

    service: str
    table: str
    body: bytes


@dataclass
class Writer:
    """Adds members to an archive."""

    tar: tarfile.TarFile
    sums: Sums = field(default_factory=lambda: Sums(sha256={}, rows={}))

    def add(self, name: str, body: bytes, at: datetime) -> None:
        """Add a member."""
        entry = tarfile.TarInfo(name)
        entry.size, entry.mode, entry.mtime = len(body), 0o600, int(at.timestamp())
        self.tar.addfile(entry, io.BytesIO(body))
        self.sums.sha256[name] = hashlib.sha256(body).hexdigest()

    def add_rows(self, service: str, table: str, pieces: Iterable[bytes], at: datetime) -> None:
        """Add the rows of a table, in as many members as it takes."""
        rows, number, waiting, size = 0, 0, [], 0
        for piece in pieces:
            waiting.append(piece)
            size += len(piece)
            rows += piece.count(b"\n")
            if size >= PART_BYTES:
                number += 1
                self.add(f"{service}/{table}/{number:06}.copy", b"".join(waiting), at)
                waiting, size = [], 0
        if waiting:
            self.add(f"{service}/{table}/{number + 1:06}.copy", b"".join(waiting), at)
        self.sums.rows[f"{service}/{table}"] = rows


@contextmanager
def written(target: BinaryIO, manifest: Manifest) -> Iterator[Writer]:
    """An archive that begins with its manifest and ends, when the block ends well, with its sums."""
    with (
        gzip.GzipFile(fileobj=target, mode="wb", compresslevel=COMPRESSION, mtime=0) as packed,
        tarfile.open(fileobj=packed, mode="w|", format=tarfile.PAX_FORMAT, bufsize=2**18) as tar,
    ):
        writer = Writer(tar)
        writer.add(MANIFEST, manifest.model_dump_json(indent=1).encode(), manifest.created_at)
        yield writer
        sums = orjson.dumps(writer.sums.model_dump(), option=orjson.OPT_INDENT_2)
        writer.add(SUMS, sums, manifest.created_at)


class DamagedBackup(CoopError):
    """An archive that is not as it was written."""

    def __init__(self, message: str) -> None:
        super().__init__("damaged-backup", f"{message}; nothing was restored, take another copy of the backup")


class Reader:
    """Reads an archive from its start, and holds what it has read against the sums at its end."""

    def __init__(self, source: BinaryIO) -> None:
        self._members = _members(source)
        name, body = next(self._members, ("", b""))
        if name != MANIFEST:
            raise DamagedBackup("it does not begin with a manifest")
        self.manifest = _read_manifest(body)
        self.secret: bytes | None = None
        self.rows: Mapping[str, int] = {}
        self._sums = {MANIFEST: hashlib.sha256(body).hexdigest()}

    def parts(self) -> Iterator[Part]:
        """All rows, in order; at the end everything has been compared.

        Raises:
            DamagedBackup: something is missing, too much or changed.
        """
        rows = {f"{service}/{table}": 0 for service, part in self.manifest.services.items() for table in part.tables}
        for name, body in self._members:
            if name == SUMS:
                self._compare(body, rows)
                return
            self._sums[name] = hashlib.sha256(body).hexdigest()
            if name == SECRET:
                self.secret = body
                continue
            service, _, rest = name.partition("/")
            table = rest.partition("/")[0]
            if f"{service}/{table}" not in rows:
                raise DamagedBackup(f"it holds {name}, of which its manifest knows nothing")
            rows[f"{service}/{table}"] += body.count(b"\n")
            yield Part(service, table, body)
        raise DamagedBackup("it is cut off: its sums are missing")

    def _compare(self, body: bytes, rows: Mapping[str, int]) -> None:
        try:
            sums = Sums.model_validate_json(body)
        except ValidationError:
            raise DamagedBackup("its sums cannot be read") from None
        for name in sorted(sums.sha256.keys() | self._sums.keys()):
            if name not in self._sums:
                raise DamagedBackup(f"{name} is missing")
            if sums.sha256.get(name) != self._sums[name]:
                raise DamagedBackup(f"{name} was changed")
        if sums.rows != rows:
            raise DamagedBackup("it has other rows than it counted")
        self.rows = sums.rows


def _members(source: BinaryIO) -> Iterator[tuple[str, bytes]]:
    try:
        with gzip.GzipFile(fileobj=source, mode="rb") as packed, tarfile.open(fileobj=packed, mode="r|") as tar:
            for entry in tar:
                if entry.size > MEMBER_BYTES_MAX or not entry.isfile():
                    raise DamagedBackup(f"{entry.name} is no part of a backup")
                content = tar.extractfile(entry)
                assert content is not None
                yield entry.name, content.read()
    except (tarfile.TarError, zlib.error, EOFError, OSError) as error:
        raise DamagedBackup(f"it cannot be read: {error}") from None


def _read_manifest(body: bytes) -> Manifest:
    try:
        told = orjson.loads(body)
        if told.get("format") != FORMAT:
            raise DamagedBackup("it is no backup of coop")
        if told.get("format_version") != FORMAT_VERSION:
            raise CoopError(
                "newer-backup",
                f"its format is version {told.get('format_version')}, made by coop {told.get('coop_version')};"
                f" this program reads version {FORMAT_VERSION}: install that coop, and restore with it",
            )
        manifest = Manifest.model_validate(told)
    except (ValidationError, orjson.JSONDecodeError, AttributeError) as error:
        raise DamagedBackup(f"its manifest cannot be read: {type(error).__name__}") from None
    if sorted(manifest.services) != sorted(SERVICES):
        raise DamagedBackup("it does not hold every service")
    return manifest
