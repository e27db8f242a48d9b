"""Contents of the page of a run of shared electricity: day by day, quarter-hour by quarter-hour, roof by roof."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from coop.kit.session import NotAllowed, Session
from coop.kit.tx import Tx
from coop.metering.periods import store as periods
from coop.metering.periods.store import Allocation, AllocationRun
from coop.metering.provenance.sight import hide_neighbours, refuse_old_use, require_own, whose
from coop.metering.provenance.verify import Quarter, RunAgain, explain_allocation, quarters_of, verify_allocation
from coop.metering.readings.store import instant, seconds
from coop.metering.sharing.quarters import QUARTER_S
from coop.metering.sharing.run import list_producers
from coop.values import NotFound, civil_date, midnight


@dataclass(frozen=True)
class RunDay:
    """One connection's day in a run, by quarter-hour [thousandths of a Wh]; ``starts`` are the first instants of
    each."""

    day: date
    starts: tuple[datetime, ...]
    consumed: tuple[int, ...]
    allocated: tuple[int, ...]


def run_days(
    again: RunAgain, connection_id: str, member_id: str | None, day: date | None
) -> tuple[list[tuple[date, int, int]], RunDay | None]:
    """(day, used, allocated) [thousandths of a Wh] of every civil day of a run for one connection, and one day by
    quarter-hour.

    With ``member_id`` only the days on which that member held the connection: who lived there before is not theirs.
    """
    inputs, served = again.inputs, again.served
    column = inputs.participants.index(connection_id)
    used, got = served.use[:, column], served.allocated[:, column]
    totals = []
    chosen: RunDay | None = None
    start = civil_date(instant(inputs.from_s))
    held = [one for one in inputs.holdings if one.connection_id == connection_id and member_id in (None, one.member_id)]
    while seconds(midnight(start)) < inputs.to_s:
        after = start + timedelta(days=1)
        if not any(one.from_s <= seconds(midnight(start)) < one.to_s for one in held):
            start = after
            continue
        first = (seconds(midnight(start)) - inputs.from_s) // QUARTER_S
        last = (seconds(midnight(after)) - inputs.from_s) // QUARTER_S
        totals.append((start, int(used[first:last].sum()), int(got[first:last].sum())))
        if start == day:
            chosen = RunDay(
                start,
                tuple(instant(inputs.from_s + q * QUARTER_S) for q in range(first, last)),
                tuple(used[first:last].tolist()),
                tuple(got[first:last].tolist()),
            )
        start = after
    return totals, chosen


@dataclass(frozen=True)
class OwnRun:
    """A run as one connection sees it."""

    run: AllocationRun
    consumed_wh: int
    allocated_wh: int
    totals: list[tuple[date, int, int]]
    quarters: RunDay | None
    why: Quarter | None
    givers: list[tuple[str | None, int]]
    roofs: list[Roof]
    findings: list[str]
    members: frozenset[str]


def find_own_share(tx: Tx, session: Session, run_id: str, connection_id: str) -> Allocation:
    """The allocation of a run to a connection that this person may see: the member's own, or the first holder's.

    Raises:
        NotFound: there is no such allocation.
        NotAllowed: it is somebody else's.
    """
    require_own(tx, session, run_id, connection_id)
    member_id = whose(session)
    return next(
        one
        for one in periods.list_allocations(tx, run_id)
        if one.connection_id == connection_id and member_id in (None, one.member_id)
    )


def explain_run(
    tx: Tx, session: Session, run_id: str, connection_id: str, day: date | None, at: datetime | None
) -> OwnRun:
    """A run for one connection, day by day; a day by quarter-hour, and why it got what it got at an instant.

    Raises:
        NotFound: there is no such allocation.
        NotAllowed: it is somebody else's.
    """
    require_own(tx, session, run_id, connection_id, at)
    run, member_id = periods.find_run(tx, run_id), whose(session)
    assert run is not None, "there is an allocation of it"
    shares = [
        one
        for one in periods.list_allocations(tx, run_id)
        if one.connection_id == connection_id and member_id in (None, one.member_id)
    ]
    why = explain_allocation(tx, run_id, connection_id, at) if at is not None else None
    again = quarters_of(tx, run_id)
    totals, quarters = run_days(again, connection_id, member_id, civil_date(why.at) if why else day)
    return OwnRun(
        run,
        sum(one.consumed_wh for one in shares),
        sum(one.allocated_wh for one in shares),
        totals,
        quarters,
        why,
        pool_givers(why.givers, hide_neighbours(again.inputs, member_id)) if why else [],
        _roofs(again, member_id),
        verify_allocation(tx, run_id),
        frozenset(share.member_id for share in shares),
    )


@dataclass(frozen=True)
class Roof:
    """One producer of a run, or the neighbours' together (``meter`` None) for a member: what it made to share, gave to
    the group, and ``to`` whom of those whose energy may be seen [thousandths of a Wh]."""

    meter: str | None
    made: int
    given: int
    to: Mapping[tuple[str, str], int]

    @property
    def left(self) -> int:
        """Energy that nobody of the group took."""
        return self.made - self.given

    def home(self, connection_id: str) -> int:
        """Energy that came to a connection, of what may be seen."""
        return sum(given for who, given in self.to.items() if who[0] == connection_id)


def list_roofs(tx: Tx, session: Session, run_id: str) -> list[Roof]:
    """Each producer of a run; to a member neighbours' roofs as one, and only what came home.

    Raises:
        NotFound: there is no such run.
        NotAllowed: a member has no part in it.
    """
    if periods.find_run(tx, run_id) is None:
        raise NotFound
    member_id = whose(session)
    if member_id is not None and all(one.member_id != member_id for one in periods.list_allocations(tx, run_id)):
        raise NotAllowed
    return _roofs(quarters_of(tx, run_id), member_id)


@dataclass(frozen=True)
class Given:
    """Energy that one roof gave to one occupancy in a run [thousandths of a Wh]."""

    meter: str
    connection_id: str
    member_id: str
    given: int


@dataclass(frozen=True)
class RunRoofs:
    """A run from roof to home: what each roof had, gave and kept, at which connection it hangs ("" at none), and who
    got how much of each, the most first. All that the roofs gave is all that the homes got."""

    run: AllocationRun
    roofs: list[Roof]
    places: Mapping[str, str]
    rows: list[Given]


def trace_run(tx: Tx, session: Session, run_id: str) -> RunRoofs:
    """Trace a whole run from each roof to each home, for those who keep the books.

    Raises:
        NotFound: there is no such run.
        CoopError: ``old-use``, it is too long ago.
    """
    run = periods.find_run(tx, run_id)
    if run is None:
        raise NotFound
    refuse_old_use(tx, session, run.period.end)
    again = quarters_of(tx, run_id)
    roofs = _roofs(again, None)
    rows = [
        Given(roof.meter or "", connection_id, member_id, given)
        for roof in roofs
        for (connection_id, member_id), given in roof.to.items()
        if given
    ]
    rows.sort(key=lambda row: (row.meter, -row.given, row.connection_id))
    places = {counter.meter: point.connection_id for point in again.inputs.points for counter in point.made}
    return RunRoofs(run, roofs, places, rows)


def _roofs(again: RunAgain, member_id: str | None) -> list[Roof]:
    hidden = hide_neighbours(again.inputs, member_id)
    roofs: dict[str | None, Roof] = {}
    for one in list_producers(again.served):
        name = None if one.meter in hidden else one.meter
        was = roofs.get(name, Roof(name, 0, 0, {}))
        to = {
            who: was.to.get(who, 0) + given for who, given in one.to.items() if member_id is None or who[1] == member_id
        }
        roofs[name] = Roof(name, was.made + one.made, was.given + one.given, to)
    return list(roofs.values())


def pool_givers(givers: Sequence[tuple[str, int]], hidden: frozenset[str]) -> list[tuple[str | None, int]]:
    """Producers that gave something, those that are hidden as one (None)."""
    pooled: dict[str | None, int] = {}
    for meter, given in givers:
        name = None if meter in hidden else meter
        pooled[name] = pooled.get(name, 0) + given
    return list(pooled.items())
