"""A client that was generated from the document plays a month of the demonstration: telegrams, closing, bills."""

from __future__ import annotations

import base64
import json
import re
import shutil
import subprocess
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from coop.demo.doors import Doors
from coop.demo.plan import DemoPlan
from coop.demo.script import opening
from coop.demo.stream import deliveries
from coop.kit.session import COOKIE
from tests.flows.installation import embedded, signed_in
from tests.servers.absent import ServerAbsent, skip_or_fail

pytestmark = pytest.mark.slow

HERE = Path(__file__).resolve().parent
GENERATOR = HERE.parents[1] / "build" / "client-generator" / "bin"
PLAN = DemoPlan(size=4)
GUIDE = (HERE.parents[1] / "docs" / "guides" / "integrator.md").read_text()


def run(*command: str, folder: Path) -> str:
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False, timeout=240)
    assert done.returncode == 0, (done.stdout + done.stderr)[-3000:]
    return done.stdout + done.stderr


def shown(language: str, holding: str) -> str:
    """The block of the integrator's guide in a language that holds a text."""
    blocks: list[str] = re.findall(rf"```{language}\n(.*?)```", GUIDE, re.DOTALL)
    return next(block for block in blocks if holding in block)


def telegrams() -> list[dict[str, Any]]:
    """What the meters say of January."""
    return [
        {
            "format": delivery.format,
            "gateway": delivery.gateway,
            "body": base64.b64encode(delivery.body).decode(),
        }
        for delivery in deliveries(PLAN, date(2025, 1, 1), date(2025, 2, 6))
    ]


def test_a_generated_client_delivers_a_month_and_reads_its_bills(tmp_path: Path) -> None:
    if not (GENERATOR / "openapi-python-client").exists():
        skip_or_fail(ServerAbsent("no generator of a client: make client-generator"))
    with embedded(tmp_path / "data") as settings, Doors(settings, settings.public_url()) as doors:
        for step in opening(PLAN):
            step.do(doors)
        doors.settled()
        with signed_in(settings, "board", "treasurer", "operator") as person:
            cookie = f"{COOKIE}={person.cookies[COOKIE]}"
        (tmp_path / "client.yaml").write_text(shown("yaml", "content_type_overrides"))
        (tmp_path / "telegrams.json").write_text(json.dumps(telegrams()))
        command = shown("sh", "openapi-python-client").replace("https://coop.example", settings.public_url())
        said = run(str(GENERATOR / command.split()[0]), *command.split()[1:], folder=tmp_path)
        assert said.strip() == "Generating client", "the generator warns of nothing"
        shutil.copy(HERE / "play_month.py", tmp_path)
        play = ("play_month.py", settings.public_url(), cookie, "telegrams.json")
        printed = run(str(GENERATOR / "python"), *play, folder=tmp_path).splitlines()
        issued = [f"{bill['number']} {bill['total_cents']}" for bill in doors.get("/billing/api/v1/bills")]
    assert printed == issued
    assert len(printed) >= PLAN.size
