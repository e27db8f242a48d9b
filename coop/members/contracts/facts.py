"""Facts of contracts."""

from __future__ import annotations

from datetime import date

from coop.events import Event
from coop.events.members import ContractEnded, ContractPartiesNamed, ContractSigned, GasBillsCorrected, GasYear
from coop.members.contracts.model import Contract


def announce_contract(contract: Contract) -> list[Event]:
    """Announce a new contract, and its end where it has one."""
    signed = ContractSigned(
        contract_id=contract.contract_id,
        member_id=contract.member_id,
        connection_id=contract.connection_id,
        starts_on=contract.starts_on,
        tariff_clause=contract.tariff_clause,
        reference=_reference(contract),
        customer_class=contract.customer_class,
    )
    parties = [announce_parties(contract, 0)] if contract.payer_id or contract.joint_ids else []
    ended = [announce_end(contract.contract_id, contract.ends_on, 0)] if contract.ends_on else []
    return [signed, *parties, *ended]


def announce_parties(contract: Contract, number: int) -> Event:
    """Announce who pays a contract, and who holds it together with its member."""
    return ContractPartiesNamed(
        contract_id=contract.contract_id,
        number=number,
        payer_id=contract.payer_id or "",
        joint_ids=contract.joint_ids,
    )


def announce_gas_bills(contract: Contract, number: int, corrected_on: date) -> Event:
    """Announce the gas bills of a contract that were entered wrongly."""
    return GasBillsCorrected(
        contract_id=contract.contract_id, number=number, corrected_on=corrected_on, reference=_reference(contract)
    )


def _reference(contract: Contract) -> tuple[GasYear, ...]:
    return tuple(
        GasYear(year=bill.year, gas_m3=bill.gas_m3, amount_cents=bill.amount_cents) for bill in contract.gas_bills
    )


def announce_end(contract_id: str, ends_on: date | None, number: int) -> Event:
    """Announce the end of a contract, or that it goes on (None); one that ended on the day it started never was."""
    return ContractEnded(contract_id=contract_id, ends_on=ends_on, number=number)
