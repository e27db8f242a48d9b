"""Access: one table per service of who may do what, which its menu, pages and API all read.

An endpoint names the entry that opens it, ``@access.may("close-period")``, and nothing else about roles; a route
without an entry does not start. The entry is looked at before the body of a request is read.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final, TypeVar

from coop.kit.session import NotAllowed, NotSignedIn, Session

Endpoint = TypeVar("Endpoint", bound=Callable[..., Any])

ANYBODY: Final[frozenset[str]] = frozenset({"anybody"})
"""Open to everybody, signed in or not."""

SIGNED_IN: Final[frozenset[str]] = frozenset({"signed in"})
"""Open to everybody who is signed in."""


def roles(*names: str) -> frozenset[str]:
    """The roles that open an entry."""
    return frozenset(names)


class Access:
    """Who may do what in one service: ``table`` has the roles of each action, by the action's name."""

    def __init__(self, service: str, table: Mapping[str, frozenset[str]]) -> None:
        self.service = service
        self.table = dict(table)

    def may(self, action: str) -> Callable[[Endpoint], Endpoint]:
        """Mark an endpoint as opened by an entry.

        Raises:
            KeyError: the table has no such entry.
        """
        self.table[action]

        def mark(endpoint: Endpoint) -> Endpoint:
            endpoint.access, endpoint.action = self, action  # type: ignore[attr-defined]
            return endpoint

        return mark

    def allows(self, session: Session | None, action: str) -> bool:
        """True when an entry opens for this session, or for nobody's."""
        return opens(self.table[action], session)

    def require(self, session: Session | None, action: str) -> None:
        """Refuse a session that an entry does not open for.

        Raises:
            NotSignedIn: nobody is signed in.
            NotAllowed: the person has none of the roles.
        """
        if not self.allows(session, action):
            raise NotAllowed if session else NotSignedIn


def opens(needed: frozenset[str], session: Session | None) -> bool:
    """True when a session has one of the roles, or none is needed.

    >>> opens(ANYBODY, None), opens(SIGNED_IN, None)
    (True, False)
    """
    if needed == ANYBODY:
        return True
    return session is not None and (needed == SIGNED_IN or session.has(*needed))
