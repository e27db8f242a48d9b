"""What bills ask: even amounts that a year settles, small amounts that wait, and never more than was billed."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from coop.billing.amounts.commands import list_amount_rows, set_amount, view_amount
from coop.billing.amounts.texts import explain_asked
from coop.billing.bills.asking import MonthlyAmount, Standing, Why, ask, stand_after
from coop.billing.bills.book import find_contract
from coop.billing.bills.paper import Paper
from coop.billing.bills.schemas import BILL_PAPER
from coop.billing.bills.store import find_bills, list_heads
from coop.billing.checking.verify import verify_bill
from coop.billing.documents.archive import freeze
from coop.billing.documents.contents import document_of
from coop.billing.documents.pdf import bill_pdf, printed
from coop.billing.figures.commands import record_figure
from coop.billing.jobs import archive_papers, follow_drifts, set_amounts
from coop.billing.model import BillHead, Contract, PublishedFigure
from coop.billing.runs.commands import correct_bills, issue_bills
from coop.billing.runs.drafting import draft
from coop.kit import documents
from coop.kit.database import Database
from coop.kit.jobs import Work
from coop.kit.tx import Tx
from coop.values import BadInput, CoopError, Period
from coop.verification.asked import verify_asked
from coop.verification.rows import Kept, read_kept
from coop.verification.told import Told
from tests.billing.conftest import Opened
from tests.billing.village import (
    address,
    admitted,
    closed,
    ended,
    even_amounts,
    hear,
    measured,
    month_of,
    release,
    signed,
    tariff_adopted,
    visit,
)
from tests.desk import COMMUNITY, SECRETARY

YEAR = Period.year(2025)
MONTHS = YEAR.months()
HTML = {"accept": "text/html", "accept-language": "en"}
HOME = Contract("c", "m", "k", YEAR.start, None, None, ())
WINTER = ("6", "5", "4", "3", "1", "0.5", "0.5", "0.5", "1", "3", "4", "5")


def work(database: Database) -> Work:
    return Work(database, COMMUNITY, datetime(2025, 1, 1, tzinfo=UTC), "amounts")


def contract_of(tx: Tx, member_id: str = "anna") -> Contract:
    contract = find_contract(tx, f"contract-{member_id}")
    assert contract is not None
    return contract


def bill(opened: Opened, month: Period, heat: str = "3", names: tuple[str, ...] = ("anna",)) -> None:
    database = opened(month.end)
    hear(database, *month_of(names, month, heat))
    with database.write(COMMUNITY, SECRETARY) as tx:
        run = issue_bills(tx, month, tx.today)
        assert run.status == "issued" or release(tx, run.run_id).status == "issued"


def heads(database: Database) -> list[BillHead]:
    with database.read(COMMUNITY) as tx:
        return list_heads(tx)


def paper_of(database: Database, head: BillHead) -> Paper:
    with database.read(COMMUNITY) as tx:
        return BILL_PAPER.open(documents.load(tx, head.paper_hash))


def findings(database: Database) -> list[str]:
    with database.read(COMMUNITY) as tx:
        own = [finding for head in list_heads(tx) for finding in verify_bill(tx, head.id).findings]
        return [*own, *verify_asked(read_kept(tx), Told())]


def begin(opened: Opened, plan: str = "even", least_cents: int = 0) -> Database:
    database = opened(date(2025, 1, 10))
    hear(database, tariff_adopted(), even_amounts(plan, least_cents), admitted("anna"), signed("anna"))
    return database


def test_a_year_of_even_amounts_is_settled_with_its_last_bill(opened: Opened) -> None:
    database = begin(opened)
    assert set_amounts(work(database)) == "set 1 monthly amount"
    assert set_amounts(work(database)) == "set 0 monthly amounts"
    for month, heat in zip(MONTHS, WINTER, strict=True):
        bill(opened, month, heat)
    *monthly, last = heads(database)
    # Gas of E9 at the prices of 2025 lies above the ceiling: twelve parts of it and nothing more.
    assert [head.asked_cents for head in monthly] == [12_518] * 11
    assert sum(head.asked_cents for head in (*monthly, last)) == sum(head.total_cents for head in (*monthly, last))
    asked = paper_of(database, last).asked
    assert asked is not None
    assert (asked.why, asked.carried_cents) == (Why.SETTLED, 0)
    assert asked.settles == tuple(head.number for head in monthly)
    assert findings(database) == []


def titles(database: Database) -> dict[str, tuple[str, str]]:
    """What the file of each bill is called, by its number, in Dutch and in English."""
    address(database)
    with database.read(COMMUNITY) as tx:
        frozen = freeze(tx, find_bills(tx)).values()
    called: dict[str, tuple[str, str]] = {}
    for each in frozen:
        in_both = []
        for lang in ("nl", "en"):
            document = document_of(replace(each, addressee=replace(each.addressee, language=lang)))
            made = bill_pdf(document, lang)
            named = re.search(rb"<rdf:li[^>]*>([^<]*) %s</rdf:li>" % each.issued.number.encode(), made)
            assert named
            in_both.append(named[1].decode())
            assert printed(document, lang)["title"] == in_both[-1], "the paper's first line is that of the file"
        called[each.issued.number] = (in_both[0], in_both[1])
    return called


def test_each_kind_of_bill_is_called_by_its_name_in_both_languages(opened: Opened) -> None:
    database = begin(opened)
    set_amounts(work(database))
    for month in MONTHS:
        bill(opened, month, "1")
    database = opened(date(2026, 1, 2))
    for revision, heat in ((2, "2"), (3, "1.5")):
        told = measured("anna", MONTHS[0], heat, revision=revision, cause="the meter was read wrongly")
        hear(database, told, closed(MONTHS[0], 1, revision=revision))
        with database.write(COMMUNITY, SECRETARY) as tx:
            run = correct_bills(tx, tx.today)
            assert run.status == "issued" or release(tx, run.run_id).status == "issued"
    hear(database, ended("anna", date(2026, 2, 1)))
    with database.write(COMMUNITY, SECRETARY) as tx:
        record_figure(tx, PublishedFigure("cpi-households", 2025, Decimal("1.02"), "CBS"))
    bill(opened, Period.month(2026, 1), "1")
    called = titles(database)
    assert called["2025-000001"] == ("Rekening met uw maandbedrag", "Bill with your monthly amount")
    assert called["2026-000001"] == ("Jaarafrekening", "Yearly settlement")
    assert called["2026-000002"] == ("Correctierekening", "Correction bill")
    assert called["2026-000003"] == ("Creditnota", "Credit note")
    assert called["2026-000004"] == ("Eindafrekening", "Final bill")


def test_a_bill_of_a_month_without_even_amounts_is_called_so(opened: Opened) -> None:
    database = begin(opened, "each-bill")
    bill(opened, MONTHS[0])
    assert titles(database) == {"2025-000001": ("Maandrekening", "Monthly bill")}


def test_the_settlement_names_the_bills_and_pays_back_what_was_too_much(opened: Opened) -> None:
    database = begin(opened)
    set_amounts(work(database))
    for month in MONTHS:
        bill(opened, month, "1")
    last = heads(database)[-1]
    assert last.asked_cents < 0
    text = explain_asked("en", paper_of(database, last).asked)
    assert "2025-000001, 2025-000002" in text
    assert "more was asked than they came to" in text


def test_a_correction_under_even_amounts_counts_in_the_settlement(opened: Opened) -> None:
    database = begin(opened)
    set_amounts(work(database))
    bill(opened, MONTHS[0], "3")
    hear(database, measured("anna", MONTHS[0], "2", 2, "read late"), closed(MONTHS[0], 1, 0, revision=2))
    with database.write(COMMUNITY, SECRETARY) as tx:
        correct_bills(tx, tx.today)
    first, correction = heads(database)
    assert (correction.total_cents, correction.asked_cents) == (-3800, 0)
    with database.read(COMMUNITY) as tx:
        [row] = list_amount_rows(tx)
    assert row.carried_cents == first.total_cents - first.asked_cents - 3800
    assert findings(database) == []


def test_what_changes_a_settled_year_is_asked_for_as_it_is(opened: Opened) -> None:
    database = begin(opened)
    set_amounts(work(database))
    for month in MONTHS:
        bill(opened, month, "1")
    hear(database, measured("anna", MONTHS[4], "2", 2, "read late"), closed(MONTHS[4], 1, 0, revision=2))
    with database.write(COMMUNITY, SECRETARY) as tx:
        correct_bills(tx, tx.today)
    correction = heads(database)[-1]
    assert correction.total_cents == correction.asked_cents == 3800


def test_who_moves_out_is_settled_with_the_last_bill(opened: Opened) -> None:
    database = begin(opened)
    set_amounts(work(database))
    for month in MONTHS[:3]:
        bill(opened, month, "6")
    hear(database, ended("anna", date(2025, 4, 20)))
    bill(opened, MONTHS[3], "2")
    assert sum(head.asked_cents for head in heads(database)) == sum(head.total_cents for head in heads(database))
    assert findings(database) == []


def test_who_moved_out_and_was_told_late_is_settled_by_a_correction(opened: Opened) -> None:
    database = begin(opened)
    set_amounts(work(database))
    for month in MONTHS[:3]:
        bill(opened, month, "1")
    before = len(heads(database))
    hear(database, ended("anna", MONTHS[2].end))
    with database.write(COMMUNITY, SECRETARY) as tx:
        correct_bills(tx, tx.today)
        assert draft(tx, None, tx.today).drafts == ()
    after = heads(database)
    assert len(after) == before + 1
    assert (after[-1].total_cents, after[-1].kind) == (0, "correction")
    address(database)
    assert archive_papers(work(database)).startswith("put away 4 ")
    assert sum(head.asked_cents for head in after) == sum(head.total_cents for head in after)
    assert findings(database) == []


def test_without_even_amounts_each_bill_asks_what_it_comes_to(opened: Opened) -> None:
    database = begin(opened, plan="each-bill")
    assert set_amounts(work(database)) == "set 0 monthly amounts"
    bill(opened, MONTHS[0])
    [head] = heads(database)
    assert head.asked_cents == head.total_cents
    asked = paper_of(database, head).asked
    assert asked is not None
    assert (asked.why, explain_asked("en", asked)) == (Why.WHOLE, "")


def test_a_small_difference_is_carried_into_the_next_bill(opened: Opened) -> None:
    database = begin(opened, plan="each-bill", least_cents=500)
    bill(opened, MONTHS[0], "3")
    hear(database, measured("anna", MONTHS[0], "3.1", 2, "read late"), closed(MONTHS[0], 1, 0, revision=2))
    with database.write(COMMUNITY, SECRETARY) as tx:
        correct_bills(tx, tx.today)
    correction = heads(database)[-1]
    assert (correction.total_cents, correction.asked_cents) == (380, 0)
    assert "added to your next bill" in explain_asked("en", paper_of(database, correction).asked)
    bill(opened, MONTHS[1], "3")
    following = heads(database)[-1]
    assert following.asked_cents == following.total_cents + 380
    assert findings(database) == []


def test_a_member_sets_the_amount_within_the_bounds_of_the_cooperative(opened: Opened) -> None:
    database = begin(opened)
    set_amounts(work(database))
    with database.write(COMMUNITY, SECRETARY) as tx:
        view = view_amount(tx, contract_of(tx))
        assert view is not None
        assert (view.least_cents, view.most_cents) == (9389, 15647)
        for outside in (view.least_cents - 1, view.most_cents + 1):
            with pytest.raises(BadInput, match=r"must be from 93\.89 to 156\.47 euros"):
                set_amount(tx, contract_of(tx), outside)
        set_amount(tx, contract_of(tx), 11_000)
    bill(opened, MONTHS[0], "6")
    assert heads(database)[-1].asked_cents == 11_000
    with database.read(COMMUNITY) as tx:
        view = view_amount(tx, contract_of(tx))
    assert view is not None
    assert view.left_cents is not None
    assert view.left_cents > 0


def test_without_even_amounts_there_is_none_to_set(opened: Opened) -> None:
    database = begin(opened, plan="each-bill")
    with database.write(COMMUNITY, SECRETARY) as tx, pytest.raises(CoopError, match="no monthly amount"):
        set_amount(tx, contract_of(tx), 10_000)


def test_an_amount_that_drifts_is_named_on_a_bill_before_another_holds(opened: Opened) -> None:
    database = begin(opened)
    set_amounts(work(database))
    bill(opened, MONTHS[0], "1")
    bill(opened, MONTHS[1], "1")
    assert follow_drifts(work(opened(date(2025, 3, 9)))) == "told 1 other monthly amount"
    assert follow_drifts(work(database)) == "told 0 other monthly amounts"
    bill(opened, MONTHS[2], "1")
    march = heads(database)[-1]
    asked = paper_of(database, march).asked
    assert asked is not None
    assert asked.coming is not None
    coming_cents, from_day = asked.coming
    assert (march.asked_cents, from_day) == (12_518, date(2025, 5, 1))
    assert "From 1 May 2025 your monthly amount is" in explain_asked("en", asked)
    bill(opened, MONTHS[3], "1")
    bill(opened, MONTHS[4], "1")
    assert [head.asked_cents for head in heads(database)[-2:]] == [12_518, coming_cents]
    assert coming_cents < 10_000
    assert findings(database) == []


def test_an_even_amount_never_brings_the_year_above_the_ceiling(opened: Opened) -> None:
    database = begin(opened)
    set_amounts(work(database))
    with database.read(COMMUNITY) as tx:
        [row] = list_amount_rows(tx)
    # The ceiling of E9, 1,502.05, in twelve parts; no electricity is known yet.
    assert 12 * row.amount.amount_cents - 150_205 in range(12)


def test_an_amount_that_nobody_set_and_a_leaver_who_was_not_settled_are_found(opened: Opened) -> None:
    database = begin(opened)
    set_amounts(work(database))
    bill(opened, MONTHS[0], "6")
    with database.read(COMMUNITY) as tx:
        kept = read_kept(tx)
    [row] = kept.bills
    asks_more = SimpleNamespace(**{**row._asdict(), "asked_cents": 12_519})
    ends = SimpleNamespace(**{**row._asdict(), "days_end": date(2025, 1, 20)})
    gone = SimpleNamespace(**{**kept.amounts[0]._asdict(), "number": 2})
    assert "and nobody set that amount" in first_finding(kept, bills=[asks_more])
    assert "ends its contract, and leaves" in first_finding(kept, bills=[ends])
    assert "is missing" in first_finding(kept, amounts=[gone])


def first_finding(kept: Kept, **tampered: Any) -> str:
    return next(iter(verify_asked(replace(kept, **tampered), Told())))


def test_a_member_sees_whether_the_amount_is_enough_and_sets_another(opened: Opened, tmp_path: Path) -> None:
    database = begin(opened)
    hear(database, admitted("bram"), signed("bram"))
    set_amounts(work(database))
    bill(opened, MONTHS[0], "6", ("anna", "bram"))
    anna = visit(database, tmp_path, "member", member_id="anna")
    page = anna.get("/billing/contracts/contract-anna/forecast", headers=HTML).text
    assert "Your monthly amount of €125.18" in page
    assert "Set this amount" in page
    moved = anna.post("/billing/contracts/contract-anna/amount", data={"amount": "110,00"}, follow_redirects=False)
    assert moved.status_code == 303
    assert (
        "Your monthly amount of €110.00 is not enough"
        in anna.get("/billing/contracts/contract-anna/forecast", headers=HTML).text
    )
    api = "/billing/api/v1/contracts/contract-anna/amount"
    assert anna.get(api).json()["present"]["amount_cents"] == 11_000
    assert anna.post(api, json={"amount_cents": 12_000}).json()["basis"] == "asked"
    assert anna.post(api, json={"amount_cents": 1}).status_code == 422
    bram = visit(database, tmp_path, "member", member_id="bram")
    assert bram.get(api).status_code == bram.post(api, json={"amount_cents": 12_000}).status_code == 404
    board = visit(database, tmp_path, "board")
    assert "€120.00" in board.get("/billing/amounts", headers=HTML).text
    assert len(board.get("/billing/exports/amounts.csv").text.splitlines()) == 3
    assert bram.get("/billing/amounts").status_code == 403
    assert "pay €125.18" in anna.get("/billing/cards/waiting", headers=HTML).text.replace("\xa0", " ")
    mine = anna.get("/billing/", headers=HTML).text
    assert re.search(r">2025-000001</a>(?:(?!/a>).)*€280\.56(?:(?!/a>).)*€125\.18", mine, re.DOTALL), (
        "billed, and to pay"
    )
    bill_page = anna.get(f"/billing/bills/{heads(database)[0].id}", headers=HTML).text
    assert "the bill comes to" in bill_page


@given(
    totals=st.lists(st.integers(-30_000, 60_000), min_size=1, max_size=40),
    corrections=st.sets(st.integers(0, 39)),
    amount_cents=st.integers(0, 40_000),
    least_cents=st.integers(0, 2500),
)
def test_once_a_contract_is_over_it_was_asked_exactly_what_it_was_billed(
    totals: list[int], corrections: set[int], amount_cents: int, least_cents: int
) -> None:
    months = [month for year in range(2025, 2029) for month in Period.year(year).months()][: len(totals)]
    home = replace(HOME, ends_on=months[-1].end)
    standing, asked_cents, billed_cents = Standing(), 0, 0
    for nth, (month, total_cents) in enumerate(zip(months, totals, strict=True)):
        start = date(month.start.year, 1, 1)
        even = MonthlyAmount("c", start, 1, start, amount_cents, amount_cents, "expected", start, "job")
        for is_correction in (True, False) if nth in corrections and nth else (False,):
            of = months[nth - 1] if is_correction else month
            asked = ask(total_cents, standing, even, of, home, is_correction=is_correction, least_cents=least_cents)
            assert asked.carried_cents == asked.brought_cents + total_cents - asked.asked_cents
            standing = stand_after(standing, str(nth), of.end, asked, is_correction=is_correction)
            asked_cents, billed_cents = asked_cents + asked.asked_cents, billed_cents + total_cents
    assert (asked_cents, standing.carried_cents) == (billed_cents, 0)
