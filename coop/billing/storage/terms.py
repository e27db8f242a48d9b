"""Written notices of tariffs, and published yearly figures."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from decimal import Decimal
from typing import Any

from sqlalchemy import Connection, Row, select

from coop.billing.storage.tables import tariff_notice, yearly_figure
from coop.kit.journal import insert_new
from coop.values import derive_id


def save_notices(
    connection: Connection, community: str, tariff_id: str, sent_on: date, channel: str, members: Sequence[str | None]
) -> int:
    """Keep a written notice to each member, or to all (None); returns how many there are of it."""
    rows: list[dict[str, object]] = [
        {
            "id": derive_id("notice", community, tariff_id, member_id or "", sent_on, channel),
            "community": community,
            "tariff_id": tariff_id,
            "member_id": member_id,
            "sent_on": sent_on,
            "channel": channel,
        }
        for member_id in members
    ]
    insert_new(connection, tariff_notice, rows, ["id"])
    return len(rows)


def notices(connection: Connection, community: str) -> Sequence[Any]:
    """How a tariff was notified: to how many, when first, to all or to some."""
    table = tariff_notice
    return connection.execute(
        select(table.c.tariff_id, table.c.sent_on, table.c.channel, table.c.member_id)
        .where(table.c.community == community)
        .order_by(table.c.tariff_id, table.c.sent_on, table.c.member_id)
    ).all()


def figures(connection: Connection, community: str) -> Sequence[Row[Any]]:
    """Every yearly figure, by series and year."""
    table = yearly_figure
    query = select(table).where(table.c.community == community).order_by(table.c.series, table.c.year)
    return connection.execute(query).all()


def get_figure(connection: Connection, community: str, series: str, year: int) -> Row[Any] | None:
    """A yearly figure, or None."""
    table = yearly_figure
    return connection.execute(
        select(table).where(table.c.community == community, table.c.series == series, table.c.year == year)
    ).first()


def save_figure(connection: Connection, community: str, series: str, year: int, value: Decimal, source: str) -> None:
    """Keep a yearly figure with its source."""
    row: dict[str, object] = {
        "community": community,
        "series": series,
        "year": year,
        "value": format(value, "f"),
        "source": source,
    }
    insert_new(connection, yearly_figure, [row], ["community", "series", "year"])
