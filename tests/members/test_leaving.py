"""A member leaves, or moves to another address."""

from __future__ import annotations

from datetime import date

import pytest

from coop.kit.database import Database
from coop.members.connections.store import list_holds
from coop.members.register.commands import end_membership
from coop.members.register.model import Member
from coop.members.register.store import list_members
from coop.values import BadInput, CoopError, NotFound
from tests.desk import COMMUNITY, SECRETARY
from tests.members.sample import (
    VRIES,
    YILDIZ,
    bring,
    bring_all,
    change_contact,
    contracts_of,
    dump,
    left_on,
    list_facts,
)


def leave(database: Database, member_id: str, day: date) -> None:
    with database.write(COMMUNITY, SECRETARY) as tx:
        end_membership(tx, member_id, day)


def test_with_a_member_go_their_contracts_and_connections(database: Database) -> None:
    bring_all(database)
    before = len(list_facts(database))
    leave(database, YILDIZ, date(2026, 3, 1))
    assert [
        (verb, said.get("left_on") or said.get("closed_on") or said.get("ends_on"))
        for verb, said in list_facts(database)[before:]
    ] == [
        ("member-left", "2026-03-01"),
        ("connection-closed", "2026-03-01"),
        # The contract had an end of its own, eleven years later.
        ("contract-ended", "2026-03-01"),
    ]
    assert left_on(database, YILDIZ) == date(2026, 3, 1)
    assert contracts_of(database, YILDIZ)[0].ends_on == date(2026, 3, 1)
    with database.read(COMMUNITY) as tx:
        assert [hold.closed_on for _, hold in list_holds(tx, YILDIZ)] == [date(2026, 3, 1)]


def test_what_ended_before_stays_as_it_was(database: Database) -> None:
    bring_all(database)
    corporation = next(member.member_id for member in _list_members(database) if member.number == "003")
    leave(database, corporation, date(2026, 3, 1))
    with database.read(COMMUNITY) as tx:
        assert [hold.closed_on for _, hold in list_holds(tx, corporation)] == [date(2022, 7, 1)]


@pytest.mark.parametrize(
    ("day", "code"),
    [
        (date(2020, 3, 1), "leaves-too-early"),
        (date(2019, 3, 1), "leaves-too-early"),
        (date(2022, 1, 1), "begins-later"),
        (date(2021, 1, 1), "begins-later"),
    ],
)
def test_nobody_leaves_before_what_they_began(database: Database, day: date, code: str) -> None:
    bring_all(database)
    before = dump(database)
    with pytest.raises(CoopError) as refusal:
        leave(database, VRIES, day)
    assert refusal.value.code == code
    assert dump(database) == before


def test_a_member_leaves_once(database: Database) -> None:
    bring_all(database)
    leave(database, VRIES, date(2026, 1, 1))
    with pytest.raises(CoopError, match="left on 2026-01-01 already"):
        leave(database, VRIES, date(2026, 2, 1))


def test_an_unknown_member_cannot_leave(database: Database) -> None:
    with pytest.raises(NotFound):
        leave(database, "nobody", date(2026, 1, 1))


def test_another_address_is_written_down_and_told_to_nobody(database: Database) -> None:
    bring(database, "members")
    facts = list_facts(database)
    with database.write(COMMUNITY, SECRETARY) as tx:
        change_contact(tx, VRIES, {"name": "A. Smit", "email": "smit@example.org", "city": " Utrecht "})
    member = next(member for member in _list_members(database) if member.member_id == VRIES)
    assert (member.name, member.email, member.city, member.address) == (
        "A. Smit",
        "smit@example.org",
        "Utrecht",
        "Kade 1",
    )
    assert list_facts(database) == facts


def test_all_that_is_wrong_with_contact_data_is_named_at_once(database: Database) -> None:
    bring(database, "members")
    with database.write(COMMUNITY, SECRETARY) as tx, pytest.raises(BadInput) as refusal:
        change_contact(tx, VRIES, {"name": " ", "email": "smit", "postcode": "1" * 21, "city": "a\x00b"})
    assert sorted(problem.field for problem in refusal.value.problems) == ["city", "email", "name", "postcode"]


def _list_members(database: Database) -> list[Member]:
    with database.read(COMMUNITY) as tx:
        return list_members(tx)
