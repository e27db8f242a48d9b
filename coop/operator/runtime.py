"""Puts services together and runs them: all four in one process, or one of them on Kafka and PostgreSQL.

Which of the two it is, nothing above the bus knows: the same handlers, the same pages, the same journals.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager

from fastapi import FastAPI
from prometheus_client import CollectorRegistry

from coop.communities.directory import Directory
from coop.communities.store import list_communities
from coop.events import SERVICES as NAMES
from coop.kit.bus.cluster import Cluster
from coop.kit.bus.kafka import KafkaBus
from coop.kit.bus.local import LocalBus
from coop.kit.clock import SYSTEM_CLOCK, Clock
from coop.kit.garbage import tune_gc
from coop.kit.jobs import run_due, scheduler
from coop.kit.outbound import Worker
from coop.kit.relay import Bus, Relay
from coop.kit.service import Room
from coop.kit.settings import Settings
from coop.operator.chain import jobs_of
from coop.operator.health import Gauges, Health
from coop.operator.opening import finish_placing
from coop.operator.pages import OPERATOR
from coop.operator.services import SERVICES, service_named
from coop.web.app import assemble_app

log = logging.getLogger(__name__)


def open_room(name: str, settings: Settings, clock: Clock = SYSTEM_CLOCK, *, migrate: bool = True) -> Room:
    """Open a service's database and bring its tables up to date.

    Raises:
        CoopError: they are not to be brought up to date, and there is no database yet.
    """
    finish_placing(name, settings, there=not migrate)
    service = service_named(name)
    return Room(service, service.open_database(settings.url(name), clock, migrate=migrate), settings)


def open_rooms(
    settings: Settings, names: Sequence[str] = NAMES, clock: Clock = SYSTEM_CLOCK, *, migrate: bool = True
) -> dict[str, Room]:
    """Open several services."""
    return {name: open_room(name, settings, clock, migrate=migrate) for name in names}


def local_bus(rooms: Mapping[str, Room]) -> LocalBus:
    """The bus of one process, to all of ``rooms``."""
    return LocalBus([room.consumer for room in rooms.values()])


def embedded_app(settings: Settings, clock: Clock = SYSTEM_CLOCK) -> FastAPI:
    """All four services in one process, on the local bus."""
    settings = settings.as_service()
    rooms = open_rooms(settings, clock=clock)
    return build_app("coop", settings, rooms, local_bus(rooms), None)


def service_app(name: str, settings: Settings) -> FastAPI:
    """One service by itself, on Kafka."""
    settings = settings.as_service()
    rooms = open_rooms(settings, (name,))
    room = rooms[name]
    bus = KafkaBus(Cluster.of(settings), name, settings.kafka_partitions, settings.kafka_replication)
    bus.tell([event.topic() for event in room.service.tells])
    bus.hear(room.consumer)
    for topic, raw_door in room.service.topics(room).items():
        bus.hear_raw(topic, raw_door)
    return build_app(f"coop {name}", settings, rooms, bus, bus)


def build_app(
    title: str,
    settings: Settings,
    rooms: Mapping[str, Room],
    bus: Bus,
    kafka: KafkaBus | None,
    *,
    scheduled: bool = True,
) -> FastAPI:
    """The application over ``rooms``: their routes, and while it runs their relays, doors, queues and jobs.

    Jobs that are not ``scheduled`` run only when somebody calls ``run_jobs``.
    """
    relays = [Relay(room.consumer, bus) for room in rooms.values()]
    workers = [Worker(queue, room.database) for room in rooms.values() for queue in room.service.queues(room)]
    doors = [*(door for room in rooms.values() for door in room.service.doors(room)), *workers]

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        async with AsyncExitStack() as stack:
            for room in rooms.values():
                stack.callback(room.database.close)
            if kafka:
                await kafka.start()
                stack.push_async_callback(kafka.stop)
            for door in doors:
                stack.enter_context(door)
            for relay in relays:
                relay.start()
                # In a thread: the last batch of a relay is sent by this loop.
                stack.push_async_callback(asyncio.to_thread, relay.stop)
            for room in rooms.values():
                stack.callback(room.consumer.stopping.set)  # before any relay is waited for
            if scheduled:
                stack.enter_context(scheduler(lambda: run_jobs(rooms)))
            tune_gc()
            yield

    directory = Directory(next(iter(rooms.values())).database, settings)
    app = assemble_app(
        title,
        settings,
        rooms,
        directory,
        (OPERATOR, *SERVICES),
        OPERATOR.routers,
        lifespan,
        sessions_in=SERVICES[0].name,
    )
    app.state.services = SERVICES
    app.state.workers = workers
    app.state.databases[OPERATOR.name] = next(iter(rooms.values())).database

    lag = kafka.read_lag if kafka else dict
    app.state.health = Health(rooms, [*relays, *doors, *([kafka] if kafka else [])], communities, lag)
    app.state.read_lag = app.state.health.read_lag_or_none
    app.state.gauges = CollectorRegistry()
    app.state.gauges.register(Gauges(app.state.health))
    return app


def run_jobs(rooms: Mapping[str, Room]) -> None:
    """Run every job that is due, for every co-operative."""
    for room in rooms.values():
        keys = communities(room)
        for job in jobs_of(room.service):
            for community in keys:
                run_due(job, room.database, community)


def communities(room: Room) -> tuple[str, ...]:
    """Keys of the co-operatives that a room has heard of; it serves them all."""
    with room.database.system_read() as sql:
        return list_communities(sql)
