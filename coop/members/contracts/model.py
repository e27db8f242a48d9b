"""Nouns of contracts."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from coop.members.fields import WHOLE_MAX, require_after
from coop.values import BadInput, Problem, say


@dataclass(frozen=True)
class GasBill:
    """Gas of one year, how much [m³] and for what [cents incl. VAT]: the reference of Niet Meer Dan Nu."""

    year: int
    gas_m3: int
    amount_cents: int

    def __post_init__(self) -> None:
        for unit, value in (("m3", self.gas_m3), ("eur", self.amount_cents)):
            if not 0 <= value <= WHOLE_MAX:
                raise BadInput([Problem(say("lies outside what a year of gas can be"), f"gas_{self.year}_{unit}")])


@dataclass(frozen=True)
class Contract:
    """A supply contract. ``tariff_clause`` is the version of the clause that reserves changing the tariff (BW 2:59),
    or None where the contract has no such clause. ``payer_id`` is the member who pays where that is somebody else, such
    as a landlord; ``joint_ids`` are members who hold it together with ``member_id``, and may look at its bills.
    ``customer_class`` says which parts of a tariff it pays."""

    contract_id: str
    number: str
    member_id: str
    connection_id: str
    starts_on: date
    ends_on: date | None
    tariff_clause: str | None
    gas_bills: tuple[GasBill, ...] = ()
    payer_id: str | None = None
    joint_ids: tuple[str, ...] = ()
    customer_class: str = "full"

    def __post_init__(self) -> None:
        require_after(self.ends_on, self.starts_on, "ends_on", "starts_on")
        years = [bill.year for bill in self.gas_bills]
        if len(set(years)) != len(years):
            raise BadInput([Problem(say("a year stands twice"), "gas bills")])
        if self.member_id in self.joint_ids or len(set(self.joint_ids)) != len(self.joint_ids):
            raise BadInput([Problem(say("names a member twice"), "joint")])
