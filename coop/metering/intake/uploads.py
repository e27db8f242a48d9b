"""Queries: files of readings that wait to be looked at, and mappings that are kept by name."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import uuid4

from sqlalchemy import delete, insert, update

from coop.kit.rows import find_by, select_as
from coop.kit.tx import Tx
from coop.metering.intake.tables import reading_mapping, reading_upload
from coop.values import NotFound, say

KEPT_FOR = timedelta(days=7)
"""A file that nobody went on with is thrown away after this."""


@dataclass(frozen=True)
class Upload:
    """A file of readings, as CSV, of which nothing was taken yet."""

    id: str
    file_name: str
    uploaded_at: datetime
    uploaded_by: str
    body: bytes


@dataclass(frozen=True)
class NamedMapping:
    """Meaning of the columns of a kind of file, kept by name."""

    name: str
    mapping: Mapping[str, Any]


def add_upload(tx: Tx, file_name: str, body: bytes) -> str:
    """Keep a file until it is taken or thrown away; returns its id."""
    columns = reading_upload.c
    tx.execute(delete(reading_upload).where(columns.community == tx.community, columns.uploaded_at < tx.now - KEPT_FOR))
    upload_id = str(uuid4())
    row = {
        "community": tx.community,
        "id": upload_id,
        "file_name": file_name,
        "uploaded_at": tx.now,
        "uploaded_by": str(tx.actor),
        "body": body,
    }
    tx.insert(reading_upload, [row])
    return upload_id


def find_upload(tx: Tx, upload_id: str) -> Upload:
    """One file.

    Raises:
        NotFound: it was taken, thrown away, or never there.
    """
    upload = find_by(tx, Upload, reading_upload, id=upload_id)
    if upload is None:
        raise NotFound(say("this file was taken or thrown away: send it again"))
    return upload


def drop_upload(tx: Tx, upload_id: str) -> None:
    """Throw a file away."""
    columns = reading_upload.c
    tx.execute(delete(reading_upload).where(columns.community == tx.community, columns.id == upload_id))


def list_mappings(tx: Tx) -> list[NamedMapping]:
    """Mappings by name."""
    return select_as(tx, NamedMapping, reading_mapping, order_by=[reading_mapping.c.name])


def keep_mapping(tx: Tx, name: str, mapping: Mapping[str, Any]) -> None:
    """Keep a mapping under a name; one of that name is replaced."""
    row = {"mapping": dict(mapping), "kept_at": tx.now, "kept_by": str(tx.actor)}
    columns = reading_mapping.c
    where = columns.community == tx.community, columns.name == name
    if not tx.execute(update(reading_mapping).where(*where).values(row)).rowcount:
        tx.execute(insert(reading_mapping), [{"community": tx.community, "name": name, **row}])
