"""A client that was generated from the document plays a month of the demonstration: telegrams, closing, bills."""

from __future__ import annotations

import base64
import json
import shutil
import subprocess
from datetime import date
from pathlib import Path
from typing import Any

from coop.demo.doors import Doors
from coop.demo.plan import DemoPlan
from coop.demo.script import opening
from coop.demo.stream import deliveries
from coop.kit.session import COOKIE
from tests.flows.installation import embedded, signed_in
from tests.servers.absent import ServerAbsent, skip_or_fail

HERE = Path(__file__).resolve().parent
GENERATOR = HERE.parents[1] / "build" / "client-generator" / "bin"
PLAN = DemoPlan(size=4)
CONFIG = "content_type_overrides:\n  text/csv: application/octet-stream\n"


def run(*command: str, folder: Path) -> str:
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False, timeout=240)
    assert done.returncode == 0, (done.stdout + done.stderr)[-3000:]
    return done.stdout


def telegrams() -> list[dict[str, Any]]:
    """What the meters say of January, as the door for many takes it."""
    return [
        {
            "format": delivery.format,
            "gateway": delivery.gateway,
            "received_at": delivery.received_at.isoformat(),
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
            (tmp_path / "openapi.json").write_text(person.get("/openapi.json").text)
            cookie = f"{COOKIE}={person.cookies[COOKIE]}"
        (tmp_path / "config.yaml").write_text(CONFIG)
        (tmp_path / "telegrams.json").write_text(json.dumps(telegrams()))
        generate = ("generate", "--path=openapi.json", "--meta=none", "--output-path=client", "--config=config.yaml")
        said = run(str(GENERATOR / "openapi-python-client"), *generate, folder=tmp_path)
        assert "Endpoint will not be generated" not in said
        shutil.copy(HERE / "play_month.py", tmp_path)
        play = ("play_month.py", settings.public_url(), cookie, "telegrams.json")
        printed = run(str(GENERATOR / "python"), *play, folder=tmp_path).splitlines()
        issued = [f"{bill['number']} {bill['total_cents']}" for bill in doors.get("/billing/api/v1/bills")]
    assert printed == issued
    assert len(printed) >= PLAN.size
