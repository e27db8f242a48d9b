"""Puts services together and runs them: all four in one process, or one of them on Kafka and PostgreSQL.

Which of the two it is, nothing above the bus knows: the same handlers, the same pages, the same journals.
"""

from __future__ import annotations

import importlib
import logging
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from typing import Any

from fastapi import FastAPI

from coop.kit.database import Database
from coop.kit.inbox import Consumer, replay_letter
from coop.kit.jobs import Job, chain_check, scheduler
from coop.kit.kafka import KafkaBus
from coop.kit.service import Bus, LocalBus, Relay, Service, rest_collector
from coop.kit.settings import Settings
from coop.kit.web import create_app
from coop.values import CoopError
from coop.web import documents, operations
from coop.web.shell import error_page, mount_static

NAMES = ("members", "metering", "billing", "governance")

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Room:
    """A service with its database open and its tables at their newest revision."""

    service: Service
    database: Database
    main: Any

    @property
    def consumer(self) -> Consumer:
        """The service listening."""
        return self.service.consumer(self.database)


def service_named(name: str) -> Service:
    """The service with this name, without opening its database."""
    service: Service = importlib.import_module(f"coop.{name}.main").SERVICE
    return service


def open_room(name: str, settings: Settings, *, migrate: bool = True) -> Room:
    """Open a service's database and bring its tables up to date.

    Raises:
        CoopError: they are not to be brought up to date, and there is no database yet.
    """
    main = importlib.import_module(f"coop.{name}.main")
    if not migrate and not settings.database_url and not (settings.data_dir / f"{name}.db").exists():
        raise CoopError("no-installation", f"there is no installation in {settings.data_dir} (COOP_DATA_DIR)")
    database = Database(settings.url(name), name)
    if migrate:
        database.migrate()
    return Room(main.SERVICE, database, main)


def open_rooms(settings: Settings, names: Sequence[str] = NAMES, *, migrate: bool = True) -> dict[str, Room]:
    """Open several services."""
    return {name: open_room(name, settings, migrate=migrate) for name in names}


def local_bus(rooms: Mapping[str, Room], settings: Settings) -> LocalBus:
    """The bus of one process, to all of ``rooms``."""
    return LocalBus([room.service.consumer(room.database, settings.park_limit) for room in rooms.values()])


def embedded_app(settings: Settings) -> FastAPI:
    """All four services in one process, on the local bus."""
    rooms = open_rooms(settings)
    return _app("coop", settings, rooms, local_bus(rooms, settings), None)


def service_app(name: str, settings: Settings) -> FastAPI:
    """One service by itself, on Kafka."""
    rooms = open_rooms(settings, (name,))
    room = rooms[name]
    bus = KafkaBus(settings.kafka, name)
    bus.tell([event.topic() for event in room.service.tells])
    bus.hear(room.service.consumer(room.database, settings.park_limit))
    for topic, handler in getattr(room.main, "raw_topics", lambda *_: {})(room.database, settings).items():
        bus.hear_raw(topic, handler)
    return _app(f"coop {name}", settings, rooms, bus, bus)


def _app(title: str, settings: Settings, rooms: Mapping[str, Room], bus: Bus, kafka: KafkaBus | None) -> FastAPI:
    relays = [Relay(name, room.database, bus) for name, room in rooms.items()]
    jobs = [job for room in rooms.values() for job in _jobs(room, settings)]

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        async with AsyncExitStack() as stack:
            for room in rooms.values():
                stack.callback(room.database.close)
            if kafka:
                await kafka.start()
                stack.push_async_callback(kafka.stop)
            for door in (door for room in rooms.values() for door in _doors(room, settings)):
                stack.enter_context(door)
            for relay in relays:
                relay.start()
                stack.callback(relay.stop)
            stack.enter_context(scheduler(jobs))
            rest_collector()
            yield

    def health() -> dict[str, str]:
        troubles = {f"relay {relay.service}": relay.trouble for relay in relays if relay.trouble}
        if kafka and kafka.trouble:
            troubles["kafka"] = kafka.trouble
        return troubles

    routers = [router for room in rooms.values() for router in room.main.routers(room.database, settings)]
    routers[:0] = [operations.router(room.consumer, replayers(room, settings)) for room in rooms.values()]
    routers.insert(0, documents.router([service_named(name) for name in NAMES], settings))
    app = create_app(title, settings, routers, error_page, lifespan, health)
    app.state.site_name, app.state.language = settings.site_name, settings.language
    mount_static(app)
    return app


def replayers(room: Room, settings: Settings) -> dict[str, operations.Replayer]:
    """How each kind of dead letter of a service is tried again; every service can replay a fact."""
    own: dict[str, operations.Replayer] = getattr(room.main, "replayers", lambda *_: {})(room.database, settings)
    return {"event": lambda letter_id: replay_letter(room.consumer, letter_id), **own}


def _jobs(room: Room, settings: Settings) -> list[Job]:
    made: list[Job] = getattr(room.main, "jobs", lambda *_: [])(room.database, settings)
    return [chain_check(room.database), *made]


def _doors(room: Room, settings: Settings) -> list[Any]:
    """Doors that stay open while the service runs, such as its MQTT client."""
    made: list[Any] = getattr(room.main, "doors", lambda *_: [])(room.database, settings)
    return made
