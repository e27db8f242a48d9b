"""Parts that every chart is made of: two pictures, a sentence and a table, and the axis of civil days that charts
share."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from markupsafe import Markup

from coop.web.drawing import NARROW_PX, WIDE_PX, draw, for_print
from coop.web.writing import number

Number = int | float | Decimal


@dataclass(frozen=True)
class Chart:
    """A chart as the ``chart`` macro of ``ui.html`` shows it: two pictures, a sentence and a table.

    ``columns`` are headings with ``text`` or ``number`` for the alignment, ``rows`` written cells.
    """

    title: str
    sentence: str
    wide: Markup
    narrow: Markup
    columns: tuple[tuple[str, str], ...]
    rows: tuple[tuple[str, ...], ...]

    def printed(self, font: str = "Libertinus Serif") -> str:
        """The wide picture as SVG text for a PDF."""
        return for_print(self.wide, font)


def chart_of(
    spec: dict[str, Any], title: str, sentence: str, lang: str, columns: Any, rows: Any, height_px: int = 260
) -> Chart:
    """The chart of a Vega-Lite specification, drawn for desk and phone; ``columns`` and ``rows`` as in Chart."""
    wide, narrow = (
        draw(spec, title=title, sentence=sentence, lang=lang, width_px=width_px, height_px=height_px)
        for width_px in (WIDE_PX, NARROW_PX)
    )
    return Chart(title, sentence, wide, narrow, tuple(columns), tuple(tuple(row) for row in rows))


def table_of(
    lang: str,
    heading: str,
    labels: Sequence[str],
    series: Mapping[str, Sequence[Number | None]],
    unit: str,
    digits: int,
) -> tuple[list[tuple[str, str]], list[list[str]]]:
    """Columns and written rows of one value per label and series; None is a dash."""
    columns = [(heading, "text"), *((f"{name} [{unit}]", "number") for name in series)]
    rows = [
        [label, *(_written(lang, values[i], digits) for values in series.values())] for i, label in enumerate(labels)
    ]
    return columns, rows


def _written(lang: str, value: Number | None, digits: int) -> str:
    return "–" if value is None else number(lang, Decimal(str(value)), digits)


def points_of(days: Sequence[date], series: Mapping[str, Sequence[Number | None]]) -> list[dict[str, Any]]:
    """One record per series and day, as a specification takes its data."""
    return [
        {"day": day.isoformat() + "T00:00:00Z", "name": name, "value": None if value is None else float(value)}
        for name, values in series.items()
        for day, value in zip(days, values, strict=True)
    ]


def days_axis(first: date, last: date) -> dict[str, Any]:
    """Ticks at the start of months, or of weeks in a short span, each named behind its tick."""
    if (last - first).days > 120:
        ticks: dict[str, Any] = {"interval": "month", "step": 1 if (last - first).days < 400 else 3}
        written = "utcmonth(datum.value) == 0 ? utcFormat(datum.value, '%b %Y') : utcFormat(datum.value, '%b')"
    else:
        ticks, written = {"interval": "week", "step": 1}, "utcFormat(datum.value, '%-d %b')"
    axis = {
        "title": None,
        "labelOverlap": "greedy",
        "labelSeparation": 8,
        "tickCount": ticks,
        "labelExpr": written,
        "labelAlign": "left",
        "labelOffset": -1,
        "ticks": True,
        "tickColor": "var(--chart-muted)",
    }
    # The UTC scale keeps a civil date a date, wherever the server's clock stands.
    return {"field": "day", "type": "temporal", "scale": {"type": "utc", "nice": False}, "axis": axis}
