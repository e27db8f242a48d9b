"""The JSON door of billing."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path

import pytest

from coop.billing.service import BILLING
from coop.kit.clock import SYSTEM_CLOCK
from coop.kit.database import Database
from coop.kit.inbox import consume
from coop.values import Period, civil_date
from tests.billing.conftest import Opened
from tests.billing.village import (
    admitted,
    envelope,
    hear,
    measured,
    month_of,
    signed,
    tariff_adopted,
    tell_in_writing,
    visit,
)
from tests.desk import COMMUNITY, SECRETARY, open_desk, sign_in

HTML = {"accept": "text/html", "accept-language": "en"}

JANUARY, FEBRUARY = Period.month(2025, 1), Period.month(2025, 2)
MEMBERS = ("anna", "bram")
NOTICE = {"tariff_id": "t", "sent_on": "2025-01-02", "channel": "letter", "evidence": ""}


def village(database: Database) -> None:
    hear(database, tariff_adopted(), *(admitted(name) for name in MEMBERS), *(signed(name) for name in MEMBERS))
    hear(database, *month_of(MEMBERS, JANUARY))


def test_a_run_is_started_seen_and_answered_the_same_again(database: Database, tmp_path: Path) -> None:
    village(database)
    board = visit(database, tmp_path, "board", "operator")
    wish = {"period": "2025-01", "issued_on": "2025-02-03"}
    preview = board.post("/billing/api/v1/runs", json={**wish, "dry_run": True}).json()
    assert (preview["status"], preview["bill_count"]) == ("preview", 2)
    assert board.get("/billing/api/v1/bills").json() == []
    issued = board.post("/billing/api/v1/runs", json=wish)
    assert issued.status_code == 200
    assert issued.json()["status"] == "issued"
    again = board.post("/billing/api/v1/runs", json=wish).json()
    assert [bill["number"] for bill in again["bills"]] == ["2025-000001", "2025-000002"]
    assert [run["bill_count"] for run in board.get("/billing/api/v1/runs").json()] == [2]


def test_an_incomplete_period_is_409_with_what_is_missing(database: Database, tmp_path: Path) -> None:
    village(database)
    answer = visit(database, tmp_path, "board", "operator").post(
        "/billing/api/v1/runs", json={"period": "2025-02", "issued_on": "2025-03-01"}
    )
    assert answer.status_code == 409
    assert answer.json()["code"] == "period-incomplete"
    assert "revision 1 is not closed" in answer.json()["detail"]


@pytest.mark.parametrize("period", ["2025-01", None], ids=["bills", "corrections"])
@pytest.mark.parametrize("dry_run", [True, False], ids=["preview", "run"])
@pytest.mark.parametrize("issued_on", [0, "0001-01-01", "1999-12-31", "9999-12-31"])
def test_a_date_that_no_bill_can_have_is_422_with_its_field(
    database: Database, tmp_path: Path, issued_on: object, dry_run: bool, period: str | None
) -> None:
    village(database)
    body = {"period": period, "issued_on": issued_on, "dry_run": dry_run}
    answer = visit(database, tmp_path, "board", "operator").post("/billing/api/v1/runs", json=body)
    assert answer.status_code == 422
    assert [problem["field"] for problem in answer.json()["problems"]] == ["issued_on"]
    assert visit(database, tmp_path, "board", "operator").get("/billing/api/v1/bills").json() == []


def test_bills_are_not_dated_before_their_period_ends(database: Database, tmp_path: Path) -> None:
    village(database)
    board = visit(database, tmp_path, "board", "operator")
    answer = board.post("/billing/api/v1/runs", json={"period": "2025-01", "issued_on": "2025-01-31"})
    assert (answer.status_code, answer.json()["problems"][0]["field"]) == (422, "issued_on")


@pytest.mark.parametrize("period", ["January", "2025-07199254748993", "2025-13", ""])
def test_what_is_no_period_is_422_with_its_field(database: Database, tmp_path: Path, period: str) -> None:
    body = {"period": period, "issued_on": "2025-03-01"}
    answer = visit(database, tmp_path, "board", "operator").post("/billing/api/v1/runs", json=body)
    assert (answer.status_code, answer.json()["problems"][0]["field"]) == (422, "period")


@pytest.mark.parametrize(
    ("path", "body", "field"),
    [
        ("index", {"series": "wdd", "year": 10**10, "factor": "1", "source": "KNMI"}, "year"),
        ("index", {"series": "wdd", "year": 2025, "factor": "1e99", "source": "KNMI"}, "factor"),
        ("index", {"series": "wdd", "year": 2025, "factor": "1e-99", "source": "KNMI"}, "factor"),
        ("index", {"series": "wdd", "year": 2025, "factor": "NaN", "source": "KNMI"}, "factor"),
        ("index", {"series": "wdd", "year": 2025, "factor": "2800", "source": "\0"}, "source"),
    ],
)
def test_what_no_row_can_hold_is_422_with_its_field(
    database: Database, tmp_path: Path, path: str, body: dict[str, object], field: str
) -> None:
    answer = visit(database, tmp_path, "board", "operator").post(f"/billing/api/v1/{path}", json=body)
    assert answer.status_code == 422
    assert answer.json()["problems"][0]["field"].split(".")[0] == field


def test_a_held_run_is_released_through_the_api(database: Database, tmp_path: Path) -> None:
    village(database)
    board = visit(database, tmp_path, "treasurer", "operator")
    board.post("/billing/api/v1/runs", json={"period": "2025-01", "issued_on": "2025-02-01"})
    hear(database, measured("anna", FEBRUARY, "25"), *month_of(MEMBERS, FEBRUARY)[1:])
    held = board.post("/billing/api/v1/runs", json={"period": "2025-02", "issued_on": "2025-03-01"}).json()
    assert held["status"] == "held"
    assert [brake["subject"] for brake in held["brakes"]] == ["contract-anna"]
    path = f"/billing/api/v1/runs/{held['run_id']}/release"
    own = board.post(path, json={"by": "the chair", "released_by": "account-2"})
    assert (own.status_code, own.json()["code"]) == (409, "second-person")
    sign_in(board, "board", account_id="account-2")
    for body in ({"by": "the chair", "released_by": "the chair", "released_on": "1999-01-01"}, None):
        assert board.post(path, json=body).json()["status"] == "issued"
    [run] = [run for run in board.get("/billing/api/v1/runs").json() if run["run_id"] == held["run_id"]]
    assert (run["run_by"], run["released_by"]) == ("account-1", "account-2")
    assert datetime.fromisoformat(run["released_at"]).date() == SYSTEM_CLOCK.now().date()
    assert board.post("/billing/api/v1/runs/none/release").status_code == 404


def test_bills_have_the_servers_day_whoever_asks_for_another(database: Database, tmp_path: Path) -> None:
    village(database)
    today = civil_date(SYSTEM_CLOCK.now())
    treasurer = visit(database, tmp_path, "treasurer")
    for day in ("2025-02-01", "2026-11-25", "2199-01-01"):
        refused = treasurer.post("/billing/api/v1/runs", json={"period": "2025-01", "issued_on": day})
        assert (refused.status_code, refused.json()["code"]) == (422, "bad-date")
    issued = treasurer.post("/billing/api/v1/runs", json={"period": "2025-01"}).json()
    assert (issued["status"], issued["issued_on"]) == ("issued", str(today))
    operator = sign_in(treasurer, "operator")
    hear(database, *month_of(MEMBERS, Period.month(2025, 2)))
    before = operator.post("/billing/api/v1/runs", json={"period": "2025-02", "issued_on": "2025-03-01"})
    assert (before.status_code, before.json()["code"]) == (422, "bad-date")
    assert operator.post("/billing/api/v1/runs", json={}).json()["status"] == "issued"


def test_notices_figures_and_corrections_are_posted(database: Database, tmp_path: Path) -> None:
    village(database)
    board = visit(database, tmp_path, "board", "operator")
    with database.write(COMMUNITY, SECRETARY) as tx:
        tell_in_writing(tx, "tariff-2025", date(2025, 1, 2))
    figure = {"series": "cpi-households", "year": 2026, "factor": "1.033", "source": "hyp."}
    kept = {**figure, "correction_count": None, "total_cents": None}
    assert board.post("/billing/api/v1/index", json=figure).json() == kept
    assert board.post("/billing/api/v1/index", json={**figure, "factor": "1.05"}).status_code == 409
    assert board.post("/billing/api/v1/index", json={**figure, "factor": "-1"}).status_code == 422
    assert board.post("/billing/api/v1/runs", json={"issued_on": "2025-02-01"}).json()["bills"] == []
    tariffs = visit(database, tmp_path, "member", member_id="anna").get("/billing/api/v1/tariffs").json()
    mailing = {
        "sent_on": "2025-01-02",
        "channel": "letter",
        "count": len(MEMBERS),
        "to_reader": True,
        "has_proof": False,
    }
    assert [tariff["mailings"] for tariff in tariffs] == [[mailing]]
    assert [notice["member_id"] for notice in sign_in(board, "board").get("/billing/api/v1/notices").json()] == list(
        MEMBERS
    )
    assert tariffs[0]["maximum_on_file"]


def test_a_member_sees_only_their_own(database: Database, tmp_path: Path) -> None:
    village(database)
    visit(database, tmp_path, "board", "operator").post(
        "/billing/api/v1/runs", json={"period": "2025-01", "issued_on": "2025-02-01"}
    )
    anna = visit(database, tmp_path, "member", member_id="anna")
    found = anna.get("/billing/api/v1/bills", params={"member": "bram"}).json()
    assert [bill["member_id"] for bill in found] == ["anna"]
    own, other = "2025-000001", "2025-000002"
    bill = anna.get(f"/billing/api/v1/bills/{own}").json()
    assert bill["total_eur"] == "147.56"
    assert bill["inputs"]["consumption"]["readings"][0]["energy_j"] == "2500000000"
    assert anna.get(f"/billing/api/v1/bills/{other}").status_code == 404
    assert anna.get(f"/billing/api/v1/bills/{other}/verify").status_code == 404
    verified = anna.get(f"/billing/api/v1/bills/{bill['bill_id']}/verify").json()
    assert verified["agrees"]
    assert verified["recomputed_cents"] == bill["total_cents"]
    assert anna.post("/billing/api/v1/runs", json={"issued_on": "2025-02-01"}).status_code == 403
    assert anna.get("/billing/api/v1/state").status_code == 403
    assert anna.post("/billing/api/v1/runs/any/release").status_code == 403
    assert visit(database, tmp_path).get("/billing/api/v1/bills").status_code == 401


def test_another_co_operative_sees_none_of_it(database: Database, tmp_path: Path) -> None:
    village(database)
    board = visit(database, tmp_path, "board", "operator")
    board.post("/billing/api/v1/runs", json={"period": "2025-01", "issued_on": "2025-02-01"})
    elsewhere = open_desk(BILLING, database, tmp_path, community="noord")
    sign_in(elsewhere, "board", "operator", community="noord")
    for path in ("bills", "runs", "tariffs"):
        assert elsewhere.get(f"/billing/api/v1/{path}").json() == []
    assert elsewhere.get("/billing/api/v1/bills/2025-000001").status_code == 404
    assert elsewhere.get("/billing/api/v1/bills/2025-000001/verify").status_code == 404
    assert elsewhere.get("/billing/api/v1/state").json() == {"bills": [], "ledger": []}


def test_the_state_holds_every_bill_and_balance(database: Database, tmp_path: Path) -> None:
    village(database)
    board = visit(database, tmp_path, "board", "operator")
    board.post("/billing/api/v1/runs", json={"period": "2025-01", "issued_on": "2025-02-01"})
    state = board.get("/billing/api/v1/state").json()
    assert [bill["number"] for bill in state["bills"]] == ["2025-000001", "2025-000002"]
    assert sum(row["debit_cents"] for row in state["ledger"]) == sum(row["credit_cents"] for row in state["ledger"])


def test_tariffs_are_answered_as_they_were_known_on_a_day(opened: Opened, tmp_path: Path) -> None:
    database = opened(date(2025, 1, 10))
    early, late = datetime(2025, 1, 8, 9, tzinfo=UTC), datetime(2025, 1, 9, 23, 30, tzinfo=UTC)
    facts = (early, tariff_adopted("first")), (late, tariff_adopted("second", date(2025, 2, 1), heat="39.00"))
    consume(BILLING.consumer(database), [replace(envelope(fact), time=at) for at, fact in facts])
    hear(database, admitted("anna"), signed("anna"))
    with database.write(COMMUNITY, SECRETARY) as tx:
        tell_in_writing(tx, "second", date(2025, 1, 10))
    board = visit(database, tmp_path, "board")

    def known(day: str) -> list[tuple[str, int]]:
        answer = board.get("/billing/api/v1/tariffs", params={"known_on": day} if day else {}).json()
        return [(tariff["tariff_id"], len(tariff["mailings"])) for tariff in answer]

    assert known("2025-01-07") == []
    assert known("2025-01-08") == known("2025-01-09") == [("first", 0)]
    assert known("2025-01-10") == known("") == known("9999-12-31") == [("first", 0), ("second", 1)]
    page = board.get("/billing/tariffs?known_on=2025-01-09", headers=HTML).text
    assert "As known on 9 January 2025" in page
    assert "Tariff from 1 February 2025" not in page
    assert "Tariff from 1 February 2025" in board.get("/billing/tariffs", headers=HTML).text
    assert board.get("/billing/tariffs?known_on=yesterday", headers=HTML).status_code == 422
