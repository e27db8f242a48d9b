"""Options that were changed by an amendment, and rival motions on one point, checked at home by the sealed facts."""

from __future__ import annotations

import json
from collections.abc import Mapping
from copy import deepcopy
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest

from coop.events.governance import TariffAdopted
from coop.governance.convening import commands as meetings
from coop.governance.convening import moving
from coop.governance.model import Resolution
from coop.governance.statutes.model import Motions
from coop.kit.database import Database
from coop.verification.athome import WORDS, check_source, seal
from tests.desk import SECRETARY
from tests.governance.assembly import (
    ARTICLES,
    STATUTES,
    TARIFF,
    TOWN,
    admit,
    adopt,
    meeting,
    members,
    only,
    resolution,
    told_with_notices,
)
from tests.governance.moved import AHEAD, ANY, CHEAPER, agenda, close, everybody, findings, propose
from tests.governance.test_challenges import member
from tests.governance.test_options import FIRST as HEAT
from tests.governance.test_options import OTHERS, options, set_day, votes_for
from tests.governance.test_votes_at_home import take

ONE, TWO, THREE, FOUR = members(4)
OTHER = {**TARIFF, "components": [{**HEAT, "price": "32.25"}, *OTHERS]}
TWO_OF_FOUR, THREE_OF_FOUR = votes_for(ONE, TWO), votes_for(ONE, TWO, THREE)
Taken = dict[str, Any]


def begin(database: Database, *points: Resolution, own: Motions = ANY) -> None:
    rules = {kind: replace(rule, quorum=None) for kind, rule in ARTICLES.rules.items()}
    articles = replace(ARTICLES, motions=own, rules={**rules, "tariff": replace(rules["ordinary"], article="art. 14")})
    set_day(database, datetime(2026, 5, 1, 9, tzinfo=UTC))
    with database.write(TOWN, SECRETARY) as tx:
        admit(tx, *members(4))
        adopt(tx, replace(STATUTES, articles=articles))
    set_day(database, datetime(2026, 5, 20, 9, tzinfo=UTC))
    with database.write(TOWN, SECRETARY) as tx:
        meetings.convene_meeting(tx, meeting(*points))
    set_day(database, AHEAD)


def move(database: Database, on: str, member_id: str, parameters: Mapping[str, Any], manner: str) -> None:
    with database.write(TOWN, member(member_id)) as tx:
        moving.make_motion(tx, on, member_id, propose(parameters, manner))


def change_one(database: Database, choice: str, wins: str = "most-votes") -> tuple[str, str]:
    """Two options, of which the first has an amendment; returns the names of that and of the option as changed."""
    begin(database, *options(wins))
    move(database, "low", ONE, CHEAPER, "amendment")
    amendment, changed, *_ = agenda(database)
    votes = {
        amendment.resolution_id: everybody(choice),
        changed.resolution_id: everybody("for"),
        "low": TWO_OF_FOUR,
        "high": THREE_OF_FOUR,
    }
    close(database, votes)
    assert findings(database) == []
    return amendment.resolution_id, changed.resolution_id


def check(taken: Taken) -> list[str]:
    return list(check_source(taken, WORDS["en"]))


def forge(taken: Taken, resolution_id: str, **said: object) -> Taken:
    """Change what the verdict on a point says, under a seal of its own again."""
    forged = deepcopy(taken)
    for fact in (*forged["facts"], *forged["rivals"]):
        if ".resolution-decided." in fact["type"] and fact["subject"].endswith(resolution_id):
            fact["data"] = json.dumps(json.loads(fact["data"]) | said)
            fact["hash"] = seal(fact)
    assert forged != taken
    return forged


def drop(taken: Taken, kind: str, resolution_id: str) -> Taken:
    kept = [each for each in taken["rivals"] if f".{kind}." not in each["type"] or resolution_id not in each["subject"]]
    assert len(kept) < len(taken["rivals"])
    return taken | {"rivals": kept}


def adopted(database: Database) -> list[str]:
    return [each.resolution_id for each in only(told_with_notices(database), TariffAdopted)]


@pytest.mark.parametrize("wins", ["most-votes", "first"])
def test_an_option_as_it_was_changed_is_weighed_in_the_place_of_that_option(embedded: Database, wins: str) -> None:
    _, changed = change_one(embedded, "for", wins)
    assert adopted(embedded) == [changed]
    assert [check(take(embedded, ONE, name)) for name in (changed, "low", "high")] == [[], [], []]


def test_an_option_that_was_not_changed_is_weighed_as_the_notice_had_it(embedded: Database) -> None:
    _, changed = change_one(embedded, "against")
    assert adopted(embedded) == ["high"]  # three votes, where the changed option that was not wanted had four
    assert [check(take(embedded, ONE, name)) for name in (changed, "low", "high")] == [[], [], []]


BEATEN = "Resolution high: of the options under this point this one does not win (votes for: 4, 3)"
UNCLEAR = "Resolution high: of an option here the votes on its amendments do not say whether it was changed"


def test_a_verdict_for_an_option_that_the_changed_one_beats_is_found(embedded: Database) -> None:
    change_one(embedded, "for")
    assert check(forge(take(embedded, ONE, "high"), "high", verdict="adopted")) == [BEATEN]


def test_an_amendment_whose_verdict_is_not_what_its_votes_say_is_found(embedded: Database) -> None:
    amendment, _ = change_one(embedded, "for")
    taken = forge(take(embedded, ONE, "high"), "high", verdict="adopted")
    assert check(forge(taken, amendment, verdict="rejected")) == [UNCLEAR]


def test_an_amendment_of_another_option_that_was_left_out_of_the_file_is_found(embedded: Database) -> None:
    amendment, changed = change_one(embedded, "against")
    taken = take(embedded, ONE, "high")
    missing = ["Resolution high: the fact resolution-decided is missing"]
    assert check(drop(taken, "resolution-decided", amendment)) == missing
    assert check(drop(taken, "resolution-decided", changed)) == missing
    assert check(drop(taken, "motion-admitted", changed)) == ["Resolution high: the fact motion-admitted is missing"]


def rival(database: Database, wins: Any) -> tuple[str, str]:
    """Two motions beside a point that the notice had alone: both reach their majority, and the point does not."""
    begin(database, resolution("tariff", "tariff", TARIFF), own=replace(ANY, wins=wins))
    move(database, "tariff", ONE, CHEAPER, "option")
    move(database, "tariff", TWO, OTHER, "option")
    _, first, second = agenda(database)
    names = first.resolution_id, second.resolution_id
    against = dict.fromkeys(members(4), "against")
    close(database, {"tariff": against, names[0]: THREE_OF_FOUR, names[1]: everybody("for")})
    assert findings(database) == []
    return names


@pytest.mark.parametrize(("wins", "place"), [("first", 0), ("most-votes", 1)])
def test_of_rival_motions_on_one_point_the_one_wins_that_the_statutes_say(
    embedded: Database, wins: str, place: int
) -> None:
    names = rival(embedded, wins)
    assert adopted(embedded) == [names[place]]
    assert [check(take(embedded, ONE, name)) for name in names] == [[], []]
    other = names[1 - place]
    [said] = check(forge(take(embedded, ONE, other), other, verdict="adopted"))
    assert "of the options under this point this one does not win (votes for: 3, 4)" in said


def test_a_rival_motion_of_which_the_file_does_not_tell_how_it_came_is_found(embedded: Database) -> None:
    first, second = rival(embedded, "first")
    taken = take(embedded, ONE, first)
    assert check(drop(taken, "motion-admitted", second)) == ["Dearer: the fact motion-admitted is missing"]
    assert check(drop(taken, "resolution-decided", second)) == ["Dearer: the fact resolution-decided is missing"]
