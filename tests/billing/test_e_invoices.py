"""A bill for an organisation as an e-invoice, held to the official rules of NLCIUS and of Peppol."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from decimal import Decimal
from pathlib import Path
from xml.etree import ElementTree as Xml

import pytest
from hypothesis import given
from hypothesis import strategies as st

from coop.billing.amounts.store import add_amount
from coop.billing.bills import store as bills
from coop.billing.bills.asking import MonthlyAmount
from coop.billing.documents.archive import freeze
from coop.billing.documents.ubl import net_lines, ubl_invoice
from coop.billing.model import Line, LineKind
from coop.billing.runs.commands import correct_bills, issue_bills
from coop.billing.service import BILLING
from coop.billing.terms.vat import vat_by_rate
from coop.demo.cooperative import PROFILE
from coop.kit.database import Database
from coop.values import Period
from tests.billing.village import (
    address,
    addressee_of,
    admitted,
    closed,
    even_amounts,
    hear,
    measured,
    month_of,
    signed,
    tariff_adopted,
    visit,
)
from tests.desk import COMMUNITY, SECRETARY
from tests.founding import found_in
from tests.servers.einvoice import Rules

JANUARY = Period.month(2025, 1)
ISSUER = replace(PROFILE, kvk="34283840", vat_id="NL001234567B01", iban="NL91ABNA0417164300", phone="020 1234567")
CORPORATION = replace(
    addressee_of("anna"),
    name="Woningcorporatie Noord",
    is_organisation=True,
    kvk="33012345",
    vat_id="NL004321098B01",
)


@pytest.fixture
def billed(tmp_path: Path) -> Database:
    """January of a corporation and of a person, with a correction down of one and up of the other."""
    database = BILLING.open_database(f"sqlite:///{tmp_path}/billing.db")
    found_in(database, profile=ISSUER)
    hear(database, tariff_adopted(), admitted("anna"), signed("anna", reference=()), admitted("bram"), signed("bram"))
    hear(database, *month_of(["anna", "bram"], JANUARY, "12.345"))
    with database.write(COMMUNITY, SECRETARY) as tx:
        assert issue_bills(tx, JANUARY, date(2025, 2, 3)).status == "issued"
    return database


def revise(database: Database, energy_gj: str, revision: int) -> None:
    hear(database, measured("anna", JANUARY, energy_gj, revision), closed(JANUARY, 1, 0, revision))
    with database.write(COMMUNITY, SECRETARY) as tx:
        correct_bills(tx, date(2025, 3, 1))


def invoices(database: Database, profile: str) -> list[bytes]:
    address(database, {"anna": CORPORATION})
    with database.read(COMMUNITY) as tx:
        frozen = freeze(tx, bills.find_bills(tx, member_id="anna"))
    return [ubl_invoice(each, "peppol" if profile == "peppol" else "nlcius") for each in frozen.values()]


@pytest.mark.parametrize("profile", ["nlcius", "peppol"])
def test_bills_corrections_and_credit_notes_of_an_organisation_break_no_official_rule(
    billed: Database, einvoice: Rules, profile: str
) -> None:
    revise(billed, "11", 2)
    revise(billed, "13.5", 3)
    made = invoices(billed, profile)
    assert [Xml.fromstring(each).tag.rpartition("}")[2] for each in made] == ["Invoice", "CreditNote", "Invoice"]
    assert einvoice.judge(made, profile) == []


@pytest.mark.parametrize("amount_cents", [10_000, 90_000], ids=["carried", "paid-ahead"])
def test_an_even_amount_on_an_e_invoice_breaks_no_official_rule_and_adds_up(
    tmp_path: Path, einvoice: Rules, amount_cents: int
) -> None:
    database = BILLING.open_database(f"sqlite:///{tmp_path}/billing.db")
    found_in(database, profile=ISSUER)
    hear(database, tariff_adopted(), admitted("anna"), signed("anna", reference=()), even_amounts())
    hear(database, *month_of(["anna"], JANUARY, "12.345"))
    year = JANUARY.start
    with database.write(COMMUNITY, SECRETARY) as tx:
        even = MonthlyAmount("contract-anna", year, 1, year, amount_cents, amount_cents, "expected", year, "job")
        add_amount(tx, even)
        assert issue_bills(tx, JANUARY, date(2025, 2, 3)).status == "issued"
    for profile in ("nlcius", "peppol"):
        [made] = invoices(database, profile)
        assert einvoice.judge([made], profile) == []
        sums = {each.tag.rpartition("}")[2]: each.text for each in Xml.fromstring(made).iter()}
        assert sums["PayableAmount"] == format(Decimal(amount_cents).scaleb(-2), ".2f")
        prepaid = Decimal(sums["TaxInclusiveAmount"] or 0) - Decimal(amount_cents).scaleb(-2)
        assert Decimal(sums["PrepaidAmount"] or 0) == prepaid


def test_the_judge_finds_an_invoice_that_breaks_a_rule(billed: Database, einvoice: Rules) -> None:
    [made] = invoices(billed, "nlcius")
    broken = einvoice.judge([made.replace(b"33012345", b"")], "nlcius")
    assert any(rule.startswith("BR-NL-10") for rule in broken), broken


def test_an_organisation_downloads_its_e_invoice_and_a_person_is_told_that_there_is_none(
    billed: Database, tmp_path: Path
) -> None:
    address(billed, {"anna": CORPORATION})
    treasurer = visit(billed, tmp_path, "treasurer")
    answer = treasurer.get("/billing/bills/2025-000001.xml")
    assert answer.headers["content-type"] == "application/xml"
    assert b"Woningcorporatie Noord" in answer.content
    assert b"poacc:billing:3.0" in treasurer.get("/billing/bills/2025-000001.xml?profile=peppol").content
    person = treasurer.get("/billing/bills/2025-000002.xml")
    assert (person.status_code, person.json()["code"]) == (409, "no-e-invoice")
    page = treasurer.get("/billing/bills/2025-000001", headers={"accept": "text/html", "accept-language": "en"})
    assert "E-invoice" in page.text


@given(st.lists(st.tuples(st.integers(-50_000, 50_000), st.sampled_from(["0.21", "0.09"])), min_size=1, max_size=9))
def test_lines_without_vat_add_up_to_what_the_bill_has_without_vat(amounts: list[tuple[int, str]]) -> None:
    lines = [
        Line(LineKind.HEAT, JANUARY, Decimal(1), "GJ", Decimal(1), cents, Decimal(rate), "t", "r")
        for cents, rate in amounts
    ]
    vat = vat_by_rate(lines)
    nets = net_lines(lines, vat)
    for amount in vat:
        of_rate = [(line, net) for line, net in nets if line.vat_rate == amount.rate]
        assert sum(net for _, net in of_rate) == amount.excl_cents
        for line, net in of_rate:
            assert abs(line.amount_cents / (1 + float(amount.rate)) - net) <= 1
