"""A dearer price binds by a written notice: what did not go out from here takes two people and a file that shows it."""

from __future__ import annotations

import base64
from datetime import timedelta
from pathlib import Path

import pytest
from fastapi.testclient import TestClient

from coop.billing.bills.book import load_book
from coop.billing.notices.files import FILE_MAX
from coop.billing.tables import bills as tables
from coop.billing.terms.rules import Terms
from coop.events.billing import TariffNoticeConfirmed
from coop.kit.clock import SYSTEM_CLOCK
from coop.kit.database import Database
from coop.values import civil_date
from tests.billing.test_pages import HTML, text_of
from tests.billing.village import (
    PAPER,
    admitted,
    count_rows,
    facts_told,
    hear,
    signed,
    tariff_adopted,
    visit,
)
from tests.desk import COMMUNITY, sign_in

API = "/billing/api/v1/notices"
TODAY = civil_date(SYSTEM_CLOCK.now())
DEARER_FROM = TODAY + timedelta(days=30)
NOTICE = {
    "tariff_id": "tariff-dearer",
    "sent_on": str(TODAY),
    "channel": "letter",
    "evidence": base64.b64encode(PAPER).decode(),
}


@pytest.fixture
def board(database: Database, tmp_path: Path) -> TestClient:
    """Two members whose tariff becomes dearer in a month, a third who left, and somebody of the board."""
    dearer = tariff_adopted("tariff-dearer", DEARER_FROM, TODAY - timedelta(days=20), heat="40.00")
    hear(database, tariff_adopted(), dearer, *(admitted(name) for name in ("anna", "bram")), signed("anna"))
    return visit(database, tmp_path, "board")


def binds(database: Database) -> str:
    """The tariff that binds the contract of a member in two months."""
    with database.read(COMMUNITY) as tx:
        book = load_book(tx)
    return Terms(book, DEARER_FROM, TODAY).bind(book.contracts[0])[-1][1].tariff_id


def test_a_notice_that_one_person_enters_binds_nobody(database: Database, board: TestClient) -> None:
    entered = board.post(API, json=NOTICE).json()
    assert (entered["number"], entered["members"]) == (1, ["anna", "bram"])
    assert board.post(API, json=NOTICE).json()["number"] == 1, "the same list waits once"
    refused = board.post(f"{API}/entries/1/confirm")
    assert (refused.status_code, refused.json()["code"]) == (409, "second-person")
    assert board.get(API).json() == []
    assert binds(database) == "tariff-2025"
    assert facts_told(database, TariffNoticeConfirmed) == []
    second = sign_in(board, "board", account_id="account-2")
    assert second.get(f"{API}/entries/1/evidence").content == PAPER
    assert second.post(f"{API}/entries/1/confirm").json() == {"tariff_id": "tariff-dearer", "notices": 2}
    assert binds(database) == "tariff-dearer"
    assert [notice["member_id"] for notice in second.get(API).json()] == ["anna", "bram"]
    said = {"sent_on": TODAY, "known_on": TODAY, "channel": "letter", "evidence_hash": entered["evidence_hash"]}
    assert facts_told(database, TariffNoticeConfirmed) == [
        TariffNoticeConfirmed.model_validate({"tariff_id": "tariff-dearer", "member_id": name, **said})
        for name in ("anna", "bram")
    ], "to each member the own one alone"
    assert second.post(f"{API}/entries/1/confirm").status_code == 404
    assert second.get(f"{API}/entries").json() == []


def test_whoever_was_not_written_to_keeps_the_earlier_tariff(database: Database, board: TestClient) -> None:
    board.post(API, json={**NOTICE, "members": ["bram"]})
    sign_in(board, "board", account_id="account-2").post(f"{API}/entries/1/confirm").raise_for_status()
    assert binds(database) == "tariff-2025"


def test_a_notice_that_is_left_out_binds_nobody(database: Database, board: TestClient) -> None:
    board.post(API, json=NOTICE)
    assert board.post(f"{API}/entries/1/withdraw").json()["notices"] == 2
    assert sign_in(board, "board", account_id="account-2").post(f"{API}/entries/1/confirm").status_code == 404
    with database.read(COMMUNITY) as tx:
        assert count_rows(tx, tables.tariff_notice) == 0
    assert board.post(API, json=NOTICE).json()["number"] == 2


@pytest.mark.parametrize(
    ("changed", "field", "reason"),
    [
        ({"members": ["anna", "nobody"]}, "members", "nobody has the id nobody"),
        ({"members": []}, "members", "nobody was a member on that day"),
        ({"evidence": ""}, "evidence", "choose a file"),
        ({"evidence": "#"}, "evidence", "is not base64"),
        ({"evidence": base64.b64encode(b"<script>").decode()}, "evidence", "the file is PDF, JPEG or PNG"),
        (
            {"evidence": base64.b64encode(b"%PDF-" + bytes(FILE_MAX)).decode()},
            "evidence",
            "the file is larger than 5 MB",
        ),
    ],
)
def test_a_list_that_shows_nothing_is_refused_by_name(
    board: TestClient, changed: dict[str, object], field: str, reason: str
) -> None:
    """Before, a notice to an id that nobody has was kept and bound nobody."""
    refused = board.post(API, json={**NOTICE, **changed})
    assert refused.status_code == 422
    assert [(each["field"], reason in each["reason"]) for each in refused.json()["problems"]] == [(field, True)]
    assert board.get(f"{API}/entries").json() == []


@pytest.mark.parametrize("number", ["0", "-1", "1206210942234599882752", "many"])
def test_a_number_that_no_entry_can_have_is_refused(board: TestClient, number: str) -> None:
    """A number of twenty digits ended in a server error."""
    for answer in (
        board.get(f"{API}/entries/{number}/evidence"),
        board.post(f"{API}/entries/{number}/confirm"),
        board.get(f"/billing/notices/{number}"),
        board.get(f"/billing/law/waiting/{number}"),
    ):
        assert answer.status_code == 422, answer.url


def test_a_notice_needs_a_tariff_and_comes_after_its_decision(board: TestClient) -> None:
    assert board.post(API, json={**NOTICE, "tariff_id": "other"}).status_code == 404
    operator = sign_in(board, "operator")
    early = operator.post(API, json={**NOTICE, "sent_on": str(TODAY - timedelta(days=40))})
    assert (early.status_code, early.json()["code"]) == (409, "notice-too-early")


def test_a_notice_of_an_earlier_or_a_later_day_takes_the_operator_or_nobody(board: TestClient) -> None:
    """A dearer price binds from the written notice on: nobody of the board moves that day by a word."""
    before = str(TODAY - timedelta(days=2))
    for sent_on in (before, str(TODAY + timedelta(days=1)), "2099-01-01"):
        refused = board.post(API, json={**NOTICE, "sent_on": sent_on})
        assert (refused.status_code, refused.json()["code"]) == (422, "bad-date")
        form = {"sent_on": sent_on, "channel": "letter"}
        sent = board.post("/billing/tariffs/tariff-dearer/notice", data=form, files={"evidence": ("a.pdf", PAPER)})
        assert sent.status_code == 422
    operator = sign_in(board, "operator")
    assert operator.post(API, json={**NOTICE, "sent_on": before}).json()["sent_on"] == before
    assert operator.post(API, json={**NOTICE, "sent_on": "2099-01-01"}).status_code == 422
    sign_in(board, "board", account_id="account-2").post(f"{API}/entries/1/confirm").raise_for_status()
    assert {notice["known_on"] for notice in board.get(API).json()} == {before}


def test_the_pages_let_a_second_person_look_and_confirm(board: TestClient) -> None:
    form = {"sent_on": str(TODAY), "channel": "by-hand"}
    files = {"evidence": ("list.pdf", PAPER, "application/pdf")}
    entered = text_of(board.post("/billing/tariffs/tariff-dearer/notice", data=form, files=files, headers=HTML))
    assert "It waits for a second person. Until then the notice binds nobody." in entered
    assert "You entered this yourself: somebody else confirms it." in entered
    assert "waits for a second person" not in text_of(board.get("/billing/cards/waiting", headers=HTML))
    second = sign_in(board, "board", account_id="account-2")
    assert "to 2 members waits for a second person" in text_of(second.get("/billing/cards/waiting", headers=HTML))
    assert 'href="/billing/notices/1"' in second.get("/billing/tariffs", headers=HTML).text
    assert 'data-name-of="bram"' in second.get("/billing/notices/1", headers=HTML).text
    file = second.get("/billing/notices/1/evidence", headers=HTML)
    assert (file.content, file.headers["content-type"]) == (PAPER, "application/pdf")
    assert "attachment" in file.headers["content-disposition"]
    done = text_of(second.post("/billing/notices/1", data={"act": "confirm"}, headers=HTML))
    assert "The notice is on file, and binds whom the list names." in done
    assert "handed over as two people say 2 members" in done
    assert sign_in(board, "treasurer").get("/billing/notices/1", headers=HTML).status_code == 403
