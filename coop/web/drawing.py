"""From a Vega-Lite specification to an SVG that lives in a page or in a PDF.

Invariant: the same specification gives the same bytes, in any process. The renderer numbers its clip paths by a
counter that never stops, so every id is renamed here after the content it stands in; that also keeps two charts on one
page apart.

Colours are the page's own custom properties (``var(--chart-1)``), so a chart follows the light and dark style sheet
without being drawn again; ``for_print`` puts the light palette in their place. No series is told by colour alone: the
second and third carry a hatch and dots.
"""

from __future__ import annotations

import hashlib
import json
import re
from functools import lru_cache
from typing import Any

from babel.numbers import get_decimal_symbol, get_group_symbol
from markupsafe import Markup, escape

from coop.web.catalogs import languages

WIDE_PX, NARROW_PX = 720, 340
"""Width of the two pictures of each chart; the style sheet shows the one that fits, so text stays readable."""

PALETTE = {
    "--chart-1": "#0f6674",
    "--chart-1-soft": "#cfe3e4",
    "--chart-2": "#b4602a",
    "--chart-2-soft": "#efc9a4",
    "--chart-3": "#8a6a12",
    "--chart-3-soft": "#eed58a",
    "--chart-4": "#5a5f8c",
    "--chart-bad": "#a3352a",
    "--chart-none": "#e3e7e6",
    "--chart-ink": "#1b2b30",
    "--chart-muted": "#54666b",
    "--chart-grid": "#dde4e3",
    "--chart-paper": "#ffffff",
    "--heat-1": "#bfdcdd",
    "--heat-2": "#86bcc1",
    "--heat-3": "#4a97a0",
    "--heat-4": "#1b7280",
    "--heat-5": "#0b4450",
}
"""The light palette, as ``coop.css`` has it; a test compares them."""

FILLS = ("var(--chart-1)", "url(#hatch)", "url(#dots)", "var(--chart-4)")
"""Fills of the areas of the first, second ... series."""

STROKES = ("var(--chart-1)", "var(--chart-2)", "var(--chart-3)", "var(--chart-4)")
DASHES = ([1, 0], [6, 3], [2, 3], [8, 3, 2, 3])

PATTERNS = (
    '<pattern id="hatch" width="6" height="6" patternUnits="userSpaceOnUse" patternTransform="rotate(45)">'
    '<rect width="6" height="6" fill="var(--chart-2-soft)"/>'
    '<rect width="3" height="6" fill="var(--chart-2)"/></pattern>'
    '<pattern id="dots" width="6" height="6" patternUnits="userSpaceOnUse">'
    '<rect width="6" height="6" fill="var(--chart-3-soft)"/>'
    '<circle cx="3" cy="3" r="1.6" fill="var(--chart-3)"/></pattern>'
)

_FONT = "sans-serif"
_CONFIG: dict[str, Any] = {
    "font": _FONT,
    "background": None,
    "view": {"stroke": None},
    "aria": False,
    "axis": {
        "labelColor": "var(--chart-muted)",
        "titleColor": "var(--chart-muted)",
        "gridColor": "var(--chart-grid)",
        "domain": False,
        "ticks": False,
        "labelFontSize": 12,
        "titleFontSize": 12,
        "titleFontWeight": "normal",
        "labelPadding": 6,
    },
    "axisX": {"grid": False, "domain": True, "domainColor": "var(--chart-muted)"},
    # The title of the height stands above its axis, where it is read without turning the head.
    "axisY": {"titleAngle": 0, "titleAlign": "left", "titleAnchor": "end", "titleX": 0, "titleY": -14, "tickCount": 5},
    "legend": {
        "orient": "top",
        "title": None,
        "labelFontSize": 12,
        "labelColor": "var(--chart-ink)",
        "symbolType": "square",
        "symbolSize": 130,
        "symbolStrokeWidth": 0,
        "columnPadding": 18,
        "offset": 34,
    },
}


def draw(spec: dict[str, Any], *, title: str, sentence: str, lang: str, width_px: int, height_px: int) -> Markup:
    """One picture of a Vega-Lite specification without its size, data inside; ready to stand in a page."""
    whole = spec | {"width": width_px, "height": height_px, "autosize": {"type": "fit", "contains": "padding"}}
    return Markup(_draw(json.dumps(whole, sort_keys=True), title, sentence, lang))


# 512 pictures of about 8 kB are what a co-operative of a thousand homes looks at in an evening.
@lru_cache(maxsize=512)
def _draw(spec: str, title: str, sentence: str, lang: str) -> str:
    import vl_convert  # 8 MiB, for processes that draw

    drawn = vl_convert.vegalite_to_svg(
        json.loads(spec),
        vl_version="6.4",
        config=_CONFIG,
        format_locale=_number_locale(lang),
        time_format_locale=_time_locale(lang),
    )
    start = drawn.index(">") + 1
    width, height = re.findall(r'(?:width|height)="([\d.]+)"', drawn[:start])[:2]
    return frame(_lean(drawn[start : drawn.rindex("</svg>")]), title, sentence, int(float(width)), int(float(height)))


@lru_cache
def _number_locale(lang: str) -> dict[str, Any]:
    """Signs of numbers as the renderer takes them. Source: github.com/d3/d3-format, formatLocale."""
    locale = languages()[lang].locale
    return {
        "decimal": get_decimal_symbol(locale),
        "thousands": get_group_symbol(locale),
        "grouping": [3],
        "currency": ["€", ""],
    }


@lru_cache
def _time_locale(lang: str) -> dict[str, Any]:
    """Names of days and months as the renderer takes them. Source: github.com/d3/d3-time-format, timeFormatLocale."""
    locale = languages()[lang].locale
    days, months = locale.days["format"], locale.months["format"]
    from_sunday = (6, 0, 1, 2, 3, 4, 5)
    return {
        "dateTime": "%a %-d %b %Y %H:%M",
        "date": "%-d %b %Y",
        "time": "%H:%M",
        "periods": ["AM", "PM"],
        "days": [days["wide"][day] for day in from_sunday],
        "shortDays": [days["abbreviated"][day].rstrip(".") for day in from_sunday],
        "months": [months["wide"][month] for month in range(1, 13)],
        "shortMonths": [months["abbreviated"][month].rstrip(".") for month in range(1, 13)],
    }


def _lean(body: str) -> str:
    """Drop what only the renderer's own runtime reads: it is more than half of the bytes."""
    body = re.sub(r'<path class="(?:back|fore)ground"[^>]*?(?:/>|></path>)', "", body)
    body = re.sub(r' (?:aria-[a-z]+|role|class|pointer-events|font-family|stroke-miterlimit)="[^"]*"', "", body)
    body = re.sub(r' opacity="1"| fill-opacity="1"', "", body)
    # Hundredths of a pixel are enough for shapes; texts between the tags keep every digit.
    body = re.sub(r"<[^>]+>", lambda tag: re.sub(r"(\d\.\d\d)\d+", r"\1", tag.group()), body)
    while (shorter := re.sub(r"<g(?: transform=\"translate\(0,0\)\")?>\s*</g>", "", body)) != body:
        body = shorter
    return body


def frame(body: str, title: str, sentence: str, width_px: int, height_px: int) -> str:
    """Put drawn shapes into an SVG that names itself to a screen reader and keeps its ids to itself."""
    patterns = PATTERNS if "url(#hatch)" in body or "url(#dots)" in body else ""
    drawn = f"<defs>{patterns}</defs>{body}" if patterns else body
    key = "c" + hashlib.sha256(f"{title}{sentence}{width_px}{drawn}".encode()).hexdigest()[:8]
    ids = list(dict.fromkeys(re.findall(r'\bid="([^"]+)"', drawn)))
    for number, old in enumerate(ids):
        drawn = drawn.replace(f'id="{old}"', f'id="{key}-{number}"').replace(f"url(#{old})", f"url(#{key}-{number})")
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width_px} {height_px}" width="{width_px}" '
        f'height="{height_px}" role="img" aria-labelledby="{key}-t {key}-d" font-family="{_FONT}">'
        f'<title id="{key}-t">{escape(title)}</title><desc id="{key}-d">{escape(sentence)}</desc>{drawn}</svg>'
    )


def for_print(svg: str, font: str) -> str:
    """The same picture on paper: the light palette in place of the page's colours, and a font that the PDF carries."""
    printed = re.sub(r"var\((--[a-z0-9-]+)\)", lambda found: PALETTE[found.group(1)], svg)
    return printed.replace(f'font-family="{_FONT}"', f'font-family="{font}"')
