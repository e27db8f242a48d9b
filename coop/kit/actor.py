"""Whoever acts: recorded beside every fact and change, taken from the session or the door and never from a body."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Actor:
    """``kind`` account, gateway, job, service or command line; ``id`` names it; ``channel`` is the door it used.

    >>> str(Actor("account", "a-1", "page"))
    'account:a-1'
    """

    kind: str
    id: str
    channel: str

    def __str__(self) -> str:
        return f"{self.kind}:{self.id}" if self.id else self.kind


def name_id(actor: str) -> str:
    """The id in an actor as it is written down.

    >>> name_id("account:a-1"), name_id("operator")
    ('a-1', '')
    """
    return actor.partition(":")[2]


NOBODY = Actor("nobody", "", "read")
"""Reads a view; tells nothing."""

COMMAND_LINE = Actor("operator", "", "command line")
"""Works on the machine itself."""
