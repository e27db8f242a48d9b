"""Voters of a meeting where a council takes the place of the members: which of both votes, who is a delegate on a day,
and with how many votes.

    votes of a delegate = 1, or members with a vote in the group / delegates of the group, rounded down, at least 1

Source: Civil Code, book 2, articles 2:39 and 2:42 lid 2; that votes are rounded down is a choice;
docs/domain/meetings-votes-and-statutes.md#a-council-of-members.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Final, Literal

from coop.governance.model import ELECTION, REFERENDUM, Meeting, Resolution
from coop.governance.statutes.council import Council
from coop.governance.statutes.law import LAW, WITH_NOTICE
from coop.governance.statutes.model import Articles, Proxies
from coop.values import Problem, say

DELEGATES: Final = "delegates"
"""Office of who sits in the council."""

SUBSTITUTES: Final = "substitutes"
"""Office of who stands by for a seat in it."""

COUNCIL: Final = "BW 2:39 lid 1"


@dataclass(frozen=True)
class Body:
    """Voters of a meeting: all ``members``, the ``delegates``, or the members of one ``group``, who choose theirs."""

    voters: Literal["members", "delegates", "group"] = "members"
    group: str = ""


MEMBERS: Final = Body()


@dataclass(frozen=True)
class Seated:
    """A term of a delegate or of a substitute: for which group, and the place in which they were elected."""

    office: str
    member_id: str
    begins_on: date
    ends_on: date
    group: str = ""
    place: int = 0


def find_body(articles: Articles, meeting: Meeting) -> Body:
    """The voters of a meeting. Choosing the council and a referendum stay with the members; all else is the council's.

    A point that came later follows the agenda of the notice.
    """
    bodies = find_bodies(articles, meeting.agenda or meeting.resolutions)
    return bodies[0] if bodies else MEMBERS


def find_bodies(articles: Articles, points: Iterable[Resolution]) -> Sequence[Body]:
    """Voters of points, each once, in order."""
    return list(dict.fromkeys(_find_body(articles.council, point) for point in points))


def _find_body(council: Council | None, point: Resolution) -> Body:
    if council is None or point.kind == REFERENDUM:
        return MEMBERS
    if point.kind == ELECTION and point.parameters.get("office") in (DELEGATES, SUBSTITUTES):
        return Body("group", str(point.parameters.get("group", ""))) if council.groups else MEMBERS
    return Body("delegates")


def bind_articles(articles: Articles, meeting: Meeting) -> Articles:
    """Articles as they bind a meeting: between delegates mandates go as the council's article says, and the literal
    text of a change lies open as long as the law asks where delegates vote.

    >>> from coop.governance.statutes.model import Proxies
    >>> held = Articles("2026", proxies=Proxies("12", 2), council=Council("9", 3, most_held=1))
    >>> day = date(2026, 6, 24)
    >>> point = Resolution("r", "other", "", "", "", "", {})
    >>> bind_articles(held, Meeting("m", day, day, "", (point,))).proxies
    Proxies(article='9', most_held=1, most_votes=None, before_the_vote=False)
    """
    council = articles.council
    if council is None or find_body(articles, meeting).voters != "delegates":
        return articles
    least = LAW.texts[DELEGATES]
    terms = {kind: [least, articles.texts.get(kind, least)] for kind in WITH_NOTICE}
    texts = {kind: max(each, key=lambda term: term.days + term.clear) for kind, each in terms.items()}
    proxies = Proxies(council.article, council.most_held)
    return replace(articles, proxies=proxies, texts={**articles.texts, **texts})


def seat_delegates(council: Council, terms: Iterable[Seated], members: Collection[str], day: date) -> Mapping[str, str]:
    """Delegates on a day, each with their group: whoever was elected, is in office and is still a member; a vacant seat
    is taken by the substitute of the group who was elected first, with the most votes.

    >>> ann, ben, cid = (Seated(DELEGATES, each, date(2026, 1, 1), date(2030, 1, 1)) for each in ("ann", "ben", "cid"))
    >>> spare = replace(cid, office=SUBSTITUTES)
    >>> dict(seat_delegates(Council("9", 2), [ann, ben, spare], {"ann", "cid"}, date(2026, 6, 24)))
    {'ann': '', 'cid': ''}
    """
    holding = [each for each in terms if each.begins_on <= day < each.ends_on and each.member_id in members]
    standing = sorted(holding, key=lambda each: (each.begins_on, each.place, each.member_id))
    seated: dict[str, str] = {}
    for office in (DELEGATES, SUBSTITUTES):
        for each in standing:
            taken = sum(1 for group in seated.values() if group == each.group)
            if each.office == office and each.member_id not in seated and taken < council.count_seats(each.group):
                seated[each.member_id] = each.group
    return seated


def weigh_delegates(council: Council, seated: Mapping[str, str], voting: Mapping[str, str]) -> dict[str, int]:
    """Votes of delegates, each with their group, by the members who may vote, each with theirs.

    >>> voting = {f"m{number}": "" for number in range(20)}
    >>> weigh_delegates(Council("9", 3, weight="by members"), {"m1": "", "m2": "", "m3": ""}, voting)
    {'m1': 6, 'm2': 6, 'm3': 6}
    """
    if council.weight == "one":
        return dict.fromkeys(seated, 1)
    delegates, members = Counter(seated.values()), Counter(voting.values())
    return {each: max(1, members[group] // delegates[group]) for each, group in seated.items()}


def judge_council(council: Council | None) -> list[Problem]:
    """Everything that keeps a council off the file: it has seats and a term, and all members take part in the choice.

    >>> from coop.governance.statutes.council import Group
    >>> [each.field for each in judge_council(Council("9", 3, groups=(Group("9", "owners", 2, ("owner",)),)))]
    ['council.seats', 'council.groups']
    """
    if council is None:
        return []
    problems, groups = [], council.groups
    if not council.seats or not all(group.seats for group in groups):
        problems.append(Problem(say("a council has at least one seat, and so has each group"), "council.seats"))
    elif groups and sum(group.seats for group in groups) != council.seats:
        problems.append(Problem(say("the seats of the groups are those of the council together"), "council.seats"))
    if not council.term_months:
        problems.append(Problem(say("a term lasts at least one month"), "council.term_months"))
    if groups and sum(1 for group in groups if not group.kinds) != 1:
        reason = say(
            "one group holds every member of whom no other group names the kind, so that each takes part in the choice"
            " (%(article)s)",
            article=COUNCIL,
        )
        problems.append(Problem(reason, "council.groups"))
    names = [group.name.strip() for group in groups]
    kinds = [kind for group in groups for kind in group.kinds]
    if len(set(names)) < len(names) or "" in names or len(set(kinds)) < len(kinds):
        problems.append(
            Problem(say("each group has a name of its own, and a kind is in one of them"), "council.groups")
        )
    return problems
