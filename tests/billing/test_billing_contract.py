"""The contract of billing: shapes that say what they hold, and lists that are read page by page."""

from __future__ import annotations

from base64 import b64encode
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import event

from coop import billing
from coop.billing.service import BILLING
from coop.kit import sections
from coop.kit.database import Database
from coop.values import Period
from tests.billing.village import PAPER, admitted, hear, month_of, signed, tariff_adopted, tell_in_writing, visit
from tests.desk import COMMUNITY, SECRETARY, sign_in
from tests.web.contract import (
    document_of,
    lists_without_pages,
    silent_fields,
    unknown_codes,
    untyped_answers,
    walk_pages,
)

API = "/billing/api/v1"
MEMBERS = ("anna", "bram", "cees")
INPUTS_KEPT = [  # all that a kept document holds; it is described class by class
    "BillInputs",
    "Chosen",
    "Component",
    "Consumption",
    "GasYear",
    "GuaranteeState",
    "GuaranteeTerms",
    "HeatReading",
    "Issuer",
    "LegalPrice",
    "LegalRate",
    "Midnight",
    "Period",
    "Profile",
    "SharedEnergy",
    "Tariff",
    "TariffSpan",
    "YearFigure",
]
LISTS = [("bills", 6), ("runs", 2), ("notices", 3), ("notices/entries", 3), ("index", 3), ("tariffs", 1)]


@pytest.fixture
def board(database: Database, tmp_path: Path) -> TestClient:
    hear(database, tariff_adopted(), *(admitted(name) for name in MEMBERS), *(signed(name) for name in MEMBERS))
    board = visit(database, tmp_path, "board", "operator")
    for month in (1, 2):
        hear(database, *month_of(MEMBERS, Period.month(2025, month)))
        run = {"period": f"2025-0{month}", "issued_on": f"2025-0{month + 1}-03"}
        board.post(f"{API}/runs", json=run).raise_for_status()
    for day in (1, 2, 3):
        with database.write(COMMUNITY, SECRETARY) as tx:
            tell_in_writing(tx, "tariff-2025", date(2025, 1, day), ["anna"])
        notice = {"tariff_id": "tariff-2025", "sent_on": f"2025-01-0{day}", "channel": "letter", "members": ["anna"]}
        board.post(f"{API}/notices", json={**notice, "evidence": b64encode(PAPER).decode()}).raise_for_status()
        figure = {"series": "cpi-households", "year": 2023 + day, "factor": "1.03", "source": "hyp."}
        board.post(f"{API}/index", json=figure).raise_for_status()
    return board


def test_every_answer_of_billing_has_a_shape_and_every_field_says_what_it_holds() -> None:
    document = document_of(BILLING.routers)
    assert untyped_answers(document) == []
    assert silent_fields(document, *INPUTS_KEPT) == []


def test_the_problems_that_an_operation_of_billing_calls_its_own_can_happen() -> None:
    document = document_of(BILLING.routers)
    assert unknown_codes(document, Path(billing.__file__).parent) == []
    assert "Problems of its own: " in str(document)


def test_every_list_of_billing_has_pages() -> None:
    assert lists_without_pages(document_of(BILLING.routers)) == []


@pytest.mark.parametrize(("address", "count"), LISTS)
def test_pages_of_a_list_are_the_list(board: TestClient, address: str, count: int) -> None:
    whole = board.get(f"{API}/{address}").json()
    pages = walk_pages(board, f"{API}/{address}", limit=2)
    assert [row for page in pages for row in page] == whole
    assert (len(whole), len(pages)) == (count, -(-count // 2))


def test_a_bill_that_is_issued_between_two_pages_shifts_nothing(board: TestClient, database: Database) -> None:
    first = board.get(f"{API}/bills", params={"limit": 4})
    hear(database, *month_of(MEMBERS, Period.month(2025, 3)))
    board.post(f"{API}/runs", json={"period": "2025-03", "issued_on": "2025-04-03"}).raise_for_status()
    rest = board.get(first.links["next"]["url"]).json()
    assert [bill["number"] for bill in first.json() + rest] == [f"2025-{number:06}" for number in range(1, 9)]


def test_a_page_of_bills_reads_no_other_bills(board: TestClient, database: Database) -> None:
    read: list[int] = []

    def count(_sql: Any, cursor: Any, text: str, *_rest: Any) -> None:
        if "FROM bill " in text and "bill.number" in text:
            read.append(text.count("LIMIT"))

    event.listen(database.engine, "after_cursor_execute", count)
    [bill] = board.get(f"{API}/bills", params={"limit": 1}).json()
    assert (bill["number"], read) == ("2025-000001", [1])
    assert {line["tariff_id"] for line in bill["lines"]} == {"tariff-2025"}


def test_a_members_pages_hold_the_members_bills_alone(board: TestClient) -> None:
    sign_in(board, "member", member_id="anna")
    pages = walk_pages(board, f"{API}/bills", limit=1)
    assert [[bill["member_id"] for bill in page] for page in pages] == [["anna"], ["anna"]]


def test_a_cursor_of_another_list_or_member_is_refused(board: TestClient) -> None:
    link = board.get(f"{API}/bills", params={"limit": 1, "member": "anna"}).links["next"]["url"]
    for changed in (link.replace("member=anna", "member=bram"), link.replace("/bills", "/runs"), link[:-1]):
        answer = board.get(changed)
        assert (answer.status_code, answer.json()["code"]) == (422, "bad-cursor")


def test_the_state_is_the_same_whether_it_is_read_in_one_page_or_in_many(
    board: TestClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = board.get(f"{API}/state").json()
    monkeypatch.setattr(sections, "PAGE_ROWS", 1)
    assert board.get(f"{API}/state").json() == whole
    assert whole["bills"] == board.get(f"{API}/bills").json()
    assert {balance["account"] for balance in whole["ledger"]} >= {f"debtors:{name}" for name in MEMBERS}
