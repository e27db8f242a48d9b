"""Tokens of programs: what opens, what does not, and what every service hears of them.

``billing`` of ``town`` hears of tokens, and tells of their use.
"""

from __future__ import annotations

import hmac
import logging
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import permutations
from pathlib import Path

import pytest
from fastapi import APIRouter, Request
from fastapi.testclient import TestClient
from sqlalchemy import select

from coop.events.billing import ProgramTokenUsed
from coop.events.members import DeviceMetersSet, GatewayMetersSet, ProgramTokenEnded, ProgramTokenMade
from coop.kit import tokens
from coop.kit.access import Access, roles
from coop.kit.database import Database
from coop.kit.http import GuardedRoute, session_of
from coop.kit.logs import configure
from coop.kit.tables import journal, program_token
from coop.kit.tokens import (
    WrongToken,
    end_token,
    hash_token,
    keep_token,
    let_in,
    list_devices,
    list_gateways,
    make_token,
    on_program_token_used,
    set_device_meters,
    set_meters,
)
from tests.desk import COMMUNITY, SECRETARY, open_desk
from tests.kit.clocks import SetClock
from tests.kit.town import LISTENER

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
NEW = make_token()


def made(**changes: object) -> ProgramTokenMade:
    fields = {
        "token_id": NEW.token_id,
        "token_sha256": NEW.sha256,
        "scopes": ("read:bills",),
        "expires_at": NOW + timedelta(days=365),
    }
    return ProgramTokenMade.model_validate({**fields, **changes})


@pytest.fixture
def clock(pair: tuple[Database, Database]) -> SetClock:
    pair[1].clock = clock = SetClock(NOW)
    return clock


@pytest.fixture
def database(pair: tuple[Database, Database], clock: SetClock) -> Database:
    """The database of ``billing``, which has heard of one token."""
    with pair[1].write(COMMUNITY, SECRETARY) as tx:
        keep_token(tx, made())
    return pair[1]


def opens(database: Database, token: str = NEW.token, community: str = COMMUNITY) -> bool:
    try:
        let_in(database, community, token, "api")
    except WrongToken:
        return False
    return True


def test_a_token_is_long_has_its_id_in_it_and_is_kept_as_a_hash_only(database: Database) -> None:
    assert NEW.token.startswith(f"coop_{NEW.token_id}_")
    assert len(NEW.token) >= 60
    assert make_token().token != NEW.token
    secret = NEW.token.split("_", 2)[2]
    with database.system_read() as sql:
        kept = sql.exec_driver_sql("SELECT * FROM program_token").all()
    assert secret not in str(kept)
    assert hash_token(NEW.token) in str(kept)


def test_a_program_that_comes_in_has_its_scopes_as_roles(database: Database) -> None:
    program = let_in(database, COMMUNITY, NEW.token, "api")
    assert (program.roles, program.kind, program.member_id) == (frozenset({"read:bills"}), "program", None)
    assert str(program.actor("api")) == f"program:{NEW.token_id}"


@pytest.mark.parametrize(
    "token",
    [
        "",
        "coop_",
        "coop__",
        NEW.token_id,
        NEW.sha256,
        NEW.token[:-1],
        NEW.token + "x",
        NEW.token.upper(),
        f"coop_{NEW.token_id}_",
        f"coop_{NEW.token_id}_{NEW.sha256}",
        make_token().token,
        "coop_\x00_\ud800",
        "coop_" + "9" * 5000,
    ],
    ids=[
        "nothing",
        "the beginning",
        "no number and no secret",
        "the number",
        "the hash",
        "a letter short",
        "a letter more",
        "in capitals",
        "no secret",
        "the hash as secret",
        "another token",
        "no text",
        "very long",
    ],
)
def test_what_is_not_the_token_opens_nothing(database: Database, token: str) -> None:
    assert not opens(database, token)


def test_a_token_opens_nothing_at_another_co_operative(database: Database) -> None:
    assert not opens(database, community="zuid")


def test_a_token_opens_until_it_expires(database: Database, clock: SetClock) -> None:
    clock.set(NOW + timedelta(days=365, seconds=-1))
    assert opens(database)
    clock.set(NOW + timedelta(days=365))
    assert not opens(database)


def test_an_ended_token_opens_nothing_at_once(database: Database) -> None:
    with database.write(COMMUNITY, SECRETARY) as tx:
        end_token(tx, ProgramTokenEnded(token_id=NEW.token_id, ended_at=NOW))
    assert not opens(database)


def test_a_gateway_without_a_token_cannot_come_in_by_an_empty_one(database: Database) -> None:
    with database.write(COMMUNITY, SECRETARY) as tx:
        keep_token(tx, made(token_id="00ff", token_sha256="", gateway="g", meters=("E1",), expires_at=None))
    for token in ("coop_00ff_", "coop_00ff", f"coop_00ff_{tokens._NOBODYS}"):
        assert not opens(database, token)


def test_an_unknown_id_is_compared_like_a_wrong_secret(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    compared: list[tuple[int, int]] = []

    def compare(kept: str, shown: str) -> bool:
        compared.append((len(kept), len(shown)))
        return kept == shown

    monkeypatch.setattr(hmac, "compare_digest", compare)
    for token in (NEW.token, NEW.token + "x", make_token().token, "hello"):
        opens(database, token)
    assert compared == [(64, 64)] * 4


def test_the_first_use_of_a_day_is_told_once_and_no_other(database: Database, clock: SetClock) -> None:
    for hours in (0, 1, 2, 24, 25):
        clock.set(NOW + timedelta(hours=hours))
        assert opens(database)
    with database.read(COMMUNITY) as tx:
        told = sorted(tx.scalars(select(journal.c.data).where(journal.c.community == tx.community)))
    assert told == [f'{{"token_id":"{NEW.token_id}","used_on":"2026-03-0{day}"}}' for day in (1, 2)]


def test_a_use_that_is_heard_late_does_not_set_the_day_back(database: Database) -> None:
    with database.write(COMMUNITY, SECRETARY) as tx:
        for day in ("2026-03-05", "2026-03-02"):
            used = ProgramTokenUsed.model_validate({"token_id": NEW.token_id, "used_on": day})
            on_program_token_used(tx, used, None)  # type: ignore[arg-type]  # it reads nothing of the envelope
        kept = tx.scalars(select(program_token.c.used_on).where(program_token.c.community == tx.community)).all()
    assert [str(used_on) for used_on in kept] == ["2026-03-05"]


def test_what_is_said_of_a_gateway_comes_to_the_same_in_any_order(pair: tuple[Database, Database]) -> None:
    later = NOW + timedelta(hours=1)
    facts: list[ProgramTokenMade | GatewayMetersSet | DeviceMetersSet] = [
        made(gateway="g", meters=("E1",), expires_at=None),
        GatewayMetersSet(token_id=NEW.token_id, meters=("E1", "E2"), set_at=NOW),
        GatewayMetersSet(token_id=NEW.token_id, meters=("E3",), set_at=later),
        DeviceMetersSet(token_id=NEW.token_id, meters=("E1",), set_at=NOW, named_by=None),
        DeviceMetersSet(token_id=NEW.token_id, meters=("E3",), set_at=later, named_by=None),
    ]
    keep = {ProgramTokenMade: keep_token, GatewayMetersSet: set_meters, DeviceMetersSet: set_device_meters}
    for number, order in enumerate(permutations(facts)):
        with pair[1].write(f"c{number}", SECRETARY) as tx:
            for fact in order:
                keep[type(fact)](tx, fact)  # type: ignore[operator]
            keep_token(tx, made(gateway="g", meters=("E1",), expires_at=None))
            assert list_gateways(tx) == list_devices(tx) == {"g": frozenset({"E3"})}
            end_token(tx, ProgramTokenEnded(token_id=NEW.token_id, ended_at=NOW))
            keep_token(tx, made(gateway="g", meters=("E1",), expires_at=None))
            assert list_gateways(tx) == {}


def test_two_tokens_of_one_gateway_speak_for_the_meters_of_both(database: Database) -> None:
    with database.write(COMMUNITY, SECRETARY) as tx:
        keep_token(tx, made(token_id="a", gateway="g", meters=("E1",)))
        keep_token(tx, made(token_id="b", gateway="g", meters=("E2",)))
        keep_token(tx, made(token_id="c", gateway="plant", meters=None))
        assert list_gateways(tx) == {"g": frozenset({"E1", "E2"}), "plant": None}


@pytest.fixture
def desk(database: Database, tmp_path: Path) -> Iterator[TestClient]:
    routes = APIRouter(route_class=GuardedRoute, prefix="/billing/api/v1")
    access = Access("billing", {"see": roles("board", "read:bills"), "change": roles("board")})

    @routes.get("/seen")
    @access.may("see")
    def see(request: Request) -> dict[str, str]:
        return {"by": session_of(request).account_id}

    @routes.post("/changed")
    @access.may("change")
    def change() -> dict[str, str]:
        return {}

    @routes.get("/page", include_in_schema=False)
    @access.may("see")
    def page() -> dict[str, str]:
        return {}

    with open_desk(replace(LISTENER, access=access, routers=(routes,)), database, tmp_path) as client:
        yield client


def bearer(token: str) -> dict[str, str]:
    return {"authorization": f"Bearer {token}"}


def test_a_program_gets_what_its_scope_opens_and_nothing_else(desk: TestClient) -> None:
    assert desk.get("/billing/api/v1/seen", headers=bearer(NEW.token)).json() == {"by": NEW.token_id}
    assert desk.post("/billing/api/v1/changed", headers=bearer(NEW.token)).status_code == 403
    assert desk.get("/billing/api/v1/page", headers=bearer(NEW.token)).status_code == 401
    for wrong in (NEW.token + "x", "hello", ""):
        answer = desk.get("/billing/api/v1/seen", headers=bearer(wrong))
        assert (answer.status_code, answer.json()["code"]) == (401, "wrong-token")


def test_no_token_is_in_a_log_or_an_answer(desk: TestClient, capsys: pytest.CaptureFixture[str]) -> None:
    before = list(logging.getLogger().handlers), logging.getLogger().level
    configure("DEBUG", "text")
    try:
        shown = [NEW.token, NEW.token + "x", make_token().token]
        answers = [desk.get("/billing/api/v1/seen", headers=bearer(token)) for token in shown]
        answers += [desk.post("/billing/api/v1/changed", headers=bearer(NEW.token))]
    finally:
        logging.getLogger().handlers[:], level = before
        logging.getLogger().setLevel(level)
    output = capsys.readouterr()
    log = output.out + output.err
    assert "/billing/api/v1/seen" in log, "the log was written"
    for token in shown:
        secret = token.split("_", 2)[2]
        assert secret not in log
        assert not any(secret in answer.text + str(answer.headers) for answer in answers)
