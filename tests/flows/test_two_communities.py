"""Two co-operatives live through a year at once in one installation, and nothing of one is seen by the other."""

from __future__ import annotations

import re
import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any
from uuid import uuid4

import httpx2
import pytest
from sqlalchemy import Table, select

from coop.demo.accounts import accounts
from coop.demo.acts import password
from coop.demo.cooperative import COMMUNITY, PROFILE
from coop.demo.doors import Doors
from coop.demo.plan import DemoPlan
from coop.demo.playing import Mark, play_year, through_http
from coop.events import SERVICES
from coop.governance.model import Evidence, Reached
from coop.governance.storage import programme_tables, tables
from coop.governance.storage.entries import add_entry
from coop.governance.storage.reports import add_report
from coop.kit import journal
from coop.kit.actor import COMMAND_LINE
from coop.kit.http import GuardedRoute
from coop.kit.jobs import run_due
from coop.kit.outbound import Message, enqueue
from coop.kit.service import Room
from coop.kit.settings import Settings
from coop.members.community.commands import change_profile
from coop.members.consents.commands import add_purpose, answer_purpose
from coop.members.entry.model import Stands
from coop.members.entry.store import keep_stands
from coop.members.factors.model import Passkey, Reset
from coop.members.factors.store import add_passkey, add_reset
from coop.members.identity.store import list_accounts_of
from coop.members.imports.commands import keep_draft
from coop.members.tables.register import connection
from coop.metering.break_tables import break_proposal
from coop.metering.entries.corrections import propose_correction
from coop.metering.intake.uploads import add_upload
from coop.metering.model import MeterKind, Quantity
from coop.metering.register.store import list_meters
from coop.metering.tables import register
from coop.metering.verdicts import BreakKind
from coop.metering.withdrawal_tables import withdrawal
from coop.operator.chain import CHAIN_CHECK
from coop.operator.runtime import embedded_app, open_rooms, run_jobs
from coop.operator.verification import verify_bills
from coop.web.shell import FLASH_COOKIE
from tests.flows.conftest import Year
from tests.flows.installation import embedded, found_while_it_runs, signed_in, state_of
from tests.operator.test_whole_app import OPEN_TO_ALL, routes_of

ZUID, ZUID_HOST = "zuid", "zuid.example"
PLAN, ZUID_PLAN = DemoPlan(size=4), DemoPlan(size=5, seed=2)
EVERYBODY = ("board", "treasurer", "operator", "auditor", "partner", "member")

ID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}|\b[0-9a-f]{64}\b")

PARAMETERS = {
    "letter_id": [("metering", "dead_letter", "id")],
    "message_id": [("members", "outbound_message", "id")],
    "number": [("members", "iban_proposal", "number")],
    "import_id": [("members", "import_file", "import_id")],
    "account_id": [("members", "account", "account_id")],
    "session_id": [("members", "sign_in", "session_id")],
    "member_id": [("members", "member", "member_id")],
    "delivery_id": [("metering", "delivery", "id")],
    "serial": [("metering", "meter", "serial")],
    "run_id": [("billing", "bill_run", "id"), ("metering", "allocation_run", "id")],
    "connection_id": [("members", "connection", "connection_id")],
    "contract_id": [("billing", "contract_signed", "contract_id")],
    "measurement_id": [("metering", "measurement", "id")],
    "bill_id": [("billing", "bill", "id")],
    "tariff_id": [("billing", "tariff", "tariff_id")],
    "meeting_id": [("governance", "meeting", "meeting_id")],
    "milestone_id": [("governance", "milestone", "milestone_id")],
    "report_id": [("governance", "milestone_report", "report_id")],
    "tranche_id": [("governance", "tranche", "tranche_id")],
    "token_id": [("members", "program", "token_id"), ("governance", "feed_token", "token_id")],
    "draft_id": [("members", "import_draft", "draft_id")],
    "record_id": [("members", "member", "member_id")],
    "passkey_id": [("members", "passkey", "passkey_id")],
    "reset_id": [("members", "factor_reset", "reset_id")],
    "purpose_id": [("members", "purpose", "purpose_id")],
    "sha256": [("members", "consent", "wording_sha256")],
    "correction_id": [("metering", "correction_proposal", "id")],
    "upload_id": [("metering", "reading_upload", "id")],
    "register_id": [("metering", "register", "id")],
    "proposal_id": [("metering", "break_proposal", "id")],
    "withdrawal_id": [("metering", "withdrawal", "id")],
    "entry_id": [("governance", "entry", "entry_id")],
    "resolution_id": [("governance", "resolution", "resolution_id")],
}
"""Columns in which the ids of a route's parameters stand."""

WORDS = {
    "service": "metering",
    "kind": "members",
    "name": "chain-check",
    "setting": "on",
    "outcome": "confirm",
    "queue": "mail",
    "period": "2025-03",
    "read_on": "2025-03-01",
    "day": "2025-01-01",
    "before_s": "1740787200",
    "at_s": "1740790800",
    "code": "not-found",
    "extension": "json",
}
"""Parameters that are the same word for every co-operative."""


@dataclass(frozen=True)
class Town:
    """Two co-operatives in one running installation."""

    settings: Settings
    states: dict[str, dict[str, Any]]

    def enter(self, community: str, *roles: str, host: str | None = None) -> httpx2.Client:
        """Somebody of a co-operative, at its own host name or another."""
        own = ZUID_HOST if community == ZUID else ""
        return signed_in(self.settings, *(roles or EVERYBODY), community=community, host=own if host is None else host)

    def deliver(self, token: str, host: str) -> httpx2.Response:
        """Deliver no telegram with a token at a host name."""
        headers = {"host": host, "authorization": f"Bearer {token}", "accept": "application/json"}
        url = f"{self.settings.public_url()}/metering/api/v1/deliveries?format=p1"
        return httpx2.post(url, headers=headers, content=b"no telegram", timeout=60)


@pytest.fixture(scope="module")
def town(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Town]:
    """Both have lived through their year, at the same time."""
    folder = tmp_path_factory.mktemp("town")
    states: dict[str, dict[str, Any]] = {}
    with embedded(folder) as settings:
        found_while_it_runs(settings, ZUID, ZUID_HOST)

        def live(community: str, plan: DemoPlan, host: str) -> None:
            with Doors(settings, settings.public_url(), community=community, host=host) as doors:
                play_year(plan, doors, through_http(doors), Mark(folder / f"{community}.json", plan), lambda _: None)
                doors.settled()
                states[community] = state_of(doors)

        lives = [
            threading.Thread(target=live, args=lot) for lot in ((COMMUNITY, PLAN, ""), (ZUID, ZUID_PLAN, ZUID_HOST))
        ]
        for life in lives:
            life.start()
        for life in lives:
            life.join()
        yield Town(settings, states)


@pytest.fixture(scope="module")
def rooms(town: Town) -> Iterator[dict[str, Room]]:
    """The databases of both, in which the demonstration has one of everything that a route's id may name."""
    opened = open_rooms(town.settings, migrate=False)
    make_gateway(town)
    account = accounts(PLAN)[0]
    sign_in = {"email": account.login, "password": password(PLAN, account)}
    answer = httpx2.post(f"{town.settings.public_url()}/members/sign-in", data=sign_in)
    assert answer.status_code == 303, answer.text
    with opened["members"].database.write(COMMUNITY, COMMAND_LINE) as tx:
        enqueue(tx, "mail", Message("noor@demo.example", "Welkom", "text/plain", b"Welkom"), "a test")
        change_profile(tx, {"kvk": "", "vat_id": "", "iban": "NL20INGB0001234567"})
        keep_draft(tx, "members", "members.csv", b"number,kind,name,joined_on\n")
        answer_purpose(tx, str(account.member_id), add_purpose(tx, "Visit", "A visit"), "nl", is_given=True)
        account_id = list_accounts_of(tx, str(account.member_id))[0].account_id
        # Stands of a move wait at each of its connections, so that whichever is named has them.
        places = tx.scalars(select(connection.c.connection_id).where(connection.c.community == tx.community))
        for connection_id in places.all():
            keep_stands(tx, Stands(connection_id, date.fromisoformat(WORDS["read_on"]), heat_gj="12.5"))
        add_passkey(tx, Passkey(str(uuid4()), account_id, "phone", "localhost", "abc", b"key", 0, tx.now))
        add_reset(tx, Reset(str(uuid4()), account_id, tx.now, "account:somebody"))
    with opened["metering"].database.write(COMMUNITY, COMMAND_LINE) as tx:
        add_upload(tx, "readings.csv", b"time,gj\n")
        meter = next(one for one in list_meters(tx) if one.kind is MeterKind.HEAT and one.hangs_at(tx.now))
        propose_correction(tx, meter.serial, Quantity.HEAT, tx.now, Decimal("12.5"), "read on the spot")
        register_id = tx.scalars(select(register.c.id).where(register.c.community == tx.community)).first()
        said = {"community": tx.community, "id": str(uuid4()), "register_id": register_id, "reason": "read on the spot"}
        said |= {"at_s": int(WORDS["at_s"]), "proposed_at": tx.now, "proposed_by": "account:somebody"}
        broke = {"before_s": int(WORDS["before_s"]), "before": 5, "after": 0, "kind": BreakKind.KEEP}
        tx.insert(break_proposal, [said | broke])
        tx.insert(withdrawal, [said | {"step_s": 0, "exponent": 0, "value": 5}])
    with opened["governance"].database.write(COMMUNITY, COMMAND_LINE) as tx:
        meeting = tx.execute(select(tables.meeting.c.meeting_id).where(tables.meeting.c.community == tx.community))
        planned = select(programme_tables.milestone.c.milestone_id)
        milestones = tx.scalars(planned.where(programme_tables.milestone.c.community == tx.community))
        add_report(
            tx, str(milestones.first()), Reached(date(2025, 3, 1), 0, (Evidence("photo", "photo.jpg", "0" * 64),))
        )
        add_entry(tx, "ballots", meeting.scalars().first() or "", "room", [], "0" * 64, "")
    yield opened
    for room in opened.values():
        room.database.close()


def rows_of(room: Room, table: Table, community: str) -> list[tuple[Any, ...]]:
    with room.database.read(community) as tx:
        return sorted(map(tuple, tx.execute(select(table).where(table.c.community == tx.community))), key=repr)


def dump(rooms: dict[str, Room], community: str) -> dict[str, list[tuple[Any, ...]]]:
    """Every row of a co-operative."""
    return {
        f"{name}.{table.name}": rows_of(room, table, community)
        for name, room in rooms.items()
        for table in room.service.metadata.sorted_tables
        if "community" in table.c
    }


def ids_in(rows: dict[str, list[tuple[Any, ...]]]) -> set[str]:
    """Ids and hashes in rows, but for those that begin with zeros: documents of the API have them as examples."""
    return {found for table in rows.values() for found in ID.findall(repr(table)) if not found.startswith("00000000")}


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
            if "GET" in (route.methods or ()) and not set(parameters_of(route)) & set(PARAMETERS):
                for service in SERVICES:
                    answer = client.get(fill(route, WORDS | {"service": service}), params={"lang": "en"})
                    assert answer.status_code < 500, (route.path, answer.text)
                    found = set(ID.findall(answer.text))
                    assert not found & (theirs - shared), f"{route.path} shows {found & (theirs - shared)}"
                    assert "Demo-coöperatie" not in answer.text, route.path
                    seen |= found
    assert len(seen & mine) > 100, "its own are shown"


def test_an_id_of_the_other_is_answered_as_an_id_that_nobody_has(town: Town, rooms: dict[str, Room]) -> None:
    before, opened = dump(rooms, COMMUNITY), 0
    asked = list(foreign_ids(town.settings, rooms))
    with town.enter(ZUID) as stranger:
        for route, method, real, invented in asked:
            answers = [ask(stranger, method, route, words) for words in (real, invented)]
            assert answers[0] == answers[1], f"{method} {route.path}: {answers[0][:2]} is not {answers[1][:2]}"
    assert dump(rooms, COMMUNITY) == before, "nothing was changed, and no look was noted"
    with town.enter(COMMUNITY) as owner:
        for route, method, real, _ in asked:
            if method == "GET":
                opened += owner.get(fill(route, real)).status_code == 200
    assert opened >= 12, "the ids are real: their owners open most of them"


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


def make_gateway(town: Town) -> str:
    """Let a gateway of the demonstration in; returns its token."""
    program = {
        "name": f"a gateway of {time.monotonic_ns()}",
        "scopes": ["write:readings"],
        "gateway": f"gw-{time.monotonic_ns()}",
        "meters": "every",
    }
    with town.enter(COMMUNITY) as client:
        made = client.post("/members/api/v1/programs", json=program)
    assert made.is_success, made.text
    return str(made.json()["token"])


def wait_until_known(town: Town, token: str) -> None:
    """Return when metering has heard of a token."""
    for _ in range(200):
        if town.deliver(token, "localhost").status_code != 401:
            return
        time.sleep(0.1)
    raise TimeoutError("metering has not heard of the token")


def letters_of(client: httpx2.Client, service: str) -> set[str]:
    letters = client.get(f"/{service}/api/v1/dead-letters").json()
    return {letter["id"] for letter in (letters["items"] if isinstance(letters, dict) else letters)}


def guarded_routes(settings: Settings) -> list[GuardedRoute]:
    app = embedded_app(settings)
    routes = [route for route in routes_of(app) if isinstance(route, GuardedRoute) and route.path not in OPEN_TO_ALL]
    for room in app.state.rooms.values():
        room.database.close()
    return routes


def parameters_of(route: GuardedRoute) -> list[str]:
    return [name.split(":")[0] for name in re.findall(r"\{([^}]+)\}", route.path)]


def fill(route: GuardedRoute, words: dict[str, str]) -> str:
    return re.sub(r"\{([^}:]+)(:[^}]+)?\}", lambda match: words[match.group(1)], route.path)


def foreign_ids(
    settings: Settings, rooms: dict[str, Room]
) -> Iterator[tuple[GuardedRoute, str, dict[str, str], dict[str, str]]]:
    """Every route that takes an id, with one of the demonstration's in its place, and with one that nobody has."""
    for route in guarded_routes(settings):
        names = [name for name in parameters_of(route) if name in PARAMETERS]
        strange = set(parameters_of(route)) - set(PARAMETERS) - set(WORDS)
        assert not strange, f"{route.path}: say where ids of {strange} stand"
        if names:
            service = route.path.split("/")[1]
            real = {name: find_id(rooms, name, service) for name in names}
            invented = {name: invent(value) for name, value in real.items()}
            words = {**WORDS, "service": PARAMETERS[names[0]][0][0]}
            for method in sorted(route.methods or ()):
                yield route, method, words | real, words | invented


def find_id(rooms: dict[str, Room], name: str, service: str) -> str:
    """An id of the demonstration that the other co-operative has not."""
    wanted = [place for place in PARAMETERS[name] if place[0] == service] or PARAMETERS[name]
    owner, table_name, column = wanted[0]
    table = rooms[owner].service.metadata.tables[table_name]
    at = list(table.c.keys()).index(column)
    values = [{str(row[at]) for row in rows_of(rooms[owner], table, community)} for community in (COMMUNITY, ZUID)]
    only = sorted(values[0] - values[1])
    assert only, f"the demonstration has no {table_name}.{column} of its own"
    return only[0]


def invent(value: str) -> str:
    """An id of the same shape that nobody has."""
    return re.sub(r"[0-9]", lambda digit: str(9 - int(digit.group())), value)


FORM = {
    "confirmed": "yes", "active": "no", "choice": "for", "roles": "member", "left_on": "2030-01-01", "name": "Somebody",
    "email": "somebody@zuid.example", "action": "discard", "held_on": "2030-01-01", "answer": "released", "reason": "x",
}  # fmt: skip
"""Fields of every form and body here, so that what is asked gets as far as looking for the id."""


def ask(client: httpx2.Client, method: str, route: GuardedRoute, words: dict[str, str]) -> tuple[int, str]:
    """Status and text of an answer, without the ids that were asked for and those of the request."""
    path = fill(route, words)
    body: dict[str, Any] = {}
    if method not in ("GET", "DELETE"):
        body = {"json": {**FORM, "roles": ["member"]}} if "/api/" in path else {"data": FORM}
    with suppress(KeyError):
        client.cookies.delete(FLASH_COOKIE)  # what an earlier answer had to say
    answer = client.request(method, path, **body)
    text = answer.text
    for name in PARAMETERS:
        if name in words:
            text = text.replace(words[name], f"<{name}>")
    return answer.status_code, re.sub(r"\b[0-9a-f]{32}\b", "<request>", text)
