"""A server that is missing skips a test with its reason, and fails it under CI."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]

ASKS_FOR_A_BROWSER = """
import pytest

def test_that_needs_a_browser(chromium):
    pass

def test_that_is_left_out():
    pytest.skip("it rains")

@pytest.mark.xfail
def test_that_is_expected_to_fail():
    assert False
"""


def run_without_programs(folder: Path, *, ci: bool) -> subprocess.CompletedProcess[str]:
    """Runs the three tests above under the project's own conftest, where no program is on the path."""
    (folder / "conftest.py").write_text((ROOT / "tests" / "conftest.py").read_text(encoding="utf-8"), encoding="utf-8")
    (folder / "test_asks.py").write_text(ASKS_FOR_A_BROWSER, encoding="utf-8")
    (folder / "pytest.ini").write_text("[pytest]\naddopts = -ra\n", encoding="utf-8")
    environment = {key: value for key, value in os.environ.items() if key not in ("CI", "COOP_TEST_CHROMIUM")}
    return subprocess.run(
        [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", str(folder)],
        cwd=folder,
        env={**environment, "PYTHONPATH": str(ROOT), "PATH": str(folder), **({"CI": "true"} if ci else {})},
        capture_output=True,
        text=True,
        check=False,
    )


def test_a_missing_server_skips_with_its_reason(tmp_path: Path) -> None:
    done = run_without_programs(tmp_path, ci=False)
    assert done.returncode == 0, done.stdout
    assert "2 skipped, 1 xfailed" in done.stdout
    assert "no Chromium on this machine" in done.stdout


def test_under_ci_nothing_may_be_skipped(tmp_path: Path) -> None:
    done = run_without_programs(tmp_path, ci=True)
    assert done.returncode == 1
    assert "skipped" not in done.stdout.splitlines()[-1]
    assert "1 xfailed" in done.stdout.splitlines()[-1]
    assert "CI must run this test, and cannot: no Chromium on this machine" in done.stdout
    assert "CI must run this test. Skipped: it rains" in done.stdout


@pytest.mark.parametrize("missing", ["java", "mvn"])
def test_kafkas_start_says_what_is_missing(tmp_path: Path, missing: str) -> None:
    programs = tmp_path / "bin"
    programs.mkdir()
    if missing == "mvn":
        java = programs / "java"
        java.write_text("#!/bin/sh\necho 'openjdk version \"17.0.1\"' >&2\n", encoding="utf-8")
        java.chmod(0o755)
    environment = {key: value for key, value in os.environ.items() if key != "JAVA_HOME"}
    done = subprocess.run(
        [sys.executable, str(ROOT / "deploy" / "kafka" / "start"), "--cache", str(tmp_path / "jars"), "--fetch-only"],
        env={**environment, "PATH": f"{programs}"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 1
    assert f"no {missing} " in done.stderr
