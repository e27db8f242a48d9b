"""The road of a new co-operative, from an empty folder to its first issued bill: one command, then pages alone.

Nothing here knows an id, writes JSON or opens a database: what is typed is what a volunteer reads on the page before.
"""

from __future__ import annotations

import base64
import hmac
import os
import re
import struct
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path

import pytest
from playwright.sync_api import Browser, FilePayload, Locator, Page, expect

from coop.kit.clock import SYSTEM_CLOCK, today
from coop.values import Period
from tests.servers.mail import MailServer
from tests.servers.process import answers, free_port, running

pytestmark = [pytest.mark.browser, pytest.mark.slow]

SECRETARY, CHAIR, MEMBER = "noor@warm.example", "ada@warm.example", "bram@warm.example"
PASSWORD = "warm water uit de gracht"

MEMBERS = """number,kind,name,joined_on,email,address,postcode,city
1,owner,Noor de Wit,{start},noor@warm.example,Kade 1,1011 AB,Amsterdam
2,tenant,Bram Hendriks,{start},bram@warm.example,Kade 2,1011 AB,Amsterdam
3,owner,Cato van Dam,{start},cato@warm.example,Kade 3,1011 AB,Amsterdam
"""
CONNECTIONS = """number,building,kind,address
101,Kade,dwelling,Kade 1
102,Kade,dwelling,Kade 2
103,Kade,dwelling,Kade 3
"""
OCCUPANCIES = """connection,member,opened_on
101,1,{start}
102,2,{start}
103,3,{start}
"""
CONTRACTS = """number,member,connection,starts_on,tariff_clause
C1,1,101,{start},4
C2,2,102,{start},4
C3,3,103,{start},4
"""
TARIFF = {"Warmte": "34,50", "Vastrecht": "480", "Meettarief": "30", "Afleverset": "150", "Gedeelde stroom": "0,14"}


@dataclass
class Road:
    """An installation that runs on a folder of its own with a mail server, and the month that is billed first."""

    environment: dict[str, str]
    url: str
    log: Path
    month: Period
    mail: MailServer

    def coop(self, *arguments: str) -> str:
        """What a command prints."""
        done = subprocess.run(
            [sys.executable, "-m", "coop", *arguments],
            env=self.environment,
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stderr
        return done.stdout


@pytest.fixture
def road(chromium: str, tmp_path: Path) -> Iterator[Road]:
    """``coop run`` in an empty folder; the browser's path is asked for first."""
    port, mail = free_port(), MailServer(free_port())
    environment = {name: text for name, text in os.environ.items() if not name.startswith("COOP_")}
    environment |= {"COOP_DATA_DIR": str(tmp_path / "data"), "COOP_PORT": str(port), "NO_COLOR": "1"}
    environment |= {
        "COOP_SMTP_URL": f"smtp://127.0.0.1:{mail.port}?starttls=never",
        "COOP_MAIL_FROM": "Coöperatie Warm <post@warm.example>",
    }
    last_day = today(SYSTEM_CLOCK).replace(day=1) - timedelta(days=1)
    month, log = Period.month(last_day.year, last_day.month), tmp_path / "log"
    serve = [sys.executable, "-m", "coop", "run"]
    with mail.up(), running(serve, log=log, ready=lambda: answers(port), patience_s=120, environment=environment):
        yield Road(environment, f"http://127.0.0.1:{port}", log, month, mail)


def test_three_homes_get_their_first_bill(road: Road, browser: Browser) -> None:
    address = begin(road)
    chairs_address = add_second(road)  # as long as nobody of the board can sign in, the machine alone lets one in
    with visit(road, browser) as page, visit(road, browser) as second, visit(road, browser) as members_page:
        let_in(page, address, SECRETARY)
        secret = enrol(page)
        assert read_steps(page) == [True, False, False, False, False, False, False]
        fill_register(page, road.month.start)
        let_in(second, chairs_address, CHAIR)
        enrol(second)
        adopt_statutes(page, road.month.start)
        confirm_entry(second)
        enter_meeting(page, road.month.start)
        confirm_entry(second)
        assert read_steps(page) == [True, True, True, True, False, False, False]
        invite_everybody(page)
        let_in(members_page, read_invitation(road, MEMBER), MEMBER)
        hang_meters(page, road.month.start)
        assert read_steps(page) == [True, True, True, True, True, False, False]
        take_readings(page, road.month)
        close_month(page, road.month)
        assert read_steps(page) == [True, True, True, True, True, True, False]
        issue_bills(page)
        page.goto("/")
        expect(page.get_by_role("heading", name="Dit wacht op u")).to_be_visible()
        expect(page.get_by_role("heading", name="Op weg naar de eerste rekening")).to_have_count(0)
        see_bill(members_page)
    with visit(road, browser) as page:
        come_back(page, secret)
        see_bill(page)


@contextmanager
def visit(road: Road, browser: Browser) -> Iterator[Page]:
    """A browser of somebody, without anybody's cookies."""
    context = browser.new_context(base_url=road.url, locale="nl-NL")
    try:
        yield context.new_page()
    finally:
        context.close()


def begin(road: Road) -> str:
    """Found the co-operative; returns the address at which its secretary chooses a password."""
    assert "coop init" in road.log.read_text(), "an empty installation says how it begins"
    printed = road.coop(
        "init", "--key", "warm", "--name", "Coöperatie Warm U.A.", "--street", "Kade 1", "--postal-code", "1011 AB",
        "--city", "Amsterdam", "--kvk", "12345678", "--vat-id", "NL000099998B57", "--iban", "NL91ABNA0417164300",
        "--secretary", SECRETARY,
    )  # fmt: skip
    return next(word for word in printed.split() if word.startswith(road.url))


def add_second(road: Road) -> str:
    """A second person of the board, whom the machine's keeper lets in; returns the one-time address."""
    printed = road.coop("account", "add", CHAIR, "--name", "Voorzitter", "--role", "board")
    return next(word for word in printed.split() if word.startswith(road.url))


def let_in(page: Page, address: str, email: str) -> None:
    """Choose a password at the one-time address, and sign in with it."""
    page.goto(address)
    page.get_by_label("wachtwoord").fill(PASSWORD)
    submit(page)
    page.get_by_label("E-mailadres").fill(email)
    page.get_by_label("Wachtwoord").fill(PASSWORD)
    submit(page)


def enrol(page: Page) -> str:
    """The second factor that a board needs: an app, which is told the secret that stands on the page, and returned."""
    page.get_by_role("link", name="Gebruik een app").click()
    page.locator("summary").click()
    secret = page.locator("details code").inner_text()
    page.get_by_label("De zes cijfers").fill(show_code(secret))
    submit(page)
    expect(page.locator("main")).to_contain_text("herstelcodes")
    page.get_by_role("link", name="Ik heb ze bewaard").click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("Welkom")
    return secret


def show_code(secret: str, *, ahead_s: int = 0) -> str:
    """The six digits that an app shows now, or one whose clock is ahead, by RFC 6238."""
    key = base64.b32decode(secret.replace(" ", ""))
    mac = hmac.digest(key, struct.pack(">Q", int(time.time() + ahead_s) // 30), "sha1")
    at = mac[-1] & 15
    return f"{(int.from_bytes(mac[at : at + 4], 'big') & 0x7FFFFFFF) % 1_000_000:06}"


def read_steps(page: Page) -> list[bool]:
    """What is done of each step to the first bill."""
    page.goto("/")
    steps = page.locator(".gathered.whole ol > li")
    expect(steps).to_have_count(7)
    return ["gedaan" in text for text in steps.locator(".badge").all_inner_texts()]


def step(page: Page, name: str) -> None:
    """Follow a step of the start list to its page."""
    page.goto("/")
    page.locator(".gathered.whole ol").get_by_role("link", name=name).click()


def fill_register(page: Page, start: date) -> None:
    """Members, connections, who holds which, and contracts, each checked before it is read."""
    files = {"members": MEMBERS, "connections": CONNECTIONS, "occupancies": OCCUPANCIES, "contracts": CONTRACTS}
    step(page, "Register")
    for kind, text in files.items():
        page.get_by_label("Wat het bestand bevat").select_option(kind)
        body = text.format(start=start.isoformat()).encode()
        file: FilePayload = {"name": f"{kind}.csv", "mimeType": "text/csv", "buffer": body}
        page.locator("#file").set_input_files(file)
        submit(page)
        page.get_by_role("button", name="Inlezen").click()


def adopt_statutes(page: Page, start: date) -> None:
    """What the deed says of tariffs: looked at in an example, then put on file."""
    step(page, "Statuten")
    page.get_by_label("Naam van deze versie").fill("Statuten van de oprichting")
    page.get_by_label("Datum van de akte").fill(start.isoformat())
    page.get_by_label("Geldig vanaf").fill(start.isoformat())
    fill_section(page, "Hoe wordt besloten: Alle besluiten", Artikel="art. 14 lid 2", Meerderheid="ten minste 2/3")
    fill_section(page, "Oproeping: Alle besluiten", Artikel="art. 13 lid 2", Dagen="0")
    submit(page, "Bekijk wat het betekent")
    submit(page, "Vastleggen")


def fill_section(page: Page, heading: str, **texts: str) -> None:
    """The first field of each label in one part of the statutes' form, which lies folded."""
    fold = page.locator("details.fold", has=page.locator("summary", has_text=heading)).first
    if fold.get_attribute("open") is None:
        fold.locator("summary").first.click()
    for label, text in texts.items():
        field = fold.get_by_label(label).first
        if field.evaluate("field => field.tagName") == "SELECT":
            field.select_option(label=text)
        else:
            field.fill(text)


def enter_meeting(page: Page, start: date) -> None:
    """The meeting of yesterday that adopted the tariff, as its minutes say, with the tariff in fields."""
    day = today(SYSTEM_CLOCK) - timedelta(days=1)
    page.goto("/governance/meetings/past?kind=tariff")
    page.get_by_label("Welk papier").fill("Notulen van de oprichting, getekend")
    page.get_by_label("Datum van de vergadering").fill(day.isoformat())
    page.get_by_label("Datum waarop de oproeping uitging").fill((day - timedelta(days=1)).isoformat())
    page.get_by_label("Plaats").fill("Het buurthuis")
    page.get_by_label("Wat er besloten wordt, in het Nederlands").fill("Tarief van het begin")
    page.get_by_label("Geldig vanaf").fill(start.isoformat())
    for number, (name, amount) in enumerate(TARIFF.items()):
        part = page.locator("fieldset.component").nth(number)
        expect(part.locator("legend")).to_contain_text(name)
        part.get_by_label("Prijs [€]").fill(amount)
    for label, votes in (("Voor", "3"), ("Tegen", "0"), ("Blanco", "0"), ("Stemmen van alle leden samen", "3")):
        page.get_by_label(label, exact=True).fill(votes)
    submit(page, "Voer deze vergadering in")


def confirm_entry(page: Page) -> None:
    """The second person compares with the paper what the first one entered, and confirms it."""
    page.goto("/")
    page.locator(".gathered.whole").get_by_role("link", name="Vergelijk").click()
    submit(page, "Ik heb het met het papier vergeleken")


def invite_everybody(page: Page) -> None:
    """Each member without an account gets a mail with an address to choose a password."""
    page.goto("/members/accounts/invitations")
    submit(page, "uitnodigen")


def read_invitation(road: Road, email: str) -> str:
    """The one-time address in the mail that came for somebody."""
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        for received in road.mail.received:
            text = received.mail.get_body(("plain",))
            addresses = re.findall(rf"{road.url}/members/welcome\S+", text.get_content() if text else "")
            if received.recipient == email and addresses:
                return str(addresses[0])
        time.sleep(0.2)
    raise AssertionError(f"no invitation came for {email}")


def hang_meters(page: Page, start: date) -> None:
    """A heat meter at each connection, by the connection's number."""
    for number in (101, 102, 103):
        step(page, "Meters van")
        page.get_by_role("link", name="Meter toevoegen").first.click()
        page.get_by_label("Nummer op de meter").fill(f"KAM{number}")
        page.get_by_label("Wat hij meet").select_option("heat")
        page.locator("#connection").fill(str(number))
        page.get_by_label("Eerste dag").fill(start.isoformat())
        submit(page)


def take_readings(page: Page, month: Period) -> None:
    """The stands of the three meters at both ends of the month, from a file: its columns named, looked at, taken."""
    lines = [
        f"{at:%d-%m-%Y} 00:00;KAM{number};{stand}"
        for number, stands in ((101, ("12,50", "15,25")), (102, ("8,00", "9,75")), (103, ("20,10", "24,35")))
        for at, stand in zip((month.start, month.end), stands, strict=True)
    ]
    step(page, "Meterstanden")
    page.get_by_role("link", name="Standen per bestand").click()
    body = "\n".join(["tijd;meter;GJ", *lines]).encode()
    file: FilePayload = {"name": "standen.csv", "mimeType": "text/csv", "buffer": body}
    page.locator("#file").set_input_files(file)
    submit(page)
    submit(page, "Bekijk")
    submit(page, "6")


def close_month(page: Page, month: Period) -> None:
    """The month is over and complete: closed, where the nightly job did not come first."""
    if not read_steps(page)[5]:
        page.goto(f"/metering/periods/{month}")
        submit(page, "Sluit deze periode af")


def issue_bills(page: Page) -> None:
    """The run that waits: looked at, and issued."""
    step(page, "De eerste rekeningen")
    expect(page.locator("main")).to_contain_text("3")
    submit(page, "Deze rekeningen vaststellen")


def see_bill(page: Page) -> None:
    """The member's own bill: waiting to be paid, seen, and opened on paper."""
    page.goto("/")
    page.locator(".gathered.whole").get_by_role("link", name="Rekening").first.click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("Maandrekening")
    expect(page.locator("main")).to_contain_text("Coöperatie Warm U.A.")
    address = page.locator("a[href$='.pdf']").first.get_attribute("href")
    paper = page.request.get(str(address))
    assert paper.headers["content-type"] == "application/pdf"
    assert paper.body().startswith(b"%PDF-")


def come_back(page: Page, secret: str) -> None:
    """The secretary is a member too, and has one account for both: her own bill is there when she signs in again."""
    page.goto("/members/sign-in")
    page.get_by_label("E-mailadres").fill(SECRETARY)
    page.get_by_label("Wachtwoord").fill(PASSWORD)
    submit(page)
    page.locator("#code").fill(show_code(secret, ahead_s=30))  # that of this half minute may have been used to enrol
    submit(page)
    expect(page.get_by_role("heading", level=1)).to_contain_text("Noor de Wit")


def submit(page: Page, button: str = "") -> None:
    """Press the button of the form, and see that nothing was refused."""
    form: Locator = page.locator("main form")
    with page.expect_navigation():
        (form.get_by_role("button", name=button) if button else form.locator("button[type=submit]").first).click()
    expect(page.locator(".flash-refused, .problems")).to_have_count(0)
