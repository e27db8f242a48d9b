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


def find_notice(articles: Articles, kind: str, meeting: date) -> Term | None:
    """The term that binds a notice for a kind of decision: its own or the ordinary one, and never less than the law's.

    >>> longer = Articles("", notices={"ordinary": Term("16", 14), "programme": Term("18", 5)})
    >>> for kind in ("statutes", "programme", "tariff"):
    ...     term = find_notice(longer, kind, date(2026, 6, 24))
    ...     print(kind, term.article if term else "")
    statutes 16
    programme 18
    tariff 16
    """
    return _bind([articles.notices.get(kind) or articles.notices.get("ordinary"), LAW.notices.get(kind)], meeting)


def find_text(articles: Articles, kind: str, meeting: date, *, delegates: bool = False) -> Term | None:
    """The term for which the literal text of a proposal lies open."""
    return _bind([articles.texts.get(kind), LAW.texts.get("delegates" if delegates else kind)], meeting)


def judge_notice(articles: Articles, kind: str, sent: date, meeting: date) -> Ruling:
    """Judge the day on which a notice was sent, for a kind of decision: in time, late, or no term at all."""
    return _judge(find_notice(articles, kind, meeting), sent, meeting)


def judge_text(articles: Articles, kind: str, open_from: date, meeting: date, *, delegates: bool = False) -> Ruling:
    """Judge since when the literal text of a proposal lay open."""
    return _judge(find_text(articles, kind, meeting, delegates=delegates), open_from, meeting)


def _bind(terms: list[Term | None], meeting: date) -> Term | None:
    """The longest of several terms, the first of equal ones."""
    given = [term for term in terms if term]
    return min(given, key=lambda term: last_day(term, meeting)) if given else None


def _judge(term: Term | None, day: date, meeting: date) -> Ruling:
    if term is None:
        return Ruling("in time", "")
    return Ruling("in time" if day <= last_day(term, meeting) else "late", term.article)


def first_advance_day(articles: Articles, meeting: date) -> date:
    """First day on which to vote ahead of a meeting; its own day where the statutes do not allow it.

    >>> first_advance_day(Articles("", advance=Advance("11.4", from_days=14)), date(2026, 5, 20)).isoformat()
    '2026-05-06'
    """
    own = articles.advance
    if own is None:
        return meeting
    return meeting - timedelta(days=min(law.ADVANCE_DAYS, own.from_days or law.ADVANCE_DAYS))


def judge_electronic(articles: Articles, meeting: date, cast: datetime) -> Ruling:
    """Judge an electronic vote by its day: ahead of the meeting, or on its day by either of both ways."""
    ahead = judge_advance(articles, meeting, cast)
    if cast.date() != meeting or ahead.word == "accepted":
        return ahead
    if articles.online is not None:
        return Ruling("accepted", articles.online.article)
    return ahead if articles.advance is not None else Ruling("refused", law.ELECTRONIC)


def judge_advance(articles: Articles, meeting: date, cast: datetime, *, asked: bool = True) -> Ruling:
    """Judge a vote that was cast before the meeting: accepted or refused, by the law's bound or the statutes' own."""
    own = articles.advance
    if own is None or cast.date() < meeting - timedelta(days=law.ADVANCE_DAYS):
        return Ruling("refused", law.ADVANCE)
    hour = _judge_hour(own, meeting, cast, asked=asked)
    if hour is not None:
        return hour
    article = own.article if own.from_days is not None else law.ADVANCE
    is_open = first_advance_day(articles, meeting) <= cast.date() <= meeting - timedelta(days=own.to_days)
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
