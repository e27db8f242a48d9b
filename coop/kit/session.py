"""Sessions: a signed cookie that every service can read by itself, and the server's list of those that were ended.

The cookie holds who, which roles and since when; it holds no secret. It is HttpOnly and SameSite=Lax, and every
changing request must come from our own origin, which together keep other sites from acting for somebody. A session
ends when its time is over, at sign-out, and when the account is closed or its roles change: the service that keeps
accounts tells it, and every service refuses it from then on.

Whoever has passed a first step and lacks a second is not signed in: the cookie then says what is lacking, lasts half an
hour, and opens nothing but the entries of an access table that name it (``kit.access``).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime, timedelta
from typing import Final
from urllib.parse import urlsplit

from itsdangerous import BadSignature, URLSafeSerializer
from sqlalchemy import bindparam, delete, func, or_, select
from sqlalchemy.dialects import postgresql, sqlite
from starlette.requests import Request

from coop.events import Envelope
from coop.events.members import SessionsEnded
from coop.kit.actor import Actor
from coop.kit.tables import session_end
from coop.kit.tx import Tx
from coop.values import CoopError, say

COOKIE: Final = "coop_session"
LIFETIME: Final = timedelta(hours=12)
ENTERING: Final = timedelta(minutes=30)
"""Time for what a sign-in still lacks."""

SECOND_STEP: Final = "second step"
"""Lacking: a second factor that the account has, and that was not shown yet."""

ENROLMENT: Final = "enrolment"
"""Lacking: a second factor that the account must have and does not have yet."""

_GRACE: Final = timedelta(hours=2)
"""Keeps a clock that was set back by an hour from signing everybody out."""
_END_IS_KEPT: Final = 2 * LIFETIME
_LONG_AGO: Final = datetime(2000, 1, 1, tzinfo=UTC)


@dataclass(frozen=True)
class Session:
    """Person or program that is signed in. ``member_id`` is None for people who are no member, such as a
    municipality's, and for programs, whose roles are the scopes of their token, but for those that a member lets see
    their own.

    ``id`` and ``began_at`` tell one sign-in of an account from another. ``lacks`` is empty, ``SECOND_STEP`` or
    ``ENROLMENT``.
    """

    account_id: str
    name: str
    roles: frozenset[str]
    member_id: str | None
    community: str
    id: str = ""
    began_at: datetime = _LONG_AGO
    kind: str = "account"
    lacks: str = ""

    def has(self, *roles: str) -> bool:
        """True with any of these roles."""
        return not self.roles.isdisjoint(roles)

    def actor(self, channel: str) -> Actor:
        """Whoever is signed in, as the one who acts."""
        return Actor(self.kind, self.account_id, channel)


class NotSignedIn(CoopError):
    """The page needs a sign-in."""

    def __init__(self, code: str = "not-signed-in", message: str = say("sign in first")) -> None:
        super().__init__(code, message)


class NotAllowed(CoopError):
    """The signed-in person may not see or do this."""

    def __init__(self, message: str = say("your account has no access to this")) -> None:
        super().__init__("not-allowed", message)


def sign(session: Session, secret: str) -> str:
    """Cookie value for a session."""
    fields = {**asdict(session), "roles": sorted(session.roles), "began_at": session.began_at.isoformat()}
    return _serializer([secret]).dumps(fields)


def read(cookie: str | None, secrets: Sequence[str], now: datetime) -> Session | None:
    """The session in a cookie, or None when there is none, it was changed, or it is older than ``LIFETIME``, or
    ``ENTERING`` where it lacks something.

    One of ``secrets``, the newest first, has signed it.
    """
    if not cookie:
        return None
    try:
        fields = _serializer(secrets).loads(cookie)
        began_at = datetime.fromisoformat(fields["began_at"])
        session = Session(**{**fields, "roles": frozenset(fields["roles"]), "began_at": began_at})
        lifetime = ENTERING if session.lacks else LIFETIME
        return session if began_at - _GRACE <= now < began_at + lifetime else None
    except (BadSignature, KeyError, TypeError, ValueError, OverflowError):
        return None


def end_sessions(tx: Tx, account_id: str, session_id: str = "", ended_at: datetime | None = None) -> None:
    """Refuse one session of an account from now on, or all that began at ``ended_at`` or before; now by default."""
    _forget_lapsed_ends(tx, account_id)
    insert_for = sqlite.insert if tx.is_sqlite else postgresql.insert
    statement = insert_for(session_end).values(
        community=tx.community, account_id=account_id, session_id=session_id, ended_at=ended_at or tx.now
    )
    later = func.max if tx.is_sqlite else func.greatest
    tx.execute(
        statement.on_conflict_do_update(
            index_elements=["community", "account_id", "session_id"],
            set_={"ended_at": later(session_end.c.ended_at, statement.excluded.ended_at)},
        )
    )


def on_sessions_ended(tx: Tx, event: SessionsEnded, envelope: Envelope) -> None:
    """Refuse the sessions that the service that keeps accounts has ended; every other service hears it."""
    end_sessions(tx, event.account_id, event.session_id, event.ended_at)


def find_newest_end(tx: Tx, account_id: str) -> datetime | None:
    """The instant until which every session of an account was ended, or None: the next has to begin later."""
    ends = session_end.c
    query = select(ends.ended_at).where(
        ends.community == tx.community, ends.account_id == account_id, ends.session_id == ""
    )
    return tx.scalar(query)


_END_OF: Final = (
    select(session_end.c.account_id)
    .where(
        session_end.c.community == bindparam("community"),
        session_end.c.account_id == bindparam("account_id"),
        or_(
            session_end.c.session_id == bindparam("session_id"),
            (session_end.c.session_id == "") & (session_end.c.ended_at >= bindparam("began_at")),
        ),
    )
    .limit(1)
)
"""Built once: every request of somebody who is signed in asks it."""


def is_ended(tx: Tx, session: Session) -> bool:
    """True when a session was ended."""
    asked = {
        "community": tx.community,
        "account_id": session.account_id,
        "session_id": session.id or "-",
        "began_at": session.began_at,
    }
    return tx.execute(_END_OF, asked).first() is not None


def _forget_lapsed_ends(tx: Tx, account_id: str) -> None:
    """Forget the ends of single sessions whose cookies are refused for their age by now."""
    ends = session_end.c
    tx.execute(
        delete(session_end).where(
            ends.community == tx.community,
            ends.account_id == account_id,
            ends.session_id != "",
            ends.ended_at < tx.now - _END_IS_KEPT,
        )
    )


def same_origin(request: Request, public_url: str) -> bool:
    """True when a changing request comes from our own pages, or from a program that sends no Origin."""
    origin = request.headers.get("origin")
    if origin is None:
        return request.headers.get("sec-fetch-site") in (None, "same-origin", "none")
    ours = {urlsplit(public_url).netloc, request.headers.get("host", "")}
    return urlsplit(origin).netloc in ours


def _serializer(secrets: Sequence[str]) -> URLSafeSerializer:
    return URLSafeSerializer(secrets[::-1], salt="coop-session")
