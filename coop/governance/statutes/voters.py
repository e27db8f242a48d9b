"""Voters of a meeting: who has a vote, how many, who holds another's, and what becomes of votes of others.

Source: Civil Code, book 2, article 2:38; docs/domain/meetings-votes-and-statutes.md#what-the-law-says.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

from coop.governance.statutes import law
from coop.governance.statutes.law import LAW
from coop.governance.statutes.model import Articles, Ruling, Voters
from coop.values import CoopError, say

SUSPENDED = "suspended member"


def judge_voter(articles: Articles, kind: str, *, months_in_arrears: int = 0) -> Ruling:
    """Judge whether a person of a kind has a vote. A kind that the statutes do not name has one if it is a member."""
    voters = _voters(articles)
    if voters.arrears_months is not None and months_in_arrears > voters.arrears_months:
        return Ruling("refused", voters.arrears_article or voters.article)
    named = voters.find_kind(kind)
    if named is not None:
        return Ruling("accepted" if named.votes else "refused", named.article)
    return Ruling("refused" if kind == SUSPENDED else "accepted", voters.article)


def judge_access(articles: Articles, kind: str) -> Ruling:
    """Judge whether a person of a kind is let in."""
    named = _voters(articles).find_kind(kind)
    enters = named.enters if named else kind != SUSPENDED
    return Ruling("admitted" if enters else "refused", named.article if named else _voters(articles).article)


def judge_age(articles: Articles, born: date, year: int) -> Ruling:
    """Judge by age, which counts on 1 January.

    >>> from coop.governance.statutes.model import Voters
    >>> adults = Articles("adults", voters=Voters("17.2", least_age=18))
    >>> judge_age(adults, date(2008, 1, 1), 2026).word, judge_age(adults, date(2008, 1, 2), 2026).word
    ('accepted', 'refused')
    """
    voters = _voters(articles)
    is_old_enough = (born.year + voters.least_age, born.month, born.day) <= (year, 1, 1)
    return Ruling("accepted" if is_old_enough else "refused", voters.article)


def judge_suspended(articles: Articles, suspended_on: date, for_months: int, vote_on: date) -> Ruling:
    """Judge a vote of somebody who was suspended: none while it lasts, and it lasts no longer than the statutes say."""
    voters = _voters(articles)
    months = for_months if voters.suspended_months is None else min(for_months, voters.suspended_months)
    if vote_on < add_months(suspended_on, months):
        return Ruling("refused", voters.suspended_no_vote_article or voters.article)
    return Ruling("accepted", voters.suspended_article or voters.article)


def judge_standing(articles: Articles, kind: str, since: date | None, until: date | None, day: date) -> Ruling:
    """Judge a vote that hangs on a standing, such as a loan: held from one day on and not given up by the meeting."""
    named = _voters(articles).find_kind(kind)
    article = named.article if named else _voters(articles).article
    holds = (since is None or since <= day) and (until is None or day < until)
    return Ruling("accepted" if holds else "refused", article)


def count_votes(articles: Articles, measure: int = 0) -> Ruling:
    """Votes of one member, by the measure of the statutes where they have bands.

    Raises:
        CoopError: the measure lies on a bound that the statutes give to neither band.
    """
    voters = _voters(articles)
    votes = 1
    for band in voters.bands:
        if measure == band.above and voters.on_bound is None and band.above:
            raise CoopError(
                "bound-not-assigned", say("the statutes do not say in which band %(bound)s lies", bound=band.above)
            )
        if measure > band.above or (measure == band.above and voters.on_bound == "upper"):
            votes = band.votes
    return Ruling("votes", voters.article, votes)


def judge_mandate(form: str, *, holder_may_vote: bool, giver_may_vote: bool = True) -> Ruling:
    """Judge a mandate by the law: in writing, which an electronic record is, from and to somebody who votes."""
    assert LAW.proxies is not None, "the law has a rule for proxies"
    if form == "spoken" or not holder_may_vote or not giver_may_vote:
        return Ruling("refused", LAW.proxies.article)
    return Ruling("accepted", LAW.proxies.article if form == "written" else law.WRITTEN_RECORD)


def judge_proxies(articles: Articles, held: int, *, holder_may_vote: bool = True, before_vote: bool = True) -> Ruling:
    """Judge how many mandates somebody holds; ``detail`` is how many votes that makes with the own one."""
    proxies = articles.proxies or LAW.proxies
    assert proxies is not None, "the law has a rule for proxies"
    limits = [proxies.most_held, None if proxies.most_votes is None else proxies.most_votes - 1]
    too_many = any(limit is not None and held > limit for limit in limits)
    if too_many or not holder_may_vote or (proxies.before_the_vote and not before_vote):
        return Ruling("refused", proxies.article)
    return Ruling("accepted", proxies.article, held + 1)


def weigh_proxies(own: int, held: Sequence[int]) -> Ruling:
    """Votes of a holder: each mandate weighs as its giver's votes do."""
    assert LAW.proxies is not None, "the law has a rule for proxies"
    return Ruling("votes", LAW.proxies.article, own + sum(held))


def judge_non_members(cast_by_members: int, cast_by_others: int) -> Ruling:
    """Judge votes of people in other bodies: together at most half of what the members cast."""
    return Ruling("counted" if 2 * cast_by_others <= cast_by_members else "refused", law.NON_MEMBERS)


def judge_register(articles: Articles, register_moment: date, member_since: date) -> Ruling:
    """Judge a vote in advance by the register at the moment that the notice names."""
    own = articles.advance
    article = own.article if own else law.ADVANCE
    return Ruling("accepted" if member_since <= register_moment else "refused", article)


def judge_online(articles: Articles, *, registered: bool) -> Ruling:
    """Judge an electronic vote during the meeting."""
    if articles.online is None:
        return Ruling("refused", "BW 2:38 lid 6")
    accepted = registered or not articles.online.registered
    return Ruling("accepted" if accepted else "refused", articles.online.article)


def add_months(day: date, months: int) -> date:
    """The same day of a later month, or its last day.

    >>> add_months(date(2026, 1, 31), 1).isoformat(), add_months(date(2026, 2, 1), 3).isoformat()
    ('2026-02-28', '2026-05-01')
    """
    year, month = divmod(day.year * 12 + day.month - 1 + months, 12)
    first_of_next = date(year + (month + 1) // 12, (month + 1) % 12 + 1, 1)
    last = date.fromordinal(first_of_next.toordinal() - 1).day
    return date(year, month + 1, min(day.day, last))


def _voters(articles: Articles) -> Voters:
    voters = articles.voters or LAW.voters
    assert voters is not None, "the law has a rule for voters"
    return voters
