"""Questions about an allocation key: before the members vote on it, and when it was adopted."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import date
from typing import Any

from coop.communities.allocation_keys import Key
from coop.communities.key_judging import judge_key
from coop.kit.tx import Tx
from coop.metering.model import MeterKind
from coop.metering.register import groups
from coop.metering.register import store as register
from coop.values import BadInput, Problem, say


def judge_proposed_key(tx: Tx, parameters: Mapping[str, Any]) -> list[Problem]:
    """Find what is wrong with a key that is to be put to the vote, against its group as it is on the day from which the
    key holds: today where it does not say."""
    day, problems = tx.today, []
    if (text := parameters.get("valid_from")) is not None:
        try:
            day = date.fromisoformat(text)
        except (TypeError, ValueError):
            problems = [Problem(say("must be a date such as 2026-01-01"), "valid_from")]
    return [*problems, *judge_key(parameters, _sharers(tx, parameters.get("group_id"), day), _list_connections(tx))]


def require_adopted_key(tx: Tx, parameters: Mapping[str, Any]) -> None:
    """Refuse a key that was adopted and cannot be applied, or that names a connection that never was.

    Who joined or left its group since the members had notice changes nothing in what they decided: closing names whom
    the key leaves out.

    Raises:
        BadInput: it is no allocation key, or names what is no connection.
    """
    if problems := judge_key(parameters, Key.read(parameters).participants, _list_connections(tx)):
        raise BadInput(problems, "allocation-key")


def _list_connections(tx: Tx) -> set[str]:
    held = {one.connection_id for one in register.list_occupancies(tx)}
    return held | {meter.connection_id for meter in register.list_meters(tx) if meter.connection_id is not None}


def _sharers(tx: Tx, group_id: object, day: date) -> Collection[str] | None:
    """Connections that share in a group on a day; None where there is no such group."""
    roster = groups.find_roster(tx, group_id) if isinstance(group_id, str) else None
    if roster is None:
        return None
    named = roster.on(day).connections
    if named is not None:
        return named
    meters = register.list_meters(tx)
    return {one.connection_id for one in meters if one.connection_id is not None and one.kind is MeterKind.ELECTRICITY}
