"""A bill that charges by a decision which had fallen is found by who verifies it, by the second opinion and at home.

The forger's billing does not hear of the fall, and issues a bill that agrees with itself in every table; what fell is
told afterwards, with the day on which it was told at first.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any

import pytest

from coop.billing.bills import store as bills
from coop.billing.checking.verify import verify_bill
from coop.billing.documents.taking_home import take_home
from coop.billing.runs.commands import issue_bills
from coop.events import Event
from coop.events.billing import TariffNoticeConfirmed
from coop.events.governance import DecisionStopped, TariffAdopted
from coop.kit import journal
from coop.kit.database import Database
from coop.values import Period
from coop.verification.athome import check, seal
from coop.verification.prices import verify_prices
from coop.verification.rows import read_kept
from coop.verification.told import Told
from tests.billing.village import (
    admitted,
    hear,
    month_of,
    release,
    signed,
    tariff_adopted,
    tariff_stopped,
    tell_in_writing,
)
from tests.desk import COMMUNITY, SECRETARY

FEBRUARY, MARCH, APRIL = (Period.month(2025, month) for month in (2, 3, 4))
OWN = tariff_adopted()
NEW = tariff_adopted("tariff-new", FEBRUARY.start, date(2025, 1, 3), heat="39.00")
CHEAPER = tariff_adopted("tariff-cheaper", MARCH.start, date(2025, 4, 20), heat="36.00")
ANNA, CONTRACT = admitted("anna"), signed("anna")
TOLD_ON = date(2025, 2, 20)
MANNERS = ("suspended", "annulled", "withdrawn", "repealed", "referendum")


def fall(name: str, number: int, manner: str, from_on: date, told_on: date = TOLD_ON) -> DecisionStopped:
    return tariff_stopped(name, number, manner, from_on, told_on)


def charge(
    database: Database, tariffs: Iterable[TariffAdopted], month: Period, heard: Iterable[Event] = ()
) -> dict[str, Any]:
    """Issue the bill of a month by what billing ``heard``; returns it as its member takes it home."""
    hear(database, *tariffs, ANNA, CONTRACT, *heard, *month_of(["anna"], month))
    with database.write(COMMUNITY, SECRETARY) as tx:
        for tariff in tariffs:
            if tariff is not OWN:
                tell_in_writing(tx, tariff.tariff_id, date(2025, 1, 15))
        run = issue_bills(tx, month, month.end)
        assert run.status == "issued" or release(tx, run.run_id).status == "issued"
    with database.system_write() as sql:
        journal.seal(sql)
    with database.read(COMMUNITY) as tx:
        [head] = bills.list_heads(tx)
        taken: dict[str, Any] = json.loads(take_home(tx, head.id, "en"))
    return taken


@dataclass(frozen=True)
class Found:
    """Findings that a price is of a decision that had fallen, by who looked."""

    verified: list[str]
    second: list[str]
    at_home: list[str]


def look(database: Database, taken: dict[str, Any], tariffs: Sequence[TariffAdopted], *falls: DecisionStopped) -> Found:
    """What each finds once the falls are told."""
    hear(database, *falls)
    noon = {fall.stop_id: datetime.combine(fall.stopped_on, datetime.min.time(), UTC) for fall in falls}
    issued_at = {json.loads(taken["fact"]["data"])["bill_id"]: datetime.fromisoformat(taken["issued_on"] + "T12:00Z")}
    with database.system_read() as sql:
        noticed = journal.facts_of(sql, TariffNoticeConfirmed, COMMUNITY)
    told = Told(
        tariffs=tariffs,
        noticed=noticed,
        stops=falls,
        admitted=[ANNA],
        signed=[CONTRACT],
        told_at=noon | issued_at,
    )
    with database.read(COMMUNITY) as tx:
        verified = verify_bill(tx, taken["number"]).findings
        kept = read_kept(tx)
    wrong, _ = check(taken, None, [vote_of(falls)])
    return Found(
        [each for each in verified if "did not hold any more" in each],
        [each for each in verify_prices(kept, told) if "did not bind" in each],
        [each for each in wrong if "does not hold" in each],
    )


def vote_of(falls: Sequence[DecisionStopped]) -> dict[str, Any]:
    """The file of a vote with the sealed facts of its falls, as far as these are looked at."""
    facts = []
    for position, each in enumerate(falls, 1):
        fact = dict.fromkeys(("event_id", "subject", "community", "occurred_at", "actor", "channel"), "x")
        fact |= {"type": each.TYPE, "data": each.canonical().decode(), "previous_hash": "0" * 64}
        facts.append({**fact, "position": position, "hash": seal({**fact, "position": position})})
    return {"what": "vote", "subject": "Tariff", "facts": facts, "cast": [], "own": None}


@pytest.mark.parametrize("manner", MANNERS)
def test_a_bill_under_a_tariff_that_had_fallen_is_found_by_all(database: Database, manner: str) -> None:
    taken = charge(database, [OWN, NEW], MARCH)
    found = look(database, taken, [OWN, NEW], fall("tariff-new", 1, manner, MARCH.start))
    assert found.verified == ["tariff tariff-new did not hold any more on 2025-03-01"]
    assert found.second == ["bill 2025-000001: tariff tariff-new did not bind on 2025-03-01"]
    [at_home] = found.at_home
    assert "does not hold from 2025-03-01 (court ruling 1)" in at_home


def test_an_honest_bill_after_a_fall_is_right_for_all(database: Database) -> None:
    told = fall("tariff-new", 1, "repealed", MARCH.start)
    taken = charge(database, [OWN, NEW], MARCH, [told])
    assert look(database, taken, [OWN, NEW], told) == Found([], [], [])


def test_a_bill_of_days_between_a_suspension_and_its_end_is_found_by_all(database: Database) -> None:
    """The decision holds again when the bill is made; on the days that it charges it did not."""
    taken = charge(database, [OWN, NEW], MARCH)
    suspended = fall("tariff-new", 1, "suspended", MARCH.start)
    resumed = fall("tariff-new", 2, "resumed", APRIL.start, date(2025, 3, 28))
    found = look(database, taken, [OWN, NEW], suspended, resumed)
    assert [len(each) for each in (found.verified, found.second, found.at_home)] == [1, 1, 1]


def test_a_bill_of_days_on_which_a_decision_holds_again_is_right_for_all(database: Database) -> None:
    suspended = fall("tariff-new", 1, "suspended", FEBRUARY.start)
    resumed = fall("tariff-new", 2, "resumed", MARCH.start, date(2025, 2, 25))
    taken = charge(database, [OWN, NEW], MARCH, [suspended, resumed])
    assert look(database, taken, [OWN, NEW], suspended, resumed) == Found([], [], [])


def test_days_before_a_fall_was_told_are_not_charged_dearer_by_what_fell(database: Database) -> None:
    """The bill goes over to the cheaper tariff on the day of telling alone, and keeps the dearer one until then."""
    kept = fall("tariff-new", 1, "withdrawn", TOLD_ON)
    taken = charge(database, [OWN, NEW], FEBRUARY, [kept])
    annulled = fall("tariff-new", 2, "annulled", FEBRUARY.start)
    found = look(database, taken, [OWN, NEW], kept, annulled)
    assert found.verified == ["tariff tariff-new did not hold any more on 2025-02-01"]
    assert found.second == ["bill 2025-000001: tariff tariff-new did not bind on 2025-02-01"]


def test_a_tariff_that_came_after_a_bill_does_not_make_it_wrong(database: Database) -> None:
    """The contract's own tariff fell and had nothing cheaper beside it; the cheaper one is of later."""
    told = fall("tariff-2025", 1, "annulled", MARCH.start)
    taken = charge(database, [OWN], MARCH, [told])
    hear(database, CHEAPER)
    with database.write(COMMUNITY, SECRETARY) as tx:
        tell_in_writing(tx, "tariff-cheaper", date(2025, 4, 25))
    assert look(database, taken, [OWN], told).verified == []
