"""The HTTP application that every service wears: sessions, access, limits, refusals as answers.

A request is let in before its body is read: the route names an entry of its service's access table, and a body has a
largest size. A refusal (``CoopError``) is 409, bad input 422 with every problem, a missing sign-in 401, a missing role
403, a body that is too large 413. People get a page, programs get JSON; which of the two the Accept header says.
"""

from __future__ import annotations

import logging
import re
import time
import uuid
from collections.abc import Callable, Coroutine, Iterator, Sequence
from contextlib import AbstractAsyncContextManager, contextmanager
from dataclasses import asdict
from typing import Any

from fastapi import APIRouter, FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from fastapi.routing import APIRoute
from sqlalchemy.exc import OperationalError
from starlette.concurrency import run_in_threadpool
from starlette.datastructures import Headers, MutableHeaders
from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from coop.kit.access import Access
from coop.kit.database import Database
from coop.kit.logs import bind
from coop.kit.metrics import REQUEST_SECONDS
from coop.kit.release import VERSION
from coop.kit.session import COOKIE, NotAllowed, NotSignedIn, Session, WrongToken, is_ended, read, same_origin
from coop.kit.settings import Settings
from coop.kit.tx import Tx
from coop.values import BadInput, CoopError, NotFound, Problem

log = logging.getLogger(__name__)
requests_log = logging.getLogger("coop.requests")

ErrorPage = Callable[[Request, int, str, str, Sequence[Problem]], Response]
"""Makes the page of an error from request, status, code, message and problems."""

BODY_MAX = 1024 * 1024
"""Largest body [bytes] of a route that names no other."""

PROBLEMS_MAX = 200
"""Most problems in one answer; the last says how many there are."""

_SAFE_METHODS = ("GET", "HEAD", "OPTIONS")
_HEADERS = {
    "Content-Security-Policy": "default-src 'self'; img-src 'self' data:; "
    "frame-ancestors 'none'; base-uri 'self'; form-action 'self'",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
}


class Broken(CoopError):
    """Something failed that should not; the request may be sent again."""

    def __init__(self) -> None:
        super().__init__("broken", "something went wrong on our side; nothing was half done")


class Unavailable(CoopError):
    """The database is away, busy or full; the request may be sent again."""

    def __init__(self) -> None:
        super().__init__("unavailable", "this does not work at the moment; nothing was half done, try again later")


class TooLarge(HTTPException):
    """The body is larger than the route takes."""

    def __init__(self, body_max: int) -> None:
        super().__init__(413, f"the largest body here has {body_max} bytes")


class GuardedRoute(APIRoute):
    """A route that looks at access and size before it reads a body."""

    def __init__(self, path: str, endpoint: Callable[..., Any], **options: Any) -> None:
        self.access: Access = getattr(endpoint, "access", None) or _refuse_open(path)
        self.action: str = endpoint.action  # type: ignore[attr-defined]
        self.body_max: int = getattr(endpoint, "body_max", BODY_MAX)
        super().__init__(path, endpoint, **options)

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        """The handler behind the guard."""
        handle = super().get_route_handler()

        async def guarded(request: Request) -> Response:
            request.state.database = request.app.state.databases[self.access.service]
            request.state.channel = "api" if self.include_in_schema else "page"
            if request.state.session is None and not self.access.allows(None, self.action):
                request.state.session = await _bearer_session(request, self.access.service)
            self.access.require(request.state.session, self.action)
            length = request.headers.get("content-length", "0")
            if not length.isdigit() or int(length) > self.body_max:
                raise TooLarge(self.body_max)
            return await handle(Request(request.scope, _limited(request.receive, self.body_max)))

        return guarded


def _refuse_open(path: str) -> Access:
    raise TypeError(f"{path} names no entry of an access table: who may open it?")


def body_max(limit: int) -> Callable[[Any], Any]:
    """Mark an endpoint with its largest body [bytes]."""

    def mark(endpoint: Any) -> Any:
        endpoint.body_max = limit
        return endpoint

    return mark


def _limited(receive: Receive, body_max: int) -> Receive:
    size = 0

    async def limited() -> Message:
        nonlocal size
        message = await receive()
        size += len(message.get("body", b""))
        if size > body_max:
            raise TooLarge(body_max)
        return message

    return limited


async def _bearer_session(request: Request, service: str) -> Session | None:
    """The session of the token that a request shows; None when it shows none, or the service gives none out.

    Raises:
        WrongToken: the token opens nothing.
    """
    scheme, _, token = request.headers.get("authorization", "").partition(" ")
    bearer = request.app.state.bearers.get(service)
    if scheme.lower() != "bearer" or bearer is None:
        return None
    database = request.app.state.databases[service]
    session: Session | None = await run_in_threadpool(bearer, database, token.strip())
    if session is None:
        raise WrongToken
    return session


def session_of(request: Request) -> Session:
    """Whoever is signed in; the route's entry has made sure that somebody is."""
    session: Session | None = request.state.session
    if session is None:
        raise NotSignedIn
    return session


@contextmanager
def writing(request: Request) -> Iterator[Tx]:
    """A transaction of the co-operative, the service and the person of a request."""
    database: Database = request.state.database
    session: Session = session_of(request)
    with database.write(session.community, session.actor(request.state.channel)) as tx:
        yield tx


@contextmanager
def reading(request: Request) -> Iterator[Tx]:
    """A view of the co-operative and the service of a request."""
    database: Database = request.state.database
    with database.read(session_of(request).community) as tx:
        yield tx


def create_app(
    title: str,
    settings: Settings,
    databases: dict[str, Database],
    routers: Sequence[APIRouter],
    error_page: ErrorPage,
    lifespan: Callable[[FastAPI], AbstractAsyncContextManager[None]] | None = None,
    sessions_in: str = "",
) -> FastAPI:
    """The application with all ``routers``, over the ``databases`` of the services that run here.

    ``sessions_in`` names the service whose database says first that a session was ended; by default the first.
    """
    app = FastAPI(
        title=title,
        version=VERSION,
        lifespan=lifespan,
        openapi_url="/openapi.json",
        docs_url=None,
        redoc_url=None,
    )
    app.state.settings, app.state.databases, app.state.bearers = settings, databases, {}
    sessions = databases[sessions_in] if sessions_in in databases else next(iter(databases.values()))

    def answer(request: Request, error: CoopError) -> Response:
        problems = list(error.problems) if isinstance(error, BadInput) else []
        if len(problems) > PROBLEMS_MAX:
            problems = [*problems[:PROBLEMS_MAX], Problem(f"{len(problems)} problems in all")]
        if "text/html" in request.headers.get("accept", ""):
            return error_page(request, status_of(error), error.code, error.message, problems)
        body = {"code": error.code, "message": error.message, "problems": [asdict(problem) for problem in problems]}
        return JSONResponse(body, status_of(error))

    async def refused(request: Request, error: Exception) -> Response:
        assert isinstance(error, CoopError)
        return answer(request, error)

    async def malformed(request: Request, error: Exception) -> Response:
        assert isinstance(error, RequestValidationError)
        problems = [_problem(detail) for detail in error.errors()[:PROBLEMS_MAX]]
        if (count := len(error.errors())) > PROBLEMS_MAX:
            problems.append(Problem(f"{count} problems in all"))
        return answer(request, BadInput(problems, "bad-request"))

    async def unknown_page(request: Request, _error: Exception) -> Response:
        return answer(request, NotFound())

    async def too_large(request: Request, error: Exception) -> Response:
        assert isinstance(error, HTTPException)
        return answer(request, _TooLargeRefusal(error.detail))

    app.add_middleware(_Guard, settings=settings, sessions=sessions, answer=answer)
    app.add_exception_handler(CoopError, refused)
    app.add_exception_handler(RequestValidationError, malformed)
    app.add_exception_handler(404, unknown_page)
    app.add_exception_handler(413, too_large)
    for router in routers:
        app.include_router(router)
    return app


class _TooLargeRefusal(CoopError):
    def __init__(self, message: str) -> None:
        super().__init__("too-large", message)


class _Guard:
    """Around every request: who asks, from which site, and headers on what is answered; a bug becomes an answer."""

    def __init__(
        self, app: ASGIApp, settings: Settings, sessions: Database, answer: Callable[[Request, CoopError], Response]
    ) -> None:
        self._app, self._sessions, self._answer = app, sessions, answer
        self._secret, self._public_url = settings.signing_secret(), settings.public_url()

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
        request.state.session = None
        if "\x00" in request.scope["path"]:  # no name holds one, and PostgreSQL refuses it in a query
            return NotFound()
        if request.method not in _SAFE_METHODS and not same_origin(request, self._public_url):
            return CoopError("other-origin", "this request came from another site")
        session = read(request.cookies.get(COOKIE), self._secret, self._sessions.clock.now())
        if session and not await run_in_threadpool(self._is_ended, session):
            request.state.session = session
        return None

    def _is_ended(self, session: Session) -> bool:
        with self._sessions.read(session.community) as tx:
            return is_ended(tx, session)


def _request_id(scope: Scope) -> str:
    """The id that the proxy gave, when it is a plain word, or a new one."""
    given = Headers(scope=scope).get("x-request-id", "")
    return given if re.fullmatch(r"[A-Za-z0-9_-]{8,64}", given) else uuid.uuid4().hex


def _problem(detail: dict[str, Any]) -> Problem:
    """One of FastAPI's findings in our words: the field without the part of the request that it stands in."""
    path = [str(part) for part in detail["loc"]]
    return Problem(detail["msg"], ".".join(path[1:] or path))


def status_of(error: CoopError) -> int:
    """HTTP status of a refusal."""
    match error:
        case NotSignedIn():
            return 401
        case NotAllowed():
            return 403
        case NotFound():
            return 404
        case _TooLargeRefusal():
            return 413
        case BadInput():
            return 422
        case Broken():
            return 500
        case Unavailable():
            return 503
        case _:
            return 409
