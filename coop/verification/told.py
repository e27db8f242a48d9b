"""Facts as their owners told them, beside which rows of billing are held."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from coop.communities.law import Law, shipped_law
from coop.communities.law_commands import read_fact
from coop.events.billing import BillArchived, BillIssued, LawPublished, TariffNoticeConfirmed
from coop.events.governance import DecisionStopped, TariffAdopted, TrancheReleased
from coop.events.members import (
    ContractEnded,
    ContractSigned,
    GasBillsCorrected,
    MemberAdmitted,
    MemberLeft,
    MessageFailed,
    MessageSent,
    ProgramTokenMade,
)
from coop.events.metering import EnergyAllocated, PeriodMeasured


def law_of_facts(published: Sequence[LawPublished]) -> Law:
    """The law as its owner told it; before anything was told, that with which a co-operative begins."""
    told = sorted(published, key=lambda fact: fact.number)
    return Law(tuple(read_fact(fact) for fact in told)) if told else shipped_law()


def name_stop(stop: DecisionStopped) -> str:
    """The name of a fall among all that was told: whoever enters one picks its ``stop_id``, which may be that of a
    bill, and a resolution that takes back twice, as its own fall ended, has one for both."""
    return f"{stop.resolution_id} {stop.number}"


def name_notice(notice: TariffNoticeConfirmed) -> str:
    """The name of a written notice to one member among all that was told."""
    days = f"{notice.sent_on} {notice.known_on}"
    return f"{notice.tariff_id} {notice.member_id} {days} {notice.channel} {notice.evidence_hash}"


@dataclass(frozen=True)
class Told:
    """Facts that billing, members, governance and metering told of a co-operative, from their own journals; ``told_at``
    says when each tariff, each fall of a decision, each confirmed notice and each bill was told, by id. ``law`` is that
    of all that was ``published``."""

    issued: Sequence[BillIssued] = ()
    archived: Sequence[BillArchived] = ()
    tranches: Sequence[TrancheReleased] = ()
    tariffs: Sequence[TariffAdopted] = ()
    stops: Sequence[DecisionStopped] = ()
    admitted: Sequence[MemberAdmitted] = ()
    left: Sequence[MemberLeft] = ()
    signed: Sequence[ContractSigned] = ()
    ended: Sequence[ContractEnded] = ()
    corrected: Sequence[GasBillsCorrected] = ()
    noticed: Sequence[TariffNoticeConfirmed] = ()
    sent: Sequence[MessageSent] = ()
    failed: Sequence[MessageFailed] = ()
    measured: Sequence[PeriodMeasured] = ()
    allocated: Sequence[EnergyAllocated] = ()
    programs: Sequence[ProgramTokenMade] = ()
    told_at: Mapping[str, datetime] = field(default_factory=dict)
    published: Sequence[LawPublished] = ()
    law: Law = field(default_factory=shipped_law)
