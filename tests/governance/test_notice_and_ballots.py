"""When a notice is in time, and which ballots may be put in the box."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date, datetime, time, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from coop.governance.ballots.rules import Box, accept
from coop.governance.model import CHOICES, OWN, Ballot
from coop.governance.statutes.applying import check_notice, first_vote_date, last_notice_date
from coop.governance.statutes.model import Articles, Proxies, Rule, Term, Voters
from coop.governance.statutes.version import Statutes, in_force
from coop.values import BadInput, CoopError
from tests.governance.assembly import ARTICLES, CONVENED, HALF, HELD, STATUTES, meeting, resolution, rows

TARIFF_MEETING = meeting(resolution("tariff", "tariff", {"valid_from": "2027-01-01"}))
VOTES = {"a": 1, "b": 1, "c": 1, "d": 3}


def box(
    history: Mapping[str, Sequence[Ballot]] | None = None, today: date = HELD, articles: Articles = ARTICLES
) -> Box:
    return Box(TARIFF_MEETING, articles, VOTES, history or {}, datetime.combine(today, time(20)))


def with_notice(days: int) -> Articles:
    return Articles("short", notices={"ordinary": Term("art. 13", days)})


def problems(
    batch: list[dict[str, Any]],
    history: Mapping[str, Sequence[Ballot]] | None = None,
    today: date = HELD,
) -> list[tuple[int | None, str]]:
    with pytest.raises(BadInput) as refused:
        accept(box(history, today), batch, "room")
    return [(problem.line, problem.field) for problem in refused.value.problems]


def test_seven_clear_days_before_24_june_is_16_june_as_in_example_e19() -> None:
    assert last_notice_date(with_notice(7), "tariff", HELD) == date(2026, 6, 16)
    assert last_notice_date(with_notice(5), "tariff", HELD) == date(2026, 6, 18)


def test_a_notice_on_the_last_date_is_in_time() -> None:
    check_notice(replace(TARIFF_MEETING, convened_on=date(2026, 6, 16)), ARTICLES)


def test_a_notice_that_is_too_late_is_refused_with_article_and_last_date() -> None:
    with pytest.raises(CoopError, match=r"art\. 13 .* by 2026-06-16, not on 2026-06-17") as refused:
        check_notice(replace(TARIFF_MEETING, convened_on=date(2026, 6, 17)), ARTICLES)
    assert refused.value.code == "notice-too-late"


@given(st.dates(date(2020, 1, 1), date(2100, 1, 1)), st.integers(0, 60))
def test_between_notice_and_meeting_lie_so_many_whole_days(held_on: date, days: int) -> None:
    last = last_notice_date(with_notice(days), "tariff", held_on)
    between = [last + timedelta(days=i) for i in range(1, (held_on - last).days)]
    assert len(between) == days


def test_advance_votes_open_on_25_may_as_in_example_e19() -> None:
    assert first_vote_date(TARIFF_MEETING, ARTICLES) == date(2026, 5, 25)
    assert accept(box(), rows({"a": "for"}, date(2026, 5, 25)), "room")
    assert problems(rows({"a": "for"}, date(2026, 5, 24))) == [(1, "cast_on")]


def test_no_vote_is_cast_before_the_notice() -> None:
    late = replace(TARIFF_MEETING, convened_on=date(2026, 6, 10))
    assert first_vote_date(late, ARTICLES) == date(2026, 6, 10)


def test_the_version_in_force_on_the_meeting_date_counts() -> None:
    newer = Statutes(HELD, Articles("Deed of 2026"))
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


def test_a_change_of_the_statutes_asks_seven_days_by_law_whatever_the_statutes_say() -> None:
    change = replace(TARIFF_MEETING, resolutions=(resolution("change", "statutes"),))
    for days, article, last in ((3, "BW 2:42 lid 1", date(2026, 6, 16)), (14, "art. 13", date(2026, 6, 9))):
        check_notice(replace(change, convened_on=last), with_notice(days))
        with pytest.raises(CoopError) as refused:
            check_notice(replace(change, convened_on=last + timedelta(days=1)), with_notice(days))
        assert article in refused.value.message


def test_a_secret_ballot_is_refused_at_the_notice_with_its_article_and_the_reason() -> None:
    secret = Articles("closed ballots", rules={"tariff": Rule("art. 19", HALF, secret=True)})
    with pytest.raises(CoopError, match=r"art\. 19 asks a secret ballot, .* tied to its member"):
        check_notice(TARIFF_MEETING, secret)


def test_a_holder_casts_no_more_votes_in_all_than_the_statutes_allow() -> None:
    articles = replace(ARTICLES, proxies=Proxies("17.2 b", most_votes=4))
    batch: list[dict[str, Any]] = [{**row, "proxy_holder": "d"} for row in rows({"a": "for"})]
    assert accept(box(articles=articles), batch, "room")
    with pytest.raises(BadInput, match=r"17\.2 b lets nobody cast more than 4 votes .* d would cast 5"):
        accept(box(articles=articles), [*batch, {**rows({"b": "for"})[0], "proxy_holder": "d"}], "room")


def test_who_gave_a_proxy_holds_none() -> None:
    held = {"d": [Ballot("d", "for", HELD, "c", "room")]}
    with pytest.raises(BadInput, match=r"d gave a proxy themselves and can hold none \(art\. 16\)"):
        accept(box(held), [{**rows({"a": "for"})[0], "proxy_holder": "d"}], "room")


def test_nobody_votes_electronically_where_the_statutes_are_silent() -> None:
    silent = replace(ARTICLES, advance=None)
    with pytest.raises(BadInput, match="BW 2:38 lid 6 allows no electronic vote"):
        accept(box(articles=silent), rows({"a": "for"}), OWN)
    assert accept(box(articles=silent), rows({"a": "for"}), "room")


def test_an_electronic_vote_ends_at_the_hour_of_the_statutes() -> None:
    assert ARTICLES.advance is not None
    articles = replace(ARTICLES, advance=replace(ARTICLES.advance, until=time(16), until_article="art. 17 lid 2"))
    at_noon = replace(box(articles=articles), now=datetime.combine(HELD, time(12)))
    assert accept(at_noon, rows({"a": "for"}), OWN)
    with pytest.raises(BadInput, match=r"art\. 17 lid 2 allows no electronic vote at this moment"):
        accept(box(articles=articles), rows({"a": "for"}), OWN)


def test_a_vote_ahead_of_the_meeting_stands_where_the_statutes_say_so() -> None:
    assert ARTICLES.advance is not None
    articles = replace(ARTICLES, advance=replace(ARTICLES.advance, revocable=False))
    ahead = {"a": [Ballot("a", "for", date(2026, 6, 1))]}
    with pytest.raises(BadInput, match=r"art\. 17 lets a vote ahead of the meeting stand"):
        accept(box(ahead, articles=articles), rows({"a": "against"}), OWN)
    assert accept(box(ahead), rows({"a": "against"}), OWN)


def test_a_refusal_names_the_article_on_who_votes() -> None:
    articles = replace(ARTICLES, voters=Voters("art. 11 lid 2"))
    with pytest.raises(BadInput, match=r"stranger has no vote on 2026-06-24 \(art\. 11 lid 2\)"):
        accept(box(articles=articles), rows({"stranger": "for"}), "room")
