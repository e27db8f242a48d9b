"""Reading and adding profiles, host names and choices. The rows of a co-operative are only ever added."""

from __future__ import annotations

import json
from datetime import date, datetime
from functools import lru_cache

from sqlalchemy import Connection, delete, func, select

from coop.communities import tables
from coop.communities.choices import Choice, Choices, DatedChoice, RecordedChoice, read_choice
from coop.communities.model import DatedProfile, Face, Profile
from coop.kit.tx import Tx
from coop.values import CoopError, say

_PARTICULARS = (
    "name",
    "site_name",
    "street",
    "postal_code",
    "city",
    "kvk",
    "vat_id",
    "iban",
    "email",
    "phone",
    "language",
    "mail_sender",
    "is_demonstration",
    "logo",
)


def list_communities(sql: Connection) -> tuple[str, ...]:
    """Keys of all co-operatives of the installation, in order."""
    keys = select(tables.profile.c.community).distinct().order_by(tables.profile.c.community)
    return tuple(sql.scalars(keys))


def list_hosts(sql: Connection) -> dict[str, list[str]]:
    """The host names of every co-operative of the installation, in their order."""
    rows = tables.host.c
    hosts: dict[str, list[str]] = {}
    for community, name in sql.execute(select(rows.community, rows.host).order_by(rows.community, rows.place)):
        hosts.setdefault(community, []).append(name)
    return hosts


def list_faces(sql: Connection, day: date) -> dict[str, Face]:
    """The face of every co-operative of the installation on its pages, as it holds on a day."""
    rows = tables.profile.c
    columns = rows.community, rows.site_name, rows.language, rows.logo, rows.is_demonstration
    query = select(*columns).where(rows.valid_from <= day)
    in_order = sql.execute(query.order_by(rows.valid_from, rows.version))
    return {community: Face(*shown) for community, *shown in in_order}


def list_profiles(tx: Tx) -> list[DatedProfile]:
    """Every profile that the co-operative ever had, in the order in which they were recorded."""
    rows = tables.profile.c
    hosts = _list_hosts(tx)
    query = select(*rows).where(rows.community == tx.community).order_by(rows.version)
    return [
        DatedProfile(
            row.version,
            row.valid_from,
            Profile(hosts=hosts, **{name: getattr(row, name) for name in _PARTICULARS}),
            row.recorded_at,
            row.recorded_by,
        )
        for row in tx.execute(query)
    ]


def find_profile(tx: Tx, day: date | None = None, known_at: datetime | None = None) -> Profile | None:
    """The profile that holds on a day (today), as it was known at an instant (now), or None.

    Of two from the same day the later one counts. Host names are always those of now.
    """
    rows = tables.profile.c
    query = select(*rows).where(rows.community == tx.community, rows.valid_from <= (day or tx.today))
    if known_at is not None:
        query = query.where(rows.recorded_at <= known_at)
    row = tx.execute(query.order_by(rows.valid_from.desc(), rows.version.desc()).limit(1)).one_or_none()
    if row is None:
        return None
    return Profile(hosts=_list_hosts(tx), **{name: getattr(row, name) for name in _PARTICULARS})


def profile_of(tx: Tx, day: date) -> Profile:
    """The profile for a document of a day: the one that held then, or the first where the day is older.

    Raises:
        CoopError: ``no-community``, this service has not heard of the co-operative yet.
    """
    profile = find_profile(tx, day)
    if profile is None:
        profiles = list_profiles(tx)
        if not profiles:
            raise CoopError(
                "no-community", say("nothing is known of the co-operative %(community)s yet", community=tx.community)
            )
        profile = profiles[0].profile
    return profile


def count_profiles(tx: Tx) -> int:
    """Number of profiles that the co-operative had; 0 when it is not founded."""
    rows = tables.profile.c
    return tx.scalar(select(func.count()).select_from(tables.profile).where(rows.community == tx.community)) or 0


def add_profile(tx: Tx, version: int, valid_from: date, profile: Profile, at: datetime, by: str) -> None:
    """Add a profile; the newest one's host names take the place of those before."""
    tx.insert(
        tables.profile,
        [
            {
                "community": tx.community,
                "version": version,
                "valid_from": valid_from,
                **{name: getattr(profile, name) for name in _PARTICULARS},
                "recorded_at": at,
                "recorded_by": by,
            }
        ],
    )
    newest = tx.scalar(select(func.max(tables.profile.c.version)).where(tables.profile.c.community == tx.community))
    if newest != version:  # heard after a later one, whose host names stay
        return
    tx.execute(delete(tables.host).where(tables.host.c.community == tx.community))
    tx.insert(
        tables.host,
        [{"host": name, "community": tx.community, "place": place} for place, name in enumerate(profile.hosts)],
    )


def load_choices(tx: Tx, known_at: datetime | None = None) -> Choices:
    """The choices of the co-operative, as they were known at an instant (now)."""
    rows = tables.choice.c
    columns = rows.name, rows.valid_from, rows.value, rows.source, rows.resolution_id
    query = select(*columns).where(rows.community == tx.community).order_by(rows.number)
    if known_at is not None:
        query = query.where(rows.recorded_at <= known_at)
    return Choices(
        tuple(
            DatedChoice(valid_from, _read(name, value), source, resolution_id)
            for name, valid_from, value, source, resolution_id in tx.execute(query)
        )
    )


def list_choices(tx: Tx) -> list[RecordedChoice]:
    """Every choice that the co-operative ever made, newest first."""
    rows = tables.choice.c
    query = select(*rows).where(rows.community == tx.community).order_by(rows.number.desc())
    return [
        RecordedChoice(
            row.number,
            DatedChoice(row.valid_from, _read(row.name, row.value), row.source, row.resolution_id),
            row.recorded_at,
            row.recorded_by,
        )
        for row in tx.execute(query)
    ]


def count_choices(tx: Tx) -> int:
    """Number of choices that the co-operative made."""
    rows = tables.choice.c
    return tx.scalar(select(func.count()).select_from(tables.choice).where(rows.community == tx.community)) or 0


def add_choice(tx: Tx, number: int, row: DatedChoice, at: datetime, by: str) -> None:
    """Add a choice."""
    value = json.dumps(row.choice.model_dump(mode="json"), sort_keys=True, separators=(",", ":"))
    tx.insert(
        tables.choice,
        [
            {
                "community": tx.community,
                "number": number,
                "name": row.choice.NAME,
                "valid_from": row.valid_from,
                "value": value,
                "source": row.source,
                "resolution_id": row.resolution_id,
                "recorded_at": at,
                "recorded_by": by,
            }
        ],
    )


@lru_cache(maxsize=1024)
def _read(name: str, value: str) -> Choice:
    return read_choice(name, json.loads(value))


def _list_hosts(tx: Tx) -> tuple[str, ...]:
    rows = tables.host.c
    return tuple(tx.scalars(select(rows.host).where(rows.community == tx.community).order_by(rows.place)))
