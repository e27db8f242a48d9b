"""A decade of moves, late facts, corrections, law that reaches back, planted errors and kills ends where the reference
ends. ``make decade`` plays 100 homes and ten years; ``COOP_DECADE=homes,years,seed,kills`` plays another.
"""

from __future__ import annotations

import os
import time
from collections import defaultdict
from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest

from coop.billing.bills import account_store as accounts
from coop.billing.bills import store as bills
from coop.billing.service import BILLING
from coop.events import Event
from coop.kit.database import Database
from coop.verification.ceilings import verify_ceilings
from coop.verification.quantities import verify_quantities
from coop.verification.rows import read_kept
from tests.billing.decade import Decade, Run, invent_decade
from tests.billing.decade_play import play_and_kill
from tests.billing.reference import Owed, Told, reckon
from tests.billing.test_late_knowledge import told_by, what_was_billed, without_nothing
from tests.desk import COMMUNITY
from tests.founding import found_in
from tests.migrated import MigratedUrl

pytestmark = pytest.mark.slow

HOMES, YEARS, SEED, KILLS = map(int, os.environ.get("COOP_DECADE", "12,2,1,4").split(","))


@pytest.mark.parametrize("kind", ["sqlite", "postgresql"])
def test_a_decade_with_kills_ends_where_the_reference_ends(
    tmp_path: Path, migrated_url: MigratedUrl, kind: str
) -> None:
    url = migrated_url(BILLING, kind)
    database = BILLING.open_database(url, migrate=False)
    found_in(database)
    decade, began = invent_decade(SEED, HOMES, YEARS), time.monotonic()
    played = play_and_kill(url, tmp_path, decade, (SEED, HOMES, YEARS), KILLS)
    played_s, planted = (
        time.monotonic() - began,
        [act for _, act in decade.acts if isinstance(act, Run) and act.planted],
    )
    billed, owed = what_was_billed(database, COMMUNITY), reckon_by_member(decade.history.told)
    assert without_nothing(billed) == without_nothing(owed)
    numbers, years = assert_gapless(database), assert_nobody_is_above(database)
    assert second_opinion(database, decade) == []
    assert played.kills == KILLS
    print(
        f"{kind}: {HOMES} homes, {YEARS} years, {len(decade.acts)} acts, {played.kills} kills of which"
        f" {played.kills_in_runs} in runs: {numbers} bills, {years} guarantee years, {len(planted)} planted errors,"
        f" all braked, {played_s:.0f} s"
    )


def reckon_by_member(told: Told) -> Owed:
    """What is owed, reckoned for each member alone: who else there is says nothing about it."""
    cost: dict[tuple[str, date], int] = {}
    credit: dict[tuple[str, date], int] = {}
    by_member = defaultdict(list)
    for contract in told.contracts:
        by_member[contract.member].append(contract)
    for contracts in by_member.values():
        owed = reckon(replace(told, contracts=tuple(contracts)))
        cost.update(owed.cost_cents)
        credit.update(owed.credit_cents)
    return Owed(cost, credit)


def assert_gapless(database: Database) -> int:
    """Numbers of each year, and places in the order of issue, count from one without a gap."""
    with database.read(COMMUNITY) as tx:
        heads = bills.list_heads(tx)
    by_year = defaultdict(list)
    for head in heads:
        by_year[head.number[:4]].append(head.sequence)
    assert all(sorted(of_year) == list(range(1, len(of_year) + 1)) for of_year in by_year.values())
    assert sorted(head.ordinal for head in heads) == list(range(1, len(heads) + 1))
    return len(heads)


def assert_nobody_is_above(database: Database) -> int:
    with database.read(COMMUNITY) as tx:
        years, kept = accounts.count_kept(tx)
    assert years == kept > 0
    return years


def second_opinion(database: Database, decade: Decade) -> list[str]:
    """What verification finds of quantities and ceilings, knowing everything that was told."""
    steps = [step for _, act in decade.acts for step in (act if isinstance(act, tuple) else (act,))]
    told = told_by([step for step in steps if isinstance(step, Event) or not isinstance(step, Run)])
    with database.read(COMMUNITY) as tx:
        kept = read_kept(tx)
    return [*verify_quantities(kept, told), *verify_ceilings(kept, told)]
