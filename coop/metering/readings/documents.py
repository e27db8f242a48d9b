"""Documents from which results are computed: here which versions of which days were read; the slices that compute add
theirs, the inputs of a run and the basis of a measurement.

A field with a default may be added to any of their nouns within a version: a stored document is read with the default,
and its hash is over its bytes. Anything else makes a new version, with a reader for the old one; the tests hold one
frozen example of each.
"""

from __future__ import annotations

import json
import zlib
from collections.abc import Mapping
from typing import Annotated, TypeVar

from pydantic import Field, TypeAdapter

from coop.kit.documents import Document, Schema
from coop.metering.readings.store import RegisterDay

Noun = TypeVar("Noun")


def plain_schema(name: str, noun: type[Noun]) -> Schema[Noun]:
    """Version 1 of a noun as JSON, keys in order."""
    adapter: TypeAdapter[Noun] = TypeAdapter(noun)

    def write(content: Noun) -> bytes:
        fields = adapter.dump_python(content, mode="json")
        return json.dumps(fields, sort_keys=True, separators=(",", ":")).encode()

    return Schema(name, 1, write, {1: adapter.validate_json})


_Id = Annotated[str, Field(max_length=100, pattern=r"^[^\x00]+$")]
_Day = Annotated[int, Field(gt=-(1 << 20), lt=1 << 20)]
_Version = Annotated[int, Field(ge=0, lt=1 << 62)]
_ROWS = TypeAdapter(dict[_Id, tuple[_Day, Annotated[list[_Version], Field(max_length=1 << 16)]]])


Rows = dict[str, tuple[int, list[int]]]
"""Versions of days by register: the first day, and the versions in a row from there, 0 where there was none."""


def rows_of(versions: Mapping[RegisterDay, int]) -> Rows:
    """Versions of days as a manifest holds them."""
    by_register: dict[str, dict[int, int]] = {}
    for (identity, day), version in versions.items():
        by_register.setdefault(identity, {})[day] = version
    return {
        identity: (min(days), [days.get(day, 0) for day in range(min(days), max(days) + 1)])
        for identity, days in by_register.items()
    }


def write_manifest(versions: Mapping[RegisterDay, int]) -> bytes:
    """By register: the first day and versions in a row, 0 where there was none; JSON, compressed."""
    return _write_rows(rows_of(versions))


def _write_rows(rows: Rows) -> bytes:
    return zlib.compress(json.dumps(dict(sorted(rows.items())), separators=(",", ":")).encode())


def read_manifest(body: bytes) -> dict[RegisterDay, int]:
    """Read what ``write_manifest`` wrote."""
    return {
        (identity, first + i): version
        for identity, (first, versions) in _ROWS.validate_json(zlib.decompress(body), strict=True).items()
        for i, version in enumerate(versions)
        if version
    }


MANIFEST: Schema[Mapping[RegisterDay, int]] = Schema("metering.manifest", 1, write_manifest, {1: read_manifest})
"""Versions of days that were read: (register id, day) to version."""


def seal_rows(rows: Rows) -> Document:
    """The manifest of versions that are in rows already."""
    return Document(MANIFEST.name, MANIFEST.version, _write_rows(rows))
