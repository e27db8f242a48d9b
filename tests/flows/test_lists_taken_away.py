"""Files of every list, taken from a played year by a board and by a member: whole, exact, and to whom they belong."""

from __future__ import annotations

import csv
import html
import io
import re
from decimal import Decimal
from pathlib import Path

import httpx2
import pytest
from openpyxl import load_workbook

from coop.kit.clock import SYSTEM_CLOCK
from coop.kit.session import COOKIE, Session, sign
from coop.kit.settings import Settings
from tests.flows.conftest import Year
from tests.flows.installation import embedded

NAMELESS = re.compile(r"[0-9a-f]{8}-[0-9a-f-]{27}|\d{4}-\d\d|M\d+|#.*|\d+")
FILES = re.compile(r"\.(pdf|atom|json|csv|xlsx|zip)\b")


def client_of(settings: Settings, *roles: str, member_id: str | None = None) -> httpx2.Client:
    session = Session("somebody", "Somebody", frozenset(roles), member_id, "demo", "s", SYSTEM_CLOCK.now())
    cookies = {COOKIE: sign(session, settings.signing_secret())}
    headers = {"accept": "text/html", "accept-language": "en"}
    return httpx2.Client(base_url=settings.public_url(), cookies=cookies, headers=headers, timeout=60)


def exports_of(client: httpx2.Client) -> set[str]:
    """Addresses of the CSV files that the pages lead to, one of each kind."""
    looked, kinds, files = {"/"}, set(), set()
    waiting = ["/"]
    while waiting:
        answer = client.get(waiting.pop(), follow_redirects=True)
        for href in map(html.unescape, re.findall(r'href="(/[^"]*)"', answer.text)):
            kind = NAMELESS.sub("*", href)
            if kind in looked or "lang=" in href:
                continue
            looked.add(kind)
            if ".csv" in href:
                kinds.add(kind)
                files.add(href)
            elif not FILES.search(href):
                waiting.append(href)
    return files


@pytest.fixture(scope="module")
def settings(year: Year, tmp_path_factory: pytest.TempPathFactory) -> Settings:
    folder: Path = tmp_path_factory.mktemp("away") / "data"
    return year.copy(folder)


def test_each_file_that_a_page_offers_can_be_taken_in_each_form(settings: Settings) -> None:
    with embedded(settings.data_dir) as running, client_of(running, "board", "treasurer") as board:
        files = exports_of(board)
        assert len(files) > 25
        for address in sorted(files):
            table = list(csv.reader(io.StringIO(board.get(address).raise_for_status().text)))
            made = board.get(address.replace(".csv", ".json")).raise_for_status().json()
            sheet = load_workbook(io.BytesIO(board.get(address.replace(".csv", ".xlsx")).raise_for_status().content))
            assert sheet.active is not None
            assert [column["label"] for column in made["columns"]] == table[0], address
            assert len(made["rows"]) == len(table) - 1 == sheet.active.max_row - 1, address


def test_amounts_are_exact_and_a_member_gets_their_own(settings: Settings, year: Year) -> None:
    bills = year.state["billing"]["bills"]
    member_id = bills[0]["member_id"]
    with embedded(settings.data_dir) as running:
        with client_of(running, "treasurer") as treasurer:
            rows = treasurer.get("/billing/exports/bills.json?of=all").raise_for_status().json()["rows"]
            postings = treasurer.get("/billing/exports/postings.json").raise_for_status().json()["rows"]
            balances = treasurer.get("/billing/exports/trial-balance.json").raise_for_status().json()["rows"]
        assert {row["number"]: int(Decimal(row["total_eur"]) * 100) for row in rows} == {
            bill["number"]: bill["total_cents"] for bill in bills
        }
        assert sum(Decimal(row["amount_eur"]) for row in postings) == sum(Decimal(row["debit_eur"]) for row in balances)
        with client_of(running, "member", member_id=member_id) as member:
            own = member.get("/billing/exports/bills.json").raise_for_status().json()["rows"]
            assert {row["member_id"] for row in own} == {member_id}
            for address in ("/metering/exports/measurements.json", "/metering/exports/allocations.json"):
                assert {row["member_id"] for row in member.get(address).raise_for_status().json()["rows"]} <= {
                    member_id
                }
            other = next(bill["number"] for bill in bills if bill["member_id"] != member_id)
            assert member.get(f"/billing/exports/bill-lines.csv?bill={other}").status_code == 404
            for closed in (
                "bills.csv?of=all",
                "postings.csv",
                "trial-balance.csv",
                "periods.csv",
                "run-bills.csv?run=2025-06",
            ):
                assert member.get(f"/billing/exports/{closed}").status_code == 403
            for closed in ("meters", "parked", "late", "periods", "completeness"):
                assert member.get(f"/metering/exports/{closed}.csv").status_code == 403
            assert member.get("/billing/exports/jobs.csv").status_code == 403
