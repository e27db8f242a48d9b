"""Elections followed vote by vote, by hand: each step that statutes know, for one seat and for several."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date

import pytest

from coop.governance.ballots.elections.candidacy import Candidacy
from coop.governance.ballots.elections.model import Draw, Sheet, Stand
from coop.governance.ballots.elections.rules import follow, object_to_lot
from coop.governance.statutes.model import Articles, Election, Quorum, Rule, Share

Figures = Mapping[str, int]


def elect(
    election: Election | None, seats: int, names: str, *counts: Figures, lots: Mapping[int, str] = {}, **more: object
) -> Stand:
    options = {name: (name,) for name in names}
    candidacy = Candidacy("board", seats, date(2027, 1, 1), date(2030, 1, 1), options, tuple(more.pop("nominated", "")))  # type: ignore[arg-type]
    articles = Articles("a", election=election, **more)  # type: ignore[arg-type]
    sheets = [Sheet(dict(votes), int(votes.get("valid", 0)) or sum(votes.values()), entitled=100) for votes in counts]
    for sheet in sheets:
        assert isinstance(sheet.votes, dict)
        sheet.votes.pop("valid", None)
    return follow(articles, candidacy, sheets, {number: tuple(drawn) for number, drawn in lots.items()})


NU = Election("18", ("all", "intermediate"))
WA = Election("17", ("all", "two highest"), lot_from=3)
MO = Election("18.5", ("all", "without the fewest"))
MOST = Election("9", ("all",), lot_from=2, plurality=True)

GOES_ON: Sequence[tuple[str, Election | None, int, str, Sequence[Figures], Mapping[int, str], str, str]] = [
    ("silent statutes: the two highest", None, 1, "abc", [{"a": 25, "b": 20, "c": 15}], {}, "round", "ab"),
    ("a new ballot among all", NU, 1, "abc", [{"a": 14, "b": 12, "c": 8}], {}, "round", "abc"),
    ("an intermediate vote", NU, 1, "abc", [{"a": 14, "b": 12, "c": 8}] * 2, {}, "intermediate", "abc"),
    ("the intermediate vote chose", NU, 1, "abc", [{"a": 14, "b": 12, "c": 8}] * 3, {}, "round", "ab"),
    ("of two seconds one is chosen", WA, 1, "abcd", [{"a": 9, "b": 6, "c": 6, "d": 1}] * 2, {}, "intermediate", "bc"),
    (
        "who was first waits for the second",
        WA,
        1,
        "abcd",
        [{"a": 9, "b": 6, "c": 6, "d": 1}, {"a": 9, "b": 6, "c": 6, "d": 1}, {"b": 12, "c": 10}],
        {},
        "round",
        "ab",
    ),
    (
        "an intermediate tie falls to the lot",
        WA,
        1,
        "abc",
        [{"a": 9, "b": 6, "c": 6}, {"a": 9, "b": 6, "c": 6}, {"b": 9, "c": 9}],
        {3: "c"},
        "round",
        "ac",
    ),
    ("two that tie vote again", WA, 1, "ab", [{"a": 9, "b": 9}], {}, "round", "ab"),
    ("the fewest falls away", MO, 1, "abcd", [{"a": 9, "b": 6, "c": 5, "d": 2}] * 2, {}, "round", "abc"),
    ("the lot says who falls away", MO, 1, "abc", [{"a": 9, "b": 5, "c": 5}] * 2, {2: "b"}, "round", "ac"),
    (
        "a shared last seat is voted on again",
        MOST,
        2,
        "abc",
        [{"a": 9, "b": 5, "c": 5, "valid": 10}],
        {},
        "round",
        "bc",
    ),
]


@pytest.mark.parametrize("case", GOES_ON, ids=lambda case: case[0])
def test_what_comes_next_follows_from_the_statutes(
    case: tuple[str, Election | None, int, str, Sequence[Figures], Mapping[int, str], str, str],
) -> None:
    _, election, seats, names, counts, lots, kind, options = case
    stand = elect(election, seats, names, *counts, lots=lots)
    assert (stand.kind, "".join(stand.options), stand.draw, stand.over) == (kind, options, None, False)


def test_a_tie_is_the_lots_from_the_round_of_the_statutes_on() -> None:
    tie = {"a": 9, "b": 9}
    assert elect(WA, 1, "ab", tie, tie).draw is None
    stand = elect(WA, 1, "ab", tie, tie, tie)
    assert stand.draw == Draw(("a", "b"), 1, "elects")
    assert [bool(object_to_lot(stand, drawn)) for drawn in (("a", "b"), ("c",), ("b",))] == [True, True, False]
    assert elect(WA, 1, "ab", tie, tie, tie, lots={3: "b"}).elected == ("b",)


def test_more_than_half_of_the_valid_papers_and_no_more_than_the_seats() -> None:
    """Of 20 papers a is on 18, b on 15, c on 12: all above 10, and the two highest have the seats."""
    assert elect(MO, 2, "abcd", {"a": 18, "b": 15, "c": 12, "d": 3, "valid": 20}).elected == ("a", "b")
    stand = elect(MO, 2, "abcd", {"a": 18, "b": 12, "c": 12, "d": 3, "valid": 20})
    assert (stand.elected, stand.draw) == (("a",), Draw(("b", "c"), 1, "elects"))
    stand = elect(MO, 3, "abcd", {"a": 18, "b": 10, "c": 9, "d": 3, "valid": 20})
    assert (stand.elected, stand.options, stand.seats) == (("a",), ("b", "c", "d"), 2)


def test_as_many_candidates_as_seats_are_each_confirmed_or_not() -> None:
    stand = elect(MO, 3, "abc", {"a": 18, "b": 10, "c": 11, "against": 1, "valid": 20})
    assert (stand.elected, stand.over) == (("a", "c"), True)


def test_a_nomination_breaks_with_its_majority_and_its_quorum() -> None:
    """Statutes may ask a quorum to break it: at most two thirds of the votes (BW 2:37 lid 4); here 60 of 100."""
    votes = {"break": 40, "keep": 20}
    assert elect(None, 1, "ab", votes, nominated="a").options == ("a", "b")
    quorate = Rule("11.2", Share(2, 3), quorum=Quorum("11.2", Share(2, 3), "votes"))
    assert elect(None, 1, "ab", votes, nominated="a", nomination=quorate).elected == ("a",)
    assert elect(None, 1, "ab", {"break": 39, "keep": 21}, nominated="a").elected == ("a",)
    broken = elect(None, 1, "a", votes, nominated="a")
    assert (broken.elected, broken.over) == ((), True)


def test_nobody_votes_and_nobody_is_elected() -> None:
    stand = elect(MO, 1, "abc", {})
    assert (stand.over, stand.elected) == (True, ())
