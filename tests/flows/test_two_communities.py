"""Two co-operatives live through a year at once in one installation, and nothing of one is seen by the other."""

from __future__ import annotations

import re
from collections import Counter
from typing import Any

import httpx2

from coop.demo.cooperative import COMMUNITY, PROFILE
from coop.events import SERVICES
from coop.kit import journal
from coop.kit.jobs import run_due
from coop.kit.service import Room
from coop.operator.chain import CHAIN_CHECK
from coop.operator.runtime import run_jobs
from coop.operator.verification import verify_bills
from tests.flows.addresses import NAMES, WORDS, fill, guarded_routes, parameters_of
from tests.flows.conftest import Year
from tests.flows.town import ZUID, ZUID_HOST, Town, dump, make_gateway, rows_of, wait_until_known

ID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}|\b[0-9a-f]{64}\b")


def test_each_comes_to_the_year_that_it_has_alone(town: Town, year: Year) -> None:
    assert town.states[COMMUNITY] == year.state
    assert town.states[ZUID]["billing"]["bills"]
    assert town.states[ZUID] != town.states[COMMUNITY]
    for community in (COMMUNITY, ZUID):
        said: list[str] = []
        assert verify_bills(town.settings, community, "", said.append), said


def test_no_page_list_or_answer_of_one_holds_an_id_of_the_other(town: Town, rooms: dict[str, Room]) -> None:
    mine, theirs = ids_in(dump(rooms, ZUID)), ids_in(dump(rooms, COMMUNITY))
    shared = mine & theirs
    seen: set[str] = set()
    with town.enter(ZUID) as client:
        for route in guarded_routes(town.settings):
            if "GET" in (route.methods or ()) and NAMES.isdisjoint(parameters_of(route)):
                for service in SERVICES:
                    answer = client.get(fill(route, WORDS | {"service": service}), params={"lang": "en"})
                    assert answer.status_code < 500, (route.path, answer.text)
                    found = set(ID.findall(answer.text))
                    assert not found & (theirs - shared), f"{route.path} shows {found & (theirs - shared)}"
                    assert "Demo-coöperatie" not in answer.text, route.path
                    seen |= found
    assert len(seen & mine) > 100, "its own are shown"


def test_a_session_of_one_is_no_sign_in_at_the_other_s_host_name(town: Town) -> None:
    for community, host in ((COMMUNITY, ZUID_HOST), (ZUID, "localhost")):
        with town.enter(community, host=host) as client:
            for path in ("/members/api/v1/members", "/billing/api/v1/bills", "/governance/api/v1/state"):
                assert client.get(path).status_code == 401, (community, path)
            page = client.get("/", headers={"accept": "text/html"})
            assert "Somebody" not in page.text, "nobody is signed in"


def test_a_token_of_one_opens_nothing_at_the_other_s_host_name(town: Town) -> None:
    token = make_gateway(town)
    wait_until_known(town, token)
    assert "wrong-token" in town.deliver(token, ZUID_HOST).text
    assert "nothing-good" in town.deliver(token, "localhost").text, "at its own it is a sign-in"


def test_counts_dead_letters_and_jobs_are_those_of_one(town: Town, rooms: dict[str, Room]) -> None:
    run_jobs(rooms)
    told: dict[str, dict[str, Counter[str]]] = {}
    for community in (COMMUNITY, ZUID):
        with town.enter(community) as client:
            for name, room in rooms.items():
                rows = rows_of(room, journal.journal, community)
                kinds = Counter(row[list(journal.journal.c.keys()).index("type")] for row in rows)
                told.setdefault(name, {})[community] = kinds
                assert client.get(f"/{name}/api/v1/traffic").json()["told"] == kinds
    assert told["billing"][COMMUNITY] != told["billing"][ZUID]
    with town.enter(COMMUNITY) as demo, town.enter(ZUID) as zuid:
        assert letters_of(demo, "metering"), "the demonstration has faults"
        assert not letters_of(demo, "metering") & letters_of(zuid, "metering")
        zuid.post(f"/billing/api/v1/jobs/{CHAIN_CHECK.name}", json={"enabled": False}).raise_for_status()
        switched = {
            client: next(
                job["enabled"] for job in client.get("/billing/api/v1/jobs").json() if job["name"] == CHAIN_CHECK.name
            )
            for client in (demo, zuid)
        }
        assert switched == {demo: True, zuid: False}
    assert run_due(CHAIN_CHECK, rooms["billing"].database, ZUID) is False


def test_a_bill_on_paper_names_its_own_co_operative(town: Town) -> None:
    with town.enter(ZUID) as zuid, town.enter(COMMUNITY) as demo:
        for client, own, other in ((zuid, "zuid U.A.", PROFILE.name), (demo, PROFILE.name, "zuid U.A.")):
            bill = client.get("/billing/api/v1/bills").json()
            bill_id = (bill["items"] if isinstance(bill, dict) else bill)[0]["bill_id"]
            page = client.get(f"/billing/bills/{bill_id}", headers={"accept": "text/html"}).text
            assert own in page
            assert other not in page
            assert client.get(f"/billing/bills/{bill_id}.pdf").content.startswith(b"%PDF")


def ids_in(rows: dict[str, list[tuple[Any, ...]]]) -> set[str]:
    """Ids and hashes in rows, but for those that begin with zeros: documents of the API have them as examples."""
    return {found for table in rows.values() for found in ID.findall(repr(table)) if not found.startswith("00000000")}


def letters_of(client: httpx2.Client, service: str) -> set[str]:
    letters = client.get(f"/{service}/api/v1/dead-letters").json()
    return {letter["id"] for letter in (letters["items"] if isinstance(letters, dict) else letters)}
