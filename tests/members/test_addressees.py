"""The bill goes to who pays it: message, name and address; and landlords, who have no vote, get no mail on votes."""

from __future__ import annotations

import re
from datetime import date
from pathlib import Path

import pytest
from fastapi.testclient import TestClient

from coop.communities.addressee import Addressee, open_addressee, seal_addressee
from coop.events.governance import VoteClosing, VoteOpened
from coop.kit.database import Database
from coop.kit.seal import Unsealable
from coop.members.contracts.store import list_contracts
from coop.members.fields import make_id
from coop.members.identity.commands.accounts import create_account
from coop.members.identity.model import ROLES, NewAccount
from coop.members.messages.model import Content
from tests.desk import COMMUNITY, SECRET, SECRETARY, sign_in
from tests.founding import found_in
from tests.members.post import WARM, list_kept
from tests.members.sample import AT, CONTRACTS, MEMBERS, YILDIZ, bring
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


def test_the_card_on_a_bill_names_the_payer_and_the_home_to_who_may_read_it(
    let_home: Database, client: TestClient
) -> None:
    issue(let_home)
    page = sign_in(client, "treasurer").get("/members/cards/bills/bill-1").text
    for words in ("Verhuur BV, Plein 7, 1055 CC  Amsterdam", "002", "Kade 2"):
        assert words in page
    note = re.search(r"bill-1\.pdf\?to=([\w-]+)", page)
    assert note
    addressee = open_addressee([SECRET], note[1], f"{COMMUNITY} bill-1", AT)
    assert addressee == Addressee("Verhuur BV", ("Plein 7", "1055 CC  Amsterdam"), "002", "Kade 2")
    for member_id in (YILDIZ, LANDLORD):
        assert sign_in(client, "member", member_id=member_id).get("/members/cards/bills/bill-1").status_code == 200
    other = make_id("member", COMMUNITY, "001")
    assert sign_in(client, "member", member_id=other).get("/members/cards/bills/bill-1").status_code == 404


def test_a_note_of_another_bill_or_another_hand_does_not_open(tmp_path: Path) -> None:
    note = seal_addressee([SECRET], Addressee("Anna"), "demo bill-1", AT)
    for secrets, text, paper, at in (
        ([SECRET], note, "demo bill-2", AT),
        (["another secret of an installation"], note, "demo bill-1", AT),
        ([SECRET], note, "demo bill-1", AT.replace(hour=AT.hour + 2)),
        ([SECRET], "nonsense", "demo bill-1", AT),
    ):
        with pytest.raises(Unsealable):
            open_addressee(secrets, text, paper, at)


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
