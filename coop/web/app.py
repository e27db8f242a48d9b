"""The application of some rooms: their routes in the common shell, over their databases."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager

from fastapi import APIRouter, FastAPI

from coop.kit.http import create_app
from coop.kit.problems import Voice
from coop.kit.service import Pages, Room
from coop.kit.settings import Settings
from coop.kit.sites import Sites
from coop.web.language import language_of_program
from coop.web.shell import error_page, mount_static
from coop.web.writing import speak

Lifespan = Callable[[FastAPI], AbstractAsyncContextManager[None]]

VOICE = Voice(language_of_program, speak)


def assemble_app(
    title: str,
    settings: Settings,
    rooms: Mapping[str, Room],
    sites: Sites,
    pages: Sequence[Pages] = (),
    routers: Sequence[APIRouter] = (),
    lifespan: Lifespan | None = None,
    sessions_in: str = "",
) -> FastAPI:
    """The application of ``rooms``; ``routers`` come before theirs, and ``sites`` say whose pages a host name opens.

    ``pages`` are all rooms that the menu names, also those that other processes serve; by default those of ``rooms``.
    """
    databases = {name: room.database for name, room in rooms.items()}
    own = [router for room in rooms.values() for router in room.service.routers]
    app = create_app(title, settings, databases, [*routers, *own], error_page, sites, lifespan, sessions_in, VOICE)
    app.state.language = settings.language
    app.state.rooms = dict(rooms)
    app.state.read_lag = dict
    app.state.pages = tuple(pages) or tuple(room.service for room in rooms.values())
    mount_static(app)
    return app
