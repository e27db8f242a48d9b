"""Each line of a bill names the rows of law that it was held to, and programs read these rows."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from fastapi.testclient import TestClient

from coop.billing.bills import store as bills
from coop.billing.bills.store import IssuedBill
from coop.billing.law.commands import publish_law
from coop.billing.law.held import HeldTo, list_held
from coop.billing.runs.commands import correct_bills
from coop.communities.law import MAXIMUM, RATE, VAT, Publication
from coop.communities.law_store import list_publications
from coop.kit.database import Database
from tests.billing.tampered_village import village as village
from tests.billing.village import visit
from tests.desk import COMMUNITY, SECRETARY


def held_of_all(database: Database) -> list[tuple[IssuedBill, list[HeldTo]]]:
    with database.read(COMMUNITY) as tx:
        recorded = list_publications(tx)
        issued = [bills.get_bill(tx, head.id) for head in bills.list_heads(tx)]
        return [(each, list_held(each, recorded)) for each in issued]


def test_every_line_has_its_rate_and_no_price_is_above_its_maximum(village: Database) -> None:
    for issued, held in held_of_all(village):
        for line in issued.bill.lines:
            rows = [row for row in held if row.line.component == line.component]
            assert {row.figure for row in rows if row.kind == VAT} == {line.vat_rate}
            for row in rows:
                if row.kind == MAXIMUM:
                    asked = line.price_eur * Decimal("1.21") / (1 + line.vat_rate)
                    assert asked <= row.figure
    kinds = {(row.line.component, row.component) for _, held in held_of_all(village) for row in held}
    assert ("Heat", "heat per GJ") in kinds


def test_a_bill_names_the_row_that_was_known_when_it_was_made(village: Database) -> None:
    before = {issued.id: held for issued, held in held_of_all(village)}
    late = Publication(
        VAT, date(2025, 1, 1), date(2024, 12, 24), date(2024, 12, 24), {"energy": {RATE: Decimal("0.06")}}, "Stb. 2024"
    )
    with village.write(COMMUNITY, SECRETARY) as tx:
        publish_law(tx, [late], is_checked=True)
        corrections = {bill.bill_id for bill in correct_bills(tx, tx.today).bills}
    after = {issued.id: held for issued, held in held_of_all(village)}
    assert {bill_id: after[bill_id] for bill_id in before} == before
    assert corrections
    for bill_id in corrections:
        assert "Stb. 2024" in {row.recorded.published.source for row in after[bill_id]}


@pytest.mark.parametrize("language", ["nl", "en"])
def test_the_page_shows_each_row_and_the_way_to_all(village: Database, tmp_path: Path, language: str) -> None:
    issued, held = held_of_all(village)[0]
    member = visit(village, tmp_path, "member", member_id=issued.member_id)
    page = member.get(f"/billing/bills/{issued.id}/verify?lang={language}", headers={"accept": "text/html"}).text
    assert '<a href="/billing/law">' in page
    assert all(row.recorded.published.source in page for row in held)
    taken = [(row["line"], row["kind"], row["number"]) for row in rows_of(member, issued.id)]
    assert taken == [(row.line.component, row.kind, row.recorded.number) for row in held]


def rows_of(member: TestClient, bill_id: str) -> list[dict[str, Any]]:
    answer = member.get(f"/billing/exports/bill-law.json?bill={bill_id}")
    rows: list[dict[str, Any]] = answer.json()["rows"]
    return rows


def test_programs_page_through_the_law(village: Database, tmp_path: Path) -> None:
    program = visit(village, tmp_path, "member", member_id="anna")
    with village.read(COMMUNITY) as tx:
        recorded = list_publications(tx)
    first = program.get("/billing/api/v1/law", params={"limit": 2})
    assert [row["number"] for row in first.json()] == [recorded[0].number, recorded[1].number]
    assert first.json()[0]["figures"] == {"energy": {"rate": "0.21"}}
    rest = program.get(first.links["next"]["url"].replace("limit=2", "limit=500"))
    assert [row["source"] for row in [*first.json(), *rest.json()]] == [each.published.source for each in recorded]
