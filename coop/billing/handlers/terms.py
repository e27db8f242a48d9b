"""What the board enters about terms: that members were told of a tariff, and published yearly figures."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

from coop.billing.model import Notice, PublishedFigure
from coop.billing.storage import heard
from coop.billing.storage import terms as stored_terms
from coop.events.billing import NoticePrice, TariffNoticeOrdered
from coop.kit.tx import Tx
from coop.values import BadInput, CoopError, NotFound, Problem, say

DIGITS_MAX = 15
"""Most digits of a published figure, on either side of the point."""


def send_notices(tx: Tx, tariff_id: str, sent_on: date, channel: str, members: Sequence[str] | None) -> int:
    """Record the written notice of a tariff (BW 2:59) to these members, or to all (None); returns how many rows say so.

    Raises:
        NotFound: there is no such tariff.
        BadInput: the channel is empty.
        CoopError: the notice is older than the decision it tells of.
    """
    adopted = heard.find_tariff(tx, tariff_id)
    if adopted is None:
        raise NotFound(
            say("there is no tariff %(tariff_id)s; it exists once its resolution was adopted", tariff_id=tariff_id)
        )
    if not channel.strip():
        raise BadInput([Problem(say("say how the notice was sent"), "channel")])
    if sent_on < adopted.decided_on:
        raise CoopError(
            "notice-too-early",
            say(
                "the tariff was decided on %(decided_on)s; notice of %(sent_on)s tells of a proposal",
                decided_on=adopted.decided_on,
                sent_on=sent_on,
            ),
        )
    recipients: Sequence[str | None] = members or [None]
    notices = [Notice(tariff_id, member_id, sent_on, channel.strip()) for member_id in recipients]
    stored_terms.save_notices(tx, notices)
    return len(notices)


def order_notices(tx: Tx, tariff_id: str, prices: Sequence[NoticePrice]) -> None:
    """Have everybody with a contract written to of a tariff. Who had the notice already gets none; whom it reached is
    heard one by one, and the tariff binds nobody else by it.

    Raises:
        NotFound: there is no such tariff.
    """
    adopted = heard.find_tariff(tx, tariff_id)
    if adopted is None:
        raise NotFound
    stored_terms.note_order(tx, tariff_id)
    tx.tell(
        TariffNoticeOrdered(
            tariff_id=tariff_id,
            resolution_id=adopted.resolution_id,
            valid_from=adopted.valid_from,
            decided_on=adopted.decided_on,
            prices=tuple(prices),
            ordered_on=tx.today,
        )
    )


def record_figure(tx: Tx, figure: PublishedFigure) -> None:
    """Keep a published figure of a year: an index factor such as 1.033, or weighted degree days.

    Raises:
        BadInput: the value is not above zero, or no source is named.
        CoopError: another value of that year is on file; bills rest on it.
    """
    value, source = figure.value, figure.source.strip()
    problems = []
    if not value.is_finite() or value <= 0:
        problems.append(Problem(say("%(value)s is not above zero", value=value), "factor"))
    elif value.adjusted() >= DIGITS_MAX or int(value.as_tuple().exponent) < -DIGITS_MAX:
        problems.append(
            Problem(
                say("%(value)s has more than %(most)s digits before or behind the point", value=value, most=DIGITS_MAX),
                "factor",
            )
        )
    if not source:
        problems.append(Problem(say("name where the figure was published"), "source"))
    if problems:
        raise BadInput(problems)
    known = stored_terms.find_figure(tx, figure.series, figure.year)
    if known is not None and known.value != value:
        raise CoopError(
            "figure-known",
            say(
                "%(series)s of %(year)s is on file as %(value)s (%(source)s)",
                series=figure.series,
                year=figure.year,
                value=known.value,
                source=known.source,
            ),
        )
    stored_terms.save_figure(tx, PublishedFigure(figure.series, figure.year, value, source))
