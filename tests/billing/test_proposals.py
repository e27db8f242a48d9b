"""Jobs that draft: the treasurer finds what waits, nothing is issued by itself, and a repeat changes nothing."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path

import pytest

from coop.billing.bills import store as bills
from coop.billing.figures.commands import record_figure
from coop.billing.jobs import JOBS, draft_bills, draft_corrections
from coop.billing.model import PublishedFigure
from coop.billing.runs import store as runs
from coop.billing.runs.commands import correct_bills, issue_bills
from coop.billing.runs.proposals import propose_bills
from coop.billing.runs.store import Proposal
from coop.billing.service import BILLING
from coop.events.billing import BillIssued
from coop.kit import journal
from coop.kit.database import Database
from coop.kit.jobs import Work, list_runs, run_due
from coop.values import Period
from tests.billing.village import (
    admitted,
    closed,
    ended,
    hear,
    measured,
    month_of,
    release,
    signed,
    tariff_adopted,
    visit,
)
from tests.desk import COMMUNITY, SECRETARY
from tests.kit.clocks import SetClock

JANUARY, FEBRUARY, MARCH = (Period.month(2025, month) for month in (1, 2, 3))
MEMBERS = ("anna", "bram", "cees")
MORNING = datetime(2025, 4, 3, 5, 10, tzinfo=UTC)
HTML = {"accept": "text/html", "accept-language": "en"}


@pytest.fixture
def village(database: Database) -> Database:
    """Three members whose January is closed, on a morning in April."""
    database.clock = SetClock(MORNING)
    hear(database, tariff_adopted(), *(admitted(name) for name in MEMBERS), *(signed(name) for name in MEMBERS))
    hear(database, *month_of(MEMBERS, JANUARY))
    return database


def work(database: Database, job: Callable[[Work], str]) -> str:
    return job(Work(database, COMMUNITY, MORNING, "draft"))


def proposals(database: Database) -> list[Proposal]:
    with database.read(COMMUNITY) as tx:
        return runs.list_proposals(tx)


def issue(database: Database, period: Period) -> None:
    with database.write(COMMUNITY, SECRETARY) as tx:
        assert issue_bills(tx, period, date(2025, 4, 3)).status == "issued"


def told(database: Database) -> list[BillIssued]:
    with database.system_read() as sql:
        return journal.facts_of(sql, BillIssued, COMMUNITY)


def test_a_closed_period_is_drafted_and_nothing_is_issued(village: Database) -> None:
    assert work(village, draft_bills) == "drafted 3 bills of 2025-01 for 442.68 EUR"
    [proposal] = proposals(village)
    assert (proposal.name, proposal.period, proposal.bill_count, proposal.total_cents) == (
        "2025-01",
        JANUARY,
        3,
        44_268,
    )
    assert proposal.drafted_at == MORNING
    with village.read(COMMUNITY) as tx:
        assert (bills.list_heads(tx), runs.list_runs(tx)) == ([], [])
    assert told(village) == []


def test_drafting_again_changes_nothing_and_says_that_it_still_waits(village: Database) -> None:
    work(village, draft_bills)
    before = proposals(village)
    village.clock = SetClock(MORNING.replace(day=4))
    assert work(village, draft_bills) == "already drafted 3 bills of 2025-01 for 442.68 EUR"
    assert proposals(village) == before


def test_a_draft_that_comes_out_otherwise_takes_the_place_of_the_one_before(village: Database) -> None:
    work(village, draft_bills)
    hear(village, measured("anna", JANUARY, "2.1", revision=2), closed(JANUARY, 1, 0, revision=2))
    assert work(village, draft_bills) == "drafted 3 bills of 2025-01 for 427.48 EUR"
    assert [proposal.total_cents for proposal in proposals(village)] == [42_748]


def test_an_issued_period_waits_no_longer(village: Database) -> None:
    work(village, draft_bills)
    issue(village, JANUARY)
    assert proposals(village) == []
    assert work(village, draft_bills) == "no closed period waits for its bills"


def test_every_closed_period_is_drafted_and_what_cannot_be_is_named(village: Database) -> None:
    facts = month_of(MEMBERS, FEBRUARY)
    hear(village, *facts[1:], measured("anna", MARCH, "1"))
    assert work(village, draft_bills) == (
        "drafted 3 bills of 2025-01 for 442.68 EUR; 2025-02 cannot be drafted: 2025-02 cannot be billed yet: "
        "2 of 3 measurements of revision 1 have come"
    )
    hear(village, facts[0])
    assert work(village, draft_bills) == (
        "drafted 3 bills of 2025-02 for 429.90 EUR; already drafted 3 bills of 2025-01 for 442.68 EUR"
    )
    assert [proposal.name for proposal in proposals(village)] == ["2025-01", "2025-02"]


def test_a_figure_that_is_missing_is_named_and_the_draft_follows_once_it_is_entered(village: Database) -> None:
    period = Period.month(2026, 1)
    village.clock = SetClock(MORNING.replace(year=2026))
    issue(village, JANUARY)
    hear(village, *month_of(MEMBERS, period))
    assert "the ceiling needs cpi-households of 2025" in work(village, draft_bills)
    with village.write(COMMUNITY, SECRETARY) as tx:
        record_figure(tx, PublishedFigure("cpi-households", 2025, Decimal("1.033"), "CBS"))
    assert work(village, draft_bills).startswith("drafted 3 bills of 2026-01")


def test_what_is_unlikely_is_counted_and_a_run_that_is_held_is_left_to_who_holds_it(village: Database) -> None:
    issue(village, JANUARY)
    hear(village, measured("anna", FEBRUARY, "25"), *month_of(MEMBERS, FEBRUARY)[1:])
    assert work(village, draft_bills) == "drafted 3 bills of 2025-02 for 1284.90 EUR with 1 unlikely"
    with village.write(COMMUNITY, SECRETARY) as tx:
        held = issue_bills(tx, FEBRUARY, date(2025, 4, 3))
    assert held.status == "held"
    assert proposals(village) == []
    assert work(village, draft_bills) == "held by brakes: 2025-02"
    with village.write(COMMUNITY, SECRETARY) as tx:
        assert release(tx, held.run_id).status == "issued"
    assert work(village, draft_bills) == "no closed period waits for its bills"


def test_a_new_revision_is_drafted_as_corrections_once(village: Database) -> None:
    issue(village, JANUARY)
    assert work(village, draft_corrections) == "nothing to correct"
    hear(village, measured("anna", JANUARY, "2.1", revision=2), closed(JANUARY, 1, 0, revision=2))
    assert work(village, draft_corrections) == "drafted 1 correction for -15.20 EUR"
    assert work(village, draft_corrections) == "already drafted 1 correction for -15.20 EUR"
    assert len(told(village)) == 3
    with village.write(COMMUNITY, SECRETARY) as tx:
        assert correct_bills(tx, date(2025, 4, 3)).total_cents == -1520
    assert proposals(village) == []
    assert work(village, draft_corrections) == "nothing to correct"


def test_corrections_that_the_next_run_brings_along_wait_no_longer(village: Database) -> None:
    issue(village, JANUARY)
    hear(village, measured("anna", JANUARY, "2.1", revision=2), closed(JANUARY, 1, 0, revision=2))
    hear(village, *month_of(MEMBERS, FEBRUARY))
    work(village, draft_corrections)
    issue(village, FEBRUARY)
    assert proposals(village) == []


def test_corrections_wait_for_a_revision_that_has_only_begun(village: Database) -> None:
    issue(village, JANUARY)
    hear(village, measured("anna", JANUARY, "2.1", revision=2))
    assert work(village, draft_corrections) == "nothing to correct"
    hear(village, ended("bram", date(2025, 1, 21)))
    assert work(village, draft_corrections) == (
        "corrections cannot be drafted: 2025-01 cannot be billed yet: revision 2 is not closed"
    )


def test_corrections_that_are_held_are_left_to_who_holds_them_until_a_run_overtakes_them(village: Database) -> None:
    hear(village, *month_of(MEMBERS, FEBRUARY))
    issue(village, JANUARY)
    issue(village, FEBRUARY)
    hear(village, ended("anna", date(2025, 1, 21)))
    assert work(village, draft_corrections).endswith("with 2 unlikely")
    with village.write(COMMUNITY, SECRETARY) as tx:
        held = correct_bills(tx, date(2025, 4, 3))
    assert (held.status, proposals(village)) == ("held", [])
    assert work(village, draft_corrections) == "held by brakes: corrections"
    hear(village, *month_of(MEMBERS[1:], MARCH))
    with village.write(COMMUNITY, SECRETARY) as tx:
        overtaking = issue_bills(tx, MARCH, date(2025, 4, 3))
        assert release(tx, overtaking.run_id).status == "issued"
        assert {total.run.kind for total in runs.list_runs(tx)} == {"period"}
    assert work(village, draft_corrections) == "nothing to correct"


def test_a_job_that_is_killed_leaves_nothing(village: Database) -> None:
    with suppress(KeyboardInterrupt), village.write(COMMUNITY, SECRETARY) as tx:
        assert propose_bills(tx).drafted
        raise KeyboardInterrupt
    assert proposals(village) == []


def test_the_jobs_run_once_for_their_morning_and_leave_their_outcome(village: Database) -> None:
    assert [job.name for job in BILLING.jobs] == [
        "draft-bills",
        "draft-corrections",
        "resume-runs",
        "set-amounts",
        "follow-drifts",
        "archive-papers",
        "forget-papers",
    ]
    for job in JOBS:
        assert run_due(job, village, COMMUNITY)
        assert not run_due(job, village, COMMUNITY)
    with village.read(COMMUNITY) as tx:
        assert {run.job: (run.succeeded, run.outcome) for run in list_runs(tx)} == {
            "draft-bills": (True, "drafted 3 bills of 2025-01 for 442.68 EUR"),
            "draft-corrections": (True, "nothing to correct"),
            "resume-runs": (True, "no run was stopped"),
            "set-amounts": (True, "set 0 monthly amounts"),
            "follow-drifts": (True, "told 0 other monthly amounts"),
            "archive-papers": (True, "put away 0 papers of bills"),
            "forget-papers": (True, "forgot 0 papers of bills"),
        }


def test_another_community_has_its_own_drafts(village: Database) -> None:
    work(village, draft_bills)
    assert draft_bills(Work(village, "noord", MORNING, "draft")) == "no closed period waits for its bills"
    assert len(proposals(village)) == 1


def test_the_treasurer_sees_what_waits_and_issues_it(village: Database, tmp_path: Path) -> None:
    work(village, draft_bills)
    treasurer = visit(village, tmp_path, "treasurer")
    assert "Drafted, waits for you" in treasurer.get("/billing/cards/runs", headers=HTML).text
    page = treasurer.get("/billing/runs", headers=HTML).text
    assert "Drafted, waits for you" in page
    assert "€442.68" in page
    assert "Issue these bills" in treasurer.get("/billing/runs/2025-01", headers=HTML).text
    assert (
        "Issue these bills" not in visit(village, tmp_path, "auditor").get("/billing/runs/2025-01", headers=HTML).text
    )
    issued = treasurer.post("/billing/runs/2025-01/issue", data={"issued_on": "2025-04-03"}, headers=HTML)
    assert "2025-000001" in issued.text
    assert "Drafted, waits for you" not in treasurer.get("/billing/runs", headers=HTML).text


def test_the_treasurer_sees_corrections_before_they_are_issued(village: Database, tmp_path: Path) -> None:
    issue(village, JANUARY)
    treasurer = visit(village, tmp_path, "treasurer")
    assert "There is nothing to correct." in treasurer.get("/billing/runs/corrections", headers=HTML).text
    hear(village, measured("anna", JANUARY, "2.1", revision=2), closed(JANUARY, 1, 0, revision=2))
    work(village, draft_corrections)
    page = treasurer.get("/billing/runs", headers=HTML).text
    assert "1 correction waits, -€15.20. It was drafted on 3 Apr 2025 07:10." in page
    assert "/billing/runs/corrections" in treasurer.get("/billing/cards/runs", headers=HTML).text
    preview = treasurer.get("/billing/runs/corrections", headers=HTML).text
    assert "Correction of January 2025" in preview
    assert len(told(village)) == 3
    issued = treasurer.post("/billing/runs/corrections/issue", data={"issued_on": "2025-04-03"}, headers=HTML)
    assert "2025-000004" in issued.text
    again = treasurer.post("/billing/runs/corrections/issue", data={"issued_on": "2025-04-04"}, headers=HTML)
    assert again.status_code == 422
