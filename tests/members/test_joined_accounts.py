"""One person, one account: who came in as board is joined with their membership, and has roles once."""

from __future__ import annotations

import pytest
from fastapi.testclient import TestClient

from coop.kit.actor import COMMAND_LINE, Actor
from coop.kit.database import Database
from coop.kit.session import NotAllowed, is_ended
from coop.members.access import list_grants
from coop.members.identity import store
from coop.members.identity.commands import accounts, joining, roles, rounds
from coop.members.identity.commands.accounts import create_account
from coop.members.identity.commands.invitations import invite_account
from coop.members.identity.commands.sign_in import sign_in
from coop.members.identity.model import ROLES, Account, NewAccount
from coop.members.register.store import list_members
from coop.values import CoopError
from tests.desk import COMMUNITY, SECRETARY
from tests.desk import sign_in as sign_in_as
from tests.members.browser import text_of
from tests.members.mailbox import read_mails
from tests.members.sample import HOME, bring, dump

PASSWORD = "four words of mine"
REGISTER = """number,kind,name,joined_on,email,address,postcode,city
001,owner,Noor,2024-01-01,noor@lid.example,Kade 1,1054 AA,Amsterdam
002,tenant,Bram,2024-01-01,bram@lid.example,Kade 2,1054 AA,Amsterdam
"""
JSON = {"accept": "application/json"}


def make(database: Database, email: str, *given: str, password: str = PASSWORD, member_id: str | None = None) -> str:
    with database.write(COMMUNITY, COMMAND_LINE) as tx:
        wanted = NewAccount(email, "Noor of the board", frozenset(given), password, member_id)
        return create_account(tx, ROLES, wanted)


def get(database: Database, account_id: str) -> Account:
    with database.read(COMMUNITY) as tx:
        return store.get_account(tx, account_id)


@pytest.fixture
def noor(database: Database) -> str:
    """Somebody of the board, who founded the co-operative before there was a register to be in."""
    return make(database, "noor@lid.example", "board")


@pytest.fixture
def members(database: Database, noor: str) -> dict[str, str]:
    """Ids of the members by number."""
    bring(database, "members", REGISTER)
    with database.read(COMMUNITY) as tx:
        return {member.number: member.member_id for member in list_members(tx)}


def join(database: Database, account_id: str, member_id: str, actor: Actor = SECRETARY) -> Account:
    with database.write(COMMUNITY, actor) as tx:
        return joining.join_member(tx, ROLES, account_id, member_id)


def refuse(database: Database, account_id: str, member_id: str, actor: Actor = SECRETARY) -> str:
    before = dump(database)
    with pytest.raises(CoopError) as refusal:
        join(database, account_id, member_id, actor)
    assert dump(database) == before
    return refusal.value.code


def test_a_round_of_invitations_joins_the_secretary_with_her_own_membership(
    database: Database, noor: str, members: dict[str, str]
) -> None:
    assert rounds.invite_all(database, COMMUNITY, SECRETARY, ROLES, rounds.Round()) == 2
    session = sign_in(database, COMMUNITY, HOME, "noor@lid.example", PASSWORD)
    assert (session.account_id, session.member_id, session.roles) == (
        noor, members["001"], frozenset({"board", "member"}),
    )  # fmt: skip
    assert [(mail.recipient, mail.kind) for mail in read_mails(database)] == [
        ("noor@lid.example", "told-of-change"),
        ("bram@lid.example", "invitation"),
    ]
    assert rounds.invite_all(database, COMMUNITY, SECRETARY, ROLES, rounds.Round()) == 0


def test_inviting_a_member_at_an_address_that_the_board_signs_in_with_joins_the_two(
    database: Database, noor: str, members: dict[str, str]
) -> None:
    with database.write(COMMUNITY, SECRETARY) as tx:
        assert invite_account(tx, ROLES, "noor@lid.example", "Noor", (), members["001"]) == noor
    assert get(database, noor).member_id == members["001"]


def test_an_invitation_that_was_never_used_gives_way_and_an_account_in_use_does_not(
    database: Database, noor: str, members: dict[str, str]
) -> None:
    unused = make(database, "001", "member", password="", member_id=members["001"])
    assert join(database, noor, members["001"]).member_id == members["001"]
    assert not get(database, unused).active
    other = make(database, "else@lid.example", "treasurer")
    make(database, "bram@lid.example", "member", member_id=members["002"])
    assert refuse(database, other, members["002"]) == "has-account"
    assert refuse(database, noor, members["002"]) == "other-member"


def test_nobody_joins_their_own_account_with_somebody_else_s_membership(
    database: Database, noor: str, members: dict[str, str]
) -> None:
    herself = Actor("account", noor, "page")
    assert refuse(database, noor, members["002"], herself) == "own-account"
    assert join(database, noor, members["001"], herself).member_id == members["001"]


def test_a_second_account_of_a_member_gets_no_role(database: Database, noor: str, members: dict[str, str]) -> None:
    join(database, noor, members["001"])
    second = make(database, "noor@elsewhere.example", "member", member_id=members["001"])
    before = dump(database)
    with database.write(COMMUNITY, SECRETARY) as tx, pytest.raises(CoopError) as refusal:
        roles.propose_role(tx, ROLES, second, "grant", "treasurer")
    assert refusal.value.code == "same-person"
    assert dump(database) == before


def test_a_role_that_waits_for_a_second_account_is_confirmed_by_nobody(
    database: Database, noor: str, members: dict[str, str]
) -> None:
    first = make(database, "b@lid.example", "member", member_id=members["002"])
    second = make(database, "c@lid.example", "member", member_id=members["002"])
    numbers = []
    for account_id in (first, second):
        with database.write(COMMUNITY, Actor("account", noor, "page")) as tx:
            numbers.append(roles.propose_role(tx, ROLES, account_id, "grant", "treasurer").number)
    with database.write(COMMUNITY, COMMAND_LINE) as tx:
        roles.confirm_role(tx, ROLES, numbers[0])
    with database.write(COMMUNITY, COMMAND_LINE) as tx, pytest.raises(CoopError) as refusal:
        roles.confirm_role(tx, ROLES, numbers[1])
    assert refusal.value.code == "same-person"
    assert get(database, second).roles == {"member"}


def test_the_wrong_two_are_taken_apart_and_signed_out(database: Database, noor: str, members: dict[str, str]) -> None:
    join(database, noor, members["001"])
    session = sign_in(database, COMMUNITY, HOME, "noor@lid.example", PASSWORD)
    with database.write(COMMUNITY, SECRETARY) as tx:
        parted = joining.part_member(tx, ROLES, noor)
    assert (parted.member_id, parted.roles) == (None, frozenset({"board"}))
    with database.read(COMMUNITY) as tx:
        assert is_ended(tx, session)
        assert {change.change for change in store.list_changes(tx, noor)} == {"parted", "joined", "made"}


def test_a_closed_account_with_roles_opens_no_second_time_beside_another(
    database: Database, noor: str, members: dict[str, str]
) -> None:
    join(database, noor, members["001"])
    close(database, noor)
    second = make(database, "noor@elsewhere.example", "treasurer")
    join(database, second, members["001"])
    with database.write(COMMUNITY, Actor("account", second, "page")) as tx, pytest.raises(CoopError) as refusal:
        accounts.set_active(tx, ROLES, noor, active=True)
    assert refusal.value.code == "same-person"
    assert not get(database, noor).active
    close(database, second)
    with database.write(COMMUNITY, SECRETARY) as tx:
        accounts.set_active(tx, ROLES, noor, active=True)
    assert get(database, noor).active


def close(database: Database, account_id: str) -> None:
    with database.write(COMMUNITY, COMMAND_LINE) as tx:
        accounts.set_active(tx, ROLES, account_id, active=False)


def test_nobody_takes_their_own_account_off_the_member(database: Database, noor: str, members: dict[str, str]) -> None:
    join(database, noor, members["001"])
    with database.write(COMMUNITY, Actor("account", noor, "page")) as tx, pytest.raises(CoopError) as refusal:
        joining.part_member(tx, ROLES, noor)
    assert refusal.value.code == "own-account"
    assert get(database, noor).member_id == members["001"]


def test_an_account_takes_its_name_from_the_register_that_has_its_address(
    database: Database, noor: str, members: dict[str, str]
) -> None:
    assert join(database, noor, members["001"]).name == "Noor"
    session = sign_in(database, COMMUNITY, HOME, "noor@lid.example", PASSWORD)
    assert session.name == "Noor"


def test_joined_elsewhere_and_parted_an_account_keeps_its_name(
    database: Database, noor: str, members: dict[str, str]
) -> None:
    assert join(database, noor, members["002"]).name == "Noor of the board"
    with database.write(COMMUNITY, SECRETARY) as tx:
        assert joining.part_member(tx, ROLES, noor).name == "Noor of the board"


def test_who_may_not_give_out_an_account_s_roles_joins_and_parts_it_only_by_the_register_s_address(
    database: Database, noor: str, members: dict[str, str]
) -> None:
    grants = list_grants(frozenset({"operator"}))
    with database.write(COMMUNITY, SECRETARY) as tx, pytest.raises(NotAllowed):
        joining.join_member(tx, grants, noor, members["002"])
    with database.write(COMMUNITY, SECRETARY) as tx:
        joining.join_member(tx, grants, noor, members["001"])
    with database.write(COMMUNITY, SECRETARY) as tx, pytest.raises(NotAllowed):
        joining.part_member(tx, grants, noor)
    assert get(database, noor).member_id == members["001"]


@pytest.mark.usefixtures("members")
def test_the_page_of_an_account_proposes_the_member_who_is_alike(
    database: Database, client: TestClient, noor: str
) -> None:
    sign_in_as(client, "board")
    assert "Noor has the same address or name in the register" in text_of(client, f"/members/accounts/{noor}")
    assert client.post(f"/members/accounts/{noor}/join", data={"number": "001"}).status_code == 303
    assert "In the register" in text_of(client, f"/members/accounts/{noor}")
    assert client.post(f"/members/accounts/{noor}/part").status_code == 303
    assert get(database, noor).member_id is None


def test_a_program_joins_and_parts_and_others_do_not(client: TestClient, noor: str, members: dict[str, str]) -> None:
    address = f"/members/api/v1/accounts/{noor}"
    for role in ("member", "treasurer", "auditor"):
        sign_in_as(client, role)
        assert client.post(f"{address}/join", json={"member_id": members["001"]}, headers=JSON).status_code == 403
    sign_in_as(client, "board")
    answer = client.post(f"{address}/join", json={"member_id": members["001"]}, headers=JSON)
    assert (answer.status_code, answer.json()["member_id"]) == (200, members["001"])
    assert client.post(f"{address}/part", headers=JSON).json()["member_id"] is None
