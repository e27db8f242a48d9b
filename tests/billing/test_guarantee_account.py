"""The account of each guarantee year: every entry says what moved, by a bill or without one."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest

from coop.billing.bills import account_store as accounts
from coop.billing.bills import store as bills
from coop.billing.checking.verify import verify_bill
from coop.billing.figures.commands import preview_figure, record_figure
from coop.billing.model import PublishedFigure
from coop.billing.runs.commands import correct_bills, issue_bills, release_run
from coop.billing.runs.drafting import draft
from coop.events.members import GasBillsCorrected
from coop.kit.database import Database
from coop.values import BadInput, CoopError, Period
from tests.billing.village import E9_YEARS, admitted, closed, ended, hear, measured, signed, tariff_adopted, visit
from tests.desk import CHAIR, COMMUNITY, SECRETARY

TODAY = date(2026, 10, 1)
JANUARY = Period.month(2026, 1)


def factor(value: str, source: str = "CBS") -> PublishedFigure:
    return PublishedFigure("cpi-households", 2025, Decimal(value), source)


def enter(database: Database, figure: PublishedFigure, replaces: str | None = None) -> None:
    with database.write(COMMUNITY, SECRETARY) as tx:
        record_figure(tx, figure, None if replaces is None else Decimal(replaces))


def correct(database: Database) -> list[int]:
    with database.write(COMMUNITY, SECRETARY) as tx:
        return [made.total_cents for made in correct_bills(tx, TODAY).bills]


def account(database: Database) -> list[tuple[tuple[str, ...], int | None, bool]]:
    """Of each entry its causes, its ceiling, and whether a bill made it."""
    with database.read(COMMUNITY) as tx:
        entries = accounts.list_entries(tx, "contract-anna")
    assert [entry.number for entry in entries] == list(range(1, len(entries) + 1))
    return [(entry.causes, entry.ceiling_cents, entry.bill_id is not None) for entry in entries]


def bill_january(database: Database, energy_gj: str) -> None:
    hear(database, tariff_adopted(), admitted("anna"), signed("anna"), measured("anna", JANUARY, energy_gj))
    hear(database, closed(JANUARY, 1))
    with database.write(COMMUNITY, SECRETARY) as tx:
        run = issue_bills(tx, JANUARY, TODAY)
    if run.status == "held":
        with database.write(COMMUNITY, CHAIR) as tx:
            assert release_run(tx, run.run_id).status == "issued"


def test_a_ceiling_that_moves_above_the_cost_makes_an_entry_without_a_bill(database: Database) -> None:
    enter(database, factor("1.033"))
    bill_january(database, "10")
    cheaper = (E9_YEARS[0].model_copy(update={"amount_cents": 98_750}), *E9_YEARS[1:])
    hear(
        database,
        GasBillsCorrected(contract_id="contract-anna", number=1, corrected_on=date(2026, 3, 1), reference=cheaper),
    )
    assert correct(database) == []
    assert account(database) == [(("cost",), 155_162, True), (("gas-bills",), 149_997, False)]
    enter(database, factor("1.000"), "1.033")
    assert correct(database) == []
    assert correct(database) == [], "a second run finds nothing that moved"
    assert account(database)[2:] == [(("index",), 145_205, False)]
    hear(database, ended("anna", date(2026, 1, 21)))
    assert len(correct(database)) == 1
    assert account(database)[3][0] == ("cost", "end")
    with database.read(COMMUNITY) as tx:
        assert all(verify_bill(tx, head.id).agrees for head in bills.list_heads(tx))


def test_a_mistyped_figure_is_corrected_before_a_bill_rests_on_it(database: Database) -> None:
    enter(database, factor("1.22"))
    with pytest.raises(CoopError, match=r"on file as 1\.22") as refused:
        enter(database, factor("1.033"))
    assert refused.value.code == "figure-known"
    with pytest.raises(CoopError, match=r"on file as 1\.22"):
        enter(database, factor("1.033"), "1.23")
    enter(database, factor("1.033"), "1.22")
    enter(database, factor("1.033"))
    bill_january(database, "45")
    assert account(database) == [(("cost",), 155_162, True)]


def test_a_mistyped_figure_is_corrected_after_bills_rest_on_it_and_shows_first_what_follows(database: Database) -> None:
    enter(database, factor("1.22"))
    bill_january(database, "60")
    with database.read(COMMUNITY) as tx:
        follows = preview_figure(tx, factor("1.033"), Decimal("1.22"))
    assert (follows.bill_count, follows.total_cents) == (1, 155_162 - 183_250)
    with database.read(COMMUNITY) as tx:
        assert draft(tx, None, TODAY).drafts == (), "looking changes nothing"
    enter(database, factor("1.033"), "1.22")
    assert correct(database) == [155_162 - 183_250]
    assert account(database)[1] == (("index",), 155_162, True)
    with database.read(COMMUNITY) as tx:
        assert [verify_bill(tx, head.id).findings for head in bills.list_heads(tx)] == [(), ()]


@pytest.mark.parametrize(
    ("series", "value"),
    [
        ("cpi-households", "103.3"),
        ("cpi-households", "0.033"),
        ("cpi-households", "NaN"),
        ("wdd", "28.9"),
        ("wdd-normal", "28000"),
        ("cpi-households", "1.0330000000000001"),
    ],
)
def test_a_figure_that_cannot_be_is_refused(database: Database, series: str, value: str) -> None:
    with pytest.raises(BadInput) as refused:
        enter(database, PublishedFigure(series, 2025, Decimal(value), "CBS"))
    assert [problem.field for problem in refused.value.problems] == ["factor"]


def test_two_treasurers_who_correct_a_figure_at_once_do_not_overwrite_each_other(database: Database) -> None:
    enter(database, factor("1.22"))
    enter(database, factor("1.033"), "1.22")
    with pytest.raises(CoopError, match=r"on file as 1\.033"):
        enter(database, factor("1.034"), "1.22")


def test_the_page_asks_before_a_figure_is_corrected_and_the_member_reads_what_moved(
    database: Database, tmp_path: Path
) -> None:
    enter(database, factor("1.22"))
    bill_january(database, "60")
    typed = {"series": "cpi-households", "year": "2025", "value": "1,033", "source": "CBS"}
    with visit(database, tmp_path / "treasurer", "treasurer") as client:
        asked = client.post("/billing/tariffs/figures", data=typed, headers={"accept": "text/html"})
        assert "1 corrections follow" in asked.text or "volgen 1 correcties" in asked.text
        dry = {"series": "cpi-households", "year": 2025, "factor": "1.033", "source": "CBS", "replaces": "1.22"}
        answer = client.post("/billing/api/v1/index", json={**dry, "dry_run": True}).json()
        assert (answer["correction_count"], answer["total_cents"]) == (1, 155_162 - 183_250)
        kept = client.post("/billing/tariffs/figures", data={**typed, "replaces": "1.22"}, follow_redirects=False)
        assert kept.status_code == 303
    correct(database)
    with visit(database, tmp_path / "anna", "member", member_id="anna") as client:
        entries = client.get("/billing/api/v1/contracts/contract-anna/guarantee").json()
        assert [entry["causes"] for entry in entries] == [["cost"], ["index"]]
        page = client.get("/billing/", params={"lang": "en"}, headers={"accept": "text/html"}).text
        assert "the price index" in page
    with visit(database, tmp_path / "bram", "member", member_id="bram") as client:
        assert client.get("/billing/api/v1/contracts/contract-anna/guarantee").status_code == 404
