"""Tokens of programs: ``coop_<id>_<secret>``, made here, shown once and kept as SHA-256.

A token opens what its scopes say, at the host of its own co-operative, until it expires or is ended. The service that
makes tokens tells them; every service keeps them (``program_token``), and asks nobody when a program comes in. A wrong
token costs what a right one costs: one look-up and one comparison that takes the same time wherever they differ.

The same rows say which gateway speaks for which meters, and for which of them it counts as a device, whether it shows a
token or sends messages through a broker.
"""

from __future__ import annotations

import hashlib
import hmac
import secrets
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Final

from sqlalchemy import func, or_, select, update
from sqlalchemy.dialects import postgresql, sqlite

from coop.events import Envelope, Event, event_classes
from coop.events.members import DeviceMetersSet, GatewayMetersSet, ProgramTokenEnded, ProgramTokenMade
from coop.kit.database import Database
from coop.kit.session import NotSignedIn, Session
from coop.kit.tables import program_token
from coop.kit.tx import Tx
from coop.values import say

PREFIX: Final = "coop_"
_NOBODYS: Final = "0" * 64
"""Compared with where no token has the id, so that an unknown id takes as long as a wrong secret."""


@dataclass(frozen=True)
class Program(Session):
    """A program that came in with its token: its roles are the token's scopes. ``meters`` are those of its ``gateway``,
    and ``device_meters`` those for which it counts as a device; None: every meter."""

    gateway: str | None = None
    meters: frozenset[str] | None = None
    device_meters: frozenset[str] | None = frozenset()


@dataclass(frozen=True)
class NewToken:
    """A token that was made just now: the only moment at which it can be shown."""

    token_id: str
    token: str
    sha256: str


class WrongToken(NotSignedIn):
    """A program shows a token that opens nothing."""

    def __init__(self) -> None:
        super().__init__("wrong-token", say("this token opens nothing here: it is unknown, expired or ended"))


def make_token() -> NewToken:
    """Draw a token.

    >>> made = make_token()
    >>> made.token == f"coop_{made.token_id}_{made.token[18:]}" and len(made.token) >= 60
    True
    """
    token_id = secrets.token_hex(6)
    token = f"{PREFIX}{token_id}_{secrets.token_urlsafe(32)}"
    return NewToken(token_id, token, hash_token(token))


def hash_token(token: str) -> str:
    """Hash a token, which is long and random: a plain hash is enough."""
    return hashlib.sha256(token.encode("utf-8", "replace")).hexdigest()


def let_in(database: Database, community: str, token: str, channel: str) -> Program:
    """Let the program in that shows a token, and note the first use on a day.

    Raises:
        WrongToken: the token opens nothing in this co-operative.
    """
    with database.read(community) as tx:
        program, is_first_use = _find_program(tx, token)
    if program is None:
        raise WrongToken
    if is_first_use:
        with database.write(community, program.actor(channel)) as tx:
            _note_use(tx, program.account_id, database.service)
    return program


def _find_program(tx: Tx, token: str) -> tuple[Program | None, bool]:
    shown = hash_token(token)
    columns = program_token.c
    # The id stands between the prefix and the secret; what is no token has some text there that no row has.
    token_id = token[len(PREFIX) :].partition("_")[0][:36].encode("ascii", "replace").replace(b"\0", b"?").decode()
    query = select(program_token).where(columns.community == tx.community, columns.token_id == token_id)
    row = tx.execute(query).first()
    is_right = hmac.compare_digest((row.token_sha256 or _NOBODYS) if row else _NOBODYS, shown)
    if row is None or not is_right or row.ended_at or (row.expires_at and row.expires_at <= tx.now):
        return None, False
    program = Program(
        account_id=row.token_id,
        name=row.gateway or row.token_id,
        roles=frozenset(row.scopes),
        member_id=row.member_id,
        community=tx.community,
        kind="program",
        gateway=row.gateway,
        meters=_set_of(row.meters),
        device_meters=_set_of(row.device_meters),
    )
    return program, row.used_on is None or row.used_on < tx.today


def _note_use(tx: Tx, token_id: str, service: str) -> None:
    columns = program_token.c
    noted = tx.execute(
        update(program_token)
        .where(
            columns.community == tx.community,
            columns.token_id == token_id,
            or_(columns.used_on.is_(None), columns.used_on < tx.today),
        )
        .values(used_on=tx.today)
    )
    used = event_classes().get(f"{service}.program-token-used.v1")  # who makes tokens tells itself nothing
    if used and noted.rowcount:
        tx.tell(used.model_validate({"token_id": token_id, "used_on": tx.today}))


def is_same_person(tx: Tx, actor_id: str) -> bool:
    """True where whoever acted before is who acts now: the same account, or one of them a program of the other. What
    takes two people is not done by somebody and their own program."""
    return _find_person(tx, actor_id) == _find_person(tx, tx.actor.id)


def _find_person(tx: Tx, actor_id: str) -> str:
    """The account that answers for an actor: of a program, whoever let it in."""
    return tx.scalar(select(program_token.c.made_by).where(*_is(tx, actor_id))) or actor_id


@dataclass(frozen=True)
class GatewayToken:
    """A token that stands for a gateway, the meters that it speaks for, and those for which it counts as a device
    (None: every meter)."""

    token_id: str
    name: str
    meters: tuple[str, ...] | None
    device_meters: tuple[str, ...] | None
    used_on: date | None
    expires_at: datetime | None

    @property
    def is_confirmed(self) -> bool:
        """True where it counts as a device of every meter that it speaks for."""
        if self.device_meters is None or self.meters is None:
            return self.device_meters is None
        return set(self.meters) <= set(self.device_meters)


def list_gateway_tokens(tx: Tx) -> list[GatewayToken]:
    """Tokens of gateways that open something now, by the names of the gateways."""
    columns = program_token.c
    query = (
        select(
            columns.token_id,
            columns.gateway,
            columns.meters,
            columns.device_meters,
            columns.used_on,
            columns.expires_at,
        )
        .where(
            columns.community == tx.community,
            columns.gateway.is_not(None),
            columns.ended_at.is_(None),
            or_(columns.expires_at.is_(None), columns.expires_at > tx.now),
        )
        .order_by(columns.gateway, columns.token_id)
    )
    return [GatewayToken(*row) for row in tx.execute(query)]


def list_rights(tx: Tx) -> tuple[dict[str, frozenset[str] | None], dict[str, frozenset[str] | None]]:
    """List the gateways by name twice: with the meters that each speaks for, and with those for which it counts as a
    device; None: every meter.

    Where several tokens stand for one gateway, as while one is exchanged for another, it speaks for the meters of all.
    """
    tokens = list_gateway_tokens(tx)
    return (
        _unite((token.name, token.meters) for token in tokens),
        _unite((token.name, token.device_meters) for token in tokens),
    )


def list_gateways(tx: Tx) -> dict[str, frozenset[str] | None]:
    """List the gateways by name with the meters that each speaks for, as ``list_rights`` does."""
    return list_rights(tx)[0]


def list_devices(tx: Tx) -> dict[str, frozenset[str] | None]:
    """List the gateways by name with the meters for which each counts as a device, as ``list_rights`` does."""
    return list_rights(tx)[1]


def _unite(named: Iterable[tuple[str, tuple[str, ...] | None]]) -> dict[str, frozenset[str] | None]:
    united: dict[str, frozenset[str] | None] = {}
    for name, meters in named:
        earlier = united.get(name, frozenset())
        united[name] = None if meters is None or earlier is None else earlier | frozenset(meters)
    return united


def _set_of(meters: Iterable[str] | None) -> frozenset[str] | None:
    return None if meters is None else frozenset(meters)


def keep_token(tx: Tx, made: ProgramTokenMade) -> None:
    """Keep a token; what was said of it later, and came in before, stands."""
    columns = program_token.c
    _upsert(
        tx,
        made.token_id,
        {
            "token_sha256": made.token_sha256,
            "scopes": made.scopes,
            "gateway": made.gateway,
            "expires_at": made.expires_at,
            "member_id": made.member_id,
            "made_by": made.made_by,
        },
    )
    tx.execute(
        update(program_token).where(*_is(tx, made.token_id), columns.meters_set_at.is_(None)).values(meters=made.meters)
    )


def set_meters(tx: Tx, event: GatewayMetersSet) -> None:
    """Let a gateway speak for other meters, unless it was told later that it speaks for yet others."""
    columns = program_token.c
    _upsert(tx, event.token_id, {})
    tx.execute(
        update(program_token)
        .where(*_is(tx, event.token_id), or_(columns.meters_set_at.is_(None), columns.meters_set_at <= event.set_at))
        .values(meters=event.meters, meters_set_at=event.set_at)
    )


def set_device_meters(tx: Tx, event: DeviceMetersSet) -> None:
    """Let a gateway count as a device for these meters, unless it was told later for which others."""
    columns = program_token.c
    _upsert(tx, event.token_id, {})
    tx.execute(
        update(program_token)
        .where(*_is(tx, event.token_id), or_(columns.device_set_at.is_(None), columns.device_set_at <= event.set_at))
        .values(device_meters=event.meters, device_set_at=event.set_at)
    )


def end_token(tx: Tx, event: ProgramTokenEnded) -> None:
    """Refuse a token from now on; the first end stands."""
    _upsert(tx, event.token_id, {})
    tx.execute(
        update(program_token)
        .where(*_is(tx, event.token_id), program_token.c.ended_at.is_(None))
        .values(ended_at=event.ended_at)
    )


def _is(tx: Tx, token_id: str) -> tuple[Any, Any]:
    return program_token.c.community == tx.community, program_token.c.token_id == token_id


def _upsert(tx: Tx, token_id: str, values: Mapping[str, object]) -> None:
    insert_for = sqlite.insert if tx.is_sqlite else postgresql.insert
    unsaid = {"token_sha256": "", "scopes": (), "gateway": None, "meters": (), "device_meters": (), "expires_at": None}
    statement = insert_for(program_token).values(community=tx.community, token_id=token_id, **{**unsaid, **values})
    key = ["community", "token_id"]
    if values:
        tx.execute(statement.on_conflict_do_update(index_elements=key, set_=dict(values)))
    else:
        tx.execute(statement.on_conflict_do_nothing(index_elements=key))


def on_program_token_made(tx: Tx, event: ProgramTokenMade, envelope: Envelope) -> None:
    """Let a program in that has a new token."""
    keep_token(tx, event)


def on_gateway_meters_set(tx: Tx, event: GatewayMetersSet, envelope: Envelope) -> None:
    """Let a gateway speak for other meters."""
    set_meters(tx, event)


def on_device_meters_set(tx: Tx, event: DeviceMetersSet, envelope: Envelope) -> None:
    """Let a gateway count as a device for other meters."""
    set_device_meters(tx, event)


def on_program_token_ended(tx: Tx, event: ProgramTokenEnded, envelope: Envelope) -> None:
    """Let a program in no longer."""
    end_token(tx, event)


def on_program_token_used(tx: Tx, event: Any, envelope: Envelope) -> None:
    """Keep the last day on which another service let a program in."""
    columns = program_token.c
    tx.execute(
        update(program_token)
        .where(*_is(tx, event.token_id), func.coalesce(columns.used_on, event.used_on) <= event.used_on)
        .values(used_on=event.used_on)
    )


HEARD: Final[Mapping[type[Event], Any]] = {
    ProgramTokenMade: on_program_token_made,
    GatewayMetersSet: on_gateway_meters_set,
    DeviceMetersSet: on_device_meters_set,
    ProgramTokenEnded: on_program_token_ended,
}
"""Handlers of every service but the one that makes tokens."""
