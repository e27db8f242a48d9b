from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest

from coop.communities.tariffs import read_components
from coop.demo.agenda import BOARD, Meeting, meetings, open_meeting, statutes
from coop.demo.community import community, member_id
from coop.demo.plan import DemoPlan
from coop.demo.programme import GRANT_CENTS, programme
from coop.demo.tariffs import ACM_MAXIMUM_2025, summer_tariff, winter_tariff


@pytest.mark.parametrize("size", [4, 40])
@pytest.mark.parametrize("seed", range(5))
def test_every_meeting_reaches_its_quorum_and_adopts_what_is_proposed(size: int, seed: int) -> None:
    plan = DemoPlan(size, seed)
    rule = statutes(plan).rules[0]
    for meeting in meetings(plan):
        assert (meeting.at.date() - meeting.convened_on).days > rule.notice_days
        for resolution in meeting.resolutions:
            choices = [ballot.choice for ballot in resolution.ballots]
            votes = len(choices) + len(meeting.absent)
            in_favour, against = choices.count("for"), choices.count("against")
            assert len(choices) * rule.quorum[1] >= votes * rule.quorum[0]
            assert in_favour * rule.majority[1] > (in_favour + against) * rule.majority[0]


def test_members_vote_once_and_only_as_members_and_proxies_stay_within_the_statutes() -> None:
    plan = DemoPlan(100)
    for meeting in meetings(plan):
        day = meeting.at.date()
        entitled = {member.id for member in community(plan).members if member.is_member_on(day)}
        for resolution in meeting.resolutions:
            voters = [ballot.member_id for ballot in resolution.ballots]
            assert len(voters) == len(set(voters))
            assert set(voters) | set(meeting.absent) == entitled
            own = {ballot.member_id for ballot in resolution.ballots if ballot.cast_by == ballot.member_id}
            by_proxy = [ballot for ballot in resolution.ballots if ballot.cast_by != ballot.member_id]
            assert {ballot.cast_by for ballot in by_proxy} <= own
            for holder in own:
                assert sum(ballot.cast_by == holder for ballot in by_proxy) <= 2
            assert by_proxy
            assert any(ballot.in_advance for ballot in resolution.ballots)
        assert meeting.absent
    choices = [b.choice for meeting in meetings(plan) for r in meeting.resolutions for b in r.ballots]
    assert set(choices) == {"for", "against", "blank"}


def test_a_member_votes_the_same_in_a_larger_community() -> None:
    def ballots(size: int) -> dict[tuple[str, str], object]:
        return {(r.kind, b.member_id): b for m in meetings(DemoPlan(size)) for r in m.resolutions for b in r.ballots}

    small, large = ballots(20), ballots(40)
    assert {key: large[key] for key in small} == small


def test_meetings_are_on_a_thursday_evening_and_a_tariff_is_noticed_in_writing_before_it_starts() -> None:
    winter, summer = meetings(DemoPlan())
    assert winter.at == datetime(2024, 11, 21, 18, 30, tzinfo=UTC)
    assert summer.at == datetime(2025, 6, 12, 17, 30, tzinfo=UTC)
    assert [r.kind for r in winter.resolutions] == ["tariff", "allocation-key", *["realisation"] * 4, "programme"]
    for meeting in (winter, summer):
        tariff = meeting.resolutions[0]
        assert tariff.notice_sent_on is not None
        assert meeting.at.date() < tariff.notice_sent_on < tariff.effective_from


def test_the_open_meeting_has_some_advance_votes_within_thirty_days() -> None:
    today = date(2026, 3, 2)
    meeting: Meeting = open_meeting(DemoPlan(100), today)
    (resolution,) = meeting.resolutions
    assert meeting.convened_on < today < meeting.at.date() <= today + timedelta(days=30)
    assert 0 < len(resolution.ballots) < 40
    assert all(ballot.in_advance for ballot in resolution.ballots)
    assert resolution.effective_from == date(2026, 4, 1)
    assert str(resolution.parameters["valid_from"]) == "2026-04-01"


def test_tariffs_stay_below_the_maximum_and_summer_is_cheaper() -> None:
    plan = DemoPlan()
    for tariff in (winter_tariff(plan), summer_tariff(plan)):
        prices = {part.key: part.price_eur for part in read_components(tariff)}
        fixed = sum(price for name, price in prices.items() if name.endswith("per year"))
        assert fixed < Decimal(ACM_MAXIMUM_2025["fixed"])
        assert prices["heat per GJ"] < Decimal(ACM_MAXIMUM_2025["heat"])
    assert next(str(part.price_eur) for part in read_components(summer_tariff(plan))) == "32.75"


def test_the_tranches_of_the_grant_are_those_of_the_example() -> None:
    # docs/domain/programmes-and-funding.md#e18: 7.7 M EUR at 40/30/20/10 %.
    works = programme(DemoPlan())
    assert [t.amount_cents for t in works.tranches] == [308_000_000, 231_000_000, 154_000_000, 77_000_000]
    assert sum(tranche.amount_cents for tranche in works.tranches) == GRANT_CENTS


def test_milestones_are_met_but_for_one_late_and_dear_and_one_open() -> None:
    works = programme(DemoPlan())
    assert [m.code for m in works.milestones if m.is_met_by_rule()] == ["M1", "M2", "M4"]
    assert [m.code for m in works.milestones if m.done_on is None] == ["M5"]
    assert {tranche.milestone for tranche in works.tranches} <= {milestone.code for milestone in works.milestones}
    assert {m.phase for m in works.milestones} == {phase.code for phase in works.phases}


def test_the_board_is_made_of_members() -> None:
    plan = DemoPlan(4)
    assert {member_id(plan, code) for code in BOARD} <= {member.id for member in community(plan).members}
