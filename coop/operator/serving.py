"""Serves an application in this process, and says on the way what it is doing."""

from __future__ import annotations

import importlib.util
import logging
from typing import TYPE_CHECKING

import uvicorn
from fastapi import FastAPI

from coop.events.members import MemberAdmitted
from coop.kit import journal
from coop.kit.clock import SYSTEM_CLOCK, today
from coop.kit.release import DISTRIBUTION, VERSION
from coop.kit.settings import Settings, default_data_dir
from coop.values import CoopError

if TYPE_CHECKING:  # what the demonstration imports may not be installed
    from coop.demo.plan import DemoPlan

log = logging.getLogger(__name__)

LOADED = "the program is loaded; the databases are opened and brought up to date"
"""Said between two steps that take seconds on a small machine."""

DEMO_PACKAGES = ("pandas", "pvlib", "rich")
"""Packages of the extra ``demo``, by the names that are imported."""

OTHER_FOLDER = "a demonstration needs an empty installation; name another folder by COOP_DATA_DIR"


HEAD_BYTES_MAX = 256 * 1024
"""Most bytes before the body that the server reads at all; beyond them it answers by itself, in plain text."""


def make_server(app: FastAPI, settings: Settings) -> uvicorn.Server:
    """The server of ``app``, not yet running."""
    config = uvicorn.Config(
        app,
        host=settings.host,
        port=settings.port,
        forwarded_allow_ips=settings.proxies,
        log_config=None,
        access_log=False,
        # Above what the guard of every request takes, so that a request line or headers that are too long are answered.
        h11_max_incomplete_event_size=HEAD_BYTES_MAX,
    )
    return uvicorn.Server(config)


def serve_installation(settings: Settings) -> None:
    """Serve all four services in this process until it is stopped."""
    announce("all services", settings)
    from coop.operator.runtime import communities, embedded_app

    log.info(LOADED)
    app = embedded_app(settings)
    keys = communities(app.state.rooms["members"])
    log.info("serving %s", ", ".join(keys) or "no co-operative yet")
    if not keys:
        log.warning(
            "nothing is here yet: run `coop init` in another terminal. It founds the co-operative and lets its first"
            " secretary in, and this process meets it at once. `coop demo` shows a demonstration instead"
        )
    _run(app, settings)


def serve_demonstration(settings: Settings, plan: DemoPlan, *, live: bool) -> None:
    """Serve an installation of its own and play the demonstration into it, until it is stopped.

    Without COOP_DATA_DIR it lies in a folder beside that of `coop run`.

    Raises:
        CoopError: the installation has a register of its own, or plays another demonstration.
    """
    from coop.demo.clock import NOTE, PlayedClock, days_back_to
    from coop.demo.playing import Mark
    from coop.demo.running import play_beside

    if "data_dir" not in settings.model_fields_set:
        settings = settings.model_copy(update={"data_dir": default_data_dir("coop-demonstration")})
    mark = Mark(settings.data_dir / NOTE, plan, days_back_to(plan, today(SYSTEM_CLOCK)))
    announce("a demonstration", settings)
    from coop.demo.cooperative import COMMUNITY, found_once
    from coop.operator.runtime import communities, embedded_app

    log.info(LOADED)
    app = embedded_app(settings, PlayedClock(mark.days_back))
    others = set(communities(app.state.rooms["members"])) - {COMMUNITY}
    if others:
        raise CoopError("not-empty", f"in {settings.data_dir} lives {', '.join(sorted(others))}: {OTHER_FOLDER}")
    if not mark.started and has_register(app, COMMUNITY):
        raise CoopError("not-empty", f"{settings.data_dir} holds a register of its own: {OTHER_FOLDER}")
    found_once(app.state.databases["members"], plan.year)
    with play_beside(server := make_server(app, settings), settings, plan, mark, live=live):
        server.run()


def serve_alone(name: str, settings: Settings) -> None:
    """Serve one service until it is stopped.

    Raises:
        CoopError: the installation has no Kafka.
    """
    if settings.bus != "kafka":
        raise CoopError(
            "needs-kafka", "a service by itself needs COOP_BUS=kafka and COOP_KAFKA; `coop run` needs neither"
        )
    announce(name, settings)
    from coop.operator.runtime import service_app

    log.info(LOADED)
    _run(service_app(name, settings), settings)


def announce(name: str, settings: Settings) -> None:
    """Say what starts, before anything that takes its time."""
    store = "PostgreSQL" if settings.database_url else f"the folder {settings.data_dir.absolute()}"
    log.info("coop %s starts %s on %s", VERSION, name, store)


def has_register(app: FastAPI, community: str) -> bool:
    """True when members of a co-operative were ever told of."""
    with app.state.databases["members"].system_read() as sql:
        return MemberAdmitted.TYPE in journal.count_told(sql, community)


def require_demo_packages() -> None:
    """Refuse to play when the extra is not installed.

    Raises:
        CoopError: it is not; the message says what to install.
    """
    missing = [name for name in DEMO_PACKAGES if importlib.util.find_spec(name) is None]
    if missing:
        raise CoopError(
            "needs-demo-packages",
            f"the demonstration needs {', '.join(missing)}: pip install '{DISTRIBUTION}[demo]'",
        )


def _run(app: FastAPI, settings: Settings) -> None:
    log.info("serving %s", settings.public_url())
    make_server(app, settings).run()
