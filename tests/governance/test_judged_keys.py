"""Keys that metering could not divide by are refused before the notice, by what it told of its groups."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import date
from typing import Any

import pytest

from coop.events.metering import ConnectionMetered, SharingGroupChanged, SharingSpell
from coop.governance.convening import commands as meetings
from coop.governance.meetings.heard_answers import on_connection_metered, on_sharing_group_changed
from coop.governance.meetings.store import list_meetings
from coop.governance.model import Meeting
from coop.kit.database import Database
from coop.kit.tx import Tx
from coop.values import BadInput
from tests.desk import SECRETARY
from tests.governance.assembly import KEY, LATER, TOWN, envelope, live, meeting, resolution, share

HALVES = {"C1": 500_000, "C2": 500_000}


@pytest.fixture
def tx(database: Database) -> Iterator[Tx]:
    """A transaction in a co-operative that can convene; it shares its roofs with everybody."""
    live(database, until="convene")
    with database.write(TOWN, SECRETARY) as tx:
        yield tx


def with_key(parameters: dict[str, Any]) -> Meeting:
    return meeting(resolution("key", "allocation-key", KEY | parameters))


def refusals(tx: Tx, parameters: dict[str, Any]) -> list[str]:
    """What keeps a key from the agenda."""
    with pytest.raises(BadInput) as refused:
        meetings.convene_meeting(tx, with_key(parameters))
    return [f"{problem.field.removeprefix('key.parameters.')}: {problem.reason}" for problem in refused.value.problems]


def meter(tx: Tx, connection_id: str, metered: bool = True, position: int = 1) -> None:
    event = ConnectionMetered(connection_id=connection_id, metered=metered, changed_at=LATER)
    on_connection_metered(tx, event, envelope(event, position=position))


def test_a_group_that_is_not_there_is_named_and_once_it_is_made_the_key_is_put_to_the_vote(tx: Tx) -> None:
    nowhere = {"group_id": "no-such-group"}
    assert refusals(tx, nowhere) == ["group_id: there is no sharing group no-such-group"]
    assert list_meetings(tx) == []
    share(tx, "no-such-group", "C1")
    meetings.convene_meeting(tx, with_key(nowhere))
    assert len(list_meetings(tx)) == 1


def test_shares_go_to_whoever_shares_in_the_group_and_to_all_of_them(tx: Tx) -> None:
    share(tx, "school", "C1", "C3")
    static = {"group_id": "school", "kind": "static", "weights": HALVES}
    assert refusals(tx, static) == [
        "weights: C2 does not share in the group",
        "weights: C3 shares in the group and has no place in the key",
    ]
    order = {"group_id": "school", "kind": "priority", "order": ["C1"]}
    assert refusals(tx, order) == ["order: C3 shares in the group and has no place in the key"]
    meetings.convene_meeting(tx, with_key({**order, "order": ["C3", "C1"]}))


def test_a_group_of_everybody_is_of_each_connection_that_has_an_electricity_meter(tx: Tx) -> None:
    static = {"kind": "static", "weights": HALVES}
    meter(tx, "C1")
    assert refusals(tx, static) == ["weights: C2 does not share in the group"]
    meter(tx, "C2", position=2)
    meter(tx, "C3", position=3)
    assert refusals(tx, static) == ["weights: C3 shares in the group and has no place in the key"]
    meter(tx, "C3", metered=False, position=4)
    meter(tx, "C3", position=3)  # told again, and behind its time
    meetings.convene_meeting(tx, with_key(static))


def test_who_shares_is_asked_for_the_first_day_of_the_key(tx: Tx) -> None:
    spells = [
        SharingSpell(connection_id="C1", joins_on=date(2026, 1, 1)),
        SharingSpell(connection_id="C2", joins_on=date(2027, 1, 1)),
        SharingSpell(connection_id="C3", joins_on=date(2026, 1, 1), leaves_on=date(2027, 1, 1)),
    ]
    event = SharingGroupChanged(group_id="school", number=4, spells=tuple(spells))
    on_sharing_group_changed(tx, event, envelope(event, position=5))
    static = {"group_id": "school", "kind": "static", "weights": HALVES}
    assert refusals(tx, {**static, "valid_from": "2026-12-31"}) == [
        "weights: C2 does not share in the group",
        "weights: C3 shares in the group and has no place in the key",
    ]
    meetings.convene_meeting(tx, with_key(static))


def test_of_what_was_told_of_a_group_the_last_holds_in_whatever_order_it_is_heard(tx: Tx) -> None:
    static = {"group_id": "school", "kind": "static", "weights": HALVES}
    share(tx, "school", "C1", "C2", position=7)
    for position in (3, 3, 7):
        share(tx, "school", *(["C9"] if position == 3 else HALVES), position=position)
    meetings.convene_meeting(tx, with_key(static))


def test_all_that_is_wrong_is_said_at_once(tx: Tx) -> None:
    share(tx, "school", "C1", "C3")
    agenda = with_key({"group_id": "school", "kind": "static", "weights": HALVES})
    agenda = replace(
        agenda, resolutions=(*agenda.resolutions, resolution("2", "allocation-key", KEY | {"group_id": "x"}))
    )
    with pytest.raises(BadInput) as refused:
        meetings.convene_meeting(tx, agenda)
    assert [(problem.line, problem.field) for problem in refused.value.problems] == [
        (1, "key.parameters.weights"),
        (1, "key.parameters.weights"),
        (2, "2.parameters.group_id"),
    ]
