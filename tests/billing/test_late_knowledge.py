"""Late knowledge equals early knowledge: whatever is told, in whatever order and with whatever runs in between, in the
end each contract has paid for each month, and was given back in each guarantee year, what is due had all been known at
once.

``COOP_HISTORIES`` says how many are played (``make histories`` plays many more), ``COOP_HISTORY`` plays that one alone.
"""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date
from functools import partial
from pathlib import Path
from typing import Any, TypeVar

import pytest

from coop.billing.bills import store as bills
from coop.billing.model import LineKind
from coop.billing.service import BILLING
from coop.communities.law import Law, shipped_law
from coop.demo.cooperative import PROFILE
from coop.events import Event
from coop.events.billing import TariffNoticeConfirmed
from coop.events.governance import DecisionStopped, TariffAdopted
from coop.events.members import ContractEnded, ContractSigned, GasBillsCorrected, MemberAdmitted, MemberLeft
from coop.events.metering import EnergyAllocated, PeriodMeasured
from coop.kit.database import Database
from coop.verification.asked import verify_asked
from coop.verification.ceilings import verify_ceilings
from coop.verification.prices import verify_prices
from coop.verification.quantities import verify_quantities
from coop.verification.rows import read_kept
from coop.verification.told import Told
from tests.billing.histories import History, Step, invent, list_addressees, play
from tests.billing.reference import Owed, reckon
from tests.founding import found_in

pytestmark = pytest.mark.slow

Fact = TypeVar("Fact")

HISTORIES = int(os.environ.get("COOP_HISTORIES", "300"))
BATCH = 50


def batches() -> list[range]:
    if alone := os.environ.get("COOP_HISTORY"):
        return [range(int(alone), int(alone) + 1)]
    return [range(start, min(start + BATCH, HISTORIES)) for start in range(0, HISTORIES, BATCH)]


@pytest.mark.parametrize("seeds", batches(), ids=lambda seeds: f"{seeds.start}-{seeds.stop - 1}")
def test_late_knowledge_equals_early_knowledge(tmp_path: Path, seeds: range) -> None:
    database = BILLING.open_database(f"sqlite:///{tmp_path}/billing.db")
    try:
        for seed in seeds:
            history, community = invent(seed), f"history-{seed}"
            found_in(database, community, replace(PROFILE, hosts=(f"{community}.example",)))
            play(database, community, history)
            billed, owed = what_was_billed(database, community), reckon(history.told)
            assert without_nothing(billed) == without_nothing(owed), f"history {seed}"
            assert_numbers_are_gapless(database, community)
            assert second_opinion(database, community, history) == [], f"history {seed}"
            assert_asked_adds_up(database, community, history)
    finally:
        database.close()


def what_was_billed(database: Database, community: str) -> Owed:
    """Cents of the bills by contract and month before the guarantee, and credit by contract and guarantee year."""
    cost: Counter[tuple[str, date]] = Counter()
    credit: Counter[tuple[str, date]] = Counter()
    total = 0
    with database.read(community) as tx:
        for issued in bills.find_bills(tx):
            total += issued.bill.total_cents
            for line in issued.bill.lines:
                if line.kind is not LineKind.GUARANTEE:
                    cost[issued.contract_id, issued.period.start] += line.amount_cents
            for entry in issued.bill.guarantee:
                credit[issued.contract_id, entry.year.start] += entry.credit_cents
    assert total == sum(cost.values()) - sum(credit.values())
    return Owed(cost, credit)


def second_opinion(database: Database, community: str, history: History) -> list[str]:
    """What verification finds of quantities and ceilings, knowing everything, and of the prices of each bill, knowing
    what was known when it was issued."""
    told = told_by([*history.usual, *history.late])
    with database.read(community) as tx:
        kept = read_kept(tx)
    findings = [*verify_quantities(kept, told), *verify_ceilings(kept, told)]
    before = 0
    for count, heard in history.issued:
        numbers = tuple(f"bill {bill.number}:" for bill in kept.bills[before:count])
        steps, before = history.heard[:heard], count
        if numbers:
            then = replace(told_by(steps), noticed=list_noticed(history, steps))
            findings += [each for each in verify_prices(kept, then) if each.startswith(numbers)]
    return findings


def told_by(steps: Sequence[Step]) -> Told:
    """Facts and law of some steps of a history."""
    facts = [step for step in steps if isinstance(step, Event)]
    published = [each for step in steps for each in keywords_of(step).get("publications", ())]

    def of(kind: type[Fact]) -> list[Fact]:
        return [fact for fact in facts if isinstance(fact, kind)]

    return Told(
        tariffs=of(TariffAdopted),
        stops=of(DecisionStopped),
        admitted=of(MemberAdmitted),
        left=of(MemberLeft),
        signed=of(ContractSigned),
        ended=of(ContractEnded),
        corrected=of(GasBillsCorrected),
        measured=of(PeriodMeasured),
        allocated=of(EnergyAllocated),
        law=Law((*shipped_law().publications, *published)),
    )


def list_noticed(history: History, steps: Sequence[Step]) -> list[TariffNoticeConfirmed]:
    """Facts of the notices that steps of a history sent."""
    return [
        TariffNoticeConfirmed(
            tariff_id=said["tariff_id"],
            member_id=member_id,
            sent_on=said["sent_on"],
            channel="letter",
            known_on=said["sent_on"],
            evidence_hash="0" * 64,
        )
        for step in steps
        if "sent_on" in (said := keywords_of(step))
        for member_id in list_addressees(history, said["member"], said["sent_on"])
    ]


def keywords_of(step: Step) -> Mapping[str, Any]:
    """What a command of a history is given; nothing for a fact."""
    return step.keywords if isinstance(step, partial) else {}


def without_nothing(owed: Owed) -> Owed:
    """What comes to nothing was either never billed or given back."""
    return Owed(
        {key: cents for key, cents in owed.cost_cents.items() if cents},
        {key: cents for key, cents in owed.credit_cents.items() if cents},
    )


def assert_numbers_are_gapless(database: Database, community: str) -> None:
    with database.read(community) as tx:
        heads = bills.list_heads(tx)
    assert [head.sequence for head in heads] == list(range(1, len(heads) + 1))
    assert sorted(head.ordinal for head in heads) == list(range(1, len(heads) + 1))


def assert_asked_adds_up(database: Database, community: str, history: History) -> None:
    """Whatever the plan was, a contract that is over was asked for exactly what it was billed."""
    ends = {contract.name: contract.ends_on for contract in history.contracts}
    left: Counter[str] = Counter()
    reaches: dict[str, date] = {}
    with database.read(community) as tx:
        assert list(verify_asked(read_kept(tx), Told())) == []
        for head in bills.list_heads(tx):
            left[head.contract_id] += head.total_cents - head.asked_cents
            if head.kind == "bill":
                reaches[head.contract_id] = max(reaches.get(head.contract_id, date.min), head.period.end)
    over = [name for name, end in ends.items() if end is not None and end <= reaches.get(name, date.min)]
    assert {name: left[name] for name in over if left[name]} == {}
