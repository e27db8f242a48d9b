"""The statutes judged a second time, from their stored record: arithmetic that shares nothing with what decided first.

The record is read as plain JSON, by the names that docs/domain/meetings-votes-and-statutes.md gives; fractions are
``Fraction``, and the law's own shares stand here again.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, timedelta
from fractions import Fraction
from typing import Any

from coop.governance.model import Count

Record = Mapping[str, Any]

_HALF = {"article": "choice: the law is silent", "majority": {"num": 1, "den": 2, "above": True}}
_LAW: Mapping[str, Record] = {
    "ordinary": _HALF,
    "statutes": {"article": "BW 2:43 lid 1", "majority": {"num": 2, "den": 3}},
    "dissolution": {"article": "BW 2:42 lid 4", "majority": {"num": 2, "den": 3}},
    "conversion": {"article": "BW 2:18 lid 2 a", "majority": {"num": 9, "den": 10}},
}
_OF_A_SECOND = ("article", "majority", "quorum", "also")
_LIKE_STATUTES = ("dissolution", "conversion", "merger")


def find_rule(articles: Record, kind: str) -> Record:
    """The rule of a record for a kind of decision, or the law's."""
    rules: Mapping[str, Record] = articles.get("rules", {})
    rule = rules.get(kind) or (rules.get("statutes") if kind in _LIKE_STATUTES else None)
    if rule is None and kind not in _LAW:
        rule = rules.get("ordinary", _HALF)
    if rule is None:
        return _LAW[kind]
    if kind == "conversion" and _fraction(rule["majority"]) < Fraction(9, 10):
        return {**rule, **_LAW["conversion"], "base": "cast"}
    return rule


def judge(
    articles: Record,
    kind: str,
    count: Count,
    *,
    casting: str = "",
    approved: bool = True,
    first_on: date | None = None,
    held_on: date | None = None,
    says_why: bool = False,
) -> tuple[bool, str]:
    """Judge whether a count is adopted, and by which article.

    Args:
        articles: the record. kind: of the resolution. count: the votes.
        casting: the word that breaks a tie. approved: an outside body consented.
        first_on: day of the first meeting, where this one of ``held_on`` is the second on the same.
        says_why: the notice of a second meeting says that it is one, and why.
    """
    rule = dict(find_rule(articles, kind))
    second = rule.get("second")
    if second and first_on is not None and held_on is not None:
        earliest = first_on + timedelta(days=second.get("from_days", 0))
        is_called = says_why or not second.get("says_why", False)
        if is_called and earliest <= held_on <= first_on + timedelta(days=second["to_days"]):
            rule |= {"quorum": None, "also": None, **{name: second[name] for name in _OF_A_SECOND if name in second}}
            rule["of_classes"] = second.get("of_classes", "majority")
        elif second.get("outside") == "undecidable":
            return False, second["article"]
    quorum = rule.get("quorum")
    if quorum and not _is_there(quorum, count):
        return False, quorum["article"]
    classes = _list_classes(articles, rule, count)
    for one, own in classes:
        if one.get("quorum") and not _is_there(one["quorum"], own):
            return False, one["quorum"]["article"]
    tied = count.votes_for == count.votes_against
    if not _is_enough(rule["majority"], count.votes_for, _base(rule.get("base", "cast"), count)):
        article = rule.get("tie_article") or rule["article"] if tied else rule["article"]
        breaks = rule.get("tie", "rejects") != "rejects" and tied and count.votes_for > 0
        if not breaks or _fraction(rule["majority"]) != Fraction(1, 2) or casting != "for":
            return False, article
    else:
        article = rule["article"]
    also = rule.get("also")
    if also and not _reaches(also["share"], count.votes_for, _base(also.get("base", "all"), count)):
        return False, also["article"]
    for one, own in classes:
        if not _is_enough(one["majority"], own.votes_for, _base(one.get("base", "cast"), own)):
            return False, one["article"]
    approval = rule.get("approval")
    if approval and not approval.get("articles") and not approved:
        return False, approval["article"]
    return True, article


def _list_classes(articles: Record, rule: Record, count: Count) -> list[tuple[Record, Count]]:
    """The classes that a rule asks, each with its votes; one of nobody is not asked."""
    how, counted = rule.get("of_classes", "with-quorum"), dict(count.classes)
    asked = [one for one in articles.get("classes", []) if one["name"] in rule.get("classes", []) and how != "nothing"]
    pairs = [(one, counted.get(one["name"], Count(0, 0, 0, 1, members_entitled=1))) for one in asked]
    return [({**one, "quorum": None} if how == "majority" else one, own) for one, own in pairs if own.members_entitled]


def _is_there(quorum: Record, count: Count) -> bool:
    in_person = not quorum.get("with_proxies", True)
    if quorum["of"] == "members":
        there = count.members_present - (count.members_represented if in_person else 0)
        return _reaches(quorum["share"], there, count.members_entitled)
    votes = count.votes_for + count.votes_against + count.votes_blank + count.votes_silent
    return _reaches(quorum["share"], votes - (count.votes_represented if in_person else 0), count.votes_entitled)


def _is_enough(majority: Record, votes_for: int, base: int) -> bool:
    return votes_for > 0 and _reaches(majority, votes_for, base)


def _reaches(share: Record, part: int, whole: int) -> bool:
    needed = whole * _fraction(share)
    return part > needed if share.get("above") else part >= needed


def _base(name: str, count: Count) -> int:
    cast = count.votes_for + count.votes_against
    return {"cast": cast, "present": cast + count.votes_blank + count.votes_silent, "all": count.votes_entitled}[name]


def _fraction(share: Record) -> Fraction:
    return Fraction(share["num"], share["den"])
