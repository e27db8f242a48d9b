"""The steering group held beside the sealed journal: whoever writes a seat, a word or a release by hand is found."""

from __future__ import annotations

from datetime import UTC, date, datetime

import pytest
from sqlalchemy import text

from coop.governance.programmes import commands, seats
from coop.kit.actor import Actor
from coop.kit.database import Database
from coop.operator.steering import verify_steering
from tests.desk import SECRETARY
from tests.governance.assembly import TOWN, confirm, live, take_seat
from tests.kit.clocks import SetClock

ALDERMAN = Actor("account", "alderman", "page")

UNTOLD = "is not the one that was told"
CRIMES = {
    "UPDATE steering_seat SET from_on = '2025-01-01' WHERE party = 'partner'": UNTOLD,
    "UPDATE steering_seat SET until_on = '2031-01-01' WHERE party = 'partner'": UNTOLD,
    "UPDATE steering_seat SET account_id = 'burglar' WHERE party = 'partner'": UNTOLD,
    "UPDATE entry_settled SET actor = (SELECT actor FROM entry WHERE entry.entry_id = entry_settled.entry_id)"
    " WHERE entry_id IN (SELECT seat_id FROM steering_seat)": "stands in no entry that two people signed",
    "UPDATE steering_decision SET decision = 'release' WHERE number = 1": UNTOLD,
    "UPDATE steering_decision SET reason = 'it runs well' WHERE number = 2": UNTOLD,
    "UPDATE steering_decision SET actor = 'account:burglar' WHERE number = 2": "was not said from a seat",
    "UPDATE steering_decision SET number = 4 WHERE number = 3": "a decision of the steering group of 2027 is missing",
    "DELETE FROM steering_decision WHERE number = 1": "decision 2027-1 of the steering group is not the one",
    "UPDATE tranche_release SET rule = 'so' WHERE tranche_id = 't3'": "t3 is not released as it was told",
    "DELETE FROM tranche_release WHERE tranche_id = 't3'": "t3 is released otherwise than the steering group said",
}


def burgle(database: Database, statement: str) -> None:
    """Change what is kept as nobody may: without triggers and without keys of other tables."""
    with database.system_write() as sql:
        for name in sql.scalars(text("SELECT name FROM sqlite_master WHERE type = 'trigger'")).all():
            sql.exec_driver_sql(f'DROP TRIGGER "{name}"')
        sql.exec_driver_sql("PRAGMA defer_foreign_keys = ON")
        assert sql.execute(text(statement)).rowcount >= 1


def find(database: Database) -> list[str]:
    with database.read(TOWN) as tx:
        return list(verify_steering(tx))


def test_a_whole_life_of_the_steering_group_agrees(database: Database, clock: SetClock) -> None:
    live(database)
    assert find(database) == []
    with database.write(TOWN, SECRETARY) as tx:
        seat_id = take_seat(tx, ALDERMAN, "partner", "Municipality", date(2027, 7, 1), date(2029, 1, 1))
    clock.set(datetime(2027, 10, 1, 9, tzinfo=UTC))
    with database.write(TOWN, SECRETARY) as tx:
        confirm(tx, seats.end_seat(tx, seat_id, date(2027, 9, 1), "letter"))
    assert find(database) == []


def test_a_dissent_and_a_tranche_that_is_kept_agree(database: Database) -> None:
    live(database, until="release")
    with database.write(TOWN, SECRETARY) as tx:
        take_seat(tx, ALDERMAN, "partner", "Municipality")
    with database.write(TOWN, ALDERMAN) as tx:
        commands.decide_referred(tx, "t3", "keep", date(2027, 8, 10), "partner", "the quay is not back")
    with database.write(TOWN, SECRETARY) as tx:
        assert not commands.decide_referred(tx, "t3", "release", date(2027, 8, 10), "co-operative", "it runs")
    assert find(database) == []


@pytest.mark.parametrize("statement", CRIMES)
def test_what_is_changed_behind_the_steering_groups_back_is_found(embedded: Database, statement: str) -> None:
    live(embedded)
    assert find(embedded) == []
    burgle(embedded, statement)
    assert any(CRIMES[statement] in finding for finding in find(embedded)), find(embedded)
