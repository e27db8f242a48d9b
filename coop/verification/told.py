"""Facts as their owners told them, beside which rows of billing are held."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from coop.events.billing import BillArchived, BillIssued
from coop.events.governance import TariffAdopted, TrancheReleased
from coop.events.members import ContractEnded, ContractSigned, GasBillsCorrected, MemberAdmitted, MemberLeft


@dataclass(frozen=True)
class Told:
    """What billing, members and governance told of a co-operative, from their own journals."""

    issued: Sequence[BillIssued] = ()
    archived: Sequence[BillArchived] = ()
    tranches: Sequence[TrancheReleased] = ()
    tariffs: Sequence[TariffAdopted] = ()
    admitted: Sequence[MemberAdmitted] = ()
    left: Sequence[MemberLeft] = ()
    signed: Sequence[ContractSigned] = ()
    ended: Sequence[ContractEnded] = ()
    corrected: Sequence[GasBillsCorrected] = ()
