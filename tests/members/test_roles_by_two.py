"""Roles by two people: nobody gives a role alone, nobody to themself, and the database refuses it as well."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import update
from sqlalchemy.exc import IntegrityError

from coop.kit.actor import COMMAND_LINE, Actor
from coop.kit.database import Database
from coop.kit.session import NotAllowed, Session, is_ended
from coop.members.access import grants_of
from coop.members.identity import proposals, store
from coop.members.identity.commands import roles
from coop.members.identity.commands.accounts import create_account, set_active
from coop.members.identity.commands.sign_in import sign_in
from coop.members.identity.model import ROLES, NewAccount, RoleProposal
from coop.members.tables import account
from coop.values import BadInput, CoopError, NotFound
from tests.desk import COMMUNITY
from tests.desk import sign_in as sign_in_as
from tests.founding import found_in
from tests.members.mailbox import read_mails
from tests.members.sample import AT, HOME, dump

PASSWORD = "four words of mine"
JSON = {"accept": "application/json"}


def make(database: Database, name: str, *given: str, password: str = PASSWORD) -> str:
    with database.write(COMMUNITY, COMMAND_LINE) as tx:
        wanted = NewAccount(f"{name.lower()}@example.org", name, frozenset(given), password)
        return create_account(tx, ROLES, wanted)


def grants(*own: str) -> frozenset[str]:
    return grants_of(Session("", "", frozenset(own), None, COMMUNITY))


def act(database: Database, account_id: str, work: Callable[[Any], Any]) -> Any:
    """Do something as somebody who is signed in."""
    with database.write(COMMUNITY, Actor("account", account_id, "page")) as tx:
        return work(tx)


def roles_of(database: Database, account_id: str) -> set[str]:
    with database.read(COMMUNITY) as tx:
        return set(store.get_account(tx, account_id).roles)


@pytest.fixture
def noor(database: Database) -> str:
    """Somebody of the board."""
    return make(database, "Noor", "board")


@pytest.fixture
def bram(database: Database) -> str:
    """Somebody else of the board."""
    return make(database, "Bram", "board")


@pytest.fixture
def otto(database: Database) -> str:
    """Somebody without a role."""
    return make(database, "Otto")


def propose(database: Database, by: str, account_id: str, role: str = "treasurer", change: Any = "grant") -> int:
    proposal = act(database, by, lambda tx: roles.propose_role(tx, grants("board"), account_id, change, role))
    assert isinstance(proposal, RoleProposal)
    return proposal.number


def confirm(database: Database, by: str, number: int, *own: str) -> None:
    act(database, by, lambda tx: roles.confirm_role(tx, grants(*(own or ("board",))), number))


def test_a_role_holds_once_a_second_person_has_confirmed_it_and_its_owner_is_told(
    database: Database, noor: str, bram: str, otto: str
) -> None:
    session = sign_in(database, COMMUNITY, HOME, "otto@example.org", PASSWORD)
    number = propose(database, noor, otto)
    assert roles_of(database, otto) == set()
    confirm(database, bram, number)
    assert roles_of(database, otto) == {"treasurer"}
    with database.read(COMMUNITY) as tx:
        assert is_ended(tx, session)
        settled = proposals.find_proposal(tx, number)
    assert settled is not None
    assert (settled.proposed_by, settled.settled_by, settled.outcome) == (
        f"account:{noor}", f"account:{bram}", "confirmed",
    )  # fmt: skip
    (told,) = read_mails(database)
    assert told.recipient == "otto@example.org"
    assert ("treasurer" in told.text or "penningmeester" in told.text, "Bram" in told.text) == (True, True)


def test_a_role_is_withdrawn_by_two_and_ends_every_session_at_once(database: Database, noor: str, bram: str) -> None:
    carl = make(database, "Carl", "treasurer")
    session = sign_in(database, COMMUNITY, HOME, "carl@example.org", PASSWORD)
    number = propose(database, noor, carl, change="withdraw")
    assert roles_of(database, carl) == {"treasurer"}
    confirm(database, bram, number)
    assert roles_of(database, carl) == set()
    with database.read(COMMUNITY) as tx:
        assert is_ended(tx, session)


def test_whoever_proposed_it_cannot_confirm_it(database: Database, noor: str, bram: str, otto: str) -> None:
    number = propose(database, noor, otto)
    before = dump(database)
    with pytest.raises(CoopError) as refused:
        confirm(database, noor, number)
    assert refused.value.code == "same-person"
    assert propose(database, noor, otto) == number, "proposed again it is the same proposal"
    assert dump(database) == before


def test_nobody_gives_a_role_to_themself(database: Database, noor: str, bram: str) -> None:
    with pytest.raises(CoopError) as refused:
        propose(database, noor, noor)
    assert refused.value.code == "own-role"
    number = propose(database, bram, noor)
    with pytest.raises(CoopError) as refused:
        confirm(database, noor, number)
    assert refused.value.code == "own-role"
    assert roles_of(database, noor) == {"board"}


def test_the_same_proposal_of_somebody_else_confirms_it(database: Database, noor: str, bram: str, otto: str) -> None:
    assert propose(database, noor, otto) == propose(database, bram, otto)
    assert roles_of(database, otto) == {"treasurer"}


def test_of_two_who_confirm_at_once_one_does(database: Database, noor: str, bram: str, otto: str) -> None:
    carl, number, outcomes = make(database, "Carl", "board"), propose(database, noor, otto), []

    def try_to(by: str) -> None:
        try:
            confirm(database, by, number)
            outcomes.append("done")
        except NotFound:
            outcomes.append("settled")

    threads = [threading.Thread(target=try_to, args=[by]) for by in (bram, carl)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(outcomes) == ["done", "settled"]
    assert len(read_mails(database)) == 1


def test_a_proposal_that_is_withdrawn_gives_nothing_any_more(
    database: Database, noor: str, bram: str, otto: str
) -> None:
    number = propose(database, noor, otto)
    act(database, bram, lambda tx: roles.withdraw_proposal(tx, number))
    with pytest.raises(NotFound):
        confirm(database, bram, number)
    assert roles_of(database, otto) == set()


def test_what_somebody_proposed_who_left_the_board_since_is_confirmed_by_nobody(
    database: Database, noor: str, bram: str, otto: str
) -> None:
    make(database, "Carl", "board")
    number = propose(database, bram, otto)
    act(database, bram, lambda tx: roles.lay_down_role(tx, bram, "board"))
    with pytest.raises(CoopError) as refused:
        confirm(database, noor, number)
    assert refused.value.code == "proposer-gone"
    assert roles_of(database, otto) == set()


def test_an_operator_is_a_second_person_and_two_operators_give_no_board(
    database: Database, noor: str, otto: str
) -> None:
    first, second = make(database, "Olga", "operator"), make(database, "Omar", "operator")
    confirm(database, first, propose(database, noor, otto), "operator")
    assert roles_of(database, otto) == {"treasurer"}
    with pytest.raises(NotAllowed):
        act(database, first, lambda tx: roles.propose_role(tx, grants("operator"), second, "grant", "board"))
    with database.write(COMMUNITY, COMMAND_LINE) as tx:
        machine = roles.propose_role(tx, ROLES, second, "grant", "board")
    assert machine.outcome is None
    with pytest.raises(NotAllowed):
        confirm(database, first, machine.number, "operator")
    confirm(database, noor, machine.number)
    assert roles_of(database, second) == {"operator", "board"}


def test_an_own_role_is_laid_down_alone_but_not_the_last_of_the_board(database: Database, noor: str, bram: str) -> None:
    act(database, bram, lambda tx: roles.lay_down_role(tx, bram, "board"))
    assert roles_of(database, bram) == set()
    with pytest.raises(CoopError) as refused:
        act(database, noor, lambda tx: roles.lay_down_role(tx, noor, "board"))
    assert refused.value.code == "last-board"
    with pytest.raises(CoopError):
        act(database, bram, lambda tx: roles.lay_down_role(tx, noor, "board"))
    with pytest.raises(CoopError) as refused:
        act(database, bram, lambda tx: set_active(tx, ROLES, noor, active=False))
    assert refused.value.code == "last-board"
    assert roles_of(database, noor) == {"board"}


def test_a_board_that_was_only_invited_does_not_keep_the_machine_from_giving_roles(
    database: Database, otto: str
) -> None:
    make(database, "Noor", "board", password="")
    with database.write(COMMUNITY, COMMAND_LINE) as tx:
        assert roles.propose_role(tx, ROLES, otto, "grant", "board").outcome == "alone", "Otto can sign in"
    with database.write(COMMUNITY, COMMAND_LINE) as tx:
        assert roles.propose_role(tx, ROLES, make_in(tx), "grant", "board").outcome is None


def make_in(tx: Any) -> str:
    return create_account(tx, ROLES, NewAccount("late@example.org", "Late", frozenset(), PASSWORD))


ONE: dict[str, Any] = {"number": 1, "change": "grant", "role": "board", "proposed_at": AT, "proposed_through": "page"}
BY_A = {"settled_at": AT, "settled_through": "page", "outcome": "confirmed"}


@pytest.mark.parametrize(
    "row",
    [
        {"proposed_by": "account:a", "settled_by": "account:a", **BY_A},
        {"proposed_by": "account:{own}"},
        {"proposed_by": "account:a", "settled_by": "account:{own}", **BY_A},
        {"proposed_by": "account:a", "settled_by": "account:a", **BY_A, "outcome": "alone"},
        {"proposed_by": "account:a", "settled_by": None, **BY_A},
        {"proposed_by": "account:a", "role": "king"},
    ],
    ids=["by one", "proposed by its receiver", "confirmed by its receiver", "alone", "by nobody", "no such role"],
)
def test_the_database_takes_no_role_that_one_person_gave(database: Database, otto: str, row: dict[str, Any]) -> None:
    filled = {name: value.replace("{own}", otto) if isinstance(value, str) else value for name, value in row.items()}
    with pytest.raises(IntegrityError), database.write(COMMUNITY, COMMAND_LINE) as tx:
        proposals.add_proposal(tx, RoleProposal(**{**ONE, "account_id": otto, **filled}))


def test_the_pages_propose_and_a_forged_post_of_the_same_person_confirms_nothing(
    database: Database, client: TestClient, noor: str, bram: str, otto: str
) -> None:
    found_in(database)  # a demonstration asks no second factor

    def enter(name: str) -> None:
        client.cookies.clear()
        form = {"email": f"{name}@example.org", "password": PASSWORD}
        assert client.post("/members/sign-in", data=form).status_code == 303

    enter("noor")
    page = f"/members/accounts/{otto}"
    form = {"change": "grant", "role": "treasurer"}
    assert "second person" in client.get(client.post(f"{page}/roles", data=form).headers["location"]).text
    assert "Bram" in client.get(page).text, "it says who can confirm it"
    assert "/roles/confirm" not in client.get(page).text
    forged = client.post("/members/accounts/roles/confirm", data={"number": 1}, headers=JSON)
    assert (forged.status_code, forged.json()["code"]) == (409, "same-person")
    forged = client.post("/members/api/v1/role-proposals/1/confirm", headers=JSON)
    assert (forged.status_code, forged.json()["code"]) == (409, "same-person")
    own = client.post(f"/members/accounts/{noor}/roles", data={"change": "grant", "role": "auditor"}, headers=JSON)
    assert (own.status_code, own.json()["code"]) == (409, "own-role")
    enter("bram")
    assert "Otto" in client.get("/members/accounts").text
    assert "/roles/confirm" in client.get("/members/accounts").text
    assert client.post("/members/accounts/roles/confirm", data={"number": 1}).headers["location"] == page
    assert roles_of(database, otto) == {"treasurer"}
    listed = client.get("/members/api/v1/role-proposals", headers=JSON).json()
    assert [(one["role"], one["outcome"]) for one in listed] == [("treasurer", "confirmed")]
    laid = client.post("/members/me/roles/lay-down", data={"role": "board"})
    assert laid.headers["location"] == "/"
    assert client.get("/members/accounts").status_code == 401


def test_a_board_of_one_reads_that_the_machine_s_operator_confirms(
    database: Database, client: TestClient, noor: str, otto: str
) -> None:
    found_in(database)
    client.post("/members/sign-in", data={"email": "noor@example.org", "password": PASSWORD})
    client.post(f"/members/accounts/{otto}/roles", data={"change": "grant", "role": "treasurer"})
    assert "coop account roles otto@example.org --grant treasurer" in client.get("/members/accounts").text


@pytest.mark.parametrize("role", ["member", "treasurer", "auditor", "partner"])
def test_nobody_else_touches_roles(database: Database, client: TestClient, noor: str, otto: str, role: str) -> None:
    propose(database, noor, otto)
    sign_in_as(client, role)
    before = dump(database)
    form = {"change": "grant", "role": "auditor"}
    assert client.post(f"/members/accounts/{otto}/roles", data=form).status_code == 403
    assert client.post("/members/accounts/roles/confirm", data={"number": 1}).status_code == 403
    assert client.post("/members/accounts/roles/withdraw", data={"number": 1}).status_code == 403
    assert dump(database) == before


@pytest.mark.parametrize("keeper", ["board", "treasurer"])
@pytest.mark.parametrize("watcher", ["auditor", "partner"])
def test_who_examines_or_pays_is_not_the_one_who_is_examined_or_paid(
    database: Database, noor: str, bram: str, keeper: str, watcher: str
) -> None:
    """Civil Code, article 2:48 lid 2: those who examine the accounts are no part of the board."""
    carl = make(database, "Carl", keeper)
    with pytest.raises(CoopError) as refused:
        propose(database, noor, carl, watcher)
    assert refused.value.code == "roles-apart"
    dina = make(database, "Dina")
    first = propose(database, noor, dina, keeper)
    with pytest.raises(CoopError) as refused:  # nor while the other role waits
        propose(database, bram, dina, watcher)
    assert refused.value.code == "roles-apart"
    confirm(database, bram, first)
    taken = propose(database, noor, dina, keeper, change="withdraw")
    confirm(database, bram, taken)
    confirm(database, bram, propose(database, noor, dina, watcher))
    assert roles_of(database, dina) == {watcher}
    with pytest.raises(BadInput):
        make(database, "Ella", keeper, watcher)
    with pytest.raises(IntegrityError), database.write(COMMUNITY, COMMAND_LINE) as tx:
        tx.execute(update(account).where(account.c.community == COMMUNITY).values(roles=frozenset({keeper, watcher})))


def test_the_page_of_an_account_offers_no_role_that_nobody_has_beside_it(
    database: Database, client: TestClient, bram: str, otto: str
) -> None:
    sign_in_as(client, "board")
    assert client.get(f"/members/accounts/{otto}").text.count("Propose to give this role") == 5
    offered = client.get(f"/members/accounts/{bram}").text
    assert offered.count("Propose to give this role") == 2
    assert "nobody is both auditor and board" in offered
