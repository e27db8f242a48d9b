"""deploy/systemd, held to systemd's own verdict and to what coop knows."""

from __future__ import annotations

import os
import re
import shlex
import shutil
import subprocess
import sys
import time
from pathlib import Path

import pytest

from coop.kit.settings import Settings
from tests.founding import found_installation
from tests.servers.absent import ServerAbsent, skip_or_fail

UNITS = Path(__file__).resolve().parents[2] / "deploy" / "systemd"
SERVICES = sorted(path.name for path in UNITS.glob("*.service"))
EXPOSURE_MAX = 20
"""Largest exposure that `systemd-analyze security` may see, in tenths: from 0 to 100."""


def analyze(*arguments: str) -> subprocess.CompletedProcess[str]:
    """systemd's own check."""
    program = shutil.which("systemd-analyze")
    if program is None:
        skip_or_fail(ServerAbsent("no systemd-analyze on this machine (Debian: apt-get install systemd)"))
    return subprocess.run([program, *arguments], capture_output=True, text=True, check=False)


def test_systemd_understands_every_unit(tmp_path: Path) -> None:
    for unit in UNITS.iterdir():
        if unit.suffix in (".service", ".timer"):
            text = unit.read_text().replace("/opt/coop/bin/coop", str(Path(sys.executable)))
            (tmp_path / unit.name).write_text(text)
    done = analyze("verify", "--man=no", *(str(path) for path in sorted(tmp_path.iterdir())))
    assert (done.returncode, done.stderr) == (0, "")


@pytest.mark.parametrize("name", SERVICES)
def test_a_unit_may_do_little_more_than_it_needs(name: str) -> None:
    done = analyze("security", "--offline=true", f"--threshold={EXPOSURE_MAX}", str(UNITS / name))
    assert done.returncode == 0, done.stdout[-1000:]


@pytest.mark.parametrize("name", SERVICES)
def test_it_runs_a_command_and_settings_that_coop_knows(name: str) -> None:
    text = (UNITS / name).read_text()
    known = {f"COOP_{field.upper()}" for field in Settings.model_fields}
    given = {variable for line in re.findall(r"^Environment=(.+)$", text, re.MULTILINE) for variable in line.split()}
    assert {variable.split("=")[0] for variable in given if variable.startswith("COOP_")} <= known
    assert "COOP_DATA_DIR=/var/lib/coop" in given
    commands = re.findall(r"^ExecStart=/opt/coop/bin/coop (\S+)", text, re.MULTILINE)
    assert commands
    for command in commands:
        asked = [sys.executable, "-m", "coop", command, "--help"]
        assert subprocess.run(asked, capture_output=True, check=False).returncode == 0, command


def test_the_nightly_backup_writes_a_file_and_takes_old_ones_away(tmp_path: Path) -> None:
    settings = Settings(data_dir=tmp_path / "data", secret="secret of the tests")
    found_installation(settings)
    folder = tmp_path / "coop-backups"
    folder.mkdir()
    for name, days in (("old", 36), ("young", 34)):
        (folder / name).touch()
        os.utime(folder / name, (time.time() - days * 86400,) * 2)
    text = (UNITS / "coop-backup.service").read_text().replace("/var/lib/coop-backups", str(folder))
    environment = {**os.environ, "COOP_DATA_DIR": str(settings.data_dir), "COOP_SECRET": settings.secret}
    for step in ("ExecStart", "ExecStartPost"):
        [line] = re.findall(rf"^{step}=(.+)$", text, re.MULTILINE)
        words = shlex.split(line.replace("/opt/coop/bin/coop", f"{sys.executable} -m coop"))
        assert subprocess.run(words, env=environment, check=False).returncode == 0, line
    made = {path.name for path in folder.iterdir()} - {"young"}
    assert len(made) == 1
    assert made.pop().startswith("coop-backup-")
