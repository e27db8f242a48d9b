"""A vote that a member takes home: the box is whole, the verdict follows from it, and the own ballot opens."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from copy import deepcopy
from typing import Any

import pytest

from coop.governance.minutes.taking_home import take_vote
from coop.kit import journal
from coop.kit.database import Database
from coop.values import CoopError
from coop.verification.athome import WORDS, check_source, describe, fingerprint, seal
from tests.governance.assembly import TOWN, live

Taken = dict[str, Any]
SAY = WORDS["en"]


def fingerprint_of(text: str) -> str:
    """The fingerprint of a text as it is written."""
    return hashlib.sha256(text.encode()).hexdigest()


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
    said = json.dumps([taken["facts"], taken["counted"], taken["notice"], taken["articles"]])
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


def test_it_says_aloud_that_there_is_no_own_ballot(database: Database) -> None:
    live(database)
    use: Taken = {"readings": [], "shares": [], "spans": []}
    bill = {"inputs": json.dumps({"consumption": use, "previous": None, "corrects": None, "guarantee": []})}
    aloud = "Resolution tariff: you did not vote, or your ballot is not here. Ask if you did vote."
    assert aloud in describe(bill, [take(database, None)], SAY)
    assert aloud not in describe(bill, [take(database, "m002")], SAY)


def test_an_open_vote_is_not_given(database: Database) -> None:
    live(database, until="close")
    with database.read(TOWN) as tx, pytest.raises(CoopError, match="did not decide this yet"):
        take_vote(tx, "tariff", "m001", "en")


def tell(taken: Taken, what: str, **said: Any) -> None:
    """Have a fact say something else and seal it anew, as only the co-operative itself could."""
    for fact in (fact for fact in taken["facts"] if fact["type"].split(".")[1] == what):
        fact["data"] = json.dumps(json.loads(fact["data"]) | said)
        fact["hash"] = seal(fact)


def lose_a_ballot(taken: Taken) -> None:
    taken["counted"].pop()


def swap_a_ballot(taken: Taken) -> None:
    taken["counted"][0] = "f" * 64


def turn_the_own(taken: Taken) -> None:
    taken["own"][3] = "against"


def tell_the_own_anew(taken: Taken) -> None:
    taken["cast"] = []


def move_a_fact(taken: Taken) -> None:
    taken["facts"][0]["occurred_at"] = "2026-01-01T00:00:00.000000+00:00"


def break_a_seal(taken: Taken) -> None:
    taken["facts"][-1]["hash"] = None
    taken["taken_at"] = "2027-01-01T00:00:00+00:00"


def change_the_count(taken: Taken) -> None:
    tell(taken, "resolution-decided", votes_for=1, votes_against=3)


def reject_it(taken: Taken) -> None:
    tell(taken, "resolution-decided", verdict="rejected")


def decide_another_tariff(taken: Taken) -> None:
    tell(taken, "resolution-decided", parameters_hash="f" * 64)


def decide_another_point(taken: Taken) -> None:
    tell(taken, "resolution-decided", resolution_id="key", kind="allocation-key")


def put_another_in_force(taken: Taken) -> None:
    tell(taken, "tariff-adopted", resolution_id="key")


def dear_tariff(taken: Taken) -> None:
    """Another price, with its own hash in verdict and effect; the notice alone still knows what was put to the vote."""
    [adopted] = [json.loads(fact["data"]) for fact in taken["facts"] if fact["type"].endswith("tariff-adopted.v1")]
    adopted["parameters"]["components"][0]["price"] = "99.00"
    told = fingerprint(adopted["parameters"])
    tell(taken, "tariff-adopted", parameters=adopted["parameters"], parameters_hash=told, notice_hash=told)
    tell(taken, "resolution-decided", parameters_hash=told)


def write_another_notice(taken: Taken) -> None:
    taken["notice"] = taken["notice"].replace("WG-plein", "Dorpshuis")


def ask_less(taken: Taken) -> None:
    taken["articles"] = taken["articles"].replace('"quorum"', '"forgotten"')


def leave_the_statutes_out(taken: Taken) -> None:
    taken["facts"] = [fact for fact in taken["facts"] if "statutes-adopted" not in fact["type"]]


def leave_the_list_out(taken: Taken) -> None:
    taken["facts"] = [fact for fact in taken["facts"] if "voting-list" not in fact["type"]]


def cite_another_rule(taken: Taken) -> None:
    tell(taken, "resolution-decided", article="art. 99")


def count_from_all(taken: Taken) -> None:
    """A rule that counts all votes, sealed with the statutes: two of four that voted are no two thirds."""
    articles = json.loads(taken["articles"])
    articles["rules"]["tariff"] |= {"base": "all"}
    taken["articles"] = json.dumps(articles)
    tell(taken, "statutes-adopted", articles_hash=fingerprint_of(taken["articles"]))
    tell(taken, "resolution-decided", votes_for=2, votes_present=2)


def miss_the_quorum(taken: Taken) -> None:
    tell(taken, "voting-list-frozen", votes=40, members=40)


def count_more_than_all(taken: Taken) -> None:
    tell(taken, "resolution-decided", votes_for=100, votes_present=100)


def empty_the_box(taken: Taken) -> None:
    """A hundred for and nobody against, of ballots that are not there."""
    taken["counted"], taken["own"], taken["cast"] = [], None, []
    tell(taken, "resolution-decided", votes_for=100, votes_present=100, ballots_hash=fingerprint_of(""))
    tell(taken, "voting-list-frozen", votes=100, members=100)


def hide_who_was_against(taken: Taken) -> None:
    """One for and nobody against, of four ballots."""
    tell(taken, "resolution-decided", votes_for=1)


def tie(taken: Taken) -> None:
    """As many against as for is no two thirds, whoever decides at a tie."""
    tell(taken, "resolution-decided", votes_for=2, votes_against=2)


FORGERIES: list[tuple[Callable[[Taken], None], str]] = [
    (lose_a_ballot, "the box of ballots"),
    (swap_a_ballot, "the box of ballots"),
    (turn_the_own, "your ballot"),
    (tell_the_own_anew, "your ballot"),
    (move_a_fact, "the fingerprint of"),
    (break_a_seal, "the fact governance.tariff-adopted.v1 of "),
    (change_the_count, "does not follow from the votes"),
    (reject_it, "the members did not adopt this"),
    (decide_another_tariff, "not about the same (parameters)"),
    (decide_another_point, "not about the same (resolution_id)"),
    (put_another_in_force, "not about the same (resolution_id)"),
    (dear_tariff, "not about the same (parameters)"),
    (write_another_notice, "the fingerprint of notice"),
    (ask_less, "the fingerprint of articles"),
    (leave_the_statutes_out, "the fact statutes-adopted is missing"),
    (leave_the_list_out, "the fact voting-list-frozen is missing"),
    (cite_another_rule, "do not have the rule art. 99"),
    (count_from_all, "does not follow from the votes"),
    (miss_the_quorum, "by art. 14.1 too few were there: 4 of 40"),
    (count_more_than_all, "does not follow from the votes"),
    (empty_the_box, "100 votes were counted, 0 ballots are in the box"),
    (hide_who_was_against, "1 votes were counted, 4 ballots are in the box"),
    (tie, "does not follow from the votes"),
]


def test_whatever_of_a_vote_was_changed_is_found(database: Database) -> None:
    live(database)
    whole, unseen = take(database, "m002"), []
    for forge, said in FORGERIES:
        taken = deepcopy(whole)
        forge(taken)
        wrong = list(check_source(taken, SAY))
        if not any(said in finding for finding in wrong):
            unseen.append((forge.__name__, wrong))
    assert unseen == []
