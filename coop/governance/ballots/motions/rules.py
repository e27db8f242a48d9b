"""Rules on motions: until when they are handed in, how many back them, and what an adopted amendment makes of the rest.

Source: docs/domain/meetings-votes-and-statutes.md#motions.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import date, timedelta
from typing import Final

from coop.governance.model import AMENDMENT, Resolution
from coop.governance.statutes.model import Articles, Motions
from coop.governance.statutes.terms import find_text, last_day
from coop.values import CoopError, say

OPTION: Final = "option"
MANNERS: Final = (AMENDMENT, OPTION)
"""A motion changes a point, or puts another option beside it."""

MOTIONS_MAX: Final = 20
"""Motions on one point that come on an agenda: more than any meeting can vote on."""

OPEN_FOR: Final = timedelta(minutes=5)
"""Time between a motion that comes on the agenda and the closing, so that everybody who is there can vote on it."""


def get_motions(articles: Articles) -> Motions:
    """The right of the statutes to hand in motions.

    Raises:
        CoopError: they give nobody that right.
    """
    if articles.motions is None:
        raise CoopError("no-rule", say("the statutes give nobody the right to change a proposal on the agenda"))
    return articles.motions


def find_last_day(own: Motions, held_on: date) -> date:
    """The last day before the meeting on which a motion is in time.

    >>> from coop.governance.statutes.model import Term
    >>> find_last_day(Motions("19.4", Term("19.4", 10)), date(2026, 4, 8)).isoformat()
    '2026-03-28'
    """
    return last_day(own.term, held_on) if own.term is not None else held_on - timedelta(days=1)


def refuse_late(articles: Articles, kind: str, held_on: date, today: date) -> None:
    """Refuse a motion on a point of a kind that comes too late.

    Raises:
        CoopError: the term is over, or the literal text of such a decision has to lie open longer.
    """
    own = get_motions(articles)
    last = find_last_day(own, held_on)
    if today > last and not (own.at_meeting and today == held_on):
        named = {"article": own.term.article if own.term else own.article, "last": last}
        if own.at_meeting:
            reason = say("%(article)s lets motions be handed in until %(last)s, and at the meeting itself", **named)
        else:
            reason = say("%(article)s lets motions be handed in until %(last)s, not at the meeting", **named)
        raise CoopError("motion-late", reason)
    text = find_text(articles, kind, held_on)
    if text is not None and today > last_day(text, held_on):
        raise CoopError(
            "text-late",
            say(
                "%(article)s asks that the literal text lies open for members by %(last)s: it cannot change after that",
                article=text.article,
                last=last_day(text, held_on),
            ),
        )


def is_backed(own: Motions, backers: Iterable[str], votes: Mapping[str, int]) -> bool:
    """True where enough members with a vote back a motion.

    >>> from coop.governance.statutes.model import Share
    >>> votes = {"a": 1, "b": 4, "c": 5, "d": 0}
    >>> [is_backed(Motions("19", members=2), who, votes) for who in ("ab", "ad", "a")]
    [True, False, False]
    >>> [is_backed(Motions("19", share=Share(1, 2)), who, votes) for who in ("ab", "ac")]
    [True, True]
    """
    weights = [votes[each] for each in set(backers) if votes.get(each)]
    if own.share is not None:
        return own.share.is_reached(sum(weights), sum(votes.values()))
    return len(weights) >= own.members


def find_dropped(points: Sequence[Resolution], adopted: Collection[str]) -> Mapping[str, str]:
    """Points that their own count does not decide, each with the reason; ``points`` in the order of voting.

    Of the amendments of a point the first in order that is adopted wins: the point as it changes it is decided in the
    place of that point, and all others fall away. Where none is adopted, every point as it would be changed does.
    """
    dropped = {}
    winners: dict[str, str] = {}
    for point in points:
        if point.is_amendment and point.resolution_id in adopted:
            if str(point.amends) in winners:
                dropped[point.resolution_id] = "other-amendment"
            winners.setdefault(str(point.amends), point.resolution_id)
    for point in points:
        if point.amended_by is not None and winners.get(str(point.amends)) != point.amended_by:
            dropped[point.resolution_id] = "not-amended"
        if point.resolution_id in winners:
            dropped[point.resolution_id] = "amended"
    return dropped


def list_together(points: Sequence[Resolution], one: Resolution) -> list[Resolution]:
    """Points that are voted on together: a point with its amendments and what it becomes by them, and all options of
    each other with theirs."""
    heads = {point.resolution_id: point for point in points}

    def find_root(point: Resolution) -> str:
        head = heads.get(point.amends or "", point)
        return head.option_of or head.resolution_id

    return [point for point in points if find_root(point) == find_root(one)]


def list_family(points: Sequence[Resolution], chosen: Collection[str]) -> list[str]:
    """Chosen points with all that makes no sense without them: of a point its amendments, of an amendment the point as
    it would be changed."""
    return [
        point.resolution_id
        for point in points
        if {point.resolution_id, point.amends or "", point.amended_by or ""} & set(chosen)
    ]
