"""Sealing: the many blocks of a register's day become one, which holds delivery by delivery what each of them said.

Invariant: nothing that was said is lost. A sealed block is written only when the very entries of its parts can be read
from it and the same day follows from them; the database compares number and digest of the parts once more, and lets go
of those parts alone (``guards``). All of it is one transaction, so whoever is killed leaves the parts or the whole.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from datetime import timedelta

from sqlalchemy import and_, cast, delete, func, not_, select

from coop.kit.database import among
from coop.kit.tx import Tx
from coop.metering.model import DIGEST_MODULUS
from coop.metering.readings.log import Block, RegisterDay, load_blocks, read_blocks, write_block
from coop.metering.readings.observations import fold
from coop.metering.readings.store import day_number, sources_of
from coop.metering.register.locking import lock
from coop.metering.tables import block, delivery
from coop.values import CoopError, say

PILE_MAX = 96
"""Blocks of one register's day that may lie beside each other before its day is over."""
CHANCE = 32
"""One delivery in so many looks whether what it speaks of has become a pile."""
LOOK_BACK = timedelta(days=40)
"""How far back deliveries are looked at for days that may be sealed."""


def seal_days(tx: Tx, keys: Collection[RegisterDay]) -> int:
    """Seal registers' days of which there is more than one block; returns of how many there was.

    Raises:
        CoopError: the sealed block would not say the same, which is a bug: everything stays as it is.
    """
    lock(tx)
    wanted: dict[int, set[str]] = {}
    for register_id, day in keys:
        wanted.setdefault(day, set()).add(register_id)
    piles = {key: blocks for key, blocks in load_blocks(tx, wanted).items() if key in keys and len(blocks) > 1}
    told = {key: read_blocks(blocks) for key, blocks in piles.items()}
    sources = sources_of(tx, set().union(*(entries.numbers() for entries in told.values())))
    for key, parts in piles.items():
        sealed = write_block(tx.community, key, told[key], sources, is_sealed=True)
        again = sealed.read_entries()
        same = read_blocks([sealed]).digest() == sum(part.digest for part in parts) % DIGEST_MODULUS
        if not same or fold(again, sources).sha256() != fold(told[key], sources).sha256():
            raise CoopError("seal-differs", say("sealing day %(day)s would change what was said", day=key[1]))
        replace_parts(tx, sealed)
    return len(piles)


def replace_parts(tx: Tx, sealed: Block) -> None:
    """Put a sealed block in the place of its parts, by the only way that the database has for it."""
    if not tx.is_sqlite:
        values = [cast(value, column.type) for value, column in zip(sealed, block.columns, strict=True)]
        tx.execute(select(func.seal_block(*values)))
        return
    tx.insert_rows(block, [sealed])
    columns = block.c
    tx.execute(
        delete(block).where(
            columns.community == tx.community,
            columns.day == sealed.day,
            columns.register_id == sealed.register_id,
            columns.first >= sealed.first,
            columns.number <= sealed.number,
            not_(and_(columns.first == sealed.first, columns.number == sealed.number)),
        )
    )


def is_due(number: int) -> bool:
    """True for one delivery in ``CHANCE``, spread so that no gateway's turn is always or never.

    >>> sum(map(is_due, range(3200))) in range(80, 121)
    True
    """
    return number * 2_654_435_761 % (1 << 32) < (1 << 32) // CHANCE


def seal_piles(tx: Tx, keys: Iterable[RegisterDay]) -> int:
    """Seal those of these registers' days of which many blocks lie beside each other; returns how many."""
    ids, days = {key[0] for key in keys}, {key[1] for key in keys}
    return seal_days(tx, set(_find_piles(tx, PILE_MAX, ids, days)))


def list_to_seal(tx: Tx, limit: int) -> list[RegisterDay]:
    """Days that are over, of which more than one block is there, the oldest first."""
    columns = delivery.c
    since = tx.scalar(
        select(func.min(columns.first_day)).where(
            columns.community == tx.community, columns.recorded_at > tx.now - LOOK_BACK
        )
    )
    if since is None:
        return []
    of = block.c
    query = (
        select(of.register_id, of.day)
        .where(of.community == tx.community, of.day >= since, of.day < day_number(tx.now))
        .group_by(of.day, of.register_id)
        .having(func.count() > 1)
        .order_by(of.day, of.register_id)
        .limit(limit)
    )
    return [(register_id, day) for register_id, day in tx.execute(query)]


def _find_piles(tx: Tx, most: int, ids: Collection[str], days: Collection[int]) -> list[RegisterDay]:
    of = block.c
    query = (
        select(of.register_id, of.day)
        .where(of.community == tx.community, among(tx, of.day, days), among(tx, of.register_id, ids))
        .group_by(of.day, of.register_id)
        .having(func.count() > most)
    )
    return [(register_id, day) for register_id, day in tx.execute(query)]
