"""Logs: one JSON line an event, with the ids that are bound."""

from __future__ import annotations

import json
import logging
from collections.abc import Iterator
from typing import Literal

import pytest

from coop.kit import logs


@pytest.fixture(autouse=True)
def root_logger() -> Iterator[None]:
    """Leaves the process's loggers as they were."""
    root, coop = logging.getLogger(), logging.getLogger("coop")
    before = root.handlers[:], root.level, coop.level
    yield
    root.handlers[:], root.level, coop.level = before


def test_a_line_is_json_with_the_ids_of_request_and_fact(capsys: pytest.CaptureFixture[str]) -> None:
    logs.configure("INFO", "json")
    with logs.bind(request_id="r-1", fact_id="f-1"):
        logging.getLogger("coop.kit").warning("%d facts wait", 3)
    line = json.loads(capsys.readouterr().err)
    assert (line["event"], line["request_id"], line["fact_id"], line["level"]) == (
        "3 facts wait",
        "r-1",
        "f-1",
        "warning",
    )


def test_an_exception_is_one_json_line(capsys: pytest.CaptureFixture[str]) -> None:
    logs.configure("INFO", "json")
    try:
        int("nine")
    except ValueError:
        logging.getLogger("coop.kit").exception("failed")
    (line,) = capsys.readouterr().err.splitlines()
    assert json.loads(line)["exception"][0]["exc_type"] == "ValueError"


@pytest.mark.parametrize("log_format", ["json", "text"])
def test_a_trace_does_not_show_what_the_variables_hold(
    log_format: Literal["json", "text"], capsys: pytest.CaptureFixture[str]
) -> None:
    def fail(password: str) -> None:
        int("nine" if password else "")

    logs.configure("INFO", log_format)
    try:
        fail("-".join(("four", "words", "of", "mine")))
    except ValueError:
        logging.getLogger("coop.kit").exception("failed")
    assert "ValueError" in (told := capsys.readouterr().err)
    assert "four-words-of-mine" not in told


def test_libraries_are_silent_below_a_warning(capsys: pytest.CaptureFixture[str]) -> None:
    logs.configure("INFO", "text")
    logging.getLogger("library").info("chatter")
    logging.getLogger("coop.kit").info("heard")
    assert ("heard" in (told := capsys.readouterr().err), "chatter" in told) == (True, False)
