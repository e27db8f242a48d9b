"""Random statutes and random assemblies, counted a second time by a calculation that shares no code."""

from __future__ import annotations

from collections import Counter
from datetime import date, timedelta
from random import Random

from hypothesis import given
from hypothesis import strategies as st

from coop.governance.articles.form import fill_articles, read_filled
from coop.governance.ballots import second_opinion
from coop.governance.ballots.counting import decide
from coop.governance.model import Count
from coop.governance.statutes.model import Casting
from coop.governance.statutes.record import describe_articles, read_articles
from coop.governance.statutes.tallies import SecondCall
from coop.kit.database import Database
from tests.governance.assemblies import CLASSES, KINDS, draw_articles, judge, play
from tests.kit.clocks import SetClock

PLAYED = 60
FIRST = date(2026, 6, 1)

seeds = st.integers(0, 10**9)
castings: st.SearchStrategy[Casting] = st.sampled_from(("", "for", "against"))


@st.composite
def counts(draw: st.DrawFn, *, inner: bool = False) -> Count:
    """Counts that can be: as many for as against now and then, and heads that are no more than there are; with those of
    each class, which are counts like them."""
    votes_for = draw(st.integers(0, 60))
    against = draw(st.one_of(st.just(votes_for), st.integers(0, 60)))
    blank, silent, absent = (draw(st.integers(0, 20)) for _ in range(3))
    members = draw(st.integers(0, 40))
    present = draw(st.integers(0, members))
    represented = draw(st.integers(0, present))
    classes = () if inner else tuple((name, draw(counts(inner=True))) for name in sorted(CLASSES))
    return Count(
        votes_for,
        against,
        blank,
        votes_for + against + blank + silent + absent,
        members_entitled=members,
        members_present=present,
        votes_silent=silent,
        votes_represented=draw(st.integers(0, votes_for + against + blank)),
        members_represented=represented,
        classes=classes,
    )


@given(seeds, st.sampled_from(KINDS), counts(), castings, st.none() | st.sampled_from((7, 14, 28, 42, 60)))
def test_three_calculations_come_to_one_verdict(
    seed: int, kind: str, count: Count, casting: Casting, days: int | None
) -> None:
    articles = draw_articles(Random(seed))
    held_on = FIRST + timedelta(days=days or 0)
    second = SecondCall(FIRST, held_on, says_why=True) if days is not None else None
    verdict = decide(articles, kind, count, second, casting=casting)
    record = describe_articles(articles)
    adopted, article = second_opinion.judge(
        record, kind, count, casting=casting, first_on=FIRST if second else None, held_on=held_on
    )
    assert verdict.adopted == judge(record, kind, count, casting, days) == adopted
    assert verdict.article == article
    assert not verdict.adopted or count.votes_for >= count.votes_against
    assert verdict.reason in ("majority", "chair", "lot") if verdict.adopted else verdict.reason != "majority"


@given(seeds)
def test_statutes_survive_the_record_and_the_form(seed: int) -> None:
    articles = draw_articles(Random(seed))
    assert read_articles(describe_articles(articles)) == articles
    if articles.rules:
        assert read_filled(fill_articles(articles)) == articles


def test_adopted_motions_of_random_assemblies_act_exactly_once(embedded: Database, clock: SetClock) -> None:
    sums: Counter[str] = Counter()
    for seed in range(PLAYED):
        played = play(embedded, clock, f"town-{seed}", seed)
        assert played.disagreements == (), seed
        sums.update(decided=played.decided, adopted=played.adopted, acted=played.acted)
        sums.update(revoked=played.revoked, divided=played.divided, cut=played.cut, by_class=played.by_class)
    assert sums["decided"] > sums["adopted"] > sums["acted"] > 0
    assert min(sums["revoked"], sums["divided"], sums["cut"], sums["by_class"]) > PLAYED // 20
