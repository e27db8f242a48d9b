"""Open ends: times between two instants in which a reading would change what a revision of a period told."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date
from typing import Final

from sqlalchemy import and_, bindparam, select

from coop.kit.database import among
from coop.kit.rows import columns_of, maker_of
from coop.kit.tx import Tx
from coop.metering.periods.tables import open_end
from coop.metering.tables import register


@dataclass(frozen=True)
class OpenEnd:
    """A time between two instants [s since 1970] in which a reading of a register would change a bound that a revision
    of a period estimated, or shed light on a break."""

    register_id: str
    before_s: int
    period_start: date
    revision: int
    after_s: int
    by_device: bool = False


_OWN, _ASKED = register.alias(), register.alias()
_CLOSABLE: Final = (
    select(_ASKED.c.id, *columns_of(OpenEnd, open_end))
    .join_from(open_end, _OWN, and_(_OWN.c.community == open_end.c.community, _OWN.c.id == open_end.c.register_id))
    .join(
        _ASKED,
        and_(
            _ASKED.c.community == _OWN.c.community,
            _ASKED.c.serial == _OWN.c.serial,
            _ASKED.c.quantity == _OWN.c.quantity,
        ),
    )
    .order_by(_ASKED.c.id, *open_end.primary_key)
)
"""Open ends of all registers with those that may close them. Built once, since every delivery asks."""

_IS_ANY_OPEN: Final = (
    select(open_end.c.register_id)
    .where(open_end.c.community == bindparam("community"))
    .where(open_end.c.before_s > bindparam("first_s"), open_end.c.after_s < bindparam("last_s"))
    .limit(1)
)
"""One register with an open end between two instants."""


def list_open_ends(tx: Tx, register_ids: Collection[str], first_s: int, last_s: int) -> list[tuple[str, OpenEnd]]:
    """Open ends between two instants, of whatever revision, that registers may close, each with the register that may:
    those of the same meter and quantity, in whatever shape."""
    between = {"community": tx.community, "first_s": first_s, "last_s": last_s}
    if tx.execute(_IS_ANY_OPEN, between).first() is None:
        return []  # as it mostly is, which a batch need not ask for each of its thousand registers
    columns, own, asked = open_end.c, _OWN, _ASKED
    query = _CLOSABLE.where(
        columns.community == tx.community, asked.c.community == tx.community, own.c.community == tx.community
    ).where(among(tx, asked.c.id, register_ids), columns.before_s > first_s, columns.after_s < last_s)
    make = maker_of(OpenEnd)
    return [(row[0], make(row[1:])) for row in tx.execute(query)]
