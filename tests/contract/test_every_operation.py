"""Every operation is tried with good and bad requests: no failure of ours, no answer that the document leaves out."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from coop.kit.session import COOKIE
from tests.contract.conftest import Served

pytestmark = pytest.mark.slow

CHECKS = (
    "not_a_server_error,status_code_conformance,content_type_conformance,response_headers_conformance,"
    "response_schema_conformance"
)


def test_no_request_fails_on_our_side_or_gets_an_answer_that_is_not_in_the_document(
    served: Served, tmp_path: Path
) -> None:
    with served.client() as client:
        cookie = client.cookies[COOKIE]
    done = subprocess.run(
        [
            sys.executable,
            "-m",
            "schemathesis.cli",
            "run",
            f"{served.settings.public_url()}/openapi.json",
            f"--header=Cookie: {COOKIE}={cookie}",
            f"--checks={CHECKS}",
            "--phases=examples,coverage,fuzzing",
            "--max-examples=5",
            "--seed=6",
            "--no-shrink",
            "--continue-on-failure",
            "--request-timeout=30",
            "--report=json",
            f"--report-json-path={tmp_path / 'report.json'}",
            "--generation-database=none",
        ],
        cwd=tmp_path,
        env={**os.environ, "NO_COLOR": "1"},
        capture_output=True,
        text=True,
        check=False,
        timeout=900,
    )
    said = re.sub(r"(%[0-9A-F]{2}){100,}", "%..", done.stdout)
    assert done.returncode == 0, said[-8000:] + done.stderr[-2000:]
    selected, tested = (int(re.search(rf"{word}: (\d+)", said)[1]) for word in ("Selected", "Tested"))  # type: ignore[index]
    assert selected == tested > 60
