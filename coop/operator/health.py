"""Health: every part that must live, by name, with what is wrong with it; and the same as gauges for Prometheus.

``/livez`` says that the process answers: restart it when it does not. ``/readyz`` says that every part works: relay,
bus, doors, database, chain, jobs, gaps; a part that waits for a server comes back by itself: do not restart for that.
"""

from __future__ import annotations

import logging
import shutil
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from fastapi import APIRouter, Request
from fastapi.responses import JSONResponse, PlainTextResponse, Response
from kafka.errors import KafkaError
from prometheus_client import CONTENT_TYPE_LATEST, REGISTRY, generate_latest
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.registry import Collector
from sqlalchemy import func, select
from sqlalchemy.exc import SQLAlchemyError

from coop.kit import backups, jobs, journal, positions
from coop.kit.access import ANYBODY
from coop.kit.http import GuardedRoute, on_any_host
from coop.kit.outbound import read_figures
from coop.kit.release import VERSION
from coop.kit.service import Room
from coop.kit.tables import dead_letter
from coop.operator.access import ACCESS
from coop.operator.chain import CHAIN_CHECK, jobs_of

log = logging.getLogger(__name__)

DISK_FREE_MIN_BYTES = 16 * 2**20

routes = APIRouter(route_class=GuardedRoute, include_in_schema=False)
may = ACCESS.may

assert ACCESS.table["see-health"] == ANYBODY


class Part(Protocol):
    """A part of the process that must live: a relay, a bus, a door, a queue."""

    @property
    def name(self) -> str: ...
    @property
    def trouble(self) -> str | None: ...


@dataclass(frozen=True)
class Health:
    """The parts of a process and the rooms that it serves."""

    rooms: Mapping[str, Room]
    parts: Sequence[Part]
    communities: Callable[[Room], Sequence[str]]
    read_lag: Callable[[], Mapping[str, int]] = dict
    """Messages of each topic that this process's service has not read yet; nothing where there is no Kafka."""

    def read_lag_or_none(self) -> Mapping[str, int] | None:
        """The lag, or None while Kafka is away."""
        try:
            return self.read_lag()
        except (KafkaError, OSError) as error:
            log.info("the lag cannot be read: %s", error)
            return None

    def read(self) -> dict[str, str | None]:
        """Trouble of each part by its name; None where it works."""
        troubles = {part.name: part.trouble for part in self.parts}
        troubles["disk"] = self._read_disk()
        for room in self.rooms.values():
            try:
                troubles |= dict(self._read_room(room))
            except (SQLAlchemyError, OSError) as error:
                troubles[f"database {room.service.name}"] = f"{type(error).__name__}: {error}"
        return troubles

    def _read_disk(self) -> str | None:
        """Say when an embedded installation is about to run out of room; a server looks after its own."""
        settings = next(iter(self.rooms.values())).settings
        if settings.database_url:
            return None
        free_bytes = shutil.disk_usage(settings.data_dir).free
        return f"{free_bytes // 2**20} MiB free in {settings.data_dir}" if free_bytes < DISK_FREE_MIN_BYTES else None

    def _read_room(self, room: Room) -> Iterator[tuple[str, str | None]]:
        name = room.service.name
        with room.database.system_read() as sql:
            journal.head(sql)
        yield f"database {name}", None
        yield f"gaps {name}", "; ".join(positions.troubles(room.database).values()) or None
        failed: dict[str, str] = {}
        for community in self.communities(room):
            with room.database.read(community) as tx:
                for state in jobs.list_states(tx, jobs_of(room.service)):
                    if state.failed and state.last:
                        failed[state.job.name] = f"{state.job.name} of {community}: {state.last.outcome}"
        yield f"chain {name}", failed.pop(CHAIN_CHECK.name, None)
        yield f"jobs {name}", "; ".join(failed.values()) or None


_PAIR = ["service", "source"]


class Gauges(Collector):
    """Gauges that are read from the parts and databases at the moment they are asked for."""

    def __init__(self, health: Health) -> None:
        self._health = health

    def collect(self) -> Iterable[GaugeMetricFamily]:
        """Make the gauges."""
        up = GaugeMetricFamily("coop_part_up", "1 when a part works.", labels=["part"])
        for part, trouble in self._health.read().items():
            up.add_metric([part], 0.0 if trouble else 1.0)
        yield up
        yield from self._gauges_of_rooms()
        yield from self._gauges_of_queues()
        yield from self._gauges_of_backups()

    def _gauges_of_rooms(self) -> Iterator[GaugeMetricFamily]:
        sealed = GaugeMetricFamily("coop_chain_position", "Facts sealed into the chain.", labels=["service"])
        published = GaugeMetricFamily("coop_published_position", "Facts handed to the bus.", labels=["service"])
        heard = GaugeMetricFamily("coop_heard_position", "Everything up to here was heard.", labels=_PAIR)
        behind = GaugeMetricFamily("coop_lag_facts", "Facts told and not yet heard.", labels=_PAIR)
        parked = GaugeMetricFamily("coop_letters_open", "Open dead letters.", labels=["service"])
        for name, room in self._health.rooms.items():
            try:
                with room.database.system_read() as sql:
                    sealed.add_metric([name], journal.head(sql)[0])
                    published.add_metric([name], journal.published_position(sql))
                    for source in positions.list_sources(sql):
                        heard.add_metric([name, source.source], source.heard_position)
                        behind.add_metric([name, source.source], source.count_missing())
                    letters = select(func.count()).select_from(dead_letter).where(dead_letter.c.resolved_at.is_(None))
                    parked.add_metric([name], sql.scalar(letters) or 0)
            except (SQLAlchemyError, OSError):
                continue  # coop_part_up says that the database is away
        lag = GaugeMetricFamily("coop_kafka_lag", "Messages of a topic that are not read yet.", labels=["topic"])
        for topic, count in (self._health.read_lag_or_none() or {}).items():
            lag.add_metric([topic], count)
        yield from (sealed, published, heard, behind, parked, lag)

    def _gauges_of_queues(self) -> Iterator[GaugeMetricFamily]:
        labels = ["service", "queue"]
        waiting = GaugeMetricFamily("coop_messages_waiting", "Messages on their way to others.", labels=labels)
        failed = GaugeMetricFamily("coop_messages_failed", "Messages that were given up.", labels=labels)
        due = GaugeMetricFamily("coop_messages_due_seconds", "How long the foremost message is due.", labels=labels)
        for name, room in self._health.rooms.items():
            try:
                with room.database.system_read() as sql:
                    for queue in read_figures(sql):
                        waiting.add_metric([name, queue.queue], queue.waiting)
                        failed.add_metric([name, queue.queue], queue.failed)
                        due.add_metric([name, queue.queue], queue.measure_delay_s(room.database.clock.now()))
            except (SQLAlchemyError, OSError):
                continue  # as above
        yield from (waiting, failed, due)

    def _gauges_of_backups(self) -> Iterator[GaugeMetricFamily]:
        last = GaugeMetricFamily("coop_last_backup_timestamp", "When the newest backup was taken; 0 for never.")
        try:
            with next(iter(self._health.rooms.values())).database.system_read() as sql:
                newest = backups.find_newest(sql)
            last.add_metric([], newest.taken_at.timestamp() if newest else 0.0)
        except (SQLAlchemyError, OSError):
            pass  # as above
        yield last


@routes.get("/livez")
@may("see-health")
@on_any_host
def live() -> PlainTextResponse:
    """Sign that the process answers, and its release."""
    return PlainTextResponse(f"ok coop {VERSION}\n")


@routes.get("/readyz")
@may("see-health")
@on_any_host
def ready(request: Request) -> JSONResponse:
    """Each part by name; whoever comes through a proxy is told which part is wrong, and not the words of servers."""
    parts = request.app.state.health.read()
    ok, outside = not any(parts.values()), bool(request.headers.get("x-forwarded-for"))
    told = {name: ("trouble" if outside else trouble) if trouble else "ok" for name, trouble in parts.items()}
    return JSONResponse({"ready": ok, "version": VERSION, "parts": told}, 200 if ok else 503)


@routes.get("/metrics")
@may("see-health")
@on_any_host
def metrics(request: Request) -> Response:
    """Counters of the process and gauges of its parts; not for whoever comes through a proxy."""
    if request.headers.get("x-forwarded-for"):
        return PlainTextResponse("metrics are read from inside\n", 403)
    own = generate_latest(REGISTRY) + generate_latest(request.app.state.gauges)
    return Response(own, media_type=CONTENT_TYPE_LATEST)
