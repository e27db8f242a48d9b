"""Every table of rows on a page has its files: a new table without them fails here."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from jinja2 import nodes

import coop
from coop.kit.http import GuardedRoute
from coop.operator.exports import routes as operator_routes
from coop.operator.services import SERVICES
from coop.web.shell import environment

PAGES = sorted(Path(coop.__file__).parent.glob("*/templates/*.html"))

NO_LISTS = {
    ("web/ui.html", "Table of a chart"): "the chart's own list has its files beside the chart",
    ("web/ui.html", "problems"): "what is wrong with a form",
    ("metering/meters_import.html", "Columns"): "help",
    ("metering/file.html", "First lines of the file"): "a file of the reader's own",
    ("metering/break.html", "What each would make of it"): "what a form of the reader's own would do",
    ("metering/meter_withdraw.html", "What it changes for this meter"): "what a form of the reader's own would do",
    ("metering/meters_preview.html", "New meters"): "what a file of the reader's own holds",
    ("members/connection.html", "Who held it"): "a few rows of the list of connections, which has its files",
    ("members/connection.html", "Contracts"): "a few rows of the list of contracts, which has its files",
    ("members/register_parts.html", "What changes"): "what a form of the reader's own would do",
    ("members/register_parts.html", "Changed while your form was open"): "beside the form that it concerns",
    ("members/register_parts.html", ""): "billing's list of bills has its files",
    ("members/erasures.html", "Requests to erase"): "what waits for somebody, with a button each",
    ("members/moves.html", "Moves that members told of"): "what waits for somebody; in each member's own data",
    ("members/privacy.html", "Only with consent"): "the words of each use, with a button",
    ("members/member_privacy.html", "What holds now"): "one row for each use; the answers are below it",
    ("members/privacy_parts.html", "What was said, and when"): "in one's own data, as a file",
    ("members/privacy_parts.html", ""): "in one's own data, as a file",
    ("billing/law.html", ""): "one file for all publications, below the tables",
    ("billing/law_waiting.html", "Figures"): "what waits for somebody, with a button",
    ("governance/challenge.html", "Who asked"): "in the minutes of the meeting, as data",
    ("billing/effects_look.html", "Every contract, dearest first"): "what a form of the reader's own would do",
    ("governance/programme_look.html", "Milestones"): "what a form of the reader's own would do",
    ("governance/programme_look.html", "Tranches"): "what a form of the reader's own would do",
    ("metering/member_energy.html", "Heat by month"): "a few rows of the lists of everybody's months",
    ("metering/member_energy.html", "Shared electricity by month"): "a few rows of the lists of everybody's months",
    ("members/privacy_parts.html", "Used without asking"): "help: the same for everybody",
    ("members/own_tokens.html", "Programs that may read what is yours"): "a few of one's own, with a button each",
    ("members/message_parts.html", ""): "its files stand below it on every page that shows it",
    ("operator/documents.html", "Facts that services tell"): "the AsyncAPI document says it to programs",
    ("operator/documents.html", ""): "the OpenAPI document says it to programs",
    ("operator/access.html", ""): "one file for all rooms, below the tables",
}
"""Tables that are no list of rows, or whose files stand elsewhere on the page, with the reason."""


def name_of(page: Path) -> str:
    return f"{page.parents[1].name}/{page.name}"


def tables_of(page: Path) -> Iterator[tuple[str, str]]:
    """Caption and address of the files of each table on a page; what a page reckons stands as ``{}``."""
    for call in environment("en").parse(page.read_text()).find_all(nodes.Call):
        if isinstance(call.node, nodes.Getattr) and call.node.attr in ("table", "downloads"):
            caption = call.args[1 if call.node.attr == "downloads" else 0]
            options = {keyword.key: keyword.value for keyword in call.kwargs}
            address = call.args[0] if call.node.attr == "downloads" else options.get("export")
            yield text_of(caption), written(address) if address is not None else ""


def text_of(node: nodes.Expr) -> str:
    """The English of a caption that is one translated text; empty where the page reckons it."""
    if isinstance(node, nodes.Call) and isinstance(node.node, nodes.Name) and node.node.name == "_":
        return str(node.args[0].as_const())
    return ""


def written(node: nodes.Expr) -> str:
    if isinstance(node, nodes.Const):
        return str(node.value)
    if isinstance(node, nodes.Concat):
        return "".join(written(part) for part in node.nodes)
    return "{}"


def unnamed(path: str) -> str:
    """A route's path as pages write it: without the names of its parts, and without the kind of file."""
    return re.sub(r"\{\w+\}", "{}", path.removesuffix(".{extension}"))


@pytest.mark.parametrize("page", PAGES, ids=name_of)
def test_every_table_of_rows_has_its_files(page: Path) -> None:
    bare = [caption for caption, address in tables_of(page) if not address]
    assert [caption for caption in bare if (name_of(page), caption) not in NO_LISTS] == []


def test_every_address_of_files_is_one_that_somebody_answers() -> None:
    routers = [*(router for service in SERVICES for router in service.routers), operator_routes]
    routes = [route for router in routers for route in router.routes if isinstance(route, GuardedRoute)]
    exports = {unnamed(route.path) for route in routes if route.path.endswith(".{extension}")}
    named = {address.split("?")[0].removesuffix("{}") for page in PAGES for _, address in tables_of(page) if address}
    assert len(named) > 30
    for address in named:
        assert address in exports, address
    no_lists = {"/metering/exports/readings", "/members/imports/templates/{}"}
    assert exports - named <= no_lists, "a list that no page leads to"


def test_every_exception_is_still_one() -> None:
    tables = {(name_of(page), caption) for page in PAGES for caption, address in tables_of(page) if not address}
    assert {key for key in NO_LISTS if not key[0].startswith("web/")} <= tables
