"""All papers of a run at once: a zip, what is printed for those without mail, and what fails by itself."""

from __future__ import annotations

import re
from dataclasses import replace
from io import BytesIO
from pathlib import Path
from zipfile import ZipFile

import pytest

from coop.billing.bills import store as bills
from coop.billing.documents import archive
from coop.billing.documents.model import BillDocument
from coop.billing.documents.pdf import bill_pdf
from coop.billing.runs.commands import issue_bills
from coop.billing.tables.papers import bill_paper
from coop.kit.database import Database
from tests.billing.papers_town import JANUARY, NAMES, begin, correct, issue, read
from tests.billing.village import (
    address,
    addressee_of,
    closed,
    hear,
    measured,
    month_of,
    release,
    visit,
)
from tests.desk import COMMUNITY, SECRETARY


def run_of(database: Database) -> str:
    with database.read(COMMUNITY) as tx:
        return bills.list_heads(tx)[0].run_id


def test_all_papers_of_a_run_are_one_zip_with_the_bytes_that_were_put_away(database: Database, tmp_path: Path) -> None:
    begin(database, *NAMES)
    hear(database, *month_of(NAMES, JANUARY))
    issue(database)
    treasurer = visit(database, tmp_path, "treasurer")
    address_of_zip = f"/billing/runs/{run_of(database)}/papers.zip"
    waits = treasurer.get(address_of_zip)
    assert (waits.status_code, waits.json()["code"]) == (409, "papers-wait")
    address(database)
    with ZipFile(BytesIO(treasurer.get(address_of_zip).content)) as archive:
        assert archive.namelist() == [f"2025-00000{nth}.pdf" for nth in (1, 2, 3)]
        for name in archive.namelist():
            assert archive.read(name) == read(database, name.removesuffix(".pdf")).body
    assert visit(database, tmp_path, "member", member_id="anna").get(address_of_zip).status_code == 403


def test_a_paper_that_fails_keeps_nobody_from_the_others_and_the_zip_says_which_and_why(
    database: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    begin(database, *NAMES)
    hear(database, *month_of(NAMES, JANUARY))
    issue(database)
    address(database)
    read(database, "2025-000003")
    with database.write(COMMUNITY, SECRETARY) as tx:
        changed = bill_paper.update().where(bill_paper.c.community == COMMUNITY)
        tx.execute(changed.values(body=b"another file"))
    typeset = bill_pdf

    def stumble(document: BillDocument, lang: str) -> bytes:
        if document["number"] == "2025-000002":
            raise RuntimeError("a glyph is missing")
        return typeset(document, lang)

    monkeypatch.setattr(archive, "bill_pdf", stumble)
    treasurer = visit(database, tmp_path, "treasurer")
    headers = {"accept": "application/zip", "accept-language": "en"}
    answer = treasurer.get(f"/billing/runs/{run_of(database)}/papers.zip", headers=headers)
    with ZipFile(BytesIO(answer.content)) as zipped:
        assert zipped.namelist() == ["2025-000001.pdf", "missing.txt"]
        assert zipped.read("missing.txt").decode().splitlines() == [
            "2 of 3 papers are not in this file:",
            "2025-000002: it cannot be made; the operator finds the reason in the log",
            "2025-000003: the paper of bill 2025-000003 was changed after it was kept",
        ]


def test_a_run_of_a_month_is_called_by_its_month_at_its_own_address_too(database: Database, tmp_path: Path) -> None:
    begin(database, *NAMES)
    hear(database, *month_of(NAMES, JANUARY))
    issue(database)
    headers = {"accept": "text/html", "accept-language": "en"}
    page = visit(database, tmp_path, "treasurer").get(f"/billing/runs/{run_of(database)}", headers=headers).text
    assert "Bills of January 2025" in page
    assert "Corrections" not in page


def test_bills_of_those_without_mail_are_one_file_to_print(database: Database, tmp_path: Path) -> None:
    begin(database, *NAMES)
    hear(database, *month_of(NAMES, JANUARY))
    issue(database)
    address(database, {name: replace(addressee_of(name), by_letter=name != "carla") for name in NAMES})
    treasurer = visit(database, tmp_path, "treasurer")
    page = treasurer.get("/billing/runs/2025-01", headers={"accept": "text/html", "accept-language": "en"}).text
    assert "2 letters to print" in page
    letters = treasurer.get(f"/billing/runs/{run_of(database)}/letters.pdf").content
    pages = re.findall(rb"NPages>(\d+)<", letters)
    one = re.findall(rb"NPages>(\d+)<", read(database, "2025-000001").body)
    assert int(pages[0]) == 2 * int(one[0])


def test_a_correction_that_moves_no_money_for_the_member_is_kept_and_written_to_nobody(
    database: Database, tmp_path: Path
) -> None:
    begin(database, "anna")
    hear(database, measured("anna", JANUARY, "50"), closed(JANUARY, 1))
    with database.write(COMMUNITY, SECRETARY) as tx:
        run = issue_bills(tx, JANUARY, JANUARY.end)
        assert run.status == "issued" or release(tx, run.run_id).status == "issued"
    hear(database, measured("anna", JANUARY, "48", 2, "read late"), closed(JANUARY, 1, 0, 2))
    correct(database)
    address(database, {"anna": replace(addressee_of("anna"), by_letter=True)})
    with database.read(COMMUNITY) as tx:
        first, nothing = bills.find_bills(tx)
    assert [line.amount_cents for line in nothing.bill.lines] == [-7600, 7600], (
        "less heat, and so much less is credited"
    )
    assert (nothing.total_cents, nothing.asked_cents, nothing.corrects) == (0, 0, first.id)
    treasurer = visit(database, tmp_path, "treasurer")
    run_page = f"/billing/runs/{nothing.run_id}"
    page = treasurer.get(run_page, headers={"accept": "text/html", "accept-language": "en"}).text
    assert "Waiting: 1." not in page
    assert treasurer.get(f"{run_page}/letters.pdf").status_code == 404
    assert b"%PDF" in treasurer.get(f"/billing/bills/{nothing.number}.pdf").content


def test_a_run_without_letters_says_so(database: Database, tmp_path: Path) -> None:
    begin(database, "anna")
    hear(database, *month_of(["anna"], JANUARY))
    issue(database)
    address(database)
    answer = visit(database, tmp_path, "treasurer").get(f"/billing/runs/{run_of(database)}/letters.pdf")
    assert (answer.status_code, answer.json()["detail"]) == (404, "nobody in this run gets their bill by letter")
