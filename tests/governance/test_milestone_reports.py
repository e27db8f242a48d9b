"""Milestones reported by the co-operative and checked by a partner, with their papers as files."""

from __future__ import annotations

import hashlib
import re
from concurrent.futures import ThreadPoolExecutor, wait
from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest
from fastapi.testclient import TestClient

from coop.events.governance import MilestoneReached, TrancheReleased
from coop.governance.model import Evidence
from coop.governance.programmes import report_store as store
from coop.governance.programmes import reports
from coop.governance.programmes import store as programme_store
from coop.kit.actor import Actor
from coop.kit.database import Database
from coop.values import BadInput, CoopError
from tests.desk import SECRETARY, sign_in
from tests.governance.assembly import IN_TIME, PAPERS, PARTNER, PERMIT, TOWN, client, live, only, told
from tests.metering.test_meter_pages import plain

PDF = b"%PDF-1.7 a permit"
FORM = "/governance/milestones/permit/report"


def report(database: Database) -> str:
    with database.write(TOWN, SECRETARY) as tx:
        for name, body in PAPERS.items():
            reports.keep_file(tx, f"{name}.pdf", body)
        return reports.report_milestone(tx, "permit", IN_TIME)


def test_a_milestone_is_reached_once_a_partner_confirmed_it(database: Database) -> None:
    live(database, until="reach")
    report_id = report(database)
    assert report(database) == report_id
    assert only(told(database), MilestoneReached) == []
    for _ in range(2):
        with database.write(TOWN, PARTNER) as tx:
            reports.confirm_report(tx, report_id)
    assert [fact.milestone_id for fact in only(told(database), MilestoneReached)] == ["permit"]
    assert {fact.tranche_id for fact in only(told(database), TrancheReleased)} == {"t1", "t2"}


@pytest.mark.parametrize("second", ["confirm", "return"])
def test_of_two_partners_who_settle_a_report_at_once_the_second_sees_what_the_first_did(
    database: Database, second: str
) -> None:
    live(database, until="reach")
    report_id = report(database)

    def settle_too() -> None:
        with database.write(TOWN, Actor("account", "partner-2", "page")) as tx:
            if second == "confirm":
                reports.confirm_report(tx, report_id)
            else:
                reports.return_report(tx, report_id, "a paper is missing")

    with ThreadPoolExecutor(1) as another:
        with database.write(TOWN, PARTNER) as tx:
            reports.confirm_report(tx, report_id)
            waiting = another.submit(settle_too)
            assert not wait([waiting], timeout=0.3).done
        if second == "confirm":
            waiting.result(10)
        else:
            with pytest.raises(CoopError, match="was confirmed"):
                waiting.result(10)
    assert [fact.milestone_id for fact in only(told(database), MilestoneReached)] == ["permit"]


def test_whoever_reported_a_milestone_does_not_confirm_it(database: Database) -> None:
    live(database, until="reach")
    report_id = report(database)
    with pytest.raises(CoopError) as refused, database.write(TOWN, SECRETARY) as tx:
        reports.confirm_report(tx, report_id)
    assert refused.value.code == "second-party"
    assert only(told(database), MilestoneReached) == []


def test_evidence_whose_document_does_not_lie_here_is_refused_by_its_line(database: Database) -> None:
    live(database, until="reach")
    with database.write(TOWN, SECRETARY) as tx:
        reports.keep_file(tx, "permit.pdf", PAPERS["permit"])
    made_up = replace(IN_TIME, evidence=(PERMIT, replace(PERMIT, sha256="f" * 64)))
    with pytest.raises(BadInput) as refused, database.write(TOWN, SECRETARY) as tx:
        reports.report_milestone(tx, "permit", made_up)
    assert [(problem.field, problem.line) for problem in refused.value.problems] == [("evidence.sha256", 2)]


def test_a_returned_report_says_why_and_may_be_followed_by_another(database: Database) -> None:
    live(database, until="reach")
    report_id = report(database)
    with pytest.raises(CoopError) as refused, database.write(TOWN, SECRETARY) as tx:
        reports.report_milestone(tx, "permit", replace(IN_TIME, cost_cents=1))
    assert refused.value.code == "report-waits"
    with pytest.raises(BadInput), database.write(TOWN, PARTNER) as tx:
        reports.return_report(tx, report_id, " ")
    with database.write(TOWN, PARTNER) as tx:
        reports.return_report(tx, report_id, "The permit is not signed.")
    with pytest.raises(CoopError) as refused, database.write(TOWN, PARTNER) as tx:
        reports.confirm_report(tx, report_id)
    assert refused.value.code == "report-settled"
    again = report(database)
    assert again != report_id
    with database.write(TOWN, PARTNER) as tx:
        reports.confirm_report(tx, again)
    with pytest.raises(CoopError) as refused, database.write(TOWN, SECRETARY) as tx:
        reports.report_milestone(tx, "permit", replace(IN_TIME, cost_cents=1))
    assert refused.value.code == "milestone-reached"


def test_a_report_that_nobody_checked_can_be_withdrawn(database: Database) -> None:
    live(database, until="reach")
    report_id = report(database)
    for _ in range(2):
        with database.write(TOWN, SECRETARY) as tx:
            reports.withdraw_report(tx, report_id)
    with database.read(TOWN) as tx:
        assert store.list_waiting(tx) == []


@pytest.mark.parametrize("body", [b"", b"MZ a program", b"%PDF-" + b"x" * 5 * 1024 * 1024])
def test_a_file_that_is_no_paper_is_refused(database: Database, body: bytes) -> None:
    with pytest.raises(BadInput), database.write(TOWN, SECRETARY) as tx:
        reports.keep_file(tx, "permit.pdf", body)


def test_the_board_hands_in_papers_and_a_partner_reads_and_confirms_them(embedded: Database, tmp_path: Path) -> None:
    live(embedded, until="reach")
    desk = client(embedded, tmp_path, "board")
    assert FORM in desk.get("/governance/programme").text
    assert "insurance" in desk.get(FORM).text
    files = {"paper.0": ("vergunning.pdf", PDF), "other.0": ("foto.png", b"\x89PNG\r\n\x1a\n picture")}
    filled = {"reached_on": "2026-12-01", "cost": "1.050.000,00"}
    unnamed = desk.post(FORM, params={"lang": "nl"}, data=filled, files=files)
    assert unnamed.status_code == 422
    assert "zeg wat dit stuk laat zien" in plain(unnamed.text)
    assert "Kies de bestanden nog een keer" in plain(unnamed.text)
    desk.get("/governance/programme", params={"lang": "en"})
    kept = desk.post(FORM, data=filled | {"other.0.name": "The pit"}, files=files)
    assert "counts once a partner has checked it" in plain(kept.text)
    assert FORM not in kept.text
    assert "/confirm" not in kept.text

    partner = sign_in(desk, "partner", account_id="partner-1")
    assert "Check that this was reached: Permit" in plain(partner.get("/governance/cards/waiting").text)
    page = partner.get("/governance/partner").text
    assert "not all evidence was there" in page
    address = re.search(r"/governance/evidence/[0-9a-f]{64}", page)
    assert address is not None
    handed = {partner.get(each).content for each in re.findall(r"/governance/evidence/[0-9a-f]{64}", page)}
    assert handed == {PDF, files["other.0"][1]}
    confirm = re.search(r"/governance/reports/[0-9a-f-]+/confirm", page)
    assert confirm is not None
    assert "Was this milestone reached?" in partner.post(confirm[0]).text
    assert "The milestone is reached." in partner.post(confirm[0], data={"confirmed": "yes"}).text
    assert partner.get("/governance/cards/waiting").text.strip() != page
    assert "Check that this was reached" not in plain(partner.get("/governance/cards/waiting").text)
    with embedded.read(TOWN) as tx:
        reached = programme_store.list_reached(tx)["permit"]
    paper = Evidence("permit", "vergunning.pdf", hashlib.sha256(PDF).hexdigest())
    assert (reached.reached_on, reached.cost_cents) == (date(2026, 12, 1), 105_000_000)
    assert paper in reached.evidence


def test_a_partner_returns_a_report_and_the_board_reads_why(embedded: Database, tmp_path: Path) -> None:
    live(embedded, until="reach")
    report_id = report(embedded)
    desk = client(embedded, tmp_path, "board")
    assert desk.post(f"/governance/reports/{report_id}/confirm", data={"confirmed": "yes"}).status_code == 403
    partner = sign_in(desk, "partner", account_id="partner-1")
    partner.post(f"/governance/reports/{report_id}/return", data={"reason": "Page 2 is missing."})
    board = sign_in(desk, "board")
    assert "A partner returned your report: Permit" in plain(board.get("/governance/cards/waiting").text)
    assert "Page 2 is missing." in board.get("/governance/programme").text


@pytest.mark.parametrize(("roles", "status"), [(("member",), 403), (("treasurer",), 404), (("auditor",), 404)])
def test_papers_are_for_who_may_see_evidence(
    embedded: Database, tmp_path: Path, roles: tuple[str, ...], status: int
) -> None:
    desk: TestClient = client(embedded, tmp_path, *roles)
    assert desk.get(f"/governance/evidence/{'a' * 64}").status_code == status
