"""Verifying all bills at once finds what verifying each by itself finds, also where rows were changed or broken."""

from __future__ import annotations

from pathlib import Path

import pytest
from sqlalchemy import event

from coop.billing.bills import store as bills
from coop.billing.checking.ground import BROKEN, Ground, WholeGround
from coop.billing.checking.verify import Verification, verify_bill
from coop.billing.service import BILLING
from coop.kit.database import Database
from coop.kit.tx import Tx
from tests.billing.tampered_village import tamper
from tests.billing.test_runs import FEBRUARY, JANUARY, MEMBERS, TERMS, correct, run
from tests.billing.village import closed, hear, measured, month_of
from tests.desk import COMMUNITY
from tests.founding import found_in

TAMPERED = {
    "nothing": (),
    "a measurement": ("UPDATE measurement SET energy_j = '9000000000'",),
    "an allocation": ("UPDATE allocation SET allocated_wh = 1",),
    "a line": ("UPDATE bill_line SET amount_cents = 1 WHERE position = 1",),
    "an entry": ("UPDATE guarantee_entry SET heat_cents = heat_cents + 1",),
    "a posting": ("DELETE FROM posting",),
    "what was asked": ("UPDATE bill SET asked_cents = asked_cents + 1",),
    "a paper": ("UPDATE document SET body = '{}' WHERE schema_name LIKE '%paper%'",),
    "a contract": ("UPDATE contract_signed SET member_id = 'nobody' WHERE contract_id = 'contract-anna'",),
    "a price beyond reading": ("UPDATE bill_line SET price_eur = 'dear' WHERE position = 1",),
    "a reading beyond reading": ("UPDATE measurement SET parts = 'none' WHERE member_id = 'anna'",),
    "inputs beyond reading": ("UPDATE document SET body = 'none' WHERE schema_name LIKE '%inputs%'",),
}


@pytest.fixture
def village(tmp_path: Path) -> Database:
    """Two months of bills, of which one was corrected: what is compared is the same code on either database."""
    database = BILLING.open_database(f"sqlite:///{tmp_path}/billing.db")
    found_in(database)
    hear(database, *TERMS, *month_of(MEMBERS, JANUARY))
    run(database, JANUARY)
    hear(database, *month_of(MEMBERS, FEBRUARY))
    run(database, FEBRUARY)
    hear(database, measured("anna", JANUARY, "2.1", revision=2), closed(JANUARY, 1, 0, revision=2))
    correct(database)
    return database


@pytest.mark.parametrize("changed", TAMPERED)
def test_all_at_once_finds_what_each_by_itself_finds(village: Database, changed: str) -> None:
    with village.read(COMMUNITY) as tx:
        ids = [head.id for head in bills.list_heads(tx)]
    tamper(village, *TAMPERED[changed])
    one_by_one, at_once = verify_each(village, ids, Ground), verify_each(village, ids, WholeGround)
    assert at_once == one_by_one
    agree = [isinstance(each, Verification) and each.agrees for each in one_by_one]
    assert all(agree) == (changed == "nothing")


def test_twice_as_many_bills_are_verified_with_hardly_more_statements(village: Database) -> None:
    statements: list[str] = []
    event.listen(village.engine, "before_cursor_execute", lambda *told: statements.append(told[2]))
    counts = []
    with village.read(COMMUNITY) as tx:
        ids = [head.id for head in bills.list_heads(tx)]
    for wanted in (ids[:3], ids[:6]):
        before = len(statements)
        verify_each(village, wanted, WholeGround)
        counts.append(len(statements) - before)
    # three bills of another run are read in as many statements as one: lines, entries, inputs, papers, heads
    assert counts[1] - counts[0] <= 3 + len(MEMBERS), counts


def verify_each(database: Database, ids: list[str], ground: type[Ground]) -> list[Verification | str]:
    """The verification of each bill, or what broke it."""
    with database.read(COMMUNITY) as tx:
        of_all = ground(tx)
        return [verify_or_say(tx, one, of_all) for one in ids]


def verify_or_say(tx: Tx, bill_id: str, ground: Ground) -> Verification | str:
    """The verification of a bill; the kind of error where a row of it can no longer be read."""
    try:
        return verify_bill(tx, bill_id, ground)
    except BROKEN as broken:
        return type(broken).__name__
