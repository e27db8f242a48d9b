"""The jobs of each role that need no played year: the page of each opens for whoever does it, and has what it takes.

A job that moves to another page moves here as well; one that is taken off its page is seen. Jobs on bills, readings and
votes that are there already are walked by the browser (``tests/browser``).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import date

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient

from coop.kit.actor import COMMAND_LINE, Actor
from coop.kit.relay import settle
from coop.kit.session import COOKIE, Session, sign
from coop.kit.settings import Settings
from coop.members.connections.store import list_connections
from coop.members.contracts.store import list_contracts
from coop.members.identity.commands.accounts import create_account
from coop.members.identity.model import ROLES, NewAccount
from coop.members.imports.commands import import_register
from coop.members.register.store import list_members
from coop.metering.model import Meter, MeterKind
from coop.metering.register.commands import register_meters
from coop.operator.beginning import begin, draft_profile
from coop.operator.runtime import embedded_app, local_bus
from coop.values import midnight
from tests.desk import SECRET
from tests.members.sample import CONNECTIONS, CONTRACTS, MEMBERS, OCCUPANCIES

COMMUNITY = "warm"
BOARD = Actor("account", "a-1", "page")
FILES = {"members": MEMBERS, "connections": CONNECTIONS, "occupancies": OCCUPANCIES, "contracts": CONTRACTS}

JOBS: Mapping[str, tuple[tuple[str, str, str], ...]] = {
    "member": (
        ("change my address to sign in with", "/members/me", 'name="email"'),
        ("change my password", "/members/me", 'action="/members/me/password"'),
        ("see where I am signed in", "/members/me", "signed in"),
        ("take all my data as files", "/members/me", "/export"),
        ("choose a second factor", "/members/factors", "/members/factors/app"),
        ("say yes or no to a use of my data, and see who looked", "/members/me/privacy", "<form"),
        ("ask to be forgotten", "/members/me/privacy", "erasure"),
        ("report a move of my own", "/members/me/move", 'name="moved_on"'),
        ("choose mail or letters, and the language", "/members/me/messages", 'name="language"'),
        ("let a program of mine read my data", "/members/me/tokens", 'name="name"'),
        ("enter a reading of my meter", "/metering/reading", "<form"),
        ("see my energy", "/metering/", "<h1"),
        ("see my bills and ceiling", "/billing/", "<h1"),
        ("see the tariff and its vote", "/billing/tariffs", "<h1"),
        ("see meetings and vote", "/governance/", "<h1"),
        ("read the statutes", "/governance/statutes", "<h1"),
    ),
    "board": (
        ("change the particulars and the logo", "/members/community", 'name="kvk"'),
        ("propose another bank account", "/members/community", 'name="iban"'),
        ("make choices", "/members/community/choices", "/members/community/choices/"),
        ("read in the register, by template, CSV or xlsx", "/members/imports", 'type="file"'),
        ("undo what a file brought", "/members/imports", "/undo"),
        ("find, sort, filter and take away members", "/members/", "/members/exports/members"),
        ("admit one member", "/members/register/members/new", 'name="joined_on"'),
        ("change one member", "/members/register/members/{member}/edit", 'name="reason"'),
        ("open a connection", "/members/register/connections/new", 'name="ean"'),
        ("give a connection to a member", "/members/register/occupancies/new", 'name="opened_on"'),
        ("sign a contract with gas bills", "/members/register/contracts/new", 'name="tariff_clause"'),
        (
            "correct gas bills, joint holders, who pays",
            "/members/register/contracts/{contract}/edit",
            'name="payer"',
        ),
        ("report a move, with stands", "/members/register/connections/{connection}/move", 'name="moved_on"'),
        ("write down moves that members tell of", "/members/register/moves", "<h1"),
        ("end a membership", "/members/{member}", 'name="left_on"'),
        ("see all that is there on one member", "/members/{member}", "data-card="),
        ("invite everybody", "/members/accounts/invitations", "<form"),
        ("invite one member", "/members/{other}/accounts", 'name="email"'),
        ("make an account for a partner or staff", "/members/accounts", 'name="roles"'),
        ("propose, confirm and take roles", "/members/accounts/{account}", "/roles"),
        ("send a reset to its owner", "/members/accounts/{account}", "/invite"),
        ("close an account, end its sessions", "/members/accounts/{account}", 'name="active"'),
        ("join an account with a member", "/members/accounts/{account}", "/join"),
        ("take off a second factor that was lost", "/members/lost-factors", "<h1"),
        ("see who did what", "/members/log", "<form"),
        ("see what was sent, waits and failed", "/members/messages", "<h1"),
        ("print letters and say that they are posted", "/members/messages/letters", "<h1"),
        ("write own words into a message", "/members/messages/kinds/bill-ready", "<textarea"),
        ("enter consent from paper", "/members/privacy/members/{member}", "<form"),
        ("let a program or gateway in", "/members/programs", "<form"),
        ("put the first statutes on file", "/governance/statutes/new", "<form"),
        ("convene a meeting", "/governance/meetings/new?kind=tariff", "<form"),
        ("enter a meeting of the past", "/governance/meetings/past?kind=tariff", "<form"),
        ("confirm what somebody entered", "/governance/entries", "<h1"),
        ("plan a programme", "/governance/programme/new", "<form"),
        ("hang a meter at a connection", "/metering/meters/new", 'id="connection"'),
        ("read in meters from a file", "/metering/meters/import", 'type="file"'),
        ("exchange a meter", "/metering/meters/{meter}/exchange", "<form"),
        ("correct a reading, by two", "/metering/meters/{meter}/reading", "<form"),
        ("bind a gateway to meters", "/metering/gateways", "<h1"),
        ("share electricity in a group", "/metering/groups/new", "<form"),
        ("read in readings from a file", "/metering/files", 'type="file"'),
        ("see what is missing and what was refused", "/metering/data", "<h1"),
        ("look at bills and issue them", "/billing/runs", "<h1"),
        ("see who may do what", "/access", "<table"),
    ),
    "treasurer": (
        ("confirm another bank account", "/members/community", "<h1"),
        ("close a month", "/metering/data", "<h1"),
        ("look at bills and issue them", "/billing/runs", "<h1"),
        ("find a member's bills", "/members/{member}", "data-card="),
        ("enter index figures, see notices", "/billing/tariffs", "<form"),
        ("take the books away", "/billing/ledger", "/billing/exports/"),
        ("see whom a bill reached", "/members/messages", "<h1"),
    ),
    "auditor": (
        ("see who did what", "/members/log", "<h1"),
        ("see who may do what", "/access", "<table"),
        ("see and take the register away", "/members/", "/members/exports/members"),
        ("see runs and the ledger", "/billing/ledger", "/billing/exports/"),
        ("see what was refused", "/metering/data", "<h1"),
        ("see who looked at whose use", "/members/privacy", "<h1"),
        ("see how the installation does", "/operations", "<h1"),
    ),
    "operator": (
        ("read in the register and readings", "/members/imports", 'type="file"'),
        ("work on what was refused", "/metering/dead-letters", "<h1"),
        ("see jobs, chains and sources, switch jobs", "/metering/dead-letters", "<form"),
        ("see what waits to go out, send it again", "/members/outbound", "<h1"),
        ("let a program in", "/members/programs", "<form"),
    ),
    "partner": (
        ("follow the programme", "/governance/programme", "<h1"),
        ("see milestones, feeds and what to check", "/governance/partner", "<h1"),
        ("see how source and storage do", "/metering/plant", "<h1"),
        ("see decisions", "/governance/", "<h1"),
    ),
}
"""Jobs by role: in words, the page, and a part of the page without which the job cannot be done there."""


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[FastAPI, dict[str, str]]]:
    """All four services with a small register, and the ids that pages are about."""
    settings = Settings(data_dir=tmp_path_factory.mktemp("jobs"), secret=SECRET)
    begin(settings, COMMUNITY, draft_profile({"name": "Coöperatie Warm U.A."}, "ada@warm.example"), "ada@warm.example")
    app = embedded_app(settings)
    databases = {name: room.database for name, room in app.state.rooms.items()}
    with databases["members"].write(COMMUNITY, BOARD) as tx:
        for kind, text in FILES.items():
            import_register(tx, kind, f"{kind}.csv", text.encode())
        member = next(each for each in list_members(tx) if each.number == "001")
        connection = next(each for each in list_connections(tx) if each.number == "0001")
        ids = {"member": member.member_id, "connection": connection.connection_id, "meter": "KAM1"}
        ids["other"] = next(each.member_id for each in list_members(tx) if each.number == "002")
        ids["contract"] = list_contracts(tx, member.member_id)[0].contract_id
    with databases["members"].write(COMMUNITY, COMMAND_LINE) as tx:
        wanted = NewAccount("otto@warm.example", "Otto", frozenset({"treasurer"}), "four words of mine")
        ids["account"] = create_account(tx, ROLES, wanted)
        own = NewAccount("vries@example.org", "A. de Vries", frozenset({"member"}), "four words of mine", ids["member"])
        ids["own"] = create_account(tx, ROLES, own)
    settle(list(databases.items()), local_bus(app.state.rooms))
    with databases["metering"].write(COMMUNITY, BOARD) as tx:
        register_meters(tx, [Meter("KAM1", MeterKind.HEAT, ids["connection"], midnight(date(2022, 1, 1)))])
    yield app, ids
    for database in databases.values():
        database.close()


@pytest.mark.parametrize(
    ("role", "job", "page", "needs"),
    [(role, *row) for role, rows in JOBS.items() for row in rows],
    ids=[f"{role}: {job}" for role, rows in JOBS.items() for job, _, _ in rows],
)
def test_the_page_of_a_job_opens_for_who_does_it_and_has_what_it_takes(
    house: tuple[FastAPI, dict[str, str]], role: str, job: str, page: str, needs: str
) -> None:
    app, ids = house
    client = TestClient(app, headers={"accept": "text/html", "accept-language": "en"})
    member_id = ids["member"] if role == "member" else None
    began_at = app.state.databases["members"].clock.now()
    account_id = ids["own"] if role == "member" else "a-1"
    session = Session(account_id, "Noor", frozenset({role}), member_id, COMMUNITY, "s-1", began_at)
    client.cookies.set(COOKIE, sign(session, SECRET))
    answer = client.get(page.format(**ids))
    assert answer.status_code == 200, answer.text
    assert needs in answer.text.partition("<main")[2], f"{page} has no {needs} for: {job}"
