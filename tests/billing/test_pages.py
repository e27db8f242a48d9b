"""What members and the board see of billing."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime
from pathlib import Path
from types import SimpleNamespace

import pytest

from coop.billing.bills import store as bills
from coop.billing.service import BILLING
from coop.kit.database import Database
from coop.values import Period
from tests.billing.village import (
    address,
    admitted,
    closed,
    hear,
    measured,
    month_of,
    signed,
    tariff_adopted,
    tell_in_writing,
    tranche,
    visit,
)
from tests.desk import COMMUNITY, SECRETARY, sign_in
from tests.founding import found_in
from tests.kit.clocks import SetClock

JANUARY, FEBRUARY = Period.month(2025, 1), Period.month(2025, 2)
HTML = {"accept": "text/html", "accept-language": "en"}
MEMBERS = ("anna", "bram")


@pytest.fixture
def database(tmp_path: Path) -> Database:
    """One database is enough for pages: what they show is tested on both elsewhere."""
    made = BILLING.open_database(f"sqlite:///{tmp_path}/billing.db")
    found_in(made)
    return made


@pytest.fixture
def village(database: Database, tmp_path: Path) -> Database:
    """Two members with a bill each of January, and February heard with one unlikely reading."""
    hear(database, tariff_adopted(), *(admitted(name) for name in MEMBERS), *(signed(name) for name in MEMBERS))
    hear(database, *month_of(MEMBERS, JANUARY), tranche())
    visit(database, tmp_path, "board", "operator").post(
        "/billing/api/v1/runs", json={"period": "2025-01", "issued_on": "2025-02-01"}
    )
    hear(database, measured("anna", FEBRUARY, "25"), *month_of(MEMBERS, FEBRUARY)[1:])
    return database


def text_of(answer: object) -> str:
    """The words of a page, without tags and with single spaces."""
    body = getattr(answer, "text", "")
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", body)).replace("&#39;", "'")


def test_a_member_follows_the_year_and_one_euro_to_reading_and_vote(village: Database, tmp_path: Path) -> None:
    anna = visit(village, tmp_path, "member", member_id="anna")
    page = anna.get("/billing/", headers=HTML)
    assert page.status_code == 200
    assert "Until 31 January 2025 you paid €139.16 for heat, of at most €1,502.05 in this guarantee year." in text_of(
        page
    )
    path = re.search(r"/billing/bills/[0-9a-f-]{36}", page.text)
    assert path
    bill = anna.get(path.group(), headers=HTML)
    assert "2.500 GJ" in text_of(bill).replace("\xa0", " ")
    assert "/metering/readings/" in bill.text
    assert "/metering/allocations/run-2025-01-1/connection-anna" in bill.text
    assert "/governance/resolutions/resolution-tariff-2025" in bill.text
    verified = anna.get(path.group() + "/verify", headers=HTML)
    titles = re.findall(r'class="step-title">(.*?)</p>', verified.text)
    assert titles
    assert not [title for title in titles if re.search(r"\b[0-9a-f]{12}\b", re.sub(r"<[^>]+>", "", title))], (
        "no hash is in sight"
    )
    assert "It agrees" in text_of(verified)
    assert "coop verify 2025-000001" in text_of(verified)


def test_a_member_without_gas_bills_is_promised_no_ceiling(database: Database, tmp_path: Path) -> None:
    hear(database, tariff_adopted(), admitted("anna"), signed("anna", reference=()))
    hear(database, *month_of(["anna"], JANUARY))
    visit(database, tmp_path, "board", "operator").post(
        "/billing/api/v1/runs", json={"period": "2025-01", "issued_on": "2025-02-01"}
    )
    text = text_of(visit(database, tmp_path, "member", member_id="anna").get("/billing/", headers=HTML))
    assert "There are no gas bills on file, so there is no ceiling." in text
    assert "never pay more" not in text
    assert "How your ceiling follows" not in text


def test_pages_speak_dutch(village: Database, tmp_path: Path) -> None:
    anna = visit(village, tmp_path, "member", member_id="anna")
    page = anna.get("/billing/", headers={"accept": "text/html", "accept-language": "nl"})
    assert "Tot en met 31 januari 2025 betaalde u" in page.text
    assert "€ 1.502,05" in page.text.replace("\xa0", " ")


def test_a_bill_names_its_addressee_and_how_it_is_paid(village: Database, tmp_path: Path) -> None:
    treasurer = visit(village, tmp_path, "treasurer")
    with village.read("demo") as tx:
        bill_id = bills.list_heads(tx)[0].id
    assert "The register is asked whom this bill is for" in text_of(
        treasurer.get(f"/billing/bills/{bill_id}", headers=HTML)
    )
    waits = treasurer.get(f"/billing/bills/{bill_id}.pdf")
    assert (waits.status_code, waits.json()["code"]) == (409, "paper-waits")
    address(village)
    page = treasurer.get(f"/billing/bills/{bill_id}", headers=HTML)
    assert 'href="/members/anna"' in page.text
    for words in ("Anna de Wit, Kade of anna, 1011 AA Amsterdam", "L-anna", "RF92 2025 0000 01", "meter-anna"):
        assert words in text_of(page)
    assert "<svg" in page.text


def test_a_bill_is_also_on_paper_the_same_bytes_for_every_reader(village: Database, tmp_path: Path) -> None:
    address(village)
    number = "2025-000001"
    anna = visit(village, tmp_path, "member", member_id="anna")
    dutch, english = (
        anna.get(f"/billing/bills/{number}.pdf", headers={"accept-language": lang}) for lang in ("nl", "en")
    )
    assert dutch.headers["content-type"] == "application/pdf"
    assert dutch.content.startswith(b"%PDF-")
    assert anna.get("/billing/bills/2025-000002.pdf", headers=HTML).status_code == 404
    treasurer = visit(village, tmp_path, "treasurer").get(f"/billing/bills/{number}.pdf")
    assert dutch.content == english.content == treasurer.content


def test_the_page_of_a_run_says_no_id_and_asks_the_register_for_names(village: Database, tmp_path: Path) -> None:
    treasurer = visit(village, tmp_path, "treasurer")
    for run in ("2025-01", "2025-02"):
        page = treasurer.get(f"/billing/runs/{run}", headers=HTML).text
        assert 'data-names="/members/names"' in page
        assert 'data-name-of="anna"' in page.replace("'", '"')
        open_text = re.sub(r'<details class="technical.*?</details>', "", page, flags=re.S)
        assert not re.search(r"[0-9a-f]{8}", text_of(SimpleNamespace(text=open_text)))


def test_a_correction_says_why(village: Database, tmp_path: Path) -> None:
    hear(village, measured("anna", JANUARY, "2", revision=2, cause="late telegram"), closed(JANUARY, 1, 0, revision=2))
    board = visit(village, tmp_path, "board")
    run = board.post("/billing/runs/corrections/issue", headers=HTML)
    path = re.search(r"/billing/bills/[0-9a-f-]{36}", run.text)
    assert path
    corrected = board.get(path.group(), headers=HTML)
    assert "Revision 2 of the reading: late telegram" in text_of(corrected)
    assert "This changes bill 2025-000001 of" in text_of(corrected)
    assert "Credit note 2026-000001" in text_of(corrected)
    assert "pay by" not in text_of(corrected)
    address(village)
    assert board.get(path.group() + ".pdf").content.startswith(b"%PDF-")


def test_the_board_sees_what_came_previews_holds_and_releases(village: Database, tmp_path: Path) -> None:
    board = visit(village, tmp_path, "board")
    runs = text_of(board.get("/billing/runs", headers=HTML))
    assert "January 2025 4 / 4 Issued 2" in runs
    assert "February 2025 4 / 4 Ready" in runs
    preview = text_of(board.get("/billing/runs/2025-02", headers=HTML))
    assert "Unlikely beside the bill before Member €998.30 where €133.28 was likely" in preview
    held = board.post("/billing/runs/2025-02/issue", headers=HTML)
    assert "The run is held" in text_of(held)
    assert "it takes two people" in text_of(held)
    assert "Release the run" not in text_of(held)
    sign_in(board, "board", account_id="account-2")
    path = re.search(r"/billing/runs/[0-9a-f-]{36}/release", board.get("/billing/runs/2025-02", headers=HTML).text)
    assert path
    asked = text_of(board.get(path.group(), headers=HTML))
    assert "2 bills will be issued although 1 of them were found unlikely" in asked
    released = board.post(path.group(), headers=HTML)
    assert "The bills are issued." in text_of(released)
    assert "2026-000001" in released.text, "the bills have the day on which they are made"
    assert 'data-name-of="account-1"' in released.text
    assert 'data-name-of="account-2"' in released.text


def test_a_period_that_is_not_whole_says_what_is_missing(village: Database, tmp_path: Path) -> None:
    hear(village, measured("anna", Period.month(2025, 3), "1"))
    board = visit(village, tmp_path, "treasurer")
    assert "March 2025 1 / ? Incomplete" in text_of(board.get("/billing/runs", headers=HTML))
    assert "revision 1 is not closed" in text_of(board.get("/billing/runs/2025-03", headers=HTML))


def test_tariffs_show_vote_maximum_and_notice(village: Database, tmp_path: Path) -> None:
    board = visit(village, tmp_path, "board", "operator")
    with village.write(COMMUNITY, SECRETARY) as tx:
        tell_in_writing(tx, "tariff-2025", date(2025, 1, 5))
    page = text_of(board.get("/billing/tariffs", headers=HTML)).replace("\xa0", " ")
    meaning = "For each gigajoule that the heat meter counts. Counts towards your ceiling."
    assert f"Heat €38.00 per GJ {meaning} €43.79 ACM, maximumtarieven warmte 2025" in page
    assert "5 Jan 2025 letter as two people say 2 members" in page
    figure = {"series": "cpi-households", "year": "2026", "value": "1,033", "source": "CBS"}
    assert "1.033 CBS" in text_of(board.post("/billing/tariffs/figures", data=figure, headers=HTML))
    assert board.post("/billing/tariffs/figures", data={**figure, "value": "x"}, headers=HTML).status_code == 422
    member = visit(village, tmp_path, "member", member_id="anna")
    assert "Record a notice" not in member.get("/billing/tariffs", headers=HTML).text


def test_the_ledger_shows_both_columns_with_one_sum(village: Database, tmp_path: Path) -> None:
    page = text_of(visit(village, tmp_path, "auditor").get("/billing/ledger", headers=HTML))
    assert "Members owe (2) €295.12 €0.00 €295.12" in page
    assert "Total €770,295.12 €770,295.12 €0.00" in page


def test_cards_are_small_and_for_those_who_may_see_them(village: Database, tmp_path: Path) -> None:
    anna = visit(village, tmp_path, "member", member_id="anna")
    assert "€139.16" in anna.get("/billing/cards/cost", headers=HTML).text
    assert "January 2025" in anna.get("/billing/cards/bills", headers=HTML).text
    assert anna.get("/billing/cards/runs").status_code == 403
    assert "February 2025" in visit(village, tmp_path, "board").get("/billing/cards/runs", headers=HTML).text
    for name in ("cost", "bills", "runs"):
        assert visit(village, tmp_path).get(f"/billing/cards/{name}").status_code == 401


def test_every_page_says_what_comes_when_it_is_empty(database: Database, tmp_path: Path) -> None:
    anna = visit(database, tmp_path, "member", member_id="anna")
    board = visit(database, tmp_path, "board", "operator")
    assert "No bills yet" in anna.get("/billing/", headers=HTML).text
    assert "No bills of your own" in board.get("/billing/", headers=HTML).text
    assert "No period yet" in board.get("/billing/runs", headers=HTML).text
    assert "No tariff yet" in board.get("/billing/tariffs", headers=HTML).text
    assert "Nothing is booked yet" in board.get("/billing/ledger", headers=HTML).text
    for name in ("cost", "bills", "runs"):
        assert board.get(f"/billing/cards/{name}", headers=HTML).status_code == 200


@pytest.mark.parametrize(("role", "may_date"), [("treasurer", False), ("board", False), ("operator", True)])
def test_only_who_enters_bills_of_before_dates_them(
    village: Database, tmp_path: Path, role: str, may_date: bool
) -> None:
    hear(village, measured("anna", FEBRUARY, "2.2", revision=2), closed(FEBRUARY, 1, 0, revision=2))
    desk = visit(village, tmp_path, role)
    assert ('name="issued_on"' in desk.get("/billing/runs/2025-02", headers=HTML).text) == may_date
    dated = {"issued_on": "2025-03-05"}
    page = desk.post("/billing/runs/2025-02/issue", data=dated, headers=HTML)
    program = desk.post("/billing/api/v1/runs", json={"period": "2025-02", **dated})
    assert (page.status_code, program.status_code) == ((200, 200) if may_date else (422, 422))
    with village.read(COMMUNITY) as tx:
        days = {head.issued_on for head in bills.list_heads(tx)}
    assert days == {date(2025, 2, 1), date(2025, 3, 5)} if may_date else {date(2025, 2, 1)}


def test_bills_of_today_go_out_without_a_word_on_their_day(village: Database, tmp_path: Path) -> None:
    hear(village, measured("anna", FEBRUARY, "2.2", revision=2), closed(FEBRUARY, 1, 0, revision=2))
    treasurer = visit(village, tmp_path, "treasurer")
    assert treasurer.post("/billing/runs/2025-02/issue", headers=HTML).status_code == 200
    with village.read(COMMUNITY) as tx:
        assert [head.issued_on for head in bills.list_heads(tx) if head.period == FEBRUARY] == [tx.today, tx.today]


@pytest.mark.parametrize("path", ["/billing/runs", "/billing/ledger", "/billing/runs/2025-01"])
def test_a_member_has_no_business_at_the_boards_desk(village: Database, tmp_path: Path, path: str) -> None:
    assert visit(village, tmp_path, "member", member_id="anna").get(path, headers=HTML).status_code == 403


def test_the_home_page_tells_what_waits_until_when(village: Database, tmp_path: Path) -> None:
    treasurer = visit(village, tmp_path, "treasurer")
    assert "Bills of February 2025 can be made: look at them and issue them" in text_of(
        treasurer.get("/billing/cards/waiting", headers=HTML)
    )
    treasurer.post("/billing/runs/2025-02/issue", headers=HTML)
    assert "are held, for some are unlikely" in text_of(treasurer.get("/billing/cards/waiting", headers=HTML))
    auditor = visit(village, tmp_path, "auditor")
    assert text_of(auditor.get("/billing/cards/waiting", headers=HTML)).strip() == "", "an auditor issues nothing"


def test_the_steps_of_a_beginning_end_with_the_first_bill(database: Database, tmp_path: Path) -> None:
    board = visit(database, tmp_path, "board", "operator")
    before = board.get("/billing/cards/step-bills", headers=HTML).text
    assert "No month is closed yet." in before
    assert "data-ends-list" not in before
    hear(database, tariff_adopted(), admitted("anna"), signed("anna"), *month_of(("anna",), JANUARY), tranche())
    ready = board.get("/billing/cards/step-bills", headers=HTML).text
    assert "Bills of January 2025 can be made" in ready
    assert "/billing/runs/2025-01" in ready
    board.post("/billing/api/v1/runs", json={"period": "2025-01", "issued_on": "2025-02-01"})
    assert "data-ends-list" in board.get("/billing/cards/step-bills", headers=HTML).text


def test_a_member_reads_what_to_pay_while_there_is_time(database: Database, tmp_path: Path) -> None:
    clock = SetClock(datetime(2025, 2, 1, 9, tzinfo=UTC))
    timed = BILLING.open_database(f"sqlite:///{tmp_path}/billing.db", clock)
    hear(timed, tariff_adopted(), admitted("anna"), signed("anna"), *month_of(("anna",), JANUARY), tranche())
    visit(timed, tmp_path, "board", "operator").post(
        "/billing/api/v1/runs", json={"period": "2025-01", "issued_on": "2025-02-01"}
    )
    anna = visit(timed, tmp_path, "member", member_id="anna")
    line = text_of(anna.get("/billing/cards/waiting", headers=HTML))
    assert "Bill 2025-000001: pay €" in line
    assert "by 15 Feb 2025" in line
    assert "14 days left" in line
    clock.set(datetime(2025, 2, 16, 9, tzinfo=UTC))
    again = visit(timed, tmp_path, "member", member_id="anna")
    assert text_of(again.get("/billing/cards/waiting", headers=HTML)).strip() == "", "who paid in time is not reminded"
    timed.close()


def test_a_change_of_tariff_waits_for_its_written_notice(village: Database, tmp_path: Path) -> None:
    board = visit(village, tmp_path, "board", "operator")
    hear(village, tariff_adopted("tariff-2026", valid_from=date(2026, 1, 1)))
    assert "Tell each member in writing of the tariff from" in text_of(
        board.get("/billing/cards/waiting", headers=HTML)
    )
    with village.write(COMMUNITY, SECRETARY) as tx:
        tell_in_writing(tx, "tariff-2026", date(2025, 12, 5))
    assert "Tell each member" not in text_of(board.get("/billing/cards/waiting", headers=HTML))
