"""Signing in by an OpenID provider: a real one over a socket, and one that is wrong in each way there is."""

from __future__ import annotations

import base64
import hashlib
import json
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx2
import pytest
from fastapi.testclient import TestClient
from joserfc import jwt
from joserfc.jwk import OctKey, RSAKey
from pydantic import ValidationError
from sqlalchemy import func, select

from coop.kit.clock import SYSTEM_CLOCK
from coop.kit.database import Database
from coop.kit.service import Room
from coop.kit.settings import Settings
from coop.members.identity.commands.accounts import set_active
from coop.members.identity.model import ROLES
from coop.members.oidc.model import Provider
from coop.members.oidc.store import find_by_account
from coop.members.service import MEMBERS
from coop.members.tables import account
from coop.web.app import assemble_app
from tests.desk import COMMUNITY, SECRET, SECRETARY, lead_to
from tests.kit.clocks import SetClock
from tests.members.entering import AUDITOR, OTHER_BOARD, open_account
from tests.members.provider import CLIENT, Crooked, crooked_provider
from tests.servers.process import answers, free_port, running

URL = "https://coop.example"


@pytest.fixture(autouse=True)
def now(clock: SetClock) -> None:
    """The time of the machine, which a provider has as well."""
    clock.set(SYSTEM_CLOCK.now())


def open_desk(database: Database, folder: Path, issuer: str, **more: str) -> TestClient:
    """A browser at an installation whose people sign in by a provider."""
    given: dict[str, Any] = {"oidc_client_id": CLIENT, "oidc_domains": "example.org", "oidc_name": "Warm ID", **more}
    settings = Settings(data_dir=folder, secret=SECRET, base_url=URL, oidc_issuer=issuer, **given)
    app = assemble_app("members", settings, {"members": Room(MEMBERS, database, settings)}, lead_to(URL))
    headers = {"accept": "text/html", "accept-language": "en", "origin": URL}
    return TestClient(app, base_url=URL, headers=headers, follow_redirects=False)


@pytest.fixture
def provider() -> Iterator[Crooked]:
    with crooked_provider() as running:
        yield running


def leave(client: TestClient, next: str = "/") -> dict[str, str]:
    """Go to the provider; returns what the browser takes along."""
    answer = client.get("/members/sign-in/provider", params={"next": next})
    assert answer.status_code == 303, answer.text
    return {name: values[0] for name, values in parse_qs(urlsplit(answer.headers["location"]).query).items()}


def come_back(client: TestClient, provider: Crooked, **more: str) -> httpx2.Response:
    """Go there and back, as a browser does."""
    taken = leave(client)
    provider.nonce = taken["nonce"]
    answer: Any = client.get("/members/sign-in/provider/back", params={"code": "c", "state": taken["state"], **more})
    return answer  # type: ignore[no-any-return]


def is_in(client: TestClient) -> bool:
    return client.get("/members/me").status_code == 200


def test_a_real_provider_signs_in_and_is_connected_once_the_owner_agrees(database: Database, tmp_path: Path) -> None:
    account_id = open_account(database, AUDITOR, "auditor")
    claims = {"sub": "s-1", "email": AUDITOR, "email_verified": True}
    port = free_port()
    issuer = f"http://127.0.0.1:{port}"
    command = [sys.executable, "-m", "oidc_provider_mock", "--port", str(port), "--require-nonce", "true"]
    command += ["--user-claims", json.dumps(claims)]
    with running(command, log=tmp_path / "provider.log", ready=lambda: answers(port), patience_s=60):
        client = open_desk(database, tmp_path, issuer, oidc_client_secret="secret of the client")
        for way_there, leads_to in (("/members/me", "/members/provider?next=%2Fmembers%2Fme"), ("/", "/")):
            go = client.get("/members/sign-in/provider", params={"next": way_there}).headers["location"]
            back = httpx2.post(go, data={"sub": "s-1"}).headers["location"]
            assert back.startswith(f"{URL}/members/sign-in/provider/back?")
            answer = client.get(back)
            assert (answer.status_code, answer.headers["location"]) == (303, leads_to), answer.text
            assert is_in(client)
            if leads_to != "/":
                assert "Connect Warm ID?" in client.get(leads_to).text
                assert client.post("/members/provider/bind", data={"next": "/"}).status_code == 303
            client.cookies.clear()
    with database.read(COMMUNITY) as tx:
        bound = find_by_account(tx, issuer, account_id)
        assert tx.scalar(select(func.count()).select_from(account).where(account.c.community == COMMUNITY)) == 1
    assert bound is not None
    assert bound.subject == "s-1"


def test_the_code_is_asked_for_with_the_verifier_of_its_challenge(
    database: Database, tmp_path: Path, provider: Crooked
) -> None:
    open_account(database, AUDITOR, "auditor")
    provider.claims["email"] = AUDITOR
    client = open_desk(database, tmp_path, provider.issuer, oidc_client_secret="a secret: ü")
    taken = leave(client)
    assert taken["redirect_uri"] == f"{URL}/members/sign-in/provider/back"
    assert taken["code_challenge_method"] == "S256"
    provider.nonce = taken["nonce"]
    assert (
        client.get("/members/sign-in/provider/back", params={"code": "c", "state": taken["state"]}).status_code == 303
    )
    [asked] = provider.asked
    digest = hashlib.sha256(asked["code_verifier"].encode()).digest()
    assert base64.urlsafe_b64encode(digest).decode().rstrip("=") == taken["code_challenge"]
    assert "client_secret" not in asked
    assert base64.b64decode(asked["authorization"].removeprefix("Basic ")).decode() == f"{CLIENT}:a+secret%3A+%C3%BC"


@pytest.mark.parametrize(
    ("amr", "leads_to"),
    [(None, "/members/factors?"), (["pwd"], "/members/factors?"), (["pwd", "mfa"], "/members/provider?")],
)
def test_a_provider_counts_as_second_factor_only_if_it_says_that_it_saw_one(
    database: Database, tmp_path: Path, provider: Crooked, amr: list[str] | None, leads_to: str
) -> None:
    open_account(database)
    provider.claims["amr"] = amr
    client = open_desk(database, tmp_path, provider.issuer)
    assert come_back(client, provider).headers["location"].startswith(leads_to)


def forge_unsigned(provider: Crooked) -> None:
    _, body, _ = provider.sign().split(".")
    none = base64.urlsafe_b64encode(json.dumps({"alg": "none"}).encode()).decode().rstrip("=")
    provider.token = f"{none}.{body}."


def forge_with_our_secret(provider: Crooked) -> None:
    claims = jwt.decode(provider.sign(), provider.key).claims
    provider.token = jwt.encode({"alg": "HS256", "kid": "1"}, claims, OctKey.import_key(CLIENT * 4))


FAULTS: dict[str, Any] = {
    "wrong audience": lambda it: it.claims.update(aud="somebody-else"),
    "for others as well": lambda it: it.claims.update(aud=[CLIENT, "somebody-else"]),
    "expired": lambda it: it.claims.update(exp=int(time.time()) - 3600, iat=int(time.time()) - 7200),
    "without an end": lambda it: it.claims.update(exp=None),
    "other nonce": lambda it: it.claims.update(nonce="another"),
    "no nonce": lambda it: it.claims.update(nonce=None),
    "other issuer": lambda it: it.claims.update(iss="https://evil.example"),
    "no subject": lambda it: it.claims.update(sub=None),
    "alg none": forge_unsigned,
    "signed with our secret": forge_with_our_secret,
    "another key": lambda it: setattr(it, "token", it.sign(RSAKey.generate_key(2048, {"kid": "1"}))),
    "no token": lambda it: setattr(it, "token", "junk"),
    "code not taken": lambda it: setattr(it, "token_status", 400),
    "calls itself another": lambda it: it.discovery.update(issuer="https://evil.example"),
    "keys over plain http": lambda it: it.discovery.update(jwks_uri="http://evil.example/keys"),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_an_answer_that_is_wrong_in_anything_signs_nobody_in(
    database: Database, tmp_path: Path, provider: Crooked, fault: str
) -> None:
    open_account(database, AUDITOR, "auditor")
    provider.claims["email"] = AUDITOR
    client = open_desk(database, tmp_path, provider.issuer)
    taken = leave(client)
    provider.nonce = taken["nonce"]
    FAULTS[fault](provider)
    answer = client.get("/members/sign-in/provider/back", params={"code": "c", "state": taken["state"]})
    assert answer.status_code == 422
    assert "cannot be relied on" in answer.text
    assert not is_in(client)


def test_a_provider_that_is_away_says_so_before_and_after(
    database: Database, tmp_path: Path, provider: Crooked
) -> None:
    client = open_desk(database, tmp_path, provider.issuer)
    taken = leave(client)
    provider.token_status = 503
    answer = client.get("/members/sign-in/provider/back", params={"code": "c", "state": taken["state"]})
    assert "does not answer now" in answer.text
    nowhere = open_desk(database, tmp_path, "http://localhost:1")
    assert "does not answer now" in nowhere.get("/members/sign-in/provider").text


def test_an_answer_of_another_sign_in_or_none_is_refused(database: Database, tmp_path: Path, provider: Crooked) -> None:
    client = open_desk(database, tmp_path, provider.issuer)
    assert "another sign-in" in come_back(client, provider, state="another").text
    taken = leave(client)
    client.cookies.clear()
    answer = client.get("/members/sign-in/provider/back", params={"code": "c", "state": taken["state"]})
    assert "another sign-in" in answer.text
    assert "did not let you in" in come_back(client, provider, error="access_denied").text
    assert "cannot be relied on" in come_back(client, provider, iss="https://evil.example").text


@pytest.mark.parametrize(
    "claims",
    [
        {"email": "stranger@example.org"},
        {"email": AUDITOR, "email_verified": False},
        {"email": AUDITOR, "email_verified": "true"},
        {"email": AUDITOR, "email_verified": None},
        {"email": None},
        {"email": "somebody@elsewhere.example"},
    ],
)
def test_nobody_is_let_in_by_an_address_that_is_not_verified_or_not_here(
    database: Database, tmp_path: Path, provider: Crooked, claims: dict[str, Any]
) -> None:
    open_account(database, AUDITOR, "auditor")
    provider.claims.update(claims)
    client = open_desk(database, tmp_path, provider.issuer)
    assert "nobody here signs in with that" in come_back(client, provider).text
    with database.read(COMMUNITY) as tx:
        assert tx.scalar(select(func.count()).select_from(account).where(account.c.community == COMMUNITY)) == 1


def test_once_connected_the_subject_counts_and_not_the_address(
    database: Database, tmp_path: Path, provider: Crooked
) -> None:
    account_id = open_account(database, AUDITOR, "auditor")
    open_account(database, OTHER_BOARD, "auditor")
    provider.claims["email"] = AUDITOR
    client = open_desk(database, tmp_path, provider.issuer)
    come_back(client, provider)
    assert client.post("/members/provider/bind", data={"next": "/"}).status_code == 303
    client.cookies.clear()
    provider.claims["sub"] = "somebody-new"
    assert "connected with somebody else" in come_back(client, provider).text, "the address was given to another person"
    provider.claims.update(sub="subject-1", email="new-name@example.org")
    assert come_back(client, provider).status_code == 303
    assert is_in(client)
    assert client.post("/members/provider/unbind").status_code == 303
    client.cookies.clear()
    assert "nobody here" in come_back(client, provider).text
    with database.write(COMMUNITY, SECRETARY) as tx:
        assert find_by_account(tx, provider.issuer, account_id) is None


def test_nobody_connects_what_another_brought(database: Database, tmp_path: Path, provider: Crooked) -> None:
    open_account(database, AUDITOR, "auditor")
    open_account(database, OTHER_BOARD, "partner")
    client = open_desk(database, tmp_path, provider.issuer)
    provider.claims["email"] = AUDITOR
    come_back(client, provider)
    brought = client.cookies["coop_oidc_subject"]
    client.cookies.clear()
    provider.claims.update(email=OTHER_BOARD, sub="subject-2")
    come_back(client, provider)
    client.cookies.delete("coop_oidc_subject")
    client.cookies.set("coop_oidc_subject", brought)
    assert client.post("/members/provider/bind").status_code == 422


def test_a_closed_account_stays_closed(database: Database, tmp_path: Path, provider: Crooked) -> None:
    account_id = open_account(database, AUDITOR, "auditor")
    with database.write(COMMUNITY, SECRETARY) as tx:
        set_active(tx, ROLES, account_id, active=False)
    provider.claims["email"] = AUDITOR
    assert "nobody here" in come_back(open_desk(database, tmp_path, provider.issuer), provider).text


def test_without_a_provider_there_is_no_way_to_one(client: TestClient) -> None:
    assert client.get("/members/sign-in/provider").status_code == 404
    assert "provider" not in client.get("/members/sign-in").text


def test_the_sign_in_page_names_the_provider(database: Database, tmp_path: Path, provider: Crooked) -> None:
    assert "Sign in by Warm ID" in open_desk(database, tmp_path, provider.issuer).get("/members/sign-in").text


@pytest.mark.parametrize(
    "given",
    [
        {"oidc_issuer": "http://id.example", "oidc_client_id": "c", "oidc_domains": "a.example"},
        {"oidc_issuer": "https://id.example", "oidc_domains": "a.example"},
        {"oidc_issuer": "https://id.example", "oidc_client_id": "c"},
    ],
)
def test_a_provider_that_is_half_set_up_does_not_start(tmp_path: Path, given: dict[str, str]) -> None:
    with pytest.raises(ValidationError, match="COOP_OIDC"):
        Settings(data_dir=tmp_path, **given)  # type: ignore[arg-type]


def test_the_secret_of_the_client_is_in_no_log() -> None:
    assert "hush" not in repr(Provider("i", "c", "hush", "n", frozenset(), frozenset()))
