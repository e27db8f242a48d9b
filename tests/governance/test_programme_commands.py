"""A programme from its plan to its money."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta

import pytest

from coop.events.governance import MilestoneReached, TrancheReferred, TrancheReleased
from coop.governance.model import Programme, Reached, Tranche
from coop.governance.programmes import commands as programmes
from coop.governance.programmes import store
from coop.governance.programmes.documents import EVIDENCE
from coop.kit.actor import Actor
from coop.kit.database import Database
from coop.kit.documents import load
from coop.values import BadInput, CoopError, NotFound
from tests.desk import SECRETARY
from tests.governance.assembly import IN_TIME, LATER, PARTNER, PERMIT, PROGRAMME, TOWN, live, only, take_seat, told
from tests.kit.clocks import SetClock


def reach(database: Database, report: Reached, milestone_id: str = "permit") -> None:
    with database.write(TOWN, SECRETARY) as tx:
        programmes.reach_milestone(tx, milestone_id, report)


def decide(
    database: Database,
    decision: str,
    decided_on: date,
    tranche_id: str = "t1",
    actor: Actor = SECRETARY,
    party: str = "co-operative",
) -> bool:
    with database.write(TOWN, actor) as tx:
        return programmes.decide_referred(tx, tranche_id, decision, decided_on, party, "the pump was late")


def test_reaching_a_milestone_releases_its_tranches_on_that_day(database: Database) -> None:
    live(database, until="reach late")
    released = only(told(database), TrancheReleased)
    assert {(one.tranche_id, one.financier, one.amount_cents) for one in released} == {
        ("t1", "Municipality", 308_000_000),
        ("t2", "Water board", 231_000_000),
    }
    assert {one.released_on for one in released} == {IN_TIME.reached_on}
    assert all(one.rule.startswith("released by rule: evidence 2 of 2") for one in released)
    [reached] = only(told(database), MilestoneReached)
    assert (reached.cost_cents, reached.phase_id) == (105_000_000, "wg-1")


def test_a_milestone_above_its_margin_refers_with_the_reason_and_releases_nothing(database: Database) -> None:
    live(database, until="reach")
    reach(database, replace(IN_TIME, cost_cents=105_000_001))
    referred = only(told(database), TrancheReferred)
    assert {one.tranche_id for one in referred} == {"t1", "t2"}
    assert referred[0].reason == (
        "cost EUR 1,050,000.01 against EUR 1,000,000.00 with a margin of 50 per mille, EUR 1,050,000.00"
    )
    assert only(told(database), TrancheReleased) == []


def test_a_phase_that_nobody_decided_to_build_gets_no_money_by_rule(database: Database, clock: SetClock) -> None:
    live(database, until="convene")
    clock.set(LATER)
    reach(database, IN_TIME)
    assert {one.reason for one in only(told(database), TrancheReferred)} == {"realisation not decided"}


def test_the_order_of_evidence_does_not_matter(database: Database) -> None:
    live(database, until="reach late")
    reach(database, replace(IN_TIME, evidence=IN_TIME.evidence[::-1]))


def test_a_milestone_is_reached_once(database: Database) -> None:
    live(database, until="reach late")
    with pytest.raises(CoopError) as refused:
        reach(database, replace(IN_TIME, cost_cents=1))
    assert refused.value.code == "milestone-reached"


def test_the_steering_group_keeps_and_later_releases(database: Database) -> None:
    live(database)
    with database.read(TOWN) as tx:
        state = store.list_tranche_states(tx)["t3"]
    assert (state.referred_on, state.released_on) == (date(2027, 7, 10), date(2027, 8, 10))
    assert [(one.party, one.decision, one.reason) for one in state.steering] == [
        ("co-operative", "keep", "no test run"),
        ("partner", "release", "it runs"),
        ("co-operative", "release", "it runs now"),
    ]
    assert [one.actor for one in state.steering] == [str(SECRETARY), str(PARTNER), str(SECRETARY)]
    [released] = [one for one in only(told(database), TrancheReleased) if one.tranche_id == "t3"]
    assert released.rule.startswith(
        "released by the steering group on 2027-08-10, decisions 2027-2 and 2027-3; the rule had referred it: reached"
    )
    assert "board" not in released.rule


def test_a_decision_bears_the_name_of_whoever_is_signed_in(database: Database) -> None:
    live(database, until="keep")
    for _ in range(2):
        decide(database, "keep", date(2027, 8, 1), "t3", PARTNER, "partner")
    with database.read(TOWN) as tx:
        [made] = store.list_tranche_states(tx)["t3"].steering
    assert (made.actor, made.organisation, made.decision) == ("account:partner-1", "Water board", "keep")
    with database.write(TOWN, SECRETARY) as tx:
        take_seat(tx, Actor("account", "deputy", "page"), "partner", "Water board")
    with pytest.raises(CoopError) as refused:
        decide(database, "keep", date(2027, 8, 1), "t3", Actor("account", "deputy", "page"), "partner")
    assert refused.value.code == "decided-otherwise"


@pytest.mark.parametrize(
    ("reason", "said"), [(" \n", "say why"), ("x" * 501, "longer than 500"), ("late\x07", "no text may hold")]
)
def test_nobody_releases_or_keeps_money_without_a_reason_that_can_be_read(
    database: Database, reason: str, said: str
) -> None:
    live(database, until="keep")
    with database.write(TOWN, SECRETARY) as tx, pytest.raises(BadInput, match=said):
        programmes.decide_referred(tx, "t3", "keep", date(2027, 8, 1), "co-operative", reason)


def test_one_party_alone_releases_nothing_and_one_account_is_not_both_parties(database: Database) -> None:
    live(database, until="offer")
    assert decide(database, "release", date(2027, 8, 1), "t3") is False
    with pytest.raises(CoopError) as refused:
        decide(database, "release", date(2027, 8, 1), "t3", party="partner")
    assert refused.value.code == "other-party"
    with database.read(TOWN) as tx:
        assert store.list_tranche_states(tx)["t3"].released_on is None
    assert decide(database, "release", date(2027, 8, 1), "t3", PARTNER, "partner") is True


def test_a_party_that_takes_its_word_back_in_between_stops_the_release(database: Database) -> None:
    live(database, until="offer")
    assert decide(database, "release", date(2027, 8, 1), "t3") is False
    assert decide(database, "keep", date(2027, 8, 2), "t3") is False
    assert decide(database, "release", date(2027, 8, 3), "t3", PARTNER, "partner") is False
    assert decide(database, "release", date(2027, 8, 4), "t3") is True


def test_nothing_is_reached_or_decided_on_a_day_that_has_not_come(database: Database, clock: SetClock) -> None:
    live(database, until="reach")
    clock.set(LATER.replace(year=2026, month=11))
    with pytest.raises(BadInput, match="2026-12-01 is after today"):
        reach(database, IN_TIME)
    clock.set(LATER)
    reach(database, replace(IN_TIME, cost_cents=105_000_001))
    with pytest.raises(BadInput) as refused:
        decide(database, "release", LATER.date() + timedelta(days=1))
    assert [problem.field for problem in refused.value.problems] == ["decided_on"]


def test_evidence_is_kept_as_the_bytes_that_its_hash_is_over(database: Database) -> None:
    live(database, until="reach late")
    [reached] = only(told(database), MilestoneReached)
    with database.read(TOWN) as tx:
        document = load(tx, reached.evidence_hash)
        assert store.list_reached(tx)["permit"].evidence == EVIDENCE.open(document)
    assert document.body.startswith(b'[{"name":"insurance","reference":"P-77"')


def test_only_a_referred_tranche_goes_to_the_steering_group(database: Database) -> None:
    live(database, until="reach late")
    for tranche_id in ("t1", "t3"):
        with pytest.raises(CoopError) as refused:
            decide(database, "release", date(2027, 1, 1), tranche_id)
        assert refused.value.code == "not-referred"


def test_a_released_tranche_is_not_decided_again(database: Database) -> None:
    live(database)
    with pytest.raises(CoopError) as refused:
        decide(database, "keep", date(2027, 9, 1), "t3")
    assert refused.value.code == "tranche-released"


def test_decisions_on_a_tranche_follow_each_other_in_time(database: Database) -> None:
    live(database, until="release")
    for day in (date(2027, 7, 1), date(2027, 7, 20)):
        with pytest.raises(CoopError) as refused:
            decide(database, "release", day, "t3")
        assert refused.value.code == "decided-otherwise"


def test_a_decision_is_to_release_or_to_keep(database: Database) -> None:
    live(database, until="release")
    with pytest.raises(BadInput):
        decide(database, "perhaps", date(2027, 8, 1), "t3")


def test_another_plan_under_the_same_id_is_refused(database: Database) -> None:
    live(database, until="convene")
    with pytest.raises(CoopError) as refused, database.write(TOWN, SECRETARY) as tx:
        programmes.plan_programme(tx, replace(PROGRAMME, name="Other"))
    assert refused.value.code == "programme-fixed"


def test_a_second_programme_shares_no_part_with_the_first(database: Database) -> None:
    live(database, until="convene")
    with pytest.raises(CoopError) as refused, database.write(TOWN, SECRETARY) as tx:
        programmes.plan_programme(tx, replace(PROGRAMME, programme_id="second"))
    assert refused.value.code == "id-taken"
    with database.write(TOWN, SECRETARY) as tx:
        programmes.plan_programme(tx, Programme("second", "Second", (), ()))
        assert [one.programme_id for one in store.list_programmes(tx)] == ["second", "wg-heat"]


def test_the_order_of_tranches_in_a_plan_does_not_matter(database: Database) -> None:
    live(database, until="convene")
    with database.write(TOWN, SECRETARY) as tx:
        programmes.plan_programme(tx, replace(PROGRAMME, tranches=PROGRAMME.tranches[::-1]))


def test_a_tranche_of_a_milestone_elsewhere_is_refused(database: Database) -> None:
    with pytest.raises(BadInput), database.write(TOWN, SECRETARY) as tx:
        programmes.plan_programme(tx, replace(PROGRAMME, tranches=(Tranche("t", "moon", "bank", 1),)))


def test_what_is_not_planned_is_not_found(database: Database) -> None:
    with pytest.raises(NotFound):
        reach(database, replace(IN_TIME, evidence=(PERMIT,)), "nothing")
    with pytest.raises(NotFound):
        decide(database, "keep", date(2027, 1, 1), "nothing")
