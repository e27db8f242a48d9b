"""Many small cells as one picture: meters by days, or quarter-hours by the days of a year.

Invariant: a class of cells is one path, and neighbours in a row are one stroke of it. A year of quarter-hours is 35,040
cells; as single shapes that would be megabytes, as runs it is a few dozen kilobytes.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from itertools import groupby

from markupsafe import Markup, escape

from coop.web.charts import Chart
from coop.web.drawing import NARROW_PX, WIDE_PX, frame

QUALITY = ("var(--chart-1)", "url(#hatch)", "url(#dots)", "var(--chart-none)")
"""Measured, estimated, partly there, missing: told by pattern as well as by colour."""

AMOUNT = ("var(--chart-none)", "var(--heat-1)", "var(--heat-2)", "var(--heat-3)", "var(--heat-4)", "var(--heat-5)")
"""Nothing, then ever more: one hue from light to dark, so that it also reads in grey."""

_LEFT_PX, _TOP_PX, _BOTTOM_PX = {WIDE_PX: 96, NARROW_PX: 74}, 34, 24


def amount_levels(values: Sequence[Sequence[float]], bounds: Sequence[float]) -> list[list[int]]:
    """Class of each value: how many of the rising ``bounds`` it reaches.

    >>> amount_levels([[0, 0.4, 9]], [0.1, 1, 5])
    [[0, 1, 3]]
    """
    return [[bisect_right(bounds, value) for value in row] for row in values]


def heatmap(
    *,
    title: str,
    sentence: str,
    heading: str,
    rows: Sequence[str],
    columns: Sequence[str],
    levels: Sequence[Sequence[int]],
    legend: Sequence[str],
    fills: Sequence[str] = QUALITY,
    row_px: int = 12,
) -> Chart:
    """A grid of classes.

    Args:
        title: what is shown.
        sentence: what it says.
        heading: what the rows are, above their column of the table ("Meter").
        rows: label of each row; an empty one is not written.
        columns: label of each column; an empty one is not written.
        levels: one class per row and column, shape (rows, columns), index into ``legend``.
        legend: name of each class.
        fills: fill of each class, ``QUALITY`` or ``AMOUNT`` or the caller's own.
        row_px: height of a row [px].
    """
    wide, narrow = (
        Markup(_picture(width_px, row_px, rows, columns, levels, legend, fills, title, sentence))
        for width_px in (WIDE_PX, NARROW_PX)
    )
    table = tuple(
        (label, *(str(sum(1 for level in row if level == kind)) for kind in range(len(legend))))
        for label, row in zip(rows, levels, strict=True)
        if label
    )
    return Chart(title, sentence, wide, narrow, ((heading, "text"), *((name, "number") for name in legend)), table)


def _picture(
    width_px: int,
    row_px: int,
    rows: Sequence[str],
    columns: Sequence[str],
    levels: Sequence[Sequence[int]],
    legend: Sequence[str],
    fills: Sequence[str],
    title: str,
    sentence: str,
) -> str:
    left = _LEFT_PX[width_px]
    step = (width_px - left) / max(len(columns), 1)
    gap = 1 if step > 5 else 0
    paths: dict[int, list[str]] = {}
    for i, row in enumerate(levels):
        at = 0
        for level, cells in groupby(row):
            count = len(list(cells))
            x, length = left + at * step, count * step - gap
            bar = row_px - gap if row_px > 5 else row_px
            paths.setdefault(level, []).append(f"M{x:.1f} {_top(width_px, legend) + i * row_px}h{length:.1f}v{bar}h-{length:.1f}z")
            at += count
    height = _top(width_px, legend) + len(rows) * row_px + _BOTTOM_PX
    drawn = [f'<path fill="{fills[level]}" d="{"".join(parts)}"/>' for level, parts in sorted(paths.items())]
    drawn += _texts(width_px, row_px, rows, columns, left, step, height, legend)
    return frame("".join([*_legend(width_px, legend, fills), *drawn]), title, sentence, width_px, height)


def _top(width_px: int, legend: Sequence[str]) -> int:
    return _TOP_PX if width_px == WIDE_PX else 12 + 20 * ((len(legend) + 1) // 2)


def _legend(width_px: int, legend: Sequence[str], fills: Sequence[str]) -> list[str]:
    drawn, x, y = [], 1.0, 2
    for i, name in enumerate(legend):
        if width_px == NARROW_PX:
            x, y = 1.0 + (i % 2) * width_px / 2, 2 + 20 * (i // 2)
        drawn.append(
            f'<rect x="{x:.0f}" y="{y}" width="12" height="12" fill="{fills[i]}" stroke="var(--chart-muted)" '
            f'stroke-width=".5"/><text x="{x + 18:.0f}" y="{y + 10}" font-size="12" fill="var(--chart-ink)">{escape(name)}</text>'
        )
        x += 18 + 7.2 * len(name) + 20
    return drawn


def _texts(
    width_px: int,
    row_px: int,
    rows: Sequence[str],
    columns: Sequence[str],
    left: float,
    step: float,
    height: int,
    legend: Sequence[str],
) -> list[str]:
    top, drawn, free_from = _top(width_px, legend), [], 0.0
    for i, label in enumerate(rows):
        # Labels that would stand on each other are left out; the table has them all.
        y = top + i * row_px + row_px * 0.5 + 4
        if label and y >= free_from:
            cut = label if len(label) * 6.4 < left else label[: int(left / 6.4) - 1] + "…"
            drawn.append(f'<text x="{left - 6:.0f}" y="{y:.1f}" text-anchor="end" font-size="11">{escape(cut)}</text>')
            free_from = y + 12
    free_from = 0.0
    for i, label in enumerate(columns):
        x = left + (i + 0.5) * step
        if label and x - len(label) * 3.2 >= free_from and x + len(label) * 3.2 <= width_px + 4:
            drawn.append(f'<text x="{x:.1f}" y="{height - 8}" text-anchor="middle" font-size="11">{escape(label)}</text>')
            free_from = x + len(label) * 3.2 + 8
    return ['<g fill="var(--chart-muted)">', *drawn, "</g>"]
