"""The bill goes to who pays it: message, name and address; and landlords, who have no vote, get no mail on votes."""

from __future__ import annotations

from datetime import date

import pytest
from fastapi.testclient import TestClient

from coop.communities.addressee import Addressee, unlock_addressee
from coop.events.governance import VoteClosing, VoteOpened
from coop.events.members import BillAddressed
from coop.kit import journal
from coop.kit.database import Database
from coop.kit.lockbox import make_lock
from coop.kit.seal import Unsealable
from coop.members.contracts.store import list_contracts
from coop.members.fields import make_id
from coop.members.identity.commands.accounts import create_account
from coop.members.identity.model import ROLES, NewAccount
from coop.members.messages.model import Content
from tests.desk import COMMUNITY, SECRETARY, sign_in
from tests.founding import found_in
from tests.members.post import WARM, list_kept
from tests.members.sample import CONTRACTS, MEMBERS, YILDIZ, bring
from tests.members.test_messages_heard import BILL, MEETING, hear

LANDLORD = make_id("member", COMMUNITY, "004")
"""Pays for B. Yıldız."""

OWNER_LINE = "004,landlord,Verhuur BV,2020-01-01,bv@example.org,Plein 7,1055 CC,Amsterdam\n"


@pytest.fixture
def let_home(database: Database) -> Database:
    """The sample, with a landlord who pays the contract of a tenant."""
    found_in(database, profile=WARM)
    bring(database, "members", MEMBERS + OWNER_LINE)
    bring(database, "connections")
    bring(database, "occupancies")
    header, first, second = CONTRACTS.strip().splitlines()
    bring(database, "contracts", f"{header},payer\n{first},\n{second},004\n")
    return database


def issue(database: Database) -> None:
    with database.read(COMMUNITY) as tx:
        [contract] = list_contracts(tx, YILDIZ)
    hear(database, BILL.model_copy(update={"member_id": YILDIZ, "contract_id": contract.contract_id}))


def test_the_message_on_a_bill_goes_to_who_pays_it_and_says_for_which_home(let_home: Database) -> None:
    issue(let_home)
    [kept] = list_kept(let_home)
    assert (kept.member_id, kept.address) == (LANDLORD, "bv@example.org")
    assert "Zij is voor Kade 2, waarvoor u betaalt." in Content.load(kept.content).paragraphs


def test_landlords_get_no_mail_on_votes(let_home: Database) -> None:
    hear(
        let_home,
        MEETING,
        VoteOpened(meeting_id="alv-1", opened_on=date(2026, 1, 15), held_on=date(2026, 2, 1)),
        VoteClosing(meeting_id="alv-1", held_on=date(2026, 2, 1)),
    )
    kept = list_kept(let_home)
    assert {each.kind for each in kept} == {"meeting-notice", "vote-open", "vote-closing"}
    assert LANDLORD not in {each.member_id for each in kept}


def told_addressee(database: Database, key: bytes) -> Addressee:
    """Whom the register told billing of, as billing opens it."""
    with database.system_write() as sql:
        journal.seal(sql)
    with database.system_read() as sql:
        [fact] = journal.facts_of(sql, BillAddressed, COMMUNITY)
    return unlock_addressee(key, fact.box, fact.bill_id)


def test_a_bill_is_addressed_to_who_pays_it_in_a_box_that_billing_alone_opens(let_home: Database) -> None:
    key, lock = make_lock()
    with let_home.read(COMMUNITY) as tx:
        [contract] = list_contracts(tx, YILDIZ)
    changed = {"member_id": YILDIZ, "contract_id": contract.contract_id, "address_lock": lock}
    hear(let_home, BILL.model_copy(update=changed))
    told = told_addressee(let_home, key)
    assert (told.name, told.lines) == ("Verhuur BV", ("Plein 7", "1055 CC  Amsterdam"))
    assert (told.number, told.supplied, told.language, told.by_letter) == ("002", "Kade 2", "nl", False)
    with let_home.system_read() as sql:
        for fact in journal.envelopes(sql, "members", 0):
            assert b"Verhuur" not in fact.data
    another, _ = make_lock()
    with pytest.raises(Unsealable):
        told_addressee(let_home, another)


def test_a_bill_without_a_lock_is_not_addressed(let_home: Database) -> None:
    issue(let_home)
    with let_home.system_read() as sql:
        assert list(journal.facts_of(sql, BillAddressed, COMMUNITY)) == []


def test_names_are_told_by_id_to_who_keeps_the_register_alone(let_home: Database, client: TestClient) -> None:
    with let_home.read(COMMUNITY) as tx:
        [contract] = list_contracts(tx, YILDIZ)
    asked = ",".join((YILDIZ, contract.contract_id, contract.connection_id, "nobody"))
    assert sign_in(client, "treasurer").get(f"/members/names?ids={asked}").json() == {
        YILDIZ: "002 · B. Yıldız",
        contract.contract_id: "C2",
        contract.connection_id: "0002 · Kade 2",
    }
    assert sign_in(client, "member", member_id=YILDIZ).get(f"/members/names?ids={asked}").status_code == 403


def test_an_account_is_named_by_its_id_as_well(database: Database, client: TestClient) -> None:
    with database.write(COMMUNITY, SECRETARY) as tx:
        account_id = create_account(tx, ROLES, NewAccount("ada@coop.example", "Ada", frozenset({"board"})))
    sign_in(client, "board")
    assert client.get(f"/members/names?ids={account_id},nobody").json() == {account_id: "Ada"}
