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
            if not _takes_back(tx, each.repealed_by, resolution_id):
                yield "it is taken back by what was not adopted"
            continue
        if each.referendum is not None:
            if not _is_about(tx, each, resolution_id):
                yield "it is suspended, or acts again, by a referendum that is not on it"
            continue
        if each.voted_again is not None:
            if resolution_id != _find_disputed(tx, each):
                yield "it is set aside for a new vote that is not on it"
            continue
        entered = entry_store.find_entry(tx, each.entry_id or "")
        settled = entry_store.find_settled(tx, each.entry_id or "")
        if entered is None or settled is None or entered.actor == settled.actor:
            yield "its fall was not signed by two people"


def _takes_back(tx: Tx, by: str, resolution_id: str) -> bool:
    """True where a resolution says that a decision falls: it was adopted, or a referendum on whether it stands was
    not."""
    decided, point = store.find_decision(tx, by), store.find_resolution(tx, by)
    if decided is None or point is None or point.parameters.get("decision") != resolution_id:
        return False
    falls = point.kind != "referendum" or point.parameters["asks"] == "repeal"
    return decided.verdict.adopted == falls


def _is_about(tx: Tx, each: KeptStop, resolution_id: str) -> bool:
    """True where a referendum that suspends a decision, or lets it act again, is one on it, or on what took it back."""
    by = store.find_resolution(tx, each.referendum or "")
    if by is None:
        return False
    if by.kind == "repeal" and by.resolution_id != resolution_id:
        return each.manner == "restored" and by.parameters["decision"] == resolution_id
    if by.kind != "referendum":
        return each.manner == "referendum" and by.resolution_id == resolution_id
    decided, stands = store.find_decision(tx, by.resolution_id), by.parameters["asks"] == "confirm"
    if decided is None or by.parameters["decision"] != resolution_id:
        return False
    return each.manner == "referendum" or decided.verdict.adopted == stands


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
