"""Law in words: what a figure is for, and which rows of the table there are."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from itertools import groupby
from typing import Final

from coop.communities.law import MAXIMUM, RATE, Publication
from coop.communities.law_rules import LIMITED, PROTECTED
from coop.communities.law_store import RecordedPublication
from coop.communities.tariff_texts import CLASS_NAMES, say_limited
from coop.web.language import N_, translate
from coop.web.writing import percent, price, speak

OF_VAT: Final = {
    "energy": N_("VAT on heat, cold, electricity and gas"),
    "standard": N_("VAT on everything else"),
    "none": N_("What has no VAT"),
}
"""What each category of VAT is of."""


@dataclass(frozen=True)
class LawFigure:
    """One figure of the law with its publication: ``until`` is the first day of the next one of the same, and a row
    that never holds any more is ``is_replaced``."""

    number: int
    published: Publication
    of: str
    component: str
    figure: Decimal
    until: date | None
    is_replaced: bool
    recorded: RecordedPublication


def list_figures(recorded: Sequence[RecordedPublication], kind: str) -> list[LawFigure]:
    """Every figure of a kind, newest first."""
    of_kind = [each for each in recorded if each.published.kind == kind]
    of_kind.sort(key=lambda each: (each.published.valid_from, each.published.known_from, each.number), reverse=True)
    figures = []
    for each in of_kind:
        for of in [name for name in (*PROTECTED, *OF_VAT) if name in each.published.figures]:
            own = each.published.figures[of]
            rivals = [other for other in of_kind if kind == MAXIMUM or of in other.published.figures]
            later = [r.published.valid_from for r in rivals if r.published.valid_from > each.published.valid_from]
            is_replaced = any(_follows(other, each) for other in rivals)
            until = min(later, default=None)
            for component in [name for name in (*LIMITED, RATE) if name in own]:
                row = LawFigure(each.number, each.published, of, component, own[component], until, is_replaced, each)
                figures.append(row)
    return figures


def group_figures(figures: Sequence[LawFigure]) -> list[list[LawFigure]]:
    """Figures of one publication and one end together, in their order.

    Shape: one list per publication that stands on the page by itself.
    """
    return [
        list(own) for _, own in groupby(figures, key=lambda figure: (figure.number, figure.until, figure.is_replaced))
    ]


def _follows(other: RecordedPublication, one: RecordedPublication) -> bool:
    """True where another publication holds from the same day and is known or told later."""
    mine, theirs = one.published, other.published
    return mine.valid_from == theirs.valid_from and (mine.known_from, one.number) < (theirs.known_from, other.number)


def name_component(lang: str, component: str) -> str:
    """Name what a maximum is for: ``heat per GJ`` as people read it."""
    return str(speak(lang, say_limited(component)))


def name_of(lang: str, kind: str, of: str) -> str:
    """Whom or what a figure is for."""
    return translate(lang, (CLASS_NAMES if kind == MAXIMUM else OF_VAT)[of])


def write_figure(lang: str, kind: str, figure: Decimal) -> str:
    """A maximum in euros, or a rate in percent."""
    return price(lang, figure) if kind == MAXIMUM else percent(lang, figure, 0 if figure == round(figure, 2) else 1)


def field_of(of: str, component: str) -> str:
    """The field of a form for a figure."""
    return f"figures.{of}.{component}".replace(" ", "_")


MAXIMUM_FIELDS: Final = tuple((of, component) for of in PROTECTED for component in LIMITED)
"""Figures that a publication of maxima may have."""
