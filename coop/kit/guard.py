"""Around every request: who asks, from which site, headers that fit, and headers on what is answered.

A bug becomes an answer, and the log has it; a database that is away becomes another.
"""

from __future__ import annotations

import logging
import re
import time
import uuid
from collections.abc import Callable
from typing import Final

from sqlalchemy.exc import OperationalError
from starlette.concurrency import run_in_threadpool
from starlette.datastructures import Headers, MutableHeaders
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from coop.kit.database import Database
from coop.kit.logs import bind
from coop.kit.metrics import REQUEST_SECONDS
from coop.kit.problems import Broken, HttpProblem, Unavailable
from coop.kit.rates import Rate, TooManyRequests
from coop.kit.session import COOKIE, Session, is_ended, read, same_origin
from coop.kit.settings import Settings
from coop.kit.sites import Site, Sites, host_name
from coop.values import CoopError, NotFound, say

log = logging.getLogger(__name__)
requests_log = logging.getLogger("coop.requests")

CONTRACT_VERSION: Final = "1"
"""Version of the contract with programs, in every address of it: ``/<service>/api/v1/...``."""

HEADERS_MAX: Final = 100
HEADER_BYTES_MAX: Final = 32 * 1024
"""Most headers of a request, and most bytes of all of them."""

ADDRESS_BYTES_MAX: Final = 48 * 1024
"""Longest address, with its query."""

_OF_PROGRAMS = re.compile(r"/[^/]+/api/(?:v(?P<version>[^/]*)(?:/|$))?")
_SAFE_METHODS = ("GET", "HEAD", "OPTIONS")
_HEADERS = {
    "Content-Security-Policy": "default-src 'self'; img-src 'self' data:; "
    "frame-ancestors 'none'; base-uri 'self'; form-action 'self'",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
}


class Guard:
    """Around every request: who asks, from which site, and headers on what is answered; a bug becomes an answer."""

    def __init__(
        self,
        app: ASGIApp,
        settings: Settings,
        sessions: Database,
        sites: Sites,
        answer: Callable[[Request, CoopError], Response],
    ) -> None:
        self._app, self._sessions, self._sites, self._answer = app, sessions, sites, answer
        self._secrets, self._public_url = settings.signing_secrets, settings.public_url()
        self._addresses = Rate("address", settings.rate_per_address)
        self._secrets()  # a start without a secret is refused

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        request_id = _request_id(scope)
        began, status = time.perf_counter(), 0
        method = scope["method"]
        if head_only := method == "HEAD":
            scope["method"] = "GET"

        async def send_with_headers(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                headers = MutableHeaders(scope=message)
                headers["X-Request-Id"] = request_id
                for name, value in _HEADERS.items():
                    headers.setdefault(name, value)
                if _OF_PROGRAMS.match(scope["path"]):
                    headers["API-Version"] = CONTRACT_VERSION
                headers.update(scope["state"].get("rate") or {})
                if (end := getattr(scope.get("route"), "sunset", None)) is not None:
                    headers.update(end.headers())
                if scope["state"].get("session") is not None:
                    headers.setdefault("Cache-Control", "no-store")
                if self._public_url.startswith("https://"):
                    headers.setdefault("Strict-Transport-Security", "max-age=31536000")
            elif head_only:
                message = {**message, "body": b""}
            await send(message)

        scope.setdefault("state", {})
        with bind(request_id=request_id):
            try:
                await self._serve(scope, receive, send_with_headers, lambda: status > 0)
            finally:
                seconds = time.perf_counter() - began
                route = getattr(scope.get("route"), "path", "unknown")
                REQUEST_SECONDS.labels(method, route, str(status)).observe(seconds)
                requests_log.info("%s %s %d %.0f ms", method, scope["path"], status, seconds * 1000)

    async def _serve(self, scope: Scope, receive: Receive, send: Send, started: Callable[[], bool]) -> None:
        request = Request(scope, receive)
        refusal = await self._refuse(request)
        if refusal:
            await self._answer(request, refusal)(scope, receive, send)
            return
        try:
            await self._app(scope, receive, send)
        except OperationalError as error:
            log.warning("%s %s waits for the database: %s", scope["method"], scope["path"], error.orig)
            if started():
                raise
            await self._answer(request, Unavailable())(scope, receive, send)
        except Exception:
            # A bug: the log has it, whoever asked is told no more than that it was one, and the connection stays open.
            log.exception("%s %s failed", scope["method"], scope["path"])
            if started():
                raise
            await self._answer(request, Broken())(scope, receive, send)

    async def _refuse(self, request: Request) -> CoopError | None:
        request.state.session = request.state.entering = request.state.site = None
        headers = request.scope["headers"]
        if len(request.scope["raw_path"] or b"") + len(request.scope["query_string"]) > ADDRESS_BYTES_MAX:
            return HttpProblem(
                414, "address-too-long", say("an address has at most %(largest)s bytes", largest=ADDRESS_BYTES_MAX)
            )
        if len(headers) > HEADERS_MAX or sum(len(name) + len(value) for name, value in headers) > HEADER_BYTES_MAX:
            reason = say(
                "at most %(most)s headers of %(largest)s bytes in all are read",
                most=HEADERS_MAX,
                largest=HEADER_BYTES_MAX,
            )
            return HttpProblem(431, "too-many-headers", reason)
        if "\x00" in request.scope["path"]:  # no name holds one, and PostgreSQL refuses it in a query
            return NotFound()
        if request.method not in _SAFE_METHODS and not same_origin(request, self._public_url):
            return CoopError("other-origin", say("this request came from another site"))
        host, cookie = host_name(request.headers.get("host", "")), request.cookies.get(COOKIE)
        request.state.site, session = await run_in_threadpool(self._meet, host, cookie)
        # Whoever lacks a step is nobody yet; a route that is for them lets them in by itself.
        request.state.entering = session if session and session.lacks else None
        request.state.session = None if session and session.lacks else session
        return self._count(request)

    def _count(self, request: Request) -> CoopError | None:
        """Count a request of nobody who is signed in for its address: people fetch many parts of a page at once."""
        if request.state.session is None and not request.url.path.startswith("/static/"):
            try:
                self._addresses.take(request.client.host if request.client else "")
            except TooManyRequests as refusal:
                return refusal
        return None

    def _meet(self, host: str, cookie: str | None) -> tuple[Site | None, Session | None]:
        """Find the co-operative of a host name, and who is signed in there."""
        site = self._sites(host)
        session = read(cookie, self._secrets(), self._sessions.clock.now())
        if site is None or session is None or session.community != site.community:
            return site, None
        with self._sessions.read(session.community) as tx:
            return site, None if is_ended(tx, session) else session


def _request_id(scope: Scope) -> str:
    """The id that the proxy gave, when it is a plain word, or a new one."""
    given = Headers(scope=scope).get("x-request-id", "")
    return given if re.fullmatch(r"[A-Za-z0-9_-]{8,64}", given) else uuid.uuid4().hex


def unknown_address(path: str) -> CoopError:
    """The refusal of an address that nothing answers; one of another version of the contract says which there are."""
    of_programs = _OF_PROGRAMS.match(path)
    if of_programs is None or of_programs["version"] == CONTRACT_VERSION:
        return NotFound()
    there = f"{path.split('/api/')[0]}/api/v{CONTRACT_VERSION}/"
    reason = say(
        "this installation answers version %(version)s, under %(there)s", version=CONTRACT_VERSION, there=there
    )
    return HttpProblem(404, "unknown-version", reason)
