"""Facts of contracts."""

from __future__ import annotations

from datetime import date

from coop.events import Event
from coop.events.members import ContractEnded, ContractSigned, GasYear
from coop.members.contracts.model import Contract


def announce_contract(contract: Contract) -> list[Event]:
    """Announce a new contract, and its end where it has one."""
    signed = ContractSigned(
        contract_id=contract.contract_id,
        member_id=contract.member_id,
        connection_id=contract.connection_id,
        starts_on=contract.starts_on,
        tariff_clause=contract.tariff_clause,
        reference=tuple(
            GasYear(year=bill.year, gas_m3=bill.gas_m3, amount_cents=bill.amount_cents) for bill in contract.gas_bills
        ),
    )
    return [signed, announce_end(contract.contract_id, contract.ends_on)] if contract.ends_on else [signed]


def announce_end(contract_id: str, ends_on: date) -> Event:
    """Announce the end of a contract; on the day it started, it never was."""
    return ContractEnded(contract_id=contract_id, ends_on=ends_on)
