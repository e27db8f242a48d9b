"""Guides name what there is: every page and door answers to its address, every command is one."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import typer.main
from fastapi import APIRouter
from starlette.routing import Route

from coop.operator.cli import app
from coop.operator.pages import OPERATOR
from coop.operator.services import SERVICES
from tests.docs.pages import ROOT
from tests.operator.test_jobs_of_each_role import JOBS

GUIDES = sorted((ROOT / "docs" / "guides").glob("*.md"))
NAMING = [*GUIDES, ROOT / "README.md"]
SERVED = {"members", "metering", "billing", "governance", "operations", "access", "documents", "problems"}
"""First parts of addresses that the product serves; other paths in a guide are those of files."""

_ADDRESS = re.compile(r"`(?:GET |POST |PUT |DELETE )?(/[a-z][\w/.{}<>-]*)[^`]*`")
_COMMAND = re.compile(r"`(?:\S*/)?coop ([^`]+)`|^(?:\S*/)?coop ([^\n#]+)", re.MULTILINE)


def patterns() -> list[re.Pattern[str]]:
    """The address of every route, any word in the place of a parameter."""
    routers: Iterator[APIRouter] = (router for room in (*SERVICES, OPERATOR) for router in room.routers)
    paths = [route.path for router in routers for route in router.routes if isinstance(route, Route)]
    return [re.compile(re.sub(r"\{[^}]+\}", "[^/]+", path) + "/?") for path in paths]


@pytest.mark.parametrize("guide", NAMING, ids=lambda guide: guide.stem)
def test_every_address_in_a_guide_is_served(guide: Path) -> None:
    routes = patterns()
    named = {path for path in _ADDRESS.findall(guide.read_text()) if path.split("/")[1] in SERVED}
    unknown = [path for path in sorted(named) if not any(route.fullmatch(path.rstrip(".")) for route in routes)]
    beginnings = {path for path in unknown if path.endswith("/v1/")}
    assert sorted(set(unknown) - beginnings) == []


@pytest.mark.parametrize("guide", NAMING, ids=lambda guide: guide.stem)
def test_every_command_in_a_guide_is_one(guide: Path) -> None:
    root = typer.main.get_command(app)
    wrong = []
    for groups in _COMMAND.findall(guide.read_text()):
        words = shlex.split((groups[0] or groups[1]).replace("...", ""), comments=True)
        if not words or not re.fullmatch(r"[a-z]+", words[0]):  # an option, or a sentence about the program
            continue
        if (reason := refuse(root, words)) is not None:
            wrong.append(reason)
    assert wrong == []


def refuse(command: Any, words: list[str]) -> str | None:
    """Say why words are no command of the program: an unknown name, or an option that it has not."""
    while hasattr(command, "commands") and words and not words[0].startswith("-"):
        if words[0] not in command.commands:
            return f"{command.name} {words[0]}"
        command, words = command.commands[words[0]], words[1:]
    known = {option for parameter in command.params for option in (*parameter.opts, *parameter.secondary_opts)}
    unknown = [word for word in words if word.startswith("--") and word.partition("=")[0] not in known | {"--help"}]
    return f"{command.name} {' '.join(unknown)}" if unknown else None


def test_the_boards_guide_says_on_which_page_each_job_of_each_role_is_done() -> None:
    table = (ROOT / "docs" / "guides" / "board.md").read_text().partition("## Waar staat wat")[2].partition("\n## ")[0]
    pages = {page.partition("?")[0] for jobs in JOBS.values() for _, page, _ in jobs if "{" not in page}
    named = set(_ADDRESS.findall(table))
    # A page of one thing is reached from the list of such things.
    assert sorted(page for page in pages if page not in named and page.rsplit("/", 1)[0] not in named) == []


def list_commands(command: Any, words: tuple[str, ...] = ()) -> Iterator[tuple[str, ...]]:
    """Every command that does something, by the words that call it."""
    for name, below in getattr(command, "commands", {}).items():
        yield from list_commands(below, (*words, name)) if hasattr(below, "commands") else [(*words, name)]


def test_every_command_is_told_in_the_operator_s_guide() -> None:
    guide = (ROOT / "docs" / "guides" / "operator.md").read_text()
    parts = re.split(r"\n\n(?=\S)", guide)  # one of a group may be named by its own word where the group is
    untold = [
        words
        for words in list_commands(typer.main.get_command(app))
        if not any(
            re.search(rf"coop {' '.join(words)}\b", part)
            or (f"coop {words[0]}" in part and re.search(rf"`{words[-1]}\b", part))
            for part in parts
        )
    ]
    assert untold == []


def test_each_role_has_a_guide_that_the_others_lead_to() -> None:
    names = {guide.name for guide in GUIDES}
    assert names == {"board.md", "integrator.md", "member.md", "operator.md", "secretary.md", "treasurer.md"}
    readme = (ROOT / "README.md").read_text()
    assert all(f"docs/guides/{name}" in readme for name in names)


@pytest.mark.parametrize("guide", NAMING, ids=lambda guide: guide.stem)
def test_every_picture_of_a_guide_is_there_and_small(guide: Path) -> None:
    for target in re.findall(r"!\[[^\]]*\]\(([^)]+)\)", guide.read_text()):
        picture = (guide.parent / target).resolve()
        assert picture.is_file(), target
        assert picture.stat().st_size < 150_000, f"{target} weighs {picture.stat().st_size} bytes"
