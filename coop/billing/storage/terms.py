"""Written notices of tariffs, and published yearly figures."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from sqlalchemy import case, func, select

from coop.billing.model import Notice, PublishedFigure
from coop.billing.storage.tables import tariff_notice, yearly_figure
from coop.kit.database import among
from coop.kit.keyset import Key, Window
from coop.kit.rows import find_as, row_of, select_as
from coop.kit.tx import Tx
from coop.values import derive_id


@dataclass(frozen=True)
class Mailing:
    """The notices of one day and way: to how many members (None is all), and whether to the reader."""

    sent_on: date
    channel: str
    count: int | None
    to_reader: bool


def save_notices(tx: Tx, notices: Sequence[Notice]) -> None:
    """Keep written notices; the same again changes nothing."""
    rows = [row_of(tx, notice, id=_notice_id(tx, notice)) for notice in notices]
    tx.insert_new(tariff_notice, rows, ["community", "id"])


def list_notices(tx: Tx) -> list[Notice]:
    """Every written notice, by tariff and day."""
    columns = tariff_notice.c
    return select_as(tx, Notice, tariff_notice, order_by=(columns.tariff_id, columns.sent_on, columns.member_id))


def page_notices(tx: Tx, window: Window) -> list[Notice]:
    """A window of the written notices, by tariff, day, way and member (that to all first), and one more."""
    columns = tariff_notice.c
    member_id = func.coalesce(columns.member_id, "")
    order = (columns.tariff_id, columns.sent_on, columns.channel, member_id)
    return select_as(tx, Notice, tariff_notice, order_by=order, window=window)


def notice_key(notice: Notice) -> Key:
    """Place of a notice in the list of all."""
    return notice.tariff_id, notice.sent_on, notice.channel, notice.member_id or ""


def list_mailings(tx: Tx, tariff_ids: Sequence[str], reader_id: str | None) -> dict[str, list[Mailing]]:
    """The mailings of each of these tariffs, by day and way; nobody reads here who else was written to."""
    columns = tariff_notice.c
    to_reader = columns.member_id.is_(None) | (columns.member_id == (reader_id or ""))
    query = (
        select(
            columns.tariff_id,
            columns.sent_on,
            columns.channel,
            func.count(),
            func.count(columns.member_id),
            func.max(case((to_reader, 1), else_=0)),
        )
        .where(columns.community == tx.community, among(tx, columns.tariff_id, tariff_ids))
        .group_by(columns.tariff_id, columns.sent_on, columns.channel)
        .order_by(columns.tariff_id, columns.sent_on, columns.channel)
    )
    mailings: dict[str, list[Mailing]] = {}
    for tariff_id, sent_on, channel, notices, to_one, is_to_reader in tx.execute(query):
        count = to_one if to_one == notices else None
        mailings.setdefault(tariff_id, []).append(Mailing(sent_on, channel, count, bool(is_to_reader)))
    return mailings


def list_figures(tx: Tx, window: Window | None = None) -> list[PublishedFigure]:
    """Every yearly figure, by series and year."""
    order = (yearly_figure.c.series, yearly_figure.c.year)
    return select_as(tx, PublishedFigure, yearly_figure, order_by=order, window=window)


def find_figure(tx: Tx, series: str, year: int) -> PublishedFigure | None:
    """A yearly figure, or None."""
    columns = yearly_figure.c
    return find_as(tx, PublishedFigure, yearly_figure, columns.series == series, columns.year == year)


def save_figure(tx: Tx, figure: PublishedFigure) -> None:
    """Keep a yearly figure with its source."""
    tx.insert_new(yearly_figure, [row_of(tx, figure)], ["community", "series", "year"])


def _notice_id(tx: Tx, notice: Notice) -> str:
    return derive_id("notice", tx.community, notice.tariff_id, notice.member_id or "", notice.sent_on, notice.channel)
