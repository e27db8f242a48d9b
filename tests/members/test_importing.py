"""Importing and undoing: all or nothing, told once, and taken back whole."""

from __future__ import annotations

import threading
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from coop.kit.database import Database
from coop.members.connections.store import list_connections, list_occupancies
from coop.members.contracts.store import list_contracts
from coop.members.fields import make_id
from coop.members.identity.commands.accounts import create_account
from coop.members.identity.model import ROLES, NewAccount
from coop.members.imports.commands import import_register, undo_import
from coop.members.imports.rules import Claim, find_overlaps
from coop.members.imports.store import find_import
from coop.members.register.store import count_members, list_members
from coop.values import BadInput, CoopError, NotFound
from tests.desk import COMMUNITY, SECRETARY
from tests.members.sample import (
    AT,
    CONNECTIONS,
    FILES,
    MEMBERS,
    OCCUPANCIES,
    VRIES,
    YILDIZ,
    bring,
    bring_all,
    contracts_of,
    dump,
    list_facts,
    list_problems,
    list_verbs,
    locate,
    undo,
)


def test_the_whole_register_comes_in_and_is_told(database: Database) -> None:
    receipts = bring_all(database)
    assert [(receipt.count, receipt.added, receipt.new) for receipt in receipts.values()] == [
        (3, 3, True),
        (3, 3, True),
        (3, 3, True),
        (2, 2, True),
    ]
    facts = list_facts(database)
    assert [verb for verb, _ in facts] == [
        *["member-admitted"] * 3,
        "connection-opened",
        "connection-opened",
        "connection-closed",
        "connection-opened",
        "contract-signed",
        "contract-signed",
        "contract-ended",
    ]
    signed = next(said for verb, said in facts if verb == "contract-signed")
    assert signed["tariff_clause"] == "2024-1"
    assert signed["reference"] == [
        {"year": 2021, "gas_m3": 1250, "amount_cents": 118750},
        {"year": 2022, "gas_m3": 1180, "amount_cents": 165200},
    ]
    assert [bill.amount_cents for bill in contracts_of(database, VRIES)[0].gas_bills] == [118750, 165200]


def test_no_name_or_address_leaves_the_register(database: Database) -> None:
    bring_all(database)
    for _, said in list_facts(database):
        assert not any(word in str(said) for word in ("Vries", "Kade", "example.org"))


@pytest.mark.parametrize("kind", FILES)
def test_the_same_file_again_is_silent(database: Database, kind: str) -> None:
    first = bring_all(database)[kind]
    before = dump(database)
    again = bring(database, kind)
    assert (again.import_id, again.count, again.new) == (first.import_id, first.count, False)
    assert dump(database) == before


def test_a_longer_file_adds_only_what_is_new(database: Database) -> None:
    bring(database, "members")
    receipt = bring(database, "members", MEMBERS + "004,owner,D. Nieuw,2025-01-01,,,,\n")
    assert (receipt.count, receipt.added) == (4, 1)
    assert list_verbs(database) == ["member-admitted"] * 4


def test_what_was_told_to_others_is_not_changed_by_a_line(database: Database) -> None:
    bring_all(database)
    assert list_problems(database, "members", "number,kind,name,joined_on\n001,owner,A. de Vries,2020-03-02\n") == [
        (2, "joined_on", "was told to others; undo what brought this member in, and enter it again")
    ]


def test_one_bad_line_keeps_the_whole_file_out(database: Database) -> None:
    problems = list_problems(database, "members", MEMBERS + "004,owner,D. Nieuw,some day,,,,\n")
    assert locate(problems) == [(5, "joined_on")]


def test_a_dry_run_finds_the_same_and_changes_nothing(database: Database) -> None:
    before = dump(database)
    receipt = bring(database, "members", dry_run=True)
    assert (receipt.count, receipt.added, receipt.new, receipt.dry_run) == (3, 3, True, True)
    assert dump(database) == before
    assert bring(database, "members").added == 3


def test_an_id_or_code_that_another_record_has_is_named(database: Database) -> None:
    bring_all(database)
    assert locate(
        list_problems(database, "members", f"number,kind,name,joined_on,id\n9,owner,X,2024-01-01,{VRIES}\n")
    ) == [(2, "id")]
    line = "9,K1,dwelling,Kade 4,871687000000000016"
    assert locate(list_problems(database, "connections", f"number,building,kind,address,ean\n{line}\n")) == [(2, "ean")]


def test_nobody_takes_over_a_connection_that_is_still_held(database: Database) -> None:
    for kind in ("members", "connections", "occupancies"):
        bring(database, kind)
    body = (
        "connection,member,opened_on,closed_on\n"
        "0001,002,2023-01-01,\n"
        "0001,nobody,2023-01-01,\n"
        "0002,001,2022-06-30,2022-07-01\n"
        "0003,001,2023-01-01,2023-02-01\n"
        "0003,002,2023-01-31,\n"
    )
    problems = list_problems(database, "occupancies", body)
    assert locate(problems) == [(2, "opened_on"), (3, "member"), (4, "opened_on"), (6, "opened_on")]
    assert problems[0][2] == "overlaps what is registered already: from 2022-01-01 on, on the same connection"
    assert problems[3][2] == "overlaps what is on line 5: from 2023-01-01 to 2023-02-01, on the same connection"


def test_a_connection_has_one_contract_at_a_time(database: Database) -> None:
    bring_all(database)
    body = "number,member,connection,starts_on\nC8,002,0001,2030-01-01\nC9,002,0003,2030-01-01\n"
    assert locate(list_problems(database, "contracts", body)) == [(2, "starts_on")]


DAYS = st.integers(0, 30).map(lambda n: date(2025, 1, 1 + n))


@given(st.lists(st.tuples(DAYS, st.one_of(st.none(), DAYS)), max_size=6))
def test_overlaps_are_found_exactly_where_two_spans_share_a_day(spans: list[tuple[date, date | None]]) -> None:
    claims = [
        Claim("c", "opened_on", start, end, line)
        for line, (start, end) in enumerate(spans, 2)
        if end is None or end > start
    ]
    shared = any(a.start < b.last_end and b.start < a.last_end for a in claims for b in claims if a.line != b.line)
    problems = find_overlaps(claims)
    assert bool(problems) is shared
    # Without the lines that are named, what is left fits together.
    assert not find_overlaps(claim for claim in claims if claim.line not in {problem.line for problem in problems})


def test_an_undone_import_never_was(database: Database) -> None:
    receipts = bring_all(database)
    for kind in reversed(FILES):
        undo(database, receipts[kind])
    with database.read(COMMUNITY) as tx:
        assert count_members(tx) == 0
        assert not list_connections(tx)
        assert not list_occupancies(tx)
        assert not list_contracts(tx)
    facts = list_facts(database)[10:]
    assert sorted(verb for verb, _ in facts) == sorted(
        ["contract-ended"] * 2 + ["connection-closed"] * 3 + ["member-left"] * 3
    )
    assert (VRIES, "2020-03-01") in [(said.get("member_id"), said.get("left_on")) for _, said in facts]
    closings = [said for verb, said in facts if verb == "connection-closed"]
    assert ("2022-07-01", YILDIZ) in [(said["closed_on"], said["member_id"]) for said in closings]


def test_an_undone_import_comes_back_told_anew(database: Database) -> None:
    undo(database, bring(database, "members"))
    bring(database, "members", MEMBERS + "\n")
    admitted = [said["member_id"] for verb, said in list_facts(database) if verb == "member-admitted"]
    assert len(set(admitted)) == 6
    assert admitted[3] == make_id("member", COMMUNITY, "001", 1)
    bring(database, "connections")
    holds = bring(database, "occupancies")
    undo(database, holds)
    bring(database, "occupancies", OCCUPANCIES + "\n")
    opened = [said.get("registration", 1) for verb, said in list_facts(database) if verb == "connection-opened"]
    closed = [said.get("registration", 1) for verb, said in list_facts(database) if verb == "connection-closed"]
    assert (opened, sorted(closed)) == ([1, 1, 1, 2, 2, 2], [1, 1, 1, 1, 2])


def test_an_undone_place_keeps_its_id_for_nobody_was_told(database: Database) -> None:
    undo(database, bring(database, "connections"))
    bring(database, "connections", CONNECTIONS + "\n")
    with database.read(COMMUNITY) as tx:
        assert list_connections(tx)[0].connection_id == make_id("connection", COMMUNITY, "0001")


def test_the_very_file_that_was_undone_is_not_taken_by_a_repeat(database: Database) -> None:
    undo(database, bring(database, "members"))
    with pytest.raises(CoopError, match="undone") as refusal:
        bring(database, "members")
    assert refusal.value.code == "import-undone"


@pytest.mark.parametrize("kind", ["members", "connections"])
def test_what_others_stand_on_is_not_taken_out(database: Database, kind: str) -> None:
    receipts = bring_all(database)
    before = dump(database)
    with pytest.raises(CoopError, match="5 other records stand on this"):
        undo(database, receipts[kind])
    assert dump(database) == before


def test_a_member_with_an_account_is_not_taken_out(database: Database) -> None:
    receipt = bring(database, "members")
    with database.write(COMMUNITY, SECRETARY) as tx:
        create_account(tx, ROLES, NewAccount("a@example.org", "A", frozenset({"member"}), "long enough", VRIES))
    with pytest.raises(CoopError, match="1 other record stands"):
        undo(database, receipt)


def test_only_an_import_of_the_own_community_is_undone(database: Database) -> None:
    receipt = bring(database, "members")
    with database.write("elsewhere", SECRETARY) as tx, pytest.raises(NotFound):
        undo_import(tx, receipt.import_id)


def test_the_same_register_can_belong_to_two_co_operatives(database: Database) -> None:
    bring(database, "members", f"number,kind,name,joined_on,id\n9,owner,X,2024-01-01,{VRIES}\n")
    with database.write("elsewhere", SECRETARY) as tx:
        body = f"number,kind,name,joined_on,id\n9,owner,Y,2024-01-01,{VRIES}\n"
        assert import_register(tx, "members", "leden.csv", body.encode()).added == 1
        assert [member.name for member in list_members(tx)] == ["Y"]


def test_who_imported_and_who_undid_it_is_on_file(database: Database) -> None:
    receipt = bring(database, "members")
    undo(database, receipt)
    with database.read(COMMUNITY) as tx:
        made = find_import(tx, receipt.import_id)
    assert made
    assert (made.imported_by, made.imported_at) == ("account:account-1", AT)
    assert (made.undone_by, made.undone_at) == ("account:account-1", AT)


def test_two_imports_at_once_do_not_give_one_connection_to_two_members(database: Database) -> None:
    bring(database, "members")
    bring(database, "connections")
    header = "connection,member,opened_on\n"
    results: list[str] = []

    def import_hold(member: str) -> None:
        try:
            bring(database, "occupancies", f"{header}0003,{member},2024-01-0{member[-1]}\n")
            results.append("taken")
        except BadInput:
            results.append("refused")

    threads = [threading.Thread(target=import_hold, args=[member]) for member in ("001", "002")]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(results) == ["refused", "taken"]


def test_what_a_contract_supplies_is_told_and_a_class_that_nobody_knows_is_named(database: Database) -> None:
    bring_all(database)
    head = "number,member,connection,starts_on,customer_class\n"
    bring(database, "contracts", f"{head}C3,003,0003,2023-01-01,heating-only\n")
    told = [said.get("customer_class", "full") for verb, said in list_facts(database) if verb == "contract-signed"]
    assert told == ["full", "full", "heating-only"]
    [(line, field, reason)] = list_problems(database, "contracts", f"{head}C4,003,0003,2024-01-01,gold\n")
    assert (line, field) == (2, "customer_class")
    assert "gold" in reason
