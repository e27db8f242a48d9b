"""The HTTP application that every service wears: sessions, refusals as answers, health.

A refusal (``CoopError``) is 409, bad input 422 with every problem, a missing sign-in 401, a missing role 403. People
get a page, programs get JSON; which of the two follows from the Accept header.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import asdict
from typing import Any

from fastapi import APIRouter, FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from starlette.middleware.base import BaseHTTPMiddleware, RequestResponseEndpoint

from coop.kit.auth import COOKIE, NotAllowed, NotSignedIn, read, same_origin
from coop.kit.settings import Settings
from coop.values import BadInput, CoopError, NotFound, Problem

__all__ = ["ErrorPage", "NotFound", "create_app", "status_of"]

ErrorPage = Callable[[Request, int, str, str, Sequence[Problem]], Response]
"""Makes the page of an error from request, status, code, message and problems."""

_SAFE_METHODS = ("GET", "HEAD", "OPTIONS")
_HEADERS = {
    "Content-Security-Policy": "default-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; "
    "frame-ancestors 'none'; base-uri 'self'; form-action 'self'",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
}


class Broken(CoopError):
    """Something failed that should not; the request may be sent again."""

    def __init__(self) -> None:
        super().__init__("broken", "something went wrong on our side; nothing was half done")


def create_app(
    title: str,
    settings: Settings,
    routers: Sequence[APIRouter],
    error_page: ErrorPage,
    lifespan: Callable[[FastAPI], AbstractAsyncContextManager[None]] | None = None,
    health: Callable[[], dict[str, str]] = dict,
) -> FastAPI:
    """The application with all ``routers``. ``health`` names troubles by part; an empty answer means well."""
    app = FastAPI(title=title, lifespan=lifespan, openapi_url="/openapi.json", docs_url=None, redoc_url=None)
    secret = settings.signing_secret()

    async def guard(request: Request, call_next: RequestResponseEndpoint) -> Response:
        request.state.session = read(request.cookies.get(COOKIE), secret)
        if "\x00" in request.scope["path"]:  # no name holds one, and PostgreSQL refuses it in a query
            return answer(request, NotFound())
        if request.method not in _SAFE_METHODS and not same_origin(request, settings.public_url()):
            return answer(request, CoopError("other-origin", "this request came from another site"))
        response = await call_next(request)
        for name, value in _HEADERS.items():
            response.headers.setdefault(name, value)
        return response

    def answer(request: Request, error: CoopError) -> Response:
        problems = error.problems if isinstance(error, BadInput) else ()
        if "text/html" in request.headers.get("accept", ""):
            return error_page(request, status_of(error), error.code, error.message, problems)
        body = {"code": error.code, "message": error.message, "problems": [asdict(problem) for problem in problems]}
        return JSONResponse(body, status_of(error))

    async def refused(request: Request, error: Exception) -> Response:
        assert isinstance(error, CoopError)
        return answer(request, error)

    async def malformed(request: Request, error: Exception) -> Response:
        assert isinstance(error, RequestValidationError)
        return answer(request, BadInput([_problem(detail) for detail in error.errors()], "bad-request"))

    async def unknown_page(request: Request, _error: Exception) -> Response:
        return answer(request, NotFound())

    async def broken(request: Request, _error: Exception) -> Response:
        # The server logs what happened; whoever asked is told no more than that it did.
        return answer(request, Broken())

    app.add_middleware(BaseHTTPMiddleware, dispatch=guard)
    app.add_exception_handler(CoopError, refused)
    app.add_exception_handler(RequestValidationError, malformed)
    app.add_exception_handler(404, unknown_page)
    app.add_exception_handler(Exception, broken)
    for router in routers:
        app.include_router(router)

    @app.get("/healthz", include_in_schema=False)
    def healthz() -> JSONResponse:
        troubles = health()
        return JSONResponse({"ok": not troubles, "troubles": troubles}, 503 if troubles else 200)

    return app


def _problem(detail: dict[str, Any]) -> Problem:
    """One of FastAPI's findings in our words: the field without the part of the request that it stands in."""
    place = [str(part) for part in detail["loc"]]
    return Problem(detail["msg"], ".".join(place[1:] or place))


def status_of(error: CoopError) -> int:
    """HTTP status of a refusal."""
    match error:
        case NotSignedIn():
            return 401
        case NotAllowed():
            return 403
        case NotFound():
            return 404
        case BadInput():
            return 422
        case Broken():
            return 500
        case _:
            return 409
