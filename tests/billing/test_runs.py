"""Bill runs: complete or refused, once, in order, with brakes and corrections."""

from __future__ import annotations

import random
from datetime import date

import pytest
from sqlalchemy import func, select
from sqlalchemy.exc import IntegrityError, OperationalError, ProgrammingError, DatabaseError

from coop.billing import answers
from coop.billing.handlers.runs import preview_of, release_run, run_bills, run_corrections
from coop.billing.handlers.terms import record_figure, send_notices
from coop.billing.handlers.verify import verify_bill
from coop.billing.model import LineKind
from coop.billing.storage import bills, tables
from coop.kit import journal
from coop.kit.database import Database
from coop.kit.inbox import parked
from coop.values import CoopError, Period
from tests.billing.village import (
    COMMUNITY,
    admitted,
    allocated,
    closed,
    ended,
    hear,
    measured,
    month_of,
    signed,
    tariff_adopted,
    tranche,
)

JANUARY, FEBRUARY, MARCH = (Period.month(2025, month) for month in (1, 2, 3))
MEMBERS = ("anna", "bram", "cees")


def village(database: Database) -> None:
    """Three members with contracts and a tariff."""
    hear(database, tariff_adopted(), *(admitted(name) for name in MEMBERS), *(signed(name) for name in MEMBERS))


def run(database: Database, period: Period, issued_on: date | None = None):
    with database.write() as tx:
        return run_bills(tx, COMMUNITY, period, issued_on or period.end)


def state(database: Database) -> object:
    with database.read() as tx:
        return answers.state(tx, COMMUNITY)


def test_a_month_is_billed_in_order_of_contract_with_gapless_numbers(database: Database) -> None:
    village(database)
    hear(database, *month_of(MEMBERS, JANUARY), *month_of(MEMBERS, FEBRUARY))
    first, second = run(database, JANUARY), run(database, FEBRUARY)
    assert first.status == second.status == "issued"
    assert [bill.number for bill in first.bills] == ["2025-000001", "2025-000002", "2025-000003"]
    assert [bill.contract_id for bill in first.bills] == ["contract-anna", "contract-bram", "contract-cees"]
    assert [bill.number for bill in second.bills] == ["2025-000004", "2025-000005", "2025-000006"]
    # 2.5 GJ at 38.00, 31/365 of 400.00, 30.00 and 90.00, 40 kWh at 0.21
    assert first.bills[0].total_cents == 9500 + 3397 + 255 + 764 + 840


def test_a_run_twice_changes_nothing(database: Database) -> None:
    village(database)
    hear(database, *month_of(MEMBERS, JANUARY))
    first = run(database, JANUARY)
    before = state(database)
    again = run(database, JANUARY, date(2025, 6, 1))
    assert [bill.number for bill in again.bills] == [bill.number for bill in first.bills]
    assert again.run_id == first.run_id
    assert state(database) == before
    with database.write() as tx:
        journal.seal(tx)
        assert len(journal.envelopes(tx, "billing", 0)) == 3
