"""What happens when a server cannot be had: a skip with its reason, and under CI a failure.

A developer without Java or Chromium still gets every other test; where the environment says `CI=true` nothing may be
left out, so there the same words fail the test.
"""

from __future__ import annotations

import os
from typing import NoReturn

import pytest

notes: list[str] = []
"""What the end of the run should say about the servers that it had; tests/conftest.py prints it."""


class ServerAbsent(Exception):
    """This machine cannot start the server; the message says what is missing."""


def nothing_may_be_skipped() -> bool:
    """Whether this run has to have every server."""
    return os.environ.get("CI") == "true"


def skip_or_fail(reason: ServerAbsent) -> NoReturn:
    """Ends the test that asked for the server."""
    if nothing_may_be_skipped():
        pytest.fail(f"CI must run this test, and cannot: {reason}", pytrace=False)
    pytest.skip(str(reason))


def turn_skip_into_failure(report: pytest.TestReport | pytest.CollectReport) -> None:
    """Makes a skipped test or module a failed one under CI; an expected failure stays what it is."""
    if report.skipped and nothing_may_be_skipped() and not hasattr(report, "wasxfail"):
        _, _, reason = report.longrepr if isinstance(report.longrepr, tuple) else ("", 0, str(report.longrepr))
        report.outcome = "failed"
        report.longrepr = f"CI must run this test. {reason}"
