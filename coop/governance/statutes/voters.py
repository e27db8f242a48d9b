"""Voters of a meeting: who has a vote, how many, who holds another's, and what becomes of votes of others.

Source: Civil Code, book 2, article 2:38; docs/domain/meetings-votes-and-statutes.md#what-the-law-says.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date

from coop.governance.statutes import law
from coop.governance.statutes.law import LAW
from coop.governance.statutes.model import Articles, Proxies, Ruling, Voters
from coop.values import CoopError, say

SUSPENDED = "suspended member"


def judge_voter(articles: Articles, kind: str, *, months_in_arrears: int = 0) -> Ruling:
    """Judge whether a person of a kind has a vote. A kind that the statutes do not name has one if it is a member."""
    voters = find_voters(articles)
    if voters.arrears_months is not None and months_in_arrears > voters.arrears_months:
        return Ruling("refused", voters.arrears_article or voters.article)
    named = voters.find_kind(kind)
    if named is not None:
        return Ruling("accepted" if named.votes else "refused", named.article)
    return Ruling("refused" if kind == SUSPENDED else "accepted", voters.article)


def judge_access(articles: Articles, kind: str) -> Ruling:
    """Judge whether a person of a kind is let in."""
    named = find_voters(articles).find_kind(kind)
    enters = named.enters if named else kind != SUSPENDED
    return Ruling("admitted" if enters else "refused", named.article if named else find_voters(articles).article)


def judge_age(articles: Articles, born: date, year: int) -> Ruling:
    """Judge by age, which counts on 1 January.

    >>> from coop.governance.statutes.model import Voters
    >>> adults = Articles("adults", voters=Voters("17.2", least_age=18))
    >>> judge_age(adults, date(2008, 1, 1), 2026).word, judge_age(adults, date(2008, 1, 2), 2026).word
    ('accepted', 'refused')
    """
    voters = find_voters(articles)
    is_old_enough = (born.year + voters.least_age, born.month, born.day) <= (year, 1, 1)
    return Ruling("accepted" if is_old_enough else "refused", voters.article)


def has_waited(articles: Articles, since: date, day: date) -> bool:
    """True for who has been a member on a day for as long as the statutes ask of who votes.

    >>> from coop.governance.statutes.model import Voters
    >>> quarter = Articles("a", voters=Voters("17", least_months=3))
    >>> [has_waited(quarter, date(2026, 1, 31), day) for day in (date(2026, 4, 29), date(2026, 4, 30))]
    [False, True]
    """
    months = find_voters(articles).least_months
    return not months or add_months(since, months) <= day


def judge_suspended(articles: Articles, suspended_on: date, for_months: int, vote_on: date) -> Ruling:
    """Judge a vote of somebody who was suspended: none while it lasts, and it lasts no longer than the statutes say."""
    voters = find_voters(articles)
    if vote_on < find_suspension_end(articles, suspended_on, for_months):
        return Ruling("refused", voters.suspended_no_vote_article or voters.article)
    return Ruling("accepted", voters.suspended_article or voters.article)


def find_suspension_end(articles: Articles, suspended_on: date, for_months: int) -> date:
    """The first day after a suspension, which lasts no longer than the statutes let it.

    >>> from coop.governance.statutes.model import Voters
    >>> find_suspension_end(Articles("a", voters=Voters("17", suspended_months=3)), date(2026, 2, 1), 4).isoformat()
    '2026-05-01'
    """
    most = find_voters(articles).suspended_months
    return add_months(suspended_on, for_months if most is None else min(for_months, most))


def judge_standing(articles: Articles, kind: str, since: date | None, until: date | None, day: date) -> Ruling:
    """Judge a vote that hangs on a standing, such as a loan: held from one day on and not given up by the meeting."""
    named = find_voters(articles).find_kind(kind)
    article = named.article if named else find_voters(articles).article
    holds = (since is None or since <= day) and (until is None or day < until)
    return Ruling("accepted" if holds else "refused", article)


def count_votes(articles: Articles, measure: int = 0) -> Ruling:
    """Votes of one member, by the measure of the register where the statutes have bands or plural votes.

    >>> from coop.governance.statutes.model import Voters
    >>> by_share = Articles("by share", voters=Voters("12", plural=True, most_votes=5))
    >>> [count_votes(by_share, shares).detail for shares in (0, 1, 5, 9)]
    [0, 1, 5, 5]

    Raises:
        CoopError: the measure lies on a bound that the statutes give to neither band.
    """
    voters = find_voters(articles)
    votes = measure if voters.plural and not voters.bands else 1
    for band in voters.bands:
        if measure == band.above and voters.on_bound is None and band.above:
            raise CoopError(
                "bound-not-assigned", say("the statutes do not say in which band %(bound)s lies", bound=band.above)
            )
        if measure > band.above or (measure == band.above and voters.on_bound == "upper"):
            votes = band.votes
    return Ruling("votes", voters.article, votes if voters.most_votes is None else min(votes, voters.most_votes))


def weigh_member(articles: Articles, kind: str, measure: int) -> int:
    """Votes of a member of a kind, with so much by the register; 0 for a kind that does not vote.

    A measure on a bound that the statutes give to neither band counts as below it.

    >>> from coop.governance.statutes.model import Band, VoterKind, Voters
    >>> bands = (Band(0, 1), Band(500_000, 5))
    >>> kinds = (VoterKind("corporation", "11.3", votes=False),)
    >>> held = Articles("bands", voters=Voters("11", kinds=kinds, bands=bands))
    >>> [weigh_member(held, "owner", measure) for measure in (1, 500_000, 500_001)]
    [1, 1, 5]
    >>> weigh_member(held, "corporation", 9)
    0
    """
    if judge_voter(articles, kind).word == "refused":
        return 0
    voters = find_voters(articles)
    voters = voters if voters.on_bound else replace(voters, on_bound="lower")
    votes = count_votes(replace(articles, voters=voters), measure).detail
    assert isinstance(votes, int), "votes are counted"
    return votes


def cap_votes(articles: Articles, votes: Mapping[str, int], whole: int) -> dict[str, int]:
    """Votes of members, of whom nobody has more than the share of the statutes of what all would have without it; who
    has a vote keeps one.

    >>> from coop.governance.statutes.model import Share, Voters
    >>> tenth = Articles("by share", voters=Voters("12", plural=True, most_share=Share(1, 10)))
    >>> cap_votes(tenth, {"a": 60, "b": 12, "c": 7, "d": 0}, 125)
    {'a': 12, 'b': 12, 'c': 7, 'd': 0}
    """
    share = find_voters(articles).most_share
    if share is None:
        return dict(votes)
    most = max(1, whole * share.num // share.den)
    return {member_id: min(number, most) for member_id, number in votes.items()}


def judge_split(articles: Articles) -> Ruling:
    """Judge a ballot that casts some votes of its member for a proposal and others against it or blank.

    >>> from coop.governance.statutes.model import Voters
    >>> judge_split(Articles("a", voters=Voters("12", plural=True, split=True, split_article="12.4")))
    Ruling(word='accepted', article='12.4', detail=None)
    >>> judge_split(Articles("b", voters=Voters("12", plural=True))).word, judge_split(Articles("c")).article
    ('refused', 'BW 2:38 lid 1')
    """
    voters = find_voters(articles)
    return Ruling("accepted" if voters.split else "refused", voters.split_article or voters.article)


def judge_mandate(form: str, *, holder_may_vote: bool, giver_may_vote: bool = True) -> Ruling:
    """Judge a mandate by the law: in writing, which an electronic record is, from and to somebody who votes."""
    assert LAW.proxies is not None, "the law has a rule for proxies"
    if form == "spoken" or not holder_may_vote or not giver_may_vote:
        return Ruling("refused", LAW.proxies.article)
    return Ruling("accepted", LAW.proxies.article if form == "written" else law.WRITTEN_RECORD)


def judge_proxies(
    articles: Articles, held: int, *, holder_may_vote: bool = True, before_vote: bool = True, weight: int | None = None
) -> Ruling:
    """Judge how many mandates somebody holds; ``detail`` is how many votes that makes with the own one.

    ``weight``: these votes, where not everybody has one.
    """
    proxies = find_proxies(articles)
    votes = held + 1 if weight is None else weight
    too_many = proxies.most_held is not None and held > proxies.most_held
    too_heavy = proxies.most_votes is not None and held > 0 and votes > proxies.most_votes
    if too_many or too_heavy or not holder_may_vote or (proxies.before_the_vote and not before_vote):
        return Ruling("refused", proxies.article)
    return Ruling("accepted", proxies.article, votes)


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
        return Ruling("refused", law.ELECTRONIC)
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


def find_voters(articles: Articles) -> Voters:
    """The section on voters, or the law's."""
    voters = articles.voters or LAW.voters
    assert voters is not None, "the law has a rule for voters"
    return voters


def find_proxies(articles: Articles) -> Proxies:
    """The section on proxies, or the law's."""
    proxies = articles.proxies or LAW.proxies
    assert proxies is not None, "the law has a rule for proxies"
    return proxies
