"""When a milestone releases its money, and how long a project waited for it."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from coop.governance.model import Evidence, Phase, Reached, Tranche
from coop.governance.programmes.rules import (
    check_evidence,
    check_programme,
    conditions,
    days_stood_still,
    order_evidence,
    referral_text,
    released_by_rule,
    rule_text,
    split_grant,
)
from coop.values import BadInput
from tests.governance.assembly import IN_TIME, INSURANCE, PERMIT, PROGRAMME

MILESTONE = PROGRAMME.phases[0].milestones[0]
DECIDED = date(2026, 6, 24)


def unmet(report: Reached, realised_on: date | None = DECIDED) -> list[str]:
    return [condition.name for condition in conditions(MILESTONE, report, realised_on) if not condition.met]


def test_a_grant_of_7_7_million_is_divided_as_in_example_e18() -> None:
    assert split_grant(770_000_000, [40, 30, 20, 10]) == [308_000_000, 231_000_000, 154_000_000, 77_000_000]


@given(st.integers(1, 10**12), st.lists(st.integers(1, 100), min_size=1, max_size=10))
def test_no_cent_of_a_grant_is_lost(amount_cents: int, shares: list[int]) -> None:
    assert sum(split_grant(amount_cents, shares)) == amount_cents


def test_a_milestone_with_evidence_within_margin_and_in_time_releases() -> None:
    checked = conditions(MILESTONE, IN_TIME, DECIDED)
    assert released_by_rule(checked)
    assert rule_text(checked) == (
        "released by rule: evidence 2 of 2; cost EUR 1,050,000.00 against EUR 1,000,000.00 with a margin of "
        "50 per mille, EUR 1,050,000.00; reached on 2026-12-01 against the deadline 2026-12-31; "
        "realisation decided on 2026-06-24"
    )


def test_a_cent_above_the_margin_refers() -> None:
    assert unmet(replace(IN_TIME, cost_cents=105_000_001)) == ["cost"]


def test_the_margin_does_not_give_a_part_of_a_cent_away() -> None:
    assert replace(MILESTONE, budget_cents=999, margin_per_mille=1).ceiling_cents == 999


def test_the_deadline_itself_is_in_time_and_the_day_after_is_not() -> None:
    assert unmet(replace(IN_TIME, reached_on=MILESTONE.deadline)) == []
    assert unmet(replace(IN_TIME, reached_on=MILESTONE.deadline + timedelta(days=1))) == ["deadline"]


def test_lacking_evidence_is_named() -> None:
    checked = conditions(MILESTONE, replace(IN_TIME, evidence=(PERMIT,)), DECIDED)
    assert referral_text(checked) == "evidence 1 of 2, lacking insurance"


def test_a_phase_that_was_not_decided_in_time_refers() -> None:
    assert unmet(IN_TIME, None) == ["realisation"]
    assert unmet(IN_TIME, IN_TIME.reached_on + timedelta(days=1)) == ["realisation"]


def test_every_reason_is_told_at_once() -> None:
    late = Reached(date(2028, 1, 1), 200_000_000, ())
    assert unmet(late, None) == ["evidence", "cost", "deadline", "realisation"]


def test_evidence_has_one_order_and_no_doubles() -> None:
    assert order_evidence([PERMIT, INSURANCE, PERMIT]) == order_evidence([INSURANCE, PERMIT])


def test_evidence_that_cannot_be_checked_is_refused_with_its_line() -> None:
    bad = Evidence("permit", "", "A" * 64)
    with pytest.raises(BadInput) as refused:
        check_evidence(replace(IN_TIME, evidence=(PERMIT, bad), cost_cents=-1))
    assert [(problem.line, problem.field) for problem in refused.value.problems] == [
        (None, "cost_cents"),
        (2, "evidence"),
        (2, "evidence.sha256"),
    ]


def test_two_waits_on_one_day_stop_the_project_once() -> None:
    start = date(2026, 1, 1)
    waits = [(start, start + timedelta(days=10)), (start + timedelta(days=5), start + timedelta(days=15))]
    assert days_stood_still(waits, start) == 15


def test_a_wait_without_an_end_lasts_until_today() -> None:
    assert days_stood_still([(date(2026, 1, 1), None)], date(2026, 1, 31)) == 30
    assert days_stood_still([(date(2026, 3, 1), None)], date(2026, 1, 31)) == 0


def test_money_released_on_the_day_costs_no_day() -> None:
    assert days_stood_still([(date(2026, 1, 1), date(2026, 1, 1))], date(2026, 5, 1)) == 0


@given(st.lists(st.tuples(st.integers(0, 60), st.one_of(st.none(), st.integers(0, 30))), max_size=8))
def test_days_stood_still_are_the_days_on_which_somebody_waits(waits: list[tuple[int, int | None]]) -> None:
    first, today = date(2026, 1, 1), date(2026, 3, 1)
    spans = [
        (first + timedelta(days=start), None if days is None else first + timedelta(days=start + days))
        for start, days in waits
    ]
    waiting = {
        start + timedelta(days=i)
        for start, end in spans
        for i in range(max(0, ((end or max(start, today)) - start).days))
    }
    assert days_stood_still(spans, today) == len(waiting)


def test_a_programme_that_cannot_be_carried_out_is_refused_in_one_go() -> None:
    phase = PROGRAMME.phases[0]
    crooked = replace(
        PROGRAMME,
        phases=(replace(phase, budget_cents=1), Phase("wg-1", "", "", 0, ())),
        tranches=(Tranche("t1", "nowhere", "bank", 0),),
    )
    with pytest.raises(BadInput) as refused:
        check_programme(crooked)
    assert [problem.field for problem in refused.value.problems] == [
        "phase_id",
        "wg-1.budget_cents",
        "t1",
        "t1.amount_cents",
    ]
