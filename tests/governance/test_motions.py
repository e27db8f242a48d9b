"""Amendments, and options beside a point, that are handed in after the notice, and the order of voting on them."""

from __future__ import annotations

from collections.abc import Mapping
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
from coop.governance.ballots import closing
from coop.governance.ballots.challenges.counting import count_again
from coop.governance.ballots.challenges.store import list_open_again
from coop.governance.ballots.motions.rules import MOTIONS_MAX, find_dropped, refuse_late
from coop.governance.ballots.store import list_standing
from coop.governance.ballots.verify import verify_resolution
from coop.governance.convening import commands as meetings
from coop.governance.convening import moving, withdrawals
from coop.governance.convening.challenging import dispute_ruling
from coop.governance.convening.moving import Proposed
from coop.governance.meetings.store import find_meeting, list_tariffs
from coop.governance.model import Resolution
from coop.governance.statutes.model import Motions, Share, Term
from coop.kit.database import Database
from coop.values import BadInput, CoopError
from coop.verification.athome import WORDS, check_source
from tests.desk import SECRETARY
from tests.governance.assembly import (
    ARTICLES,
    HELD,
    STATUTES,
    TARIFF,
    TOWN,
    admit,
    adopt,
    cast,
    client,
    confirm,
    confirm_over_http,
    meeting,
    members,
    only,
    resolution,
    rows,
    sit_down,
    told,
    told_with_notices,
)
from tests.governance.test_challenges import member, vote
from tests.governance.test_convening_pages import ROWS
from tests.governance.test_options import DEARER, FIRST, OTHERS, set_day
from tests.governance.test_votes_at_home import take
from tests.metering.test_meter_pages import plain

ONE, TWO, THREE, FOUR = members(4)
ENGLISH, DUTCH = {"Accept-Language": "en"}, {"Accept-Language": "nl"}
AHEAD = datetime(2026, 6, 1, 9, tzinfo=UTC)
EVENING = datetime(2026, 6, 24, 18, tzinfo=UTC)
CHEAPER = {**TARIFF, "components": [{**FIRST, "price": "33.50"}, *OTHERS]}
ANY = Motions("art. 19", Term("art. 19.4", 10), at_meeting=True)


def propose(parameters: Mapping[str, Any] = DEARER, manner: str = "amendment") -> Proposed:
    return Proposed(manner, "Duurder", "Dearer", parameters)


def begin(database: Database, own: Motions | None = ANY) -> None:
    """Four members, statutes that let members hand in motions, and a meeting on a tariff."""
    set_day(database, datetime(2026, 5, 1, 9, tzinfo=UTC))
    with database.write(TOWN, SECRETARY) as tx:
        admit(tx, *members(4))
        adopt(tx, replace(STATUTES, articles=replace(ARTICLES, motions=own)))
    set_day(database, datetime(2026, 5, 20, 9, tzinfo=UTC))
    with database.write(TOWN, SECRETARY) as tx:
        meetings.convene_meeting(tx, meeting(resolution("tariff", "tariff", TARIFF), resolution("talk")))
    set_day(database, AHEAD)


def hand_in(database: Database, member_id: str = ONE, proposed: Proposed | None = None, motion_id: str = "") -> str:
    """A motion on the tariff from a member's own session; returns its id."""
    with database.write(TOWN, member(member_id)) as tx:
        made = moving.make_motion(tx, "tariff", member_id, proposed or propose(), motion_id)
    return made.motion_id


def back(database: Database, motion_id: str, member_id: str) -> bool:
    with database.write(TOWN, member(member_id)) as tx:
        return moving.join_motion(tx, "tariff", motion_id, member_id)


def agenda(database: Database) -> list[Resolution]:
    with database.read(TOWN) as tx:
        found = find_meeting(tx, "alv-1")
    assert found is not None
    return list(found.resolutions)


def close(database: Database, votes: Mapping[str, Mapping[str, str]], at: datetime = EVENING) -> dict[str, str]:
    """Ballots of the room by point, and the closing; returns the reason of each verdict."""
    set_day(database, at)
    for resolution_id, choices in votes.items():
        with database.write(TOWN, SECRETARY) as tx:
            cast(tx, resolution_id, rows(dict(choices)))
    with database.write(TOWN, SECRETARY) as tx:
        decided = closing.close_meeting(tx, "alv-1")
    return {each.resolution.resolution_id: each.verdict.reason for each in decided}


def findings(database: Database) -> list[str]:
    with database.read(TOWN) as tx:
        return [said for point in agenda(database) for said in verify_resolution(tx, point.resolution_id).findings]


def everybody(choice: str) -> dict[str, str]:
    return dict.fromkeys(members(4), choice)


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


def test_a_member_changes_a_proposal_on_the_page_and_another_backs_it(embedded: Database, tmp_path: Path) -> None:
    """From the form that shows the proposal as it is, by a member who backs it, to the votes; strangers see no form."""
    begin(embedded, replace(ANY, members=2, ahead="count"))
    desk = client(embedded, tmp_path, "member", member_id=ONE)
    page = "/governance/resolutions/tariff/motions"
    assert "2026-06-13" not in plain(desk.get(page).text)
    assert "Nothing was handed in" in plain(desk.get(page, headers=ENGLISH).text)
    shown = desk.get(f"{page}/new", headers=ENGLISH).text
    assert all(f'value="{said}"' in shown for said in ("2027-01-01", "34,50", "480,00"))
    filled = {**ROWS, "1.kind": "tariff", "1.valid_from": "2027-01-01", "motion_id": "form-1"}
    filled |= {"manner": "amendment", "1.subject_nl": "Een euro erbij", "1.components.0.price": "35,50"}
    refused = desk.post(f"{page}/new", data={**filled, "1.components.0.price": "veel"}, headers=ENGLISH)
    assert (refused.status_code, 'aria-invalid="true"' in refused.text) == (422, True)
    for _ in range(2):
        assert desk.post(f"{page}/new", data=filled, follow_redirects=False).status_code == 303
    sit_down(desk, "account-m002", "member", member_id=TWO)
    said = plain(desk.get(page, headers=DUTCH).text)
    assert "wacht op leden die het steunen" in said
    assert "Een euro erbij" in said
    [listed] = desk.get("/governance/api/v1/resolutions/tariff/motions").json()["motions"]
    assert (listed["members"], listed["is_admitted"], listed["backed"]) == (1, False, False)
    desk.post(f"{page}/join", data={"motion_id": listed["motion_id"]})
    amendment, changed, *_ = agenda(embedded)
    assert changed.parameters["components"][0]["price"] == "35.50"
    for resolution_id, sentence in (
        ("tariff", "Iemand wil dit wijzigen"),
        (amendment.resolution_id, "Eerst wordt gestemd of het voorstel zo wordt gewijzigd"),
        (changed.resolution_id, "telt een stem die eerder is uitgebracht"),
    ):
        assert sentence in plain(desk.get(f"/governance/resolutions/{resolution_id}", headers=DUTCH).text)
    sit_down(desk, "account-9", "partner")
    assert desk.post(f"{page}/new", data=filled).status_code == 403


def test_programs_hand_in_back_and_order(embedded: Database, tmp_path: Path) -> None:
    begin(embedded)
    desk = client(embedded, tmp_path, "board")
    base = "/governance/api/v1/resolutions/tariff"
    said = {"manner": "option", "subject_nl": "Goedkoper", "subject_en": "Cheaper", "parameters": CHEAPER}
    entered = desk.post(f"{base}/motion-entries", json={**said, "paper": "board of 1 June"}).json()
    assert (entered["kind"], entered["state"]) == ("motion", "waits")
    assert "Confirm a motion" in plain(
        sit_down(desk, "account-2", "board").get("/governance/cards/waiting", headers=ENGLISH).text
    )
    confirm_over_http(desk, entered["entry_id"])
    sit_down(desk, "account-m001", "member", member_id=ONE)
    made = {**said, "manner": "amendment", "parameters": DEARER, "motion_id": "mine"}
    first, second = (desk.post(f"{base}/motions", json=made).json() for _ in range(2))
    assert first == second
    assert [each["by_board"] for each in first["motions"]] == [False, True]
    assert [len(each["points"]) for each in first["motions"]] == [2, 1]
    late = desk.post(f"{base}/motions", json={**made, "motion_id": "again"})
    assert (late.status_code, late.json()["code"]) == (409, "motion-twice")
    assert desk.post(f"{base}/motion-entries", json={**said, "paper": "x"}).status_code == 403
    sit_down(desk, "account-m002", "member", member_id=TWO)
    elsewhere = desk.post("/governance/api/v1/resolutions/talk/motions/join", json={"motion_id": "mine"})
    assert (elsewhere.status_code, elsewhere.json()["code"]) == (404, "not-found")


def test_thousands_of_digits_are_refused_as_any_other_nonsense(embedded: Database, tmp_path: Path) -> None:
    begin(embedded)
    desk, many = client(embedded, tmp_path, "board"), "9" * 5000
    order = desk.post("/governance/resolutions/tariff/motions/order", data={f"place {ONE}": many, "paper": "list"})
    point = desk.post("/governance/meetings/new", data={f"{many}.kind": "text"})
    assert (order.status_code, point.status_code) == (422, 422)


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
