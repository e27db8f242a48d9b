"""What a closing used and turns out different is corrected: who held which connection, heard after the closing, and
meters, contracts and figures that were put right."""

from __future__ import annotations

import random
import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from datetime import date, timedelta
from decimal import Decimal
from itertools import permutations
from pathlib import Path

import pytest
from sqlalchemy import delete

from coop.communities.heard import on_choice_made
from coop.events import Event
from coop.events.members import ChoiceMade, ConnectionClosed, ConnectionOpened, ContractSigned
from coop.kit.database import Database
from coop.kit.jobs import Work
from coop.kit.tx import Tx
from coop.metering.jobs import correct_periods
from coop.metering.model import Meter, MeterKind, Quantity
from coop.metering.periods import close
from coop.metering.periods import store as periods
from coop.metering.periods.close import correct_period
from coop.metering.periods.results import Before, Results, compute_period
from coop.metering.periods.schedule import list_touched
from coop.metering.register.commands import correct_meter, register_meters
from coop.metering.register.heard import on_connection_closed, on_connection_opened, on_contract_signed
from coop.metering.register.tables import connection_closed, connection_opened
from coop.metering.service import METERING
from coop.values import CoopError, Period
from tests.desk import open_desk, sign_in
from tests.metering.homes import (
    COMMUNITY,
    INSTALLED,
    NOW,
    at,
    close_anyway,
    deliver,
    envelope,
    found,
    gj,
    occupy,
    quarters,
    writing,
)

MARCH = Period.month(2025, 3)
BEFORE = INSTALLED + timedelta(days=500)
"""When everything here was told: after March, and before anybody closed it."""


def closing(closed_on: date | None, number: int, member_id: str = "M1", opened_on: date = date(2024, 1, 1)) -> Event:
    return ConnectionClosed(
        connection_id="C1", member_id=member_id, opened_on=opened_on, closed_on=closed_on, number=number
    )


def opening(member_id: str, opened_on: date) -> Event:
    return ConnectionOpened(
        connection_id="C1", member_id=member_id, building_id="B1", kind="dwelling", opened_on=opened_on, number="101"
    )


FACTS = (
    closing(date(2025, 3, 11), 0),
    closing(None, 1),
    closing(date(2025, 3, 16), 2),
    opening("M9", date(2025, 3, 16)),
    closing(date(2025, 3, 26), 0, "M9", date(2025, 3, 16)),
)
"""M1 leaves on the 11th, stays after all, leaves on the 16th; then M9 lives there, up to the 26th."""


def hear(tx: Tx, fact: Event) -> None:
    around = envelope(fact, tx.community, BEFORE)
    if isinstance(fact, ConnectionOpened):
        on_connection_opened(tx, fact, around)
    elif isinstance(fact, ConnectionClosed):
        on_connection_closed(tx, fact, around)


def say_march(tx: Tx) -> None:
    """A reading of H1 at every midnight, of a GJ more a day."""
    stands = [gj("H1", at("2025-02-27T23:00") + timedelta(days=day), str(day)) for day in range(32)]
    deliver(tx, *stands, gj("H1", MARCH.end_at, "32"))


def heat(tx: Tx) -> dict[str, Decimal]:
    """Heat of each member in March as it was told last [GJ]."""
    rows = {row.member_id: row.energy_j / 10**9 for row in periods.list_measurements(tx, MARCH)}
    return {member_id: energy for member_id, energy in rows.items() if energy}


def test_what_is_heard_after_a_closing_comes_out_as_if_it_had_been_heard_before_in_any_order(
    database: Database,
) -> None:
    rng = random.Random(41)
    plays = [(order, rng.randint(0, len(FACTS))) for order in permutations(FACTS)]
    closed_with: set[tuple[tuple[str, Decimal], ...]] = set()
    for number, (order, cut) in enumerate(rng.sample(plays, 12)):
        community = f"late-{number}"
        with writing(database, community) as tx:
            found(tx)
            say_march(tx)
            for fact in order[:cut]:
                hear(tx, fact)
            with suppress(CoopError):  # two held it at once, as far as was known
                close_anyway(tx, MARCH)
            if not periods.list_closed(tx):
                continue
            closed_with.add(tuple(sorted(heat(tx).items())))
            for fact in order[cut:]:
                hear(tx, fact)
        for _ in range(2):
            correct_periods(Work(database, community, NOW, "correct-periods"))
        with database.read(community) as tx:
            assert heat(tx) == {"M1": Decimal(15), "M9": Decimal(10)}
            assert list_touched(tx) == []
    assert len(closed_with) >= 3, "closings with the truth alone show nothing"


def test_who_moved_while_a_period_was_being_closed_is_corrected(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    with writing(database) as tx:
        say_march(tx)
    computed, heard = threading.Event(), threading.Event()

    def compute_slowly(tx: Tx, period: Period, before: Before | None = None) -> Results:
        results = compute_period(tx, period, before=before)
        computed.set()
        heard.wait(2)
        return results

    def hear_of_the_move() -> None:
        assert computed.wait(30)
        with writing(database) as tx:
            hear(tx, closing(date(2025, 3, 16), 0))
        heard.set()

    monkeypatch.setattr(close, "compute_period", compute_slowly)
    with ThreadPoolExecutor(1) as pool:
        hearing = pool.submit(hear_of_the_move)
        with writing(database) as tx:
            close_anyway(tx, MARCH)
        hearing.result(30)
    monkeypatch.undo()
    with writing(database) as tx:
        assert heat(tx) == {"M1": Decimal(31)}
        assert [one.period for one in list_touched(tx)] == [MARCH]
    correct_periods(Work(database, COMMUNITY, NOW, "correct-periods"))
    with database.read(COMMUNITY) as tx:
        assert heat(tx) == {"M1": Decimal(15)}


def test_all_that_is_forgotten_and_heard_again_lets_no_period_wait(one_database: Database) -> None:
    with writing(one_database) as tx:
        say_march(tx)
        for fact in FACTS:
            hear(tx, fact)
        close_anyway(tx, MARCH)
        for table in (connection_closed, connection_opened):
            tx.execute(delete(table).where(table.c.community == tx.community))
        assert list_touched(tx) != []
        for i in (1, 2, 3):
            occupy(tx, f"C{i}", f"M{i}", date(2024, 1, 1))
        for fact in FACTS:
            hear(tx, fact)
        assert list_touched(tx) == []


def test_a_meter_that_is_put_right_lets_its_closed_months_be_corrected_by_the_job(one_database: Database) -> None:
    with writing(one_database) as tx:
        say_march(tx)
        close_anyway(tx, MARCH)
        correct_meter(tx, "H1", "102", INSTALLED, "hung at 102 all along")
        assert [one.period for one in list_touched(tx)] == [MARCH]
    assert "2025-03 corrected" in correct_periods(Work(one_database, COMMUNITY, NOW, "correct-periods"))
    with writing(one_database) as tx:
        assert heat(tx) == {"M2": Decimal(31)}
        assert list_touched(tx) == []


def test_a_contract_that_is_heard_late_asks_for_the_meter_that_nobody_missed(one_database: Database) -> None:
    signed = ContractSigned(
        contract_id="K7",
        member_id="M7",
        connection_id="C7",
        starts_on=date(2025, 3, 1),
        tariff_clause=None,
        reference=(),
    )
    with writing(one_database) as tx:
        say_march(tx)
        close_anyway(tx, MARCH)
        on_contract_signed(tx, signed, envelope(signed, tx.community, BEFORE))
        assert [one.period for one in list_touched(tx)] == [MARCH]
    with pytest.raises(CoopError, match="connection C7 is under contract and has no heat meter"):
        correct_periods(Work(one_database, COMMUNITY, NOW, "correct-periods"))
    with writing(one_database) as tx:
        register_meters(tx, [Meter("H7", MeterKind.HEAT, "C7", INSTALLED)])
    assert "comes out the same" in correct_periods(Work(one_database, COMMUNITY, NOW, "correct-periods"))


def test_a_figure_that_is_put_right_corrects_what_was_estimated_with_it_and_says_so(one_database: Database) -> None:
    with writing(one_database) as tx:
        deliver(tx, gj("H1", at("2025-02-10T00:00"), "1"), gj("H1", at("2025-03-20T00:00"), "5"))
        deliver(tx, gj("H1", at("2025-04-20T00:00"), "6"))
        cold = [-500] * 28 * 96 + [1500] * 41 * 96
        weather = quarters("WP1", at("2025-02-10T00:00"), cold, Quantity.OUTSIDE_TEMPERATURE, unit="cdegC")
        deliver(tx, weather)
        close_anyway(tx, MARCH)
        before = heat(tx)
        made = ChoiceMade(
            number=99,
            name="tap-water",
            valid_from=date(2025, 1, 1),
            value={"permille": 900},
            source="",
            resolution_id="",
        )
        on_choice_made(tx, made, envelope(made, tx.community, BEFORE))
        corrected = correct_period(tx, MARCH)
        assert heat(tx) != before
    assert corrected.cause == "figures of the co-operative were put right"


@pytest.mark.parametrize(("lang", "who"), [("nl", "Wie aansluiting 101 had"), ("en", "Who held connection 101")])
def test_page_and_api_of_a_closed_month_say_what_is_known_otherwise(
    one_database: Database, tmp_path: Path, lang: str, who: str
) -> None:
    with writing(one_database) as tx:
        say_march(tx)
        close_anyway(tx, MARCH)
        hear(tx, closing(date(2025, 3, 16), 0))
    with open_desk(METERING, one_database, tmp_path) as client:
        sign_in(client, "board")
        page = client.get(f"/metering/periods/2025-03?lang={lang}", headers={"accept": "text/html"})
        assert who in page.text
        look = client.post("/metering/api/v1/periods/2025-03/close", json={"dry_run": True}).json()
        assert look["known_otherwise"] == [{"kind": "holds", "subject": "C1"}]
        client.post("/metering/api/v1/periods/2025-03/correct", json={})
        assert who not in client.get(f"/metering/periods/2025-03?lang={lang}", headers={"accept": "text/html"}).text
