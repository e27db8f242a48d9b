"""The picture of a programme: its milestones against their deadlines."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from coop.web.figures import Chart, chart_of, days_axis
from coop.web.language import N_, translate
from coop.web.writing import civil_day


@dataclass(frozen=True)
class Milestone:
    """A row of a programme: planned from ``start`` to ``due``; ``reached`` is None while it is open."""

    name: str
    start: date
    due: date
    reached: date | None
    state: str


def draw_milestones(*, title: str, sentence: str, plan: Sequence[Milestone], today: date, lang: str) -> Chart:
    """Draw a programme as bars from start to due date, a diamond where a milestone was reached, and a line for today.

    ``state`` of each milestone is a text that is already written in the reader's language.
    """
    kinds = [translate(lang, "Reached"), translate(lang, "Open")]
    planned = [
        {"name": m.name, "day": f"{m.start}T00:00:00Z", "due": f"{m.due}T00:00:00Z", "kind": kinds[m.reached is None]}
        for m in plan
    ]
    reached = [{"name": m.name, "day": f"{m.reached}T00:00:00Z"} for m in plan if m.reached]
    first_day = min(m.start for m in plan)
    named = [{"name": m.name, "day": f"{first_day}T00:00:00Z"} for m in plan]
    days = days_axis(first_day, max(max(m.due, m.reached or m.due) for m in plan))
    rows_axis = {
        "field": "name",
        "type": "nominal",
        "sort": [m.name for m in plan],
        "axis": None,
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
            {  # above its bar, not beside it: on a phone names would leave no room for the time
                "data": {"values": named},
                "mark": {"type": "text", "align": "left", "dy": -15, "fontSize": 12, "color": "var(--chart-ink)"},
                "encoding": {"text": {"field": "name"}},
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
    return chart_of(spec, title, sentence, lang, columns, rows, height_px=90 + 44 * len(plan))
