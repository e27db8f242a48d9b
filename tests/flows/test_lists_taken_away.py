"""Files of every list, taken from a played year by a board and by a member: whole, exact, and to whom they belong."""

from __future__ import annotations

import csv
import html
import io
import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path
from zipfile import ZipFile
from zoneinfo import ZoneInfo

import httpx2
import pytest
from openpyxl import load_workbook

from coop.demo.accounts import accounts
from coop.demo.acts import password
from coop.demo.cooperative import COMMUNITY
from coop.events import SERVICES
from coop.kit.clock import SYSTEM_CLOCK
from coop.kit.service import Room
from coop.kit.session import COOKIE, Session, sign
from coop.kit.settings import Settings
from coop.members.identity.store import list_accounts_of
from coop.operator.runtime import open_rooms
from coop.web.writing import civil_day, month
from tests.flows.addresses import fill, guarded_routes, list_askings
from tests.flows.conftest import Year
from tests.flows.eyeline import ids_in_sight
from tests.flows.furnishing import furnish
from tests.flows.installation import embedded
from tests.flows.shown import Shown, read_lists
from tests.flows.town import close_rooms

NAMELESS = re.compile(r"[0-9a-f]{64}|[0-9a-f]{8}-[0-9a-f-]{27}|\d{4}-\d\d|M\d+|#.*|\d+")
UNLIKE = {
    "/billing/exports/law": "a row of the page has a figure for each class of customers",
    "/billing/exports/prices": "the page adds a row of what the fixed parts are together",
    "/governance/exports/resolutions": "points of a meeting to come stand above the table of what was decided",
    "/members/exports/connections": "a row of the file is a hold, of the page a connection",
    "/members/exports/mail-and-letters": "the page shows the newest fifty, and the way to the others",
    "/metering/exports/deliveries": "the page shows the newest, and the way to the others",
    "/metering/exports/heat-account": "a row of the page is a day, of which the file has both instants",
    "/metering/exports/periods": "the page has the months too that are not closed",
}
"""Lists whose page has other rows than their files, and why."""

FILES = re.compile(r"\.(pdf|atom|json|csv|xlsx|zip)\b")


def client_of(
    settings: Settings, *roles: str, member_id: str | None = None, account_id: str = "somebody"
) -> httpx2.Client:
    session = Session(account_id, "Somebody", frozenset(roles), member_id, "demo", "s", SYSTEM_CLOCK.now())
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
            if ".csv" in href and "/template" not in href:  # an empty file to fill in is no list
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
            body = board.get(address.replace(".csv", ".xlsx")).raise_for_status().content
            sheet = load_workbook(io.BytesIO(body)).active
            assert sheet is not None
            assert [column["label"] for column in made["columns"]] == table[0], address
            assert len(made["rows"]) == len(table) - 1 == sheet.max_row - 1, address


def pages_of(running: Settings, rooms: dict[str, Room], own: set[str]) -> list[str]:
    """Addresses of all pages that the routers have, of things that there are where they name one."""
    pages = {
        fill(asking.route, asking.real)
        for asking in list_askings(running, rooms, own)
        if asking.method == "GET" and not asking.route.include_in_schema
    }
    for route in guarded_routes(running):
        if "GET" in (route.methods or ()) and not route.include_in_schema and "{" not in route.path:
            pages.add(route.path)
    return sorted(page for page in pages if "/exports/" not in page and not re.search(r"\.\w+$", page))


def name_keys(shown: Shown, rows: list[dict[str, object]]) -> set[str]:
    """Columns of a file that tell its rows apart as the rows of the page are told apart."""
    cells = [" ".join(row) for row in shown.rows]
    found = set()
    for name in rows[0]:
        values = [say_as_page(row[name]) for row in rows]
        is_each = all(any(each in text for text in cells for each in value) for value in values)
        if is_each and (len(set(values)) > 1 or len(rows) == 1):
            found.add(name)
    return found


def say_as_page(value: object) -> tuple[str, ...]:
    """A value of a file in the ways in which a page may write it."""
    text = str(value or "no such text")
    if re.fullmatch(r"\d{4}-\d\d-\d\d", text):
        day = date.fromisoformat(text)
        return text, civil_day("en", day, "medium"), month("en", day)
    if re.fullmatch(r"\d{4}-\d\d-\d\dT.*Z", text):
        at = datetime.fromisoformat(text).astimezone(ZoneInfo("Europe/Amsterdam"))
        return text, f"{civil_day('en', at.date(), 'medium')} {at:%H:%M}"
    if re.fullmatch(r"-?\d+\.\d\d", text):
        return text, f"{abs(Decimal(text)):,.2f}"
    return (text,)


@dataclass(frozen=True)
class Furnished:
    """A played year that runs, with one of each thing; addresses of its pages, of what is a member's own first."""

    settings: Settings
    member_id: str
    account_id: str
    pages: list[str]


@pytest.fixture(scope="module")
def furnished(year: Year, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Furnished]:
    member_id = str(accounts(year.plan)[0].member_id)
    with embedded(year.copy(tmp_path_factory.mktemp("furnished") / "data").data_dir) as running:
        rooms = open_rooms(running, migrate=False)
        furnish(running, rooms, year.plan)
        with rooms["members"].database.read(COMMUNITY) as tx:
            [account] = list_accounts_of(tx, member_id)
        pages = pages_of(running, rooms, {member_id, account.account_id})
        close_rooms(rooms)
        yield Furnished(running, member_id, account.account_id, pages)


def test_no_page_of_a_member_shows_an_id_or_a_fingerprint(furnished: Furnished) -> None:
    """In a member's eye line are names, numbers and days; what a program would ask for lies folded under Technical."""
    found: dict[str, list[str]] = {}
    looked = 0
    own = {"member_id": furnished.member_id, "account_id": furnished.account_id}
    with client_of(furnished.settings, "member", **own) as member:
        for page in furnished.pages:
            answer = member.get(page)
            if answer.status_code == 200 and "html" in answer.headers["content-type"]:
                looked += 1
                if ids := ids_in_sight(answer.text):
                    found[page] = ids
    assert looked > 40
    assert found == {}


def test_each_list_of_each_page_is_the_list_of_its_files(furnished: Furnished) -> None:
    unlike, listed = {}, 0
    seen: set[str] = set()
    board = ("board", "treasurer", "operator", "auditor")
    # What a member sees otherwise than the board: a person who is both has its files too.
    own_pages: set[str] = set()
    both = (*board, "member")
    for roles, whose in ((board, None), (("member",), furnished.member_id), (both, furnished.member_id)):
        with client_of(furnished.settings, *roles, member_id=whose) as visitor:
            for page in sorted(own_pages if roles == both else set(furnished.pages) - seen):
                answer = visitor.get(page)
                assert answer.status_code < 500, (page, answer.text)
                for shown in read_lists(answer.text) if answer.status_code == 200 else ():
                    rows = visitor.get(shown.address).raise_for_status().json()["rows"]
                    seen.add(page)
                    own_pages |= {page} if roles == ("member",) else set()
                    if not shown.rows:  # the page has the number of them alone, or none
                        continue
                    listed += 1
                    if len(rows) != len(shown.rows) or not name_keys(shown, rows):
                        name = shown.address.split(".json")[0]
                        unlike[name] = (page, len(shown.rows), len(rows), shown.rows[0], rows[:1])
    assert listed > 50
    assert unlike.keys() == UNLIKE.keys(), [unlike[name] for name in unlike.keys() - UNLIKE.keys()]


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
                "left-out.csv?run=2025-06",
            ):
                assert member.get(f"/billing/exports/{closed}").status_code == 403
            for closed in ("meters", "parked", "late", "periods", "completeness"):
                assert member.get(f"/metering/exports/{closed}.csv").status_code == 403
            assert member.get("/billing/exports/jobs.csv").status_code == 403


def own_data_of(client: httpx2.Client, service: str) -> dict[str, bytes]:
    answer = client.get(f"/{service}/api/v1/me/export").raise_for_status()
    assert answer.headers["cache-control"] == "no-store"
    assert answer.headers["content-type"] == "application/zip"
    with ZipFile(io.BytesIO(answer.content)) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def rows_of(files: dict[str, bytes], listing: str) -> list[dict[str, str]]:
    rows: list[dict[str, str]] = json.loads(files[f"{listing}.json"])["rows"]
    assert len(list(csv.reader(io.StringIO(files[f"{listing}.csv"].decode())))) == len(rows) + 1
    return rows


def test_a_program_takes_what_is_its_member_s_own_with_a_token_and_nothing_else(settings: Settings, year: Year) -> None:
    bills = year.state["billing"]["bills"]
    account = accounts(year.plan)[0]
    sign_in = {"email": account.login, "password": password(year.plan, account)}
    with embedded(settings.data_dir) as running:
        with client_of(running) as member:
            member.cookies.clear()
            assert member.post("/members/sign-in", data=sign_in).status_code == 303
            member_id, other = (
                account.member_id,
                next(b["number"] for b in bills if b["member_id"] != account.member_id),
            )
            page = member.post("/members/me/tokens", data={"name": "Screen"}).raise_for_status().text
            taken = {name: own_data_of(member, name) for name in ("metering", "billing", "governance")}
        token = re.findall(r'value="(coop_[^"]+)"', page)[0]
        headers = {"authorization": f"Bearer {token}", "accept": "application/json", "accept-language": "en"}
        with httpx2.Client(base_url=running.public_url(), headers=headers, timeout=60) as program:
            for name, files in taken.items():
                again = own_data_of(program, name)
                assert again == files
            own = program.get("/billing/api/v1/bills").raise_for_status().json()
            assert {bill["member_id"] for bill in own} == {member_id}
            used = program.get("/metering/api/v1/readings").raise_for_status().json()
            assert {row["member_id"] for row in used} == {member_id}
            assert program.get(f"/billing/api/v1/bills/{other}").status_code == 404
            refused = (
                program.get("/billing/api/v1/runs"),
                program.get("/members/api/v1/members"),
                program.get("/metering/api/v1/meters"),
                program.get("/governance/api/v1/meetings"),
                program.post("/governance/api/v1/meetings/alv-1/close"),
                program.post("/metering/api/v1/deliveries?format=p1", content=b"/X"),
            )
            assert [answer.status_code for answer in refused] == [403] * len(refused)


def test_a_member_takes_all_of_their_own_data_and_nobody_else_s(settings: Settings, year: Year) -> None:
    bills = year.state["billing"]["bills"]
    members = sorted({bill["member_id"] for bill in bills})
    with embedded(settings.data_dir) as running:
        taken = {}
        for member_id in members:
            with client_of(running, "member", member_id=member_id) as member:
                taken[member_id] = {name: own_data_of(member, name) for name in SERVICES}
        with client_of(running, "board") as board:
            assert rows_of(own_data_of(board, "billing"), "bills") == []
            assert rows_of(own_data_of(board, "metering"), "readings") == []
        with httpx2.Client(base_url=running.public_url()) as stranger:
            for name in SERVICES:
                assert stranger.get(f"/{name}/api/v1/me/export").status_code == 401
    for member_id, services in taken.items():
        own = {bill["number"] for bill in bills if bill["member_id"] == member_id}
        assert {row["number"] for row in rows_of(services["billing"], "bills")} == own
        papers = {
            name.removesuffix(".pdf"): body for name, body in services["billing"].items() if name.endswith(".pdf")
        }
        assert papers.keys() == own
        assert all(body.startswith(b"%PDF") for body in papers.values())
        assert rows_of(services["billing"], "bill-lines")
        assert [row["member_id"] for row in rows_of(services["members"], "members")] == [member_id]
        assert {row["member_id"] for row in rows_of(services["members"], "contracts")} == {member_id}
        assert {row["member_id"] for row in rows_of(services["metering"], "measurements")} == {member_id}
    values = [
        {(row["meter"], row["quantity"], row["shape"], row["at"]) for row in rows_of(each["metering"], "readings")}
        for each in taken.values()
    ]
    assert any(values)
    # Who moved in reads nothing of who lived there before, though the meter is the same.
    assert sum(map(len, values)) == len(set[object]().union(*values))
