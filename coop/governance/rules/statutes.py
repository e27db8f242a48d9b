"""The statutes applied to dates: when a notice is in time, from when a vote may be cast, which version counts."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import date, timedelta
from typing import Any

from coop.governance.model import Meeting, Statutes, VotingRule
from coop.governance.statutes.model import Term
from coop.governance.statutes.terms import last_day
from coop.values import BadInput, CoopError, Problem, Said, hash_parameters, say


def last_notice_date(held_on: date, notice_days: int) -> date:
    """Last date on which a notice leaves ``notice_days`` clear days before the meeting.

    >>> last_notice_date(date(2026, 6, 24), 7).isoformat()
    '2026-06-16'

    Source: docs/domain/meetings-votes-and-statutes.md#e19; BW 2:42 for statute changes.
    """
    return last_day(Term("", notice_days), held_on)


def first_vote_date(meeting: Meeting, rule: VotingRule) -> date:
    """First date on which a vote may be cast: in the advance window, and never before the notice.

    Source: BW 2:38 lid 8: not before the thirtieth day before the meeting;
    docs/domain/meetings-votes-and-statutes.md#e19.
    """
    return max(meeting.held_on - timedelta(days=rule.advance_days), meeting.convened_on)


def first_vote_on_any(meeting: Meeting, versions: Iterable[Statutes]) -> date:
    """First date on which a vote may be cast on any resolution of a meeting."""
    statutes = in_force(versions, meeting.held_on)
    return min(first_vote_date(meeting, rule_for(statutes, point.kind)) for point in meeting.resolutions)


def in_force(versions: Iterable[Statutes], day: date) -> Statutes:
    """The version of the statutes that counts on a date.

    Raises:
        CoopError: no version was in force yet.
    """
    begun = [version for version in versions if version.valid_from <= day]
    if not begun:
        raise CoopError("no-statutes", say("no statutes are in force on %(day)s: put them on file first", day=day))
    return max(begun, key=lambda version: version.valid_from)


def rule_for(statutes: Statutes, kind: str) -> VotingRule:
    """The rule for a kind of resolution.

    Raises:
        CoopError: the statutes say nothing about it.
    """
    rule = statutes.rule(kind)
    if rule is None:
        reason = say(
            "the statutes of %(day)s have no rule for a resolution of the kind %(kind)s",
            day=statutes.valid_from,
            kind=kind,
        )
        raise CoopError("no-rule", reason)
    return rule


def check_notice(meeting: Meeting, statutes: Statutes) -> None:
    """Refuse a notice that leaves fewer clear days than any of its resolutions asks.

    Raises:
        CoopError: naming for each resolution that is too late the article and the last date.
    """
    late: list[Said] = []
    for resolution in meeting.resolutions:
        rule = rule_for(statutes, resolution.kind)
        last = last_notice_date(meeting.held_on, rule.notice_days)
        if meeting.convened_on > last:
            late.append(
                say(
                    '"%(subject)s": %(article)s asks %(days)s clear days, so a meeting on %(held_on)s must be convened'
                    " by %(last)s, not on %(convened_on)s",
                    subject=resolution.subject_nl,
                    article=rule.article,
                    days=rule.notice_days,
                    held_on=meeting.held_on,
                    last=last,
                    convened_on=meeting.convened_on,
                )
            )
    if late:
        raise CoopError("notice-too-late", say("%(reasons)s", reasons=tuple(late)))


def read_rules(rows: Sequence[Mapping[str, Any]]) -> tuple[VotingRule, ...]:
    """Rules as the statutes record holds them, fractions as ``"2/3"``; a quorum may be None.

    Raises:
        BadInput: with every field of every line that cannot be read.
    """
    rules: list[VotingRule] = []
    problems: list[Problem] = []
    for line, row in enumerate(rows, start=1):
        fields = dict(row)
        quorum, majority = fields.pop("quorum"), fields.pop("majority")
        try:
            quorum_num, quorum_den = _fraction(quorum, "quorum") if quorum else (0, 0)
            majority_num, majority_den = _fraction(majority, "majority")
            rule = VotingRule(
                quorum_num=quorum_num,
                quorum_den=quorum_den,
                majority_num=majority_num,
                majority_den=majority_den,
                **fields,
            )
        except BadInput as error:
            problems += [Problem(problem.reason, problem.field, line) for problem in error.problems]
            continue
        if any(rule.kind == other.kind for other in rules):
            problems.append(Problem(say("a second rule for %(kind)s", kind=rule.kind), "kind", line))
        rules.append(rule)
    if problems:
        raise BadInput(problems, "bad-rule")
    return tuple(rules)


def describe_rules(rules: Iterable[VotingRule]) -> list[dict[str, Any]]:
    """Rules as the statutes record holds them, in the order of their kinds: the inverse of ``read_rules``."""
    return [
        {
            "kind": rule.kind,
            "article": rule.article,
            "notice_days": rule.notice_days,
            "quorum": f"{rule.quorum_num}/{rule.quorum_den}" if rule.quorum_den else None,
            "majority": f"{rule.majority_num}/{rule.majority_den}",
            "base": rule.base,
            "proxy_limit": rule.proxy_limit,
            "secrecy": rule.secrecy,
            "advance_days": rule.advance_days,
        }
        for rule in sorted(rules, key=lambda rule: rule.kind)
    ]


def hash_rules(rules: Iterable[VotingRule]) -> str:
    """The hash of rules as the record holds them."""
    return hash_parameters(describe_rules(rules))


def _fraction(text: str, field: str) -> tuple[int, int]:
    num, slash, den = text.partition("/")
    if not (slash and num.isdecimal() and den.isdecimal() and int(den)):
        raise BadInput([Problem(say("'%(text)s' is not a fraction such as 2/3", text=text), field)])
    return int(num), int(den)
