"""The register is corrected: every change has its history, is told where others rest on it, and can be put back."""

from __future__ import annotations

from datetime import date

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from coop.events.billing import BillIssued
from coop.events.examples import envelope_of
from coop.kit.database import Database
from coop.members.contracts.store import list_contracts
from coop.members.history.store import list_changes, version_of
from coop.members.imports.commands import import_register, undo_import
from coop.members.imports.model import Receipt
from coop.members.register.store import list_members
from coop.members.resting.heard import on_bill_issued
from coop.members.tables import import_file
from coop.members.tables.history import register_change
from coop.values import BadInput, CoopError, Period
from tests.desk import COMMUNITY, SECRETARY
from tests.members.sample import AT, VRIES, bring, bring_all, contracts_of, dump, list_facts, undo

NAMES = "number,kind,name,joined_on,email\n001,owner,Anna de Vries,2020-03-01,anna@example.org\n"


def change(database: Database, kind: str, body: str) -> Receipt:
    """Import a file under the hash of its own preview."""
    with database.write(COMMUNITY, SECRETARY) as tx:
        seen = import_register(tx, kind, f"{kind}.csv", body.encode(), dry_run=True)
        return import_register(tx, kind, f"{kind}.csv", body.encode(), preview=seen.preview)


def bill(database: Database, contract_id: str, number: str = "2026-000001", period: Period | None = None) -> None:
    """Billing tells that it issued a bill on a contract."""
    days = period or Period.month(2025, 12)
    event = BillIssued(
        bill_id=f"bill-{number}",
        number=number,
        kind="bill",
        corrects=None,
        member_id=VRIES,
        contract_id=contract_id,
        period_start=days.start,
        period_end=days.end,
        total_cents=10_000,
        credit_cents=0,
        tariff_ids=("t",),
        resolution_ids=("r",),
        inputs_hash="0" * 64,
        issued_on=days.end,
    )
    with database.write(COMMUNITY, SECRETARY) as tx:
        on_bill_issued(tx, event, envelope_of(BillIssued.TYPE))


def truth(database: Database) -> dict[str, object]:
    """What the register holds, without how it came to it."""
    return {
        name: rows
        for name, rows in dump(database).items()
        if name in ("member", "connection", "occupancy", "contract", "gas_bill", "contract_party")
    }


def test_a_changed_line_is_done_only_under_the_preview_of_its_differences(database: Database) -> None:
    bring_all(database)
    before = dump(database)
    with pytest.raises(CoopError) as refusal, database.write(COMMUNITY, SECRETARY) as tx:
        import_register(tx, "members", "leden.csv", NAMES.encode(), preview="0" * 64)
    assert refusal.value.code == "preview-needed"
    assert dump(database) == before
    receipt = change(database, "members", NAMES)
    assert (receipt.count, receipt.added, receipt.changed) == (1, 0, 1)
    with database.read(COMMUNITY) as tx:
        assert next((m.name, m.address, m.email) for m in list_members(tx)) == (
            "Anna de Vries",
            "Kade 1",
            "anna@example.org",
        )


def test_a_change_says_who_when_through_which_door_and_what_it_was(database: Database) -> None:
    bring_all(database)
    receipt = change(database, "members", NAMES)
    with database.read(COMMUNITY) as tx:
        changes = list_changes(tx, "member", "001")
        assert version_of(tx, "member", "001") == changes[0].number
    assert [(c.field, c.old, c.new) for c in changes] == [
        ("email", "vries@example.org", "anna@example.org"),
        ("name", "A. de Vries", "Anna de Vries"),
    ]
    assert {(c.changed_by, c.changed_at, c.channel, c.import_id) for c in changes} == {
        ("account:account-1", AT, "api", receipt.import_id)
    }


def test_a_name_that_changes_is_told_to_nobody(database: Database) -> None:
    bring_all(database)
    before = list_facts(database)
    change(database, "members", NAMES)
    assert list_facts(database) == before


def test_another_kind_changes_the_votes_from_today(database: Database) -> None:
    bring_all(database)
    change(database, "members", "number,kind,name,joined_on\n001,landlord,A. de Vries,2020-03-01\n")
    [verb, said] = list_facts(database)[-1]
    assert (verb, said["from_on"], said["kind"], said["votes"]) == ("member-changed", "2026-01-05", "landlord", 0)


def test_a_corrected_gas_bill_is_told_with_all_years(database: Database) -> None:
    bring_all(database)
    change(
        database,
        "contracts",
        'number,member,connection,starts_on,gas_2022_m3,gas_2022_eur\nC1,001,0001,2022-01-01,1180,"1.562,00"\n',
    )
    [verb, said] = list_facts(database)[-1]
    assert verb == "gas-bills-corrected"
    assert [year["amount_cents"] for year in said["reference"]] == [118_750, 156_200]
    assert [b.amount_cents for b in contracts_of(database, VRIES)[0].gas_bills] == [118_750, 156_200]


def test_a_contract_that_was_signed_otherwise_is_another_contract(database: Database) -> None:
    bring_all(database)
    before = contracts_of(database, VRIES)[0]
    change(database, "contracts", "number,member,connection,starts_on\nC1,001,0001,2022-02-01\n")
    after = contracts_of(database, VRIES)[0]
    assert after.contract_id != before.contract_id
    assert (after.starts_on, after.gas_bills) == (date(2022, 2, 1), before.gas_bills)
    assert [(verb, said.get("ends_on") or said.get("starts_on")) for verb, said in list_facts(database)[-2:]] == [
        ("contract-ended", "2022-01-01"),
        ("contract-signed", "2022-02-01"),
    ]


def test_what_was_signed_is_not_changed_once_bills_rest_on_it(database: Database) -> None:
    bring_all(database)
    bill(database, contracts_of(database, VRIES)[0].contract_id)
    with pytest.raises(BadInput) as refusal:
        change(database, "contracts", "number,member,connection,starts_on\nC1,001,0001,2022-02-01\n")
    assert [(p.field, p.reason) for p in refusal.value.problems] == [("starts_on", "bills rest on it: 2026-000001")]


def test_an_import_with_bills_on_it_is_not_undone(database: Database) -> None:
    receipts = bring_all(database)
    bill(database, contracts_of(database, VRIES)[0].contract_id)
    before = dump(database)
    for kind in ("contracts", "occupancies"):
        with pytest.raises(CoopError, match="bills rest on this: 2026-000001") as refusal:
            undo(database, receipts[kind])
        assert refusal.value.code == "bills-rest"
    assert dump(database) == before


def test_undoing_a_change_gives_back_what_was(database: Database) -> None:
    bring_all(database)
    before = truth(database)
    receipt = change(database, "members", NAMES)
    assert undo(database, receipt) == 1
    assert truth(database) == before
    with database.read(COMMUNITY) as tx:
        assert len(list_changes(tx, "member", "001")) == 4


def test_a_change_that_was_changed_since_is_not_undone(database: Database) -> None:
    bring_all(database)
    receipt = change(database, "members", NAMES)
    change(database, "members", NAMES.replace("Anna de", "Anne de"))
    with pytest.raises(CoopError, match="name of 001 was changed since") as refusal:
        undo(database, receipt)
    assert refusal.value.code == "changed-since"


VALUES = {
    "name": st.sampled_from(["A. de Vries", "Anna", "Anna de Vries"]),
    "email": st.sampled_from(["", "a@example.org", "b@example.org"]),
    "kind": st.sampled_from(["owner", "tenant", "landlord"]),
}
STEPS = st.lists(st.one_of(st.fixed_dictionaries(VALUES), st.none()), max_size=8)


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(STEPS)
def test_undoing_all_steps_backwards_leads_through_every_register_there_was(
    database: Database, steps: list[dict[str, str] | None]
) -> None:
    """None undoes the newest step, a step that changes nothing counts as none."""
    if not truth(database)["member"]:  # the examples share one database, and each leaves it as it found it
        bring_all(database)
    past: list[tuple[Receipt, dict[str, object]]] = []
    for step in steps:
        if step is None:
            if past:
                receipt, before = past.pop()
                undo(database, receipt)
                assert truth(database) == before
            continue
        before = truth(database)
        row = ",".join(["001", step["kind"], step["name"], "2020-03-01", step["email"]])
        receipt = change(database, "members", f"number,kind,name,joined_on,email\n{row}\n{chr(10) * _unique(database)}")
        if receipt.changed:
            past.append((receipt, before))
    for receipt, before in reversed(past):
        undo(database, receipt)
        assert truth(database) == before


def _unique(database: Database) -> int:
    """Blank lines that make a file another one than all before it."""
    with database.system_read() as sql:
        return len(sql.execute(import_file.select()).all())


def test_the_numbers_of_changes_have_no_hole(database: Database) -> None:
    bring_all(database)
    undo(database, change(database, "members", NAMES))
    with database.system_read() as sql:
        numbers = sorted(sql.execute(register_change.select().with_only_columns(register_change.c.number)).scalars())
    assert numbers == [1, 2, 3, 4]


def list_last_holds(database: Database) -> list[tuple[str, int, bool]]:
    """The last two facts: what was told, in which registration, and whether of the first member."""
    facts = list_facts(database)[-2:]
    return [(verb, said.get("registration", 1), said["member_id"] == VRIES) for verb, said in facts]


def test_a_hold_that_was_entered_for_another_is_told_anew(database: Database) -> None:
    bring_all(database)
    receipt = change(database, "occupancies", "connection,member,opened_on,closed_on\n0002,001,2022-07-01,\n")
    assert list_last_holds(database) == [("connection-closed", 1, False), ("connection-opened", 1, True)]
    undo(database, receipt)
    assert list_last_holds(database) == [("connection-closed", 1, True), ("connection-opened", 2, False)]


def test_joint_holders_and_a_payer_are_named_by_number_and_told(database: Database) -> None:
    bring_all(database)
    change(
        database,
        "contracts",
        "number,member,connection,starts_on,payer,joint\nC2,002,0002,2022-07-01,003,001\n",
    )
    verb, said = list_facts(database)[-1]
    assert (verb, said["joint_ids"]) == ("contract-parties-named", [VRIES])
    with database.read(COMMUNITY) as tx:
        shared = [c.number for c in list_contracts(tx, VRIES)]
    assert shared == ["C1", "C2"]
    with pytest.raises(BadInput, match='there is no member "009"'):
        change(database, "contracts", "number,member,connection,starts_on,payer\nC2,002,0002,2022-07-01,009\n")


def test_an_undo_by_another_co_operative_finds_nothing(database: Database) -> None:
    bring_all(database)
    receipt = change(database, "members", NAMES)
    with database.write("elsewhere", SECRETARY) as tx, pytest.raises(CoopError):
        undo_import(tx, receipt.import_id)


def test_the_same_file_is_silent_also_when_it_changed_something(database: Database) -> None:
    bring_all(database)
    change(database, "members", NAMES)
    before = dump(database)
    assert bring(database, "members", NAMES).new is False
    assert dump(database) == before
