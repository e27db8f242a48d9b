"""Referenda that members ask on paper: two people compare it, its member is told and may object, and counts once."""

from __future__ import annotations

from datetime import UTC, date, datetime
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import text, update
from sqlalchemy.exc import IntegrityError

from coop.events.governance import DecisionStopped, ReferendumAsked, RequestDisputed
from coop.governance.ballots.referenda import again, store
from coop.governance.ballots.referenda.rules import Request, find_asking
from coop.governance.convening.referring import enter_request, object_to_request, view_referral
from coop.governance.entries.store import Entry
from coop.governance.tables.referenda import referendum_request
from coop.kit.database import Database
from coop.values import BadInput, CoopError
from tests.desk import SECRETARY
from tests.governance.assembly import TOWN, admit, client, confirm, confirm_over_http, members, only, sit_down, told
from tests.governance.test_challenges import member
from tests.governance.test_options import set_day
from tests.governance.test_referenda import ONE, THREE, TWO, ask, begin, findings, hold, holds
from tests.metering.test_meter_pages import plain


def number_of(member_id: str) -> str:
    return member_id.replace("m", "L-")


def enter(database: Database, member_id: str, paper: str = "letter") -> Entry:
    with database.write(TOWN, SECRETARY) as tx:
        return enter_request(tx, "tariff", number_of(member_id), f"{paper} of {member_id}")


def compare(database: Database, entry: Entry) -> int:
    with database.write(TOWN, SECRETARY) as tx:
        return confirm(tx, entry)


def on_paper(database: Database, member_id: str) -> int:
    return compare(database, enter(database, member_id))


def object_to(database: Database, member_id: str) -> bool:
    with database.write(TOWN, member(member_id)) as tx:
        return object_to_request(tx, "tariff", member_id)


def count(database: Database) -> int:
    with database.read(TOWN) as tx:
        return view_referral(tx, "tariff", None).members_asking


def refused(database: Database, member_id: str) -> str:
    with pytest.raises(CoopError) as found:
        enter(database, member_id, "another letter")
    return found.value.code


def test_paper_and_session_count_together_once_a_second_person_compared_the_paper(database: Database) -> None:
    begin(database)
    ask(database, ONE)
    paper = enter(database, TWO)
    assert (count(database), holds(database)) == (1, True)
    assert compare(database, paper) == 1
    assert (count(database), holds(database)) == (2, False)
    facts = told(database)
    own, by_paper = only(facts, ReferendumAsked)
    assert (own.entry_id, own.entered_on, own.objection_until) == ("", None, None)
    assert (by_paper.entry_id, by_paper.entered_on, by_paper.objection_until, by_paper.granted) == (
        paper.entry_id, date(2026, 6, 25), date(2026, 7, 9), True,
    )  # fmt: skip
    assert [each.manner for each in only(facts, DecisionStopped)] == ["referendum"]
    hold(database, {ONE: "for", THREE: "against"})
    assert findings(database, "tariff", "ref") == []


def test_who_asked_by_themselves_is_not_entered_and_counts_once(embedded: Database) -> None:
    begin(embedded)
    waiting = enter(embedded, ONE)
    ask(embedded, ONE)
    assert compare(embedded, waiting) == 0  # they asked meanwhile, in their own session
    assert refused(embedded, ONE) == "asked-before"
    assert [each.entry_id for each in only(told(embedded), ReferendumAsked)] == [""]
    assert findings(embedded, "tariff") == []


def test_who_was_entered_can_make_it_their_own_and_still_counts_once(embedded: Database) -> None:
    begin(embedded)
    on_paper(embedded, ONE)
    assert refused(embedded, ONE) == "asked-before"
    assert (ask(embedded, ONE), count(embedded), holds(embedded)) == (True, 1, True)
    with pytest.raises(CoopError) as found:
        object_to(embedded, ONE)
    assert found.value.code == "asked-yourself"
    assert findings(embedded, "tariff") == []


def test_a_paper_is_in_time_by_the_day_on_which_it_was_entered(embedded: Database) -> None:
    begin(embedded)
    ask(embedded, ONE)
    set_day(embedded, datetime(2026, 7, 8, 21, 59, tzinfo=UTC))  # the last minute of the fourteenth day
    paper = enter(embedded, TWO)
    set_day(embedded, datetime(2026, 7, 8, 22, tzinfo=UTC))
    assert refused(embedded, THREE) == "referendum-late"
    assert compare(embedded, paper) == 1
    [fact] = only(told(embedded), DecisionStopped)
    assert fact.stopped_on == date(2026, 7, 9)
    assert findings(embedded, "tariff") == []


def test_whoever_objects_in_time_counts_no_more_and_can_only_ask_by_themselves(embedded: Database) -> None:
    begin(embedded)
    on_paper(embedded, ONE)
    assert (object_to(embedded, ONE), object_to(embedded, ONE), count(embedded)) == (True, False, 0)
    assert refused(embedded, ONE) == "objected"
    on_paper(embedded, TWO)
    assert (count(embedded), holds(embedded)) == (1, True)
    assert (ask(embedded, ONE), count(embedded), holds(embedded)) == (True, 2, False)
    [fact] = only(told(embedded), RequestDisputed)
    assert (fact.number, fact.members_asking, fact.counted) == (1, 0, False)
    assert findings(embedded, "tariff") == []


def test_an_objection_once_enough_asked_is_on_file_and_the_decision_stays_suspended(embedded: Database) -> None:
    begin(embedded)
    ask(embedded, ONE)
    on_paper(embedded, TWO)
    set_day(embedded, datetime(2026, 7, 9, 21, tzinfo=UTC))
    assert object_to(embedded, TWO)
    assert (count(embedded), holds(embedded)) == (2, False)
    assert [each.counted for each in only(told(embedded), RequestDisputed)] == [True]
    assert findings(embedded, "tariff") == []


def test_nobody_objects_too_late_or_to_what_nobody_entered(embedded: Database) -> None:
    begin(embedded)
    on_paper(embedded, ONE)
    ask(embedded, TWO)
    set_day(embedded, datetime(2026, 7, 9, 22, tzinfo=UTC))
    for member_id, code in ((ONE, "objection-too-late"), (TWO, "nothing-entered"), (THREE, "nothing-entered")):
        with pytest.raises(CoopError) as found:
            object_to(embedded, member_id)
        assert found.value.code == code


def test_a_paper_of_who_had_no_vote_is_not_entered_and_neither_is_one_without_a_name(embedded: Database) -> None:
    begin(embedded)
    with embedded.write(TOWN, SECRETARY) as tx:
        admit(tx, "m009", joined_on=date(2026, 6, 25), told_at=tx.now)
    with pytest.raises(BadInput) as found:
        enter(embedded, "m009")
    assert [each.field for each in found.value.problems] == ["number"]
    with pytest.raises(BadInput) as found, embedded.write(TOWN, SECRETARY) as tx:
        enter_request(tx, "tariff", number_of(ONE), " ")
    assert [each.field for each in found.value.problems] == ["paper"]


def test_the_first_person_does_not_compare_their_own_paper(embedded: Database, tmp_path: Path) -> None:
    begin(embedded)
    desk = client(embedded, tmp_path, "board")
    body = {"number": "L-001", "paper": "a letter"}
    answer = desk.post("/governance/api/v1/resolutions/tariff/referendum/requests", json=body).json()
    path = f"/governance/api/v1/entries/{answer['entry_id']}/confirm"
    assert (answer["state"], desk.post(path).status_code, count(embedded)) == ("waits", 409, 0)
    confirm_over_http(desk, answer["entry_id"])
    assert count(embedded) == 1


FORGERIES: dict[str, tuple[str, str]] = {
    "made own": (
        "UPDATE referendum_request SET entry_id = NULL, is_own = true WHERE number = 1",
        "who asked a referendum on it is not who was told",
    ),
    "one person": (
        "UPDATE entry_settled SET actor = (SELECT actor FROM entry WHERE kind = 'request')"
        " WHERE entry_id = (SELECT entry_id FROM entry WHERE kind = 'request')",
        "a request of a referendum on it stands in no entry that two people signed",
    ),
    "another paper": (
        "UPDATE entry SET paper = 'another' WHERE kind = 'request'",
        "a request of a referendum on it stands in no entry that two people signed",
    ),
    "no objection": (
        "DELETE FROM referendum_objection",
        "the objections to requests of a referendum on it are not those that were told",
    ),
    "late objection": (
        "UPDATE referendum_objection SET in_time = false",
        "the objections to requests of a referendum on it are not those that were told",
    ),
}


@pytest.mark.parametrize("name", list(FORGERIES))
def test_a_paper_that_was_changed_is_found(embedded: Database, name: str) -> None:
    begin(embedded)
    on_paper(embedded, ONE)
    object_to(embedded, ONE)
    change, said = FORGERIES[name]
    with embedded.system_write() as sql:
        for table in ("referendum_request", "referendum_objection", "entry", "entry_settled"):
            sql.execute(text(f"DROP TRIGGER {table}_holds"))
            sql.execute(text(f"DROP TRIGGER {table}_keeps"))
        sql.execute(text(change))
    assert f"resolution tariff: {said}" in findings(embedded, "tariff")


def test_the_table_itself_keeps_each_member_to_one_request_of_each_kind(embedded: Database) -> None:
    begin(embedded)
    ask(embedded, ONE)
    with pytest.raises(IntegrityError), embedded.write(TOWN, SECRETARY) as tx:
        store.add_request(tx, "tariff", Request(2, ONE, None, 2, 2, True))
    with embedded.system_write() as sql:
        sql.execute(text("DROP TRIGGER referendum_request_holds"))
    with pytest.raises(IntegrityError), embedded.system_write() as sql:
        sql.execute(update(referendum_request).values(is_own=False))


ACTS = st.lists(st.tuples(st.sampled_from(["own", "paper", "object"]), st.sampled_from(members(4))), max_size=12)


@settings(deadline=None)
@given(ACTS)
def test_who_asks_is_reckoned_alike_by_who_takes_requests_and_by_who_verifies(acts: list[tuple[str, str]]) -> None:
    requests: list[Request] = []
    objections: list[dict[str, object]] = []
    for act, who in acts:
        theirs = [each for each in requests if each.member_id == who]
        struck = {each["number"] for each in objections}
        if act == "object" and len(theirs) == 1 and not theirs[0].is_own and theirs[0].number not in struck:
            made: dict[str, object] = {"number": theirs[0].number, "requests_before": len(requests), "counted": False}
            objections.append(made)
        elif (act == "own" and not any(each.is_own for each in theirs)) or (act == "paper" and not theirs):
            entry_id = None if act == "own" else f"entry {len(requests)}"
            requests.append(Request(len(requests) + 1, who, entry_id, 1, 1, False))
            now = find_asking(requests, {int(str(each["number"])) for each in objections})
            facts = [
                {"number": each.number, "member_id": each.member_id, "entry_id": each.entry_id or ""}
                for each in requests
            ]
            assert again._replay(facts, objections, len(requests)) == now


def test_the_board_enters_a_paper_on_the_page_and_its_member_objects_there(embedded: Database, tmp_path: Path) -> None:
    begin(embedded)
    page = "/governance/resolutions/tariff/referendum"
    desk = client(embedded, tmp_path, "board")
    assert "Op papier gevraagd" in plain(desk.get(page, params={"lang": "nl"}).text)
    filled = {"number": "L-001", "paper": "brief van 25 juni", "entry_id": "letter-1"}
    assert desk.post(f"{page}/papers", data=filled, follow_redirects=False).status_code == 303
    assert "Dit staat op het papier" not in plain(desk.get(page).text)  # who entered it does not confirm it
    sit_down(desk, "account-2", "board")
    assert "Vergelijk een verzoek om een referendum met het papier: brief van 25 juni" in plain(
        desk.get("/governance/cards/waiting").text
    )
    assert "brief van 25 juni" in plain(desk.get(page).text)
    assert desk.post(f"{page}/papers/letter-1", data={"act": "confirm"}, follow_redirects=False).status_code == 303
    sit_down(desk, "account-of-m001", "member", member_id=ONE)
    said = plain(desk.get(page).text)
    assert "Is dat papier niet van u? Zeg dat dan tot en met 9 juli 2026" in said
    assert "brief van 25 juni" not in said
    assert desk.get("/governance/api/v1/resolutions/tariff/referendum").json()["object_until"] == "2026-07-09"
    assert desk.post(f"{page}/papers", data=filled).status_code == 403
    assert desk.post(f"{page}/object", follow_redirects=False).status_code == 303
    assert "U hebt bezwaar gemaakt tegen het papier" in plain(desk.get(page).text)
    assert desk.post("/governance/api/v1/resolutions/tariff/referendum/objection").json() == {
        "resolution_id": "tariff", "new": False,
    }  # fmt: skip
    sit_down(desk, "account-of-m002", "member", member_id=TWO)
    assert "papier" not in plain(desk.get(page).text).replace("op papier bij het bestuur", "")
