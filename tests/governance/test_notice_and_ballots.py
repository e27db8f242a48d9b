"""When a notice is in time, and which ballots may be put in the box."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from coop.governance.model import CHOICES, OWN, Ballot, Statutes
from coop.governance.rules.ballots import Box, accept
from coop.governance.rules.statutes import check_notice, first_vote_date, in_force, last_notice_date, read_rules
from coop.values import BadInput, CoopError
from tests.governance.assembly import CONVENED, HELD, STATUTES, TWO_THIRDS, meeting, resolution, rows

TARIFF_MEETING = meeting(resolution("tariff", "tariff", {"valid_from": "2027-01-01"}))
VOTES = {"a": 1, "b": 1, "c": 1, "d": 3}


def box(history: Mapping[str, Sequence[Ballot]] | None = None, today: date = HELD) -> Box:
    return Box(TARIFF_MEETING, TWO_THIRDS, VOTES, history or {}, today)


def problems(
    batch: list[dict[str, Any]],
    history: Mapping[str, Sequence[Ballot]] | None = None,
    today: date = HELD,
) -> list[tuple[int | None, str]]:
    with pytest.raises(BadInput) as refused:
        accept(box(history, today), batch, "room")
    return [(problem.line, problem.field) for problem in refused.value.problems]


def test_seven_clear_days_before_24_june_is_16_june_as_in_example_e19() -> None:
    assert last_notice_date(HELD, 7) == date(2026, 6, 16)
    assert last_notice_date(HELD, 5) == date(2026, 6, 18)


def test_a_notice_on_the_last_date_is_in_time() -> None:
    check_notice(replace(TARIFF_MEETING, convened_on=date(2026, 6, 16)), STATUTES)


def test_a_notice_that_is_too_late_is_refused_with_article_and_last_date() -> None:
    with pytest.raises(CoopError, match=r"art\. 14\.2 .* by 2026-06-16, not on 2026-06-17") as refused:
        check_notice(replace(TARIFF_MEETING, convened_on=date(2026, 6, 17)), STATUTES)
    assert refused.value.code == "notice-too-late"


@given(st.dates(date(2020, 1, 1), date(2100, 1, 1)), st.integers(0, 60))
def test_between_notice_and_meeting_lie_so_many_whole_days(held_on: date, days: int) -> None:
    last = last_notice_date(held_on, days)
    between = [last + timedelta(days=i) for i in range(1, (held_on - last).days)]
    assert len(between) == days


def test_advance_votes_open_on_25_may_as_in_example_e19() -> None:
    assert first_vote_date(TARIFF_MEETING, TWO_THIRDS) == date(2026, 5, 25)
    assert accept(box(), rows({"a": "for"}, date(2026, 5, 25)), "room")
    assert problems(rows({"a": "for"}, date(2026, 5, 24))) == [(1, "cast_on")]


def test_no_vote_is_cast_before_the_notice() -> None:
    late = replace(TARIFF_MEETING, convened_on=date(2026, 6, 10))
    assert first_vote_date(late, TWO_THIRDS) == date(2026, 6, 10)


def test_the_version_in_force_on_the_meeting_date_counts() -> None:
    newer = Statutes(HELD, "Deed of 2026", ())
    assert in_force([newer, STATUTES], HELD) is newer
    assert in_force([newer, STATUTES], HELD - timedelta(days=1)) is STATUTES
    with pytest.raises(CoopError, match="no statutes are in force"):
        in_force([newer], CONVENED)


def test_every_bad_ballot_is_named_with_its_line_and_none_is_accepted() -> None:
    batch: list[dict[str, Any]] = [
        {"member_id": "a", "choice": "for", "cast_on": "2026-06-24"},
        {"member_id": "", "choice": "maybe", "cast_on": "soon"},
        {"member_id": "stranger", "choice": "for", "cast_on": "2026-06-24"},
        {"member_id": "b", "choice": "for", "cast_on": "2026-06-25"},
        {"member_id": "c", "choice": "for", "cast_on": "2026-06-24", "proxy_holder": "c"},
        {"member_id": "d", "choice": "for", "cast_on": "2026-06-24", "proxy_holder": "stranger"},
    ]
    assert problems(batch) == [
        (2, "member_id"),
        (2, "choice"),
        (2, "cast_on"),
        (3, "member_id"),
        (4, "cast_on"),
        (5, "proxy_holder"),
        (6, "proxy_holder"),
    ]


def test_a_member_has_one_ballot_in_a_batch() -> None:
    batch = [*rows({"a": "for"}), *rows({"a": "against"})]
    assert problems(batch) == [(1, "member_id"), (2, "member_id")]


def test_a_holder_has_no_more_proxies_than_the_article_allows() -> None:
    held = {"a": [Ballot("a", "for", HELD, "d", "room")]}
    batch: list[dict[str, Any]] = [{**row, "proxy_holder": "d"} for row in rows({"b": "for", "c": "for"})]
    assert accept(box(held), batch[:1], "room")
    assert problems(batch, held) == [(2, "proxy_holder")]


def test_a_proxy_that_is_withdrawn_makes_room_for_another() -> None:
    held = {name: [Ballot(name, "for", date(2026, 6, 1), "d", "room")] for name in "ab"}
    withdrawn = {"member_id": "a", "choice": "against", "cast_on": "2026-06-24"}
    given_anew = {"member_id": "c", "choice": "for", "cast_on": "2026-06-24", "proxy_holder": "d"}
    assert len(accept(box(held), [withdrawn, given_anew], "room")) == 2


def test_a_member_may_change_their_mind_and_change_it_back() -> None:
    history = {"a": [Ballot("a", "for", HELD), Ballot("a", "against", HELD)]}
    assert accept(box(history), rows({"a": "for"}), OWN) == [Ballot("a", "for", HELD)]


@given(st.lists(st.sampled_from(["for", "against", "blank"]), max_size=3), st.booleans(), st.data())
def test_no_answer_depends_on_what_a_ballot_in_the_box_says(
    choices: list[str], is_own: bool, data: st.DataObject
) -> None:
    def judge(said: Sequence[str], batch: list[dict[str, Any]]) -> object:
        history = {"a": [Ballot("a", each, HELD, channel=OWN if is_own else "room") for each in said]}
        try:
            return accept(box(history), batch, "room")
        except BadInput as refused:
            return [str(problem) for problem in refused.problems]

    batch = [row for choice in data.draw(st.lists(st.sampled_from(CHOICES), max_size=2)) for row in rows({"a": choice})]
    others = data.draw(st.lists(st.sampled_from(CHOICES), min_size=len(choices), max_size=len(choices)))
    assert judge(choices, batch) == judge(others, batch)


def test_only_the_member_votes_on_once_they_objected_to_what_others_entered() -> None:
    objected = replace(box({"a": [Ballot("a", "for", HELD, channel="room")]}), objectors=("a",))
    with pytest.raises(BadInput, match="only they can vote now"):
        accept(objected, rows({"a": "against"}), "room")
    assert accept(objected, rows({"a": "against"}), OWN)


def test_an_older_ballot_cannot_replace_a_newer_one() -> None:
    assert problems(rows({"a": "blank"}, date(2026, 6, 1)), {"a": [Ballot("a", "for", HELD, channel="room")]}) == [
        (1, "cast_on")
    ]


def test_no_ballot_is_dated_after_today() -> None:
    assert problems(rows({"a": "for"}), today=HELD - timedelta(days=1)) == [(1, "cast_on")]
    assert accept(box(today=HELD), rows({"a": "for"}), "room")


def test_nobody_replaces_a_ballot_that_the_member_cast_personally() -> None:
    personal = {"a": [Ballot("a", "for", date(2026, 6, 1))]}
    assert problems(rows({"a": "against"}), personal) == [(1, "member_id")]
    assert problems([{**rows({"a": "for"})[0], "proxy_holder": "b"}], personal) == [(1, "member_id")]
    assert accept(box(personal), rows({"a": "against"}), OWN) == [Ballot("a", "against", HELD)]


def test_a_member_s_own_vote_takes_the_place_of_a_steward_s_that_says_the_same() -> None:
    entered = {"a": [Ballot("a", "for", HELD, channel="room")]}
    [own] = accept(box(entered), rows({"a": "for"}), OWN)
    assert own.personal


def test_rules_are_read_from_rows_and_every_bad_line_is_named() -> None:
    good = {
        "kind": "tariff",
        "article": "art. 14.2",
        "notice_days": 7,
        "majority": "2/3",
        "quorum": "1/4",
        "base": "cast",
        "proxy_limit": 2,
        "secrecy": "open",
        "advance_days": 30,
    }
    assert read_rules([good]) == (TWO_THIRDS,)
    with pytest.raises(BadInput) as refused:
        read_rules(
            [good, good | {"majority": "most"}, good | {"kind": "other", "quorum": "1/0"}, good | {"quorum": None}]
        )
    assert [(problem.line, problem.field) for problem in refused.value.problems] == [
        (2, "majority"),
        (3, "quorum"),
        (4, "kind"),
    ]
