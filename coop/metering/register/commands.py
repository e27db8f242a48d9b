"""Commands on the register of meters and sharing groups."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from datetime import date, datetime

from coop.events.metering import EVERYBODY, AllocationKeyAnswered, ConnectionMetered
from coop.kit.tx import Tx
from coop.metering.model import Meter, Place, Role
from coop.metering.register import closed, connections, groups
from coop.metering.register import store as register
from coop.metering.register.groups import Group, Roster
from coop.metering.register.locking import lock
from coop.metering.register.model import MeterChange, MeterEntry
from coop.values import BadInput, CoopError, NotFound, Problem, derive_id, say

REASON_MAX = 500
"""Longest reason of a correction [characters]."""


def register_meters(tx: Tx, meters: Sequence[Meter]) -> int:
    """Put meters into the register, all or none; one that is there already must be the same. Returns how many are new.

    Raises:
        BadInput: a meter is named twice, or is there already and differs; each is named.
    """
    lock(tx)
    known = register.meters_of(tx, [one.serial for one in meters])
    problems = []
    seen: set[str] = set()
    for line, one in enumerate(meters, start=1):
        if one.serial in seen:
            problems.append(Problem(say("is named more than once"), one.serial, line))
        seen.add(one.serial)
        was = known.get(one.serial)
        if was is not None and not _same(was, one):
            problems.append(Problem(say("is registered already, and otherwise"), one.serial, line))
    if problems:
        raise BadInput(problems, "bad-meters")
    new = [one for one in meters if one.serial not in known]
    with telling_metered(tx, *(one.connection_id for one in new)):
        register.add_meters(tx, new)
    return len(new)


def admit_meters(tx: Tx, entries: Sequence[MeterEntry]) -> int:
    """Register meters at the connections whose numbers they name, all or none. Returns how many are new.

    Raises:
        BadInput: a number is that of no connection, a meter is named twice, or is there already and differs.
    """
    return register_meters(tx, judge_meters(tx, entries))


def judge_meters(tx: Tx, entries: Sequence[MeterEntry]) -> list[Meter]:
    """Find the meters that entries stand for, each at its connection.

    Raises:
        BadInput: as ``admit_meters``.
    """
    ids = {number: connection_id for connection_id, number in connections.list_numbers(tx).items()}
    problems = [
        Problem(connections.name_unknown(entry.connection), "connection", entry.line)
        for entry in entries
        if entry.connection and entry.connection not in ids
    ]
    problems += [
        Problem(say("is not later than the day of installation"), "removed_on", entry.line)
        for entry in entries
        if entry.removed_at is not None and entry.removed_at <= entry.installed_at
    ]
    known = register.meters_of(tx, [entry.serial for entry in entries])
    seen: set[str] = set()
    for entry in entries:
        if entry.serial in seen:
            problems.append(
                Problem(say("meter %(serial)s is named more than once", serial=entry.serial), "serial", entry.line)
            )
        seen.add(entry.serial)
        was = known.get(entry.serial)
        if was is not None and not _same(was, entry.at(ids.get(entry.connection))):
            reason = say("meter %(serial)s is registered already, and otherwise", serial=entry.serial)
            problems.append(Problem(reason, "serial", entry.line))
    if problems:
        raise BadInput(problems, "bad-meters")
    return [entry.at(ids.get(entry.connection)) for entry in entries]


def correct_meter(tx: Tx, serial: str, connection: str, installed_at: datetime, reason: str) -> MeterChange | None:
    """Say at which connection a meter has hung all along, and since when: what was registered was wrong. Nothing that
    was told changes by it; each closed period that it touches comes out differently when it is corrected.

    Returns the correction, or None where nothing differs.

    Raises:
        NotFound: there is no such meter.
        BadInput: the connection is unknown, the day cannot be, or no reason is given.
    """
    lock(tx)
    was = find_meter(tx, serial)
    problems = [] if reason.strip() else [Problem(say("say why it is corrected"), "reason")]
    if len(reason) > REASON_MAX:
        problems.append(Problem(say("is longer than %(most)s characters", most=REASON_MAX), "reason"))
    if was.removed_at is not None and installed_at >= was.removed_at:
        problems.append(Problem(say("the meter was taken away before that day"), "installed_on"))
    *former, here = was.places
    left_at = former[-1].removed_at if former else None
    if left_at is not None and installed_at < left_at:
        problems.append(Problem(say("the meter hung somewhere else then"), "installed_on"))
    if problems:
        raise BadInput(problems, "bad-correction")
    connection_id = connections.find_connections(tx, [connection])[connection] if connection else None
    place = replace(here, connection_id=connection_id, installed_at=installed_at)
    if place == here:
        return None
    if former and is_continued(former[-1], place):
        place = replace(place, installed_at=former.pop().installed_at)  # it never was moved
    change = note_change(tx, was, place, reason)
    with telling_metered(tx, was.connection_id, connection_id):
        register.place_meter(tx, serial, [*former, place])
    return change


def is_continued(before: Place, place: Place) -> bool:
    """True where a place is the one before, gone on with."""
    same = (before.connection_id, before.maxima) == (place.connection_id, place.maxima)
    return same and before.removed_at == place.installed_at


def withdraw_meter(tx: Tx, serial: str, reason: str) -> MeterChange:
    """Take a meter that was registered by mistake out of the register: nothing was ever read from it.

    Raises:
        NotFound: there is no such meter.
        CoopError: there are readings of it, or a group that it produces for.
        BadInput: no reason is given.
    """
    lock(tx)
    was = find_meter(tx, serial)
    if not reason.strip() or len(reason) > REASON_MAX:
        problem = Problem(say("say in at most %(most)s characters why it is taken out", most=REASON_MAX), "reason")
        raise BadInput([problem], "bad-correction")
    if register.registers_of(tx, [serial]):
        raise CoopError(
            "meter-has-readings",
            say("meter %(serial)s has readings: correct where it hangs, or exchange it", serial=serial),
        )
    named = [
        roster.group_id
        for roster in groups.list_rosters(tx)
        if any(one.role is Role.PRODUCER and one.subject == serial for one in roster.members)
    ]
    if named:
        raise CoopError(
            "meter-in-group", say("meter %(serial)s produces for %(groups)s", serial=serial, groups=tuple(named))
        )
    change = note_change(tx, was, None, reason)
    with telling_metered(tx, was.connection_id):
        register.drop_meter(tx, serial)
    return change


@contextmanager
def telling_metered(tx: Tx, *connection_ids: str | None) -> Iterator[None]:
    """Tell which of the connections get their first electricity meter by what is done within, or lose their last."""
    touched = {connection_id for connection_id in connection_ids if connection_id is not None}
    before = register.find_metered(tx, touched)
    yield
    changed = sorted(before ^ register.find_metered(tx, touched))
    tx.tell(*(ConnectionMetered(connection_id=one, metered=one not in before, changed_at=tx.now) for one in changed))


def find_meter(tx: Tx, serial: str) -> Meter:
    """One meter.

    Raises:
        NotFound: there is no such meter.
    """
    meter = register.meters_of(tx, [serial]).get(serial)
    if meter is None:
        raise NotFound(say("meter %(serial)s is not registered", serial=serial))
    return meter


def note_change(tx: Tx, was: Meter, place: Place | None, reason: str) -> MeterChange:
    """Keep that people say of a meter something else than before: where it hangs (None: nowhere, it never was)."""
    count = len(register.list_changes(tx, was.serial))
    change = MeterChange(
        id=derive_id("meter-change", tx.community, was.serial, str(count)),
        serial=was.serial,
        changed_at=tx.now,
        changed_by=str(tx.actor),
        reason=reason.strip(),
        was_connection_id=was.connection_id,
        connection_id=place.connection_id if place else None,
        was_installed_at=was.installed_at,
        installed_at=place.installed_at if place else None,
        was_places=was.places,
    )
    register.add_change(tx, change)
    return change


def _same(was: Meter, one: Meter) -> bool:
    # A meter that was exchanged since is still the one that was registered.
    removed = one.removed_at in (None, was.removed_at)
    return removed and (was.kind, was.connection_id, was.installed_at, was.maxima) == (
        one.kind,
        one.connection_id,
        one.installed_at,
        one.maxima,
    )


def set_group(
    tx: Tx,
    group_id: str,
    producers: Sequence[str],
    connections: Sequence[str] | None,
    since: date | None = None,
    reason: str = "",
    reopens: bool = False,
) -> Group:
    """Say which meters produce for a sharing group, and which connections share (None: all), from the day ``since`` on;
    where none is given, from the first day that is not closed. A group that is new is so from the beginning.

    Closed months stay as they were told. With ``reopens`` and a reason it is a decision about them too: those that it
    reaches wait for a correction, which names it.

    Raises:
        BadInput: a producer is no registered meter, or a reason is missing or too long.
        CoopError: it reaches into a closed period, and is no decision about it.
    """
    lock(tx)
    _judge_group(tx, producers, reason, reopens)
    roster = groups.find_roster(tx, group_id) or _add_group(tx, group_id)
    was_used = bool(roster.members) or bool(register.keys_of(tx, group_id))
    first_open = closed.find_first_open_day(tx) if was_used else None
    start = since or first_open or groups.BEGINNING
    wanted = {
        Role.PRODUCER: producers,
        Role.SHARER: [EVERYBODY] if connections is None else connections,
    }
    planned = groups.plan_change(roster.members, wanted, start)
    if planned and was_used:
        if not reopens:
            closed.refuse_reaching(tx, say("the change of group %(group)s", group=group_id), start)
        closed.mark_decided(tx, group_id, f"group {group_id} was put right from {start}", start, reason=reason)
    number = groups.add_statements(tx, group_id, planned, reason.strip())
    changed = find_roster(tx, group_id)
    tx.tell(changed.tell(number))
    return changed.on(max(start, tx.today))


def _add_group(tx: Tx, group_id: str) -> Roster:
    """Make a group, and tell that keys which the meeting adopted for it can be carried out after all."""
    taken = [
        AllocationKeyAnswered(resolution_id=key.resolution_id, taken=True) for key in register.keys_of(tx, group_id)
    ]
    tx.tell(*taken)
    return groups.add_group(tx, group_id)


def _judge_group(tx: Tx, producers: Sequence[str], reason: str, reopens: bool) -> None:
    known = register.meters_of(tx, producers)
    problems = [
        Problem(say("meter %(serial)s is not registered", serial=serial), "producers")
        for serial in sorted(set(producers) - known.keys())
    ]
    if len(reason) > REASON_MAX:
        problems.append(Problem(say("is longer than %(most)s characters", most=REASON_MAX), "reason"))
    if reopens and not reason.strip():
        problems.append(Problem(say("say why a closed month is changed"), "reason"))
    if problems:
        raise BadInput(problems, "bad-group")


def set_group_by_numbers(
    tx: Tx,
    group_id: str,
    producers: Sequence[str],
    numbers: Sequence[str] | None,
    since: date | None = None,
    reason: str = "",
    reopens: bool = False,
) -> Group:
    """Say which meters produce for a sharing group, and the connections of which numbers share (None: all).

    Raises:
        BadInput: as ``set_group``; or a number is that of no connection.
        CoopError: as ``set_group``.
    """
    ids = None if numbers is None else connections.find_connections(tx, numbers, "connections")
    return set_group(tx, group_id, producers, None if ids is None else list(ids.values()), since, reason, reopens)


def find_roster(tx: Tx, group_id: str) -> Roster:
    """One sharing group with everybody who ever was in it.

    Raises:
        NotFound: there is no such group.
    """
    roster = groups.find_roster(tx, group_id)
    if roster is None:
        raise NotFound(say("there is no sharing group %(group)s", group=group_id))
    return roster
