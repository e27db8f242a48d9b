"""Falls of decisions held against the sealed journal, and against whoever signed or voted them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from coop.events.governance import DecisionStopped
from coop.governance.ballots.attendance.told import list_told
from coop.governance.entries import store as entry_store
from coop.governance.meetings import store
from coop.governance.model import Resolution
from coop.governance.stops.store import KeptStop, list_stops
from coop.kit.tx import Tx


def check_stops(tx: Tx, resolution_id: str) -> Iterator[str]:
    """Hold the falls of a decision against what was told, each signed by two people or voted."""
    kept = list_stops(tx, resolution_id)
    names = ("number", "stop_id", "manner", "from_on", "ruled_on", "paper")
    told = [tuple(each[name] for name in names) for each in list_told(tx, DecisionStopped, resolution_id)]
    if told != [_write_stop(each, names) for each in kept]:
        yield "what is kept of its fall is not what was told"
    for each in kept:
        if each.repealed_by is not None:
            by = store.find_decision(tx, each.repealed_by)
            if by is None or not by.verdict.adopted:
                yield "it is taken back by what was not adopted"
            continue
        if each.voted_again is not None:
            if resolution_id != _find_disputed(tx, each):
                yield "it is set aside for a new vote that is not on it"
            continue
        entered = entry_store.find_entry(tx, each.entry_id or "")
        settled = entry_store.find_settled(tx, each.entry_id or "")
        if entered is None or settled is None or entered.actor == settled.actor:
            yield "its fall was not signed by two people"


def _find_disputed(tx: Tx, each: KeptStop) -> str | None:
    """The decision on which a dispute bears: the disputed one, or where that took another back, the other."""
    again = store.find_resolution(tx, each.voted_again or "")
    if again is None or each.manner == "disputed":
        return again.again_of if again else None
    return str(again.parameters.get("decision")) if again.kind == "repeal" else None


def _write_stop(each: KeptStop, names: Sequence[str]) -> tuple[Any, ...]:
    """A kept fall as its fact writes it."""
    values = ((name, getattr(each, name)) for name in names)
    return tuple(str(value) if name.endswith("_on") else value for name, value in values)


def ruled_as(resolution: Resolution) -> str:
    """The kind whose rule counts: of a repeal that of the decision which it takes back."""
    parameters: Mapping[str, Any] = resolution.parameters
    return str(parameters["of_kind"]) if resolution.kind == "repeal" else resolution.kind
