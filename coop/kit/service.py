"""The shape of a service, and a service that runs: everything that the runtime loops over."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Protocol

from fastapi import APIRouter
from sqlalchemy import MetaData, Table

from coop.events import Event
from coop.events.members import SessionsEnded
from coop.kit.access import Access
from coop.kit.actor import Actor
from coop.kit.clock import SYSTEM_CLOCK, Clock
from coop.kit.database import Database
from coop.kit.inbox import Answer, Consumer, Handler, replay_letter
from coop.kit.jobs import Job
from coop.kit.outbound import UNMADE, Queue, make_again
from coop.kit.parking import EVENT
from coop.kit.rawdoor import RawDoor
from coop.kit.session import on_sessions_ended
from coop.kit.settings import Settings
from coop.kit.tokens import HEARD


@dataclass(frozen=True)
class Section:
    """An entry of the menu: ``action`` of the room's access table opens it. ``holds`` are pages that belong to it."""

    href: str
    label: str
    action: str
    rank: int = 50
    holds: tuple[str, ...] = ()


@dataclass(frozen=True)
class Card:
    """A card of the home page: a link to ``href`` that the fragment at ``source`` replaces where script runs.

    A card of ``lines`` keeps its link as its heading, and fetches one line from each address.
    """

    href: str
    source: str
    label: str
    action: str
    rank: int = 50
    wide: bool = False
    lines: tuple[str, ...] = ()


@dataclass(frozen=True)
class Line:
    """A line of a list on the home page: a link to ``href`` that the lines of the fragment at ``source`` replace where
    script runs; there may be none. ``action`` of the room's access table shows it."""

    href: str
    source: str
    label: str
    action: str
    rank: int = 50


@dataclass(frozen=True)
class Entrance:
    """Addresses where people sign in, which takes ``?next=`` with the page to come back to, and where they sign out."""

    sign_in: str
    sign_out: str


class Door(Protocol):
    """A way in that stays open while the service runs, such as an MQTT client. ``trouble`` says what is wrong."""

    @property
    def name(self) -> str: ...
    @property
    def trouble(self) -> str | None: ...
    def __enter__(self) -> object: ...
    def __exit__(self, *_: object) -> None: ...


Replayer = Callable[["Room", str, Actor, str], None]
"""Tries one dead letter of a kind again: room, community, actor, id. Raises CoopError when it is refused again."""


@dataclass(frozen=True, kw_only=True)
class Pages:
    """A room that serves pages and routes: who may do what in it, its sections of the menu and its cards.

    ``steps`` are its steps on the way to a co-operative's first bill, and ``waiting`` what waits there for somebody.
    ``on_member`` is what it has on one member, in whose addresses ``{member_id}`` stands for the member; ``on_figures``
    what rests there on figures of another room, in whose addresses ``{figures}`` stands for their ids and
    ``{connection}`` for the connection that they are asked for.
    One room of an installation is its ``entrance``, and one may say a ``motto`` at the foot of every page.
    """

    name: str
    label: str
    access: Access
    routers: Sequence[APIRouter] = ()
    sections: Sequence[Section] = ()
    cards: Sequence[Card] = ()
    steps: Sequence[Line] = ()
    waiting: Sequence[Line] = ()
    on_member: Sequence[Line] = ()
    on_figures: Sequence[Line] = ()
    entrance: Entrance | None = None
    motto: str = ""


@dataclass(frozen=True, kw_only=True)
class Service(Pages):
    """A service as its card says: owns ``metadata``, tells, hears, and all of its ways in and out.

    ``heard_tables`` hold only what was heard from others and can be rebuilt from their journals; everything else in
    ``metadata`` is the service's own truth. Rows of ``kept_tables`` are never changed or deleted; those of
    ``owner_tables`` are written by commands of the tables' owner, and only read by the service. ``topics`` are those of
    raw messages that it reads itself. ``answers`` are for facts that it hears and whose teller is told when it refuses
    them.
    """

    metadata: MetaData
    migrations: Path
    tells: Sequence[type[Event]] = ()
    hears: Mapping[type[Event], Handler] = field(default_factory=dict)
    answers: Mapping[type[Event], Answer] = field(default_factory=dict)
    heard_tables: Sequence[Table] = ()
    kept_tables: Sequence[Table] = ()
    owner_tables: Sequence[Table] = ()
    doors: Callable[[Room], Sequence[Door]] = lambda _room: ()
    topics: Callable[[Room], Mapping[str, RawDoor]] = lambda _room: {}
    queues: Callable[[Room], Sequence[Queue]] = lambda _room: ()
    replayers: Mapping[str, Replayer] = field(default_factory=dict)
    letter_kinds: Mapping[str, str] = field(default_factory=dict)
    jobs: Sequence[Job] = ()

    @property
    def handlers(self) -> Mapping[type[Event], Handler]:
        """The handler of each fact that it hears; one that keeps no accounts hears as well which sessions ended, and
        which programs have which tokens."""
        if self.name == SessionsEnded.service():
            return self.hears
        return {SessionsEnded: on_sessions_ended, **HEARD, **self.hears}

    def consumer(self, database: Database, park_limit: int = 50) -> Consumer:
        """This service listening, over its database."""
        return Consumer(self.name, database, self.handlers, park_limit, answers=self.answers)

    def open_database(self, url: str, clock: Clock = SYSTEM_CLOCK, *, migrate: bool = True) -> Database:
        """Open the service's database, with its tables at the revision of this program: its owner brings them there,
        anybody else finds them there.

        Raises:
            CoopError: the tables are older or newer than this program.
        """
        database = Database(url, self.name, clock)
        try:
            if migrate and database.is_owner:
                database.migrate(self.migrations)
            elif migrate:
                database.check_revision(self.migrations)
        except BaseException:
            database.close()
            raise
        return database


@dataclass(frozen=True)
class Room:
    """A service with its database open."""

    service: Service
    database: Database
    settings: Settings

    @cached_property
    def consumer(self) -> Consumer:
        """The service listening; one for all that hand it facts."""
        return self.service.consumer(self.database, self.settings.park_limit)

    def replay(self, kind: str, community: str, actor: Actor, letter_id: str) -> bool:
        """Try a dead letter of a kind again; False when nothing here can.

        Raises:
            CoopError: it is refused again (and stays parked).
        """
        if kind == EVENT:
            replay_letter(self.consumer, community, actor, letter_id)
            return True
        if kind == UNMADE:
            make_again(self.database, self.service.queues(self), community, actor, letter_id)
            return True
        replayer = self.service.replayers.get(kind)
        if replayer:
            replayer(self, community, actor, letter_id)
        return replayer is not None
