"""The charts of the pages: plain data in, a picture with its sentence and its table out.

Every chart says in one sentence what it shows, and holds the same numbers as a table, so that nobody has to see it to
know it. Numbers become floats only here, where they become lengths; the table is written from the values as given.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from coop.web.drawing import DASHES, FILLS, STROKES
from coop.web.figures import Chart as Chart
from coop.web.figures import Number, chart_of, days_axis, points_of, table_of
from coop.web.language import N_, translate
from coop.web.writing import civil_day, money


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
        lang: ``nl`` or ``en``.
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
            "y": {"field": "value", "type": "quantitative", "title": unit, "axis": {"format": ",~f"}},
            "color": {
                "field": "name",
                "scale": {"domain": names, "range": list(FILLS[: len(names)])},
                "legend": {} if len(names) > 1 else None,
            },
            "order": {"field": "at"},
        },
    }
    return chart_of(spec, title, sentence, lang, *table_of(lang, heading, labels, series, unit, digits))


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


def progress_against_ceiling(
    *,
    title: str,
    sentence: str,
    days: Sequence[date],
    cost_cents: Sequence[int],
    ceiling_cents: int,
    lang: str,
    expected_cents: Sequence[int | None] = (),
) -> Chart:
    """What a year has cost so far, day by day or month by month, under the line that it may not cross.

    Args:
        title: what is shown.
        sentence: what it says.
        days: the last day of each step, the whole year long.
        cost_cents: running total at each day so far [cents]; shorter than ``days`` while the year runs.
        ceiling_cents: the personal ceiling of the year [cents].
        lang: ``nl`` or ``en``.
        expected_cents: running total expected at each day [cents], None where nothing is expected; may be left out.
    """
    cost, expected, ceiling = (
        translate(lang, "Cost so far"),
        translate(lang, "Expected"),
        translate(lang, "Ceiling"),
    )
    so_far: list[int | None] = [*cost_cents, *[None] * (len(days) - len(cost_cents))]
    series: dict[str, Sequence[int | None]] = {cost: so_far}
    if expected_cents:
        series[expected] = expected_cents
    euros = {
        name: [None if cents is None else Decimal(cents).scaleb(-2) for cents in steps]
        for name, steps in series.items()
    }
    # A year starts at nothing, on its first day.
    begin = days[0].replace(day=1)
    points = points_of(days, euros)
    if begin < days[0]:
        points.insert(0, {"day": f"{begin}T00:00:00Z", "name": cost, "value": 0})
    y = {
        "field": "value",
        "type": "quantitative",
        "title": "€",
        "axis": {"format": ",.0f"},
        "scale": {"domainMin": 0, "domainMax": max([ceiling_cents, *cost_cents]) / 100 * 1.12},
    }
    top = {"value": ceiling_cents / 100, "text": f"{ceiling} {money(lang, ceiling_cents)}"}
    spec: dict[str, Any] = {
        "encoding": {"x": days_axis(begin, days[-1]), "y": y},
        "layer": [
            _step_line(points, expected, "var(--chart-muted)", [4, 4], 1.5),
            {
                "data": {"values": [point for point in points if point["name"] == cost]},
                "mark": {"type": "area", "color": "var(--chart-1-soft)"},
            },
            _step_line(points, cost, "var(--chart-1)", [1, 0], 3),
            {
                "data": {
                    "values": [point for point in points if point["name"] == cost and point["value"] is not None][-1:]
                },
                "mark": {"type": "point", "filled": True, "size": 90, "color": "var(--chart-1)", "opacity": 1},
            },
            {
                "data": {"values": [top]},
                "mark": {"type": "rule", "color": "var(--chart-2)", "strokeWidth": 2.5},
                "encoding": {"x": None, "y": {"field": "value", "type": "quantitative"}},
            },
            {
                "data": {"values": [top]},
                "mark": {
                    "type": "text",
                    "align": "left",
                    "baseline": "bottom",
                    "dy": -5,
                    "fontSize": 13,
                    "fontWeight": "bold",
                    "color": "var(--chart-2)",
                },
                "encoding": {
                    "x": {"value": 4},
                    "y": {"field": "value", "type": "quantitative"},
                    "text": {"field": "text"},
                },
            },
        ],
    }
    columns = [(translate(lang, "Until"), "text"), *((name, "number") for name in series), (ceiling, "number")]
    rows = [
        [
            civil_day(lang, day, "medium"),
            *("–" if (cents := steps[i]) is None else money(lang, cents) for steps in series.values()),
            money(lang, ceiling_cents),
        ]
        for i, day in enumerate(days)
    ]
    return chart_of(spec, title, sentence, lang, columns, rows)


def _step_line(points: list[dict[str, Any]], name: str, colour: str, dash: list[int], width: float) -> dict[str, Any]:
    return {
        "data": {"values": [point for point in points if point["name"] == name]},
        "mark": {"type": "line", "color": colour, "strokeWidth": width, "strokeDash": dash},
    }


@dataclass(frozen=True)
class Milestone:
    """A row of a programme: planned from ``start`` to ``due``; ``reached`` is None while it is open."""

    name: str
    start: date
    due: date
    reached: date | None
    state: str


def milestones(*, title: str, sentence: str, plan: Sequence[Milestone], today: date, lang: str) -> Chart:
    """A programme as bars from start to due date, a diamond where a milestone was reached, and a line for today.

    ``state`` of each milestone is a text that is already written in the reader's language.
    """
    kinds = [translate(lang, "Reached"), translate(lang, "Open")]
    planned = [
        {"name": m.name, "day": f"{m.start}T00:00:00Z", "due": f"{m.due}T00:00:00Z", "kind": kinds[m.reached is None]}
        for m in plan
    ]
    reached = [{"name": m.name, "day": f"{m.reached}T00:00:00Z"} for m in plan if m.reached]
    days = days_axis(min(m.start for m in plan), max(max(m.due, m.reached or m.due) for m in plan))
    rows_axis = {
        "field": "name",
        "type": "nominal",
        "sort": [m.name for m in plan],
        "axis": {"title": None, "labelLimit": 220, "labelColor": "var(--chart-ink)", "grid": False},
        "scale": {"padding": 0.5},
    }
    diamond = {"type": "point", "shape": "diamond", "size": 190, "filled": True, "opacity": 1}
    spec = {
        "encoding": {"x": days, "y": rows_axis},
        "layer": [
            {
                "data": {"values": planned},
                "mark": {"type": "bar", "height": 14},
                "encoding": {
                    "x2": {"field": "due"},
                    "color": {"field": "kind", "scale": {"domain": kinds, "range": ["var(--chart-1)", "url(#hatch)"]}},
                },
            },
            {
                "data": {"values": reached},
                "mark": diamond | {"color": "var(--chart-ink)", "stroke": "var(--chart-paper)"},
            },
            {
                "data": {"values": [{"day": f"{today}T00:00:00Z"}]},
                "mark": {"type": "rule", "color": "var(--chart-bad)", "strokeWidth": 1.5, "strokeDash": [3, 3]},
                "encoding": {"y": None},
            },
        ],
    }
    headings = (N_("Milestone"), N_("Start"), N_("Due"), N_("Reached"), N_("State"))
    columns = [(translate(lang, heading), "text") for heading in headings]
    rows = [
        [
            m.name,
            civil_day(lang, m.start, "medium"),
            civil_day(lang, m.due, "medium"),
            civil_day(lang, m.reached, "medium") if m.reached else "–",
            m.state,
        ]
        for m in plan
    ]
    return chart_of(spec, title, sentence, lang, columns, rows, height_px=90 + 34 * len(plan))
