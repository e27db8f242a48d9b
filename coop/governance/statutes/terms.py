"""Days of statutes: notice, text, votes in advance, and when a change is in force.

    clear days  = meeting - sent - 1       neither day counts
    first day   = meeting - from_days, and never before the law's thirtieth day

Source: Civil Code, book 2, articles 2:38 lid 8, 2:42 and 2:43 lid 5; docs/domain/meetings-votes-and-statutes.md#e19.
"""

from __future__ import annotations

from datetime import date, datetime, time, timedelta

from coop.governance.statutes import law
from coop.governance.statutes.law import LAW
from coop.governance.statutes.model import Advance, Articles, Ruling, Term


def last_day(term: Term, meeting: date) -> date:
    """Last day on which to send a notice, or to lay a text open.

    >>> last_day(Term("BW 2:42 lid 1", 7), date(2026, 6, 24)).isoformat()
    '2026-06-16'
    """
    return meeting - timedelta(days=term.days + (1 if term.clear else 0))


def judge_notice(articles: Articles, kind: str, sent: date, meeting: date) -> Ruling:
    """Judge the day on which a notice was sent, for a kind of decision: in time, late, or no term at all."""
    terms = [articles.notices.get(kind) or LAW.notices.get(kind), articles.notices.get("ordinary")]
    return _judge([term for term in terms if term], sent, meeting)


def judge_text(articles: Articles, kind: str, open_from: date, meeting: date, *, delegates: bool = False) -> Ruling:
    """Judge since when the literal text of a proposal lay open."""
    own = articles.texts.get(kind)
    least = LAW.texts.get("delegates" if delegates else kind)
    return _judge([term for term in (own, least) if term], open_from, meeting)


def _judge(terms: list[Term], day: date, meeting: date) -> Ruling:
    """Judge by the longest of several terms, the first of equal ones."""
    if not terms:
        return Ruling("in time", "")
    binding = min(terms, key=lambda term: last_day(term, meeting))
    return Ruling("in time" if day <= last_day(binding, meeting) else "late", binding.article)


def judge_advance(articles: Articles, meeting: date, cast: datetime, *, asked: bool = True) -> Ruling:
    """Judge a vote that was cast before the meeting: accepted or refused, by the law's bound or the statutes' own."""
    own = articles.advance
    if own is None or cast.date() < meeting - timedelta(days=law.ADVANCE_DAYS):
        return Ruling("refused", law.ADVANCE)
    hour = _judge_hour(own, meeting, cast, asked=asked)
    if hour is not None:
        return hour
    article = own.article if own.from_days is not None else law.ADVANCE
    first = meeting - timedelta(days=min(law.ADVANCE_DAYS, own.from_days or law.ADVANCE_DAYS))
    is_open = first <= cast.date() <= meeting - timedelta(days=own.to_days)
    return Ruling("accepted" if is_open else "refused", article)


def _judge_hour(own: Advance, meeting: date, cast: datetime, *, asked: bool) -> Ruling | None:
    """Judge the hour of the last day, and whether the vote was asked for; None where neither decides."""
    if own.on_request and not asked:
        return Ruling("refused", own.until_article or own.article)
    if own.until is None or cast.date() != meeting - timedelta(days=own.to_days):
        return None
    in_time = cast.time() <= (own.until or time.max)
    return Ruling("accepted" if in_time else "refused", own.until_article or own.article)


def judge_again(articles: Articles, standing: str) -> Ruling:
    """Judge a second vote of somebody whose vote in advance stands; ``detail`` is the one that counts."""
    own = articles.advance
    if own is not None and not own.revocable:
        return Ruling("refused", own.article, (standing,))
    return Ruling("accepted", own.article if own else law.ADVANCE)


def judge_force(adopted: date, deed: date | None, asked: date, *, full_capacity: bool = True) -> Ruling:
    """Judge which statutes apply on a date: a change works from its deed on, or from the vote without full capacity."""
    begins = deed if full_capacity else adopted
    applies = begins is not None and asked >= begins
    return Ruling("new statutes apply" if applies else "old statutes apply", law.DEED)
