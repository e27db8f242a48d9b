"""Decisions on matters: the rule of a kind, its quorum, its second meeting and its majority.

    quorum met  = there * den >= all * num          heads or votes, as the statutes count
    adopted     = quorum met and for * den >= base * num   (or >, where they ask more than a share),
                  and the same of a second share, where they ask one besides,
                  and of each class of members whose own majority they ask

Source: Civil Code, book 2, articles 2:18, 2:38, 2:42 and 2:43; docs/domain/meetings-votes-and-statutes.md#e19.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from coop.governance.statutes.classes import find_lacking, list_asked
from coop.governance.statutes.law import AS_STATUTES, FLOORS, LAW, OUTSIDE, WITH_NOTICE
from coop.governance.statutes.model import Articles, Casting, MemberClass, Quorum, Rule, Ruling, Second, Share
from coop.governance.statutes.tallies import SecondCall, Tally


def find_rule(articles: Articles, kind: str) -> Rule:
    """The rule for a kind of decision: that of the statutes, or of what the kind follows, or the law's.

    What the law asks at least, it asks above statutes that ask less: their quorum stays, its majority decides.
    """
    rule = articles.rules.get(kind)
    if rule is None and kind in AS_STATUTES:
        rule = articles.rules.get("statutes")
    if rule is None and kind not in LAW.rules:
        rule = articles.rules.get("ordinary", LAW.rules["ordinary"])
    floor = LAW.rules.get(kind)
    if rule is None:
        assert floor is not None, "the law has a rule, or the kind follows the ordinary one"
        return floor
    if kind in FLOORS and floor is not None and floor.majority.is_stricter_than(rule.majority):
        return replace(rule, majority=floor.majority, article=floor.article, base=floor.base)
    return rule


def applies(articles: Articles, kind: str, second: SecondCall | None = None) -> Rule | None:
    """The rule by which a proposal is judged: in a second meeting in time that of the second meeting, with its own
    quorum or none. None where a second meeting at that time may not decide at all."""
    rule = find_rule(articles, kind)
    if second is None or rule.second is None:
        return rule
    if _is_within(rule.second, second):
        own = rule.second
        return replace(rule, article=own.article, majority=own.majority, quorum=own.quorum, also=own.also)
    return None if rule.second.outside == "undecidable" else rule


def find_classes(articles: Articles, kind: str, second: SecondCall | None = None) -> tuple[MemberClass, ...]:
    """Classes of members whose own majority a kind of decision asks, each as that meeting asks it."""
    rule = find_rule(articles, kind)
    within = rule.second if second is not None and rule.second and _is_within(rule.second, second) else None
    return list_asked(articles, rule, within)


def decide(
    articles: Articles,
    kind: str,
    tally: Tally,
    second: SecondCall | None = None,
    *,
    approved: bool = True,
    changes: str = "",
    in_writing: bool = True,
    casting: Casting = "",
) -> Ruling:
    """The ruling on one proposal.

    Args:
        articles: the statutes in force.
        kind: of the decision, such as ordinary or statutes.
        tally: the votes and the heads.
        second: where it is treated in a second meeting, when both were held.
        approved: an outside body consented, where it is asked.
        changes: the article that a change of statutes concerns.
        in_writing: the votes were given in writing.
        casting: the word of the chair or of the lot, for a tie that they break.

    >>> decide(LAW, "statutes", Tally(200, 100)).word, decide(LAW, "statutes", Tally(199, 100)).word
    ('adopted', 'rejected')
    """
    asked = find_rule(articles, kind)
    if asked.in_writing and not in_writing:
        return Ruling("not valid", asked.article)
    rule = applies(articles, kind, second)
    if rule is None:
        return Ruling("not decidable", asked.second.article if asked.second else asked.article)
    if rule.quorum is not None and not has_quorum(rule.quorum, tally):
        return Ruling("no quorum", rule.quorum.article)
    asked_of = find_classes(articles, kind, second)
    absent = find_lacking(asked_of, tally, quorum=True)
    if absent is not None and absent.quorum is not None:
        return Ruling("no quorum", absent.quorum.article)
    ruling = _judge(rule, tally, casting)
    against = find_lacking(asked_of, tally, quorum=False) if ruling.word == "adopted" else None
    if against is not None:
        return Ruling("rejected", against.article)
    approval = rule.approval
    is_asked = approval is not None and (not approval.articles or changes in approval.articles)
    if ruling.word == "adopted" and approval is not None and is_asked and not approved:
        return Ruling(approval.lacking, approval.article)
    return ruling


def has_quorum(quorum: Quorum, tally: Tally) -> bool:
    """True when enough is there.

    >>> from coop.governance.statutes.model import Share
    >>> half = Quorum("20", Share(1, 2), "members")
    >>> [has_quorum(half, Tally(0, 0, members_all=84, members_present=present)) for present in (42, 41)]
    [True, False]
    """
    there, everything = count_present(quorum, tally)
    return quorum.share.is_reached(there, everything)


def count_present(quorum: Quorum, tally: Tally) -> tuple[int, int]:
    """Numbers of those who are there and who could be, in the heads or votes that a quorum counts."""
    if quorum.of == "members":
        return tally.members_present - (0 if quorum.with_proxies else tally.heads_represented), tally.members_all
    return tally.votes_present - (0 if quorum.with_proxies else tally.represented), tally.votes_all


def decide_without_notice(articles: Articles, kind: str, tally: Tally, *, all_in_person: bool = True) -> Ruling:
    """The ruling on a proposal that was not announced, or too late: it stands where everybody is there and for it."""
    universal = articles.universal or (LAW.universal if kind in WITH_NOTICE else None)
    everybody = tally.members_all > 0 and tally.members_present == tally.members_all
    if universal and everybody and (universal.represented or all_in_person) and tally.votes_for >= tally.members_all:
        return Ruling("adopted", universal.article)
    notice = articles.notices.get(kind) or LAW.notices.get(kind) or articles.notices.get("ordinary")
    return Ruling("not decidable", notice.article if notice else "")


def decide_amended(articles: Articles, amendment: Tally, motion: Tally) -> tuple[Ruling, Ruling]:
    """The rulings on an amendment and on its motion, in the order in which they are voted on: the motion stands as
    amended where the amendment was adopted, and as it was otherwise."""
    return decide(articles, "ordinary", amendment), decide(articles, "ordinary", motion)


def decide_off_agenda(articles: Articles) -> Ruling:
    """The ruling on what is not on the agenda."""
    if articles.agenda is not None and articles.agenda.off_agenda_article:
        return Ruling("not decidable", articles.agenda.off_agenda_article)
    return Ruling("decidable", "")


def decide_outside(articles: Articles, members: int, votes_for: int, *, board_knew: bool) -> Ruling:
    """The ruling on a decision outside a meeting: all members, of one mind, and the board knew before."""
    article = articles.outside_article or OUTSIDE
    return Ruling("adopted" if board_knew and votes_for == members else "no decision", article)


def judge_nomination(articles: Articles, tally: Tally) -> Ruling:
    """The ruling on whether a binding nomination is broken."""
    rule = articles.nomination or LAW.nomination
    assert rule is not None, "the law has one"
    is_broken = rule.majority.is_reached(tally.votes_for, tally.base(rule.base))
    return Ruling("broken" if is_broken else "stands", rule.article)


def is_half(share: Share) -> bool:
    """True for a majority of half, which as many votes for as against touch."""
    return 2 * share.num == share.den


def reaches_also(rule: Rule, tally: Tally) -> bool:
    """True when the votes for come to the second share that a rule asks, or it asks none.

    >>> from coop.governance.statutes.model import Also
    >>> rule = Rule("14", Share(2, 3), also=Also("14.2", Share(1, 2)))
    >>> [reaches_also(rule, Tally(votes, 0, votes_all=81)) for votes in (41, 40)]
    [True, False]
    """
    return rule.also is None or rule.also.share.is_reached(tally.votes_for, tally.base(rule.also.base))


def _judge(rule: Rule, tally: Tally, casting: Casting) -> Ruling:
    """The majority, and the second share where one is asked: without that neither votes nor a word adopt."""
    ruling = _judge_majority(rule, tally, casting)
    if rule.also is not None and ruling.word == "adopted" and not reaches_also(rule, tally):
        return Ruling("rejected", rule.also.article)
    return ruling


def _judge_majority(rule: Rule, tally: Tally, casting: Casting) -> Ruling:
    """The majority alone. Nobody for it is never enough; a tie rejects, or the chair or the lot decides."""
    if tally.votes_for and rule.majority.is_reached(tally.votes_for, tally.base(rule.base)):
        return Ruling("adopted", rule.article)
    article = rule.tie_article if tally.votes_for == tally.votes_against and rule.tie_article else rule.article
    if tally.is_tie and rule.tie != "rejects" and is_half(rule.majority):
        undecided = "lot" if rule.tie == "lot" else "chair decides"
        return Ruling({"for": "adopted", "against": "rejected"}.get(casting, undecided), article)
    return Ruling("rejected", article)


def _is_within(second: Second, call: SecondCall) -> bool:
    days = call.held_on - call.first_on
    in_time = timedelta(second.from_days) <= days <= timedelta(second.to_days)
    return in_time and (call.says_why or not second.says_why)
