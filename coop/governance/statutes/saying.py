"""Rules of statutes in a sentence, as verdicts keep them and pages show them in the reader's language."""

from __future__ import annotations

from typing import Final

from coop.governance.statutes.majorities import is_half
from coop.governance.statutes.model import Also, Base, Quorum, Rule, Share
from coop.values import Said, say

BASES: Final[dict[Base, Said]] = {
    "cast": say("of the votes for and against"),
    "present": say("of the votes present, blank ones too"),
    "all": say("of all votes that members have"),
}


def say_share(share: Share) -> Said:
    """A share in words.

    >>> [str(say_share(Share(*share))) for share in ((1, 2, True), (1, 2), (2, 3), (2, 3, True), (1, 1))]
    ['more than half', 'at least half', 'at least 2/3', 'more than 2/3', 'all']
    """
    if share.num == share.den:
        return say("all")
    if is_half(share):
        return say("more than half") if share.above else say("at least half")
    if share.above:
        return say("more than %(num)s/%(den)s", num=share.num, den=share.den)
    return say("at least %(num)s/%(den)s", num=share.num, den=share.den)


def say_quorum(quorum: Quorum) -> Said:
    """A quorum in words."""
    share = say_share(quorum.share)
    if quorum.of == "votes" and quorum.with_proxies:
        return say("%(share)s of all votes must be present", share=share)
    if quorum.of == "votes":
        return say("%(share)s of all votes must be present in person", share=share)
    if quorum.with_proxies:
        return say("%(share)s of the members must be there or represented", share=share)
    return say("%(share)s of the members must be there in person", share=share)


def say_also(also: Also) -> Said:
    """The second share that a rule asks beside its majority, in words.

    >>> str(say_also(Also("14.2", Share(1, 2, above=True))))
    'more than half of all votes that members have must be for it (14.2)'
    """
    share, base = say_share(also.share), BASES[also.base]
    return say("%(share)s %(base)s must be for it (%(article)s)", share=share, base=base, article=also.article)


def say_rule(rule: Rule) -> Said:
    """A rule in a sentence: its majority, its quorum, and what a tie means where it does not reject.

    >>> str(say_rule(Rule("14", Share(2, 3), quorum=Quorum("15", Share(1, 4), "votes"))))
    'at least 2/3 of the votes for and against; at least 1/4 of all votes must be present (15)'
    """
    said = say("%(share)s %(base)s", share=say_share(rule.majority), base=BASES[rule.base])
    if rule.quorum is not None:
        quorum = say_quorum(rule.quorum)
        said = say("%(rule)s; %(quorum)s (%(article)s)", rule=said, quorum=quorum, article=rule.quorum.article)
    if rule.also is not None:
        said = say("%(rule)s; %(also)s", rule=said, also=say_also(rule.also))
    if len(rule.classes) == 1:
        said = say("%(rule)s; besides, a class of members by itself", rule=said)
    elif rule.classes:
        number = len(rule.classes)
        said = say("%(rule)s; besides, each of %(number)s classes of members by itself", rule=said, number=number)
    if rule.tie == "chair":
        said = say("%(rule)s; at a tie the chair decides", rule=said)
    if rule.tie == "lot":
        said = say("%(rule)s; at a tie the lot decides", rule=said)
    return said
