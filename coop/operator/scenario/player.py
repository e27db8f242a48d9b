"""Plays a scenario: each step at its time, by its actor, compared with what was expected."""

from __future__ import annotations

import itertools
import random
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import httpx2

from coop.operator.scenario.installation import Installation, open_installation, states_differ
from coop.operator.scenario.match import difference, fill, find
from coop.operator.scenario.model import NOBODY, Scenario, Step, read_scenario
from coop.values import CoopError

ORDERS_MAX = 200
"""Orders in which a list of steps is played at most; more than these are drawn at random."""

_MEDIA_TYPES = {".csv": "text/csv", ".json": "application/json", ".pdf": "application/pdf"}

Echo = Callable[[str], object]


class Failure(Exception):
    """A step that did not come out as expected."""


def play_file(path: Path, database_url: str, echo: Echo, *, show: bool = False) -> bool:
    """Play the scenario of a file in every order that it asks for; True when all expectations held.

    Raises:
        BadInput: the file is not understood.
    """
    scenario = read_scenario(path)
    first: Mapping[str, Any] | None = None
    count = 0
    try:
        for steps in orders(scenario.steps):
            state = _play(scenario, steps, path.parent, database_url, echo if show else _say_nothing)
            count += 1
            if first is not None and (unlike := states_differ(first, state)):
                raise Failure(f"order {count} came to another end than the first: {unlike}")
            first = first or state
    except Failure as failure:
        echo(f"FAILED  {path.name}: {scenario.scenario}\n        {failure}")
        return False
    echo(f"ok      {path.name}: {scenario.scenario}" + (f" ({count} orders)" if count > 1 else ""))
    return True


def orders(steps: Sequence[Step]) -> Iterator[list[Step]]:
    """The steps in every order that their ``any_order`` lists allow, or ``ORDERS_MAX`` random ones."""
    free = [step.any_order for step in steps if step.any_order]
    permuted = [list(itertools.islice(itertools.permutations(range(len(part))), 6000)) for part in free]
    choices = list(itertools.islice(itertools.product(*permuted), 50_000))
    if len(choices) > ORDERS_MAX:
        choices = [choices[0], *random.Random(1).sample(choices[1:], ORDERS_MAX - 1)]
    for choice in choices:
        taken = iter(choice)
        played: list[Step] = []
        for step in steps:
            played += [step.any_order[i] for i in next(taken)] if step.any_order else [step]
        yield played


def _play(scenario: Scenario, steps: Sequence[Step], folder: Path, database_url: str, echo: Echo) -> Mapping[str, Any]:
    kept: dict[str, Any] = {}
    with (
        tempfile.TemporaryDirectory(prefix="coop-scenario-") as data,
        open_installation(scenario.community, scenario.actors, Path(data), database_url) as installation,
    ):
        actor: str | None = None
        for number, step in enumerate(steps, 1):
            actor = step.as_ or actor
            title = f"step {number}" + (f" ({' '.join(step.request)})" if step.request else "")
            try:
                for _ in range(step.repeat):
                    _do(installation, step, actor, kept, folder, echo)
            except CoopError as error:
                raise Failure(f"{title}: {error.message}") from error
        return installation.read_state()


def _do(
    installation: Installation, step: Step, actor: str | None, kept: dict[str, Any], folder: Path, echo: Echo
) -> None:
    if step.at:
        installation.clock.set(step.at)
    if step.wait == "facts":
        installation.wait_for_facts()
    elif step.wait == "jobs":
        installation.run_due_jobs()
    elif step.verify:
        installation.wait_for_facts()
        if (
            found := installation.verify()
            if step.verify == "all"
            else installation.walk(None if actor == NOBODY else actor)
        ):
            raise CoopError("not-verified", f"verify found:\n{found}")
    elif step.together:
        with ThreadPoolExecutor(len(step.together)) as pool:
            work = [
                pool.submit(_do, installation, part, part.as_ or actor, kept, folder, echo) for part in step.together
            ]
        for done in work:
            done.result()
    elif step.request:
        _request(installation, step, step.as_ or actor, kept, folder, echo)


def _request(
    installation: Installation, step: Step, actor: str | None, kept: dict[str, Any], folder: Path, echo: Echo
) -> None:
    assert step.request
    method, path = step.request
    answer = installation.send(
        None if actor == NOBODY else actor, method, fill(path, kept), **_body(step, kept, folder)
    )
    echo(f"{method} {path} as {actor or NOBODY}: {answer.status_code} {answer.text[:2000]}")
    if wrong := _unexpected(step, answer, kept):
        raise CoopError("unexpected", f"{wrong}; answer {answer.status_code}: {answer.text[:1000]}")
    if step.keep:
        came = answer.json()
        kept.update({name: find(place, came) for name, place in step.keep.items()})


def _body(step: Step, kept: Mapping[str, Any], folder: Path) -> dict[str, Any]:
    if step.csv is not None:
        return {"content": fill(step.csv, kept).encode(), "headers": {"content-type": "text/csv"}}
    if step.file is not None:
        kind = _MEDIA_TYPES.get(Path(step.file).suffix, "application/octet-stream")
        return {"content": (folder / step.file).read_bytes(), "headers": {"content-type": kind}}
    if step.form is not None:
        return {"data": fill(step.form, kept), "headers": {"accept": "text/html"}}
    return {"json": fill(step.json_, kept)} if step.json_ is not None else {}


def _unexpected(step: Step, answer: httpx2.Response, kept: Mapping[str, Any]) -> str | None:
    expected = step.expect
    if expected.status is not None and answer.status_code != expected.status:
        return f"expected status {expected.status}, came {answer.status_code}"
    if expected.status is None and not answer.is_success and not answer.is_redirect:
        return f"expected that it is taken, came {answer.status_code}"
    if expected.text is not None and fill(expected.text, kept) not in answer.text:
        return f"expected the text {expected.text!r}"
    if expected.json_ is None and expected.exactly is None:
        return None
    try:
        came = answer.json()
    except ValueError:
        return "expected JSON"
    if expected.json_ is not None and (unlike := difference(fill(expected.json_, kept), came)):
        return unlike
    return None if expected.exactly is None else difference(fill(expected.exactly, kept), came, exactly=True)


def _say_nothing(_line: str) -> None:
    return None
