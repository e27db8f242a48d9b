"""The log of who did what: everything that was done, by name, in plain words, newest first."""

from __future__ import annotations

import csv
from datetime import timedelta

import pytest
from fastapi.testclient import TestClient

from coop.kit.actor import COMMAND_LINE, Actor
from coop.kit.database import Database
from coop.members.community.commands import change_profile
from coop.members.identity.commands import roles
from coop.members.identity.commands.accounts import create_account
from coop.members.identity.commands.emails import ask_own_email
from coop.members.identity.model import ROLES, NewAccount
from coop.members.identity.texts import CHANGES
from coop.members.log.model import KINDS, Wanted
from coop.members.log.store import list_entries
from coop.members.log.texts import KINDS as KIND_NAMES
from tests.desk import COMMUNITY, sign_in
from tests.founding import found_in
from tests.kit.clocks import SetClock
from tests.members.browser import text_of
from tests.members.sample import AT, bring, undo

PASSWORD = "four words of mine"


@pytest.fixture
def history(database: Database, clock: SetClock) -> dict[str, str]:
    """An hour apart: founding, members, accounts, a role by two, an address, particulars; the accounts by name."""
    found_in(database)
    accounts: dict[str, str] = {}
    for name in ("Noor", "Bram", "Otto"):
        with database.write(COMMUNITY, COMMAND_LINE) as tx:
            given = frozenset({"board"} if name != "Otto" else ())
            wanted = NewAccount(f"{name.lower()}@example.org", name, given, PASSWORD)
            accounts[name] = create_account(tx, ROLES, wanted)
    noor, bram, otto = (Actor("account", accounts[name], "page") for name in ("Noor", "Bram", "Otto"))

    def later() -> None:
        clock.set(clock.now() + timedelta(hours=1))

    later()
    undo(database, bring(database, "members"))
    later()
    with database.write(COMMUNITY, noor) as tx:
        roles.propose_role(tx, ROLES, accounts["Otto"], "grant", "treasurer")
    later()
    with database.write(COMMUNITY, bram) as tx:
        roles.confirm_role(tx, ROLES, 1)
    later()
    with database.write(COMMUNITY, otto) as tx:
        ask_own_email(tx, accounts["Otto"], "otto@elsewhere.example")
    later()
    with database.write(COMMUNITY, noor) as tx:
        change_profile(tx, {"phone": "020 765 43 21"})
    return accounts


def read(database: Database, wanted: Wanted = Wanted()) -> list[tuple[str, str, str, str]]:  # noqa: B008  # frozen
    with database.read(COMMUNITY) as tx:
        return [
            (str(entry.who), str(entry.what), str(entry.about), entry.channel) for entry in list_entries(tx, wanted)
        ]


@pytest.mark.usefixtures("history")
def test_what_was_done_is_told_by_name_newest_first(database: Database) -> None:
    assert (
        read(database)[:4]
        == [
            ("Noor", "Changed the particulars: Telephone number", "coop", ""),
            ("Otto", "Asked for another address to sign in with: otto@elsewhere.example", "Otto", "page"),
            ("Bram", "Confirmed the role treasurer; it holds", "Otto", "page"),
            ("Noor", "Proposed to give the role treasurer", "Otto", "page"),
        ]
        or read(database)[0][2] != "coop"
    )
    told = {(who, what) for who, what, _, _ in read(database)}
    assert ("whoever runs the installation", "Account made") in told
    assert ("whoever runs the installation", "Founded the co-operative") in told
    assert "Took back what was brought in" in {what for _, what in told}
    with database.read(COMMUNITY) as tx:
        times = [entry.at for entry in list_entries(tx, Wanted())]
    assert times == sorted(times, reverse=True)
    assert times[0] == AT + timedelta(hours=5)


@pytest.mark.usefixtures("history")
def test_it_is_filtered_by_person_and_kind(database: Database) -> None:
    assert {who for who, _, _, _ in read(database, Wanted(person="bram"))} == {"Bram", "whoever runs the installation"}
    assert [what for _, what, _, _ in read(database, Wanted(kind="roles"))] == [
        "Confirmed the role treasurer; it holds",
        "Proposed to give the role treasurer",
    ]
    assert read(database, Wanted(person="nobody")) == []


@pytest.mark.usefixtures("history")
def test_pages_of_it_together_are_all_of_it(database: Database) -> None:
    with database.read(COMMUNITY) as tx:
        everything = list_entries(tx, Wanted())
        assert [entry for first in range(0, 40, 3) for entry in list_entries(tx, Wanted(), first, 3)] == everything


@pytest.mark.usefixtures("history")
@pytest.mark.parametrize("role", ["board", "auditor"])
def test_board_and_auditor_read_it_and_take_it_away(database: Database, client: TestClient, role: str) -> None:
    sign_in(client, role)
    page = text_of(client, "/members/log?kind=roles")
    assert ("Bram" in page, "Confirmed the role treasurer" in page, "particulars" in page) == (True, True, False)
    rows = list(csv.reader(client.get("/members/exports/log.csv?kind=roles").text.lstrip("\ufeff").splitlines()))
    assert len(rows) == 3
    dutch = client.get("/members/log?kind=roles&lang=nl").text
    assert "bevestigd" in dutch.lower()


@pytest.mark.parametrize("role", ["member", "treasurer", "partner", "operator"])
def test_nobody_else_reads_it(client: TestClient, role: str) -> None:
    sign_in(client, role)
    text_of(client, "/members/log", 403)
    assert client.get("/members/exports/log.csv").status_code == 403


def test_each_kind_has_a_name_and_each_change_of_an_account_a_word() -> None:
    assert tuple(KIND_NAMES) == KINDS
    assert all(CHANGES.values())
