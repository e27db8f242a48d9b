"""Decisions of the members' meeting on choices, and their fall; this service keeps the truth of choices."""

from __future__ import annotations

from datetime import date
from typing import Final

from coop.communities.commands import LOCK, add_choice, make_choice
from coop.communities.falls import hold_again
from coop.communities.store import load_choices
from coop.events import Envelope
from coop.events.governance import ChoiceAdopted, DecisionRecorded, DecisionStopped
from coop.kit.tx import Tx
from coop.members.community import store
from coop.members.community.ending import follow_dissolutions

DISSOLUTION: Final = "dissolution"
"""Kind of the decision by which the members end the co-operative."""


def on_choice_adopted(tx: Tx, event: ChoiceAdopted, _envelope: Envelope) -> None:
    """Make the choice that the members' meeting adopted."""
    make_choice(tx, event.name, event.valid_from, event.value, event.source, event.resolution_id)
    _follow_falls(tx, event.source)


def on_decision_stopped(tx: Tx, event: DecisionStopped, _envelope: Envelope) -> None:
    """Let the choice before hold again where one that the meeting adopted fell; or that one, where it acts again. The
    name follows a decision to end the co-operative likewise."""
    store.add_stop(tx, event)
    _follow_falls(tx, event.paper)
    follow_dissolutions(tx)


def on_decision_recorded(tx: Tx, event: DecisionRecorded, _envelope: Envelope) -> None:
    """Let the name say that the co-operative is wound up, from the day on which the meeting dissolved it.

    Source: BW 2:19 lid 5.
    """
    if event.kind == DISSOLUTION:
        store.add_dissolution(tx, event.resolution_id, date.fromisoformat(event.parameters["dissolved_on"]))
        follow_dissolutions(tx)


def _follow_falls(tx: Tx, source: str) -> None:
    tx.lock(LOCK)
    for row in hold_again(load_choices(tx).rows, store.map_stops(tx), source.strip()):
        add_choice(tx, row)
