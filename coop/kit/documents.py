"""Documents: bytes that were computed from, noticed or issued, kept as they were with name and version of their schema.

Invariant: the hash is over the stored bytes, never over what later code makes of them, so a field that is added to a
schema leaves every older document valid. Old versions are read for ever: ``Schema.readers`` has one reader a version,
and the tests one frozen example of each.
"""

from __future__ import annotations

import hashlib
import json
import struct
import zlib
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass
from functools import cache, cached_property
from typing import Any, Generic, TypeVar

from sqlalchemy import Select, bindparam, select

from coop.kit.database import among_bound, as_list
from coop.kit.tables import document as document_table
from coop.kit.tx import Tx
from coop.values import CoopError, NotFound, say

Content = TypeVar("Content")

UNREADABLE = (
    ArithmeticError, AssertionError, AttributeError, LookupError, RecursionError, TypeError, ValueError,
    struct.error, zlib.error,
)  # fmt: skip
"""Errors of reading bytes that nobody of us wrote."""


@dataclass(frozen=True)
class Document:
    """Stored bytes and the schema that they follow."""

    schema: str
    version: int
    body: bytes

    @cached_property
    def sha256(self) -> str:
        """Hash of the bytes as stored, in hexadecimal."""
        return hashlib.sha256(self.body).hexdigest()


class UnreadableDocument(CoopError):
    """No reader for a document's schema and version, or its bytes do not follow them."""


@dataclass(frozen=True)
class Schema(Generic[Content]):
    """A kind of document: how the newest version is written, and how every version is read."""

    name: str
    version: int
    write: Callable[[Content], bytes]
    readers: Mapping[int, Callable[[bytes], Content]]

    def seal(self, content: Content) -> Document:
        """Make the document of a content, in the newest version."""
        return Document(self.name, self.version, self.write(content))

    def open(self, document: Document) -> Content:
        """Read a document of any version.

        Raises:
            UnreadableDocument: it is of another schema, of a version without a reader, or does not follow its schema.
        """
        reader = self.readers.get(document.version)
        if document.schema != self.name or reader is None:
            raise UnreadableDocument(
                "unreadable-document",
                say(
                    "%(schema)s version %(version)s is not a %(name)s known here",
                    schema=document.schema,
                    version=document.version,
                    name=self.name,
                ),
            )
        try:
            return reader(document.body)
        except UNREADABLE as error:
            raise UnreadableDocument(
                "unreadable-document",
                say(
                    "a %(name)s version %(version)s cannot be read: %(error)s",
                    name=self.name,
                    version=document.version,
                    error=str(error),
                ),
            ) from error


def read_mapping(body: bytes) -> Mapping[str, Any]:
    """Read a JSON object, as it was written."""
    content = json.loads(body)
    if not isinstance(content, dict):
        raise ValueError("it is no mapping")
    return content


def keep(tx: Tx, document: Document) -> str:
    """Store a document; returns its hash. The same bytes are kept once."""
    keep_all(tx, [document])
    return document.sha256


def keep_all(tx: Tx, kept: Iterable[Document]) -> None:
    """Store documents at once. The same bytes are kept once."""
    now = tx.now
    rows = [
        {
            "community": tx.community,
            "sha256": document.sha256,
            "schema_name": document.schema,
            "schema_version": document.version,
            "body": document.body,
            "kept_at": now,
        }
        for document in kept
    ]
    tx.insert_new(document_table, rows, ["community", "sha256"])


def load(tx: Tx, sha256: str) -> Document:
    """The document with a hash, as stored.

    Raises:
        NotFound: it is not kept here.
        UnreadableDocument: the stored bytes no longer have the hash.
    """
    return take(find_stored(tx, [sha256]), sha256)


def take(stored: Mapping[str, Document], sha256: str) -> Document:
    """The document with a hash, of several that are stored.

    Raises:
        NotFound: it is not among them.
        UnreadableDocument: the stored bytes no longer have the hash.
    """
    document = stored.get(sha256)
    if document is None:
        raise NotFound(say("there is no document %(sha256)s", sha256=sha256))
    if document.sha256 != sha256:
        raise UnreadableDocument(
            "changed-document", say("document %(sha256)s was changed after it was kept", sha256=sha256)
        )
    return document


def find_stored(tx: Tx, hashes: Collection[str]) -> dict[str, Document]:
    """Documents as they are stored, by the hash under which each was kept: who relies on one compares the two."""
    rows = tx.execute(_query_stored(tx.dialect.name), {"community": tx.community, "hashes": as_list(tx, hashes)})
    return {sha256: Document(schema, version, _as_bytes(body)) for sha256, schema, version, body in rows}


@cache
def _query_stored(dialect_name: str) -> Select[Any]:
    columns = document_table.c
    return select(columns.sha256, columns.schema_name, columns.schema_version, columns.body).where(
        columns.community == bindparam("community"), among_bound(dialect_name, columns.sha256, "hashes")
    )


def _as_bytes(body: bytes | str) -> bytes:
    """The stored bytes; SQLite gives text where somebody wrote text behind our back."""
    return body.encode() if isinstance(body, str) else bytes(body)
