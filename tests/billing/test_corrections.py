"""Bills after the first ones: corrections, later tariffs and ceilings, and what stands once it was issued."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import pytest
from sqlalchemy import Table, delete, insert, select, text, update
from sqlalchemy.exc import DBAPIError, IntegrityError

from coop.billing.bills import ledger_store as ledger
from coop.billing.bills import store as bills
from coop.billing.checking.verify import verify_bill
from coop.billing.figures.commands import record_figure
from coop.billing.model import LineKind, PublishedFigure
from coop.billing.runs.commands import issue_bills
from coop.billing.runs.texts import brake_sentence
from coop.billing.service import BILLING
from coop.billing.tables import bills as tables
from coop.billing.tables import heard as heard_tables
from coop.billing.terms import heard_store as heard
from coop.kit.database import Database
from coop.kit.replay import rebuild
from coop.values import BadInput, CoopError, Period
from tests.billing.test_runs import FEBRUARY, JANUARY, MEMBERS, TERMS, bill_of, correct, run, state, told
from tests.billing.village import (
    allocated,
    closed,
    ended,
    hear,
    measured,
    month_of,
    release,
    signed,
    tariff_adopted,
    tell_in_writing,
    tranche,
)
from tests.desk import COMMUNITY, SECRETARY
from tests.founding import found_in


def test_a_revision_makes_a_correction_bill_that_names_its_cause(database: Database) -> None:
    hear(database, *TERMS, *month_of(MEMBERS, JANUARY))
    run(database, JANUARY)
    hear(
        database,
        measured("anna", JANUARY, "2.1", revision=2, cause="meter exchange was read late"),
        allocated("anna", JANUARY, 45_000, revision=2, cause="late solar"),
        closed(JANUARY, 1, 1, revision=2),
    )
    result = correct(database)
    assert [(bill.number, bill.kind, bill.total_cents) for bill in result.bills] == [
        ("2025-000004", "correction", -1520 + 105)
    ]
    issued = bill_of(database, "2025-000004")
    assert issued.corrects == bill_of(database, "2025-000001").id
    assert [(line.kind, line.quantity, line.amount_cents, line.cause) for line in issued.bill.lines] == [
        (LineKind.HEAT, Decimal("-0.4"), -1520, "revision 2: meter exchange was read late"),
        (LineKind.ELECTRICITY, Decimal("5"), 105, "revision 2"),
    ]
    assert [bill.number for bill in correct(database).bills] == ["2025-000004"]
    with database.read(COMMUNITY) as tx:
        assert verify_bill(tx, "2025-000004").findings == ()
        assert verify_bill(tx, "2025-000001").findings == ()


def test_the_next_run_brings_corrections_along_before_its_own_bills(database: Database) -> None:
    hear(database, *TERMS, *month_of(MEMBERS, JANUARY), *month_of(MEMBERS, FEBRUARY))
    run(database, JANUARY)
    hear(database, measured("bram", JANUARY, "2.6", revision=2), closed(JANUARY, 1, 0, revision=2))
    result = run(database, FEBRUARY)
    assert [(bill.kind, bill.contract_id) for bill in result.bills] == [
        ("bill", "contract-anna"),
        ("correction", "contract-bram"),
        ("bill", "contract-bram"),
        ("bill", "contract-cees"),
    ]
    again = correct(database)
    assert again.bills == ()


def test_a_run_dated_in_the_year_before_by_mistake_is_refused_and_changes_nothing(database: Database) -> None:
    december = Period.month(2025, 12)
    hear(database, *TERMS, *month_of(MEMBERS, december, "8"))
    run(database, december, date(2026, 1, 6))
    hear(database, measured("anna", december, "7", 2), closed(december, 1, 0, 2))
    with pytest.raises(BadInput, match="2025-12-31 is before the newest bill, of 2026-01-06"):
        correct(database, date(2025, 12, 31))
    assert [bill.total_cents for bill in correct(database, date(2026, 1, 10)).bills] == [-3800]
    with database.read(COMMUNITY) as tx:
        first, corrected = (bills.get_bill(tx, number) for number in ("2026-000001", "2026-000004"))
        assert (first.ordinal, corrected.ordinal, corrected.corrects) == (1, 4, first.id)
        assert [verify_bill(tx, bill.id).findings for bill in (first, corrected)] == [(), ()]


def test_a_revision_that_changes_no_cent_makes_no_bill(database: Database) -> None:
    hear(database, *TERMS, *month_of(MEMBERS, JANUARY))
    run(database, JANUARY)
    hear(database, measured("anna", JANUARY, "2.500000001", revision=2), closed(JANUARY, 1, 0, revision=2))
    assert correct(database).bills == ()
    assert len(told(database)) == 3


def test_an_end_of_contract_that_comes_late_gives_the_days_back(database: Database) -> None:
    hear(database, tariff_adopted(), signed("anna", reference=()))
    hear(database, *month_of(["anna"], JANUARY), *month_of(["anna"], FEBRUARY))
    run(database, JANUARY)
    run(database, FEBRUARY)
    hear(database, ended("anna", date(2025, 1, 21)))
    held = correct(database)
    assert [(brake.code, brake.subject) for brake in held.brakes] == [
        ("use-outside-contract", "connection-anna"),
        ("implausible-difference", "contract-anna"),
    ]
    with database.write(COMMUNITY, SECRETARY) as tx:
        result = release(tx, held.run_id)
    january, february = (bill_of(database, bill.number) for bill in result.bills)
    # 20 of 31 days in January; what was measured in January was theirs. February is given back whole.
    assert january.bill.total_cents == (2192 - 3397) + (164 - 255) + (493 - 764)
    assert {line.cause for line in january.bill.lines} == {"the days of the contract changed"}
    assert february.bill.total_cents == -bill_of(database, "2025-000002").bill.total_cents
    with database.read(COMMUNITY) as tx:
        assert verify_bill(tx, february.number).findings == ()


def test_a_leaver_in_winter_pays_no_more_than_the_ceiling_of_their_days_and_cold(database: Database) -> None:
    hear(database, *TERMS[:2], signed("anna"), *month_of(["anna"], JANUARY, "6", wh=0), ended("anna", JANUARY.end))
    run(database, JANUARY)
    entry = bill_of(database, "2025-000001").bill.guarantee[0]
    assert entry.notes == ("shortened-year",)
    assert entry.ceiling_cents == 23_267  # of 1,502.05: tap water 31 of 365 days, the rest 491 of 2,830 degree days
    assert entry.heat_cents - entry.credit_cents == 23_267


def test_a_tariff_change_in_the_month_cuts_the_lines_at_the_notice(database: Database) -> None:
    second = tariff_adopted("tariff-2025b", date(2025, 2, 1), date(2025, 1, 14), heat="40.00")
    hear(database, *TERMS, second, *month_of(MEMBERS, FEBRUARY))
    with database.write(COMMUNITY, SECRETARY) as tx:
        tell_in_writing(tx, "tariff-2025b", date(2025, 2, 11), ["anna"])
    run(database, FEBRUARY)
    anna, bram = bill_of(database, "2025-000001"), bill_of(database, "2025-000002")
    heat = [line for line in anna.bill.lines if line.kind is LineKind.HEAT]
    assert [(line.period.days, line.price_eur, line.notes) for line in heat] == [
        (10, Decimal("38.00"), ("split-by-degree-days",)),
        (18, Decimal("40.00"), ("split-by-degree-days",)),
    ]
    assert sum(line.quantity for line in heat) == Decimal("2.5")
    assert {line.tariff_id for line in bram.bill.lines} == {"tariff-2025"}
    assert set(told(database)[0].resolution_ids) == {"resolution-tariff-2025", "resolution-tariff-2025b"}


def test_a_repair_tariff_makes_credit_lines_for_leavers_too(database: Database) -> None:
    contracts = [signed(name, reference=()) for name in MEMBERS]
    hear(database, *TERMS[:4], *contracts, ended("anna", JANUARY.end), *month_of(MEMBERS, JANUARY))
    run(database, JANUARY)
    repair = tariff_adopted("repair", date(2025, 1, 1), date(2025, 6, 3), standing="364.00")
    hear(database, repair)
    assert correct(database, date(2025, 6, 4)).bills == ()
    with database.write(COMMUNITY, SECRETARY) as tx:
        tell_in_writing(tx, "repair", date(2025, 6, 10), list(MEMBERS))
    result = correct(database, date(2025, 6, 20))
    assert [bill.total_cents for bill in result.bills] == [3092 - 3397] * 3
    assert bill_of(database, result.bills[0].number).bill.lines[0].cause == "another tariff binds"


def test_the_guarantee_over_a_year_gives_what_the_yearly_formula_gives(database: Database) -> None:
    hear(database, *TERMS[:2], signed("anna"))
    heat_gj = ["6", "5", "4.5", "2", "1", "0.5", "0.5", "0.5", "1", "2", "4", "5.5"]
    total = credit = 0
    for number, energy_gj in enumerate(heat_gj, 1):
        period = Period.month(2025, number)
        hear(database, *month_of(["anna"], period, energy_gj, wh=0))
        with database.write(COMMUNITY, SECRETARY) as tx:
            result = issue_bills(tx, period, period.end)
            if result.status == "held":
                result = release(tx, result.run_id)
        total += result.total_cents
        credit += result.bills[0].credit_cents
        assert total <= 150_205
    heat = int(sum(Decimal(energy) for energy in heat_gj) * 3800) + 52_000
    assert (total + credit, credit) == (heat, max(0, heat - 150_205))
    assert total == 150_205


def test_the_second_guarantee_year_asks_for_its_index(database: Database) -> None:
    period = Period.month(2026, 1)
    hear(database, *TERMS[:2], signed("anna"), *month_of(["anna"], period))
    with pytest.raises(CoopError, match="cpi-households of 2025"):
        run(database, period)
    with database.write(COMMUNITY, SECRETARY) as tx:
        record_figure(tx, PublishedFigure("cpi-households", 2025, Decimal("1.033"), "hyp."))
    run(database, period)
    assert bill_of(database, "2026-000001").bill.guarantee[0].ceiling_cents == 155_162
    with database.read(COMMUNITY) as tx:
        assert verify_bill(tx, "2026-000001").findings == ()


def test_a_bill_without_lines_is_refused_by_the_database(database: Database) -> None:
    """99,999.99 without a line was taken, and only found afterwards."""
    hear(database, *TERMS, *month_of(MEMBERS, JANUARY))
    run(database, JANUARY)
    with database.read(COMMUNITY) as tx:
        row, line = (
            dict(tx.execute(select(table).where(table.c.community == COMMUNITY)).mappings().fetchall()[0])
            for table in (tables.bill, tables.bill_line)
        )
    made_up = {"id": "made-up", "number": "2025-000077", "sequence": 77, "ordinal": 77, "contract_id": "contract-x"}
    with pytest.raises(DBAPIError, match="a bill has lines"), database.write(COMMUNITY, SECRETARY) as tx:
        tx.insert(tables.bill, [{**row, **made_up, "total_cents": 9_999_999}])
    with pytest.raises(IntegrityError), database.write(COMMUNITY, SECRETARY) as tx:
        tx.insert(tables.bill_line, [{**line, "bill_id": "of-no-bill"}])


@pytest.mark.parametrize("table", [tables.bill, tables.bill_line, tables.guarantee_entry, tables.posting], ids=str)
def test_what_was_issued_never_changes(database: Database, table: Table) -> None:
    hear(database, *TERMS, *month_of(MEMBERS, JANUARY))
    run(database, JANUARY)
    column = next(column for column in table.c if not column.primary_key and column.name != "community")
    with pytest.raises(DBAPIError, match="never changes"), database.write(COMMUNITY, SECRETARY) as tx:
        tx.execute(update(table).where(table.c.community == COMMUNITY).values({column.name: column}))
    with pytest.raises(DBAPIError, match="never changes"), database.write(COMMUNITY, SECRETARY) as tx:
        tx.execute(delete(table).where(table.c.community == COMMUNITY))


def test_the_database_itself_refuses_a_bill_above_the_ceiling(database: Database) -> None:
    hear(database, *TERMS, *month_of(MEMBERS, JANUARY))
    run(database, JANUARY)
    with database.read(COMMUNITY) as tx:
        entry = tables.guarantee_entry
        row = tx.execute(select(entry).where(entry.c.community == COMMUNITY)).first()
    assert row is not None
    above = {**row._asdict(), "year_start": date(2031, 1, 1), "heat_so_far_cents": 150_206, "credit_so_far_cents": 0}
    with pytest.raises(IntegrityError), database.write(COMMUNITY, SECRETARY) as tx:
        tx.execute(insert(tables.guarantee_entry).values(**above))


def test_the_ledger_balances_and_holds_what_the_bills_say(database: Database) -> None:
    hear(database, *TERMS, *month_of(MEMBERS, JANUARY), tranche())
    result = run(database, JANUARY)
    with database.read(COMMUNITY) as tx:
        rows = ledger.trial_balance(tx)
    assert sum(row.debit_cents for row in rows) == sum(row.credit_cents for row in rows)
    balance = {row.account: row.debit_cents - row.credit_cents for row in rows}
    assert sum(amount for account, amount in balance.items() if account.startswith("debtors:")) == result.total_cents
    assert balance["subsidy-receivable:municipality"] == 77_000_000 == -balance["subsidy-advances"]
    assert -balance["vat-payable"] == sum(
        vat.vat_cents for bill in result.bills for vat in bill_of(database, bill.number).bill.vat
    )


def test_verify_finds_a_fact_that_was_changed_behind_its_back(database: Database) -> None:
    hear(database, *TERMS, *month_of(MEMBERS, JANUARY))
    run(database, JANUARY)
    with database.read(COMMUNITY) as tx:
        good = verify_bill(tx, "2025-000001")
    assert good.agrees
    assert {reference.kind for reference in good.references} == {"reading", "allocation", "tariff", "resolution"}
    with database.write(COMMUNITY, SECRETARY) as tx:
        mine = heard_tables.measurement.c.community == COMMUNITY
        tx.execute(update(heard_tables.measurement).where(mine).values(energy_j=Decimal(9_000_000_000)))
    with database.read(COMMUNITY) as tx:
        bad = verify_bill(tx, "2025-000001")
    assert any("says something else now" in finding for finding in bad.findings)
    assert any("95.00 EUR was billed, 342.00 follows" in finding for finding in bad.findings)


def test_verify_names_a_tariff_that_can_no_longer_be_read_and_a_head_that_says_otherwise(database: Database) -> None:
    hear(database, *TERMS, *month_of(MEMBERS, JANUARY))
    run(database, JANUARY)
    with database.system_write() as sql:
        sql.execute(text("UPDATE tariff SET valid_from = '2024-12-31'"))
        sql.execute(text("DROP TRIGGER bill_stays" + ("_on_update" if database.is_sqlite else " ON bill")))
        sql.execute(text("UPDATE bill SET member_id = 'bram' WHERE number = '2025-000001'"))
    with database.read(COMMUNITY) as tx:
        findings = verify_bill(tx, "2025-000001").findings
    assert any("tariff tariff-2025 can no longer be read" in finding for finding in findings)
    assert any("the bill names another member" in finding for finding in findings)


def test_what_was_heard_can_be_heard_again_from_the_journals(database: Database) -> None:
    facts = [*TERMS, *month_of(MEMBERS, JANUARY), tranche()]
    hear(database, *facts)
    run(database, JANUARY)
    before = state(database)
    rebuild(BILLING, database, {})
    found_in(database)
    with database.read(COMMUNITY) as tx:
        assert "is not on file" in verify_bill(tx, "2025-000001").findings[0]
    hear(database, *facts[::-1])
    assert run(database, JANUARY).status == "issued"
    assert state(database) == before
    with database.read(COMMUNITY) as tx:
        assert verify_bill(tx, "2025-000001").findings == ()


def test_a_member_with_two_contracts_in_a_month_pays_each_day_once(database: Database) -> None:
    hear(
        database,
        tariff_adopted(),
        signed("anna"),
        ended("anna", date(2025, 1, 11)),
        signed("anna", starts_on=date(2025, 1, 11), contract_id="second"),
        *month_of(["anna"], JANUARY, "3.1"),
    )
    result = run(database, JANUARY)
    lines = [line for bill in result.bills for line in bill_of(database, bill.number).bill.lines]
    heat = [line for line in lines if line.kind is LineKind.HEAT]
    assert [line.quantity for line in heat] == [Decimal(1), Decimal("2.1")]
    assert sum(line.amount_cents for line in lines if line.kind is LineKind.STANDING) == 3397


def test_half_a_month_of_contract_bears_all_that_was_measured_for_it(database: Database) -> None:
    hear(database, tariff_adopted(), signed("anna", starts_on=date(2025, 1, 11)), *month_of(["anna"], JANUARY, "3.1"))
    run(database, JANUARY)
    heat = bill_of(database, "2025-000001").bill.lines[0]
    assert (heat.quantity, heat.notes) == (Decimal("3.1"), ())


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE tariff SET parameters = replace(parameters, '38.00', '380.00')",
        "UPDATE tariff SET resolution_id = 'never-voted'",
        "INSERT INTO tariff SELECT community, 'other', 'never-voted', meeting_id, valid_from, decided_on, parameters,"
        " parameters_hash, notice_hash, history, known_position, known_at FROM tariff",
    ],
    ids=["price", "resolution", "row"],
)
def test_a_tariff_that_was_put_in_by_sql_prices_nothing_and_is_found(database: Database, statement: str) -> None:
    hear(database, *TERMS, *month_of(MEMBERS, JANUARY), *month_of(MEMBERS, FEBRUARY))
    run(database, JANUARY)
    with database.system_write() as sql:
        sql.execute(text(statement))
    with pytest.raises(CoopError, match="no meeting adopted") as refused:
        run(database, FEBRUARY)
    assert refused.value.code == "tariff-not-voted"
    with database.read(COMMUNITY) as tx:
        assert heard.find_unvoted(tx)
        findings = verify_bill(tx, "2025-000001").findings
    assert "INSERT" in statement or "tariff tariff-2025 is not what its resolution adopted" in findings


def test_a_quantity_that_no_tariff_prices_holds_the_run_by_name(database: Database) -> None:
    cold = measured("anna", JANUARY, "2").model_copy(update={"measurement_id": "cold-1", "quantity": "cold"})
    hear(database, *TERMS[:2], signed("anna"), measured("anna", JANUARY, "2"), cold, closed(JANUARY, 2))
    held = run(database, JANUARY)
    assert [(brake.code, brake.subject) for brake in held.brakes] == [("unpriced", "connection-anna")]
    assert brake_sentence("en", held.brakes[0]).startswith("cold was measured in January 2025")


def test_what_moved_a_share_of_the_neighbourhood_is_printed_on_nobodys_bill(database: Database) -> None:
    hear(database, *TERMS, *month_of(MEMBERS, JANUARY))
    run(database, JANUARY)
    reason = "late reading of meter 871687000000000016 on 2025-01-31"
    hear(database, allocated("bram", JANUARY, 45_000, revision=2, cause=reason), closed(JANUARY, 0, 1, revision=2))
    [made] = correct(database).bills
    issued = bill_of(database, made.number)
    assert "871687000000000016" not in str(issued.bill) + issued.document.body.decode()
