"""The second step of a sign-in: who has to take it, what opens before it, and codes that are right once."""

from __future__ import annotations

from datetime import timedelta

import pytest
from fastapi.routing import APIRoute
from fastapi.testclient import TestClient
from sqlalchemy import select, update

from coop.communities.commands import found, make_choice
from coop.communities.model import Profile
from coop.demo.cooperative import PROFILE
from coop.kit.database import Database
from coop.kit.session import COOKIE, ENTERING
from coop.members.factors.commands.own import FRESH
from coop.members.factors.rules.codes import count_step, show_code
from coop.members.factors.tables import authenticator, recovery_code
from coop.members.identity.commands.accounts import set_active
from coop.members.identity.model import ROLES
from coop.members.identity.store import list_changes, list_without_factor
from coop.members.service import MEMBERS
from coop.members.tables import message
from tests.desk import COMMUNITY, SECRETARY
from tests.kit.clocks import SetClock
from tests.members.entering import (
    AUDITOR,
    BOARD,
    NAMES,
    OTHER_BOARD,
    codes_on,
    enrol_app,
    enter_with_app,
    give_password,
    open_account,
    sealed_on,
    secret_on,
    show,
)
from tests.members.sample import AT

LATER = AT + timedelta(hours=1)
REAL = Profile(("coop.example",), "Warm U.A.", "Warm")


def is_in(client: TestClient) -> bool:
    """True when the register opens."""
    return client.get("/members/").status_code == 200


def code_at(secret: bytes, clock: SetClock, steps_off: int = 0) -> str:
    return show_code(secret, count_step(clock.now()) + steps_off)


@pytest.mark.parametrize("role", ["board", "treasurer", "operator"])
def test_who_can_change_money_votes_or_the_register_chooses_a_factor_first(
    database: Database, client: TestClient, role: str
) -> None:
    open_account(database, BOARD, role)
    assert give_password(client, next="/members/accounts") == "/members/factors?next=%2Fmembers%2Faccounts"
    assert "Choose a second factor" in client.get("/members/factors").text
    secret, codes = enrol_app(client, AT)
    assert len(secret) == 20
    assert len(set(codes)) == 10
    assert is_in(client)


def list_open(client: TestClient) -> set[str]:
    """Every page of the service that opens for this browser."""
    return {
        route.path
        for router in MEMBERS.routers
        for route in router.routes
        if isinstance(route, APIRoute)
        and "GET" in (route.methods or ())
        and client.get(route.path.replace("{", "").replace("}", "")).status_code == 200
    }


def test_nothing_else_opens_before_a_factor_is_chosen(database: Database, client: TestClient) -> None:
    open_account(database)
    for_nobody = list_open(client)
    give_password(client)
    mine = {"/members/factors", "/members/factors/app", "/members/factors/passkeys/new"}
    assert list_open(client) - for_nobody == mine
    assert client.get("/members/me").status_code == 401
    assert client.get("/members/sign-in").headers["location"] == "/members/factors?next=%2F"


def test_whoever_has_a_factor_shows_it_every_time(database: Database, client: TestClient, clock: SetClock) -> None:
    open_account(database)
    secret = enter_with_app(client, AT)
    clock.set(LATER)
    assert give_password(client, next="/members/accounts") == "/members/second-step?next=%2Fmembers%2Faccounts"
    assert not is_in(client)
    assert client.get("/members/factors").status_code == 401
    answer = client.post("/members/second-step", data={"code": code_at(secret, clock), "next": "/members/accounts"})
    assert answer.headers["location"] == "/members/accounts"
    assert is_in(client)


def test_the_cookie_of_the_first_step_is_used_up_by_the_second(
    database: Database, client: TestClient, clock: SetClock
) -> None:
    open_account(database)
    secret = enter_with_app(client, AT)
    clock.set(LATER)
    give_password(client)
    first = client.cookies[COOKIE]
    assert show(client, code_at(secret, clock)) == 303
    client.cookies.clear()
    client.cookies.set(COOKIE, first)
    assert client.get("/members/second-step").status_code == 401


def test_the_second_step_has_half_an_hour(database: Database, client: TestClient, clock: SetClock) -> None:
    open_account(database)
    secret = enter_with_app(client, AT)
    clock.set(LATER)
    give_password(client)
    clock.set(LATER + ENTERING)
    assert show(client, code_at(secret, clock)) == 401


def test_an_account_that_is_closed_between_the_steps_stays_out(
    database: Database, client: TestClient, clock: SetClock
) -> None:
    account_id = open_account(database)
    open_account(database, OTHER_BOARD)  # the last account of the board is not closed
    secret = enter_with_app(client, AT)
    clock.set(LATER)
    give_password(client)
    with database.write(COMMUNITY, SECRETARY) as tx:
        set_active(tx, ROLES, account_id, active=False)
    assert show(client, code_at(secret, clock)) == 401


def test_an_auditor_need_not_and_may(database: Database, client: TestClient, clock: SetClock) -> None:
    open_account(database, AUDITOR, "auditor")
    assert give_password(client, AUDITOR) == "/"
    assert is_in(client)
    enrol_app(client, AT)
    clock.set(LATER)
    assert give_password(client, AUDITOR).startswith("/members/second-step?")


def test_a_demonstration_asks_nobody_and_the_board_of_a_co_operative_chooses_who(
    database: Database, client: TestClient
) -> None:
    open_account(database)
    open_account(database, AUDITOR, "auditor")
    with database.write(COMMUNITY, SECRETARY) as tx:
        found(tx, REAL, AT.date())
        everybody = dict.fromkeys(("board", "treasurer", "operator", "auditor", "partner"), "yes")
        make_choice(tx, "second-factor", AT.date(), everybody, "resolved by the board")
        assert [account.email for account in list_without_factor(tx)] == [AUDITOR, BOARD]
    assert give_password(client, AUDITOR).startswith("/members/factors?")


def test_the_accounts_of_a_demonstration_sign_in_without_being_stopped(database: Database, client: TestClient) -> None:
    with database.write(COMMUNITY, SECRETARY) as tx:
        found(tx, PROFILE, AT.date())
    open_account(database)
    assert give_password(client) == "/"
    assert "This is a demonstration" in client.get("/members/factors").text


@pytest.mark.parametrize(("steps_off", "status"), [(-2, 422), (-1, 303), (0, 303), (1, 303), (2, 422)])
def test_a_clock_may_be_off_by_a_step_and_no_more(
    database: Database, client: TestClient, clock: SetClock, steps_off: int, status: int
) -> None:
    open_account(database)
    secret = enter_with_app(client, AT)
    clock.set(LATER)
    give_password(client)
    assert show(client, code_at(secret, clock, steps_off)) == status


def test_a_code_works_once(database: Database, client: TestClient, clock: SetClock) -> None:
    open_account(database)
    secret = enter_with_app(client, AT)
    give_password(client)
    assert show(client, code_at(secret, clock)) == 422, "the code that confirmed the app was used by that"
    clock.set(LATER)
    code = code_at(secret, clock)
    give_password(client)
    assert show(client, code) == 303
    give_password(client)
    assert show(client, code) == 422
    assert show(client, code_at(secret, clock, -1)) == 422, "nor does one of before it"
    assert show(client, code_at(secret, clock, 1)) == 303


def test_a_code_of_another_account_opens_nothing(database: Database, client: TestClient, clock: SetClock) -> None:
    open_account(database)
    open_account(database, OTHER_BOARD)
    mine, theirs = enter_with_app(client, AT), enter_with_app(client, AT, OTHER_BOARD)
    clock.set(LATER)
    give_password(client)
    assert show(client, code_at(theirs, clock)) == 422
    assert show(client, code_at(mine, clock)) == 303


def test_a_thousand_tries_are_a_handful(database: Database, client: TestClient, clock: SetClock) -> None:
    open_account(database)
    secret = enter_with_app(client, AT)
    clock.set(LATER)
    give_password(client)
    client.cookies.delete("coop_browser")
    answers = [client.post("/members/second-step", data={"code": f"{number:06d}"}) for number in range(1000)]
    looked_at = [answer for answer in answers if "The code is not right" in answer.text]
    assert len(looked_at) == 5
    assert "Too many tries" in answers[-1].text
    assert show(client, code_at(secret, clock)) == 422, "nor does the right code open then"


def test_guesses_from_many_places_are_twenty_a_day_and_leave_the_owners_browser_alone(
    database: Database, client: TestClient, clock: SetClock
) -> None:
    open_account(database)
    secret = enter_with_app(client, AT)
    own_browser = client.cookies["coop_browser"]
    looked_at = 0
    for hour in range(1, 20):
        clock.set(AT + timedelta(hours=hour))
        give_password(client)
        client.cookies.delete("coop_browser")
        looked_at += sum(
            "is not right" in client.post("/members/second-step", data={"code": "1"}).text for _ in "12345"
        )
    assert looked_at == 20
    give_password(client)
    client.cookies.delete("coop_browser")
    client.cookies.set("coop_browser", own_browser)
    assert show(client, code_at(secret, clock)) == 303


def test_an_enrolment_of_one_session_is_not_finished_by_another(database: Database, client: TestClient) -> None:
    open_account(database)
    give_password(client)
    page = client.get("/members/factors/app").text
    offered = {"sealed": sealed_on(page), "code": show_code(secret_on(page), count_step(AT))}
    give_password(client)
    answer = client.post("/members/factors/app", data=offered)
    assert answer.headers["location"] == "/members/factors"
    assert not is_in(client)
    with database.read(COMMUNITY) as tx:
        assert tx.execute(select(authenticator).where(authenticator.c.community == COMMUNITY)).first() is None


def test_a_wrong_first_code_keeps_the_same_picture(database: Database, client: TestClient) -> None:
    open_account(database)
    give_password(client)
    page = client.get("/members/factors/app").text
    again = client.post("/members/factors/app", data={"sealed": sealed_on(page), "code": "000000"})
    assert again.status_code == 422
    assert secret_on(again.text) == secret_on(page)
    assert "<svg" in again.text


def test_a_factor_is_changed_only_just_after_signing_in(
    database: Database, client: TestClient, clock: SetClock
) -> None:
    open_account(database)
    enter_with_app(client, AT)
    clock.set(AT + FRESH + timedelta(seconds=1))
    page = client.get("/members/factors").text
    assert "sign in once more" in page
    assert "Make ten new ones" not in page
    for path in ("/members/factors/codes", "/members/factors/app/remove"):
        assert client.post(path).status_code == 409
    assert client.get("/members/factors/app").status_code == 409
    assert client.post("/members/factors/again").headers["location"] == "/members/sign-in?next=/members/factors"
    assert not is_in(client)


def test_the_last_factor_of_a_board_member_stays_and_a_members_may_go(database: Database, client: TestClient) -> None:
    open_account(database)
    enter_with_app(client, AT)
    assert client.post("/members/factors/app/remove").status_code == 409
    open_account(database, AUDITOR, "auditor")
    give_password(client, AUDITOR)
    enrol_app(client, AT)
    assert client.post("/members/factors/app/remove").status_code == 303
    assert give_password(client, AUDITOR) == "/"


def test_each_recovery_code_opens_once_and_new_ones_replace_them(
    database: Database, client: TestClient, clock: SetClock
) -> None:
    account_id = open_account(database)
    give_password(client)
    _, codes = enrol_app(client, AT)
    clock.set(LATER)
    give_password(client)
    assert show(client, codes[0].replace("-", " ").upper()) == 303
    assert "9 codes are left" in client.get("/members/factors").text
    give_password(client)
    assert show(client, codes[0]) == 422
    assert show(client, codes[1]) == 303
    renewed = codes_on(client.post("/members/factors/codes").text)
    assert len(renewed) == 10
    clock.set(LATER + timedelta(minutes=10))
    give_password(client)
    assert show(client, codes[2]) == 422
    assert show(client, renewed[0]) == 303
    with database.read(COMMUNITY) as tx:
        assert {"recovery-code-used", "recovery-codes"} <= {change.change for change in list_changes(tx, account_id)}


def test_no_secret_and_no_code_is_kept_as_it_is(database: Database, client: TestClient) -> None:
    open_account(database)
    give_password(client)
    secret, codes = enrol_app(client, AT)
    with database.read(COMMUNITY) as tx:
        kept = tx.scalar(select(authenticator.c.sealed_secret).where(authenticator.c.community == COMMUNITY))
        hashes = [row.sha256 for row in tx.execute(select(recovery_code).where(recovery_code.c.community == COMMUNITY))]
    assert isinstance(kept, bytes)
    assert secret not in kept
    assert not set(codes) & set(hashes)


def test_an_app_whose_secret_cannot_be_read_leaves_recovery_codes(
    database: Database, client: TestClient, clock: SetClock
) -> None:
    open_account(database)
    give_password(client)
    secret, codes = enrol_app(client, AT)
    clock.set(LATER)
    give_password(client)
    with database.write(COMMUNITY, SECRETARY) as tx:
        tx.execute(
            update(authenticator).where(authenticator.c.community == COMMUNITY).values(sealed_secret=b"\x01" * 53)
        )
    page = client.post("/members/second-step", data={"code": code_at(secret, clock)})
    assert "use a recovery code" in page.text
    assert show(client, codes[0]) == 303


def test_the_new_codes_are_in_no_cache(database: Database, client: TestClient) -> None:
    open_account(database)
    give_password(client)
    page = client.get("/members/factors/app")
    answer = client.post(
        "/members/factors/app",
        data={"sealed": sealed_on(page.text), "code": show_code(secret_on(page.text), count_step(AT))},
    )
    assert [page.headers["cache-control"], answer.headers["cache-control"]] == ["no-store", "no-store"]


def test_the_owner_is_told_of_every_change(database: Database, client: TestClient) -> None:
    open_account(database)
    enter_with_app(client, AT)
    client.post("/members/factors/codes")
    with database.read(COMMUNITY) as tx:
        told = tx.execute(select(message).where(message.c.community == COMMUNITY).order_by(message.c.made_at)).all()
    assert {row.kind for row in told} == {"told-of-change"}
    assert {row.address for row in told} == {BOARD}
    texts = " ".join(row.content for row in told)
    assert "er is een tweede stap toegevoegd" in texts
    assert "er zijn nieuwe herstelcodes gemaakt" in texts
    assert NAMES[BOARD] in texts
