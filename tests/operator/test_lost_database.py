"""A database that is lost while the installation is down: it says so once it runs, and what it heard comes back."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from datetime import date
from pathlib import Path

import pytest
from fastapi.testclient import TestClient

from coop.events import Event
from coop.events.billing import BillIssued
from coop.events.members import MemberLeft
from coop.kit import inbox, positions, signals
from coop.kit.actor import COMMAND_LINE
from coop.kit.service import Room
from coop.kit.settings import Settings
from coop.operator.runtime import embedded_app
from tests.desk import COMMUNITY, SECRET


@pytest.fixture
def settings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Settings:
    """An installation whose services say twice a second where they stand."""
    for name in ("EVERY_S", "SOON_S", "ASK_AFTER_S"):
        monkeypatch.setattr(signals, name, 0.5)
    monkeypatch.setattr(positions, "SUSPICION_LASTS", positions.SUSPICION_LASTS / 10)
    return Settings(data_dir=tmp_path, secret=SECRET)


def test_a_lost_database_announces_itself_and_hears_again_what_others_told(settings: Settings) -> None:
    with TestClient(embedded_app(settings)) as client:
        tell(
            client, "members", *(MemberLeft(member_id=f"m-{number}", left_on=date(2025, 1, 1)) for number in range(20))
        )
        tell(client, "billing", issued("b-1"))
        wait_until(lambda: count_heard(client) == 20)
        others = ("members", "metering", "governance")
        wait_until(lambda: all(heads_of(client, service).get("billing") == 1 for service in others))
        assert gaps(client) == {
            "gaps members": "ok",
            "gaps metering": "ok",
            "gaps billing": "ok",
            "gaps governance": "ok",
        }

    (settings.data_dir / "billing.db").unlink()
    with TestClient(embedded_app(settings)) as client:
        wait_until(lambda: count_heard(client) == 20)
        wait_until(lambda: "ok" not in gaps(client).values())
        assert gaps(client)["gaps billing"].endswith(
            "remembers position 1, and this journal ends at 0: it was lost or cut back"
        )
        assert gaps(client)["gaps members"] == "the journal of billing was lost or cut back: of 1 facts it has 0"
        assert client.get("/readyz").status_code == 503


def issued(bill_id: str) -> BillIssued:
    day = date(2025, 1, 1)
    return BillIssued(
        bill_id=bill_id,
        number="2025-0001",
        kind="bill",
        corrects=None,
        member_id="m-1",
        contract_id="c-1",
        period_start=day,
        period_end=day,
        total_cents=1,
        credit_cents=0,
        tariff_ids=(),
        resolution_ids=(),
        inputs_hash="0" * 64,
        issued_on=day,
    )


def tell(client: TestClient, service: str, *events: Event) -> None:
    with rooms_of(client)[service].database.write(COMMUNITY, COMMAND_LINE) as tx:
        tx.tell(*events)


def rooms_of(client: TestClient) -> Mapping[str, Room]:
    rooms: Mapping[str, Room] = client.app.state.rooms  # type: ignore[attr-defined]  # our FastAPI app
    return rooms


def count_heard(client: TestClient) -> int:
    """Number of facts that billing heard, parked ones included."""
    with rooms_of(client)["billing"].database.read(COMMUNITY) as tx:
        return sum(inbox.count_heard(tx).values())


def heads_of(client: TestClient, service: str) -> dict[str, int]:
    with rooms_of(client)[service].database.system_read() as sql:
        return {state.source: state.head_position for state in positions.list_sources(sql)}


def gaps(client: TestClient) -> dict[str, str]:
    parts: dict[str, str] = client.get("/readyz").json()["parts"]
    return {name: text for name, text in parts.items() if name.startswith("gaps ")}


def wait_until(is_true: Callable[[], bool], patience_s: float = 60.0) -> None:
    deadline = time.monotonic() + patience_s
    while not is_true():
        assert time.monotonic() < deadline, "it did not happen"
        time.sleep(0.1)
