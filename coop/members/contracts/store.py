"""Contracts and their gas bills as they are kept."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import fields, replace
from datetime import date

from sqlalchemy import select, true, update

from coop.kit.rows import group_as, row_of
from coop.kit.tx import Tx
from coop.members.contracts.model import Contract, GasBill
from coop.members.tables import contract, gas_bill

_NAMES = [field.name for field in fields(Contract) if field.name != "gas_bills"]


def list_contracts(tx: Tx, member_id: str | None = None) -> list[Contract]:
    """List contracts with their gas bills, oldest first; those of one member or of all."""
    of_member = true() if member_id is None else contract.c.member_id == member_id
    chosen = select(contract.c.contract_id).where(contract.c.community == tx.community, of_member)
    bills = group_as(
        tx,
        GasBill,
        gas_bill,
        [gas_bill.c.contract_id],
        gas_bill.c.contract_id.in_(chosen),
        order_by=[gas_bill.c.year],
    )
    query = select(*(contract.c[name] for name in _NAMES)).where(contract.c.community == tx.community, of_member)
    return [
        replace(Contract(*row), gas_bills=tuple(bills.get((row.contract_id,), ())))
        for row in tx.execute(query.order_by(contract.c.starts_on, contract.c.number))
    ]


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


def end_contract(tx: Tx, contract_id: str, ends_on: date) -> None:
    """End a contract."""
    tx.execute(
        update(contract)
        .where(contract.c.community == tx.community, contract.c.contract_id == contract_id)
        .values(ends_on=ends_on)
    )
