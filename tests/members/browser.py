"""A browser at the pages of the register: how tests make an account, sign in by the form and read a page."""

from __future__ import annotations

from fastapi.testclient import TestClient

from coop.kit.database import Database
from coop.members.identity.commands.accounts import create_account
from coop.members.identity.model import ROLES, NewAccount
from tests.desk import COMMUNITY, SECRETARY
from tests.members.sample import VRIES

EMAIL, PASSWORD = "vries@example.org", "four words of mine"


def open_account(database: Database, *roles: str) -> str:
    """An account of member A. de Vries, with the role member or others; returns its id."""
    wanted = NewAccount(EMAIL, "A. de Vries", frozenset(roles or {"member"}), PASSWORD, VRIES)
    with database.write(COMMUNITY, SECRETARY) as tx:
        return create_account(tx, ROLES, wanted)


def enter(client: TestClient, password: str = PASSWORD, **more: str) -> str:
    """Sign in by the form; returns where it leads, or the page that says why not."""
    answer = client.post("/members/sign-in", data={"email": EMAIL, "password": password, **more})
    return answer.headers.get("location", answer.text)


def text_of(client: TestClient, path: str, status: int = 200) -> str:
    """Text of a page."""
    answer = client.get(path)
    assert answer.status_code == status, answer.text
    return answer.text
