"""A vote that a member takes home: the box is whole, the verdict follows from it, and the own ballot opens."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from coop.governance.minutes.taking_home import take_vote
from coop.kit import journal
from coop.kit.database import Database
from coop.values import CoopError
from coop.verification.athome import WORDS, check_source, fingerprint
from tests.governance.assembly import TOWN, live

Taken = dict[str, Any]
SAY = WORDS["en"]


def take(database: Database, member_id: str | None, resolution_id: str = "tariff") -> Taken:
    """The vote on the tariff as somebody takes it home."""
    with database.system_write() as sql:
        journal.seal(sql)
    with database.read(TOWN) as tx:
        taken: Taken = json.loads(take_vote(tx, resolution_id, member_id, "en"))
    return taken


def test_the_box_and_the_own_ballot_are_right_at_home(database: Database) -> None:
    live(database)
    taken = take(database, "m002")
    assert list(check_source(taken, SAY)) == []
    assert (len(taken["counted"]), taken["own"][3]) == (4, "for")
    kinds = [fact["type"].split(".")[1] for fact in taken["facts"]]
    assert kinds.index("meeting-convened") < kinds.index("resolution-decided") < kinds.index("tariff-adopted")


def test_nobody_else_s_vote_is_in_it(database: Database) -> None:
    live(database)
    assert take(database, None)["own"] is None
    taken = take(database, "m002")
    said = json.dumps([taken["facts"], taken["counted"], taken["count"]])
    assert not any(f'"{member}"' in said or f'\\"{member}\\"' in said for member in ("m001", "m003", "m004"))
    assert '"salt"' not in said


def test_of_nobody_else_it_says_that_they_voted_or_when(database: Database) -> None:
    """A sealed fact names the account and the moment of whoever cast: only the own one is given."""
    live(database)
    assert take(database, None)["cast"] == []
    taken = take(database, "m002")
    [own] = taken["cast"]
    assert fingerprint(taken["own"]) in json.loads(own["data"])["commitments"]
    assert {fact["type"] for fact in taken["facts"]}.isdisjoint({own["type"]})


def test_an_open_vote_is_not_given(database: Database) -> None:
    live(database, until="close")
    with database.read(TOWN) as tx, pytest.raises(CoopError, match="did not decide this yet"):
        take_vote(tx, "tariff", "m001", "en")


def lose_a_ballot(taken: Taken) -> None:
    taken["counted"].pop()


def swap_a_ballot(taken: Taken) -> None:
    taken["counted"][0] = "f" * 64


def turn_the_own(taken: Taken) -> None:
    taken["own"][3] = "against"


def change_the_count(taken: Taken) -> None:
    for fact in taken["facts"]:
        fact["data"] = (
            fact["data"].replace('"votes_for":4', '"votes_for":1').replace('"votes_against":0', '"votes_against":3')
        )


def tell_the_own_anew(taken: Taken) -> None:
    taken["cast"] = []


def move_a_fact(taken: Taken) -> None:
    taken["facts"][0]["occurred_at"] = "2026-01-01T00:00:00.000000+00:00"


@pytest.mark.parametrize(
    ("forge", "said"),
    [
        (lose_a_ballot, "the box of ballots"),
        (swap_a_ballot, "the box of ballots"),
        (turn_the_own, "your ballot"),
        (tell_the_own_anew, "your ballot"),
        (change_the_count, "does not follow from the votes"),
        (move_a_fact, "the fingerprint of"),
    ],
)
def test_whatever_of_a_vote_was_changed_is_found(database: Database, forge: Callable[[Taken], None], said: str) -> None:
    live(database)
    taken = take(database, "m002")
    forge(taken)
    wrong = list(check_source(taken, SAY))
    assert [finding for finding in wrong if said in finding], wrong
