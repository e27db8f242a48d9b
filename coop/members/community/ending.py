"""Profiles on the days on which the members ended the co-operative: its name says that it is wound up, whatever else
of it changes meanwhile.

Source: BW 2:19 lid 5; docs/domain/meetings-votes-and-statutes.md#dissolution.
"""

from __future__ import annotations

from dataclasses import fields, replace
from typing import Final

from coop.communities.commands import LOCK, describe
from coop.communities.model import Profile
from coop.communities.stops import is_stopped
from coop.communities.store import find_profile, list_profiles
from coop.kit.tx import Tx
from coop.members.community import store

IN_LIQUIDATION: Final = " in liquidatie"
"""Words that the law puts behind the name of who is wound up, in any language."""


def describe_from_today(tx: Tx, before: Profile, after: Profile) -> None:
    """Let a profile hold from today, and what changes with it also in those that are on file for later days: one made
    for the end of the co-operative brings back no bank account and no address of before."""
    describe(tx, after)
    names = [each.name for each in fields(Profile) if getattr(after, each.name) != getattr(before, each.name)]
    changed = {name: getattr(after, name) for name in names}
    for day in sorted({dated.valid_from for dated in list_profiles(tx) if dated.valid_from > tx.today}):
        later = find_profile(tx, day)
        if later is not None:
            describe(tx, replace(later, **changed), day)
    follow_dissolutions(tx)


def follow_dissolutions(tx: Tx) -> None:
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
