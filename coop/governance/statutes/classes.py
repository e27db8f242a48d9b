"""Classes of members that have a majority of their own beside that of all, such as tenants and owners.

    asked of a class = its quorum met and for * den >= base * num, all counted within the class alone

A class is asked where the rule names it and somebody belongs to it, with a vote or without: a class of nobody asks
nothing, and one whose members are all suspended is not passed over.

Source: docs/domain/meetings-votes-and-statutes.md#classes-of-members.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace

from coop.governance.statutes.model import Articles, MemberClass, Rule, Second
from coop.governance.statutes.tallies import Tally


def find_class_of(articles: Articles, kind: str) -> frozenset[str]:
    """Names of the classes that members of a kind belong to.

    >>> from coop.governance.statutes.model import Share
    >>> half = Share(1, 2, above=True)
    >>> held = Articles("a", classes=(MemberClass("9", "tenants", half, ("tenant",)), MemberClass("9", "rest", half)))
    >>> [sorted(find_class_of(held, kind)) for kind in ("tenant", "owner")]
    [['tenants'], ['rest']]
    """
    named = {each for one in articles.classes for each in one.kinds}
    return frozenset(one.name for one in articles.classes if kind in one.kinds or (not one.kinds and kind not in named))


def list_asked(articles: Articles, rule: Rule, second: Second | None = None) -> tuple[MemberClass, ...]:
    """Classes whose majority a rule asks; ``second`` is its second meeting, where it is decided in that."""
    asked = tuple(one for one in articles.classes if one.name in rule.classes)
    if second is None or second.of_classes == "with-quorum":
        return asked
    return () if second.of_classes == "nothing" else tuple(replace(one, quorum=None) for one in asked)


def find_lacking(asked: Iterable[MemberClass], tally: Tally, *, quorum: bool) -> MemberClass | None:
    """The first class that is not there in the number that it asks, or whose members were not for it."""
    for one in asked:
        own = tally.classes.get(one.name, Tally(0, 0, members_all=1))
        if own.members_all and not (_is_there(one, own) if quorum else _is_for(one, own)):
            return one
    return None


def tally_classes(kinds: Mapping[str, str], articles: Articles) -> dict[str, frozenset[str]]:
    """Members of each class, by the kind of each member.

    >>> from coop.governance.statutes.model import Share
    >>> held = Articles("a", classes=(MemberClass("9", "tenants", Share(1, 2), ("tenant",)),))
    >>> tally_classes({"m1": "tenant", "m2": "owner"}, held)
    {'tenants': frozenset({'m1'})}
    """
    belongs = {kind: find_class_of(articles, kind) for kind in set(kinds.values())}
    return {
        one.name: frozenset(member_id for member_id, kind in kinds.items() if one.name in belongs[kind])
        for one in articles.classes
    }


def _is_there(one: MemberClass, own: Tally) -> bool:
    if one.quorum is None:
        return True
    if one.quorum.of == "members":
        there = own.members_present - (0 if one.quorum.with_proxies else own.heads_represented)
        return one.quorum.share.is_reached(there, own.members_all)
    there = own.votes_present - (0 if one.quorum.with_proxies else own.represented)
    return one.quorum.share.is_reached(there, own.votes_all)


def _is_for(one: MemberClass, own: Tally) -> bool:
    return own.votes_for > 0 and one.majority.is_reached(own.votes_for, own.base(one.base))
