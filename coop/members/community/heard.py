"""Decisions of the members' meeting on choices, and their fall; this service keeps the truth of choices."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from typing import Final

from coop.communities.commands import LOCK, add_choice, describe, make_choice
from coop.communities.falls import hold_again
from coop.communities.model import Profile
from coop.communities.stops import is_stopped
from coop.communities.store import find_profile, list_profiles, load_choices
from coop.events import Envelope
from coop.events.governance import ChoiceAdopted, DecisionRecorded, DecisionStopped
from coop.kit.tx import Tx
from coop.members.community import store

DISSOLUTION: Final = "dissolution"
"""Kind of the decision by which the members end the co-operative."""

IN_LIQUIDATION: Final = " in liquidatie"
"""Words that the law puts behind the name of who is wound up, in any language."""


def on_choice_adopted(tx: Tx, event: ChoiceAdopted, _envelope: Envelope) -> None:
    """Make the choice that the members' meeting adopted."""
    make_choice(tx, event.name, event.valid_from, event.value, event.source, event.resolution_id)
    _follow_falls(tx, event.source)


def on_decision_stopped(tx: Tx, event: DecisionStopped, _envelope: Envelope) -> None:
    """Let the choice before hold again where one that the meeting adopted fell; or that one, where it acts again. The
    name follows a decision to end the co-operative likewise."""
    store.add_stop(tx, event)
    _follow_falls(tx, event.paper)
    _follow_dissolutions(tx)


def on_decision_recorded(tx: Tx, event: DecisionRecorded, _envelope: Envelope) -> None:
    """Let the name say that the co-operative is wound up, from the day on which the meeting dissolved it.

    Source: BW 2:19 lid 5.
    """
    if event.kind == DISSOLUTION:
        store.add_dissolution(tx, event.resolution_id, date.fromisoformat(event.parameters["dissolved_on"]))
        _follow_dissolutions(tx)


def _follow_falls(tx: Tx, source: str) -> None:
    tx.lock(LOCK)
    for row in hold_again(load_choices(tx).rows, store.map_stops(tx), source.strip()):
        add_choice(tx, row)


def _follow_dissolutions(tx: Tx) -> None:
    """Describe the co-operative anew on each day on which its name would say otherwise whether it is wound up: where a
    decision begins, falls or acts again, and where a later profile begins that is on file already."""
    tx.lock(LOCK)
    ended = store.map_dissolutions(tx)
    if not ended:
        return
    stops = {resolution_id: told for resolution_id, told in store.map_stops(tx).items() if resolution_id in ended}
    days = {max(stop.from_on, stop.told_on) for told in stops.values() for stop in told} | set(ended.values())
    days |= {dated.valid_from for dated in list_profiles(tx) if dated.valid_from > min(ended.values())}
    for day in sorted(days):
        profile = find_profile(tx, day)
        if profile is not None:
            is_ended = any(
                dissolved_on <= day and not is_stopped(stops.get(resolution_id, ()), day, day)
                for resolution_id, dissolved_on in ended.items()
            )
            describe(tx, _call_ended(profile, is_ended), day)


def _call_ended(profile: Profile, is_ended: bool) -> Profile:
    """A profile whose names say that the co-operative is wound up, or do not."""
    names = (called.removesuffix(IN_LIQUIDATION) for called in (profile.name, profile.site_name))
    name, site_name = (f"{called}{IN_LIQUIDATION}" if is_ended else called for called in names)
    return replace(profile, name=name, site_name=site_name)
