"""Checks of law before it comes on file: that it can be, and that no figure is mistyped.

A figure more than ``FAR`` times the one before, or less than that part of it, needs somebody who looked twice. The
largest step so far is that of 2024, when the heat price fell to 0.51 of the one before; a digit too many is ten times.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import date, timedelta
from decimal import Decimal
from typing import Final

from coop.communities.law import MAXIMUM, RATE, VAT_CATEGORIES, Law, Publication
from coop.communities.tariff_law import FIXED_TOTAL, REGULATED, UNREGULATED
from coop.communities.tariffs import CLASSES
from coop.values import Problem, Said, say

FAR: Final = 3
"""Times that a figure may be the one before, or be contained in it, without a second look."""

VAT_MOST: Final = Decimal("0.30")
"""The highest rate of VAT that is taken for one."""

MAXIMUM_MOST: Final = Decimal(100_000)
"""The highest maximum that is taken for one [EUR]."""

FIRST_DAY: Final = date(2000, 1, 1)
AHEAD: Final = timedelta(days=3 * 366)
"""First day that law can hold from, and how far ahead it can be published."""

LIMITED: Final = (*REGULATED, FIXED_TOTAL)
"""Components that have a maximum."""

PROTECTED: Final = tuple(name for name in CLASSES if name != UNREGULATED)
"""Classes of customers that maxima are for."""

TEXT_MAX: Final = 1000
"""Most signs of a source or a remark."""


def check_publication(
    law: Law, published: Publication, today: date, line: int | None = None, *, is_checked: bool = False
) -> list[Problem]:
    """Find everything that is wrong with a publication beside the law on file; with ``is_checked`` somebody says that
    figures far from those before are right."""
    return [*_check_terms(published, today, line), *_check_figures(law, published, line, is_checked)]


def _check_terms(published: Publication, today: date, line: int | None) -> Iterator[Problem]:
    if not published.source.strip():
        yield Problem(say("say where it was published"), "source", line)
    for name, text in (("source", published.source), ("mark", published.mark)):
        if len(text) > TEXT_MAX:
            yield Problem(say("has more than %(most)s signs", most=TEXT_MAX), name, line)
    if not FIRST_DAY <= published.valid_from <= today + AHEAD:
        reason = say(
            "%(day)s is not between %(first)s and %(last)s",
            day=published.valid_from,
            first=FIRST_DAY,
            last=today + AHEAD,
        )
        yield Problem(reason, "valid_from", line)
    if published.published_on > today:
        yield Problem(say("%(day)s is still to come", day=published.published_on), "published_on", line)
    if not any(published.figures.values()):
        yield Problem(say("has no figure"), "figures", line)


def _check_figures(law: Law, published: Publication, line: int | None, is_checked: bool) -> Iterator[Problem]:
    is_maximum = published.kind == MAXIMUM
    names, components = (PROTECTED, LIMITED) if is_maximum else (VAT_CATEGORIES, (RATE,))
    for of, own in published.figures.items():
        if of not in names:
            reason = say("'%(name)s' is none of %(known)s", name=of, known=names)
            yield Problem(reason, f"figures.{of}", line)
            continue
        for component, figure in own.items():
            field = f"figures.{of}.{component}"
            if component not in components:
                reason = say("'%(name)s' is none of %(known)s", name=component, known=components)
                yield Problem(reason, field, line)
            elif not _is_figure(published.kind, of, figure):
                yield Problem(_say_bounds(published.kind, figure), field, line)
            elif not is_checked and (before := _find_before(law, published, of, component)) and _is_far(figure, before):
                reason = say(
                    "%(value)s is far from %(before)s, the figure before: say that you looked twice",
                    value=figure,
                    before=before,
                )
                yield Problem(reason, field, line)


def _say_bounds(kind: str, figure: Decimal) -> Said:
    if kind == MAXIMUM:
        return say("%(value)s is no amount in cents above 0 and up to %(most)s EUR", value=figure, most=MAXIMUM_MOST)
    return say("%(value)s is no rate that this category can have, such as 0.21", value=figure)


def _is_figure(kind: str, of: str, figure: Decimal) -> bool:
    """True for an amount in whole cents, or a rate in permilles that the category can have."""
    if not figure.is_finite():
        return False
    if kind == MAXIMUM:
        return 0 < figure <= MAXIMUM_MOST and figure == round(figure, 2)
    if of == "none":
        return figure == 0
    return 0 <= figure <= VAT_MOST and figure == round(figure, 3)


def _find_before(law: Law, published: Publication, of: str, component: str) -> Decimal | None:
    """The newest figure on file of the same, or of the usual home, from no later day."""
    found: Mapping[str, Decimal] = {}
    for each in law.publications:
        if each.kind == published.kind and each.valid_from <= published.valid_from:
            own = {name: figures[component] for name, figures in each.figures.items() if component in figures}
            found = {**found, **own}
    return found.get(of) or found.get(PROTECTED[0])


def _is_far(figure: Decimal, before: Decimal) -> bool:
    return before > 0 and not before <= figure * FAR <= before * FAR * FAR
