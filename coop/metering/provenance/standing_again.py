"""What closed periods kept, held beside the whole computation: nothing stands that counting it would give otherwise."""

from __future__ import annotations

from dataclasses import dataclass, field

from coop.kit.documents import UNREADABLE
from coop.kit.tx import Tx
from coop.metering.periods import store as periods
from coop.metering.periods.changes import tell_parts
from coop.metering.periods.results import compute_period
from coop.metering.periods.standing import is_changed, load_standing
from coop.metering.periods.store import Closed


@dataclass
class StandingAgain:
    """How many periods were looked at, how many measurements stand in them, and what is wrong."""

    periods: int = 0
    standing: int = 0
    findings: list[str] = field(default_factory=list)


def verify_standing(tx: Tx) -> StandingAgain:
    """Compute every closed period both ways, and name what a correction would wrongly leave as it was told.

    Raises:
        ReadingsDetached: readings are set aside.
        CoopError: two members hold one connection at the same time.
    """
    again = StandingAgain()
    for closed in periods.list_closed(tx):
        again.periods += 1
        if is_changed(tx, closed.period):
            again.findings.append(f"{closed.period}: what was kept of it when it was computed was changed")
            continue
        try:
            _verify_one(tx, closed, again)
        except UNREADABLE as broken:
            again.findings.append(f"{closed.period}: it cannot be computed again: {broken}")
    return again


def _verify_one(tx: Tx, closed: Closed, again: StandingAgain) -> None:
    told = {one.subject: one for one in periods.list_measurements(tx, closed.period)}
    short = compute_period(tx, closed.period, before=load_standing(tx, closed.period, told.values()))
    whole = {one.subject: one for one in compute_period(tx, closed.period).measured}
    again.standing += len(short.standing)
    for subject, energy_j in short.standing.items():
        one, was = whole.get(subject), told[subject]
        parts = tuple(part for use in one.uses for part in tell_parts(use)) if one is not None else ()
        if one is None or (one.energy_j, parts) != (energy_j, was.parts):
            connection_id, _, quantity = subject
            again.findings.append(
                f"{closed.period}: {quantity.value} of connection {connection_id} is kept as it was told, and comes out"
                " otherwise"
            )
