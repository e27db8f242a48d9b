"""Queries on voting lists: who may vote at a meeting, as it was frozen."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from types import MappingProxyType

from coop.governance.programmes.documents import VOTING_LIST
from coop.governance.tables.meetings import voting_list
from coop.governance.tables.stamps import stamp
from coop.kit import documents
from coop.kit.documents import Document
from coop.kit.rows import find_by
from coop.kit.tx import Tx

OPENED, CLOSED = "opened", "closed"
"""Moments at which a list is frozen: when the vote opens, and when the meeting is closed."""


@dataclass(frozen=True)
class _Frozen:
    """The row of a list."""

    list_hash: str
    secret: str


def find_list_hash(tx: Tx, meeting_id: str, moment: str) -> str | None:
    """The hash of the list of a moment, or None where it is not frozen."""
    frozen = find_by(tx, _Frozen, voting_list, meeting_id=meeting_id, moment=moment)
    return None if frozen is None else frozen.list_hash


def find_list(tx: Tx, meeting_id: str, moment: str) -> Mapping[str, int] | None:
    """The members of the list of a moment with their votes, or None where it is not frozen."""
    list_hash = find_list_hash(tx, meeting_id, moment)
    return None if list_hash is None else _open(documents.load(tx, list_hash))


@lru_cache(maxsize=8)
def _open(frozen: Document) -> Mapping[str, int]:
    """A list of thousands as it lies here: each vote reads it twice, and the same bytes are the same list."""
    return MappingProxyType(VOTING_LIST.open(frozen))


def get_secret(tx: Tx, meeting_id: str) -> str:
    """The secret of a meeting whose list is frozen, of which the commitments to its voters are made."""
    frozen = find_by(tx, _Frozen, voting_list, meeting_id=meeting_id, moment=OPENED)
    assert frozen is not None, "a meeting whose list is not frozen has no secret"
    return frozen.secret


def add_list(tx: Tx, meeting_id: str, moment: str, votes: Mapping[str, int], secret: str) -> str:
    """Freeze the list of a moment, with the secret of its commitments; returns its hash."""
    list_hash = documents.keep(tx, VOTING_LIST.seal(votes))
    named = {"community": tx.community, "meeting_id": meeting_id, "moment": moment}
    tx.insert(voting_list, [{**named, "list_hash": list_hash, "secret": secret, **stamp(tx)}])
    return list_hash
