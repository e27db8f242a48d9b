"""deploy/Dockerfile, replayed step by step on the newest Python of this machine, and what comes out run for a year.

Where no container engine can be had this is as near as a test comes to the image: the same files, the same commands in
the same order, in folders of the test instead of at the root.
"""

from __future__ import annotations

import json
import os
import re
import shlex
import shutil
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import httpx2
import pytest

from coop.kit.release import VERSION
from coop.kit.settings import Settings
from tests.flows.installation import wait_until
from tests.founding import found_installation
from tests.servers.absent import ServerAbsent, notes, skip_or_fail
from tests.servers.container import built
from tests.servers.process import free_port
from tests.servers.pythons import newest_python

pytestmark = pytest.mark.slow

ROOT = Path(__file__).resolve().parents[2]
DOCKERFILE = ROOT / "deploy" / "Dockerfile"
PACKAGES_MIB_MAX = 650
"""Most that the environment of the image may take; the demonstration's packages alone would add 250."""


@dataclass(frozen=True)
class Image:
    """What the steps left: the environment that the image has at /opt/coop."""

    home: Path
    steps: list[str]

    def command(self, *arguments: str) -> list[str]:
        """A container's command, through the image's entry point."""
        shell, option, script, name = _entry_point()
        script = script.replace("/tmp/", f"{self.scratch}/").replace("/opt/coop", str(self.home))
        return [shell, option, script, name, *arguments]

    @property
    def scratch(self) -> Path:
        """The container's /tmp."""
        return self.home.parent / "tmp"

    @property
    def environment(self) -> dict[str, str]:
        """The container's environment, and none of this machine's settings."""
        kept = {name: os.environ[name] for name in ("HOME", "LANG") if name in os.environ}
        path = f"{self.home}/bin:/usr/bin:/bin"
        return {**kept, "PATH": path, "PYTHONDONTWRITEBYTECODE": "1", "NUMBA_CACHE_DIR": f"{self.scratch}/numba"}


@pytest.fixture(scope="module")
def image(tmp_path_factory: pytest.TempPathFactory) -> Image:
    """The first stage of the Dockerfile, replayed."""
    folder = tmp_path_factory.mktemp("image")
    source, home = folder / "src", folder / "opt"
    source.mkdir()
    (folder / "tmp").mkdir()
    python = newest_python()
    notes.append(f"The image was replayed on {python}")
    steps = [step for step in _instructions() if step.startswith(("COPY", "RUN"))]
    for step in steps:
        name, _, rest = step.partition(" ")
        if name == "COPY":
            _copy(shlex.split(rest), source)
            continue
        script = rest.replace("/opt/coop", str(home)).replace("python -m venv", f"{shlex.quote(str(python))} -m venv")
        done = subprocess.run(
            ["sh", "-ec", script], cwd=source, env=_builder(), capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, f"{step}\n{done.stdout[-2000:]}{done.stderr[-2000:]}"
    return Image(home, steps)


def _instructions(stage: int = 0) -> list[str]:
    """The instructions of a stage, each on one line."""
    lines = [line for line in DOCKERFILE.read_text().splitlines() if line and not line.startswith("#")]
    text = re.sub(r"\\\n\s*", "", "\n".join(lines))
    return text.split("\nFROM ")[stage].splitlines()


def _last_stage() -> dict[str, list[str]]:
    """What the last stage says, by the name of the instruction."""
    said: dict[str, list[str]] = {}
    for step in _instructions(1)[1:]:  # the first line is the rest of FROM
        name, _, rest = step.partition(" ")
        said.setdefault(name, []).append(rest)
    return said


def _entry_point() -> list[str]:
    words: list[str] = json.loads(_last_stage()["ENTRYPOINT"][0])
    return words


def _copy(words: list[str], source: Path) -> None:
    """COPY, from what the builder is sent: .dockerignore lets nothing else through."""
    *froms, to = words
    sent = [
        line[1:] for line in (ROOT / "deploy" / "Dockerfile.dockerignore").read_text().splitlines() if line[:1] == "!"
    ]
    for name in froms:
        assert any(name == file or name.startswith(f"{file}/") for file in sent), f"{name} is not sent to the builder"
        target = source / to / Path(name).name if to.endswith("/") else source / to
        target.parent.mkdir(parents=True, exist_ok=True)
        if (ROOT / name).is_dir():
            shutil.copytree(ROOT / name, target, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            shutil.copy(ROOT / name, target)


def _builder() -> dict[str, str]:
    dropped = ("PYTHON", "COOP_", "VIRTUAL_ENV")
    return {name: value for name, value in os.environ.items() if not name.startswith(dropped)}


def test_it_holds_this_release_and_nothing_that_builds_or_demonstrates(image: Image) -> None:
    told = _run(image.command("--version"), image.environment)
    assert (told.stdout, told.stderr) == (f"coop {VERSION}\n", "")
    (packages,) = image.home.glob("lib/python*/site-packages")
    installed = {path.name.lower() for path in packages.iterdir()}
    assert "coop" in installed
    assert installed & {"pip", "setuptools", "pandas", "pvlib", "scipy", "pytest"} == set()
    size_mib = sum(path.lstat().st_size for path in image.home.rglob("*") if not path.is_dir()) / 2**20
    notes.append(f"The image's environment takes {size_mib:.0f} MiB")
    assert size_mib < PACKAGES_MIB_MAX


def test_the_last_stage_is_what_the_first_one_made(image: Image) -> None:
    """Every instruction of it is replayed here or above: a new one fails until it is."""
    said = _last_stage()
    assert said.keys() == {"COPY", "RUN", "USER", "ENV", "ENTRYPOINT", "CMD", "EXPOSE"}
    assert said["COPY"] == ["--from=build /opt/coop /opt/coop"]
    assert (image.home / "bin" / "coop").exists()
    given = dict(word.split("=", 1) for word in shlex.split(said["ENV"][0]))
    assert given["PATH"] == "/opt/coop/bin:$PATH"
    assert given.keys() >= image.environment.keys() - {"HOME", "LANG"}
    assert given["NUMBA_CACHE_DIR"] == "/tmp/numba"
    assert said["EXPOSE"] == [str(Settings.model_fields["port"].default)]
    helped = _run(image.command(*json.loads(said["CMD"][0])), image.environment)
    assert (helped.returncode, helped.stderr) == (0, "")
    assert "Usage: coop" in helped.stdout


def test_the_user_of_the_image_owns_its_folders_and_nobody_else_reads_them(tmp_path: Path) -> None:
    said = _last_stage()
    places = {"/var/lib": tmp_path / "lib", "/var/backups": tmp_path / "backups"}
    for folder in places.values():
        folder.mkdir()
    kept = {f"/etc/{name}": tmp_path / name for name in ("passwd", "group")}
    try:
        command = built("\n".join(said["RUN"]), places, kept)
    except ServerAbsent as absent:
        skip_or_fail(absent)
    done = _run(command, _builder())
    assert done.returncode == 0, done.stderr
    [user] = [line.split(":") for line in kept["/etc/passwd"].read_text().splitlines() if line.startswith("coop:")]
    [group] = [line.split(":") for line in kept["/etc/group"].read_text().splitlines() if line.startswith("coop:")]
    assert said["USER"] == [f"{user[2]}:{group[2]}"]
    assert int(user[3]) == int(group[2]) > 0
    given = dict(word.split("=", 1) for word in shlex.split(said["ENV"][0]))
    made = {f"{place}/coop": folder / "coop" for place, folder in places.items()}
    assert given["COOP_DATA_DIR"] in made
    for path in made.values():
        entry = path.stat()
        assert (entry.st_uid, entry.st_gid, entry.st_mode & 0o777) == (int(user[2]), int(group[2]), 0o700)


def test_the_inner_loops_were_compiled_while_it_was_built(image: Image) -> None:
    assert _run(image.command("--version"), image.environment).returncode == 0  # starts, and so copies the cache
    before = len(list((image.scratch / "numba").rglob("*.nbc")))
    assert before > 0
    ahead = [str(image.home / "bin" / "python"), "-m", "coop.operator.compiling"]
    assert _run(ahead, image.environment, image.scratch).returncode == 0
    assert len(list((image.scratch / "numba").rglob("*.nbc"))) == before


def test_it_serves_a_year_of_the_demonstration_and_verifies_every_bill(image: Image, tmp_path: Path) -> None:
    settings = Settings(data_dir=tmp_path / "data", secret="secret of the tests", port=free_port())
    found_installation(settings)
    own = {
        **image.environment,
        "COOP_DATA_DIR": str(settings.data_dir),
        "COOP_SECRET": settings.secret,
        "COOP_PORT": str(settings.port),
    }
    with (tmp_path / "log").open("wb") as log:
        process = subprocess.Popen(image.command("run"), env=own, cwd=tmp_path, stdout=log, stderr=log)
    try:
        wait_until(lambda: _answers(settings), process, 90)
        demo = [sys.executable, "-m", "coop", "demo", "--size", "4", "--no-live", "--url", settings.public_url()]
        played = _run(demo, os.environ | own | {"COOP_DATA_DIR": str(tmp_path / "player")})
        assert played.returncode == 0, played.stderr[-2000:]
    finally:
        process.terminate()
        process.wait(60)
    verified = _run(image.command("verify", "--all"), own)
    assert verified.returncode == 0, verified.stdout[-2000:]
    assert re.search(r"[1-9]\d* bills", verified.stdout), verified.stdout[-500:]


def _run(
    command: Sequence[str], environment: Mapping[str, str], folder: Path | None = None
) -> subprocess.CompletedProcess[str]:
    return subprocess.run(command, env=environment, cwd=folder, capture_output=True, text=True, check=False)


def _answers(settings: Settings) -> bool:
    try:
        return httpx2.get(f"{settings.public_url()}/readyz", timeout=5).status_code == 200
    except httpx2.TransportError:
        return False
