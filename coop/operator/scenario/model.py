"""The file of a scenario: who acts, what they do in which order, and what is expected."""

from __future__ import annotations

import re
from datetime import datetime
from pathlib import Path
from typing import Annotated, Any, Literal, Self

import yaml
from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, ValidationError, model_validator

from coop.values import BadInput, Problem

METHODS = ("get", "post", "put", "patch", "delete")

NOBODY = "nobody"
"""Acts without being signed in."""


class _Loader(yaml.SafeLoader):
    """Reads YAML as JSON would be read: a date stays a text, and off and no are texts as well."""


_Loader.yaml_implicit_resolvers = {}
for _tag, _text, _first in (
    ("bool", "true|false", "tf"),
    ("null", "null|~|", ["n", "~", ""]),
    ("int", "-?(0|[1-9][0-9]*)", "-0123456789"),
    ("float", r"-?(0|[1-9][0-9]*)\.[0-9]+", "-0123456789"),
    ("merge", "<<", "<"),
):
    _Loader.add_implicit_resolver(f"tag:yaml.org,2002:{_tag}", re.compile(rf"(?:{_text})\Z"), list(_first))


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Community(_Strict):
    """The co-operative that the story is about."""

    key: Annotated[str, Field(pattern=r"^[a-z0-9-]+$")] = "wg"
    name: str = "Demo-coöperatie (scenario)"


class ActorIn(_Strict):
    """Somebody with roles, who may be a member by number; or a gateway with the meters that it speaks for."""

    roles: list[str] = []
    member: str | None = None
    gateway: list[str] | None = None

    @model_validator(mode="after")
    def _one_kind(self) -> Self:
        if bool(self.roles) == (self.gateway is not None):
            raise ValueError("an actor has either roles or a gateway's meters")
        return self


class Expected(_Strict):
    """Demands on an answer: its status, a subset of its JSON (or one without other items in lists), some text."""

    status: int | None = None
    json_: Annotated[Any, Field(alias="json")] = None
    exactly: Any = None
    text: str | None = None


class Step(_Strict):
    """One thing that is done, or waited for, or checked."""

    at: AwareDatetime | None = None
    clock: Literal["back"] | None = None
    as_: Annotated[str | None, Field(alias="as")] = None
    get: str | None = None
    post: str | None = None
    put: str | None = None
    patch: str | None = None
    delete: str | None = None
    csv: str | None = None
    json_: Annotated[Any, Field(alias="json")] = None
    form: dict[str, str] | None = None
    file: str | None = None
    expect: Expected = Expected()
    keep: dict[str, str] = {}
    wait: Literal["facts", "jobs"] | None = None
    verify: Literal["all", "pages"] | None = None
    repeat: Annotated[int, Field(ge=1, le=1000)] = 1
    any_order: list[Step] | None = None
    together: list[Step] | None = None
    kill: str | None = None

    @property
    def request(self) -> tuple[str, str] | None:
        """Method and path, when the step is a request."""
        return next(((m.upper(), path) for m in METHODS if (path := getattr(self, m)) is not None), None)

    @model_validator(mode="after")
    def _one_thing(self) -> Self:
        requests = sum(getattr(self, method) is not None for method in METHODS)
        others = sum(part is not None for part in (self.wait, self.verify, self.any_order, self.together, self.kill))
        if requests + others > 1:
            raise ValueError("a step does one thing")
        if requests + others == 0 and self.at is None:
            raise ValueError("a step does something")
        if self.kill is not None:
            raise ValueError("kill is played by the fault machine, not by this command")
        if sum(part is not None for part in (self.csv, self.json_, self.form, self.file)) > 1:
            raise ValueError("a request has one body")
        return self


class Scenario(_Strict):
    """A story: its title, its people and its steps."""

    scenario: str
    community: Community = Community()
    actors: dict[str, ActorIn] = {}
    steps: list[Step]

    @model_validator(mode="after")
    def _known_actors_and_time(self) -> Self:
        now: datetime | None = None
        for number, step in enumerate(self.steps, 1):
            for part in (step, *(step.together or []), *(step.any_order or [])):
                if part.as_ is not None and part.as_ not in (NOBODY, *self.actors):
                    raise ValueError(f"step {number}: nobody is called {part.as_}")
            if step.at and now and step.at < now and step.clock != "back":
                raise ValueError(f"step {number}: the clock would go back to {step.at.isoformat()}")
            now = step.at or now
        return self


def read_scenario(path: Path) -> Scenario:
    """Read a scenario's file.

    Raises:
        BadInput: it is no YAML, or says something that is not understood; each problem names its place.
    """
    try:
        fields = yaml.load(path.read_text(), _Loader)
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        mark = getattr(error, "problem_mark", None)
        raise BadInput([Problem(f"not YAML: {error}", path.name, mark.line + 1 if mark else None)]) from error
    try:
        return Scenario.model_validate(fields)
    except ValidationError as error:
        problems = [Problem(d["msg"], f"{path.name}: {_place(d['loc'])}") for d in error.errors(include_url=False)]
        raise BadInput(problems, "bad-scenario") from error


def _place(location: tuple[int | str, ...]) -> str:
    """Path to a part of the file, steps counted from 1.

    >>> _place(("steps", 2, "expect"))
    'steps[3].expect'
    """
    text = ""
    for part in location:
        text += f"[{part + 1}]" if isinstance(part, int) else f".{part}" if text else part
    return text or "the file"
