"""The end of a hold or a contract is told again: earlier, later, or taken back. The newest holds, in any order."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal
from itertools import permutations

from sqlalchemy import delete

from coop.events.members import ConnectionClosed, ContractEnded, ContractSigned
from coop.kit.database import Database
from coop.kit.tx import Tx
from coop.metering.periods import store as periods
from coop.metering.periods.close import correct_period
from coop.metering.periods.schedule import list_touched
from coop.metering.register import store as register
from coop.metering.register.connections import list_supplies
from coop.metering.register.heard import on_connection_closed, on_contract_ended, on_contract_signed
from coop.metering.register.tables import connection_closed
from coop.values import Period
from tests.metering.homes import adopt_key, at, close_anyway, deliver, envelope, gj, occupy, writing
from tests.metering.test_closing import DYNAMIC, power_of_march

OPENED = date(2025, 1, 1)
MARCH = Period.month(2025, 3)
MIDDLE = date(2025, 3, 16)


def close(tx: Tx, closed_on: date | None, number: int, hold: tuple[str, str, date] = ("C9", "M9", OPENED)) -> None:
    connection_id, member_id, opened_on = hold
    event = ConnectionClosed(
        connection_id=connection_id, member_id=member_id, opened_on=opened_on, closed_on=closed_on, number=number
    )
    on_connection_closed(tx, event, envelope(event, tx.community, tx.now + timedelta(seconds=number)))


def end(tx: Tx, ends_on: date | None, number: int) -> None:
    event = ContractEnded(contract_id="K9", ends_on=ends_on, number=number)
    on_contract_ended(tx, event, envelope(event, tx.community))


def test_of_the_ends_that_were_told_the_newest_holds_in_any_order_and_told_twice(database: Database) -> None:
    ends: list[tuple[int, date | None]] = [
        (4, date(2025, 6, 1)),
        (5, None),
        (9, date(2025, 9, 1)),
        (4, date(2025, 6, 1)),
    ]
    tellings: list[tuple[int, date | None] | None] = [None, *ends]
    signed = ContractSigned(
        contract_id="K9", member_id="M9", connection_id="C9", starts_on=OPENED, tariff_clause=None, reference=()
    )
    outcomes = set()
    for turn, order in enumerate(permutations(tellings)):
        with writing(database, f"order-{turn}") as tx:
            for telling in order:
                if telling is None:
                    occupy(tx, "C9", "M9", OPENED)
                    on_contract_signed(tx, signed, envelope(signed, tx.community))
                else:
                    close(tx, telling[1], telling[0])
                    end(tx, telling[1], telling[0])
            [hold], [supply] = register.list_occupancies(tx), list_supplies(tx)
            outcomes.add((hold.end, supply.ends_on))
    assert outcomes == {(date(2025, 9, 1), date(2025, 9, 1))}


def test_a_closing_told_late_and_taken_back_corrects_the_heat_of_closed_months(database: Database) -> None:
    with writing(database) as tx:
        hold = ("C1", "M1", date(2024, 1, 1))
        deliver(tx, gj("H1", MARCH.start_at, "1"), gj("H1", at("2025-03-15T23:00"), "2"), gj("H1", MARCH.end_at, "5"))
        close_anyway(tx, MARCH)
        assert list_touched(tx) == []
        close(tx, date(2025, 4, 1), 0, hold)
        assert list_touched(tx) == [], "the end of the month changes nothing of it"
        close(tx, MIDDLE, 1, hold)
        assert [closed.period for closed in list_touched(tx)] == [MARCH]
        assert heat_of(tx) == (2, Decimal(1_000_000_000))
        close(tx, MIDDLE, 1, hold)
        assert list_touched(tx) == [], "told again it changes nothing"
        tx.execute(delete(connection_closed).where(connection_closed.c.community == tx.community))
        close(tx, date(2025, 4, 1), 0, hold)
        close(tx, MIDDLE, 1, hold)
        assert list_touched(tx) == [], "heard again from the beginning it changes nothing either"
        close(tx, None, 2, hold)
        assert heat_of(tx) == (3, Decimal(4_000_000_000))


def heat_of(tx: Tx) -> tuple[int, Decimal]:
    """March is corrected: its revision, and the heat of M1 by then."""
    revision = correct_period(tx, MARCH).revision
    return revision, {row.member_id: row.energy_j for row in periods.list_measurements(tx, MARCH)}["M1"]


def test_a_closing_taken_back_gives_the_share_of_closed_months_again(database: Database) -> None:
    hold = ("C1", "M1", date(2024, 1, 1))
    with writing(database) as tx:
        power_of_march(tx)
        adopt_key(tx, DYNAMIC, date(2025, 1, 1))
        close(tx, MIDDLE, 0, hold)
        first = close_anyway(tx, MARCH)
        used = {row.member_id: row.consumed_wh for row in periods.list_allocations(tx, first.run_id)}
        close(tx, None, 1, hold)
        second = correct_period(tx, MARCH)
        again = {row.member_id: row.consumed_wh for row in periods.list_allocations(tx, second.run_id)}
    assert used["M1"] == 15 * 96 * 4000
    assert again["M1"] == (31 * 96 - 4) * 4000
