"""Many small cells as one picture: meters by days, or quarter-hours by the days of a year.

Invariant: a class of cells is one path, and neighbours in a row are one run of it. A year of quarter-hours is 35,040
cells: as single shapes that would be megabytes. Where cells touch, a run is one horizontal stroke in units of cells.
"""

from __future__ import annotations

import math
from bisect import bisect_right
from collections.abc import Sequence
from itertools import groupby

from markupsafe import Markup, escape

from coop.web.drawing import NARROW_PX, WIDE_PX, frame
from coop.web.figures import Chart

QUALITY = ("var(--chart-1)", "url(#hatch)", "url(#dots)", "var(--chart-none)")
"""Measured, estimated, partly there, missing: told by pattern as well as by colour."""

AMOUNT = ("var(--chart-none)", "var(--heat-1)", "var(--heat-2)", "var(--heat-3)", "var(--heat-4)", "var(--heat-5)")
"""Nothing, then ever more: one hue from light to dark, so that it also reads in grey."""

_LEFT_PX, _TOP_PX, _BOTTOM_PX = {WIDE_PX: 170, NARROW_PX: 96}, 34, 24
"""The widest column of row labels, and what stands above and below the grid."""


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
    row_px: int = 14,
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
    left = min(_LEFT_PX[width_px], 12 + 6.4 * max(map(len, rows), default=0))
    top = _TOP_PX if width_px == WIDE_PX else 12 + 20 * ((len(legend) + 1) // 2)
    step = (width_px - left) / max(len(columns), 1)
    height = top + len(rows) * row_px + _BOTTOM_PX
    cells = _apart(levels, fills, step, row_px) if step > 5 and row_px > 5 else _touching(levels, fills, step, row_px)
    drawn = [
        *_legend(width_px, legend, fills),
        f'<g transform="translate({left:g} {top})">{cells}</g><g fill="var(--chart-muted)" font-size="11">',
        *_row_labels(rows, left, top, row_px),
        *_column_labels(columns, left, step, height - 8),
        "</g>",
    ]
    return frame("".join(drawn), title, sentence, width_px, height)


def _runs(levels: Sequence[Sequence[int]]) -> dict[int, list[tuple[int, int, int]]]:
    """Class to its runs: row, first column, count."""
    runs: dict[int, list[tuple[int, int, int]]] = {}
    for i, row in enumerate(levels):
        at = 0
        for level, cells in groupby(row):
            count = sum(1 for _ in cells)
            runs.setdefault(level, []).append((i, at, count))
            at += count
    return dict(sorted(runs.items()))


def _apart(levels: Sequence[Sequence[int]], fills: Sequence[str], step: float, row_px: int) -> str:
    drawn = []
    for level, runs in _runs(levels).items():
        bars = "".join(
            f"M{at * step:.1f} {row * row_px}h{count * step - 1:.1f}v{row_px - 1}H{at * step:.1f}z"
            for row, at, count in runs
        )
        drawn.append(f'<path fill="{fills[level]}" d="{bars}"/>')
    return "".join(drawn)


def _touching(levels: Sequence[Sequence[int]], fills: Sequence[str], step: float, row_px: int) -> str:
    width = max(map(len, levels), default=0)
    drawn = [f'<g transform="scale({step:.4f} {row_px}) translate(0 .5)" stroke-width="1.02">']
    drawn.append(f'<path fill="{fills[0]}" d="M0-.5h{width}v{len(levels)}H0z"/>')
    for level, runs in _runs(levels).items():
        if level:
            strokes = "".join(f"M{at} {row}h{count}" for row, at, count in runs)
            drawn.append(f'<path stroke="{fills[level]}" d="{strokes}"/>')
    return "".join([*drawn, "</g>"])


def _legend(width_px: int, legend: Sequence[str], fills: Sequence[str]) -> list[str]:
    drawn, x, y = [], 1.0, 2
    for i, name in enumerate(legend):
        if width_px == NARROW_PX:
            x, y = 1.0 + (i % 2) * width_px / 2, 2 + 20 * (i // 2)
        drawn.append(
            f'<rect x="{x:.0f}" y="{y}" width="12" height="12" fill="{fills[i]}" stroke="var(--chart-muted)" '
            f'stroke-width=".5"/>'
            f'<text x="{x + 18:.0f}" y="{y + 10}" font-size="12" fill="var(--chart-ink)">{escape(name)}</text>'
        )
        x += 18 + 7.2 * len(name) + 20
    return drawn


def _row_labels(rows: Sequence[str], left: float, top: int, row_px: int) -> list[str]:
    """Labels that would stand on each other are left out, and a long one keeps its end, where serial numbers differ;
    the table has them all."""
    drawn, free_from = [], 0.0
    for i, label in enumerate(rows):
        y = top + (i + 0.5) * row_px + 4
        if label and y >= free_from:
            cut = label if len(label) * 6.4 < left else "…" + label[1 - int(left / 6.4) :]
            drawn.append(f'<text x="{left - 6:g}" y="{y:.1f}" text-anchor="end">{escape(cut)}</text>')
            free_from = y + 12
    return drawn


def _column_labels(columns: Sequence[str], left: float, step: float, y: int) -> list[str]:
    """Every label, or every second, third ... when they would touch; each starts at its column's edge."""
    labelled = [(i, label) for i, label in enumerate(columns) if label]
    if not labelled:
        return []
    widest = max(len(label) for _, label in labelled) * 6.4 + 8
    apart = step * (labelled[-1][0] - labelled[0][0]) / max(len(labelled) - 1, 1) or widest
    return [
        f'<text x="{left + i * step:.1f}" y="{y}">{escape(label)}</text>'
        for i, label in labelled[:: max(1, math.ceil(widest / apart))]
    ]
