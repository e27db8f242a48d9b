"""Open ends: times between two instants in which a reading would change what a revision of a period told."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date

from sqlalchemy import and_, select

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


def list_open_ends(tx: Tx, register_ids: Collection[str], first_s: int, last_s: int) -> list[tuple[str, OpenEnd]]:
    """Open ends between two instants, of whatever revision, that registers may close, each with the register that may:
    those of the same meter and quantity, in whatever shape."""
    columns, own, asked = open_end.c, register.alias(), register.alias()
    query = (
        select(asked.c.id, *columns_of(OpenEnd, open_end))
        .join_from(open_end, own, and_(own.c.community == columns.community, own.c.id == columns.register_id))
        .join(
            asked,
            and_(
                asked.c.community == own.c.community,
                asked.c.serial == own.c.serial,
                asked.c.quantity == own.c.quantity,
            ),
        )
        .where(columns.community == tx.community, asked.c.community == tx.community, own.c.community == tx.community)
        .where(among(tx, asked.c.id, register_ids), columns.before_s > first_s, columns.after_s < last_s)
        .order_by(asked.c.id, *open_end.primary_key)
    )
    make = maker_of(OpenEnd)
    return [(row[0], make(row[1:])) for row in tx.execute(query)]
