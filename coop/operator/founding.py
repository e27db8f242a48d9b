"""Co-operatives from the command line: found them and describe them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import fields, replace
from typing import Any

from coop.communities import commands, store
from coop.communities.commands import split_hosts
from coop.communities.model import Profile
from coop.kit.actor import COMMAND_LINE
from coop.kit.database import Database
from coop.kit.settings import Settings
from coop.operator.opening import TRUTH
from coop.operator.runtime import open_room
from coop.values import NotFound, say


@contextmanager
def open_truth(settings: Settings, *, migrate: bool = False) -> Iterator[Database]:
    """The database that says which co-operatives there are."""
    room = open_room(TRUTH, settings, migrate=migrate)
    try:
        yield room.database
    finally:
        room.database.close()


def add_community(settings: Settings, key: str, given: Mapping[str, Any]) -> Profile:
    """Found a co-operative, also while the installation runs.

    Raises:
        BadInput: the key or a field is wrong, or another has the host name.
        CoopError: it is there already.
    """
    profile = merge_profile(Profile(hosts=(), name="", site_name=""), given)
    with open_truth(settings, migrate=True) as database, database.write(key, COMMAND_LINE) as tx:
        commands.found(tx, profile)
    return profile


def change_community(settings: Settings, key: str, given: Mapping[str, Any]) -> Profile:
    """Describe a co-operative anew from today; what is not given stays.

    Raises:
        BadInput: a field is wrong, or another has the host name.
        NotFound: there is no such co-operative.
    """
    with open_truth(settings) as database, database.write(key, COMMAND_LINE) as tx:
        before = store.find_profile(tx)
        if before is None:
            raise NotFound(say("there is no co-operative %(key)s", key=key))
        profile = merge_profile(before, given)
        commands.describe(tx, profile)
    return profile


def show_community(settings: Settings, key: str) -> list[str]:
    """Lines of text: a co-operative's profile, and what it still lacks before it can issue anything."""
    with open_truth(settings) as database, database.read(key) as tx:
        profile = store.find_profile(tx)
    if profile is None:
        raise NotFound(say("there is no co-operative %(key)s", key=key))
    lines = [f"{field.name:<18}{_text(getattr(profile, field.name))}" for field in fields(profile)]
    return [*lines, *(f"missing: {name}" for name in profile.lacking)]


def merge_profile(profile: Profile, given: Mapping[str, Any]) -> Profile:
    """A profile with what is given, and the short name from the long one where neither was."""
    values = {name: value for name, value in given.items() if value is not None}
    if "hosts" in values:
        values["hosts"] = split_hosts(values["hosts"])
    merged = replace(profile, **values)
    return merged if merged.site_name else replace(merged, site_name=merged.name)


def _text(value: object) -> str:
    return ", ".join(value) if isinstance(value, tuple) else str(value)
