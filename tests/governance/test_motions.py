"""Amendments, and options beside a point, that are handed in after the notice, and the order of voting on them."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import text

from coop.events.governance import (
    MotionAdmitted,
    MotionBacked,
    MotionHandedIn,
    ResolutionDecided,
    TariffAdopted,
    TariffProposed,
)
from coop.governance.ballots.challenges.counting import count_again
from coop.governance.ballots.challenges.store import list_open_again
from coop.governance.ballots.motions.rules import MOTIONS_MAX, find_dropped, refuse_late
from coop.governance.ballots.store import list_standing
from coop.governance.convening import moving, withdrawals
from coop.governance.convening.challenging import dispute_ruling
from coop.governance.convening.moving import Proposed
from coop.governance.meetings.store import list_tariffs
from coop.governance.statutes.model import Share
from coop.kit.database import Database
from coop.values import BadInput, CoopError
from coop.verification.athome import WORDS, check_source
from tests.desk import SECRETARY
from tests.governance.assembly import (
    ARTICLES,
    HELD,
    TARIFF,
    TOWN,
    cast,
    client,
    confirm,
    only,
    resolution,
    rows,
    told,
    told_with_notices,
)
from tests.governance.moved import (
    AHEAD,
    ANY,
    CHEAPER,
    EVENING,
    FOUR,
    ONE,
    THREE,
    TWO,
    agenda,
    back,
    begin,
    close,
    everybody,
    findings,
    hand_in,
    propose,
)
from tests.governance.test_challenges import member, vote
from tests.governance.test_motions_pages import ENGLISH
from tests.governance.test_options import DEARER, FIRST, OTHERS, set_day
from tests.governance.test_votes_at_home import take
from tests.metering.test_meter_pages import plain


@pytest.mark.parametrize(("choice", "adopted"), [("for", "changed"), ("against", "tariff")])
def test_an_amendment_is_decided_before_what_it_changes(database: Database, choice: str, adopted: str) -> None:
    """The amendment first, then the proposal as changed or as it was: never both."""
    begin(database)
    hand_in(database, motion_id="one")
    assert hand_in(database, motion_id="one") == "one"
    amendment, changed, tariff, talk = agenda(database)
    assert [tariff.resolution_id, talk.resolution_id] == ["tariff", "talk"]
    assert (amendment.amends, changed.amends, changed.amended_by) == ("tariff", "tariff", amendment.resolution_id)
    reasons = close(
        database,
        {
            amendment.resolution_id: everybody(choice),
            changed.resolution_id: everybody("for"),
            "tariff": everybody("for"),
        },
    )
    names = {"changed": changed.resolution_id, "tariff": "tariff"}
    facts = told_with_notices(database)
    assert [each.resolution_id for each in only(facts, TariffAdopted)] == [names[adopted]]
    assert [each.resolution_id for each in only(facts, TariffProposed)] == ["tariff", changed.resolution_id]
    left = {"changed": ("tariff", "amended"), "tariff": (changed.resolution_id, "not-amended")}[adopted]
    assert reasons[left[0]] == left[1]
    assert findings(database) == []
    assert [list(check_source(take(database, ONE, each), WORDS["en"])) for each in names.values()] == [[], []]


def test_the_amendment_that_reaches_furthest_is_voted_on_first(database: Database) -> None:
    """In the order of handing in, unless the chair says that a later one reaches further."""
    begin(database)
    hand_in(database, ONE, propose(DEARER))
    hand_in(database, TWO, propose(CHEAPER))
    first, _, second, _, *_ = agenda(database)
    order = [second.resolution_id, first.resolution_id]
    with pytest.raises(BadInput, match="each amendment"), database.write(TOWN, SECRETARY) as tx:
        moving.set_order(tx, "tariff", order[:1], "said by the chair")
    with database.write(TOWN, SECRETARY) as tx:
        waiting = moving.set_order(tx, "tariff", order, "said by the chair")
    assert agenda(database)[0] == first
    with database.write(TOWN, SECRETARY) as tx:
        confirm(tx, waiting)
    arranged = agenda(database)
    assert [each.resolution_id for each in arranged if each.is_amendment] == order
    reasons = close(database, {each.resolution_id: everybody("for") for each in arranged})
    assert [reasons[each.resolution_id] for each in arranged[:5]] == [
        "majority", "majority", "other-amendment", "not-amended", "amended",
    ]  # fmt: skip
    with database.read(TOWN) as tx:
        assert [each.parameters for each in list_tariffs(tx)] == [CHEAPER]
    assert findings(database) == []


@pytest.mark.parametrize(("ahead", "carried"), [("lapse", 0), ("count", 2)])
def test_votes_that_were_cast_ahead_count_for_a_changed_proposal_as_the_statutes_say(
    database: Database, ahead: Any, carried: int
) -> None:
    begin(database, replace(ANY, ahead=ahead))
    vote(database, "tariff", {ONE: "for", TWO: "against"})
    hand_in(database, THREE)
    [admitted] = only(told(database), MotionAdmitted)
    assert (admitted.ahead, admitted.carried, admitted.article) == (ahead, carried, "art. 19")
    amendment, changed, *_ = agenda(database)
    with database.read(TOWN) as tx:
        assert len(list_standing(tx, changed.resolution_id)) == carried
        assert len(list_standing(tx, "tariff")) == 2
    vote(database, changed.resolution_id, {TWO: "for"})
    close(database, {amendment.resolution_id: everybody("for")})
    [decided] = [
        each for each in only(told(database), ResolutionDecided) if each.resolution_id == changed.resolution_id
    ]
    assert (decided.votes_for, decided.votes_against) == ((2, 0) if carried else (1, 0))
    assert findings(database) == []


def test_another_option_comes_beside_a_point_that_stood_alone(database: Database) -> None:
    begin(database)
    hand_in(database, proposed=propose(manner="option"))
    tariff, _, other = agenda(database)
    assert (tariff.option_of, other.option_of, other.wins) == ("tariff", "tariff", "most-votes")
    hand_in(database, TWO, propose(CHEAPER))
    votes = {other.resolution_id: everybody("for"), "tariff": {ONE: "for", TWO: "for"}}
    reasons = close(database, votes)
    assert (reasons["tariff"], reasons[other.resolution_id]) == ("other-option", "majority")
    assert findings(database) == []
    assert list(check_source(take(database, ONE, other.resolution_id), WORDS["en"])) == []


def test_a_motion_waits_until_enough_back_it(database: Database) -> None:
    begin(database, replace(ANY, members=3))
    motion_id = hand_in(database)
    assert len(agenda(database)) == 2
    assert [back(database, motion_id, each) for each in (TWO, TWO)] == [True, False]
    assert len(agenda(database)) == 2
    assert back(database, motion_id, THREE)
    assert (len(agenda(database)), back(database, motion_id, FOUR)) == (4, False)
    facts = told(database)
    assert [each.backed_by for each in only(facts, MotionHandedIn)] == [(ONE,)]
    assert [each.member_id for each in only(facts, MotionBacked)] == [TWO, THREE]


def test_late_is_late_by_the_server_s_clock_and_names_the_article(database: Database) -> None:
    begin(database)
    set_day(database, datetime(2026, 6, 13, 21, tzinfo=UTC))
    hand_in(database)
    set_day(database, datetime(2026, 6, 14, 9, tzinfo=UTC))
    with pytest.raises(CoopError, match=r"art\. 19\.4 .* 2026-06-13, and at the meeting"):
        hand_in(database, TWO, propose(CHEAPER))
    set_day(database, EVENING)
    hand_in(database, TWO, propose(CHEAPER))
    with pytest.raises(CoopError, match="just now"):
        close(database, {})
    close(database, {}, EVENING + timedelta(minutes=5))
    with pytest.raises(CoopError, match="decided"):
        hand_in(database, THREE, propose(CHEAPER))


def test_the_text_of_the_statutes_does_not_change_once_it_has_to_lie_open() -> None:
    articles = replace(ARTICLES, motions=ANY)
    refuse_late(articles, "tariff", HELD, HELD)
    with pytest.raises(CoopError, match="BW 2:42 lid 2"):
        refuse_late(articles, "statutes", HELD, HELD)
    with pytest.raises(CoopError, match="nobody"):
        refuse_late(ARTICLES, "tariff", HELD, HELD)


@pytest.mark.parametrize(
    ("proposed", "reason"),
    [
        (propose(TARIFF), "word for word"),
        (propose({**DEARER, "valid_from": "soon"}), "date"),
        (propose(manner="smuggle"), "none of"),
        (replace(propose(), subject_nl=" "), "say what"),
    ],
)
def test_what_cannot_be_put_to_the_vote_is_no_motion(database: Database, proposed: Proposed, reason: str) -> None:
    begin(database)
    with pytest.raises(BadInput, match=reason):
        hand_in(database, proposed=proposed)
    assert len(agenda(database)) == 2


def test_one_member_does_not_flood_an_agenda_and_strangers_hand_in_nothing(database: Database) -> None:
    begin(database)
    hand_in(database)
    with pytest.raises(CoopError, match="on this already"):
        hand_in(database, proposed=propose(CHEAPER))
    with pytest.raises(CoopError, match="has a vote"):
        hand_in(database, "m099", propose(CHEAPER))


def test_the_board_and_the_room_hand_in_by_two_people(database: Database) -> None:
    begin(database, replace(ANY, members=0, share=Share(1, 2)))
    with pytest.raises(CoopError, match="more members"), database.write(TOWN, SECRETARY) as tx:
        moving.enter_motion(tx, "tariff", propose(), ["L-001"], "sheet 3")
    with database.write(TOWN, SECRETARY) as tx:
        board = moving.enter_motion(tx, "tariff", propose(), [], "board of 1 June")
        room = moving.enter_motion(tx, "tariff", propose(CHEAPER), ["L-001", "L-002"], "sheet 3")
    assert len(agenda(database)) == 2
    with pytest.raises(CoopError, match="a motion waits"):
        close(database, {})
    set_day(database, AHEAD)
    with database.write(TOWN, SECRETARY) as tx:
        assert (confirm(tx, board), confirm(tx, room)) == (1, 1)
    assert [(each.by_board, each.backed_by) for each in only(told(database), MotionHandedIn)] == [
        (True, ()),
        (False, (ONE, TWO)),
    ]
    close(database, {each.resolution_id: everybody("for") for each in agenda(database)})
    assert findings(database) == []


def test_what_is_withdrawn_takes_its_amendments_along(database: Database) -> None:
    begin(database)
    hand_in(database)
    with database.write(TOWN, SECRETARY) as tx:
        confirm(tx, withdrawals.propose_withdrawal(tx, "alv-1", "not ripe", ["tariff"]))
    assert list(close(database, {"talk": everybody("for")})) == ["talk"]


def test_what_is_disputed_is_voted_again_with_its_amendments(database: Database) -> None:
    begin(database)
    hand_in(database)
    points = agenda(database)
    close(database, {each.resolution_id: everybody("for") for each in points})
    with database.write(TOWN, member(ONE)) as tx:
        dispute_ruling(tx, "tariff", ONE)
    with database.read(TOWN) as tx:
        again = list_open_again(tx)
        assert list_tariffs(tx) == []
    assert len(again) == 3
    for resolution_id in again:
        with database.write(TOWN, SECRETARY) as tx:
            cast(tx, resolution_id, rows(everybody("for")))
    set_day(database, EVENING + timedelta(minutes=6))
    with database.write(TOWN, SECRETARY) as tx:
        count_again(tx, "alv-1")
    with database.read(TOWN) as tx:
        [tariff] = list_tariffs(tx)
    assert (tariff.parameters, tariff.again_of) == (DEARER, points[1].resolution_id)
    assert findings(database) == []


@pytest.mark.parametrize(
    ("forge", "finding"),
    [
        ("UPDATE motion SET content = replace(content, '35.50', '99.50')", "was changed"),
        ("UPDATE resolution SET motion_id = NULL, amends = NULL, amended_by = NULL, kind = 'other'"
         " WHERE kind = 'amendment'", "the notice is not"),
        ("UPDATE resolution SET amends = NULL, amended_by = NULL WHERE amended_by IS NOT NULL", "another way"),
        ("DELETE FROM motion_backing", "who was told"),
    ],
)  # fmt: skip
def test_a_forged_motion_is_found(embedded: Database, forge: str, finding: str) -> None:
    begin(embedded, replace(ANY, ahead="count"))
    vote(embedded, "tariff", {ONE: "for"})
    hand_in(embedded)
    close(embedded, {each.resolution_id: everybody("for") for each in agenda(embedded) if each.is_amendment})
    with embedded.system_write() as sql:
        for guard in sql.scalars(text("SELECT name FROM sqlite_master WHERE type = 'trigger'")).all():
            sql.execute(text(f"DROP TRIGGER {guard}"))
        sql.execute(text(forge))
    assert any(finding in said for said in findings(embedded))


@given(st.lists(st.booleans(), min_size=1, max_size=5))
def test_of_all_that_a_proposal_could_become_one_is_decided(adopted: list[bool]) -> None:
    """Whatever is adopted of the amendments: all but one of the proposal and its changed forms fall away."""
    points = []
    for number in range(len(adopted)):
        points.append(replace(resolution(f"a{number}", "amendment"), amends="p", motion_id="x"))
        points.append(replace(resolution(f"v{number}"), amends="p", amended_by=f"a{number}", motion_id="x"))
    points.append(resolution("p"))
    dropped = find_dropped(points, [f"a{number}" for number, each in enumerate(adopted) if each])
    [left] = {"p", *(f"v{number}" for number in range(len(adopted)))} - dropped.keys()
    assert left == (f"v{adopted.index(True)}" if any(adopted) else "p")


def test_the_twenty_first_motion_on_a_point_is_refused_with_the_bound(embedded: Database) -> None:
    begin(embedded)
    set_day(embedded, EVENING)
    prices = [f"{20 + number}.25" for number in range(MOTIONS_MAX + 1)]
    motions = [propose({**TARIFF, "components": [{**FIRST, "price": price}, *OTHERS]}) for price in prices]
    with embedded.write(TOWN, SECRETARY) as tx:
        for number, proposed in enumerate(motions[:MOTIONS_MAX]):
            confirm(tx, moving.enter_motion(tx, "tariff", proposed, [], f"sheet {number}", f"m-{number}"))
    refused = pytest.raises(CoopError, match="20 motions on this are on the agenda")
    with refused, embedded.write(TOWN, SECRETARY) as tx:
        moving.enter_motion(tx, "tariff", motions[-1], [], "one more", "more")
    assert len({point.motion_id for point in agenda(embedded) if point.motion_id}) == MOTIONS_MAX == 20


def test_minutes_say_who_handed_in_a_motion(embedded: Database, tmp_path: Path) -> None:
    begin(embedded)
    hand_in(embedded, ONE, propose(DEARER, "option"))
    set_day(embedded, EVENING)
    with embedded.write(TOWN, SECRETARY) as tx:
        confirm(tx, moving.enter_motion(tx, "tariff", propose(CHEAPER), [], "board of 1 June"))
    close(embedded, {}, EVENING + timedelta(minutes=6))
    desk = client(embedded, tmp_path, "board")
    points = desk.get("/governance/api/v1/meetings/alv-1/minutes").json()["points"]
    moved = {point["moved"]["manner"]: point["moved"] for point in points if point["moved"]}
    assert moved == {
        "option": {"manner": "option", "by": "L-001", "backers": 1},
        "amendment": {"manner": "amendment", "by": None, "backers": 0},
    }
    page = plain(desk.get("/governance/meetings/alv-1/minutes", headers=ENGLISH).text)
    assert "Handed in by member L-001; backers: 1" in page
    assert "Handed in by the board" in page
    assert desk.get("/governance/meetings/alv-1/minutes.pdf").status_code == 200
