"""Documents from which results are computed: the inputs of a run, the basis of a measurement, and which versions of
which days were read.

A field with a default may be added to any of their nouns within a version: a stored document is read with the default,
and its hash is over its bytes. Anything else makes a new version, with a reader for the old one; the tests hold one
frozen example of each.
"""

from __future__ import annotations

import json
import zlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TypeVar

from pydantic import TypeAdapter

from coop.kit.documents import Schema
from coop.metering.rules.measuring import Span
from coop.metering.rules.sharing import Inputs
from coop.metering.storage.readings import RegisterDay

Noun = TypeVar("Noun")


@dataclass(frozen=True)
class Basis:
    """All that a measurement depends on besides the readings."""

    tap_permille: int
    spans: tuple[Span, ...]


def plain_schema(name: str, noun: type[Noun]) -> Schema[Noun]:
    """Version 1 of a noun as JSON, keys in order."""
    adapter: TypeAdapter[Noun] = TypeAdapter(noun)

    def write(content: Noun) -> bytes:
        fields = adapter.dump_python(content, mode="json")
        return json.dumps(fields, sort_keys=True, separators=(",", ":")).encode()

    return Schema(name, 1, write, {1: adapter.validate_json})


def write_manifest(versions: Mapping[RegisterDay, int]) -> bytes:
    """By register: the first day and versions in a row, 0 where there was none; JSON, compressed."""
    by_register: dict[str, dict[int, int]] = {}
    for (identity, day), version in versions.items():
        by_register.setdefault(identity, {})[day] = version
    rows = {
        identity: [min(days), [days.get(day, 0) for day in range(min(days), max(days) + 1)]]
        for identity, days in sorted(by_register.items())
    }
    return zlib.compress(json.dumps(rows, separators=(",", ":")).encode())


def read_manifest(body: bytes) -> dict[RegisterDay, int]:
    """Read what ``write_manifest`` wrote."""
    return {
        (identity, first + i): version
        for identity, (first, versions) in json.loads(zlib.decompress(body)).items()
        for i, version in enumerate(versions)
        if version
    }


RUN_INPUTS: Schema[Inputs] = plain_schema("metering.run-inputs", Inputs)
BASIS: Schema[Basis] = plain_schema("metering.measurement-basis", Basis)
MANIFEST: Schema[Mapping[RegisterDay, int]] = Schema("metering.manifest", 1, write_manifest, {1: read_manifest})
"""Versions of days that were read: (register id, day) to version."""
