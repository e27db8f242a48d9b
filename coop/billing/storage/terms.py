"""Written notices of tariffs, and published yearly figures."""

from __future__ import annotations

from collections.abc import Sequence

from coop.billing.model import Notice, PublishedFigure
from coop.billing.storage.tables import tariff_notice, yearly_figure
from coop.kit.rows import find_as, row_of, select_as
from coop.kit.tx import Tx
from coop.values import derive_id


def save_notices(tx: Tx, notices: Sequence[Notice]) -> None:
    """Keep written notices; the same again changes nothing."""
    rows = [row_of(tx, notice, id=_notice_id(tx, notice)) for notice in notices]
    tx.insert_new(tariff_notice, rows, ["id"])


def list_notices(tx: Tx) -> list[Notice]:
    """Every written notice, by tariff and day."""
    columns = tariff_notice.c
    return select_as(tx, Notice, tariff_notice, order_by=(columns.tariff_id, columns.sent_on, columns.member_id))


def list_figures(tx: Tx) -> list[PublishedFigure]:
    """Every yearly figure, by series and year."""
    return select_as(tx, PublishedFigure, yearly_figure, order_by=(yearly_figure.c.series, yearly_figure.c.year))


def find_figure(tx: Tx, series: str, year: int) -> PublishedFigure | None:
    """A yearly figure, or None."""
    columns = yearly_figure.c
    return find_as(tx, PublishedFigure, yearly_figure, columns.series == series, columns.year == year)


def save_figure(tx: Tx, figure: PublishedFigure) -> None:
    """Keep a yearly figure with its source."""
    tx.insert_new(yearly_figure, [row_of(tx, figure)], ["community", "series", "year"])


def _notice_id(tx: Tx, notice: Notice) -> str:
    return derive_id("notice", tx.community, notice.tariff_id, notice.member_id or "", notice.sent_on, notice.channel)
