"""A contract is taken home by who holds it, pays it or keeps the register, and by nobody else."""

from __future__ import annotations

import json

import pytest
from fastapi.testclient import TestClient

from coop.kit import journal
from coop.kit.database import Database
from coop.members.contracts.store import list_contracts
from coop.verification.athome import WORDS, check_source
from tests.desk import COMMUNITY, sign_in
from tests.members.sample import YILDIZ
from tests.members.test_addressees import LANDLORD
from tests.members.test_addressees import let_home as let_home


@pytest.mark.parametrize(
    "who", [{"member_id": YILDIZ}, {"member_id": LANDLORD}, {"role": "treasurer"}], ids=["holder", "payer", "keeper"]
)
def test_a_contract_is_taken_home_with_its_seals(let_home: Database, client: TestClient, who: dict[str, str]) -> None:
    with let_home.system_write() as sql:
        journal.seal(sql)
    with let_home.read(COMMUNITY) as tx:
        [contract] = list_contracts(tx, YILDIZ)
    sign_in(client, who.get("role", "member"), member_id=who.get("member_id"))
    taken = client.get(f"/members/contracts/{contract.contract_id}.json").json()
    kinds = [fact["type"].split(".")[1] for fact in taken["facts"]]
    assert kinds == ["contract-signed", "contract-ended", "choice-made"]
    signed = json.loads(taken["facts"][0]["data"])
    assert [year["amount_cents"] for year in signed["reference"]] == [bill.amount_cents for bill in contract.gas_bills]
    assert list(check_source(taken, WORDS["en"])) == []


def test_a_contract_of_another_and_one_that_nobody_has_are_not_there(let_home: Database, client: TestClient) -> None:
    with let_home.read(COMMUNITY) as tx:
        [contract] = list_contracts(tx, YILDIZ)
    sign_in(client, "member", member_id="somebody-else")
    assert client.get(f"/members/contracts/{contract.contract_id}.json").status_code == 404
    sign_in(client, "auditor")
    assert client.get("/members/contracts/no-such-contract.json").status_code == 404
