"""Rules of the register that need more than one record."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date

from coop.communities.choices import Choices, GuaranteeChoice
from coop.members.connections.model import Occupancy
from coop.members.contracts.model import Contract
from coop.members.history.model import Difference
from coop.members.imports.model import EarlyEnd, Record, Update
from coop.values import Problem, Said, anniversary, say


@dataclass(frozen=True)
class Claim:
    """A span of days on one connection: somebody's hold on it (from its ``opened_on``), or a contract (from its
    ``starts_on``). ``end`` is the first day after it, None while it lasts; ``line`` is where it stands in a file, None
    for what is registered already."""

    connection_id: str
    field: str
    start: date
    end: date | None
    line: int | None = None

    @property
    def last_end(self) -> date:
        """The first day after it, or the end of time."""
        return self.end or date.max


def claim_of(record: Record, line: int | None = None) -> Claim | None:
    """Read what a record claims of a connection, if anything."""
    match record:
        case Occupancy():
            return Claim(record.connection_id, "opened_on", record.opened_on, record.closed_on, line)
        case Contract():
            return Claim(record.connection_id, "starts_on", record.starts_on, record.ends_on, line)
        case _:
            return None


def find_overlaps(claims: Iterable[Claim]) -> list[Problem]:
    """Find spans of one kind on one connection that share a day: a problem for each that starts before another ended.

    A problem names the line of the later span, or of the earlier one where the later is registered already.
    """
    problems = []
    groups: dict[tuple[str, str], list[Claim]] = {}
    for claim in claims:
        groups.setdefault((claim.field, claim.connection_id), []).append(claim)
    for group in groups.values():
        group.sort(key=lambda claim: (claim.start, claim.line or 0))
        longest = group[0]
        for claim in group[1:]:
            if claim.start < longest.last_end:
                problems.append(_overlap(longest, claim))
            longest = max(longest, claim, key=lambda claim: claim.last_end)
    return problems


def _overlap(earlier: Claim, later: Claim) -> Problem:
    named, other = (earlier, later) if later.line is None else (later, earlier)
    return Problem(_describe_overlap(other), named.field, named.line)


def _describe_overlap(other: Claim) -> Said:
    start, end, line = other.start, other.end, other.line
    if line is None and end is None:
        return say("overlaps what is registered already: from %(start)s on, on the same connection", start=start)
    if line is None:
        return say(
            "overlaps what is registered already: from %(start)s to %(end)s, on the same connection",
            start=start,
            end=end,
        )
    if end is None:
        return say(
            "overlaps what is on line %(line)s: from %(start)s on, on the same connection", line=line, start=start
        )
    return say(
        "overlaps what is on line %(line)s: from %(start)s to %(end)s, on the same connection",
        line=line,
        start=start,
        end=end,
    )


def compare_rows(before: Mapping[str, str], after: Mapping[str, str]) -> tuple[Difference, ...]:
    """Find the fields in which two rows differ, in the order in which they are written.

    >>> compare_rows({"name": "Anna", "email": ""}, {"name": "Anne", "email": ""})
    (Difference(field='name', old='Anna', new='Anne'),)
    """
    names = dict.fromkeys([*before, *after])
    return tuple(
        Difference(name, before.get(name, ""), after.get(name, ""))
        for name in names
        if before.get(name, "") != after.get(name, "")
    )


FIXED = {
    "member": {
        "joined_on": say("was told to others; undo what brought this member in, and enter it again"),
        "left_on": say("is changed by ending the membership, on the member's page"),
    },
    "connection": {},
    "occupancy": {},
    "contract": {},
}
"""Fields that no file and no form changes, with the reason."""

SIGNED = ("member", "connection", "starts_on", "tariff_clause", "customer_class")
"""Fields of a contract that were signed: with another value it is another contract; nothing may rest on the first."""


def find_fixed(update: Update) -> list[Problem]:
    """Find the fields of an update that cannot be changed."""
    noun = update.key[0]
    return [
        Problem(FIXED[noun][difference.field], difference.field)
        for difference in update.differences
        if difference.field in FIXED[noun]
    ]


def find_early_ends(updates: Iterable[Update], choices: Choices) -> list[EarlyEnd]:
    """Find the contracts that an update ends, or ends sooner, before the day from which their guarantee lets a member
    stop: by the choice of the day on which each began. It is a warning; by law the supply may end all the same.

    Source: docs/domain/law-and-co-operative.md#leaving-the-heat-contract.
    """
    early = []
    for before, after in ((update.before, update.after) for update in updates):
        if not (isinstance(before, Contract) and isinstance(after, Contract)) or after.ends_on is None:
            continue
        promised = (row.valid_from for row in choices.rows if isinstance(row.choice, GuaranteeChoice))
        if min(promised, default=date.max) > after.starts_on:
            continue
        promise = choices.on(GuaranteeChoice, after.starts_on)
        exit_on = anniversary(after.starts_on, promise.exit_after_years)
        is_sooner = before.ends_on is None or after.ends_on < before.ends_on
        if is_sooner and after.gas_bills and promise.mode != "off" and after.ends_on < exit_on:
            early.append(EarlyEnd(after.number, after.ends_on, exit_on))
    return early


def is_signed_anew(update: Update) -> bool:
    """True when a contract becomes another one, which is told under another id."""
    return update.key[0] == "contract" and any(difference.field in SIGNED for difference in update.differences)


def is_held_anew(update: Update) -> bool:
    """True when a hold was entered for the wrong member: it never was, and another is told of."""
    return update.key[0] == "occupancy" and any(difference.field == "member" for difference in update.differences)
