"""How votes are counted, and what a count decides."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from fractions import Fraction
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from coop.governance.ballots.counting import base_votes, count_ballots, quorum_needed, votes_needed
from coop.governance.ballots.counting import decide as decide_by_articles
from coop.governance.model import Ballot, Count, Verdict
from coop.governance.statutes.model import BASES, Also, Articles, Base, Casting, Quorum, Rule, Second, Share
from coop.governance.statutes.tallies import SecondCall
from tests.governance.assembly import HELD, PLAIN, TWO_THIRDS

NO_QUORUM = replace(TWO_THIRDS, quorum=None)

counts = st.builds(
    lambda f, a, b, absent: Count(f, a, b, f + a + b + absent),
    *(st.integers(0, 2000) for _ in range(4)),
)
majorities = st.integers(2, 12).flatmap(
    lambda den: st.builds(Share, st.integers(-(-den // 2), den - 1), st.just(den), st.booleans())
)
quorums = st.integers(1, 12).flatmap(lambda den: st.builds(Share, st.integers(0, den), st.just(den)))
voting_rules = st.builds(
    lambda base, majority, quorum, also: Rule(
        "art. 1", majority, base, quorum=Quorum("art. 2", quorum, "votes") if quorum else None, also=also
    ),
    st.sampled_from(BASES),
    majorities,
    st.one_of(st.none(), quorums),
    st.one_of(st.none(), st.builds(lambda share, base: Also("art. 3", share, base), quorums, st.sampled_from(BASES))),
)


def decide(rule: Rule, count: Count, casting: Casting = "", second: SecondCall | None = None) -> Verdict:
    return decide_by_articles(Articles("one rule", rules={"ordinary": rule}), "other", count, second, casting=casting)


@pytest.mark.parametrize(("cast", "needed"), [(299, 200), (300, 200), (301, 201)])
def test_two_thirds_of_votes_cast_as_in_example_e19(cast: int, needed: int) -> None:
    count = Count(needed, cast - needed, 0, 1000)
    assert votes_needed(NO_QUORUM, count) == needed
    assert decide(NO_QUORUM, count).adopted
    assert not decide(NO_QUORUM, Count(needed - 1, cast - needed + 1, 0, 1000)).adopted


def test_blank_ballots_are_present_and_not_cast_as_in_example_e19() -> None:
    ballots = [Ballot(f"m{i}", "blank" if i < 12 else "for", HELD) for i in range(312)]
    count = count_ballots(ballots, {ballot.member_id: 1 for ballot in ballots})
    assert (count.votes_cast, count.votes_present) == (300, 312)


def test_a_tie_rejects() -> None:
    verdict = decide(PLAIN, Count(5, 5, 3, 20))
    assert (verdict.adopted, verdict.reason, verdict.article) == (False, "tie", "art. 12")


def test_more_than_half_adopts() -> None:
    assert decide(PLAIN, Count(6, 5, 0, 20)).adopted


@pytest.mark.parametrize("base", BASES)
def test_nobody_voting_adopts_nothing(base: Base) -> None:
    rule = replace(NO_QUORUM, base=base)
    assert decide(rule, Count(0, 0, 0, 0)).reason == "no-votes"


def test_too_few_present_reject_whatever_they_want() -> None:
    verdict = decide(TWO_THIRDS, Count(24, 0, 0, 100))
    assert (verdict.adopted, verdict.reason) == (False, "no-quorum")
    assert decide(TWO_THIRDS, Count(24, 0, 1, 100)).adopted


def test_a_majority_of_all_votes_counts_the_absent() -> None:
    rule = replace(NO_QUORUM, base="all")
    assert not decide(rule, Count(66, 0, 0, 100)).adopted
    assert decide(rule, Count(67, 0, 0, 100)).adopted


def test_a_majority_of_the_present_counts_the_blank() -> None:
    rule = replace(PLAIN, base="present")
    assert not decide(rule, Count(5, 4, 1, 100)).adopted
    assert decide(rule, Count(6, 3, 1, 100)).adopted


def test_each_ballot_weighs_the_votes_of_its_member() -> None:
    ballots = [Ballot("corporation", "against", HELD), Ballot("a", "for", HELD), Ballot("gone", "for", HELD)]
    count = count_ballots(ballots, {"corporation": 5, "a": 1, "absent": 2, "without a vote": 0})
    assert count == Count(1, 5, 0, 8, members_entitled=4, members_present=2)


def test_who_is_there_and_hands_in_nothing_is_present_and_does_not_vote() -> None:
    ballots = [Ballot("a", "for", HELD), Ballot("b", "for", HELD, proxy_holder="a", channel="room")]
    votes = {"a": 1, "b": 2, "c": 3, "observer": 0, "absent": 1}
    count = count_ballots(ballots, votes, attendance=dict.fromkeys(["a", "c", "observer", "stranger"], "room"))
    assert (count.members_present, count.votes_there, count.votes_present) == (4, 6, 3)
    assert (count.members_represented, count.votes_represented, count.votes_silent) == (1, 2, 3)


def test_a_quorum_of_heads_is_not_met_by_votes() -> None:
    rule = replace(PLAIN, quorum=Quorum("art. 20", Share(1, 2), "members"))
    heads = Count(30, 0, 0, 40, members_entitled=10, members_present=4)
    assert (decide(rule, heads).reason, decide(rule, heads).article) == ("no-quorum", "art. 20")
    assert decide(rule, replace(heads, members_present=5)).adopted
    in_person = replace(rule, quorum=Quorum("art. 20", Share(1, 2), "members", with_proxies=False))
    assert decide(in_person, replace(heads, members_present=5, members_represented=1)).reason == "no-quorum"


def test_more_than_two_thirds_is_not_two_thirds() -> None:
    rule = Rule("art. 9", Share(2, 3, above=True))
    assert not decide(rule, Count(200, 100, 0, 400)).adopted
    assert decide(rule, Count(201, 100, 0, 400)).adopted


def test_a_quorum_of_more_than_half_is_not_half() -> None:
    rule = replace(PLAIN, quorum=Quorum("art. 9", Share(1, 2, above=True), "votes"))
    assert decide(rule, Count(50, 0, 0, 100)).reason == "no-quorum"
    assert decide(rule, Count(51, 0, 0, 100)).adopted


def test_a_tie_is_broken_by_the_chair_or_the_lot_where_the_statutes_say_so() -> None:
    tie = Count(5, 5, 0, 20)
    for breaks in ("chair", "lot"):
        rule = replace(PLAIN, tie=breaks, tie_article="art. 12 lid 3")
        verdicts = [decide(rule, tie, word) for word in ("for", "against", "")]
        assert [(each.adopted, each.reason) for each in verdicts] == [(True, breaks), (False, breaks), (False, "tie")]
        assert {each.article for each in verdicts} == {"art. 12 lid 3"}
        assert decide(rule, Count(6, 5, 0, 20), "against").reason == "majority"
    assert decide(Rule("art. 12", Share(1, 2)), tie).adopted


def test_a_second_meeting_in_time_decides_whoever_is_there() -> None:
    rule = replace(TWO_THIRDS, second=Second("art. 14.3", Share(3, 4), to_days=28))
    few = Count(6, 2, 0, 100)
    assert decide(rule, few).reason == "no-quorum"
    again = decide(rule, few, second=SecondCall(date(2026, 6, 1), date(2026, 6, 29), says_why=True))
    assert (again.adopted, again.article, again.votes_needed) == (True, "art. 14.3", 6)
    assert (
        decide(rule, few, second=SecondCall(date(2026, 6, 1), date(2026, 6, 30), says_why=True)).reason == "no-quorum"
    )


def test_a_verdict_says_what_its_article_asks() -> None:
    assert decide(TWO_THIRDS, Count(24, 0, 1, 100)).rule == (
        "at least 2/3 of the votes for and against; at least 1/4 of all votes must be present (art. 14.1)"
    )


@given(
    votes=st.dictionaries(st.text("abcdef", min_size=1, max_size=4), st.integers(1, 9), max_size=40),
    seed=st.integers(0, 1000),
)
def test_the_count_does_not_depend_on_the_order_of_ballots(votes: dict[str, int], seed: int) -> None:
    random = Random(seed)
    ballots = [Ballot(member, random.choice(("for", "against", "blank")), HELD) for member in votes]
    shuffled = random.sample(ballots, len(ballots))
    count = count_ballots(ballots, votes)
    assert count == count_ballots(shuffled, votes)
    assert count.votes_present == count.votes_entitled == sum(votes.values())


@given(voting_rules, counts)
def test_adopted_if_and_only_if_the_formula_and_the_quorum_hold(rule: Rule, count: Count) -> None:
    share = Fraction(rule.majority.num, rule.majority.den)
    base = base_votes(rule, count)
    enough = count.votes_for > base * share if rule.majority.above else count.votes_for >= base * share
    if rule.also is not None:
        whole = base_votes(replace(rule, base=rule.also.base), count)
        enough = enough and count.votes_for >= whole * Fraction(rule.also.share.num, rule.also.share.den)
    quorum = Fraction(rule.quorum.share.num, rule.quorum.share.den) if rule.quorum else Fraction(0)
    present = count.votes_present >= count.votes_entitled * quorum
    verdict = decide(rule, count)
    assert verdict.adopted == (enough and present and count.votes_for > 0)
    assert (count.votes_present >= quorum_needed(rule, count)) == present
    assert enough == (count.votes_for >= votes_needed(rule, count)) or not count.votes_for


@given(voting_rules, counts)
def test_one_more_vote_for_never_undoes_an_adoption(rule: Rule, count: Count) -> None:
    if decide(rule, count).adopted and count.votes_against:
        swayed = Count(count.votes_for + 1, count.votes_against - 1, count.votes_blank, count.votes_entitled)
        assert decide(rule, swayed).adopted
