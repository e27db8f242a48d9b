"""Three households with bills, a dearer tariff and a late correction, to verify and to tamper with."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import TypeVar

import pytest

from coop.billing.jobs import archive_papers
from coop.billing.runs.commands import correct_bills, issue_bills
from coop.billing.tables.heard import metadata
from coop.communities.law_commands import begin_law
from coop.events import Event
from coop.events.billing import BillArchived, BillIssued, LawPublished, TariffNoticeConfirmed
from coop.events.governance import TariffAdopted, TrancheReleased
from coop.events.members import (
    ContractEnded,
    ContractSigned,
    GasBillsCorrected,
    MemberAdmitted,
    MemberLeft,
)
from coop.events.metering import EnergyAllocated, PeriodMeasured
from coop.kit import journal
from coop.kit.database import Database
from coop.kit.jobs import Work
from coop.values import Period
from coop.verification.asked import verify_asked
from coop.verification.books import verify_books
from coop.verification.ceilings import verify_ceilings
from coop.verification.papers import verify_papers
from coop.verification.prices import verify_prices
from coop.verification.quantities import verify_quantities
from coop.verification.rows import read_kept
from coop.verification.terms import verify_terms
from coop.verification.told import Told, law_of_facts
from tests.billing.village import (
    address,
    admitted,
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

JANUARY, FEBRUARY, MARCH = (Period.month(2025, month) for month in (1, 2, 3))
MEMBERS = ("anna", "bram", "cees")


FACTS: list[Event] = [
    tariff_adopted(),
    tariff_adopted("tariff-new", FEBRUARY.start, date(2025, 1, 3), heat="39.00"),
    *(admitted(name) for name in MEMBERS),
    *(signed(name) for name in MEMBERS),
    MemberLeft(member_id="cees", left_on=date(2025, 3, 20)),
    ended("cees", date(2025, 3, 20)),
    tranche(),
]


HEAT_GJ = ((JANUARY, "20"), (FEBRUARY, "21"), (MARCH, "15"))


MEASURED: list[Event] = [fact for month, heat in HEAT_GJ for fact in month_of(MEMBERS, month, heat)]


LATE = measured("bram", JANUARY, "19", 2, "read late")

Fact = TypeVar("Fact")


@pytest.fixture
def village(database: Database) -> Database:
    """Three months of three members, one of whom reaches the ceiling and leaves; a tariff told of in time; a
    correction. All papers but the last are put away."""
    hear(database, *FACTS)
    with database.write(COMMUNITY, SECRETARY) as tx:
        begin_law(tx)
        tell_in_writing(tx, "tariff-new", date(2025, 1, 15))
    for month, heat in HEAT_GJ:
        hear(database, *month_of(MEMBERS, month, heat))
        with database.write(COMMUNITY, SECRETARY) as tx:
            run = issue_bills(tx, month, month.end)
            assert run.status == "issued" or release(tx, run.run_id).status == "issued"
    address(database)
    assert archive_papers(Work(database, COMMUNITY, datetime(2025, 4, 1, tzinfo=UTC), "job")).startswith("put away 9 ")
    hear(database, LATE, closed(JANUARY, 1, 0, revision=2))
    with database.write(COMMUNITY, SECRETARY) as tx:
        assert len(correct_bills(tx, date(2025, 4, 2)).bills) == 1
    return database


def told(database: Database) -> Told:
    """What the owners told: billing's own journal, and the facts that it heard."""
    with database.system_read() as sql:
        issued = journal.facts_of(sql, BillIssued, COMMUNITY)
        archived = journal.facts_of(sql, BillArchived, COMMUNITY)
        published = journal.facts_of(sql, LawPublished, COMMUNITY)
        noticed = journal.facts_of(sql, TariffNoticeConfirmed, COMMUNITY)

    def of(kind: type[Fact]) -> list[Fact]:
        return [fact for fact in [*FACTS, *MEASURED, LATE] if isinstance(fact, kind)]

    return Told(
        issued=issued,
        archived=archived,
        tranches=of(TrancheReleased),
        tariffs=of(TariffAdopted),
        admitted=of(MemberAdmitted),
        left=of(MemberLeft),
        signed=of(ContractSigned),
        ended=of(ContractEnded),
        corrected=of(GasBillsCorrected),
        noticed=noticed,
        measured=of(PeriodMeasured),
        allocated=of(EnergyAllocated),
        published=published,
        law=law_of_facts(published),
    )


VERIFY = (verify_books, verify_asked, verify_papers, verify_terms, verify_prices, verify_ceilings)


def verify(database: Database) -> list[str]:
    facts = told(database)
    with database.read(COMMUNITY) as tx:
        kept = read_kept(tx)
    verify_all = (*VERIFY, verify_quantities)
    return [finding for verify_one in verify_all for finding in verify_one(kept, facts)]


def tamper(database: Database, *statements: str) -> None:
    """Write as nobody may: triggers and keys aside."""
    with database.system_write() as sql:
        if sql.dialect.name == "postgresql":
            for table in metadata.sorted_tables:
                sql.exec_driver_sql(f"ALTER TABLE {table.name} DISABLE TRIGGER USER")
        else:
            for name in sql.exec_driver_sql("SELECT name FROM sqlite_master WHERE type = 'trigger'").scalars().all():
                sql.exec_driver_sql(f"DROP TRIGGER {name}")
            sql.exec_driver_sql("PRAGMA defer_foreign_keys = ON")
        for statement in statements:
            assert sql.exec_driver_sql(statement).rowcount > 0, statement


LAST = "(SELECT id FROM bill WHERE number = '2025-000010')"


NINTH = "(SELECT id FROM bill WHERE number = '2025-000009')"


FIRST = "(SELECT id FROM bill WHERE number = '2025-000001')"
