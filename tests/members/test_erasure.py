"""Erasure: who a member was is emptied everywhere, at once or when the books need it no longer (E26)."""

from __future__ import annotations

from datetime import date, datetime, timedelta

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import text

from coop.events.billing import BillIssued
from coop.events.metering import UseSeen
from coop.kit.actor import Actor
from coop.kit.database import Database
from coop.kit.jobs import Work
from coop.members.messages.commands import send
from coop.members.privacy import commands, store
from coop.members.privacy.model import SamePerson, StillMember
from coop.members.register.commands import end_membership
from coop.members.register.store import get_member
from coop.members.service import MEMBERS
from coop.values import BadInput
from tests.desk import COMMUNITY, SECRETARY, sign_in
from tests.kit.clocks import SetClock
from tests.members.browser import enter, open_account, text_of
from tests.members.sample import AT, VRIES, YILDIZ, bring_all
from tests.members.test_privacy import hear

OTHER = Actor("account", "account-2", "page")
WORDS = ("A. de Vries", "vries@example.org")
"""Words that say who this member is, and nobody else; the address is also that of the connection."""


@pytest.fixture(autouse=True)
def register(database: Database) -> None:
    """The sample, with an account and a message of A. de Vries, who left on 1 January 2026."""
    bring_all(database)
    open_account(database)
    with database.write(COMMUNITY, SECRETARY) as tx:
        send(tx, "plan-of-month", get_member(tx, VRIES), "plan", link="/", month=AT.date(), plan="Pay nothing")
        end_membership(tx, VRIES, date(2026, 1, 1))


def issue(database: Database, issued_on: date) -> None:
    """Let the register hear of a bill."""
    bill = BillIssued(
        bill_id=f"bill-{issued_on}",
        number="2025-000001",
        kind="bill",
        corrects=None,
        member_id=VRIES,
        contract_id="c",
        period_start=date(2025, 1, 1),
        period_end=date(2025, 2, 1),
        total_cents=100,
        credit_cents=0,
        tariff_ids=(),
        resolution_ids=(),
        inputs_hash="0" * 64,
        issued_on=issued_on,
    )
    hear(database, bill)


def words_left(database: Database) -> set[str]:
    """What of the member's particulars stands in any row of any table but the restricted one."""
    left = set()
    with database.system_read() as sql:
        for table in MEMBERS.metadata.sorted_tables:
            if table.name == "restricted_person":
                continue
            rows = str(sql.exec_driver_sql(f'SELECT * FROM "{table.name}"').all())
            left |= {word for word in WORDS if word in rows}
    return left


def carry_out(database: Database, number: int) -> str | None:
    with database.write(COMMUNITY, OTHER) as tx:
        return commands.carry_out(tx, number).outcome


def ask(database: Database) -> int:
    with database.write(COMMUNITY, SECRETARY) as tx:
        return commands.enter_request(tx, VRIES, "letter of 3 January")


def test_nothing_says_who_it_was_once_it_is_carried_out(database: Database) -> None:
    assert words_left(database) >= {"A. de Vries", "vries@example.org"}
    number = ask(database)
    assert ask(database) == number
    assert [carry_out(database, number), carry_out(database, number)] == ["erased", "erased"]
    assert words_left(database) == set()
    with database.read(COMMUNITY) as tx:
        member = get_member(tx, VRIES)
    assert (member.name, member.number, member.left_on) == ("(erased)", "001", date(2026, 1, 1))
    assert (member.email, member.address, member.postcode, member.city) == ("", "", "", "")


def test_e26_what_a_bill_needs_is_restricted_until_the_seventh_year_is_over(
    database: Database, clock: SetClock
) -> None:
    issue(database, date(2026, 1, 4))
    issue(database, date(2025, 1, 4))
    number = ask(database)
    assert carry_out(database, number) == "restricted"
    assert words_left(database) == set()
    with database.read(COMMUNITY) as tx:
        person, settled = store.find_restricted(tx, VRIES), commands.get_request(tx, number)
    assert person is not None
    assert (person.name, person.address, person.kept_until) == ("A. de Vries", "Kade 1", date(2033, 12, 31))
    assert settled.kept_until == date(2033, 12, 31)
    for day, is_kept in ((date(2033, 12, 31), True), (date(2034, 1, 1), False)):
        clock.set(datetime.combine(day, AT.timetz()))
        commands.forget_in_time(Work(database, COMMUNITY, clock.now(), "forget-members"))
        with database.read(COMMUNITY) as tx:
            assert (store.find_restricted(tx, VRIES) is not None) is is_kept
            assert get_member(tx, VRIES).name == ("(restricted)" if is_kept else "(erased)")


def test_who_left_long_ago_is_forgotten_without_asking(database: Database, clock: SetClock) -> None:
    issue(database, date(2026, 1, 4))
    work = Work(database, COMMUNITY, clock.now(), "forget-members")
    for year, is_known in ((2026, True), (2033, True), (2034, False)):
        clock.set(AT.replace(year=year))
        commands.forget_in_time(work)
        assert bool(words_left(database)) is is_known, year


def test_whoever_entered_the_request_does_not_carry_it_out(database: Database) -> None:
    number = ask(database)
    with pytest.raises(SamePerson), database.write(COMMUNITY, SECRETARY) as tx:
        commands.carry_out(tx, number)
    statement = "UPDATE erasure SET outcome = 'erased', settled_at = asked_at, settled_by = asked_by"
    with pytest.raises(Exception, match="carried_out_by_another"), database.system_write() as sql:
        sql.execute(text(statement))


def test_who_is_a_member_stays_in_the_register(database: Database) -> None:
    with database.write(COMMUNITY, SECRETARY) as tx:
        number = commands.enter_request(tx, YILDIZ, "letter")
    with pytest.raises(StillMember):
        carry_out(database, number)


@pytest.mark.parametrize("paper", ["", "  ", "x" * 201, "a\x00b"])
def test_a_request_by_another_hand_names_its_paper(database: Database, paper: str) -> None:
    with pytest.raises(BadInput), database.write(COMMUNITY, SECRETARY) as tx:
        commands.enter_request(tx, VRIES, paper)


def test_a_message_that_waits_for_who_is_erased_never_goes_out(database: Database) -> None:
    carry_out(database, ask(database))
    with database.system_read() as sql:
        rows = sql.exec_driver_sql("SELECT state, recipient, subject FROM outbound_message").all()
    assert [tuple(row) for row in rows] == [("withdrawn", "(forgotten)", "(forgotten)")]


def test_a_member_asks_and_takes_it_back_and_the_board_carries_it_out(database: Database, client: TestClient) -> None:
    page = "/members/me/privacy"
    enter(client)
    assert client.post(f"{page}/erasure").status_code == 303
    assert "The board answers within a month" in text_of(client, page)
    client.post(f"{page}/erasure", data={"withdraw": "yes"})
    assert "Ask for erasure" in text_of(client, page)
    client.post(f"{page}/erasure")
    client.cookies.clear()
    sign_in(client, "board")
    requests = "/members/privacy/erasures"
    assert "answer by 5 Feb 2026" in text_of(client, requests)
    asked = client.post(f"{requests}/2")
    assert "Erase A. de Vries?" in asked.text
    assert client.post(f"{requests}/2", data={"confirmed": "yes"}).status_code == 303
    assert words_left(database) == set()
    assert "erased" in text_of(client, requests)
    client.cookies.clear()
    assert "not right" in enter(client)


@pytest.mark.parametrize(("role", "status"), [("treasurer", 200), ("auditor", 200), ("board", 403), ("member", 403)])
def test_who_a_restricted_member_was_is_for_the_books_alone(
    database: Database, client: TestClient, role: str, status: int
) -> None:
    issue(database, date(2026, 1, 4))
    carry_out(database, ask(database))
    sign_in(client, role)
    address = f"/members/privacy/members/{VRIES}/restricted"
    assert client.get(address).status_code == status
    if status == 200:
        assert "A. de Vries" in text_of(client, address)
        assert "A. de Vries" not in text_of(client, f"/members/{VRIES}")


def test_looks_of_long_ago_are_forgotten(database: Database, clock: SetClock) -> None:
    hear(database, UseSeen(viewer="account:x", member_id=VRIES, subject="lists", seen_on=AT.date()))
    for days, count in ((729, 1), (732, 0)):
        clock.set(AT + timedelta(days=days))
        commands.forget_in_time(Work(database, COMMUNITY, clock.now(), "forget-members"))
        with database.read(COMMUNITY) as tx:
            assert len(store.list_looks(tx, VRIES)) == count
