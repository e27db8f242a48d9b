"""Contracts and their gas bills as they are kept."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import fields
from datetime import date

from sqlalchemy import ColumnElement, delete, select, true, update

from coop.kit.rows import group_as, row_of
from coop.kit.tx import Tx
from coop.members.contracts.model import Contract, GasBill
from coop.members.tables import contract, gas_bill
from coop.members.tables.history import contract_party

_OWN_ROWS = ("gas_bills", "joint_ids")
_NAMES = [field.name for field in fields(Contract) if field.name not in _OWN_ROWS]


def list_contracts(tx: Tx, member_id: str | None = None) -> list[Contract]:
    """List contracts with their gas bills, oldest first: of one member, also those that they share or pay, or all."""
    of_member: ColumnElement[bool] = true()
    if member_id is not None:
        of_member = (contract.c.member_id == member_id) | contract.c.contract_id.in_(list_shared(tx, member_id))
    chosen = select(contract.c.contract_id).where(contract.c.community == tx.community, of_member)
    bills = group_as(
        tx,
        GasBill,
        gas_bill,
        [gas_bill.c.contract_id],
        gas_bill.c.contract_id.in_(chosen),
        order_by=[gas_bill.c.year],
    )
    joint: dict[str, list[str]] = {}
    parties = select(contract_party.c.contract_id, contract_party.c.member_id).where(
        contract_party.c.community == tx.community, contract_party.c.contract_id.in_(chosen)
    )
    for contract_id, joint_id in tx.execute(parties.order_by(contract_party.c.member_id)):
        joint.setdefault(contract_id, []).append(joint_id)
    query = select(*(contract.c[name] for name in _NAMES)).where(contract.c.community == tx.community, of_member)
    return [
        Contract(
            **row._mapping,
            gas_bills=tuple(bills.get((row.contract_id,), ())),
            joint_ids=tuple(joint.get(row.contract_id, ())),
        )
        for row in tx.execute(query.order_by(contract.c.starts_on, contract.c.number))
    ]


def list_shared(tx: Tx, member_id: str) -> list[str]:
    """List the contracts, by id, that a member holds together with another, or pays for another."""
    joint = select(contract_party.c.contract_id).where(
        contract_party.c.community == tx.community, contract_party.c.member_id == member_id
    )
    paid = select(contract.c.contract_id).where(contract.c.community == tx.community, contract.c.payer_id == member_id)
    return sorted({*tx.scalars(joint), *tx.scalars(paid)})


def add_contracts(tx: Tx, contracts: Sequence[Contract], import_id: str) -> None:
    """Add the contracts that an import brought, with their gas bills."""
    rows = [
        {"community": tx.community, "import_id": import_id, **{name: getattr(noun, name) for name in _NAMES}}
        for noun in contracts
    ]
    tx.insert(contract, rows)
    tx.insert(
        gas_bill, [row_of(tx, bill, contract_id=noun.contract_id) for noun in contracts for bill in noun.gas_bills]
    )
    tx.insert(
        contract_party,
        [
            {"community": tx.community, "contract_id": noun.contract_id, "member_id": joint_id}
            for noun in contracts
            for joint_id in noun.joint_ids
        ],
    )


def replace_contract(tx: Tx, before: Contract, after: Contract) -> None:
    """Keep a contract as it is now, under another id where that changed; the import that brought it stays."""
    import_id = tx.scalar(
        select(contract.c.import_id).where(
            contract.c.community == tx.community, contract.c.contract_id == before.contract_id
        )
    )
    assert import_id is not None
    for table in (gas_bill, contract_party, contract):
        tx.execute(delete(table).where(table.c.community == tx.community, table.c.contract_id == before.contract_id))
    add_contracts(tx, [after], import_id)


def end_contract(tx: Tx, contract_id: str, ends_on: date) -> None:
    """End a contract."""
    tx.execute(
        update(contract)
        .where(contract.c.community == tx.community, contract.c.contract_id == contract_id)
        .values(ends_on=ends_on)
    )
