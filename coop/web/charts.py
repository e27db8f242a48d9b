"""The charts of the pages: plain data in, a picture with its sentence and its table out.

Every chart says in one sentence what it shows, and holds the same numbers as a table, so that nobody has to see it to
know it. Numbers become floats only here, where they become lengths; the table is written from the values as given.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

from coop.web.drawing import DASHES, FILLS, STROKES
from coop.web.figures import Chart as Chart
from coop.web.figures import Number, chart_of, days_axis, points_of, table_of
from coop.web.writing import civil_day

MARKS_MAX = 5
"""Most marks on an axis, beside its zero."""


def bars(
    *,
    title: str,
    sentence: str,
    heading: str,
    labels: Sequence[str],
    series: Mapping[str, Sequence[Number]],
    unit: str,
    lang: str,
    digits: int = 1,
) -> Chart:
    """Stacked bars, one per label (month, day), one layer per series.

    Args:
        title: what is shown, as a heading.
        sentence: what it says, whole, for who does not see it.
        heading: what the labels are, above their column of the table ("Month").
        labels: one per bar, in order.
        series: name to values, one value per label; at most four.
        unit: of the values, on the axis and in the table.
        lang: language of the reader.
        digits: decimals in the table.
    """
    names = list(series)
    values = [
        {"at": i, "label": label, "name": name, "value": float(series[name][i])}
        for i, label in enumerate(labels)
        for name in names
    ]
    spec = {
        "data": {"values": values},
        # A few labels do not stretch their bars into walls.
        "mark": {"type": "bar"} if len(labels) > 4 else {"type": "bar", "width": 56},
        "encoding": {
            "x": {
                "field": "label",
                "type": "ordinal",
                "sort": {"field": "at"},
                "scale": {"paddingInner": 0.3, "paddingOuter": 0.15},
                "axis": {"title": None, "labelAngle": 0, "labelOverlap": "greedy", "labelSeparation": 3},
            },
            "y": {
                "field": "value",
                "type": "quantitative",
                "title": unit,
                "axis": {"format": ",~f"} | _whole_marks(series, digits),
            },
            "color": {
                "field": "name",
                "scale": {"domain": names, "range": list(FILLS[: len(names)])},
                "legend": {} if len(names) > 1 else None,
            },
            "order": {"field": "at"},
        },
    }
    return chart_of(spec, title, sentence, lang, *table_of(lang, heading, labels, series, unit, digits))


def _whole_marks(series: Mapping[str, Sequence[Number]], digits: int) -> dict[str, Any]:
    """Marks at whole numbers where a few things are counted: half a vote is no mark on an axis."""
    tallest = max((sum(stack) for stack in zip(*series.values(), strict=True)), default=0)
    return {"values": list(range(int(tallest) + 1))} if not digits and 0 < tallest <= MARKS_MAX else {}


def lines(
    *,
    title: str,
    sentence: str,
    heading: str,
    days: Sequence[date],
    series: Mapping[str, Sequence[Number | None]],
    unit: str,
    lang: str,
    digits: int = 1,
) -> Chart:
    """Lines over civil days, told apart by dash and by a name at the end of each; None leaves a hole in the line.

    ``series`` maps a name to one value per day, at most four of them.
    """
    names = list(series)
    spec: dict[str, Any] = {
        "data": {"values": points_of(days, series)},
        "encoding": {
            "x": days_axis(days[0], days[-1]),
            "y": {"field": "value", "type": "quantitative", "title": unit},
        },
        "layer": [
            {
                "mark": {"type": "line", "strokeWidth": 2.5, "strokeJoin": "round"},
                "encoding": {
                    "color": {"field": "name", "scale": {"domain": names, "range": list(STROKES[: len(names)])}},
                    "strokeDash": {"field": "name", "scale": {"domain": names, "range": list(DASHES[: len(names)])}},
                },
            }
        ],
        "config": {"legend": {"symbolType": "stroke", "symbolStrokeWidth": 2.5, "symbolSize": 300}},
    }
    labels = [civil_day(lang, day, "medium") for day in days]
    return chart_of(spec, title, sentence, lang, *table_of(lang, heading, labels, series, unit, digits))
