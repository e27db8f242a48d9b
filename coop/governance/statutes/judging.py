"""Articles held against the law and against themselves, before they come on file."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import fields, is_dataclass
from typing import Any, Final

from coop.governance.statutes import law
from coop.governance.statutes.model import Articles, Rule
from coop.values import Problem, say

DAYS_MAX: Final = 365
NAME_MAX: Final = 100


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
    for section in ("rules", "notices", "texts"):
        held: Mapping[str, object] = getattr(articles, section)
        problems += [Problem(say("is no kind of decision"), f"{section}.{kind}") for kind in held if kind not in kinds]
    for kind, rule in articles.rules.items():
        problems += _judge_rule(rule, f"rules.{kind}")
    for section in ("notices", "texts"):
        problems += [
            Problem(say("is a whole number, at most %(most)s", most=DAYS_MAX), f"{section}.{kind}.days")
            for kind, term in getattr(articles, section).items()
            if term.days > DAYS_MAX
        ]
    return problems + _judge_advance(articles) + _judge_bands(articles)


def _silent(value: Any, path: str) -> Iterator[str]:
    """Paths of sections that name no article."""
    if is_dataclass(value):
        for each in fields(value):
            content = getattr(value, each.name)
            if each.name == "article" and not content.strip():
                yield f"{path}.article"
            yield from _silent(content, f"{path}.{each.name}" if path else each.name)
    elif isinstance(value, Mapping):
        for key, content in value.items():
            yield from _silent(content, f"{path}.{key}")
    elif isinstance(value, tuple):
        for place, content in enumerate(value):
            yield from _silent(content, f"{path}.{place}")


def _judge_rule(rule: Rule, path: str) -> list[Problem]:
    problems = []
    majorities = [("majority", rule.majority)] + ([("second.majority", rule.second.majority)] if rule.second else [])
    for name, share in majorities:
        if 2 * share.num < share.den or (share.above and share.num == share.den):
            problems.append(Problem(say("a majority is at least one half and at most all"), f"{path}.{name}"))
    if rule.quorum is not None and rule.quorum.share.above and rule.quorum.share.num == rule.quorum.share.den:
        problems.append(Problem(say("more than all can never be there"), f"{path}.quorum.share"))
    if rule.second is not None and rule.second.from_days > rule.second.to_days:
        problems.append(Problem(say("a second meeting has a first day before its last"), f"{path}.second.from_days"))
    return problems


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
