"""Acceptance of estimates: somebody says of one meter, connection or group that a period may go on without what is
missing of it, and why.

Invariant: accepted is what was seen. Where something else is missing, or more of it, it is asked again; and nothing is
accepted for everybody at once.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from coop.kit.rows import row_of, select_as
from coop.kit.tx import Tx
from coop.metering.tables import acceptance
from coop.values import BadInput, Period, Problem, Said, say

REASON_MAX = 500
"""Longest reason [characters]."""

_NAMES = ("serial", "meter", "number", "connection", "group")
"""Values of a sentence that name the subject of which something is missing, the first that it has."""


@dataclass(frozen=True)
class Acceptance:
    """Acceptance of what was missing of a subject in a period: ``template`` and ``count`` say what, and how much."""

    period_start: date
    period_end: date
    subject: str
    template: str
    count: int
    accepted_at: datetime
    accepted_by: str
    reason: str


def subject_of(lacking: Said) -> str:
    """The meter, connection or group of which something is missing.

    >>> subject_of(say("meter %(serial)s was never read", serial="H1"))
    'H1'
    """
    return next((str(lacking.values[name]) for name in _NAMES if name in lacking.values), str(lacking))


def find_open(lacking: Sequence[Said], accepted: Sequence[Acceptance]) -> list[Said]:
    """Gaps that nobody accepted."""
    counts = {(one.subject, one.template): one.count for one in accepted}
    return [said for said in lacking if _count(said) > counts.get((subject_of(said), said.template), -1)]


def accept(tx: Tx, period: Period, lacking: Sequence[Said], subjects: Collection[str], reason: str) -> None:
    """Accept what is missing of these subjects in a period.

    Raises:
        BadInput: no reason is given, or one too long; or nothing is missing of a subject.
    """
    if not subjects:
        return
    missing = {subject_of(said) for said in lacking}
    problems = [
        Problem(say("nothing is missing of %(subject)s", subject=subject), "accept")
        for subject in sorted(set(subjects) - missing)
    ]
    if not reason.strip() or len(reason) > REASON_MAX:
        problems.append(Problem(say("say in at most %(most)s characters why", most=REASON_MAX), "reason"))
    if problems:
        raise BadInput(problems, "bad-acceptance")
    wanted = [said for said in lacking if subject_of(said) in subjects]
    rows = [
        row_of(
            tx,
            Acceptance(
                period.start,
                period.end,
                subject_of(said),
                said.template,
                _count(said),
                tx.now,
                str(tx.actor),
                reason.strip(),
            ),
        )
        for said in find_open(wanted, list_acceptances(tx, period))
    ]
    unlike = {(row["subject"], row["template"], row["count"]): row for row in rows}
    tx.insert_new(
        acceptance, list(unlike.values()), ["community", "period_start", "period_end", "subject", "template", "count"]
    )


def list_acceptances(tx: Tx, period: Period) -> list[Acceptance]:
    """Everything that was accepted for a period; of one subject the most that was, last."""
    columns = acceptance.c
    where = columns.period_start == period.start, columns.period_end == period.end
    order = [columns.subject, columns.template, columns.count]
    return select_as(tx, Acceptance, acceptance, *where, order_by=order)


def _count(said: Said) -> int:
    num = said.values.get("num", 0)
    return num if isinstance(num, int) else 0
