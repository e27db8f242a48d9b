"""Founding a co-operative where one service is tested by itself: as if that service had heard of it."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date

from coop.communities import store
from coop.communities.choices import founding_choices
from coop.communities.commands import found
from coop.communities.model import Profile
from coop.demo.cooperative import COMMUNITY, PROFILE
from coop.kit.actor import COMMAND_LINE
from coop.kit.database import Database
from coop.kit.relay import settle
from coop.kit.service import Room
from coop.kit.settings import Settings
from coop.kit.tx import Tx
from coop.operator.runtime import local_bus, open_rooms

FOUNDED_ON = date(2000, 1, 1)


def found_in(database: Database, community: str = COMMUNITY, profile: Profile = PROFILE) -> None:
    """Let a service know a co-operative with the choices of its founding; it may know it already."""
    with database.write(community, COMMAND_LINE) as tx:
        if store.count_profiles(tx):
            return
        if database.service == "members":
            found(tx, profile, FOUNDED_ON)
        else:
            hear_of_founding(tx, profile)


def found_everywhere(rooms: Mapping[str, Room], community: str = COMMUNITY, profile: Profile = PROFILE) -> None:
    """Found a co-operative in all services of an installation that does not run yet, through its facts."""
    found_in(rooms["members"].database, community, profile)
    settle([("members", rooms["members"].database)], local_bus(rooms))


def found_installation(settings: Settings, community: str = COMMUNITY, profile: Profile = PROFILE) -> None:
    """Make an installation with one co-operative."""
    rooms = open_rooms(settings)
    found_everywhere(rooms, community, profile)
    for room in rooms.values():
        room.database.close()


def hear_of_founding(tx: Tx, profile: Profile = PROFILE) -> None:
    """Keep a co-operative and the choices of its founding, as from the facts of the members service."""
    store.add_profile(tx, 1, FOUNDED_ON, profile, tx.now, str(COMMAND_LINE))
    for number, row in enumerate(founding_choices(), 1):
        store.add_choice(tx, number, row, tx.now, str(COMMAND_LINE))
