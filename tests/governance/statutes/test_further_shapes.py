"""Statutes of four shapes that differ from the ten sets, in cases worked by hand: a quorum that halves at the second
meeting, votes by share of which nobody has more than a tenth, decisions outside a meeting after an advertisement, and a
majority of the votes cast that has to be half of all votes too.

Each verdict is made twice, by the rules and by the second opinion, from the same record.
"""

from __future__ import annotations

from datetime import date

import pytest

from coop.governance.articles.readings import read_out
from coop.governance.ballots import second_opinion
from coop.governance.ballots.counting import decide
from coop.governance.model import Count
from coop.governance.statutes.judging import judge_articles
from coop.governance.statutes.majorities import decide_outside
from coop.governance.statutes.model import Also, Approval, Articles, Casting, Quorum, Rule, Second, Share, Term, Voters
from coop.governance.statutes.record import describe_articles, read_articles
from coop.governance.statutes.tallies import SecondCall
from coop.governance.statutes.terms import judge_notice
from coop.governance.statutes.voters import cap_votes

HALVED = Articles(
    "quorum that halves",
    rules={
        "ordinary": Rule(
            "art. 17.1",
            Share(1, 2, above=True),
            base="present",
            quorum=Quorum("art. 17.2", Share(1, 2), "members"),
            second=Second(
                "art. 17.3", Share(1, 2, above=True), 42, 14, quorum=Quorum("art. 17.4", Share(1, 4), "members")
            ),
        )
    },
)
FIRST = date(2026, 6, 1)


@pytest.mark.parametrize(
    ("held_on", "members", "votes", "adopted", "article"),
    [
        (None, 49, (30, 15, 4), False, "art. 17.2"),  # 49 of 100 is less than half
        (None, 50, (26, 20, 4), True, "art. 17.1"),  # 26 of 50: blank ones count, and 26 is more than 25
        (None, 50, (25, 21, 4), False, "art. 17.1"),  # 25 of 50 is half
        (date(2026, 6, 22), 24, (24, 0, 0), False, "art. 17.4"),  # a quarter of 100 is 25
        (date(2026, 6, 22), 25, (13, 8, 4), True, "art. 17.3"),  # 13 of 25
        (date(2026, 6, 22), 25, (12, 9, 4), False, "art. 17.3"),  # 12 of 25: more than the others, not than half
        (date(2026, 7, 21), 49, (49, 0, 0), False, "art. 17.2"),  # 50 days: no second meeting, the first quorum again
        (date(2026, 6, 10), 49, (49, 0, 0), False, "art. 17.2"),  # 9 days: too early
    ],
)
def test_a_quorum_halves_at_a_second_meeting_in_time_and_blank_votes_count(
    held_on: date | None, members: int, votes: tuple[int, int, int], adopted: bool, article: str
) -> None:
    count = Count(*votes, 100, members_entitled=100, members_present=members)
    call = SecondCall(FIRST, held_on, says_why=True) if held_on else None
    verdict = decide(HALVED, "other", count, call)
    first_on = FIRST if held_on else None
    second = second_opinion.judge(describe_articles(HALVED), "other", count, first_on=first_on, held_on=held_on)
    assert (verdict.adopted, verdict.article) == (adopted, article) == second


BY_SHARE = Articles(
    "by share",
    rules={
        "ordinary": Rule("art. 12.1", Share(1, 2, above=True)),
        "loan": Rule("art. 12.1", Share(1, 2, above=True), approval=Approval("art. 19.2")),
        "statutes": Rule("art. 20", Share(2, 3)),
    },
    voters=Voters("art. 11", plural=True, most_share=Share(1, 10)),
)


def test_nobody_has_more_than_a_tenth_of_all_votes_and_the_supervisors_consent_to_a_loan() -> None:
    """Shares 60, 12, 7 and 46 of one each: 125, so at most 12. Of 77 votes 53 are 159/231: two thirds are 154/231;
    without the cap the two largest, 72 of 125, stop it."""
    shares = {"a": 60, "b": 12, "c": 7} | {f"m{number}": 1 for number in range(46)}
    votes = cap_votes(BY_SHARE, shares, sum(shares.values()))
    assert (votes["a"], votes["b"], votes["c"], sum(votes.values())) == (12, 12, 7, 77)
    against = votes["a"] + votes["b"]
    count = Count(77 - against, against, 0, 77)
    assert decide(BY_SHARE, "statutes", count).adopted
    assert not decide(BY_SHARE, "statutes", Count(53, 72, 0, 125)).adopted
    refused = decide(BY_SHARE, "loan", count, approved=False)
    assert (refused.adopted, refused.reason, refused.article) == (False, "not-approved", "art. 19.2")
    record = describe_articles(BY_SHARE)
    assert second_opinion.judge(record, "loan", count, approved=False) == (False, "art. 19.2")
    assert second_opinion.judge(record, "statutes", count) == (True, "art. 20")


OUTSIDE = Articles(
    "outside a meeting",
    rules={"ordinary": Rule("art. 14", Share(1, 2, above=True), base="all")},
    notices={"ordinary": Term("art. 13.1", 15)},
    newspaper_article="art. 13.2",
    outside_article="art. 16",
)


def test_all_decide_outside_a_meeting_where_the_board_knew_and_inside_half_of_all_votes_is_asked() -> None:
    """Fifteen clear days: a notice of 8 June is in time for the 24th, one of the 9th is not."""
    assert decide_outside(OUTSIDE, 40, 40, board_knew=True).word == "adopted"
    for votes, board_knew in ((39, True), (40, False)):
        ruling = decide_outside(OUTSIDE, 40, votes, board_knew=board_knew)
        assert (ruling.word, ruling.article) == ("no decision", "art. 16")
    held_on = date(2026, 6, 24)
    days = [judge_notice(OUTSIDE, "other", date(2026, 6, day), held_on) for day in (8, 9)]
    assert [(each.word, each.article) for each in days] == [("in time", "art. 13.1"), ("late", "art. 13.1")]
    for votes_for, adopted in ((21, True), (20, False)):
        count = Count(votes_for, 5, 0, 40)
        assert decide(OUTSIDE, "other", count).adopted == adopted
        assert second_opinion.judge(describe_articles(OUTSIDE), "other", count) == (adopted, "art. 14")


BESIDES = Articles(
    "half of all besides",
    rules={
        "ordinary": Rule(
            "art. 17.1",
            Share(1, 2, above=True),
            tie="chair",
            tie_article="art. 17.3",
            also=Also("art. 17.2", Share(1, 4), "present"),
        ),
        "statutes": Rule(
            "art. 18.1",
            Share(2, 3),
            quorum=Quorum("art. 18.2", Share(1, 2), "votes"),
            also=Also("art. 18.2", Share(1, 2)),
            second=Second("art. 18.3", Share(3, 4), 28),
        ),
    },
    voters=Voters("art. 12", least_months=3),
)


@pytest.mark.parametrize(
    ("kind", "count", "casting", "held_on", "adopted", "article"),
    [
        ("statutes", (41, 20, 0, 81), "", None, True, "art. 18.1"),  # 41 of 61 is above 40.67, and above 40.5 of 81
        ("statutes", (40, 5, 0, 81), "", None, False, "art. 18.2"),  # 40 of 45 is enough of those, and not of 81
        ("statutes", (41, 21, 0, 81), "", None, False, "art. 18.1"),  # two thirds of 62 are 41.33
        ("statutes", (30, 10, 0, 81), "", date(2026, 6, 22), True, "art. 18.3"),  # 30 of 40, and nothing besides
        ("other", (11, 10, 24, 81), "", None, False, "art. 17.2"),  # a quarter of the 45 that are there is 11.25
        ("other", (11, 10, 23, 81), "", None, True, "art. 17.1"),  # of 44 it is 11
        ("other", (10, 10, 20, 81), "for", None, True, "art. 17.3"),  # the chair decides: 10 is a quarter of 40
        ("other", (10, 10, 21, 81), "for", None, False, "art. 17.2"),  # and not of 41, whatever the chair says
        ("other", (10, 10, 20, 81), "against", None, False, "art. 17.3"),
    ],
)
def test_votes_for_come_to_a_second_share_beside_the_majority(
    kind: str, count: tuple[int, int, int, int], casting: Casting, held_on: date | None, adopted: bool, article: str
) -> None:
    counted = Count(*count)
    second = SecondCall(FIRST, held_on, says_why=False) if held_on else None
    verdict = decide(BESIDES, kind, counted, second, casting=casting)
    assert (verdict.adopted, verdict.article) == (adopted, article)
    assert casting or (counted.votes_for >= verdict.votes_needed) == adopted
    again = second_opinion.judge(
        describe_articles(BESIDES), kind, counted, casting=casting, first_on=FIRST if held_on else None, held_on=held_on
    )
    assert again == (adopted, article)


def test_a_share_besides_that_nobody_can_reach_is_refused() -> None:
    rule = Rule("art. 1", Share(1, 2), also=Also("art. 2", Share(1, 1, above=True)))
    held = Articles("too much", rules={"ordinary": rule})
    assert [each.field for each in judge_articles(held, ("ordinary",))] == ["rules.ordinary.also.share"]


@pytest.mark.parametrize("held", [HALVED, BY_SHARE, OUTSIDE, BESIDES], ids=lambda each: each.name)
def test_each_shape_is_kept_whole_and_read_out_in_both_languages(held: Articles) -> None:
    assert judge_articles(held, ("ordinary", "loan", "statutes")) == []
    assert read_articles(describe_articles(held)) == held
    said = {lang: [each for item in read_out(lang, held, FIRST) for each in item.sentences] for lang in ("nl", "en")}
    assert len(said["nl"]) == len(said["en"])
    marks = {
        "quorum that halves": "at least 1/4 of the members must be there or represented",
        "by share": "Nobody has more than 1/10 of all votes.",
        "outside a meeting": "An advertisement in a newspaper",
        "half of all besides": "at least half of all votes that members have must be for it (art. 18.2)",
    }
    assert any(marks[held.name] in each for each in said["en"]), said["en"]
