"""Sentences about what is missing for a run of shared energy."""

from __future__ import annotations

from collections.abc import Iterable

from coop.communities.allocation_keys import Key
from coop.metering.readings.holdings import Store
from coop.metering.sharing.balance import Gap
from coop.metering.sharing.inputs import Inputs
from coop.values import Said, say, say_count


def say_gaps(store: Store, group_id: str, gaps: Iterable[Gap], permille: int) -> Iterable[Said]:
    """Say what is missing for a run beyond what may be, each connection and each producer by itself."""
    for gap in gaps:
        if gap.silent_at or gap.refuted or gap.missing * 1000 > permille * gap.expected:
            yield _say_gap(store, group_id, gap)


def say_keys(store: Store, group_id: str, inputs: Inputs, sharers: Iterable[str]) -> Iterable[Said]:
    """Say whom the key of a run leaves out, and whom it names that is nobody."""
    named = Key.read(inputs.parameters).participants
    for name in sorted(set(sharers) - named) if named else ():
        yield say(
            "connection %(connection)s shares in group %(group)s and has no place in its key",
            connection=store.numbers.get(name, name),
            group=group_id,
        )
    known = {one.connection_id for one in store.occupancies} | {one.connection_id for one in store.meters}
    for name in sorted(named - known):
        yield say(
            "the key of group %(group)s names %(connection)s, which is no connection",
            group=group_id,
            connection=name,
        )


def _say_gap(store: Store, group_id: str, gap: Gap) -> Said:
    if gap.silent_at:
        return say(
            "meter %(meter)s of connection %(connection)s gives no quarter-hours, and counts for nothing in group"
            " %(group)s",
            meter=gap.subject,
            connection=store.numbers.get(gap.silent_at, gap.silent_at),
            group=group_id,
        )
    if gap.refuted:
        return say_count(
            "meter %(meter)s in group %(group)s: %(num)s quarter-hour that one account said does not add up to what the"
            " meter counted, and does not count",
            "meter %(meter)s in group %(group)s: %(num)s quarter-hours that one account said do not add up to what the"
            " meter counted, and do not count",
            gap.refuted,
            meter=gap.subject,
            group=group_id,
        )
    subject = gap.subject if gap.is_producer else store.numbers.get(gap.subject, gap.subject)
    if gap.unmetered:
        return say(
            "connection %(connection)s shares in group %(group)s and has no electricity meter",
            connection=subject,
            group=group_id,
        )
    if gap.too_coarse and gap.is_producer:
        return say(
            "meter %(meter)s gives no quarter-hours, only values of more than an hour: it cannot produce for group"
            " %(group)s",
            meter=subject,
            group=group_id,
        )
    if gap.too_coarse:
        return say(
            "connection %(connection)s gives no quarter-hours, only values of more than an hour: it cannot share in"
            " group %(group)s",
            connection=subject,
            group=group_id,
        )
    if gap.is_producer:
        return say_count(
            "meter %(meter)s, which produces for group %(group)s: %(num)s of %(expected)s quarter-hours is missing",
            "meter %(meter)s, which produces for group %(group)s: %(num)s of %(expected)s quarter-hours are missing",
            gap.missing,
            meter=subject,
            group=group_id,
            expected=gap.expected,
        )
    return say_count(
        "connection %(connection)s, which shares in group %(group)s: %(num)s of %(expected)s quarter-hours is missing",
        "connection %(connection)s, which shares in group %(group)s: %(num)s of %(expected)s quarter-hours are missing",
        gap.missing,
        connection=subject,
        group=group_id,
        expected=gap.expected,
    )
