"""A line through points of which some are marked, and bands where nothing is known: a meter's readings, as they lie."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

from coop.values import AMSTERDAM
from coop.web.figures import Chart, chart_of
from coop.web.writing import instant, number

SHAPES = ("circle", "square", "triangle-up", "diamond", "cross", "triangle-down", "triangle-right")
COLOURS = (
    "var(--chart-1)",
    "var(--chart-muted)",
    "var(--chart-3)",
    "var(--chart-4)",
    "var(--chart-bad)",
    "var(--chart-2)",
    "var(--chart-ink)",
)
"""Shape and colour of each kind of mark: none is told by colour alone."""


@dataclass(frozen=True)
class Point:
    """A value at an instant; ``kind`` is the place of its mark's name, ``is_on_line`` whether the line goes through
    it."""

    at: datetime
    value: int | Decimal
    kind: int = 0
    is_on_line: bool = True


def marked(
    *,
    title: str,
    sentence: str,
    heading: str,
    points: Sequence[Point],
    kinds: Sequence[str],
    holes: Sequence[tuple[datetime, datetime]],
    unit: str,
    lang: str,
    digits: int = 2,
) -> Chart:
    """A line through points over time.

    Args:
        title: what is shown, as a heading.
        sentence: what it says, whole, for who does not see it.
        heading: what an instant is, above its column of the table ("At").
        points: in the order of time.
        kinds: name of each kind of mark, at most as many as there are ``SHAPES``.
        holes: times of which nothing is known, drawn as bands that break the line.
        unit: of the values, on the axis and in the table.
        lang: language of the reader.
        digits: decimals in the table.
    """
    used = sorted({point.kind for point in points})
    names = [kinds[kind] for kind in used]
    scale = {"domain": names, "range": [COLOURS[kind] for kind in used]}
    shapes = {"domain": names, "range": [SHAPES[kind] for kind in used]}
    at = {"field": "at", "type": "temporal", "scale": {"type": "utc", "nice": False}, "axis": _axis()}
    value = {"field": "value", "type": "quantitative", "title": unit, "scale": {"zero": False}}
    band: dict[str, Any] = {
        "data": {"values": [{"from": _civil(start), "to": _civil(end)} for start, end in holes]},
        "mark": {"type": "rect", "fill": "var(--chart-none)"},
        "encoding": {"x": at | {"field": "from"}, "x2": {"field": "to"}},
    }
    line: dict[str, Any] = {
        "data": {"values": _line(points, holes)},
        "mark": {"type": "line", "strokeWidth": 2, "color": "var(--chart-1)"},
        "encoding": {"x": at, "y": value, "detail": {"field": "part"}},
    }
    dots: dict[str, Any] = {
        "data": {
            "values": [
                {"at": _civil(point.at), "value": float(point.value), "kind": kinds[point.kind]} for point in points
            ]
        },
        "mark": {"type": "point", "filled": True, "size": 46},
        "encoding": {
            "x": at,
            "y": value,
            "color": {"field": "kind", "scale": scale, "legend": {}},
            "shape": {"field": "kind", "scale": shapes, "legend": {}},
        },
    }
    spec = {"layer": [*([band] if holes else []), line, dots], "config": {"legend": {"symbolType": "circle"}}}
    rows = [[instant(lang, point.at), number(lang, point.value, digits), kinds[point.kind]] for point in points]
    columns = [(heading, "text"), (unit, "number"), ("", "text")]
    return chart_of(spec, title, sentence, lang, columns, rows)


def _line(points: Sequence[Point], holes: Sequence[tuple[datetime, datetime]]) -> list[dict[str, Any]]:
    """Points of the line, in parts that end at a hole."""
    told = []
    for point in points:
        if point.is_on_line:
            part = sum(start < point.at for start, _ in holes)
            told.append({"at": _civil(point.at), "value": float(point.value), "part": part})
    return told


def _civil(at: datetime) -> str:
    """An instant as the clocks of Amsterdam say it, on an axis that knows no time zones."""
    return f"{at.astimezone(AMSTERDAM):%Y-%m-%dT%H:%M:%S}Z"


def _axis() -> dict[str, Any]:
    return {
        "title": None,
        "labelOverlap": "greedy",
        "labelSeparation": 8,
        "labelExpr": "utcFormat(datum.value, '%-d %b')",
    }
