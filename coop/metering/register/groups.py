"""Sharing groups: who produced and who shared in them, from which day to which, and who said so when.

Invariant: a statement is only added. Of two statements on the same joining the later one counts, so that a day of
leaving is given, put right and taken back without anything being forgotten. A group is served in the order in which
groups were made: ``rank`` says so, and never changes.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from functools import cached_property
from itertools import pairwise

from sqlalchemy import func, select

from coop.events.metering import EVERYBODY, SharingGroupChanged, SharingSpell
from coop.kit.keyset import Window
from coop.kit.rows import insert_nouns, select_as
from coop.kit.tx import Tx
from coop.metering.model import Role
from coop.metering.tables import group_member, sharing_group
from coop.values import Period

BEGINNING = date(2000, 1, 1)
"""The day from which a group is as it was made, where nobody says from when."""


@dataclass(frozen=True)
class Membership:
    """A producing meter (its serial) or a sharing connection (its id) of a group, from ``joins_on`` up to ``leaves_on``
    (None: still), as somebody said it: statement ``number`` of the group. Who leaves on the day of joining never was
    one."""

    group_id: str
    number: int
    role: Role
    subject: str
    joins_on: date
    leaves_on: date | None
    recorded_at: datetime
    recorded_by: str
    reason: str

    def holds_on(self, day: date) -> bool:
        """True when it is a member on a day."""
        return self.joins_on <= day and (self.leaves_on is None or day < self.leaves_on)

    def within(self, period: Period) -> Period | None:
        """The part of a period in which it is a member."""
        end = period.end if self.leaves_on is None else min(self.leaves_on, period.end)
        return Period(max(self.joins_on, period.start), end) if max(self.joins_on, period.start) < end else None


@dataclass(frozen=True)
class Group:
    """A sharing group on one day: serials of the meters that produce, and the connections that share (None: all)."""

    group_id: str
    producers: tuple[str, ...]
    connections: tuple[str, ...] | None


@dataclass(frozen=True)
class Roster:
    """A group with everybody who ever was in it, in the order of joining."""

    group_id: str
    rank: int
    members: tuple[Membership, ...]

    def on(self, day: date) -> Group:
        """The group as it is on a day."""
        return Group(self.group_id, self.producers_on(day), self._sharers_on(day))

    def producers_on(self, day: date) -> tuple[str, ...]:
        """Serials of the meters that produce on a day."""
        return tuple(sorted({one.subject for one in self._of(Role.PRODUCER) if one.holds_on(day)}))

    def spells_of(self, connection_id: str, period: Period) -> list[Period]:
        """The days of a period on which a connection shares, in order; joined where one spell runs on into the next.

        >>> from datetime import UTC
        >>> said_at = datetime(2026, 1, 1, tzinfo=UTC)
        >>> def share(number, joins, leaves):
        ...     return Membership("g", number, Role.SHARER, "C1", joins, leaves, said_at, "board", "")
        >>> members = share(1, date(2025, 1, 1), date(2025, 3, 10)), share(2, date(2025, 3, 20), None)
        >>> [str(spell) for spell in Roster("g", 1, members).spells_of("C1", Period.month(2025, 3))]
        ['2025-03-01/2025-03-10', '2025-03-20/2025-04-01']
        """
        own = [one for subject in {connection_id, EVERYBODY} for one in self._sharing.get(subject, ())]
        found: list[Period] = []
        for part in sorted((part for one in own if (part := one.within(period))), key=lambda part: part.start):
            if found and part.start <= found[-1].end:
                found[-1] = Period(found[-1].start, max(found[-1].end, part.end))
            else:
                found.append(part)
        return found

    def names(self, connection_id: str) -> bool:
        """True where anything was said of a connection by itself, and not only of everybody."""
        return connection_id in self._sharing

    def sharers_in(self, period: Period, everybody: Iterable[str]) -> tuple[str, ...]:
        """Connections that share at any time of a period, sorted; ``everybody`` says which ones all of them are."""
        named = {one.subject for one in self._of(Role.SHARER) if one.within(period)}
        if EVERYBODY in named:
            named |= set(everybody)
        return tuple(sorted(named - {EVERYBODY}))

    def cut(self, period: Period) -> list[Period]:
        """A period in parts in each of which the same meters produce."""
        days = {period.start, period.end}
        for one in self._of(Role.PRODUCER):
            if part := one.within(period):
                days |= {part.start, part.end}
        order = sorted(days)
        parts: list[Period] = []
        for start, end in pairwise(order):
            if parts and self.producers_on(parts[-1].start) == self.producers_on(start):
                parts[-1] = Period(parts[-1].start, end)
            else:
                parts.append(Period(start, end))
        return parts

    def tell(self, number: int) -> SharingGroupChanged:
        """The fact that says who shares in it, and from when, after so many statements."""
        spells = [
            SharingSpell(connection_id=one.subject, joins_on=one.joins_on, leaves_on=one.leaves_on)
            for one in self._of(Role.SHARER)
        ]
        return SharingGroupChanged(group_id=self.group_id, number=number, spells=tuple(spells))

    @cached_property
    def _sharing(self) -> Mapping[str, Sequence[Membership]]:
        """Members of the group that share, by connection: asked for each connection of a group."""
        found: dict[str, list[Membership]] = {}
        for one in self._of(Role.SHARER):
            found.setdefault(one.subject, []).append(one)
        return found

    def _of(self, role: Role) -> list[Membership]:
        return [one for one in self.members if one.role is role]

    def _sharers_on(self, day: date) -> tuple[str, ...] | None:
        sharers = {one.subject for one in self._of(Role.SHARER) if one.holds_on(day)}
        return None if EVERYBODY in sharers else tuple(sorted(sharers))


def plan_change(
    members: Sequence[Membership], wanted: Mapping[Role, Sequence[str]], since: date
) -> list[tuple[Role, str, date, date | None]]:
    """Statements (role, subject, joins on, leaves on) that make ``wanted`` a group's members from a day on, whatever
    was said of later days; what lies before that day stays."""
    planned: list[tuple[Role, str, date, date | None]] = []
    for role in Role:
        subjects = set(wanted.get(role, ()))
        covered = set()
        for one in members:
            if one.role is not role or not (one.leaves_on is None or one.leaves_on > max(since, one.joins_on)):
                continue
            stays = one.subject in subjects and one.joins_on <= since
            leaves_on = None if stays else max(since, one.joins_on)
            if stays:
                covered.add(one.subject)
            if leaves_on != one.leaves_on:
                planned.append((role, one.subject, one.joins_on, leaves_on))
        planned += [(role, subject, since, None) for subject in sorted(subjects - covered)]
    return planned


def list_rosters(tx: Tx, known_at: datetime | None = None) -> list[Roster]:
    """Groups in the order in which they are served, with everybody who ever was in them; as it was known at an instant
    where one is given."""
    where = [] if known_at is None else [group_member.c.recorded_at <= known_at]
    order = [group_member.c.group_id, group_member.c.number]
    said: dict[str, dict[tuple[Role, str, date], Membership]] = {}
    for one in select_as(tx, Membership, group_member, *where, order_by=order):
        said.setdefault(one.group_id, {})[one.role, one.subject, one.joins_on] = one
    ranks = select(sharing_group.c.group_id, sharing_group.c.rank).where(sharing_group.c.community == tx.community)
    return [
        Roster(
            group_id,
            rank,
            tuple(
                sorted(
                    (one for one in said.get(group_id, {}).values() if one.leaves_on != one.joins_on),
                    key=lambda one: (one.joins_on, one.number),
                )
            ),
        )
        for group_id, rank in tx.execute(ranks.order_by(sharing_group.c.rank))
    ]


def find_roster(tx: Tx, group_id: str) -> Roster | None:
    """One group with everybody who ever was in it."""
    return next((roster for roster in list_rosters(tx) if roster.group_id == group_id), None)


def list_groups(tx: Tx, window: Window | None = None) -> list[Group]:
    """Sharing groups as they are today, by id."""
    groups = sorted((roster.on(tx.today) for roster in list_rosters(tx)), key=lambda group: group.group_id)
    if window is None:
        return groups
    after = str(window.after[0]) if window.after else ""
    return [group for group in groups if group.group_id > after][: window.limit + 1]


def count_statements(tx: Tx) -> dict[str, int]:
    """Count the statements about each group."""
    columns = group_member.c
    query = select(columns.group_id, func.count()).where(columns.community == tx.community).group_by(columns.group_id)
    return {row[0]: row[1] for row in tx.execute(query)}


def add_group(tx: Tx, group_id: str) -> Roster:
    """Make a group, the last to be served."""
    last = tx.scalar(select(func.max(sharing_group.c.rank)).where(sharing_group.c.community == tx.community)) or 0
    row = {"group_id": group_id, "rank": last + 1, "made_at": tx.now, "made_by": str(tx.actor)}
    tx.insert(sharing_group, [{"community": tx.community, **row}])
    return Roster(group_id, last + 1, ())


def add_statements(
    tx: Tx, group_id: str, statements: Sequence[tuple[Role, str, date, date | None]], reason: str
) -> int:
    """Keep who joins and leaves a group, and that somebody says so now; returns the number of the last statement."""
    columns = group_member.c
    last = tx.scalar(
        select(func.max(columns.number)).where(columns.community == tx.community, columns.group_id == group_id)
    )
    first = Membership(group_id, (last or 0) + 1, Role.SHARER, "", BEGINNING, None, tx.now, str(tx.actor), reason)
    insert_nouns(
        tx,
        group_member,
        [
            replace(
                first,
                number=first.number + i,
                role=role,
                subject=subject,
                joins_on=joins_on,
                leaves_on=leaves_on,
            )
            for i, (role, subject, joins_on, leaves_on) in enumerate(statements)
        ],
    )
    return first.number + len(statements) - 1
