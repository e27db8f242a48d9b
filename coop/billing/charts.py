"""The picture of a guarantee year: running cost under the ceiling that it may not cross."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from decimal import Decimal
from typing import Any

from coop.web.figures import Chart, chart_of, days_axis, points_of
from coop.web.language import translate
from coop.web.writing import civil_day, money


def draw_cost_under_ceiling(
    *,
    title: str,
    sentence: str,
    days: Sequence[date],
    cost_cents: Sequence[int],
    ceiling_cents: int,
    lang: str,
    expected_cents: Sequence[int | None] = (),
) -> Chart:
    """Draw the cost of a year so far, step by step, and what is expected of the rest, under the line that it may not
    cross.

    Args:
        title: heading of the chart.
        sentence: the chart in words.
        days: the last day of each step, the whole year long.
        cost_cents: running total at each day so far [cents]; shorter than ``days`` while the year runs.
        ceiling_cents: the personal ceiling of the year [cents].
        lang: language of the reader.
        expected_cents: running total that is expected at each day after those [cents]; empty where nothing is.
    """
    cost, ceiling = translate(lang, "Cost so far"), translate(lang, "Ceiling")
    expected = [cents for cents in expected_cents if cents is not None]
    costs = [*cost_cents, *[None] * (len(days) - len(cost_cents))]
    points = points_of(days, {cost: [None if cents is None else Decimal(cents).scaleb(-2) for cents in costs]})
    # A year starts at nothing, on its first day.
    begin = days[0].replace(day=1)
    if begin < days[0]:
        points.insert(0, {"day": f"{begin}T00:00:00Z", "name": cost, "value": 0})
    y = {
        "field": "value",
        "type": "quantitative",
        "title": "€",
        "axis": {"format": ",.0f"},
        "scale": {"domainMin": 0, "domainMax": max([ceiling_cents, *cost_cents, *expected]) / 100 * 1.12},
    }
    spec = {
        "encoding": {"x": days_axis(begin, days[-1]), "y": y},
        "layer": [
            *_cost_layers(points),
            *(_expected_layers(days, cost_cents, expected_cents) if expected else ()),
            *_ceiling_layers({"value": ceiling_cents / 100, "text": f"{ceiling} {money(lang, ceiling_cents)}"}),
        ],
    }
    columns = [(translate(lang, "Until"), "text"), (cost, "number"), (ceiling, "number")]
    rows = [
        [civil_day(lang, day, "medium"), "–" if cents is None else money(lang, cents), money(lang, ceiling_cents)]
        for day, cents in zip(days, costs, strict=True)
    ]
    if expected:
        columns.insert(2, (translate(lang, "Expected"), "number"))
        written = ["–" if cents is None else money(lang, cents) for cents in expected_cents]
        for row, cell in zip(rows, ["–"] * len(cost_cents) + written, strict=True):
            row.insert(2, cell)
    return chart_of(spec, title, sentence, lang, columns, rows)


def _cost_layers(points: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    """An area under a line, with a dot at the newest cost."""
    reached = [point for point in points if point["value"] is not None]
    return [
        {"data": {"values": points}, "mark": {"type": "area", "color": "var(--chart-1-soft)"}},
        {"data": {"values": points}, "mark": {"type": "line", "color": "var(--chart-1)", "strokeWidth": 3}},
        {
            "data": {"values": reached[-1:]},
            "mark": {"type": "point", "filled": True, "size": 90, "color": "var(--chart-1)", "opacity": 1},
        },
    ]


def _expected_layers(
    days: Sequence[date], cost_cents: Sequence[int], expected_cents: Sequence[int | None]
) -> list[dict[str, Any]]:
    """A dashed line from the newest cost on."""
    series = [*[None] * (len(cost_cents) - 1), cost_cents[-1], *expected_cents]
    points = points_of(days, {"expected": [None if cents is None else Decimal(cents).scaleb(-2) for cents in series]})
    mark = {"type": "line", "color": "var(--chart-1)", "strokeWidth": 2, "strokeDash": [5, 4]}
    return [{"data": {"values": [point for point in points if point["value"] is not None]}, "mark": mark}]


def _ceiling_layers(top: dict[str, Any]) -> list[dict[str, Any]]:
    """A line across the whole year, with its amount written above its start."""
    height = {"field": "value", "type": "quantitative"}
    text = {"type": "text", "align": "left", "baseline": "bottom", "dy": -5, "fontSize": 13, "fontWeight": "bold"}
    return [
        {
            "data": {"values": [top]},
            "mark": {"type": "rule", "color": "var(--chart-2)", "strokeWidth": 2.5},
            "encoding": {"x": None, "y": height},
        },
        {
            "data": {"values": [top]},
            "mark": text | {"color": "var(--chart-2)"},
            "encoding": {"x": {"value": 4}, "y": height, "text": {"field": "text"}},
        },
    ]
