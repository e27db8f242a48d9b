"""The statutes applied to a notice: whether it is in time for each of its resolutions, and from when one may vote."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date

from coop.governance.model import ELECTION, Meeting
from coop.governance.statutes.council import Council
from coop.governance.statutes.delegates import bind_articles, find_bodies
from coop.governance.statutes.majorities import find_rule
from coop.governance.statutes.model import Articles, Term
from coop.governance.statutes.terms import find_notice, find_text, first_advance_day, last_day
from coop.governance.statutes.version import Statutes, in_force
from coop.values import CoopError, Said, say


def find_articles(meeting: Meeting, versions: Iterable[Statutes]) -> Articles:
    """Articles that bind a meeting: of the version in force on its day, as they are where delegates vote."""
    return bind_articles(in_force(versions, meeting.held_on).articles, meeting)


def find_council(versions: Iterable[Statutes], day: date) -> Council | None:
    """The council of members by the statutes in force on a day; None where there is none."""
    begun = [version for version in versions if version.valid_from <= day]
    return in_force(begun, day).articles.council if begun else None


def last_notice_date(articles: Articles, kind: str, held_on: date) -> date:
    """Last day on which a notice, and the text that it lays open, is in time for a kind of decision.

    >>> from coop.governance.statutes.law import LAW
    >>> last_notice_date(LAW, "statutes", date(2026, 6, 24)).isoformat()
    '2026-06-16'

    Source: docs/domain/meetings-votes-and-statutes.md#e19; BW 2:42 for statute changes.
    """
    return min((last_day(term, held_on) for term in _terms(articles, kind, held_on)), default=held_on)


def _terms(articles: Articles, kind: str, held_on: date) -> list[Term]:
    return [term for find in (find_notice, find_text) if (term := find(articles, kind, held_on))]


def first_vote_date(meeting: Meeting, articles: Articles) -> date:
    """First day on which a vote may be cast: in the term for votes ahead, and never before the notice.

    Source: BW 2:38 lid 8: not before the thirtieth day before the meeting;
    docs/domain/meetings-votes-and-statutes.md#e19.
    """
    return max(first_advance_day(articles, meeting.held_on), meeting.convened_on)


def first_vote_by(meeting: Meeting, versions: Iterable[Statutes]) -> date:
    """First day on which a vote may be cast at a meeting, by the version of the statutes in force then."""
    return first_vote_date(meeting, find_articles(meeting, versions))


def check_notice(meeting: Meeting, articles: Articles) -> None:
    """Refuse a notice that comes later than any of its resolutions asks, or puts to the vote what cannot be held here.

    The notice lays the literal text of each resolution open, its documents among it, so that the term of a text counts
    from it too; a text that comes later is judged by its own day (``papers/rules.py``).

    Raises:
        CoopError: naming for each resolution that is too late the article and the last date, or the secret ballot; or
            members and delegates would vote in one meeting.
    """
    late: list[Said] = []
    _refuse_mixed(articles, meeting)
    articles = bind_articles(articles, meeting)
    for resolution in meeting.resolutions:
        if resolution.kind != ELECTION and find_rule(articles, resolution.ruled_as).secret:
            raise CoopError(
                "secret-ballot",
                say(
                    '"%(subject)s": %(article)s asks a secret ballot, which cannot be held here: a stored ballot would'
                    " still be tied to its member",
                    subject=resolution.subject_nl,
                    article=find_rule(articles, resolution.ruled_as).article,
                ),
            )
        for term in _terms(articles, resolution.ruled_as, meeting.held_on):
            if meeting.convened_on > last_day(term, meeting.held_on):
                late.append(_say_late(meeting, resolution.subject_nl, term))
    if late:
        raise CoopError("notice-too-late", say("%(reasons)s", reasons=tuple(late)))


def _refuse_mixed(articles: Articles, meeting: Meeting) -> None:
    """Refuse an agenda on which not all points are voted on by the same: a meeting has one voting list."""
    if articles.council is not None and len(find_bodies(articles, meeting.resolutions)) > 1:
        raise CoopError(
            "two-bodies",
            say(
                "%(article)s: the delegates decide, the members choose the council and vote in a referendum, and each"
                " group chooses its own delegates: convene a meeting for each of them",
                article=articles.council.article,
            ),
        )


def _say_late(meeting: Meeting, subject: str, term: Term) -> Said:
    days = (
        say("%(days)s clear days", days=term.days)
        if term.clear
        else say("%(days)s days, that of sending with them", days=term.days)
    )
    return say(
        '"%(subject)s": %(article)s asks %(term)s, so a meeting on %(held_on)s must be convened by %(last)s, not on'
        " %(convened_on)s",
        subject=subject,
        article=term.article,
        term=days,
        held_on=meeting.held_on,
        last=last_day(term, meeting.held_on),
        convened_on=meeting.convened_on,
    )
