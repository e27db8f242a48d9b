"""Problems as programs read them: RFC 9457, with a stable code, and every single thing that is wrong.

``type`` is an address of the installation itself, ``/problems/<code>``, where a page says what the code means.
``detail`` is the sentence of this very refusal; ``problems`` has one entry for each thing that is wrong.
Source: RFC 9457 (Problem Details for HTTP APIs).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated, Final

import orjson
from pydantic import BaseModel, Field
from starlette.responses import Response

from coop.kit.session import NotAllowed, NotSignedIn
from coop.values import BadInput, CoopError, NotFound, Problem

MEDIA_TYPE: Final = "application/problem+json"

PROBLEMS_MAX = 200
"""Most problems in one answer; the last says how many there are."""


class ProblemEntry(BaseModel):
    """One thing that is wrong with what came in: why, in which field, and on which line (counted from 1)."""

    reason: str
    field: str = ""
    line: int | None = None


class ProblemDocument(BaseModel):
    """A refusal or a failure as a program reads it (RFC 9457)."""

    type: Annotated[str, Field(description="Address of a page about this kind of problem.")]
    title: Annotated[str, Field(description="The kind of problem in a few words; the same each time.")]
    status: Annotated[int, Field(description="The answer's HTTP status.")]
    detail: Annotated[str, Field(description="What happened this time, in a sentence for people.")]
    code: Annotated[str, Field(description="Stable name of the kind of problem, for programs.")]
    problems: Annotated[
        list[ProblemEntry], Field(description="Each thing that is wrong with what came in; empty for other refusals.")
    ]


class HttpProblem(CoopError):
    """A refusal of HTTP itself, with its own status and headers."""

    def __init__(self, status: int, code: str, message: str, headers: Mapping[str, str] | None = None) -> None:
        super().__init__(code, message)
        self.status, self.headers = status, dict(headers or {})


class Broken(HttpProblem):
    """Something failed that should not; the request may be sent again."""

    def __init__(self) -> None:
        super().__init__(500, "broken", "something went wrong on our side; nothing was half done")


class Unavailable(HttpProblem):
    """The database is away, busy or full; the request may be sent again."""

    def __init__(self) -> None:
        message = "this does not work at the moment; nothing was half done, try again later"
        super().__init__(503, "unavailable", message, {"Retry-After": "5"})


@dataclass(frozen=True)
class Kind:
    """A kind of problem: a title of a few words, and what to do about it."""

    title: str
    advice: str


KINDS: Final[Mapping[str, Kind]] = {
    "address-too-long": Kind(
        "Address too long", "Send less in the query; the document says how long each part may be."
    ),
    "answer-not-kept": Kind(
        "Done before, answer not kept",
        "The request with this Idempotency-Key was carried out. Its answer held a secret, and secrets are shown once.",
    ),
    "bad-cursor": Kind(
        "Unusable cursor",
        "The cursor was changed, or belongs to another list. Follow the header Link, or begin without `after`.",
    ),
    "bad-idempotency-key": Kind("Unusable Idempotency-Key", "Send 1 to 200 visible characters, such as a UUID."),
    "bad-input": Kind("Bad input", "Mend everything under `problems` and send it again."),
    "bad-request": Kind("Request of another shape", "Mend everything under `problems`; the document says the shape."),
    "broken": Kind("A failure on our side", "Nothing was half done. Send it again later, or tell the operator."),
    "idempotency-key-reused": Kind("Idempotency-Key used before", "Use a new key for each new request."),
    "method-not-allowed": Kind("No such method here", "The header Allow names the methods that there are."),
    "not-allowed": Kind("No access", "The account or the token lacks the role or scope; somebody else has to do it."),
    "not-found": Kind("Nothing here", "There is no such thing, or it is not yours to know of."),
    "not-signed-in": Kind("Not signed in", "Sign in, or show a token: `Authorization: Bearer ...`."),
    "other-origin": Kind("From another site", "A page of another site may not act for somebody."),
    "precondition-failed": Kind("Changed in the meantime", "Read it again, and send the change with its new ETag."),
    "request-in-flight": Kind("Still at work", "The same request is being carried out. Ask again in a moment."),
    "too-large": Kind("Body too large", "Send it in parts."),
    "too-many-headers": Kind("Headers too large", "Send fewer or shorter headers."),
    "too-many-requests": Kind("Too many requests", "Wait as long as the header Retry-After says."),
    "unavailable": Kind("Not available now", "Nothing was half done. Send it again after a while."),
    "unknown-version": Kind("No such version of the contract", "Use a version that `detail` names."),
    "unreadable-body": Kind("Unreadable body", "Send a body that is whole, in UTF-8."),
    "unsupported-media-type": Kind("Another kind of body", "The document says which content types are taken."),
    "wrong-token": Kind("Wrong token", "The token was ended, is over its time, or was never given out."),
}
REFUSED = "The request was understood and may not happen as things stand; `detail` says why. Nothing was changed."


def kind_of(code: str) -> Kind:
    """The kind of problem with a code; a refusal of the field has its code in words as its title.

    >>> kind_of("too-large").title, kind_of("period-closed").title
    ('Body too large', 'Period closed')
    """
    return KINDS.get(code) or Kind(code.replace("-", " ").capitalize(), REFUSED)


def status_of(error: CoopError) -> int:
    """HTTP status of a refusal."""
    match error:
        case HttpProblem():
            return error.status
        case NotSignedIn():
            return 401
        case NotAllowed():
            return 403
        case NotFound():
            return 404
        case BadInput():
            return 422
        case _:
            return 409


def problems_of(error: CoopError) -> list[Problem]:
    """Every single thing that is wrong, as many as one answer holds."""
    problems = list(error.problems) if isinstance(error, BadInput) else []
    if len(problems) > PROBLEMS_MAX:
        return [*problems[:PROBLEMS_MAX], Problem(f"{len(problems)} problems in all")]
    return problems


def headers_of(error: CoopError) -> dict[str, str]:
    """Headers that go with a refusal."""
    return error.headers if isinstance(error, HttpProblem) else {}


def describe_problem(code: str, status: int, detail: str, problems: Sequence[Problem] = ()) -> ProblemDocument:
    """The document of a problem."""
    return ProblemDocument(
        type=f"/problems/{code}",
        title=kind_of(code).title,
        status=status,
        detail=detail,
        code=code,
        problems=[ProblemEntry(reason=each.reason, field=each.field, line=each.line) for each in problems],
    )


def problem_answer(error: CoopError, members: Mapping[str, object] | None = None) -> Response:
    """The answer to a program, with ``members`` of its own kind beside those of every problem."""
    document = describe_problem(error.code, status_of(error), error.message, problems_of(error))
    headers = {"WWW-Authenticate": 'Bearer realm="coop"'} if document.status == 401 else {}
    body = orjson.dumps({**(members or {}), **document.model_dump()})
    return Response(body, document.status, headers={**headers, **headers_of(error)}, media_type=MEDIA_TYPE)
