"""The form of the statutes read: an article, days and majorities for each kind of resolution, back into rules."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Final

from coop.governance.model import KINDS, Statutes, VotingRule
from coop.governance.rules.dates import FIRST_DAY, LAST_DAY
from coop.values import BadInput, Problem, say

MAJORITIES: Final = ("1/2", "3/5", "2/3", "3/4", "4/5", "9/10", "1/1")
QUORUMS: Final = ("", "1/10", "1/5", "1/4", "1/3", "1/2", "2/3", "3/4")
"""Shares that a form offers; none is asked where it is empty."""

COUNT_MAX: Final = 365


def fill_statutes(version: Statutes | None) -> dict[str, str]:
    """The form of a new version, filled in with the rules of the one before, or with what most statutes say."""
    filled = {f"{kind}.{name}": text for kind in KINDS for name, text in _USUAL.items()}
    for rule in version.rules if version else ():
        filled |= {
            f"{rule.kind}.article": rule.article,
            f"{rule.kind}.notice_days": str(rule.notice_days),
            f"{rule.kind}.majority": f"{rule.majority_num}/{rule.majority_den}",
            f"{rule.kind}.base": rule.base,
            f"{rule.kind}.quorum": f"{rule.quorum_num}/{rule.quorum_den}" if rule.quorum_den else "",
            f"{rule.kind}.proxy_limit": str(rule.proxy_limit),
            f"{rule.kind}.advance_days": str(rule.advance_days),
        }
    return filled


_USUAL: Final[Mapping[str, str]] = {
    "article": "",
    "notice_days": "14",
    "majority": "1/2",
    "base": "cast",
    "quorum": "",
    "proxy_limit": "2",
    "advance_days": "0",
}


def read_statutes(form: Mapping[str, str]) -> Statutes:
    """The version that a filled form makes. A kind whose article is empty is one on which the statutes are silent.

    Raises:
        BadInput: with every field that is wrong, by its name in the form.
    """
    problems: list[Problem] = []
    name = form.get("name", "").strip()
    if not 0 < len(name) <= 200:
        problems.append(Problem(say("give this version a name, such as the year of its deed"), "name"))
    valid_from, deed_on = (_day(form, field, problems) for field in ("valid_from", "deed_on"))
    rules = [rule for kind in KINDS if (rule := _read_rule(form, kind, problems)) is not None]
    if not rules and not problems:
        problems.append(Problem(say("give the article of at least one kind of decision"), "other.article"))
    if problems:
        raise BadInput(problems, "bad-statutes")
    return Statutes(valid_from, name, tuple(rules), deed_on, form.get("resolution_id", "").strip())


def _read_rule(form: Mapping[str, str], kind: str, problems: list[Problem]) -> VotingRule | None:
    def value(name: str) -> str:
        return form.get(f"{kind}.{name}", "").strip()

    if not value("article"):
        return None
    before = len(problems)
    if len(value("article")) > 100:
        problems.append(Problem(say("is longer than %(most)s characters", most=100), f"{kind}.article"))
    counts = {}
    for name in ("notice_days", "proxy_limit", "advance_days"):
        text = value(name)
        if text.isdecimal() and len(text) < 5 and int(text) <= COUNT_MAX:
            counts[name] = int(text)
        else:
            reason = say("is a whole number, at most %(most)s", most=COUNT_MAX)
            problems.append(Problem(reason, f"{kind}.{name}"))
    majority, quorum = _share(value("majority")), _share(value("quorum")) if value("quorum") else (0, 0)
    for name, share in (("majority", majority), ("quorum", quorum)):
        if share is None:
            problems.append(Problem(say("is a share such as 2/3"), f"{kind}.{name}"))
    if len(problems) > before or majority is None or quorum is None:
        return None
    try:
        return VotingRule(
            kind=kind,
            article=value("article"),
            quorum_num=quorum[0],
            quorum_den=quorum[1],
            majority_num=majority[0],
            majority_den=majority[1],
            base=value("base"),
            secrecy="open",
            **counts,
        )
    except BadInput as bad:
        problems += [Problem(problem.reason, f"{kind}.{problem.field}") for problem in bad.problems]
        return None


def _share(text: str) -> tuple[int, int] | None:
    num, slash, den = text.partition("/")
    if not (slash and num.isdecimal() and den.isdecimal() and len(text) < 10 and int(den)):
        return None
    return int(num), int(den)


def _day(form: Mapping[str, str], name: str, problems: list[Problem]) -> date:
    try:
        day = date.fromisoformat(form.get(name, ""))
    except ValueError:
        day = date.min
    if not FIRST_DAY <= day <= LAST_DAY:
        problems.append(Problem(say("give a day"), name))
    return day
