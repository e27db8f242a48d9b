"""Requests of members: a meeting, a point on the agenda, a vote in writing, a vote again.

Source: Civil Code, book 2, articles 2:13 and 2:41; docs/domain/meetings-votes-and-statutes.md#what-the-law-says.
"""

from __future__ import annotations

from datetime import date, timedelta

from coop.governance.statutes import law
from coop.governance.statutes.law import LAW
from coop.governance.statutes.model import AgendaPoint, Articles, Call, Ruling
from coop.governance.statutes.terms import last_day
from coop.values import CoopError, say


def judge_call(articles: Articles, everything: int, asking: int) -> Ruling:
    """Judge whether the board has to convene, by the votes (or heads, as the statutes count) behind the request.

    >>> [judge_call(LAW, 237, asking).word for asking in (24, 23)]
    ['must convene', 'no duty']
    """
    call = _call(articles)
    return Ruling("must convene" if call.share.is_reached(asking, everything) else "no duty", call.article)


def judge_self_call(articles: Articles, asked: date, today: date) -> Ruling:
    """Judge whether those who asked may convene themselves: after so many days without a step of the board."""
    call = _call(articles)
    may = today - asked > timedelta(days=call.silent_days)
    return Ruling("may convene themselves" if may else "must wait", call.self_article or call.article)


def judge_agenda(
    articles: Articles, meeting: date, received: date, *, members: int = 0, votes: int = 0, asking: int = 0
) -> Ruling:
    """Judge a request to put a point on the agenda: by enough, in time; later the board may still add it.

    Raises:
        CoopError: the statutes give nobody that right.
    """
    point = articles.agenda
    if point is None:
        raise CoopError("no-rule", say("the statutes give nobody the right to put a point on the agenda"))
    if not _is_enough(point, members, votes, asking):
        return Ruling(point.few, point.article)
    in_time = received <= last_day(point.term, meeting)
    return Ruling("on the agenda" if in_time else "board may add", point.article)


def judge_late_point(articles: Articles, *, members_told: bool, meeting_refuses: bool) -> Ruling:
    """Judge a late point: the meeting can put it off to the next one where the members were not told."""
    is_put_off = meeting_refuses and not members_told
    return Ruling("next agenda" if is_put_off else "treated", articles.late_agenda_article)


def judge_written(articles: Articles, asked_by_members: int, *, asked_by_chair: bool = False) -> Ruling:
    """Judge whether a vote is taken in writing."""
    written = articles.written
    if written is None:
        return Ruling("oral", "")
    is_written = asked_by_members >= written.members or (written.chair and asked_by_chair)
    return Ruling("in writing" if is_written else "oral", written.article)


def judge_challenge(*, by_show_of_hands: bool, asked_by: int, majority_asks: bool) -> Ruling:
    """Judge a challenge of the chair's ruling: the majority has a new vote, and one voter after a show of hands."""
    again = majority_asks or (by_show_of_hands and asked_by > 0)
    return Ruling("new vote" if again else "ruling stands", law.CHALLENGE)


def _is_enough(point: AgendaPoint, members: int, votes: int, asking: int) -> bool:
    if point.share is not None:
        return point.share.is_reached(asking, votes)
    return members >= point.members


def _call(articles: Articles) -> Call:
    call = articles.call or LAW.call
    assert call is not None, "the law has a rule for requests"
    return call
