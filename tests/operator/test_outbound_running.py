"""The application runs the queues of its services, and health and metrics tell of them."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from fastapi.testclient import TestClient

from coop.kit.outbound import Queue, enqueue
from coop.kit.service import Room
from coop.kit.settings import Settings
from coop.operator.runtime import build_app, local_bus, open_rooms
from tests.desk import SECRET, sign_in
from tests.founding import found_everywhere
from tests.kit.post import Pigeon, letter, until
from tests.kit.town import COMMUNITY, SECRETARY


def test_a_queue_of_a_service_is_served_while_the_application_runs(tmp_path: Path) -> None:
    pigeon = Pigeon()
    settings = Settings(data_dir=tmp_path, secret=SECRET)
    rooms = open_rooms(settings)
    found_everywhere(rooms)
    members = rooms["members"]
    service = replace(members.service, queues=lambda _room: [Queue("mail", pigeon)])
    rooms["members"] = Room(service, members.database, settings)
    app = build_app("coop", settings, rooms, local_bus(rooms), None, scheduled=False)
    with TestClient(app, base_url="http://testserver") as client:
        with members.database.write(COMMUNITY, SECRETARY) as tx:
            enqueue(tx, "mail", letter("noor@lid.example"), "sign-in 1")
        sign_in(client, "operator")
        page = "/members/outbound?state=delivered&lang=en"
        until(lambda: "flown to noor@lid.example" in client.get(page, headers={"accept": "text/html"}).text)
        assert client.get("/readyz").json()["parts"]["outbound members mail"] == "ok"
        assert 'coop_messages_waiting{queue="mail",service="members"} 0.0' in client.get("/metrics").text
        elsewhere = client.get("/billing/outbound?lang=en", headers={"accept": "text/html"})
        assert "This service sends nothing to others." in elsewhere.text
