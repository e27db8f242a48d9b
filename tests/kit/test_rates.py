"""Rates: what a token and an address may send in a minute."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from fastapi import APIRouter
from fastapi.testclient import TestClient
from hypothesis import given
from hypothesis import strategies as st

from coop.events.members import ProgramTokenMade
from coop.kit import rates
from coop.kit.access import ANYBODY, Access, roles
from coop.kit.database import Database
from coop.kit.http import GuardedRoute
from coop.kit.rates import Rate, TooManyRequests
from coop.kit.service import Room, Service
from coop.kit.settings import Settings
from coop.kit.tokens import keep_token, make_token
from coop.web.app import assemble_app
from tests.desk import COMMUNITY, SECRET, SECRETARY, lead_to, sign_in
from tests.kit.town import metadata, open_database

ACCESS = Access("billing", {"see": roles("board", "read:bills"), "open": ANYBODY})
routes = APIRouter(route_class=GuardedRoute, prefix="/billing/api/v1")


@routes.get("/seen")
@ACCESS.may("see")
def see() -> dict[str, str]:
    return {}


@routes.get("/open")
@ACCESS.may("open")
def look() -> dict[str, str]:
    return {}


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[TestClient]:
    """A service that takes three requests a minute of a token and five of an address."""
    database: Database = open_database(f"sqlite:///{tmp_path}/billing.db", "billing")
    service = Service(
        name="billing", label="Billing", metadata=metadata, migrations=Path(), access=ACCESS, routers=(routes,)
    )
    settings = Settings(data_dir=tmp_path, secret=SECRET, rate_per_token=3, rate_per_address=5)
    app = assemble_app("t", settings, {"billing": Room(service, database, settings)}, lead_to("http://testserver"))
    with TestClient(app) as client:
        yield client
    database.close()


def let_in(desk: TestClient) -> dict[str, str]:
    token = make_token()
    with desk.app.state.sessions.write(COMMUNITY, SECRETARY) as tx:  # type: ignore[attr-defined]
        fields = {"token_id": token.token_id, "token_sha256": token.sha256, "scopes": ("read:bills",)}
        keep_token(tx, ProgramTokenMade.model_validate({**fields, "expires_at": datetime(2099, 1, 1, tzinfo=UTC)}))
    return {"authorization": f"Bearer {token.token}"}


def test_a_token_that_sends_too_much_hears_when_to_come_again(desk: TestClient) -> None:
    bearer = let_in(desk)
    answers = [desk.get("/billing/api/v1/seen", headers=bearer) for _ in range(4)]
    assert [answer.status_code for answer in answers] == [200, 200, 200, 429]
    assert [answer.headers["RateLimit"].split(";")[1] for answer in answers] == ["r=2", "r=1", "r=0", "r=0"]
    assert answers[0].headers["RateLimit-Policy"] == '"token";q=3;w=60'
    assert (answers[3].json()["code"], answers[3].headers["Retry-After"]) == ("too-many-requests", "20")


def test_an_address_that_sends_too_much_is_refused_whatever_token_it_tries(desk: TestClient) -> None:
    wrong = {"authorization": f"Bearer {make_token().token}"}
    answers = [desk.get("/billing/api/v1/seen", headers=wrong) for _ in range(6)]
    assert [answer.status_code for answer in answers] == [401] * 5 + [429]
    assert desk.get("/billing/api/v1/open").status_code == 429
    assert sign_in(desk, "board").get("/billing/api/v1/seen").status_code == 200, "a person is known by name"


def test_two_tokens_do_not_count_for_each_other(desk: TestClient) -> None:
    first, second = let_in(desk), let_in(desk)
    assert [desk.get("/billing/api/v1/seen", headers=first).status_code for _ in range(3)] == [200] * 3
    assert desk.get("/billing/api/v1/seen", headers=second).status_code == 200


@given(st.integers(1, 600), st.lists(st.floats(0, 20), min_size=1, max_size=200))
def test_no_minute_takes_more_than_twice_the_limit_and_a_wait_is_enough(per_minute: int, pauses: list[float]) -> None:
    now, taken = 0.0, []
    rate = Rate("token", per_minute, clock=lambda: now)
    for pause in pauses:
        now += pause
        try:
            rate.take("a")
        except TooManyRequests as refusal:
            now += int(refusal.headers["Retry-After"])
            rate.take("a")
        taken.append(now)
    for at in taken:
        assert sum(at <= other < at + 60 for other in taken) <= 2 * per_minute + 1


def test_no_limit_counts_nothing_and_old_keys_are_forgotten(monkeypatch: pytest.MonkeyPatch) -> None:
    assert Rate("token", 0).take("a") == {}
    monkeypatch.setattr(rates, "KEYS_MAX", 3)
    rate = Rate("token", 1)
    for key in "abcdabcd":
        rate.take(key)
    assert len(rate._owed_until) == 3
