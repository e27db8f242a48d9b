"""The step from one vote of an election to the next, made twice: by the rules of opening, and by the second count."""

from __future__ import annotations

import random
from dataclasses import replace
from datetime import UTC, date, datetime
from typing import Any

import pytest

from coop.governance.ballots.elections.candidacy import Candidacy
from coop.governance.ballots.elections.model import AGAINST, BREAK, KEEP, NO_QUORUM, Counted, Sheet, Stand
from coop.governance.ballots.elections.rules import begin, judge, settle
from coop.governance.ballots.elections.steps_again import check_steps
from coop.governance.ballots.elections.store import Opened
from coop.governance.statutes.model import Articles, Election, Step
from coop.governance.statutes.record import describe_articles

STEPS: tuple[Step, ...] = ("all", "two highest", "intermediate", "without the fewest")
Played = tuple[dict[str, Any], dict[str, Any], list[Opened], list[Counted], dict[int, tuple[str, ...]]]


def play(seed: int) -> Played:
    """An election of chance under procedures of chance, as the rules open it vote by vote."""
    chance = random.Random(seed)
    names = [f"m{number}" for number in range(1, chance.randint(2, 7))]
    seats = chance.randint(1, min(3, len(names)))
    procedure = Election(
        "art. 20",
        tuple(chance.choices(STEPS, k=chance.randint(1, 3))),
        lot_from=chance.randint(1, 3),
        plurality=chance.random() < 0.2,
    )
    articles = Articles("x", election=procedure if chance.random() < 0.9 else None)
    nominated = tuple(names[:seats]) if chance.random() < 0.2 else ()
    candidacy = Candidacy(
        "board", seats, date(2027, 1, 1), date(2030, 1, 1), {each: (each,) for each in names}, nominated
    )
    parameters = {"seats": seats, "candidates": names, "nominated": list(nominated)}
    opened, counted, lots, stand = list[Opened](), list[Counted](), dict[int, tuple[str, ...]](), begin(candidacy)
    while not stand.over and len(opened) < 12:
        number = len(opened) + 1
        at = datetime(2026, 6, 24, tzinfo=UTC)
        opened.append(Opened("e", number, stand.kind, stand.options, stand.names_most, False, False, at, "x"))
        sheet = fill(chance, stand)
        stand = judge(articles, candidacy, stand, sheet)
        assert stand.ruling is not None
        counted.append(Counted(number, sheet.votes, sheet.valid, 0, 0, 40, word=stand.ruling.word))
        if stand.draw is not None:
            lots[number] = tuple(chance.sample(stand.draw.among, stand.draw.picks))
            stand = settle(stand, lots[number])
    return parameters, describe_articles(articles), opened, counted, lots


def fill(chance: random.Random, stand: Stand) -> Sheet:
    """Few votes, so that many are equal."""
    if stand.kind == "nomination":
        return Sheet({BREAK: chance.randint(0, 4), KEEP: chance.randint(0, 1)}, 5)
    votes = {name: chance.randint(0, 4) for name in stand.options}
    valid = sum(votes.values()) if stand.names_most == 1 else max(*votes.values(), sum(votes.values()) // 2)
    lacks = "art. 21" if chance.random() < 0.05 else ""
    return Sheet(votes, valid, entitled=40, lacks_quorum=lacks)


def test_two_thousand_elections_go_on_alike_by_the_rules_and_by_the_second_count() -> None:
    lengths, seen = list[int](), set[str]()
    for seed in range(2000):
        parameters, articles, opened, counted, lots = play(seed)
        assert list(check_steps(parameters, articles, opened, counted, lots)) == [], seed
        lengths.append(len(opened))
        seen |= {each.word for each in counted} | {each.kind for each in opened}
    assert max(lengths) >= 8
    assert {"lot", "next round", "elected", "intermediate", "broken", NO_QUORUM} <= seen


@pytest.mark.parametrize("crime", ["left out", "let in", "more seats", "another kind", "went on", "drawn by hand"])
def test_whoever_stands_in_a_vote_against_the_votes_before_is_found(crime: str) -> None:
    found = tried = 0
    for seed in range(300):
        parameters, articles, opened, counted, lots = play(seed)
        last = opened[-1]
        if crime == "drawn by hand":
            if not lots or len(opened) < 2:
                continue
            lots = dict.fromkeys(lots, ("nobody",))
        elif crime == "went on":
            opened = [*opened, replace(last, number=len(opened) + 1)]
            counted = [*counted, counted[-1]]
            if len(opened) > 12:
                continue
        elif len(opened) > 1:
            crimes: dict[str, dict[str, Any]] = {
                "left out": {"options": tuple(last.options[1:])},
                "let in": {"options": (*last.options, "m99")},
                "more seats": {"seats": last.seats + 1},
                "another kind": {"kind": "intermediate" if last.kind == "round" else "round"},
            }
            opened = [*opened[:-1], replace(last, **crimes[crime])]
        else:
            continue
        tried += 1
        found += any(check_steps(parameters, articles, opened, counted, lots))
    assert tried > 20
    assert found == tried


def test_whoever_wants_nobody_can_say_so_where_there_are_no_more_candidates_than_seats() -> None:
    parameters = {"seats": 2, "candidates": ["a", "b"]}
    at = datetime(2026, 6, 24, tzinfo=UTC)
    opened = [Opened("e", 1, "round", ("a", "b", AGAINST), 2, False, False, at, "x")]
    assert list(check_steps(parameters, {}, opened, [], {})) == []
    without = [replace(opened[0], options=("a", "b"))]
    assert list(check_steps(parameters, {}, without, [], {})) == [
        "vote 1: others stand in it than the votes before it leave"
    ]
