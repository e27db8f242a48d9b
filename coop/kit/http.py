"""The HTTP application that every service wears: access, limits, repeats, refusals as answers.

A request is let in before its body is read: the route names an entry of its service's access table, and a body has a
largest size and the content types that the route takes. People get a page, programs a problem (``kit.problems``); which
of the two the Accept header says. A route that is in the document for programs answers a GET with its ETag, and a POST
with an ``Idempotency-Key`` once (``kit.repeats``).
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Coroutine, Iterator, Sequence
from contextlib import AbstractAsyncContextManager, contextmanager
from inspect import iscoroutinefunction
from typing import Annotated, Any, Final, TypeVar

from fastapi import APIRouter, Depends, FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.routing import APIRoute
from pydantic import TypeAdapter
from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.types import Message, Receive

from coop.kit.access import Access
from coop.kit.database import Database
from coop.kit.guard import Guard, unknown_address
from coop.kit.packed import unpack
from coop.kit.problems import ENGLISH, HttpProblem, Voice, headers_of, problem_answer, problems_of, status_of
from coop.kit.rates import Rate
from coop.kit.repeats import answer_once, read_claim
from coop.kit.session import NotSignedIn, Session
from coop.kit.settings import Settings
from coop.kit.sites import Site, Sites
from coop.kit.sunset import Sunset
from coop.kit.tags import matches, tag_of
from coop.kit.things import pair_changes, require_unchanged, thing_of
from coop.kit.tokens import let_in
from coop.kit.tx import Tx
from coop.shapes import problem_of
from coop.values import BadInput, CoopError, NotFound, Problem, Said, say

Endpoint = TypeVar("Endpoint", bound=Callable[..., Any])

ErrorPage = Callable[[Request, int, str, str, Sequence[Problem]], Response]
"""Makes the page of an error from request, status, code, message and problems."""

BODY_MAX = 1024 * 1024
"""Largest body [bytes] of a route that names no other."""

_SAID: Final = {
    400: say("the body cannot be read"),
    405: say("this address does not take this method"),
}
"""Our words for what the framework says."""

_CODES: Final = {400: "unreadable-body", 405: "method-not-allowed", 413: "too-large"}


class UnknownHost(NotFound):
    """No co-operative of the installation has the host name that was asked for."""

    def __init__(self) -> None:
        super().__init__(say("no co-operative has this host name"))
        self.code = "unknown-host"


class TooLarge(HTTPException):
    """The body is larger than the route takes."""

    def __init__(self, body_max: int) -> None:
        super().__init__(413, say("the largest body here has %(largest)s bytes", largest=body_max))


class GuardedRoute(APIRoute):
    """A route that looks at access, size and kind of a body before it reads one."""

    def __init__(self, path: str, endpoint: Callable[..., Any], **options: Any) -> None:
        self.access: Access = getattr(endpoint, "access", None) or _refuse_open(path)
        self.action: str = endpoint.action  # type: ignore[attr-defined]  # marked by ``may``
        self.body_max: int = getattr(endpoint, "body_max", BODY_MAX)
        self.on_any_host: bool = getattr(endpoint, "on_any_host", False)
        self.sunset: Sunset | None = getattr(endpoint, "sunset", None)
        self.is_repeatable = options.get("include_in_schema", True) and "POST" in options.get("methods", ())
        if self.is_repeatable and iscoroutinefunction(endpoint):
            raise TypeError(f"{path} is a coroutine: its answer and its effect could not share a transaction")
        repeats = self.is_repeatable and getattr(endpoint, "needs_key", True)
        super().__init__(path, self._once(endpoint) if repeats else endpoint, **options)
        self.media_types = _media_types(self)

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        """The handler behind the guard."""
        handle = super().get_route_handler()

        async def guarded(request: Request) -> Response:
            databases = request.app.state.databases
            # A room over all services names in its address whose database it works in.
            request.state.database = databases.get(request.path_params.get("service"), databases[self.access.service])
            request.state.channel = "api" if self.include_in_schema else "page"
            request.state.tx = request.state.claim = None
            if request.state.site is None and not self.on_any_host:
                raise UnknownHost
            if request.state.entering is not None and self.access.admits(request.state.entering, self.action):
                request.state.session = request.state.entering
            if request.state.session is None and self.include_in_schema and not self.access.allows(None, self.action):
                request.state.session = await _bearer_session(request)
            self.access.require(request.state.session, self.action)
            self._check_body(request)
            received = _limited(request.receive, self.body_max)
            if _is_packed(request):
                received = unpack(received, self.body_max, TooLarge)
            request = Request(request.scope, received)
            if self.is_repeatable and request.state.session is not None:
                settings: Settings = request.app.state.settings
                actor = str(request.state.session.actor("api"))
                request.state.claim = await read_claim(request, self.name, actor, settings.signing_secret())
            response = await handle(request)
            return _tagged(request, response) if self.include_in_schema else response

        return guarded

    def _check_body(self, request: Request) -> None:
        length = request.headers.get("content-length", "0")
        if not length.isdigit() or int(length) > self.body_max:
            raise TooLarge(self.body_max)
        media_type = request.headers.get("content-type", "").split(";")[0].strip().lower()
        if media_type and self.include_in_schema and not _takes(self.media_types, media_type):
            wanted = tuple(sorted(self.media_types))
            raise HttpProblem(
                415,
                "unsupported-media-type",
                say("this takes %(wanted)s, not %(given)s", wanted=wanted, given=media_type[:100]),
            )

    def _once(self, endpoint: Callable[..., Any]) -> Callable[..., Any]:
        """The endpoint in one transaction with the answer that is kept, when its request names a key."""
        holds_secret = getattr(endpoint, "holds_secret", False)

        @functools.wraps(endpoint)
        def once(*args: Any, **kwargs: Any) -> Any:
            request = next((each for each in (*args, *kwargs.values()) if isinstance(each, Request)), None)
            thing = None if request is None else thing_of(request, self.path)
            if request is None or (request.state.claim is None and thing is None):
                return endpoint(*args, **kwargs)
            with writing(request) as tx:
                request.state.tx = tx

                def work() -> Response:
                    if thing is not None:
                        require_unchanged(request, tx, thing, kwargs)
                    return self.render(endpoint(*args, **kwargs))

                try:
                    if request.state.claim is None:
                        return work()
                    return answer_once(tx, request.state.claim, work, secret=holds_secret)
                finally:
                    request.state.tx = None

        return once

    def render(self, result: Any) -> Response:
        if isinstance(result, Response):
            return result
        adapter: TypeAdapter[Any] = TypeAdapter(self.response_model)
        body = adapter.dump_json(adapter.validate_python(result, from_attributes=True), by_alias=True)
        return Response(body, self.status_code or 200, media_type="application/json")


def _refuse_open(path: str) -> Access:
    raise TypeError(f"{path} names no entry of an access table: who may open it?")


def body_max(limit: int) -> Callable[[Any], Any]:
    """Mark an endpoint with its largest body [bytes]."""

    def mark(endpoint: Any) -> Any:
        endpoint.body_max = limit
        return endpoint

    return mark


def shows_once(endpoint: Any) -> Any:
    """Mark an endpoint whose answer holds a secret: it is not kept for a request that comes again."""
    endpoint.holds_secret = True
    return endpoint


def refuses(*codes: str) -> Callable[[Any], Any]:
    """Mark an endpoint with the codes of its own problems, beside those that every operation can answer."""

    def mark(endpoint: Any) -> Any:
        endpoint.codes = codes
        return endpoint

    return mark


def repeats_by_itself(endpoint: Any) -> Any:
    """Mark an endpoint that opens transactions of its own, and may be called again without harm: keys are not kept."""
    endpoint.needs_key = False
    return endpoint


async def read_body(request: Request) -> bytes:
    """The bytes of a body, whatever its content type; ``openapi_extra`` of the route says which it takes."""
    return await request.body()


RawBody = Annotated[bytes, Depends(read_body)]


def _media_types(route: APIRoute) -> frozenset[str]:
    """Content types that a route takes; empty when it takes no body, and then any is ignored."""
    described = (route.openapi_extra or {}).get("requestBody", {}).get("content", {})
    if route.body_field is not None:
        return frozenset({*described, str(getattr(route.body_field.field_info, "media_type", "application/json"))})
    return frozenset(described)


def _takes(media_types: frozenset[str], media_type: str) -> bool:
    is_json = media_type.endswith("+json") and "application/json" in media_types
    return not media_types or "*/*" in media_types or media_type in media_types or is_json


def _tagged(request: Request, response: Response) -> Response:
    """An answer to a GET with its ETag, or 304 without a body when the program has it already."""
    if request.method != "GET" or response.status_code != 200 or not hasattr(response, "body"):
        return response
    tag = response.headers.setdefault("ETag", tag_of(bytes(response.body)))
    if not matches(request.headers.get("if-none-match"), tag):
        return response
    kept = {name: response.headers[name] for name in ("ETag", "Cache-Control", "Link") if name in response.headers}
    return Response(status_code=304, headers=kept)


def on_any_host(endpoint: Endpoint) -> Endpoint:
    """Mark an endpoint that answers under every host name, also one that no co-operative has."""
    endpoint.on_any_host = True  # type: ignore[attr-defined]  # a mark on a function
    return endpoint


def site_of(request: Request) -> Site:
    """The co-operative of a request's host name; the route's guard has made sure that there is one."""
    site: Site | None = request.state.site
    if site is None:
        raise UnknownHost
    return site


def _is_packed(request: Request) -> bool:
    """True where a body is packed by gzip.

    Raises:
        HttpProblem: it is packed otherwise.
    """
    encoding = request.headers.get("content-encoding", "identity").strip().lower()
    if encoding not in ("identity", "gzip"):
        raise HttpProblem(
            415,
            "unsupported-encoding",
            say("this takes a body as it is or packed by gzip, not %(given)s", given=encoding[:40]),
        )
    return encoding == "gzip"


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


async def _bearer_session(request: Request) -> Session | None:
    """The session of the token that a request shows; None when it shows none.

    Raises:
        WrongToken: the token opens nothing.
    """
    scheme, _, token = request.headers.get("authorization", "").partition(" ")
    if scheme.lower() != "bearer":
        return None
    sessions: Database = request.app.state.sessions
    community: str = request.state.site.community
    program = await run_in_threadpool(let_in, sessions, community, token.strip(), request.state.channel)
    request.state.rate = request.app.state.token_rate.take(program.account_id)
    return program


def session_of(request: Request) -> Session:
    """Whoever is signed in; the route's entry has made sure that somebody is."""
    session: Session | None = request.state.session
    if session is None:
        raise NotSignedIn
    return session


@contextmanager
def writing(request: Request) -> Iterator[Tx]:
    """A transaction of the co-operative, the service and the person of a request.

    Where the answer is kept, it is a part of the transaction that keeps it: all of the block or nothing.
    """
    if request.state.tx is not None:
        with request.state.tx.savepoint():
            yield request.state.tx
        return
    database: Database = request.state.database
    session: Session = session_of(request)
    with database.write(session.community, session.actor(request.state.channel)) as tx:
        yield tx


@contextmanager
def reading(request: Request) -> Iterator[Tx]:
    """A view of the co-operative and the service of a request, with what the request itself has written."""
    if request.state.tx is not None:
        yield request.state.tx
        return
    database: Database = request.state.database
    with database.read(session_of(request).community) as tx:
        yield tx


def create_app(
    title: str,
    settings: Settings,
    databases: dict[str, Database],
    routers: Sequence[APIRouter],
    error_page: ErrorPage,
    sites: Sites,
    lifespan: Callable[[FastAPI], AbstractAsyncContextManager[None]] | None = None,
    sessions_in: str = "",
    voice: Voice = ENGLISH,
) -> FastAPI:
    """The application with all ``routers``, over the ``databases`` of the services that run here.

    ``sites`` says which co-operative a host name leads to; nobody is signed in at another's.
    ``sessions_in`` names the service whose database says first that a session or a token was ended; by default the
    first. ``voice`` says problems in the language of whoever asks.
    """
    app = FastAPI(title=title, lifespan=lifespan, openapi_url=None, docs_url=None, redoc_url=None)
    app.state.settings, app.state.databases, app.state.voice = settings, databases, voice
    sessions = databases[sessions_in] if sessions_in in databases else next(iter(databases.values()))
    app.state.sessions = sessions
    app.state.token_rate = Rate("token", settings.rate_per_token)

    def answer(request: Request, error: CoopError) -> Response:
        if "text/html" not in request.headers.get("accept", ""):
            return problem_answer(request, error)
        page = error_page(request, status_of(error), error.code, error.message, problems_of(error))
        page.headers.update(headers_of(error))
        return page

    async def refused(request: Request, error: Exception) -> Response:
        assert isinstance(error, CoopError)
        return answer(request, error)

    async def malformed(request: Request, error: Exception) -> Response:
        assert isinstance(error, RequestValidationError)
        return answer(request, BadInput([problem_of(finding, skip=1) for finding in error.errors()], "bad-request"))

    async def of_http(request: Request, error: Exception) -> Response:
        assert isinstance(error, HTTPException)
        if error.status_code == 404:
            return answer(request, unknown_address(request.url.path))
        code = _CODES.get(error.status_code, f"http-{error.status_code}")
        return answer(request, HttpProblem(error.status_code, code, _say_detail(error), error.headers))

    app.add_middleware(Guard, settings=settings, sessions=sessions, sites=sites, answer=answer)
    app.add_exception_handler(CoopError, refused)
    app.add_exception_handler(RequestValidationError, malformed)
    app.add_exception_handler(HTTPException, of_http)
    for router in routers:
        app.include_router(router)
    app.state.things = pair_changes(routers)
    return app


def _say_detail(error: HTTPException) -> Said:
    """Say what the framework refuses in our words, or in its own where we have none."""
    if isinstance(error.detail, Said):
        return error.detail
    return _SAID.get(error.status_code) or say("the request cannot be taken: %(detail)s", detail=error.detail)
