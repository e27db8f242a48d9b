"""Mandates: given and revoked by the member alone, ended by their own vote, cast alike by whoever holds them."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import text

from coop.events.governance import MandateEnded, MandateGiven
from coop.governance.ballots import closing
from coop.governance.ballots import commands as ballots
from coop.governance.ballots.attendance import commands as attendance
from coop.governance.ballots.attendance.commands import Arrival
from coop.governance.ballots.mandates import commands as mandates
from coop.governance.ballots.mandates.store import list_mandates
from coop.governance.ballots.store import list_standing
from coop.governance.ballots.verify import verify_resolution
from coop.governance.statutes.model import Proxies
from coop.kit.actor import Actor
from coop.kit.database import Database
from coop.values import BadInput, CoopError
from tests.desk import SECRETARY
from tests.governance.assembly import (
    ARTICLES,
    SECOND,
    TOWN,
    cast,
    client,
    confirm,
    only,
    rows,
    sit_down,
    told_with_notices,
)
from tests.governance.test_attendance import EVENING, PAGE, at, begin, there
from tests.metering.test_meter_pages import plain

BEFORE = datetime(2026, 6, 10, 9, tzinfo=UTC)
MEMBER = Actor("account", "member-1", "page")


@pytest.fixture
def convened(database: Database) -> Database:
    """Six members and a meeting two weeks ahead; the statutes let everybody hold two mandates."""
    begin(database, ARTICLES, 6)
    at(database, BEFORE)
    return database


def give(database: Database, *pairs: tuple[str, str]) -> list[bool]:
    with database.write(TOWN, MEMBER) as tx:
        return [mandates.give_mandate(tx, "alv-1", giver, holder) for giver, holder in pairs]


def held(database: Database) -> dict[str, str]:
    with database.read(TOWN) as tx:
        return {giver: each.holder for giver, each in list_mandates(tx, "alv-1").items()}


def standing(database: Database, point: str = "a") -> dict[str, tuple[str, str | None]]:
    with database.read(TOWN) as tx:
        return {member: (cast.choice, cast.proxy_holder) for member, cast in list_standing(tx, point).items()}


def test_a_mandate_is_given_told_changed_and_taken_back(convened: Database) -> None:
    assert give(convened, ("m001", "m002"), ("m001", "m002"), ("m001", "m003")) == [True, False, True]
    assert held(convened) == {"m001": "m003"}
    with convened.write(TOWN, MEMBER) as tx:
        assert mandates.revoke_mandate(tx, "alv-1", "m001")
        assert not mandates.revoke_mandate(tx, "alv-1", "m001")
    assert held(convened) == {}
    facts = told_with_notices(convened)
    assert [fact.holder for fact in only(facts, MandateGiven)] == ["m002", "m003"]
    assert [(fact.holder, fact.change) for fact in only(facts, MandateEnded)] == [
        ("m002", "revoked"),
        ("m003", "revoked"),
    ]


@pytest.mark.parametrize(
    ("pair", "reason"),
    [
        (("m004", "m001"), r"art\. 16 lets nobody hold so many mandates"),
        (("m001", "m005"), "you hold a mandate of another"),
        (("m004", "m002"), "gave a mandate themselves"),
        (("m004", "m004"), "their own proxy"),
        (("m004", "stranger"), "has no vote at this meeting"),
        (("stranger", "m004"), "you have no vote at this meeting"),
    ],
)
def test_nobody_holds_more_mandates_than_the_statutes_allow_nor_passes_one_on(
    convened: Database, pair: tuple[str, str], reason: str
) -> None:
    give(convened, ("m002", "m001"), ("m003", "m001"))
    with pytest.raises(BadInput, match=reason):
        give(convened, pair)


def test_a_limit_of_votes_counts_the_votes_of_holder_and_givers(database: Database) -> None:
    begin(database, replace(ARTICLES, proxies=Proxies("art. 16", most_votes=2)), 4)
    at(database, BEFORE)
    give(database, ("m002", "m001"))
    with pytest.raises(BadInput, match=r"art\. 16"):
        give(database, ("m003", "m001"))


def test_the_holder_casts_all_mandates_alike_once_and_never_for_who_voted_themselves(convened: Database) -> None:
    give(convened, ("m002", "m001"), ("m003", "m001"))
    with convened.write(TOWN, MEMBER) as tx:
        ballots.cast_own_vote(tx, "a", "m003", "against")
    assert held(convened) == {"m002": "m001"}
    assert only(told_with_notices(convened), MandateEnded)[0].change == "voted"
    with convened.write(TOWN, MEMBER) as tx:
        assert ballots.cast_by_mandates(tx, "a", "m001", "for", "one") == 1
        assert ballots.cast_by_mandates(tx, "a", "m001", "for", "one") == 0
    assert standing(convened) == {"m002": ("for", "m001"), "m003": ("against", None)}
    with convened.write(TOWN, MEMBER) as tx:
        ballots.cast_own_vote(tx, "a", "m002", "blank")
        with pytest.raises(CoopError, match="you hold no mandate"):
            ballots.cast_by_mandates(tx, "a", "m001", "for", "two")
    assert standing(convened)["m002"] == ("blank", None)


def test_a_retry_of_the_holder_never_flips_what_they_changed_since(convened: Database) -> None:
    give(convened, ("m002", "m001"))
    with convened.write(TOWN, MEMBER) as tx:
        ballots.cast_by_mandates(tx, "a", "m001", "for", "one")
        ballots.cast_by_mandates(tx, "a", "m001", "against", "two")
        assert ballots.cast_by_mandates(tx, "a", "m001", "for", "one") == 0
    assert standing(convened)["m002"] == ("against", "m001")


def test_what_a_holder_cast_counts_and_verifies_and_one_without_a_mandate_is_found(embedded: Database) -> None:
    begin(embedded, ARTICLES, 6)
    at(embedded, BEFORE)
    give(embedded, ("m002", "m001"))
    with embedded.write(TOWN, MEMBER) as tx:
        ballots.cast_own_vote(tx, "a", "m001", "for")
        ballots.cast_by_mandates(tx, "a", "m001", "for", "one")
    at(embedded, EVENING)
    with embedded.write(TOWN, SECRETARY) as tx:
        [decided, _] = closing.close_meeting(tx, "alv-1")
        assert (decided.count.votes_for, decided.count.members_represented) == (2, 1)
        assert verify_resolution(tx, "a").findings == ()
    with embedded.system_write() as sql:
        sql.execute(text("DROP TRIGGER mandate_holds"))
        sql.execute(text("UPDATE mandate SET holder = 'm005'"))
    with embedded.write(TOWN, SECRETARY) as tx:
        assert any("mandates are not as they were told" in each for each in verify_resolution(tx, "a").findings)


def test_a_mandate_is_over_with_the_votes_and_a_paper_one_takes_two_people_still(convened: Database) -> None:
    give(convened, ("m002", "m001"))
    at(convened, datetime(2026, 6, 24, 22, tzinfo=UTC))
    with pytest.raises(CoopError, match="at the meeting it goes on paper"):
        give(convened, ("m003", "m001"))
    with convened.write(TOWN, SECRETARY) as tx:
        assert cast(tx, "a", [{**rows({"m003": "for"})[0], "proxy_holder": "m001"}], paper="paper") == 1


def test_who_gave_a_mandate_comes_with_its_holder_and_goes_as_it_ends(convened: Database) -> None:
    give(convened, ("m002", "m001"), ("m003", "m001"))
    at(convened, EVENING)
    with convened.write(TOWN, SECOND) as tx:
        attendance.note_arrival(tx, "alv-1", Arrival("m001"))
    assert there(convened) == {"m001": "room", "m002": "mandate", "m003": "mandate"}
    with convened.write(TOWN, MEMBER) as tx:
        mandates.revoke_mandate(tx, "alv-1", "m002")
    assert there(convened) == {"m001": "room", "m003": "mandate"}
    with convened.write(TOWN, SECRETARY) as tx:
        closing.close_meeting(tx, "alv-1")
        assert verify_resolution(tx, "a").findings == ()


def test_a_list_on_paper_brings_whoever_chose_those_on_it(convened: Database) -> None:
    give(convened, ("m002", "m001"), ("m003", "m001"))
    at(convened, EVENING)
    with convened.write(TOWN, SECRETARY) as tx:
        signed = [Arrival("m001"), Arrival("m003")]
        confirm(tx, attendance.enter_attendance(tx, "alv-1", "Presentielijst", signed))
    assert there(convened) == {"m001": "room", "m002": "mandate", "m003": "room"}


def test_mandates_of_a_meeting_that_is_withdrawn_or_closed_are_refused(convened: Database) -> None:
    at(convened, EVENING)
    with convened.write(TOWN, SECRETARY) as tx:
        closing.close_meeting(tx, "alv-1")
    with pytest.raises(CoopError, match="closed or withdrawn"):
        give(convened, ("m001", "m002"))


@pytest.fixture
def desk(embedded: Database, tmp_path: Path) -> TestClient:
    """A member at the pages, two weeks before the meeting."""
    begin(embedded, ARTICLES, 6)
    at(embedded, BEFORE)
    return client(embedded, tmp_path, "member", member_id="m002")


def post(desk: TestClient, **fields: str) -> str:
    answer = desk.post(f"{PAGE}/mandate", data=fields, params={"lang": "nl"})
    return plain(answer.text)


def test_a_member_gives_a_mandate_on_the_page_and_the_holder_votes_for_all_alike(desk: TestClient) -> None:
    seen = plain(desk.get(f"{PAGE}/mandate", params={"lang": "nl"}).text)
    assert "art. 16" in seen
    assert "meer dan 2" in seen
    assert "geen lid met nummer L-999" in post(desk, act="give", number="L-999")
    assert "Lid L-001 stemt voor u" in post(desk, act="give", number="L-001")
    sit_down(desk, "three", "member", member_id="m003")
    post(desk, act="give", number="L-001")
    sit_down(desk, "one", "member", member_id="m001")
    assert "2 leden laten u voor zich stemmen" in plain(desk.get(PAGE, params={"lang": "nl"}).text)
    page = post(desk, act="cast", resolution_id="a", choice="against", ballot_id="b1")
    assert "U stemde voor 2 leden." in page
    assert "U stemde tegen namens L-002, L-003." in page
    sit_down(desk, "two", "member", member_id="m002")
    own = plain(desk.get("/governance/resolutions/a", params={"lang": "nl"}).text)
    assert "Wie uw volmacht heeft, stemde tegen voor u" in own
    assert "niet van u" not in own
    assert "Uw volmacht is ingetrokken" in post(desk, act="revoke")


def test_a_program_of_a_member_gives_and_takes_back_a_mandate_and_nobody_else_does(desk: TestClient) -> None:
    address = "/governance/api/v1/meetings/alv-1/mandate"
    assert desk.post(address, json={"holder": "m001"}).json()["holder"] == "m001"
    sit_down(desk, "one", "member", member_id="m001")
    assert desk.get(address).json()["givers"] == ["m002"]
    cast_alike = {"choice": "for", "ballot_id": "b1"}
    for new in (1, 0):
        answer = desk.post("/governance/api/v1/resolutions/a/vote-by-mandates", json=cast_alike)
        assert answer.json()["new"] == new
    sit_down(desk, "two", "member", member_id="m002")
    assert desk.post(address, json={"holder": None}).json()["holder"] is None
    sit_down(desk, "board-1", "board")
    assert desk.post(address, json={"holder": "m001"}).status_code == 403
    assert desk.get(f"{PAGE}/mandate").status_code == 403


def test_stewards_see_who_votes_for_whom_and_not_when_somebody_voted_themselves(
    embedded: Database, tmp_path: Path
) -> None:
    begin(embedded, ARTICLES, 6)
    at(embedded, BEFORE)
    give(embedded, ("m001", "m002"), ("m003", "m004"), ("m005", "m004"))
    with embedded.write(TOWN, MEMBER) as tx:
        mandates.revoke_mandate(tx, "alv-1", "m003")
        ballots.cast_own_vote(tx, "a", "m005", "for")
    desk = sit_down(client(embedded, tmp_path), "account-1", "board")
    page = plain(desk.get("/governance/meetings/alv-1/mandates").text)
    assert "Votes by a mandate 1" in page
    assert "ended by an own vote" not in page
    assert "mandate revoked" in page
    address = "/governance/exports/mandates.json?meeting=alv-1"
    rows = {row["giver_number"]: (row["holder_number"], row["ended_at"]) for row in desk.get(address).json()["rows"]}
    assert rows["L-001"] == ("L-002", None)
    assert rows["L-005"] == ("L-004", None)
    assert rows["L-003"][1] is not None
    at(embedded, EVENING)
    with embedded.write(TOWN, SECRETARY) as tx:
        closing.close_meeting(tx, "alv-1")
    sit_down(desk, "account-1", "board")
    assert "ended by an own vote" in plain(desk.get("/governance/meetings/alv-1/mandates").text)
    sit_down(desk, "account-5", "member", member_id="m001")
    assert desk.get("/governance/meetings/alv-1/mandates").status_code == 403
