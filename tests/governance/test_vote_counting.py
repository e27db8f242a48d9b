"""How votes are counted, and what a count decides."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from coop.governance.model import BASES, Ballot, Count, VotingRule
from coop.governance.rules.counting import base_votes, count_ballots, decide, quorum_needed, votes_needed
from coop.values import BadInput
from tests.governance.assembly import HELD, PLAIN, TWO_THIRDS

NO_QUORUM = replace(TWO_THIRDS, quorum_num=0, quorum_den=0)

counts = st.builds(
    lambda f, a, b, absent: Count(f, a, b, f + a + b + absent),
    *(st.integers(0, 2000) for _ in range(4)),
)
majorities = st.integers(1, 12).flatmap(lambda den: st.tuples(st.integers(-(-den // 2), den), st.just(den)))
quorums = st.integers(1, 12).flatmap(lambda den: st.tuples(st.integers(0, den), st.just(den)))
voting_rules = st.builds(
    lambda base, majority, quorum: VotingRule(
        "other", "art. 1", 7, quorum[0], quorum[1], majority[0], majority[1], base, 0, "open", 0
    ),
    st.sampled_from(BASES),
    majorities,
    st.one_of(st.just((0, 0)), quorums),
)


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
def test_nobody_voting_adopts_nothing(base: str) -> None:
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
    assert count_ballots(ballots, {"corporation": 5, "a": 1, "absent": 2}) == Count(1, 5, 0, 8)


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
def test_adopted_if_and_only_if_the_formula_and_the_quorum_hold(rule: VotingRule, count: Count) -> None:
    share = Fraction(rule.majority_num, rule.majority_den)
    base = base_votes(rule, count)
    enough = count.votes_for > base * share if share == Fraction(1, 2) else count.votes_for >= base * share
    quorum = Fraction(rule.quorum_num, rule.quorum_den) if rule.quorum_den else Fraction(0)
    present = count.votes_present >= count.votes_entitled * quorum
    verdict = decide(rule, count)
    assert verdict.adopted == (enough and present and count.votes_for > count.votes_against)
    assert (count.votes_present >= quorum_needed(rule, count)) == present


@given(voting_rules, counts)
def test_one_more_vote_for_never_undoes_an_adoption(rule: VotingRule, count: Count) -> None:
    if decide(rule, count).adopted and count.votes_against:
        swayed = Count(count.votes_for + 1, count.votes_against - 1, count.votes_blank, count.votes_entitled)
        assert decide(rule, swayed).adopted


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"secrecy": "secret"}, "secrecy"),
        ({"secrecy": "hidden"}, "secrecy"),
        ({"base": "paid"}, "base"),
        ({"majority_num": 1, "majority_den": 3}, "majority"),
        ({"majority_num": 4}, "majority"),
        ({"majority_den": 0}, "majority"),
        ({"quorum_num": 5}, "quorum"),
        ({"notice_days": -1}, "notice_days"),
        ({"kind": "party"}, "kind"),
        ({"article": ""}, "article"),
    ],
)
def test_a_rule_that_cannot_be_is_refused_with_its_field(change: dict[str, object], field: str) -> None:
    with pytest.raises(BadInput) as refused:
        replace(TWO_THIRDS, **change)  # type: ignore[arg-type]
    assert [problem.field for problem in refused.value.problems] == [field]


def test_a_secret_ballot_is_refused_with_the_reason() -> None:
    with pytest.raises(BadInput, match="tied to its member"):
        replace(PLAIN, secrecy="secret")
