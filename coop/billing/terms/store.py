"""Written notices of tariffs, and published yearly figures."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal

from sqlalchemy import ColumnElement, case, func, select

from coop.billing.model import Notice, PublishedFigure
from coop.billing.tables.bills import notice_order, tariff_notice, yearly_figure
from coop.billing.terms.mailing_store import list_sent_notices
from coop.kit.database import among
from coop.kit.keyset import Key, Window
from coop.kit.rows import find_as, row_of, select_as
from coop.kit.tx import Tx
from coop.values import derive_id


@dataclass(frozen=True)
class Mailing:
    """The notices of one day and way: to how many members, and whether to the reader. ``has_proof``: they went out
    from here, one by one; otherwise two people say that they did."""

    sent_on: date
    channel: str
    count: int
    to_reader: bool
    has_proof: bool = False


def save_notices(tx: Tx, notices: Sequence[Notice]) -> None:
    """Keep written notices; the same again changes nothing."""
    rows = [row_of(tx, notice, id=_notice_id(tx, notice)) for notice in notices]
    tx.insert_new(tariff_notice, rows, ["community", "id"])


def note_order(tx: Tx, tariff_id: str) -> None:
    """Keep that the board has everybody written to of a tariff."""
    row = {"tariff_id": tariff_id, "ordered_at": tx.now, "ordered_by": str(tx.actor)}
    tx.insert_new(notice_order, [{"community": tx.community, **row}], ["community", "tariff_id", "ordered_at"])


def find_orders(tx: Tx) -> dict[str, datetime]:
    """Find when the board last had everybody written to, by tariff."""
    columns = notice_order.c
    query = select(columns.tariff_id, func.max(columns.ordered_at, type_=columns.ordered_at.type))
    return dict(iter(tx.execute(query.where(columns.community == tx.community).group_by(columns.tariff_id))))


def list_notices(tx: Tx) -> list[Notice]:
    """Every written notice, by tariff, day, way and member: those that two people put on file, and those of which was
    heard that they went out."""
    return sorted([*select_as(tx, Notice, tariff_notice), *list_sent_notices(tx)], key=notice_key)


def notice_key(notice: Notice) -> Key:
    """Place of a notice in the list of all."""
    return notice.tariff_id, notice.sent_on, notice.channel, notice.member_id


def list_mailings(
    tx: Tx, tariff_ids: Sequence[str], reader_id: str | None, known_on: date = date.max
) -> dict[str, list[Mailing]]:
    """The mailings of each of these tariffs that were known on a day, by day and way; nobody reads here who else was
    written to."""
    columns = tariff_notice.c
    to_reader = columns.member_id == (reader_id or "")
    query = (
        select(
            columns.tariff_id,
            columns.sent_on,
            columns.channel,
            func.count(),
            func.max(case((to_reader, 1), else_=0)),
        )
        .where(
            columns.community == tx.community,
            among(tx, columns.tariff_id, tariff_ids),
            columns.known_on <= known_on,
        )
        .group_by(columns.tariff_id, columns.sent_on, columns.channel)
        .order_by(columns.tariff_id, columns.sent_on, columns.channel)
    )
    mailings: dict[str, list[Mailing]] = {}
    for tariff_id, sent_on, channel, count, is_to_reader in tx.execute(query):
        mailings.setdefault(tariff_id, []).append(Mailing(sent_on, channel, count, bool(is_to_reader), False))
    by_day: dict[tuple[str, date, str], list[Notice]] = {}
    for notice in list_sent_notices(tx):
        if notice.known_on <= known_on:
            by_day.setdefault((notice.tariff_id, notice.sent_on, notice.channel), []).append(notice)
    for (tariff_id, sent_on, channel), sent in sorted(by_day.items()):
        is_to_reader = any(notice.member_id == reader_id for notice in sent)
        if tariff_id in tariff_ids:
            mailings.setdefault(tariff_id, []).append(Mailing(sent_on, channel, len(sent), is_to_reader, True))
    return mailings


def list_figures(tx: Tx, window: Window | None = None) -> list[PublishedFigure]:
    """Every yearly figure as it holds, by series and year."""
    order = (yearly_figure.c.series, yearly_figure.c.year)
    return select_as(tx, PublishedFigure, yearly_figure, _holds(tx), order_by=order, window=window)


def find_figure(tx: Tx, series: str, year: int) -> PublishedFigure | None:
    """A yearly figure as it holds, or None."""
    columns = yearly_figure.c
    return find_as(tx, PublishedFigure, yearly_figure, columns.series == series, columns.year == year, _holds(tx))


def was_published(tx: Tx, series: str, year: int, value: Decimal) -> bool:
    """True where a figure is on file with this value, now or before it was corrected."""
    columns = yearly_figure.c
    figures = select_as(tx, PublishedFigure, yearly_figure, columns.series == series, columns.year == year)
    return value in [figure.value for figure in figures]


def save_figure(tx: Tx, figure: PublishedFigure) -> None:
    """Keep a yearly figure with its source; it holds from now on."""
    columns = yearly_figure.c
    mine = columns.community == tx.community, columns.series == figure.series, columns.year == figure.year
    number = (tx.scalar(select(func.max(columns.number)).where(*mine)) or 0) + 1
    row = row_of(tx, figure, number=number, entered_at=tx.now, entered_by=str(tx.actor))
    tx.insert(yearly_figure, [row])


def _holds(tx: Tx) -> ColumnElement[bool]:
    """The figures that nobody corrected."""
    columns, later = yearly_figure.c, yearly_figure.alias("later")
    corrected = (
        select(later.c.number)
        .where(
            later.c.community == tx.community,
            later.c.series == columns.series,
            later.c.year == columns.year,
            later.c.number > columns.number,
        )
        .correlate(yearly_figure)
    )
    return ~corrected.exists()


def _notice_id(tx: Tx, notice: Notice) -> str:
    return derive_id("notice", tx.community, notice.tariff_id, notice.member_id, notice.sent_on, notice.channel)
