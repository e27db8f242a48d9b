"""The operator's page of what goes out: what waits, what failed and why, and a way to send it again."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from fastapi.testclient import TestClient

from coop.kit.access import ANYBODY, Access
from coop.kit.outbound import Outgoing, Queue, Refused, TryLater, Worker
from coop.kit.service import Pages, Room
from coop.kit.settings import Settings
from coop.operator import outbound
from coop.operator.access import ACCESS
from coop.web.app import assemble_app
from tests.desk import SECRET, lead_to, sign_in
from tests.kit.post import House, Pigeon, greet, mail_queue, open_house
from tests.kit.town import LISTENER

PAGES = Pages(name="operator", label="Operations", access=ACCESS)
PAGE = "/members/outbound"
MEMBERS = replace(LISTENER, name="members", label="Members", access=Access("members", {"see": ANYBODY}))


@pytest.fixture(params=["sqlite", "postgresql"])
def house(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[House]:
    """A service on each database, with a message in each state and one of another co-operative."""
    url = f"sqlite:///{tmp_path}/members.db" if request.param == "sqlite" else request.getfixturevalue("postgres_url")

    def obey(outgoing: Outgoing) -> None:
        if outgoing.recipient.startswith("m0002"):
            raise Refused("550 <b>no</b> such user")
        if outgoing.recipient.startswith("m0003"):
            raise TryLater("451 greylisted")

    with open_house(url) as opened:
        opened.admit(1, 2, 3)
        opened.admit(2, 99, community="zuid")
        opened.work(mail_queue(Pigeon(obey)))
        yield opened


@pytest.fixture
def client(house: House, tmp_path: Path) -> TestClient:
    """The operator's application over it; nobody is signed in."""
    settings = Settings(data_dir=tmp_path, secret=SECRET)
    room = Room(MEMBERS, house.database, settings)
    app = assemble_app("coop", settings, {"members": room}, lead_to("http://testserver"), (PAGES,), (outbound.routes,))
    app.state.databases["operator"] = house.database
    app.state.workers = [Worker(Queue("mail", Pigeon(), greet), house.database)]
    return TestClient(app, base_url="http://testserver", follow_redirects=True, headers={"accept-language": "en"})


def page(client: TestClient, address: str = PAGE) -> str:
    answer = client.get(address, headers={"accept": "text/html"})
    assert answer.status_code == 200
    return answer.text


def test_it_shows_what_failed_and_why_first(client: TestClient) -> None:
    text = page(sign_in(client, "operator"))
    assert "m0002@coop.example" in text
    assert "550 &lt;b&gt;no&lt;/b&gt; such user" in text
    assert "m0001@coop.example" not in text
    assert "m0099@" not in text


def test_it_shows_what_waits_until_when_and_the_proof_of_what_was_delivered(client: TestClient) -> None:
    sign_in(client, "board")
    assert "451 greylisted" in page(client, f"{PAGE}?state=waiting")
    assert "flown to m0001@coop.example" in page(client, f"{PAGE}?state=delivered")
    assert client.get(f"{PAGE}?state=lost").status_code == 422


def test_it_speaks_dutch_and_english(client: TestClient) -> None:
    sign_in(client, "operator")
    assert "Uitgaande berichten" in page(client, f"{PAGE}?lang=nl")
    assert "Outgoing messages" in page(client, f"{PAGE}?lang=en")


def test_what_failed_is_sent_again_from_the_page(client: TestClient, house: House) -> None:
    sign_in(client, "operator")
    (failed,) = house.deliveries("failed")
    text = client.post(f"{PAGE}/{failed.id}/retry").text
    assert "It goes out again now." in text
    assert {delivery.recipient[:5] for delivery in house.deliveries("waiting")} == {"m0002", "m0003"}
    pigeon = Pigeon()
    house.work(mail_queue(pigeon))
    assert "m0002@coop.example" in pigeon.recipients
    assert "delivered or on its way" in client.post(f"{PAGE}/{failed.id}/retry").text


def test_a_whole_queue_is_sent_again_from_the_page(client: TestClient, house: House) -> None:
    sign_in(client, "operator")
    assert "What failed or waited goes out again now." in client.post(f"{PAGE}/queues/mail/retry").text
    pigeon = Pigeon()
    house.work(mail_queue(pigeon))
    assert pigeon.recipients == ["m0002@coop.example", "m0003@coop.example"]
    assert [delivery.state for delivery in house.deliveries(community="zuid")] == ["failed", "delivered"]


def test_programs_read_and_retry_as_people_do(client: TestClient, house: House) -> None:
    sign_in(client, "operator")
    (failed,) = client.get("/members/api/v1/outbound").json()
    assert (failed["recipient"], failed["state"], failed["tries"]) == ("m0002@coop.example", "failed", 1)
    assert "body" not in failed
    assert client.post(f"/members/api/v1/outbound/{failed['id']}/retry").json() == {"id": failed["id"]}
    again = client.post("/members/api/v1/outbound/unknown/retry")
    assert (again.status_code, again.json()["code"]) == (409, "no-retry")
    first = client.get("/members/api/v1/outbound?state=waiting&limit=1")
    assert [message["number"] for message in first.json()] == [failed["number"]]
    assert client.get(first.links["next"]["url"]).json()[0]["tries"] == 1


@pytest.mark.parametrize("roles", [(), ("member",), ("auditor",)])
def test_only_operator_and_board_see_to_whom_it_goes(client: TestClient, roles: tuple[str, ...]) -> None:
    sign_in(client, *roles)
    assert client.get(PAGE).status_code == 403
    assert client.post(f"{PAGE}/queues/mail/retry").status_code == 403
    assert client.get("/members/api/v1/outbound").status_code == 403


def test_a_service_that_runs_elsewhere_is_not_found(client: TestClient) -> None:
    assert sign_in(client, "operator").get("/billing/outbound").status_code == 404
