"""Sign-in: one signed session that every service can check by itself, with no call to another.

The cookie holds who, which roles and until when; it holds no secret. It is HttpOnly and SameSite=Lax, and every
changing request must come from our own origin, which together keep other sites from acting for somebody.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Final
from urllib.parse import urlsplit

from itsdangerous import BadSignature, URLSafeTimedSerializer
from starlette.requests import Request

from coop.values import CoopError

COOKIE: Final = "coop_session"
LIFETIME_S: Final = 12 * 3600
ROLES: Final = ("member", "board", "treasurer", "partner", "auditor", "operator")


@dataclass(frozen=True)
class Session:
    """Who is signed in. ``member_id`` is None for people who are no member, such as a municipality's."""

    account_id: str
    name: str
    roles: frozenset[str]
    member_id: str | None
    community: str

    def has(self, *roles: str) -> bool:
        """True with any of these roles."""
        return not self.roles.isdisjoint(roles)


class NotSignedIn(CoopError):
    """The page needs a sign-in."""

    def __init__(self) -> None:
        super().__init__("not-signed-in", "sign in first")


class NotAllowed(CoopError):
    """The signed-in person may not see or do this."""

    def __init__(self, message: str = "your account has no access to this") -> None:
        super().__init__("not-allowed", message)


def sign(session: Session, secret: str) -> str:
    """Cookie value for a session."""
    return _serializer(secret).dumps({**asdict(session), "roles": sorted(session.roles)})


def read(cookie: str | None, secret: str) -> Session | None:
    """The session in a cookie, or None when there is none, it was changed, or it is older than ``LIFETIME_S``."""
    if not cookie:
        return None
    try:
        fields = _serializer(secret).loads(cookie, max_age=LIFETIME_S)
    except BadSignature:
        return None
    return Session(**{**fields, "roles": frozenset(fields["roles"])})


def require(request: Request, *roles: str) -> Session:
    """The session of a request, which must have one of ``roles`` (any session when none is named).

    Raises:
        NotSignedIn: nobody is signed in.
        NotAllowed: the person has none of the roles.
    """
    session: Session | None = getattr(request.state, "session", None)
    if session is None:
        raise NotSignedIn
    if roles and not session.has(*roles):
        raise NotAllowed
    return session


def same_origin(request: Request, public_url: str) -> bool:
    """True when a changing request comes from our own pages, or from a program that sends no Origin."""
    origin = request.headers.get("origin")
    if origin is None:
        return request.headers.get("sec-fetch-site") in (None, "same-origin", "none")
    ours = {urlsplit(public_url).netloc, request.headers.get("host", "")}
    return urlsplit(origin).netloc in ours


def _serializer(secret: str) -> URLSafeTimedSerializer:
    return URLSafeTimedSerializer(secret, salt="coop-session")
