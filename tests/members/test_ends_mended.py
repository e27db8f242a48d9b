"""An end that was entered wrongly: taken back, or moved to another day, with all that ended with it."""

from __future__ import annotations

from datetime import date

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import select

from coop.kit.actor import COMMAND_LINE
from coop.kit.database import Database
from coop.members.access import list_grants
from coop.members.connections.store import list_connections, list_occupancies
from coop.members.contracts.store import list_contracts
from coop.members.entry.commands import leave
from coop.members.history.store import list_changes
from coop.members.identity import store as accounts
from coop.members.identity.commands.accounts import create_account, set_active
from coop.members.identity.model import ROLES, NewAccount
from coop.members.imports.commands import undo_import
from coop.members.imports.store import list_imports
from coop.members.leavings.commands import look_at_ending, mend_ending
from coop.members.leavings.model import Look, Wish
from coop.members.register.store import list_members
from coop.members.tables.messages import message
from coop.values import BadInput, CoopError
from tests.desk import COMMUNITY, SECRETARY, sign_in
from tests.members.browser import text_of
from tests.members.sample import YILDIZ, bring, bring_all, contracts_of, dump, left_on, list_facts
from tests.members.test_changing import bill
from tests.members.test_register_forms import BASE, MOVE, fill, hidden, place_of, write

LEFT, LATER, BOARD = date(2026, 3, 1), date(2026, 5, 1), list_grants(frozenset({"board"}))
WHY = "entered for the neighbour"


def mend(database: Database, wish: Wish) -> Look:
    """Look, and write down as it was looked at."""
    with database.write(COMMUNITY, SECRETARY) as tx:
        preview = look_at_ending(tx, wish).preview
        return mend_ending(tx, BOARD, wish, preview)


@pytest.fixture
def gone(database: Database) -> Database:
    """Yildiz left on 1 March; their contract would have run to 2037."""
    bring_all(database)
    with database.write(COMMUNITY, SECRETARY) as tx:
        leave(tx, YILDIZ, LEFT)
    return database


def ends(database: Database) -> tuple[date | None, list[date | None], list[date | None]]:
    """Ends of the membership, the holds and the contracts of Yildiz."""
    with database.read(COMMUNITY) as tx:
        holds = [hold.closed_on for hold in list_occupancies(tx) if hold.member_id == YILDIZ]
    return left_on(database, YILDIZ), holds, [contract.ends_on for contract in contracts_of(database, YILDIZ)]


def test_a_leaving_taken_back_gives_everything_the_end_that_it_had(gone: Database) -> None:
    before = len(list_facts(gone))
    mend(gone, Wish("members", YILDIZ, None, WHY))
    assert ends(gone) == (None, [None], [date(2037, 7, 1)])
    told = [
        (verb, said.get("left_on", said.get("closed_on", said.get("ends_on"))), said["number"] > 0)
        for verb, said in list_facts(gone)[before:]
        if verb in ("member-left", "connection-closed", "contract-ended")
    ]
    assert sorted(told, key=str) == [
        ("connection-closed", None, True),
        ("contract-ended", "2037-07-01", True),
        ("member-left", None, True),
    ]
    with gone.read(COMMUNITY) as tx:
        change = list_changes(tx, "member", "002")[0]
    assert (change.field, change.old, change.new, change.reason) == ("left_on", "2026-03-01", "", WHY)


def test_a_leaving_moved_to_another_day_moves_all_that_ended_with_it(gone: Database) -> None:
    mend(gone, Wish("members", YILDIZ, LATER, WHY))
    assert ends(gone) == (LATER, [LATER], [LATER])
    mend(gone, Wish("members", YILDIZ, date(2026, 2, 1), WHY))
    assert ends(gone)[0] == date(2026, 2, 1)
    mend(gone, Wish("members", YILDIZ, None, WHY))
    assert ends(gone) == (None, [None], [date(2037, 7, 1)])


def test_one_contract_goes_on_only_as_long_as_its_member_stays(gone: Database) -> None:
    contract_id = contracts_of(gone, YILDIZ)[0].contract_id
    before = dump(gone)
    with pytest.raises(BadInput, match="left on 2026-03-01"):
        mend(gone, Wish("contracts", contract_id, None, WHY))
    assert dump(gone) == before
    mend(gone, Wish("contracts", contract_id, date(2026, 2, 1), WHY))
    assert ends(gone) == (LEFT, [LEFT], [date(2026, 2, 1)])


def test_the_member_is_told_of_the_leaving_and_that_it_is_taken_back(gone: Database) -> None:
    mend(gone, Wish("members", YILDIZ, LATER, WHY))
    mend(gone, Wish("members", YILDIZ, None, WHY))
    kinds = {"leaving-entered", "leaving-moved", "leaving-taken-back"}
    with gone.read(COMMUNITY) as tx:
        query = select(message.c.kind).where(message.c.community == COMMUNITY, message.c.member_id == YILDIZ)
        assert set(tx.scalars(query)) == kinds


def test_bills_are_named_and_stand_in_the_way_of_nothing(gone: Database) -> None:
    bill(gone, contracts_of(gone, YILDIZ)[0].contract_id)
    look = mend(gone, Wish("members", YILDIZ, date(2026, 1, 1), WHY))
    assert [each.number for each in look.rest.bills] == ["2026-000001"]


def test_a_home_in_which_somebody_else_lives_since_is_not_given_back(gone: Database) -> None:
    with gone.read(COMMUNITY) as tx:
        [hold] = [hold for hold in list_occupancies(tx) if hold.member_id == YILDIZ]
        assert next(c.number for c in list_connections(tx) if c.connection_id == hold.connection_id) == "0002"
    bring(gone, "occupancies", "connection,member,opened_on,closed_on\n0002,001,2026-04-01,\n")
    with pytest.raises(CoopError, match="holds connection 0002 since 2026-04-01") as refusal:
        mend(gone, Wish("members", YILDIZ, None, WHY))
    assert refusal.value.code == "taken-since"
    mend(gone, Wish("members", YILDIZ, date(2026, 4, 1), WHY))


def test_a_closed_account_of_the_member_is_opened_again(gone: Database) -> None:
    with gone.write(COMMUNITY, COMMAND_LINE) as tx:
        wanted = NewAccount("y@example.org", "Y", frozenset({"member"}), "four words of mine", YILDIZ)
        account_id = create_account(tx, ROLES, wanted)
        set_active(tx, ROLES, account_id, active=False)
    mend(gone, Wish("members", YILDIZ, None, WHY, accounts=(account_id,)))
    with gone.read(COMMUNITY) as tx:
        assert accounts.get_account(tx, account_id).active


def test_written_down_twice_it_says_that_the_register_changed(gone: Database) -> None:
    wish = Wish("members", YILDIZ, None, WHY)
    preview = mend(gone, wish).preview
    with gone.write(COMMUNITY, SECRETARY) as tx, pytest.raises(CoopError) as refusal:
        mend_ending(tx, BOARD, wish, preview)
    assert refusal.value.code == "not-ended"


@pytest.mark.parametrize("day", ["", "2026-01-15"], ids=["by mistake", "on another day"])
def test_a_whole_move_is_taken_back_or_moved_by_one_form(database: Database, client: TestClient, day: str) -> None:
    bring_all(database)
    sign_in(client, "board")
    place = place_of(database, "0002")
    write(client, f"{BASE}/connections/{place}/move", {**MOVE, "leaves": "yes"})
    assert "Moved out by mistake" in text_of(client, f"{BASE}/connections/{place}")
    form = {"how": "moved" if day else "mistake", "day": day, "reason": WHY, "whole": "yes"}
    page = fill(client, f"{BASE}/connections/{place}/ending", form)
    assert "Eva" in page
    answer = client.post(
        f"{BASE}/connections/{place}/ending", data={**form, "preview": hidden(page, "preview"), "write": "yes"}
    )
    assert answer.status_code == 303, answer.text
    with database.read(COMMUNITY) as tx:
        holds = [(hold.opened_on, hold.closed_on) for hold in list_occupancies(tx) if hold.connection_id == place][-2:]
        contracts = {contract.number: contract.ends_on for contract in list_contracts(tx)}
        names = {member.name: member.joined_on for member in list_members(tx)}
    if day:
        moved = date(2026, 1, 15)
        assert ([end for _, end in holds], holds[-1][0]) == ([moved, None], moved)
        assert (contracts["C2"], contracts["C3"], names["Eva"]) == (moved, None, moved)
    else:
        assert (holds[-1][1], contracts["C2"]) == (None, date(2037, 7, 1))
        assert not {"C3", "Eva"} & {*contracts, *names}


def test_a_program_of_the_board_looks_first_and_then_writes_down(gone: Database, client: TestClient) -> None:
    sign_in(client, "board")
    address = f"/members/api/v1/members/{YILDIZ}/ending"
    body = {"day": None, "reason": WHY}
    looked = client.post(address, json=body).json()
    assert (looked["written"], left_on(gone, YILDIZ)) == (False, LEFT)
    assert {"noun": "member", "record": "002", "field": "left_on", "old": "2026-03-01", "new": ""} in looked[
        "differences"
    ]
    assert client.post(address, json={**body, "preview": looked["preview"]}).json()["written"]
    assert left_on(gone, YILDIZ) is None
    assert client.post(address, json=body).status_code == 409
    sign_in(client, "treasurer")
    assert client.post(address, json=body).status_code == 403


@pytest.mark.parametrize("reason", ["", " ", "a\x00b", "a" * 501], ids=["none", "blank", "unprintable", "too long"])
def test_a_reason_that_nobody_can_read_is_refused(gone: Database, reason: str) -> None:
    before = dump(gone)
    with gone.write(COMMUNITY, SECRETARY) as tx, pytest.raises(BadInput) as refusal:
        look_at_ending(tx, Wish("members", YILDIZ, None, reason))
    assert [problem.field for problem in refusal.value.problems] == ["reason"]
    assert dump(gone) == before


def test_another_end_is_undone_as_any_entry(gone: Database) -> None:
    mend(gone, Wish("members", YILDIZ, None, WHY))
    with gone.write(COMMUNITY, SECRETARY) as tx:
        [entry] = [each for each in list_imports(tx) if each.kind == "ending"]
        undo_import(tx, entry.import_id)
    assert ends(gone) == (LEFT, [LEFT], [LEFT])
    assert [(verb, said["left_on"]) for verb, said in list_facts(gone) if verb == "member-left"] == [
        ("member-left", "2026-03-01"),
        ("member-left", None),
        ("member-left", "2026-03-01"),
    ]
