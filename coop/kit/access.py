"""Access: one table per service of who may do what, which its menu, pages and API all read.

An endpoint names the entry that opens it, ``@access.may("close-period")``, and nothing else about roles; a route
without an entry does not start. The entry is looked at before the body of a request is read.

An entry holds roles, which open it for people, and scopes, which open it for programs; a scope is written with a colon
(``read:bills``) and is one of the fixed list. What is open to whoever is signed in is not open to programs, but for
those with a scope that it names. A sign-in that lacks its second step opens what names that, and nothing else.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final, TypeVar

from coop.events.scopes import SCOPES
from coop.kit.session import ENROLMENT, SECOND_STEP, NotAllowed, NotSignedIn, Session

Endpoint = TypeVar("Endpoint", bound=Callable[..., Any])

ANYBODY: Final[frozenset[str]] = frozenset({"anybody"})
"""Open to everybody, signed in or not."""

SIGNED_IN: Final[frozenset[str]] = frozenset({"signed in"})
"""Open to every person who is signed in."""

TAKING_SECOND_STEP: Final[frozenset[str]] = frozenset({SECOND_STEP})
"""Open to whoever has to show a second factor to be signed in."""

ENROLLING: Final[frozenset[str]] = frozenset({ENROLMENT})
"""Open to whoever has to choose a second factor to be signed in."""


def roles(*names: str) -> frozenset[str]:
    """The roles that open an entry."""
    return frozenset(names)


class Access:
    """Table of who may do what in one service: ``table`` has the roles of each action, by the action's name."""

    def __init__(self, service: str, table: Mapping[str, frozenset[str]]) -> None:
        self.service = service
        self.table = dict(table)
        unknown = {word for entry in table.values() for word in entry if ":" in word} - set(SCOPES)
        if unknown:
            raise ValueError(f"{service}: {', '.join(sorted(unknown))} are no scopes")

    def may(self, action: str) -> Callable[[Endpoint], Endpoint]:
        """Mark an endpoint as opened by an entry.

        Raises:
            KeyError: the table has no such entry.
        """
        self.table[action]

        def mark(endpoint: Endpoint) -> Endpoint:
            endpoint.access, endpoint.action = self, action  # type: ignore[attr-defined]  # marks on a function
            return endpoint

        return mark

    def allows(self, session: Session | None, action: str) -> bool:
        """True when an entry opens for this session, or for nobody's."""
        return opens(self.table[action], session)

    def admits(self, entering: Session, action: str) -> bool:
        """True when an entry is for whoever lacks the step that this sign-in lacks."""
        return entering.lacks in self.table[action]

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
    if session is None:
        return False
    if session.lacks:
        return session.lacks in needed
    is_signed_in = needed >= SIGNED_IN and session.kind == "account"
    return is_signed_in or session.has(*needed)


def scopes_of(needed: frozenset[str]) -> tuple[str, ...]:
    """The scopes of an entry, in the order of the list.

    >>> scopes_of(roles("board", "write:bills", "read:bills"))
    ('read:bills', 'write:bills')
    """
    return tuple(scope for scope in SCOPES if scope in needed)
