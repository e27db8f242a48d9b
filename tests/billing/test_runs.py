"""Bill runs: complete or refused, once, in order, with brakes and corrections."""

from __future__ import annotations

import random
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import replace
from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from coop.billing.bills import store as bills
from coop.billing.checking.state_api import SECTIONS
from coop.billing.figures.commands import record_figure
from coop.billing.model import PublishedFigure
from coop.billing.runs.commands import correct_bills, issue_bills, preview_bills, preview_run, release_run
from coop.billing.runs.results import RunResult
from coop.billing.service import BILLING
from coop.billing.tables import bills as tables
from coop.billing.tables import heard as heard_tables
from coop.demo.cooperative import PROFILE
from coop.events import Event
from coop.events.billing import BillIssued
from coop.events.members import ProgramTokenMade
from coop.kit import journal
from coop.kit.actor import Actor
from coop.kit.database import Database
from coop.kit.parking import list_parked
from coop.kit.tx import Tx
from coop.values import CoopError, Period
from coop.verification.books import verify_books
from coop.verification.rows import read_kept
from coop.verification.told import Told
from tests.billing.village import (
    admitted,
    allocated,
    closed,
    count_rows,
    ended,
    envelope,
    hear,
    measured,
    month_of,
    release,
    signed,
    tariff_adopted,
    tell_in_writing,
    tranche,
)
from tests.desk import CHAIR, COMMUNITY, SECRETARY
from tests.founding import found_in
from tests.state import state_of

JANUARY, FEBRUARY, MARCH = (Period.month(2025, month) for month in (1, 2, 3))
MEMBERS = ("anna", "bram", "cees")
TERMS: list[Event] = [
    tariff_adopted(),
    *(admitted(name) for name in MEMBERS),
    *(signed(name) for name in MEMBERS),
]


def run(database: Database, period: Period, issued_on: date | None = None) -> RunResult:
    with database.write(COMMUNITY, SECRETARY) as tx:
        return issue_bills(tx, period, issued_on or period.end)


def correct(database: Database, issued_on: date = date(2025, 5, 1)) -> RunResult:
    with database.write(COMMUNITY, SECRETARY) as tx:
        return correct_bills(tx, issued_on)


def state(database: Database, community: str = COMMUNITY) -> dict[str, Any]:
    with database.read(community) as tx:
        return state_of(tx, SECTIONS)


def bill_of(database: Database, number: str) -> bills.IssuedBill:
    with database.read(COMMUNITY) as tx:
        return bills.get_bill(tx, number)


@contextmanager
def crash(database: Database) -> Iterator[Tx]:
    """A transaction whose process dies before the commit."""
    with suppress(KeyboardInterrupt), database.write(COMMUNITY, SECRETARY) as tx:
        yield tx
        raise KeyboardInterrupt


def told(database: Database) -> list[BillIssued]:
    with database.system_read() as sql:
        return journal.facts_of(sql, BillIssued, COMMUNITY)


def test_a_month_is_billed_in_order_of_contract_with_gapless_numbers(database: Database) -> None:
    hear(database, *TERMS, *month_of(MEMBERS, JANUARY), *month_of(MEMBERS, FEBRUARY))
    first, second = run(database, JANUARY), run(database, FEBRUARY)
    assert first.status == second.status == "issued"
    assert [bill.number for bill in first.bills] == ["2025-000001", "2025-000002", "2025-000003"]
    assert [bill.contract_id for bill in first.bills] == ["contract-anna", "contract-bram", "contract-cees"]
    assert [bill.number for bill in second.bills] == ["2025-000004", "2025-000005", "2025-000006"]
    # 2.5 GJ at 38.00, 31/365 of 400.00, 30.00 and 90.00, 40 kWh at 0.21
    assert first.bills[0].total_cents == 9500 + 3397 + 255 + 764 + 840
    assert [fact.number for fact in told(database)] == [bill.number for bill in (*first.bills, *second.bills)]


def test_a_run_twice_changes_nothing(database: Database) -> None:
    hear(database, *TERMS, *month_of(MEMBERS, JANUARY))
    first = run(database, JANUARY)
    before, facts = state(database), told(database)
    again = run(database, JANUARY, date(2025, 6, 1))
    assert [bill.number for bill in again.bills] == [bill.number for bill in first.bills]
    assert again.run_id == first.run_id
    assert (state(database), told(database)) == (before, facts)


def test_a_run_that_crashes_before_its_commit_leaves_nothing(database: Database) -> None:
    hear(database, *TERMS, *month_of(MEMBERS, JANUARY))
    with crash(database) as tx:
        issue_bills(tx, JANUARY, date(2025, 2, 1))
    assert state(database) == {"bills": [], "ledger": []}
    assert told(database) == []
    assert run(database, JANUARY).bills[0].number == "2025-000001"


def test_a_dry_run_changes_nothing(database: Database) -> None:
    hear(database, *TERMS, *month_of(MEMBERS, JANUARY))
    with database.read(COMMUNITY) as tx:
        preview = preview_bills(tx, JANUARY, date(2025, 2, 1))
    assert (preview.status, len(preview.bills)) == ("preview", 3)
    assert state(database) == {"bills": [], "ledger": []}
    assert preview.total_cents == run(database, JANUARY).total_cents


def test_a_period_that_is_not_whole_is_refused_and_says_what_is_missing(database: Database) -> None:
    facts = month_of(MEMBERS, JANUARY)
    hear(database, *TERMS, *facts[1:-1])
    with pytest.raises(CoopError, match="revision 1 is not closed") as refused:
        run(database, JANUARY)
    assert refused.value.code == "period-incomplete"
    hear(database, facts[-1])
    with pytest.raises(CoopError, match="2 of 3 measurements of revision 1 have come"):
        run(database, JANUARY)
    hear(database, facts[0])
    assert run(database, JANUARY).status == "issued"


def test_a_period_whose_newer_revision_has_begun_waits_for_it(database: Database) -> None:
    hear(database, *TERMS, *month_of(MEMBERS, JANUARY), measured("anna", JANUARY, "3", revision=2))
    with pytest.raises(CoopError, match="revision 2 is not closed"):
        run(database, JANUARY)
    hear(database, closed(JANUARY, 1, 0, revision=2))
    assert bill_total(run(database, JANUARY), "anna") == 11400 + 3397 + 255 + 764 + 840


def bill_total(result: RunResult, member_id: str) -> int:
    return next(bill.total_cents for bill in result.bills if bill.member_id == member_id)


def test_days_without_a_tariff_cannot_be_billed(database: Database) -> None:
    hear(database, signed("anna"), *month_of(["anna"], JANUARY))
    with pytest.raises(CoopError) as refused:
        run(database, JANUARY)
    assert refused.value.code == "no-tariff"


def test_the_order_in_which_facts_come_does_not_matter(database: Database) -> None:
    facts = [
        *TERMS,
        *month_of(MEMBERS, JANUARY),
        *month_of(MEMBERS, FEBRUARY, "3.1"),
        tranche(),
        ended("cees", date(2025, 2, 11)),
    ]
    for seed in range(3):
        community = f"village-{seed}"
        found_in(database, community, replace(PROFILE, hosts=(f"{community}.example",)))
        shuffled = facts.copy()
        random.Random(seed).shuffle(shuffled)
        hear(database, *shuffled, community=community)
        with database.write(community, SECRETARY) as tx:
            issue_bills(tx, JANUARY, date(2025, 2, 1))
            issue_bills(tx, FEBRUARY, date(2025, 3, 1))
    states = [state(database, f"village-{seed}") for seed in range(3)]
    for found in states:
        for bill in found["bills"]:
            del bill["bill_id"]  # follows from the community as well
    assert states[0] == states[1] == states[2]
    assert len(states[0]["bills"]) == 6


@pytest.mark.parametrize(
    ("event", "code"),
    [
        (measured("anna", JANUARY, "1").model_copy(update={"energy_j": Decimal("1e34")}), "bad-measurement"),
        (measured("anna", JANUARY, "1000001"), "bad-measurement"),
        (allocated("anna", JANUARY, 10**13), "bad-share"),
    ],
    ids=["heat", "a million GJ and one", "electricity"],
)
def test_more_energy_than_can_be_is_parked_by_name_and_stops_nothing(
    database: Database, event: Event, code: str
) -> None:
    hear(database, *TERMS, event, *month_of(MEMBERS, JANUARY)[1:])
    with database.read(COMMUNITY) as tx:
        assert [letter.code for letter in list_parked(tx)] == [code]
    hear(database, *month_of(MEMBERS, JANUARY))
    assert run(database, JANUARY).status == "issued"


@pytest.mark.parametrize(
    "event", [*TERMS[:2], TERMS[-1], *month_of(["anna"], JANUARY), ended("anna", JANUARY.end), tranche()]
)
def test_a_fact_heard_twice_or_lost_in_a_crash_is_kept_once(database: Database, event: Event) -> None:
    handler = BILLING.hears[type(event)]
    with crash(database) as tx:
        handler(tx, event, envelope(event))
    kept = [*heard_tables.HEARD, tables.posting]
    with database.read(COMMUNITY) as tx:
        assert sum(count_rows(tx, table) for table in kept) == 0
    for _ in range(2):
        with database.write(COMMUNITY, SECRETARY) as tx:
            handler(tx, event, envelope(event))
    with database.read(COMMUNITY) as tx:
        rows = {table.name: count_rows(tx, table) for table in heard_tables.HEARD}
        assert sum(rows.values()) == 1
        assert (count_rows(tx, tables.posting) == 1) == (rows["tranche"] == 1)


def test_commands_that_crash_before_their_commit_leave_nothing(database: Database) -> None:
    hear(database, *TERMS, *month_of(MEMBERS, JANUARY))
    with crash(database) as tx:
        tell_in_writing(tx, "tariff-2025", date(2025, 1, 1))
        record_figure(tx, PublishedFigure("cpi-households", 2025, Decimal("1.033"), "CBS"))
    with database.read(COMMUNITY) as tx:
        assert count_rows(tx, tables.tariff_notice) == count_rows(tx, tables.yearly_figure) == 0
    run(database, JANUARY)
    hear(database, measured("anna", JANUARY, "2.1", revision=2), closed(JANUARY, 1, 0, revision=2))
    before = state(database)
    with crash(database) as tx:
        assert len(correct_bills(tx, date(2025, 5, 1)).bills) == 1
    assert state(database) == before
    facts = month_of(MEMBERS, FEBRUARY)
    hear(database, measured("anna", FEBRUARY, "25"), *facts[1:])
    held = run(database, FEBRUARY)
    with crash(database) as tx:
        assert release(tx, held.run_id).status == "issued"
    assert state(database) == before


def test_an_implausible_bill_holds_the_run_until_the_board_releases_it(database: Database) -> None:
    hear(database, *TERMS, *month_of(MEMBERS, JANUARY))
    run(database, JANUARY)
    facts = month_of(MEMBERS, FEBRUARY)
    facts[0] = measured("anna", FEBRUARY, "25")
    hear(database, *facts)
    held = run(database, FEBRUARY)
    assert held.status == "held"
    assert [(brake.code, brake.subject) for brake in held.brakes] == [("implausible-difference", "contract-anna")]
    assert len(told(database)) == 3
    assert run(database, FEBRUARY).status == "held"
    with database.read(COMMUNITY) as tx:
        assert preview_run(tx, held.run_id).status == "held"
    for _ in range(2):
        with database.write(COMMUNITY, SECRETARY) as tx:
            released = release(tx, held.run_id)
        assert released.status == "issued"
        assert [bill.number for bill in released.bills] == ["2025-000004", "2025-000005", "2025-000006"]
    assert len(told(database)) == 6


def test_whoever_ran_the_bills_cannot_release_them(database: Database) -> None:
    hear(database, *TERMS, *month_of(MEMBERS, JANUARY))
    run(database, JANUARY)
    facts = month_of(MEMBERS, FEBRUARY)
    facts[0] = measured("anna", FEBRUARY, "25")
    hear(database, *facts)
    held = run(database, FEBRUARY)
    with database.write(COMMUNITY, SECRETARY) as tx, pytest.raises(CoopError) as refused:
        release_run(tx, held.run_id)
    assert refused.value.code == "second-person"
    assert len(told(database)) == 3
    with database.write(COMMUNITY, CHAIR) as tx:
        released = release_run(tx, held.run_id)
    assert (released.run_by, released.released_by) == (SECRETARY.id, CHAIR.id)


def test_whose_program_ran_the_bills_cannot_release_them_either(database: Database) -> None:
    hear(database, *TERMS, *month_of(MEMBERS, JANUARY))
    run(database, JANUARY)
    facts = month_of(MEMBERS, FEBRUARY)
    facts[0] = measured("anna", FEBRUARY, "25")
    program = ProgramTokenMade(
        token_id="c0ffee", token_sha256="5" * 64, scopes=("write:bills",), expires_at=None, made_by=CHAIR.id
    )
    hear(database, program, *facts)
    with database.write(COMMUNITY, Actor("program", program.token_id, "api")) as tx:
        held = issue_bills(tx, FEBRUARY, tx.today)
    with database.write(COMMUNITY, CHAIR) as tx, pytest.raises(CoopError) as refused:
        release_run(tx, held.run_id)
    assert refused.value.code == "second-person"
    with database.write(COMMUNITY, SECRETARY) as tx:
        assert release_run(tx, held.run_id).status == "issued"
    with database.read(COMMUNITY) as tx:
        kept = read_kept(tx)
    finding = f"run {held.run_id} had brakes, and nobody but who ran it released it"
    assert finding not in verify_books(kept, Told(programs=[program]))
    released_alone = program.model_copy(update={"made_by": SECRETARY.id})
    assert finding in verify_books(kept, Told(programs=[released_alone]))


def test_a_preview_says_who_is_left_out_and_why(database: Database) -> None:
    hear(database, *TERMS, *month_of(MEMBERS, JANUARY))
    run(database, JANUARY)
    hear(database, ended("cees", FEBRUARY.start), admitted("dora"), signed("dora", date(2025, 4, 1)))
    hear(database, *month_of(MEMBERS[:2], FEBRUARY))
    with database.read(COMMUNITY) as tx:
        preview = preview_bills(tx, FEBRUARY, date(2025, 3, 1))
    assert [(left.member_id, left.reason, left.day) for left in preview.left_out] == [
        ("cees", "ended", date(2025, 2, 1)),
        ("dora", "begins", date(2025, 4, 1)),
    ]


def test_a_release_does_not_cover_a_brake_that_came_afterwards(database: Database) -> None:
    hear(database, *TERMS, *month_of(MEMBERS, JANUARY))
    run(database, JANUARY)
    facts = month_of(MEMBERS, FEBRUARY)
    facts[0] = measured("anna", FEBRUARY, "25")
    hear(database, *facts)
    held = run(database, FEBRUARY)
    hear(database, measured("bram", FEBRUARY, "30", revision=2), closed(FEBRUARY, 1, 0, revision=2))
    with database.write(COMMUNITY, SECRETARY) as tx:
        again = release(tx, held.run_id)
    assert again.status == "held"
    assert [brake.subject for brake in again.brakes] == ["contract-anna", "contract-bram"]


def test_a_shorter_month_is_no_implausible_one(database: Database) -> None:
    hear(database, *TERMS, ended("anna", date(2025, 2, 4)), *month_of(MEMBERS, JANUARY, "6"))
    run(database, JANUARY)
    facts = month_of(MEMBERS, FEBRUARY, "6")
    facts[0] = measured("anna", FEBRUARY, "0.6")
    hear(database, *facts)
    assert run(database, FEBRUARY).status == "issued"


def test_energy_without_a_contract_and_a_contract_without_a_reading_brake_the_run(database: Database) -> None:
    hear(database, *TERMS[:-1], *month_of(("anna", "cees"), JANUARY))
    held = run(database, JANUARY)
    assert [(brake.code, brake.subject) for brake in held.brakes] == [
        ("no-contract", "connection-cees"),
        ("no-reading", "contract-bram"),
    ]
