"""Referenda: members ask that all vote on what a meeting adopted, which is suspended until then (BW 2:39 lid 2)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import text, update

from coop.communities.stops import is_stopped
from coop.events.governance import DecisionStopped, ReferendumAsked
from coop.governance.ballots import closing
from coop.governance.ballots.referenda import again
from coop.governance.ballots.referenda.rules import is_enough
from coop.governance.ballots.verify import verify_resolution
from coop.governance.convening import commands as meetings
from coop.governance.convening.challenging import dispute_ruling
from coop.governance.convening.referring import ask_referendum
from coop.governance.convening.stopping import Ruling, propose_stop
from coop.governance.meetings.store import list_tariffs
from coop.governance.model import Resolution
from coop.governance.statutes.judging import judge_articles
from coop.governance.statutes.model import Quorum, Referendum, Rule, Share
from coop.governance.statutes.record import describe_articles
from coop.governance.stops.store import list_stops, map_stops
from coop.governance.tables.referenda import referendum_request
from coop.kit.database import Database
from coop.values import BadInput, CoopError
from coop.verification.athome import WORDS, check_source
from tests.desk import SECRETARY
from tests.governance.assembly import (
    ARTICLES,
    HALF,
    KEY,
    STATUTES,
    TARIFF,
    TOWN,
    admit,
    adopt,
    cast,
    client,
    confirm,
    meeting,
    members,
    only,
    resolution,
    rows,
    share,
    sit_down,
    told,
)
from tests.governance.test_challenges import member, vote
from tests.governance.test_options import set_day
from tests.governance.test_votes_at_home import take
from tests.metering.test_meter_pages import plain

ONE, TWO, THREE, FOUR = members(4)
OWN = Referendum("art. 23", days=14, members=2, share=Share(1, 2), hold_days=60)
RULE = Rule("art. 23.4", HALF, quorum=Quorum("art. 23.3", Share(1, 2), "members"))
HELD = date(2026, 8, 10)


def begin(database: Database, asks: str = "repeal", choice: str = "for") -> None:
    """Four members who adopt a tariff and a key on 24 June, by statutes that know a referendum on tariffs alone."""
    own = Referendum("art. 23", 14, 2, Share(1, 2), asks="confirm" if asks == "confirm" else "repeal", hold_days=60)
    articles = replace(ARTICLES, referenda={"tariff": own}, rules={**ARTICLES.rules, "referendum": RULE})
    set_day(database, datetime(2026, 5, 1, 9, tzinfo=UTC))
    with database.write(TOWN, SECRETARY) as tx:
        admit(tx, *members(4))
        share(tx, "roofs")
        adopt(tx, replace(STATUTES, articles=articles))
    set_day(database, datetime(2026, 5, 20, 9, tzinfo=UTC))
    points = resolution("tariff", "tariff", TARIFF), resolution("key", "allocation-key", KEY)
    with database.write(TOWN, SECRETARY) as tx:
        meetings.convene_meeting(tx, meeting(*points))
    set_day(database, datetime(2026, 6, 24, 18, tzinfo=UTC))
    with database.write(TOWN, SECRETARY) as tx:
        cast(tx, "tariff", rows({ONE: "against", TWO: choice, THREE: "for", FOUR: "for"}))
        cast(tx, "key", rows(dict.fromkeys(members(4), "for")))
    with database.write(TOWN, SECRETARY) as tx:
        closing.close_meeting(tx, "alv-1")
    set_day(database, datetime(2026, 6, 25, 9, tzinfo=UTC))


def ask(database: Database, member_id: str, resolution_id: str = "tariff") -> bool:
    with database.write(TOWN, member(member_id)) as tx:
        return ask_referendum(tx, resolution_id, member_id)


def point(asks: str = "repeal", decision: str = "tariff") -> Resolution:
    return resolution("ref", "referendum", {"decision": decision, "of_kind": decision, "asks": asks})


def hold(database: Database, votes: Mapping[str, str], asks: str = "repeal") -> None:
    """The referendum, at a meeting of its own, by ballots in the members' own sessions."""
    with database.write(TOWN, SECRETARY) as tx:
        convened = meeting(point(asks), meeting_id="alv-2", held_on=HELD, convened_on=tx.today)
        meetings.convene_meeting(tx, convened)
    set_day(database, datetime(2026, 8, 10, 16, tzinfo=UTC))
    vote(database, "ref", votes)
    with database.write(TOWN, SECRETARY) as tx:
        closing.close_meeting(tx, "alv-2")


def findings(database: Database, *names: str) -> list[str]:
    with database.read(TOWN) as tx:
        return [said for name in names for said in verify_resolution(tx, name).findings]


def holds(database: Database) -> bool:
    with database.read(TOWN) as tx:
        return [each.resolution_id for each in list_tariffs(tx)] == ["tariff"]


def test_a_decision_is_suspended_with_the_request_that_makes_enough_and_not_before(database: Database) -> None:
    begin(database)
    assert (ask(database, ONE), ask(database, ONE), holds(database)) == (True, False, True)
    assert ask(database, TWO)
    assert not holds(database)
    with pytest.raises(CoopError) as refused:
        ask(database, THREE)
    assert refused.value.code == "referendum-asked"
    facts = told(database)
    assert [(each.member_id, each.members_asking, each.granted) for each in only(facts, ReferendumAsked)] == [
        (ONE, 1, False), (TWO, 2, True),
    ]  # fmt: skip
    [fact] = only(facts, DecisionStopped)
    assert (fact.manner, fact.from_on, fact.stopped_on, fact.paper) == (
        "referendum", date(2027, 1, 1), date(2026, 6, 25), "art. 23",
    )  # fmt: skip
    assert findings(database, "tariff", "key") == []


@pytest.mark.parametrize(
    ("asks", "votes", "stands"),
    [
        ("repeal", {ONE: "for", TWO: "for", THREE: "against"}, False),
        ("repeal", {ONE: "for", THREE: "against"}, True),
        ("repeal", {ONE: "for"}, True),  # one of four: no quorum
        ("confirm", {ONE: "for", TWO: "for", THREE: "against"}, True),
        ("confirm", {ONE: "for", THREE: "against"}, False),
    ],
    ids=["falls", "tie", "quorum", "confirmed", "unconfirmed"],
)
def test_the_outcome_lets_the_decision_act_again_or_fall(
    embedded: Database, asks: str, votes: dict[str, str], stands: bool
) -> None:
    begin(embedded, asks)
    ask(embedded, ONE)
    ask(embedded, TWO)
    hold(embedded, votes, asks)
    assert holds(embedded) is stands
    stops = only(told(embedded), DecisionStopped)
    assert [each.manner for each in stops] == ["referendum", "restored" if stands else "repealed"]
    assert stops[-1].stop_id == "ref"
    assert findings(embedded, "tariff", "key", "ref") == []
    assert [list(check_source(take(embedded, ONE, name), WORDS["en"])) for name in ("tariff", "ref")] == [[], []]


def test_nobody_asks_too_late_or_without_a_vote_or_on_what_the_statutes_do_not_name(embedded: Database) -> None:
    begin(embedded)
    with embedded.write(TOWN, SECRETARY) as tx:
        admit(tx, "m009", joined_on=date(2026, 6, 25), told_at=tx.now)
    for member_id, name, code in ((ONE, "key", "no-rule"), ("m009", "tariff", "no-vote")):
        with pytest.raises(CoopError) as refused:
            ask(embedded, member_id, name)
        assert refused.value.code == code
    set_day(embedded, datetime(2026, 7, 8, 21, 59, tzinfo=UTC))  # the last minute of the fourteenth day
    assert ask(embedded, ONE)
    set_day(embedded, datetime(2026, 7, 8, 22, tzinfo=UTC))
    with pytest.raises(CoopError, match="until 2026-07-08"):
        ask(embedded, TWO)
    assert holds(embedded)


def test_what_was_rejected_has_no_referendum(embedded: Database) -> None:
    begin(embedded, choice="against")  # two of four: the tariff asks two thirds
    with pytest.raises(CoopError) as refused:
        ask(embedded, ONE)
    assert refused.value.code == "not-adopted"


def test_a_notice_puts_no_other_question_to_the_vote_than_was_asked(embedded: Database) -> None:
    begin(embedded)

    def convene(of: Resolution, meeting_id: str) -> list[str]:
        try:
            with embedded.write(TOWN, SECRETARY) as tx:
                meetings.convene_meeting(tx, meeting(of, meeting_id=meeting_id, held_on=HELD, convened_on=tx.today))
        except BadInput as bad:
            return [each.field for each in bad.problems]
        return []

    assert convene(point(), "early") == ["ref.parameters.decision"]
    ask(embedded, ONE)
    ask(embedded, TWO)
    assert convene(point("confirm"), "other") == ["ref.parameters.asks"]
    assert convene(point(decision="key"), "key") == ["ref.parameters.decision"]
    assert convene(point(), "alv-2") == []
    assert convene(replace(point(), resolution_id="ref-2"), "alv-3") == ["ref-2.parameters.decision"]


def test_a_disputed_outcome_suspends_the_decision_again_until_the_new_vote(embedded: Database) -> None:
    begin(embedded)
    ask(embedded, ONE)
    ask(embedded, TWO)
    hold(embedded, {ONE: "for", THREE: "against"})
    assert holds(embedded)
    for member_id in (ONE, THREE):
        with embedded.write(TOWN, member(member_id)) as tx:
            dispute_ruling(tx, "ref", member_id)
    assert not holds(embedded)
    assert findings(embedded, "tariff", "ref") == []


def test_the_end_of_a_court_s_suspension_does_not_end_that_of_a_referendum(embedded: Database) -> None:
    begin(embedded)
    ask(embedded, ONE)
    ask(embedded, TWO)
    for manner in ("suspended", "resumed"):
        with embedded.write(TOWN, SECRETARY) as tx:
            confirm(tx, propose_stop(tx, "tariff", Ruling(manner, date(2026, 6, 25)), "C/13/1"))
    with embedded.read(TOWN) as tx:
        assert is_stopped(map_stops(tx)["tariff"], date(2027, 2, 1))
        assert [each.manner for each in list_stops(tx, "tariff")] == ["referendum", "suspended", "resumed"]
    assert findings(embedded, "tariff") == []


FORGERIES: dict[str, tuple[dict[str, object], str]] = {
    "another": ({"member_id": THREE}, "who asked a referendum on it is not who was told"),
    "granted": ({"is_granted": True}, "who asked a referendum on it is not who was told"),
}


@pytest.mark.parametrize("name", list(FORGERIES))
def test_a_request_that_was_changed_is_found(embedded: Database, name: str) -> None:
    begin(embedded)
    ask(embedded, ONE)
    values, said = FORGERIES[name]
    with embedded.system_write() as sql:
        sql.execute(text("DROP TRIGGER referendum_request_holds"))
        sql.execute(update(referendum_request).values(values))
    assert findings(embedded, "tariff") == [f"resolution tariff: {said}"]


WEIGHTS = st.dictionaries(st.sampled_from(members(8)), st.integers(0, 4), min_size=1)
RIGHTS = st.builds(
    Referendum,
    st.just("23"),
    st.just(14),
    st.integers(1, 5),
    st.none() | st.builds(Share, st.integers(0, 4), st.integers(4, 8), st.booleans()),
    st.sampled_from(["members", "votes"]),
)


@given(WEIGHTS, st.sets(st.sampled_from(members(8))), RIGHTS)
def test_enough_is_reckoned_alike_by_who_takes_requests_and_by_who_verifies(
    votes: dict[str, int], asking: set[str], own: Referendum
) -> None:
    record = describe_articles(replace(ARTICLES, referenda={"tariff": own}))["referenda"]["tariff"]
    weights = [votes[each] for each in asking if votes.get(each)]
    assert is_enough(own, asking, votes) == again._is_enough(record, weights, votes)


def test_statutes_give_members_a_day_at_least() -> None:
    own = replace(OWN, days=0, members=0, share=Share(1, 1, above=True))
    problems = judge_articles(replace(ARTICLES, referenda={"tariff": own, "nothing": OWN}), ["tariff", *ARTICLES.rules])
    assert sorted(each.field for each in problems) == [
        "referenda.nothing", "referenda.tariff.days", "referenda.tariff.members", "referenda.tariff.share",
    ]  # fmt: skip


def test_members_ask_on_the_page_and_the_board_convenes_from_it(embedded: Database, tmp_path: Path) -> None:
    begin(embedded)
    page = "/governance/resolutions/tariff/referendum"
    desk = client(embedded, tmp_path, "member", member_id=ONE)
    assert "Referendum hierover (vragen tot en met 8 juli 2026)" in plain(
        desk.get("/governance/resolutions/tariff", params={"lang": "nl"}).text
    )
    assert "Ik vraag hierover een referendum" in plain(desk.get(page).text)
    assert desk.post(page, follow_redirects=False).status_code == 303
    assert "U hebt het gevraagd" in plain(desk.get(page).text)
    assert "kennen hierover geen referendum" in plain(desk.get("/governance/resolutions/key/referendum").text)
    sit_down(desk, "account-2", "member", member_id=TWO)
    answer = desk.post("/governance/api/v1/resolutions/tariff/referendum").json()
    assert (answer["members_needed"], answer["votes_needed"]) == (2, None)
    assert (answer["members_asking"], answer["granted_on"], answer["hold_by"], answer["outcome"]) == (
        2, "2026-06-25", "2026-08-24", None,
    )  # fmt: skip
    said = plain(desk.get("/governance/resolutions/tariff").text)
    assert "Aangenomen, en geschorst tot de leden een referendum hebben gehouden" in said
    assert "aangenomen, wacht op een referendum" in plain(desk.get("/governance/").text)
    sit_down(desk, "account-3", "board")
    assert "Roep het referendum bijeen dat leden vroegen" in plain(desk.get("/governance/cards/waiting").text)
    form = desk.get("/governance/meetings/new", params={"kind": "referendum"}).text
    assert 'value="tariff tariff repeal"' in form
    assert desk.post(page).status_code == 403
