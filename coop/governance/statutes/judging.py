"""Articles held against the law and against themselves, before they come on file."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import fields, is_dataclass
from typing import Any, Final, get_args

from coop.governance.statutes import law
from coop.governance.statutes.delegates import judge_council
from coop.governance.statutes.model import Articles, Rule, Share, Step
from coop.values import Problem, say

DAYS_MAX: Final = 365
MONTHS_MAX: Final = 120
AGE_MAX: Final = 150
SEATS_MAX: Final = 50
VOTES_MAX: Final = 10_000
"""Votes of one member: so few that those of all together are a number that can be kept."""

MOST: Final[Mapping[str, int]] = {
    "days": DAYS_MAX,
    "from_days": DAYS_MAX,
    "to_days": DAYS_MAX,
    "silent_days": DAYS_MAX,
    "hold_days": DAYS_MAX,
    "arrears_months": MONTHS_MAX,
    "suspended_months": MONTHS_MAX,
    "least_months": MONTHS_MAX,
    "term_months": MONTHS_MAX,
    "seats": SEATS_MAX,
    "substitutes": SEATS_MAX,
    "least_age": AGE_MAX,
    "votes": VOTES_MAX,
    "most_votes": VOTES_MAX,
}
"""The most that a whole number of a name may be, wherever it stands."""


def judge_articles(articles: Articles, kinds: Collection[str]) -> list[Problem]:
    """Everything that keeps articles off the file, by its path: each section names its article, a majority is at least
    half, and no vote opens before the law allows it.

    Args:
        articles: the statutes.
        kinds: of decisions that may have a rule of their own.

    >>> from coop.governance.statutes.model import Advance
    >>> [problem.field for problem in judge_articles(Articles("2024", advance=Advance("", from_days=60)), ())]
    ['advance.article', 'advance.from_days']
    """
    problems = [Problem(say("every rule cites its article"), path) for path in _silent(articles, "")]
    if not articles.name.strip():
        problems.append(Problem(say("give this version a name, such as the year of its deed"), "name"))
    for section in ("rules", "notices", "texts", "referenda"):
        held: Mapping[str, object] = getattr(articles, section)
        problems += [Problem(say("is no kind of decision"), f"{section}.{kind}") for kind in held if kind not in kinds]
    for kind, rule in articles.rules.items():
        problems += _judge_rule(rule, f"rules.{kind}")
    problems += [
        Problem(say("is a whole number, at most %(most)s", most=MOST[name]), path)
        for path, name, number in _list_wholes(articles, "")
        if number > MOST.get(name, number)
    ]
    for judge in (_judge_classes, _judge_advance, _judge_bands, _judge_election, _judge_referenda):
        problems += judge(articles)
    return problems + judge_council(articles.council)


def _silent(value: Any, path: str) -> Iterator[str]:
    """Paths of sections that name no article."""
    for name, content in _list_parts(value):
        if is_dataclass(value) and name == "article" and not content.strip():
            yield f"{path}.article"
        yield from _silent(content, f"{path}.{name}" if path else name)


def _list_wholes(value: Any, path: str, name: str = "") -> Iterator[tuple[str, str, int]]:
    """Path, name and content of every whole number."""
    if isinstance(value, int) and not isinstance(value, bool):
        yield path, name, value
    for inner, content in _list_parts(value):
        yield from _list_wholes(content, f"{path}.{inner}" if path else inner, inner)


def _list_parts(value: Any) -> Iterator[tuple[str, Any]]:
    """Names and contents of the parts of a section, a mapping or a list."""
    if is_dataclass(value):
        yield from ((each.name, getattr(value, each.name)) for each in fields(value))
    elif isinstance(value, Mapping):
        yield from value.items()
    elif isinstance(value, tuple):
        yield from ((str(place), content) for place, content in enumerate(value))


def _judge_rule(rule: Rule, path: str) -> list[Problem]:
    problems: list[Problem] = []
    majorities = [("majority", rule.majority)] + ([("second.majority", rule.second.majority)] if rule.second else [])
    for name, share in majorities:
        problems += _judge_majority(share, f"{path}.{name}")
    for name, also in (("also", rule.also), ("second.also", rule.second.also if rule.second else None)):
        if also is not None and also.share.above and also.share.num == also.share.den:
            problems.append(Problem(say("more than all can never be for it"), f"{path}.{name}.share"))
    if rule.quorum is not None and rule.quorum.share.above and rule.quorum.share.num == rule.quorum.share.den:
        problems.append(Problem(say("more than all can never be there"), f"{path}.quorum.share"))
    second = rule.second.quorum.share if rule.second and rule.second.quorum else None
    if second is not None and second.above and second.num == second.den:
        problems.append(Problem(say("more than all can never be there"), f"{path}.second.quorum.share"))
    if rule.second is not None and rule.second.from_days > rule.second.to_days:
        problems.append(Problem(say("a second meeting has a first day before its last"), f"{path}.second.from_days"))
    return problems


def _judge_classes(articles: Articles) -> list[Problem]:
    """Hold classes of members against the rules that name them: each has a name of its own, and some rule asks it."""
    problems, names = [], [one.name for one in articles.classes]
    asked = {name for rule in articles.rules.values() for name in rule.classes}
    for place, one in enumerate(articles.classes):
        path = f"classes.{place}"
        if not one.name.strip() or "," in one.name:
            problems.append(Problem(say("give each class a name, without a comma"), f"{path}.name"))
        elif names.index(one.name) != place:
            problems.append(Problem(say("is the name of another class"), f"{path}.name"))
        elif one.name not in asked:
            problems.append(Problem(say("no rule asks the majority of this class"), f"{path}.name"))
        problems += _judge_majority(one.majority, f"{path}.majority")
        if one.quorum is not None and one.quorum.share.above and one.quorum.share.num == one.quorum.share.den:
            problems.append(Problem(say("more than all can never be there"), f"{path}.quorum.share"))
    if sum(1 for one in articles.classes if not one.kinds) > 1:
        problems.append(Problem(say("everybody of no other class is one class"), "classes"))
    for kind, rule in articles.rules.items():
        if rule.second is not None and rule.second.of_classes != "majority" and not rule.classes:
            reason = say("the rule asks the majority of no class of members")
            problems.append(Problem(reason, f"rules.{kind}.second.of_classes"))
    if articles.nomination is not None and articles.nomination.classes:
        problems.append(Problem(say("a nomination is broken by all together"), "nomination.classes"))
    second = articles.nomination.second if articles.nomination else None
    if second is not None and second.of_classes != "majority":
        problems.append(Problem(say("a nomination is broken by all together"), "nomination.second.of_classes"))
    return problems + [
        Problem(say("is no class of members that these statutes name"), f"rules.{kind}.classes")
        for kind, rule in articles.rules.items()
        if not set(rule.classes) <= set(names)
    ]


def _judge_majority(share: Share, path: str) -> list[Problem]:
    if 2 * share.num < share.den or (share.above and share.num == share.den):
        return [Problem(say("a majority is at least one half and at most all"), path)]
    return []


def _judge_advance(articles: Articles) -> list[Problem]:
    own = articles.advance
    if own is None:
        return []
    problems = []
    if (own.from_days or 0) > law.ADVANCE_DAYS:
        reason = say("%(article)s allows at most %(most)s days", article=law.ADVANCE, most=law.ADVANCE_DAYS)
        problems.append(Problem(reason, "advance.from_days"))
    if own.to_days > (own.from_days or law.ADVANCE_DAYS):
        problems.append(Problem(say("the last day comes after the first"), "advance.to_days"))
    return problems


def _judge_bands(articles: Articles) -> list[Problem]:
    bands = articles.voters.bands if articles.voters else ()
    bounds = [band.above for band in bands]
    if bounds != sorted(set(bounds)):
        return [Problem(say("bands rise"), "voters.bands")]
    return []


def _judge_referenda(articles: Articles) -> list[Problem]:
    problems = []
    for kind, own in articles.referenda.items():
        if own.days == 0:
            reason = say("members need at least one day to ask a referendum")
            problems.append(Problem(reason, f"referenda.{kind}.days"))
        if own.members == 0:
            problems.append(Problem(say("at least one member asks"), f"referenda.{kind}.members"))
        if own.share is not None and own.share.above and own.share.num == own.share.den:
            problems.append(Problem(say("more than all can never ask"), f"referenda.{kind}.share"))
    return problems


def _judge_election(articles: Articles) -> list[Problem]:
    election = articles.election
    if election is None:
        return []
    problems = [] if election.steps else [Problem(say("an election has at least one step"), "election.steps")]
    named = (*get_args(Step), "tie", "lot")
    return problems + [
        Problem(say("is nothing that statutes say"), f"election.articles.{name}")
        for name in election.articles
        if name not in named
    ]
