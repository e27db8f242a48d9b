"""Queries on classes of members: of which kind each voter is, as it was frozen, and what each class voted."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping
from dataclasses import asdict, dataclass

from sqlalchemy import select

from coop.governance.model import Count
from coop.governance.programmes.documents import CLASS_LIST
from coop.governance.tables.classes import class_count, class_list
from coop.governance.tables.stamps import stamp
from coop.kit import documents
from coop.kit.database import among
from coop.kit.rows import find_by
from coop.kit.tx import Tx


@dataclass(frozen=True)
class _Frozen:
    """The row of a list."""

    list_hash: str


def find_kinds(tx: Tx, meeting_id: str) -> Mapping[str, str] | None:
    """The kind of each member on the frozen list of a meeting, or None where no class is asked at it."""
    frozen = find_by(tx, _Frozen, class_list, meeting_id=meeting_id)
    return None if frozen is None else CLASS_LIST.open(documents.load(tx, frozen.list_hash))


def add_kinds(tx: Tx, meeting_id: str, kinds: Mapping[str, str]) -> str:
    """Freeze the kinds of the members on a list; returns the hash of that."""
    list_hash = documents.keep(tx, CLASS_LIST.seal(kinds))
    tx.insert(class_list, [{"community": tx.community, "meeting_id": meeting_id, "list_hash": list_hash, **stamp(tx)}])
    return list_hash


def add_counts(tx: Tx, resolution_id: str, counts: Collection[tuple[str, Count]]) -> None:
    """Keep the votes of each class on a resolution."""
    rows = [
        {"community": tx.community, "resolution_id": resolution_id, "name": name, **write_count(count)}
        for name, count in counts
    ]
    if rows:
        tx.insert(class_count, rows)


def write_count(count: Count) -> dict[str, int]:
    """A count of one class as plain values."""
    return {name: number for name, number in asdict(count).items() if name != "classes"}


def list_counts(tx: Tx, resolutions: Collection[str]) -> Mapping[str, tuple[tuple[str, Count], ...]]:
    """The votes of each class by resolution, by the names of the classes."""
    columns = class_count.c
    names = [name for name in vars(Count(0, 0, 0, 0)) if name != "classes"]
    query = select(columns.resolution_id, columns.name, *(columns[name] for name in names)).where(
        columns.community == tx.community, among(tx, columns.resolution_id, resolutions)
    )
    found: dict[str, list[tuple[str, Count]]] = defaultdict(list)
    for resolution_id, name, *numbers in tx.execute(query):
        found[resolution_id].append((name, Count(**dict(zip(names, numbers, strict=True)))))
    return {resolution_id: tuple(sorted(counts, key=lambda each: each[0])) for resolution_id, counts in found.items()}
