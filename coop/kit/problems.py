"""Problems as programs read them: RFC 9457, with a stable code, and every single thing that is wrong.

``type`` is an address of the installation itself, ``/problems/<code>``, where a page says what the code means.
``detail`` is the sentence of this very refusal; ``problems`` has one entry for each thing that is wrong. Sentences
are in the language that Accept-Language asks for, English for who asks for none; ``code``, ``template`` and
``parameters`` are the same in every language.
Source: RFC 9457 (Problem Details for HTTP APIs).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Annotated, Any, Final

import orjson
from pydantic import BaseModel, Field
from starlette.requests import Request
from starlette.responses import Response

from coop.kit.session import NotAllowed, NotSignedIn
from coop.values import BadInput, CoopError, NotFound, Problem, Said, say, say_count

MEDIA_TYPE: Final = "application/problem+json"

Speak = Callable[[str, str], str]
"""Says a sentence, which was said in English, in the language of a code."""

PROBLEMS_MAX = 200
"""Most problems in one answer; the last says how many there are."""


@dataclass(frozen=True)
class Voice:
    """The languages of an installation: which one a program's request asks for, and how a sentence reads in it."""

    choose: Callable[[Request], str]
    speak: Speak


ENGLISH: Final = Voice(lambda _request: "en", lambda _lang, text: str(text))
"""The voice of an application without pages."""


Parameter = str | int | bool | None
Parameters = dict[str, Parameter | list[Parameter]]


class ProblemEntry(BaseModel):
    """One thing that is wrong with what came in: why, in which field, and on which line (counted from 1)."""

    reason: Annotated[str, Field(description="A sentence for people, in the language of the answer.")]
    field: str = ""
    line: int | None = None
    template: Annotated[str, Field(description="The sentence in English with a place for each value; stable.")] = ""
    parameters: Annotated[Parameters, Field(description="What fills the places of the template.")] = {}


class ProblemDocument(BaseModel):
    """A refusal or a failure as a program reads it (RFC 9457)."""

    type: Annotated[str, Field(description="Address of a page about this kind of problem.")]
    title: Annotated[str, Field(description="The kind of problem in a few words, in the language of the answer.")]
    status: Annotated[int, Field(description="The answer's HTTP status.")]
    detail: Annotated[
        str, Field(description="What happened this time: a sentence for people, in the language of the answer.")
    ]
    code: Annotated[str, Field(description="Stable name of the kind of problem, for programs.")]
    problems: Annotated[
        list[ProblemEntry], Field(description="Each thing that is wrong with what came in; empty for other refusals.")
    ]
    template: Annotated[str, Field(description="`detail` in English with a place for each value; stable.")] = ""
    parameters: Annotated[Parameters, Field(description="What fills the places of the template.")] = {}


class HttpProblem(CoopError):
    """A refusal of HTTP itself, with its own status and headers."""

    def __init__(self, status: int, code: str, message: str, headers: Mapping[str, str] | None = None) -> None:
        super().__init__(code, message)
        self.status, self.headers = status, dict(headers or {})


class Broken(HttpProblem):
    """Something failed that should not; the request may be sent again."""

    def __init__(self) -> None:
        super().__init__(500, "broken", say("something went wrong on our side; nothing was half done"))


class Unavailable(HttpProblem):
    """The database is away, busy or full; the request may be sent again."""

    def __init__(self) -> None:
        message = say("this does not work at the moment; nothing was half done, try again later")
        super().__init__(503, "unavailable", message, {"Retry-After": "5"})


@dataclass(frozen=True)
class Kind:
    """A kind of problem: a title of a few words, and what to do about it."""

    title: str
    advice: str


KINDS: Final[Mapping[str, Kind]] = {
    "address-too-long": Kind(
        say("Address too long"), say("Send less in the query; the document says how long each part may be.")
    ),
    "answer-not-kept": Kind(
        say("Done before, answer not kept"),
        say(
            "The request with this Idempotency-Key was carried out. Its answer held a secret,"
            " and secrets are shown once."
        ),
    ),
    "bad-cursor": Kind(
        say("Unusable cursor"),
        say("The cursor was changed, or belongs to another list. Follow the header Link, or begin without `after`."),
    ),
    "bad-idempotency-key": Kind(
        say("Unusable Idempotency-Key"), say("Send 1 to 200 visible characters, such as a UUID.")
    ),
    "bad-input": Kind(say("Bad input"), say("Mend everything under `problems` and send it again.")),
    "bad-request": Kind(
        say("Request of another shape"), say("Mend everything under `problems`; the document says the shape.")
    ),
    "broken": Kind(
        say("A failure on our side"), say("Nothing was half done. Send it again later, or tell the operator.")
    ),
    "idempotency-key-reused": Kind(say("Idempotency-Key used before"), say("Use a new key for each new request.")),
    "method-not-allowed": Kind(say("No such method here"), say("The header Allow names the methods that there are.")),
    "not-allowed": Kind(
        say("No access"), say("The account or the token lacks the role or scope; somebody else has to do it.")
    ),
    "not-found": Kind(say("Nothing here"), say("There is no such thing, or it is not yours to know of.")),
    "not-signed-in": Kind(say("Not signed in"), say("Sign in, or show a token: `Authorization: Bearer ...`.")),
    "other-origin": Kind(say("From another site"), say("A page of another site may not act for somebody.")),
    "precondition-failed": Kind(
        say("Changed in the meantime"), say("Read it again, and send the change with its new ETag.")
    ),
    "request-in-flight": Kind(
        say("Still at work"), say("The same request is being carried out. Ask again in a moment.")
    ),
    "too-large": Kind(say("Body too large"), say("Send it in parts.")),
    "too-many-headers": Kind(say("Headers too large"), say("Send fewer or shorter headers.")),
    "too-many-requests": Kind(say("Too many requests"), say("Wait as long as the header Retry-After says.")),
    "unavailable": Kind(say("Not available now"), say("Nothing was half done. Send it again after a while.")),
    "unknown-version": Kind(say("No such version of the contract"), say("Use a version that `detail` names.")),
    "unreadable-body": Kind(say("Unreadable body"), say("Send a body that is whole, in UTF-8.")),
    "unsupported-media-type": Kind(
        say("Another kind of body"), say("The document says which content types are taken.")
    ),
    "wrong-token": Kind(say("Wrong token"), say("The token was ended, is over its time, or was never given out.")),
}
REFUSED = say("The request was understood and may not happen as things stand; `detail` says why. Nothing was changed.")


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
        return [
            *problems[:PROBLEMS_MAX],
            Problem(say_count("%(num)s problem in all", "%(num)s problems in all", len(problems))),
        ]
    return problems


def headers_of(error: CoopError) -> dict[str, str]:
    """Headers that go with a refusal."""
    return error.headers if isinstance(error, HttpProblem) else {}


def describe_problem(lang: str, speak: Speak, error: CoopError) -> ProblemDocument:
    """The document of a problem in a language."""
    template, values = _parts_of(error.message)
    return ProblemDocument(
        type=f"/problems/{error.code}",
        title=speak(lang, kind_of(error.code).title),
        status=status_of(error),
        detail=speak(lang, error.message),
        code=error.code,
        problems=[describe_entry(lang, speak, problem) for problem in problems_of(error)],
        template="" if isinstance(error, BadInput) else template,
        parameters={} if isinstance(error, BadInput) else values,
    )


def describe_entry(lang: str, speak: Speak, problem: Problem) -> ProblemEntry:
    """One thing that is wrong, in a language, and what its sentence is made of."""
    template, values = _parts_of(problem.reason)
    return ProblemEntry(
        reason=speak(lang, problem.reason), field=problem.field, line=problem.line, template=template, parameters=values
    )


def _parts_of(text: str) -> tuple[str, dict[str, Any]]:
    """Template and values of a sentence as a program reads them: numbers, texts, and lists of texts."""
    if not isinstance(text, Said):
        return text.replace("%", "%%"), {}
    template = text.plural if text.plural and text.values["num"] != 1 else text.template
    return template, {name: _plain(value) for name, value in text.values.items()}


def _plain(value: object) -> Any:
    match value:
        case tuple():
            return [_plain(part) for part in value]
        case bool() | None:
            return value
        case int():
            return value if -(2**53) < value < 2**53 else str(value)
        case _:
            return str(value)


def problem_answer(request: Request, error: CoopError, members: Mapping[str, object] | None = None) -> Response:
    """The answer to a program, with ``members`` of its own kind beside those of every problem."""
    voice: Voice = request.app.state.voice
    lang = voice.choose(request)
    document = describe_problem(lang, voice.speak, error)
    headers = {"WWW-Authenticate": 'Bearer realm="coop"'} if document.status == 401 else {}
    headers |= {"Content-Language": lang, "Vary": "Accept-Language", **headers_of(error)}
    body = orjson.dumps({**(members or {}), **document.model_dump()})
    return Response(body, document.status, headers=headers, media_type=MEDIA_TYPE)
