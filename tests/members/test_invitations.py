"""Invitations to many: everybody once, each by the way that reaches them, also when it stops half way."""

from __future__ import annotations

import re
import threading
from datetime import timedelta

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import select

from coop.kit.database import Database
from coop.kit.outbound import Away, send_due
from coop.members.identity import store
from coop.members.identity.commands import rounds
from coop.members.identity.commands.addresses import set_password
from coop.members.identity.commands.invitations import invite_account
from coop.members.identity.commands.rounds import Round, invite_all, plan
from coop.members.identity.model import ROLES
from coop.members.tables import message
from tests.desk import COMMUNITY, SECRETARY, sign_in
from tests.kit.clocks import SetClock
from tests.members.browser import text_of
from tests.members.mailbox import read_mails
from tests.members.post import furnish, post_all, queue_to
from tests.members.sample import AT, HOME, bring, dump
from tests.servers.mail import MailServer

REGISTER = """number,kind,name,joined_on,email,address,postcode,city
001,owner,Anna,2024-01-01,anna@lid.example,Kade 1,1054 AA,Amsterdam
002,tenant,Bert,2024-01-01,anna@lid.example,Kade 1,1054 AA,Amsterdam
003,tenant,Carl,2024-01-01,,Kade 3,1054 AA,Amsterdam
004,owner,Dora,2024-01-01,,,,
005,owner,Emil,2024-01-01,emil@lid.example,,,
"""


@pytest.fixture
def members(database: Database) -> None:
    """Five members without an account: two with one address, one with no address at all."""
    bring(database, "members", REGISTER)


def invite(database: Database, wanted: Round = Round()) -> int:  # noqa: B008  # frozen
    return invite_all(database, COMMUNITY, SECRETARY, ROLES, wanted)


def ways_of(database: Database) -> list[tuple[str, str]]:
    with database.read(COMMUNITY) as tx:
        query = select(message.c.name, message.c.channel).where(message.c.community == COMMUNITY)
        return sorted((name, channel) for name, channel in tx.execute(query))


@pytest.mark.usefixtures("members")
def test_each_is_invited_by_the_way_that_reaches_them(database: Database) -> None:
    assert invite(database) == 4
    assert ways_of(database) == [("Anna", "mail"), ("Bert", "letter"), ("Carl", "letter"), ("Emil", "mail")]
    with database.read(COMMUNITY) as tx:
        signs_in = {account.name: account.email for account in store.list_accounts(tx)}
        left = [(invitee.member.name, invitee.way) for invitee in plan(tx, Round()).invitees]
    assert signs_in == {"Anna": "anna@lid.example", "Bert": "002", "Carl": "003", "Emil": "emil@lid.example"}
    assert left == [("Dora", "none")]


@pytest.mark.usefixtures("members")
def test_invited_again_nobody_is_invited_twice(database: Database) -> None:
    invite(database)
    before = dump(database)
    assert invite(database) == 0
    assert invite(database, Round(again=True)) == 0, "they were invited today"
    assert dump(database) == before


@pytest.mark.usefixtures("members")
def test_who_never_came_is_invited_again_after_a_day(database: Database, clock: SetClock) -> None:
    invite(database)
    clock.set(AT + timedelta(days=2))
    assert invite(database, Round(again=True)) == 4
    assert [mail.recipient for mail in read_mails(database)].count("anna@lid.example") == 2


@pytest.mark.usefixtures("members")
def test_two_rounds_at_once_invite_everybody_once(database: Database) -> None:
    threads = [threading.Thread(target=invite, args=[database]) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(ways_of(database)) == 4


@pytest.mark.usefixtures("members")
def test_a_round_that_stopped_half_way_goes_on_where_it_was(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rounds, "BATCH", 2)
    with database.write(COMMUNITY, SECRETARY) as tx:
        assert rounds.invite_batch(tx, ROLES, Round()) == 2
    assert invite(database) == 2
    assert len(ways_of(database)) == 4


@pytest.mark.usefixtures("members")
def test_the_page_shows_who_gets_what_before_anything_goes_out(database: Database, client: TestClient) -> None:
    sign_in(client, "board")
    before = dump(database)
    page = text_of(client, "/members/accounts/invitations?kind=owner")
    assert ("Anna" in page, "Carl" in page, "Dora" in page, "Invite 2 people" in page) == (True, False, True, True)
    assert dump(database) == before
    answer = client.post("/members/accounts/invitations", data={"kind": "owner"})
    assert answer.status_code == 303
    assert [name for name, _ in ways_of(database)] == ["Anna", "Emil"]
    assert "nobody to invite" in text_of(client, "/members/accounts/invitations?kind=owner")


@pytest.mark.parametrize("role", ["member", "treasurer", "auditor"])
@pytest.mark.usefixtures("members")
def test_nobody_else_invites(database: Database, client: TestClient, role: str) -> None:
    sign_in(client, role)
    assert client.post("/members/accounts/invitations").status_code == 403
    assert ways_of(database) == []


def test_an_invitation_waits_while_the_mail_server_is_away_and_its_key_works_when_it_arrives(
    database: Database, clock: SetClock
) -> None:
    furnish(database)
    with database.write(COMMUNITY, SECRETARY) as tx:
        account_id = invite_account(tx, ROLES, "otto@lid.example", "Otto")
    server = MailServer()
    with pytest.raises(Away):
        send_due(database, queue_to(server))
    clock.set(AT + timedelta(hours=2))
    with server.up():
        (received,) = post_all(database, server)
    plain = received.mail.get_body(["plain"])
    assert plain is not None
    key = re.search(r"https://warm\.example/members/welcome\?key=([a-z2-9-]+)", plain.get_content())
    assert key, plain.get_content()
    set_password(database, COMMUNITY, HOME, key[1], "four words of mine")
    with database.read(COMMUNITY) as tx:
        assert store.get_account(tx, account_id).has_password
