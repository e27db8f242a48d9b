"""Options of each other: at most one is adopted, by the rule that the notice set."""

from __future__ import annotations

import json
from copy import deepcopy
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import update

from coop.demo.tariffs import components
from coop.events.governance import ResolutionDecided, TariffAdopted
from coop.governance.ballots import closing
from coop.governance.ballots.options import Option, find_beaten
from coop.governance.ballots.verify import verify_resolution
from coop.governance.convening import commands as meetings
from coop.governance.minutes.taking_home import take_vote
from coop.governance.model import Resolution
from coop.governance.statutes.model import Articles, Casting, Tie
from coop.governance.tables.meetings import decision
from coop.kit import journal
from coop.kit.database import Database
from coop.values import BadInput, hash_parameters
from coop.verification.athome import WORDS, check_source, seal
from tests.desk import SECRETARY
from tests.governance.assembly import (
    ARTICLES,
    STATUTES,
    TARIFF,
    TOWN,
    admit,
    adopt,
    cast,
    client,
    live,
    meeting,
    members,
    resolution,
    rows,
    speak,
    told,
)
from tests.governance.test_convening_pages import FILLED, PAGE, ROWS
from tests.kit.clocks import SetClock
from tests.metering.test_meter_pages import plain

FIRST, *OTHERS = components("34.50", "480.00", "30.00", "110.00", "0.21")
DEARER = {**TARIFF, "components": [{**FIRST, "price": "35.50"}, *OTHERS]}


def set_day(database: Database, day: datetime) -> None:
    clock = database.clock
    assert isinstance(clock, SetClock)
    clock.set(day)


def options(wins: str = "most-votes") -> tuple[Resolution, Resolution]:
    one, two = resolution("low", "tariff", TARIFF), resolution("high", "tariff", DEARER)
    return replace(one, option_of="2027", wins=wins), replace(two, option_of="2027", wins=wins)


def decide(database: Database, votes: dict[str, dict[str, str]], wins: str, said: dict[str, str]) -> None:
    with database.write(TOWN, SECRETARY) as tx:
        meetings.convene_meeting(tx, meeting(*options(wins)))
    set_day(database, datetime(2026, 6, 24, 18, tzinfo=UTC))
    for resolution_id, choices in votes.items():
        with database.write(TOWN, SECRETARY) as tx:
            cast(tx, resolution_id, rows(choices))
    with database.write(TOWN, SECRETARY) as tx:
        if said:
            speak(tx, "chair", said)
        closing.close_meeting(tx, "alv-1")


def begin(database: Database, tie: Tie = "rejects") -> None:
    rules = {kind: replace(rule, tie=tie, quorum=None) for kind, rule in ARTICLES.rules.items()}
    articles: Articles = replace(ARTICLES, rules={**rules, "tariff": replace(rules["ordinary"], article="art. 14")})
    set_day(database, datetime(2026, 5, 1, 9, tzinfo=UTC))
    with database.write(TOWN, SECRETARY) as tx:
        admit(tx, *members(4))
        adopt(tx, replace(STATUTES, articles=articles))
    set_day(database, datetime(2026, 5, 20, 9, tzinfo=UTC))


def votes_for(*names: str) -> dict[str, str]:
    return {name: "for" if name in names else "blank" for name in members(4)}


THREE, ALL = votes_for("m001", "m002", "m003"), votes_for(*members(4))


@pytest.mark.parametrize(
    ("low", "high", "wins", "adopted"),
    [
        (THREE, ALL, "most-votes", ["high"]),
        (ALL, THREE, "most-votes", ["low"]),
        (THREE, ALL, "first", ["low"]),
        (dict.fromkeys(members(4), "against"), THREE, "first", ["high"]),
        (ALL, ALL, "most-votes", []),
    ],
)
def test_at_most_one_option_is_adopted_and_acts(
    embedded: Database, low: dict[str, str], high: dict[str, str], wins: str, adopted: list[str]
) -> None:
    begin(embedded)
    decide(embedded, {"low": low, "high": high}, wins, {})
    facts = told(embedded)
    assert [fact.resolution_id for fact in facts if isinstance(fact, TariffAdopted)] == adopted
    verdicts = {fact.resolution_id: fact.verdict for fact in facts if isinstance(fact, ResolutionDecided)}
    assert [name for name, verdict in verdicts.items() if verdict == "adopted"] == adopted
    with embedded.read(TOWN) as tx:
        assert [verify_resolution(tx, name).findings for name in ("low", "high")] == [(), ()]


def test_a_tie_between_options_is_broken_as_the_statutes_say(embedded: Database) -> None:
    begin(embedded, tie="chair")
    decide(embedded, {"low": ALL, "high": ALL}, "most-votes", {"low": "against", "high": "for"})
    assert [fact.resolution_id for fact in told(embedded) if isinstance(fact, TariffAdopted)] == ["high"]
    with embedded.read(TOWN) as tx:
        assert [verify_resolution(tx, name).findings for name in ("low", "high")] == [(), ()]


def take(database: Database, resolution_id: str) -> dict[str, Any]:
    with database.system_write() as sql:
        journal.seal(sql)
    with database.read(TOWN) as tx:
        taken: dict[str, Any] = json.loads(take_vote(tx, resolution_id, None, "en"))
    return taken


def forge(taken: dict[str, Any], kind: str, **said: object) -> dict[str, Any]:
    """Change what the facts of a kind say beside a vote, each under a seal of its own again."""
    for fact in (each for each in taken["rivals"] if f".{kind}." in each["type"]):
        fact["data"] = json.dumps(json.loads(fact["data"]) | said)
        fact["hash"] = seal(fact)
    return taken


def test_at_home_a_tie_of_options_is_the_chair_s_by_the_sealed_word_alone(embedded: Database) -> None:
    begin(embedded, tie="chair")
    decide(embedded, {"low": ALL, "high": ALL}, "most-votes", {"low": "against", "high": "for"})
    taken = take(embedded, "high")
    assert list(check_source(taken, WORDS["en"])) == []
    beaten = ["Resolution high: of the options under this point this one does not win (votes for: 4, 4)"]
    assert list(check_source(forge(deepcopy(taken), "word-given", says="for"), WORDS["en"])) == beaten
    fewer = forge(deepcopy(taken), "resolution-decided", votes_for=3, votes_blank=1)
    assert list(check_source(fewer, WORDS["en"])) == []
    gone = taken | {"rivals": [each for each in taken["rivals"] if ".resolution-decided." not in each["type"]]}
    assert list(check_source(gone, WORDS["en"])) == ["Resolution high: the fact resolution-decided is missing"]


def test_at_home_the_rule_of_the_notice_says_which_option_wins(embedded: Database) -> None:
    begin(embedded)
    decide(embedded, {"low": THREE, "high": ALL}, "first", {})
    assert list(check_source(take(embedded, "low"), WORDS["en"])) == []
    forged = take(embedded, "high")
    for fact in (each for each in forged["facts"] if ".resolution-decided." in each["type"]):
        fact["data"] = json.dumps(json.loads(fact["data"]) | {"verdict": "adopted"})
        fact["hash"] = seal(fact)
    beaten = "Resolution high: of the options under this point this one does not win (votes for: 3, 4)"
    assert list(check_source(forged, WORDS["en"])) == [beaten]


def test_a_lot_between_options_falls_on_one_and_falls_the_same_when_it_is_drawn_again(embedded: Database) -> None:
    begin(embedded, tie="lot")
    decide(embedded, {"low": ALL, "high": ALL}, "most-votes", {})
    assert len([fact for fact in told(embedded) if isinstance(fact, TariffAdopted)]) == 1
    with embedded.read(TOWN) as tx:
        assert [verify_resolution(tx, name).findings for name in ("low", "high")] == [(), ()]


def test_two_tariffs_from_one_day_are_never_both_put_to_the_vote_as_if_both_could_hold(database: Database) -> None:
    live(database, until="convene")
    one, two = (replace(point, option_of="", wins="") for point in options())
    with database.write(TOWN, SECRETARY) as tx, pytest.raises(BadInput, match="settles the same"):
        meetings.convene_meeting(tx, meeting(one, two))
    with database.write(TOWN, SECRETARY) as tx, pytest.raises(BadInput, match="settles the same"):
        meetings.convene_meeting(tx, meeting(*options()[:1], replace(two, option_of="other", wins="first")))


@pytest.mark.parametrize(("option_of", "wins"), [("2027", ""), ("2027", "loudest"), ("", "first")])
def test_options_say_beforehand_which_one_wins(database: Database, option_of: str, wins: str) -> None:
    live(database, until="convene")
    point = replace(options()[0], option_of=option_of, wins=wins)
    with database.write(TOWN, SECRETARY) as tx, pytest.raises(BadInput) as refused:
        meetings.convene_meeting(tx, meeting(point))
    assert [problem.field for problem in refused.value.problems] == ["low.wins"]


def test_options_are_of_one_kind_with_one_rule(database: Database) -> None:
    live(database, until="convene")
    for other in (replace(resolution("x"), option_of="2027", wins="most-votes"), replace(options()[1], wins="first")):
        with database.write(TOWN, SECRETARY) as tx, pytest.raises(BadInput, match="of one kind"):
            meetings.convene_meeting(tx, meeting(options()[0], other))


def test_of_two_meetings_on_one_day_the_later_tariff_from_the_same_day_falls_away(embedded: Database) -> None:
    begin(embedded)
    for number, parameters in enumerate((TARIFF, DEARER), start=1):
        set_day(embedded, datetime(2026, 5, 20, 9 + number, tzinfo=UTC))
        with embedded.write(TOWN, SECRETARY) as tx:
            point = resolution(f"t{number}", "tariff", parameters)
            meetings.convene_meeting(tx, meeting(point, meeting_id=f"alv-{number}"))
    set_day(embedded, datetime(2026, 6, 24, 18, tzinfo=UTC))
    for number in (1, 2):
        with embedded.write(TOWN, SECRETARY) as tx:
            cast(tx, f"t{number}", rows(ALL), meeting_id=f"alv-{number}")
        with embedded.write(TOWN, SECRETARY) as tx:
            closing.close_meeting(tx, f"alv-{number}")
    assert [fact.resolution_id for fact in told(embedded) if isinstance(fact, TariffAdopted)] == ["t1"]
    with embedded.read(TOWN) as tx:
        assert verify_resolution(tx, "t2").findings == ()


def test_a_winner_that_was_changed_in_the_database_is_found(embedded: Database) -> None:
    begin(embedded)
    decide(embedded, {"low": THREE, "high": ALL}, "most-votes", {})
    with embedded.system_write() as sql:
        triggers = sql.exec_driver_sql("SELECT name FROM sqlite_master WHERE type = 'trigger'").scalars().all()
        for name in triggers:
            if "decision" in name:
                sql.exec_driver_sql(f'DROP TRIGGER "{name}"')
        sql.execute(
            update(decision).where(decision.c.resolution_id == "low").values(verdict="adopted", reason="majority")
        )
        sql.execute(
            update(decision).where(decision.c.resolution_id == "high").values(verdict="rejected", reason="other-option")
        )
    with embedded.read(TOWN) as tx:
        for name in ("low", "high"):
            assert any("another verdict" in finding for finding in verify_resolution(tx, name).findings)


def test_the_form_joins_options_and_the_page_says_who_wins(embedded: Database, tmp_path: Path) -> None:
    live(embedded, until="convene")
    set_day(embedded, datetime(2026, 6, 1, 9, tzinfo=UTC))
    board = client(embedded, tmp_path, "board")
    first = {name: value for name, value in FILLED.items() if name.startswith("1.") or "." not in name}
    second = {f"2.{name[2:]}": value for name, value in {**ROWS, **first}.items() if name.startswith("1.")}
    filled = first | second | {"2.subject_nl": "Hoger tarief", "2.components.0.price": "35,00", "2.wins": "most-votes"}
    look = plain(board.post(PAGE, params={"lang": "nl"}, data=filled | {"act": "look"}).text)
    assert "Hoogstens één hiervan wordt aangenomen" in look
    kept = board.post(PAGE, data=filled | {"act": "keep"})
    assert kept.url.path == "/governance/meetings/alv-2026-06-24"
    page = plain(board.get("/governance/resolutions/alv-2026-06-24-1", params={"lang": "nl"}).text)
    assert "Andere opties" in page
    assert "Hoger tarief" in page
    assert "art. 14.2" in page
    answer = board.get("/governance/api/v1/resolutions/alv-2026-06-24-2").json()
    assert (answer["option_of"], answer["wins"]) == ("alv-2026-06-24-1", "most-votes")


@given(
    st.lists(st.tuples(st.booleans(), st.integers(0, 4), st.sampled_from(("", "for", "against"))), max_size=5),
    st.sampled_from(("most-votes", "first")),
    st.sampled_from(("rejects", "chair", "lot")),
)
def test_a_second_calculation_names_the_same_winner(
    drawn: list[tuple[bool, int, Casting]], wins: str, tie: Tie
) -> None:
    weighed = [Option(f"o{n}", *each, ballots_hash=f"{n:064d}") for n, each in enumerate(drawn)]
    beaten = find_beaten(weighed, wins, tie)
    left = [each.resolution_id for each in weighed if each.is_reached and each.resolution_id not in beaten]
    assert left == expect_winner(weighed, wins, tie)


def expect_winner(weighed: list[Option], wins: str, tie: Tie) -> list[str]:
    """The winner by trying every option against every other: nobody it does not beat may be left."""

    def beats(one: Option, other: Option) -> bool:
        if wins == "first":
            return weighed.index(one) < weighed.index(other)
        if one.votes_for != other.votes_for:
            return one.votes_for > other.votes_for
        if tie == "chair":
            return one.casting == "for" != other.casting
        if tie == "lot":
            lots = [hash_parameters(["lot", each.resolution_id, each.ballots_hash]) for each in (one, other)]
            return lots[0] < lots[1]
        return False

    reached = [each for each in weighed if each.is_reached]
    return [one.resolution_id for one in reached if all(other is one or beats(one, other) for other in reached)]
