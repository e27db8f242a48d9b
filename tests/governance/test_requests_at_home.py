"""Requests of a referendum counted at home: enough, each once and from the voting list, and nobody is named."""

from __future__ import annotations

import json
from collections.abc import Callable
from copy import deepcopy
from datetime import UTC, datetime
from typing import Any

import pytest
from sqlalchemy import text

from coop.events.governance import ReferendumAsked, ReferendumGranted, VotingListFrozen
from coop.governance.ballots.referenda import requests
from coop.governance.meetings import store
from coop.governance.meetings.voter_commitments import commit_voter, open_voter
from coop.kit.database import Database
from coop.verification.athome import WORDS, check_source, fingerprint, list_facts, seal
from tests.governance.assembly import TOWN, only, told, told_with_notices
from tests.governance.test_options import set_day
from tests.governance.test_referenda import FOUR, ONE, THREE, TWO, ask, begin, findings, hold
from tests.governance.test_referenda_on_paper import compare, enter, object_to, on_paper
from tests.governance.test_votes_at_home import take, tell

Taken = dict[str, Any]


def check(taken: Taken) -> list[str]:
    return list(check_source(taken, WORDS["en"]))


def suspend(database: Database) -> None:
    """Two of four ask, one of them on paper: enough."""
    begin(database)
    ask(database, ONE)
    on_paper(database, TWO)


@pytest.mark.parametrize("reader", [ONE, TWO, THREE, None])
def test_whoever_takes_the_vote_home_counts_who_asked(database: Database, reader: str | None) -> None:
    suspend(database)
    taken = take(database, reader)
    assert check(taken) == []
    assert ([day for _, day in taken["requests"]], len(taken["voters"])) == (["2026-06-25"] * 2, 4)
    own = [json.loads(fact["data"])["member_id"] for fact in taken["asked"]]
    assert own == ([reader] if reader in (ONE, TWO) else [])


def test_it_names_nobody_but_the_reader(embedded: Database) -> None:
    suspend(embedded)
    taken = take(embedded, ONE)
    said = json.dumps(taken | {"own": None, "cast": []})
    assert f'"{ONE}"' in said
    assert not any(f'"{name}"' in said or f'\\"{name}\\"' in said for name in (TWO, THREE, FOUR))
    for name in (TWO, THREE, FOUR):  # what the reader knows of their own commitment opens no other
        opened = [taken["voter"][0], name, 1, taken["voter"][3]]
        assert fingerprint(opened) not in dict(taken["voters"])


def test_a_vote_on_which_nobody_suspends_anything_holds_no_list(embedded: Database) -> None:
    begin(embedded)
    ask(embedded, ONE)
    taken = take(embedded, ONE)
    assert (taken["requests"], taken["voters"], taken["voter"], check(taken)) == ([], [], None, [])
    assert [fact["type"] for fact in taken["asked"]] == [ReferendumAsked.TYPE]


def test_a_struck_paper_is_not_in_it_and_a_late_objection_leaves_it_there(embedded: Database) -> None:
    begin(embedded)
    on_paper(embedded, ONE)
    object_to(embedded, ONE)
    ask(embedded, TWO)
    on_paper(embedded, THREE)
    object_to(embedded, THREE)
    assert findings(embedded, "tariff") == []
    for reader in (ONE, TWO, THREE):
        taken = take(embedded, reader)
        assert (check(taken), len(taken["requests"])) == ([], 2)
        assert (fingerprint(taken["voter"]) in dict(taken["requests"])) == (reader != ONE)


def test_a_paper_is_in_time_at_home_by_the_day_on_which_it_was_entered(embedded: Database) -> None:
    begin(embedded)
    ask(embedded, ONE)
    set_day(embedded, datetime(2026, 7, 8, 21, 59, tzinfo=UTC))
    paper = enter(embedded, TWO)
    set_day(embedded, datetime(2026, 7, 8, 22, tzinfo=UTC))
    compare(embedded, paper)
    taken = take(embedded, TWO)
    assert (check(taken), sorted(day for _, day in taken["requests"])) == ([], ["2026-06-25", "2026-07-08"])


def test_the_file_is_right_after_the_referendum_too(embedded: Database) -> None:
    suspend(embedded)
    hold(embedded, {ONE: "for", TWO: "for", THREE: "against"})
    assert [check(take(embedded, ONE, name)) for name in ("tariff", "ref")] == [[], []]


def retell(taken: Taken) -> None:
    """Have the sealed facts say what the lists of the file say, as only the co-operative itself could."""
    tell(taken, "referendum-granted", requests_hash=fingerprint(taken["requests"]))
    tell(taken, "voting-list-frozen", voters_hash=fingerprint(taken["voters"]))


def lose_a_request(taken: Taken) -> None:
    taken["requests"].pop()


def double_a_request(taken: Taken) -> None:
    taken["requests"].append(taken["requests"][0])


def change_a_request(taken: Taken) -> None:
    taken["requests"][0][1] = "2026-06-24"


def add_a_stranger(taken: Taken) -> None:
    taken["requests"].append(["f" * 64, "2026-06-25"])


def lose_a_request_everywhere(taken: Taken) -> None:
    """One asked, and the facts say so: the statutes ask two, and half."""
    theirs = [each for each in taken["requests"] if each[0] != fingerprint(taken["voter"])]
    taken["requests"] = theirs
    retell(taken)
    tell(taken, "referendum-granted", members_asking=1, votes_asking=1)


def double_a_request_everywhere(taken: Taken) -> None:
    theirs = next(each for each in taken["requests"] if each[0] != fingerprint(taken["voter"]))
    taken["requests"] = [theirs, theirs]
    retell(taken)


def ask_for_a_stranger_everywhere(taken: Taken) -> None:
    own = fingerprint(taken["voter"])
    taken["requests"] = [each if each[0] == own else ["f" * 64, each[1]] for each in taken["requests"]]
    retell(taken)


def ask_too_late_everywhere(taken: Taken) -> None:
    taken["requests"] = [[name, "2026-07-09"] for name, _ in taken["requests"]]
    retell(taken)
    tell(taken, "referendum-granted", granted_on="2026-07-10")
    tell(taken, "decision-stopped", stopped_on="2026-07-10")


def ask_after_it_was_granted(taken: Taken) -> None:
    taken["requests"][0][1] = "2026-06-26"
    retell(taken)


def list_a_stranger_everywhere(taken: Taken) -> None:
    """A voter more than the list that was frozen."""
    taken["voters"].append(["f" * 64, 1])
    retell(taken)


def list_a_voter_twice(taken: Taken) -> None:
    taken["voters"][0] = taken["voters"][1]
    retell(taken)


def weigh_a_voter_otherwise(taken: Taken) -> None:
    taken["voters"][0][1] = 2


def lose_the_grant(taken: Taken) -> None:
    taken["facts"] = [fact for fact in taken["facts"] if fact["type"] != ReferendumGranted.TYPE]


def lose_the_suspension(taken: Taken) -> None:
    taken["facts"] = [fact for fact in taken["facts"] if "decision-stopped" not in fact["type"]]


def grant_on_another_day(taken: Taken) -> None:
    tell(taken, "referendum-granted", granted_on="2026-06-26")


def grant_another_decision(taken: Taken) -> None:
    tell(taken, "referendum-granted", resolution_id="key")


def cite_another_article(taken: Taken) -> None:
    tell(taken, "referendum-granted", article="art. 99")


def say_that_three_asked(taken: Taken) -> None:
    tell(taken, "referendum-granted", members_asking=3, votes_asking=3)


def hide_the_own_request(taken: Taken) -> None:
    """The reader is counted, and their file has no request of theirs."""
    taken["asked"] = []


def hide_who_reads(taken: Taken) -> None:
    taken["asked"], taken["voter"] = [], None


def leave_the_reader_out(taken: Taken) -> None:
    taken["voter"] = open_voter("alv-1", ONE, 1, "another secret")


def ask_as_somebody_else(taken: Taken) -> None:
    data = json.loads(taken["asked"][0]["data"]) | {"member_id": THREE}
    taken["asked"][0]["data"] = json.dumps(data)
    taken["asked"][0]["hash"] = seal(taken["asked"][0])


def break_the_seal_of_the_own_request(taken: Taken) -> None:
    taken["asked"][0]["actor"] = "somebody"


MISSED = "not what was told, or what art. 23 asks"
FORGERIES: list[tuple[Callable[[Taken], None], str]] = [
    (lose_a_request, "the fingerprint of requests is another"),
    (double_a_request, "is there twice, too late, or of nobody on the voting list"),
    (double_a_request, "the fingerprint of requests is another"),
    (change_a_request, "the fingerprint of requests is another"),
    (add_a_stranger, "the request ffffffff of a referendum (2026-06-25) is there twice, too late, or of nobody"),
    (lose_a_request_everywhere, f"is asked by 1 members (1 votes) of 4 (4): {MISSED}"),
    (double_a_request_everywhere, f"is asked by 1 members (1 votes) of 4 (4): {MISSED}"),
    (ask_for_a_stranger_everywhere, "the request ffffffff of a referendum (2026-06-25) is there twice, too late"),
    (ask_too_late_everywhere, "of a referendum (2026-07-09) is there twice, too late"),
    (ask_after_it_was_granted, "of a referendum (2026-06-26) is there twice, too late"),
    (list_a_stranger_everywhere, "the fingerprint of voters is another"),
    (list_a_voter_twice, "the fingerprint of voters is another"),
    (weigh_a_voter_otherwise, "the fingerprint of voters is another"),
    (lose_the_grant, "the fact referendum-granted is missing"),
    (lose_the_suspension, "the fact decision-stopped is missing"),
    (grant_on_another_day, "the fact referendum-granted is missing"),
    (grant_another_decision, "do not have the rule art. 23"),
    (cite_another_article, "do not have the rule art. 99"),
    (say_that_three_asked, f"is asked by 2 members (2 votes) of 4 (4): {MISSED}"),
    (hide_the_own_request, "you are counted and asked nothing"),
    (hide_who_reads, "you are counted and asked nothing"),
    (leave_the_reader_out, "you are counted and asked nothing"),
    (ask_as_somebody_else, "you are counted and asked nothing"),
    (break_the_seal_of_the_own_request, "the fingerprint of "),
]


@pytest.fixture(scope="module")
def whole(request: pytest.FixtureRequest) -> dict[str, Taken]:
    """Files that the first test fills: the same for all forgeries."""
    return {}


@pytest.mark.parametrize(("forge", "said"), FORGERIES, ids=[forge.__name__ for forge, _ in FORGERIES])
def test_requests_that_were_forged_are_found(
    embedded: Database, whole: dict[str, Taken], forge: Callable[[Taken], None], said: str
) -> None:
    if not whole:
        suspend(embedded)
        whole["taken"] = take(embedded, ONE)
    taken = deepcopy(whole["taken"])
    assert check(taken) == []
    forge(taken)
    wrong = check(taken)
    assert any(said in finding for finding in wrong), wrong


def test_a_member_in_whose_name_somebody_asked_finds_that_out(embedded: Database) -> None:
    """THREE did not ask; the file of the co-operative counts them all the same."""
    suspend(embedded)
    taken = take(embedded, THREE)
    taken["requests"][0][0] = fingerprint(taken["voter"])
    retell(taken)
    assert check(taken) == [f"{taken['subject']}: you asked a referendum and are not counted, or you are counted and"
                            " asked nothing"]  # fmt: skip


def test_the_facts_hold_the_commitments_and_verification_makes_them_again(embedded: Database) -> None:
    suspend(embedded)
    facts = told(embedded)
    asked, [granted] = only(facts, ReferendumAsked), only(facts, ReferendumGranted)
    lists = only(told_with_notices(embedded), VotingListFrozen)
    assert len({each.voters_hash for each in lists}) == 1
    with embedded.read(TOWN) as tx:
        meeting = store.find_meeting(tx, "alv-1")
        assert meeting is not None
        pairs = requests.list_requesting(tx, meeting, "tariff")
    assert sorted(each.commitment for each in asked) == sorted(name for name, _ in pairs)
    assert (granted.members_asking, granted.requests_hash) == (2, fingerprint(pairs))
    assert findings(embedded, "tariff") == []
    with embedded.system_write() as sql:
        sql.execute(text("DROP TRIGGER voting_list_holds"))
        sql.execute(text("UPDATE voting_list SET secret = 'another'"))
    assert findings(embedded, "tariff") == [
        f"resolution tariff: {said}" for said in (
            "the commitments to who may ask a referendum on it are not those that were told",
            "a request of a referendum on it was told with the commitment of somebody else",
            "who asked a referendum on it is not who was told as a hash",
        )
    ]  # fmt: skip


def test_a_commitment_is_of_one_meeting_one_member_and_their_votes() -> None:
    made = {commit_voter(*each, "s") for each in (("m", "a", 1), ("m", "a", 2), ("m", "b", 1), ("n", "a", 1))}
    assert len(made) == 4


def test_all_facts_of_the_file_are_held_against_their_seals(embedded: Database) -> None:
    suspend(embedded)
    taken = take(embedded, ONE)
    for number in range(len(list_facts(taken))):
        forged = deepcopy(taken)
        list_facts(forged)[number]["occurred_at"] = "2026-06-01T00:00:00.000000+00:00"
        assert any("the fingerprint of" in finding for finding in check(forged))
