"""A bill names the co-operative as it was on the day of issue, and none is issued before it can be named."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest

from coop.billing.bills import store as bills
from coop.billing.bills.paper import in_fours
from coop.billing.bills.store import IssuedBill
from coop.billing.checking.verify import verify_bill
from coop.billing.runs.commands import issue_bills
from coop.billing.runs.issuing import issuer_of
from coop.billing.service import BILLING
from coop.communities.model import Profile
from coop.communities.store import add_profile, count_profiles
from coop.demo.cooperative import PROFILE
from coop.kit.database import Database
from coop.values import CoopError, Period
from tests.billing.village import address, admitted, hear, month_of, signed, tariff_adopted, visit
from tests.desk import COMMUNITY, SECRETARY
from tests.founding import found_in

JANUARY = Period.month(2025, 1)
MOVED = replace(PROFILE, name="Ketelhuis Zuid U.A.", street="Kade 12", iban="NL91ABNA0417164300")


def issue_january(database: Database, issued_on: date = date(2025, 2, 3)) -> IssuedBill:
    hear(database, tariff_adopted(), admitted("anna"), signed("anna"), *month_of(["anna"], JANUARY))
    with database.write(COMMUNITY, SECRETARY) as tx:
        result = issue_bills(tx, JANUARY, issued_on)
    with database.read(COMMUNITY) as tx:
        return bills.get_bill(tx, result.bills[0].bill_id)


def describe(database: Database, profile: Profile, valid_from: date) -> None:
    """As billing hears it of the members service."""
    with database.write(COMMUNITY, SECRETARY) as tx:
        add_profile(tx, count_profiles(tx) + 1, valid_from, profile, tx.now, "account:board")


@pytest.mark.parametrize("valid_from", [date(2025, 2, 3), date(2025, 1, 1), date(2026, 1, 1)])
def test_a_bill_names_the_co_operative_as_it_was_whatever_is_described_later(
    database: Database, tmp_path: Path, valid_from: date
) -> None:
    issued = issue_january(database)
    assert issued.inputs.issuer == issuer_of(PROFILE)
    board = visit(database, tmp_path, "board")
    address(database)
    paper = board.get(f"/billing/bills/{issued.id}.pdf").content
    describe(database, MOVED, valid_from)
    assert board.get(f"/billing/bills/{issued.id}.pdf").content == paper
    page = board.get(f"/billing/bills/{issued.id}", headers={"accept": "text/html"}).text
    assert PROFILE.street in page
    assert in_fours(PROFILE.iban) in page, "it says where to pay"
    assert MOVED.street not in page
    with database.read(COMMUNITY) as tx:
        assert verify_bill(tx, issued.id).findings == ()


def test_a_bill_of_after_the_move_names_the_new_address(database: Database) -> None:
    describe(database, MOVED, date(2025, 2, 1))
    assert issue_january(database).inputs.issuer == issuer_of(MOVED)


def test_no_bill_is_issued_before_a_co_operative_can_be_named(tmp_path: Path) -> None:
    database = BILLING.open_database(f"sqlite:///{tmp_path}/billing.db")
    found_in(database, profile=replace(PROFILE, vat_id="", iban=""))
    with pytest.raises(CoopError, match="VAT id, IBAN"):
        issue_january(database)
    with database.read(COMMUNITY) as tx:
        assert bills.list_heads(tx) == []
    database.close()


def test_a_bill_that_names_what_the_co_operative_never_was_does_not_verify(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    stranger = issuer_of(replace(PROFILE, iban="NL20INGB0001234567"))
    monkeypatch.setattr("coop.billing.runs.issuing.issuer_of", lambda _profile: stranger)
    issued = issue_january(database)
    with database.read(COMMUNITY) as tx:
        assert verify_bill(tx, issued.id).findings == ("the co-operative was never what the bill names",)
