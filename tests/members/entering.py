"""People with a second factor: how tests enrol an app, show its codes, and sign in in two steps."""

from __future__ import annotations

import base64
import re
from datetime import datetime

from fastapi.testclient import TestClient

from coop.kit.database import Database
from coop.members.factors.rules.codes import count_step, show_code
from coop.members.identity.commands.accounts import create_account
from coop.members.identity.model import ROLES, NewAccount
from tests.desk import COMMUNITY, SECRETARY

PASSWORD = "four words of mine"
BOARD, OTHER_BOARD, AUDITOR = "bram@example.org", "noor@example.org", "audit@example.org"
NAMES = {BOARD: "Bram Hendriks", OTHER_BOARD: "Noor de Wit", AUDITOR: "A. Account"}


def open_account(database: Database, email: str = BOARD, *roles: str) -> str:
    """An account without a member; returns its id."""
    wanted = NewAccount(email, NAMES[email], frozenset(roles or {"board"}), PASSWORD)
    with database.write(COMMUNITY, SECRETARY) as tx:
        return create_account(tx, ROLES, wanted)


def give_password(client: TestClient, email: str = BOARD, next: str = "/") -> str:
    """Sign in by the form, as nobody before; returns where it leads."""
    client.cookies.clear()
    answer = client.post("/members/sign-in", data={"email": email, "password": PASSWORD, "next": next})
    assert answer.status_code == 303, answer.text
    return answer.headers["location"]


def enrol_app(client: TestClient, now: datetime, next: str = "/") -> tuple[bytes, list[str]]:
    """Choose an app on its page; returns its secret and the recovery codes that come with it."""
    page = client.get("/members/factors/app").text
    secret, sealed = secret_on(page), sealed_on(page)
    code = show_code(secret, count_step(now))
    answer = client.post("/members/factors/app", data={"sealed": sealed, "code": code, "next": next})
    assert answer.status_code in (200, 303), answer.text
    return secret, codes_on(answer.text)


def enter_with_app(client: TestClient, now: datetime, email: str = BOARD) -> bytes:
    """Sign in, choosing an app on the way; returns its secret."""
    assert give_password(client, email).startswith("/members/factors?")
    return enrol_app(client, now)[0]


def show(client: TestClient, code: str, next: str = "/") -> int:
    """Type a code as the second step; returns the status, 303 where it was right."""
    return client.post("/members/second-step", data={"code": code, "next": next}).status_code


def secret_on(page: str) -> bytes:
    """The secret that a page spells for who cannot scan it."""
    spelled = re.search(r"<code[^>]*>([A-Z2-7 ]{39})</code>", page)
    assert spelled, page
    return base64.b32decode(spelled[1].replace(" ", ""))


def sealed_on(page: str) -> str:
    """The offer that a page carries."""
    sealed = re.search(r'name="sealed" value="([^"]*)"', page)
    assert sealed, page
    return sealed[1]


def codes_on(page: str) -> list[str]:
    """The recovery codes on a page."""
    return re.findall(r"<code[^>]*>([a-z2-9]{4}(?:-[a-z2-9]{4}){3})</code>", page)
