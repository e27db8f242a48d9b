"""Months whose registers fall or jump: through the doors, in any order, to what is told, or to what blocks it."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal
from itertools import permutations
from random import Random

import pytest

from coop.kit.actor import Actor
from coop.kit.database import Database
from coop.kit.tx import Tx
from coop.metering.heat.decisions import answer_break, decide_break, judge_register, list_doubts, list_proposals
from coop.metering.heat.review import review_period
from coop.metering.heat.verdicts import BreakKind
from coop.metering.model import Quality, Quantity, Register, Shape, Stand
from coop.metering.periods import store as periods
from coop.metering.periods.close import PeriodIncomplete, close_period, correct_period
from coop.metering.provenance.verify import verify_measurement
from coop.metering.readings.store import seconds
from coop.metering.register.store import list_registers
from coop.values import BadInput, CoopError, NotFound, Period, midnight
from tests.metering.homes import COMMUNITY, at, close_anyway, deliver, found, gj, quarters, writing

MARCH = Period(date(2025, 3, 1), date(2025, 4, 1))
START, END = MARCH.start_at, MARCH.end_at
DAYS = [midnight(MARCH.start + timedelta(days=i)) for i in range(32)]
TREASURER = Actor("account", "treasurer", "page")


def others(tx: Tx) -> None:
    """Let the other two homes use 1 GJ, so that the month can close."""
    for meter in ("H2", "H3"):
        deliver(tx, gj(meter, START, "1"), gj(meter, END, "2"))


def each_day(until: int = 32) -> list[Stand]:
    return [gj("H1", day, str(Decimal("5.00") + i * Decimal("0.03"))) for i, day in enumerate(DAYS[:until])]


def told(tx: Tx) -> Decimal:
    """Heat of the first home as it was told [GJ], after it was verified."""
    row = next(row for row in reversed(periods.list_measurements(tx, MARCH)) if row.connection_id == "C1")
    assert verify_measurement(tx, row.id) == []
    return row.energy_j.scaleb(-9)


def heat_register(tx: Tx) -> Register:
    return next(one for one in list_registers(tx) if (one.serial, one.quantity) == ("H1", Quantity.HEAT))


MIDMARCH = at("2025-03-15T00:00:00")
CARD = at("2025-03-20T12:00:00")
MISREAD = {
    "a reading 0.01 too low": (
        [gj("H1", DAYS[10], "5.26") if stand.at == DAYS[10] else stand for stand in each_day()],
        "0.93",
    ),
    "a card reading 0.02 too low": ([*each_day(31), gj("H1", END, "5.93"), gj("H1", CARD, "5.55")], "0.93"),
    "a customer's reading 0.10 too low": (
        [
            gj("H1", START, "85.00"),
            gj("H1", at("2025-03-14T12:00:00"), "84.90", Quality.CUSTOMER),
            gj("H1", END, "85.93"),
        ],
        "0.93",
    ),
    "10.20 typed as 102.0": ([gj("H1", START, "10.00"), gj("H1", MIDMARCH, "102.0"), gj("H1", END, "10.40")], "0.40"),
    "10.20 typed as 900.0": ([gj("H1", START, "10.00"), gj("H1", MIDMARCH, "900.0"), gj("H1", END, "10.40")], "0.40"),
}


@pytest.mark.parametrize("name", MISREAD)
def test_a_misread_register_is_billed_for_what_was_used(one_database: Database, name: str) -> None:
    stands, energy_gj = MISREAD[name]
    with writing(one_database) as tx:
        others(tx)
        for stand in stands:
            assert not deliver(tx, stand).problems
        close_period(tx, MARCH)
        assert told(tx) == Decimal(energy_gj)


FALSE = {"90.00": "90.00", "10.90": "10.90"}


@pytest.mark.parametrize("false", FALSE)
def test_a_false_reading_makes_no_difference_in_any_order_of_arrival(database: Database, false: str) -> None:
    """H1 each hour in three deliveries, and a false reading in a fourth: all orders, each at a meter of its own day."""
    truth = [Decimal("10.00") + h * Decimal("0.01") for h in range(14)]
    seen = set()
    with writing(database) as tx:
        for n, order in enumerate(permutations(range(4))):
            start = at("2025-01-01T00:00:00") + timedelta(days=n)
            shift = n * Decimal("0.20")
            stands = [gj("H1", start + timedelta(hours=h), str(value + shift)) for h, value in enumerate(truth)]
            wrong = [gj("H1", start + timedelta(hours=6, minutes=30), str(Decimal(false) + shift))]
            parts = [stands[:5], stands[5:8], stands[8:], wrong]
            for i in order:
                assert not deliver(tx, *parts[i]).problems
            use = judge_register(tx, heat_register(tx), seconds(start), seconds(start + timedelta(hours=13)))
            assert use is not None
            assert use.doubts == ()
            seen.add((use.energy, tuple((one.at_s - seconds(start), one.why) for one in use.asides)))
    assert seen == {(Decimal(130_000_000), ((23_400, "slip"),))}


@pytest.mark.parametrize("seed", range(4))
def test_any_order_and_grouping_of_deliveries_tells_the_same(database: Database, seed: int) -> None:
    draw = Random(seed)
    stands = each_day()
    for i in draw.sample(range(1, 31), 3):
        stands[i] = gj("H1", DAYS[i], str(draw.randint(0, 90_000) * Decimal("0.01")))
    outcomes = []
    with writing(database) as tx:
        others(tx)
        shuffled = draw.sample(stands, len(stands))
        while shuffled:
            size = draw.randint(1, 6)
            deliver(tx, *shuffled[:size])
            shuffled = shuffled[size:]
        use = judge_register(tx, heat_register(tx), seconds(START), seconds(END))
        assert use is not None
        outcomes.append((use.energy, use.asides, use.doubts))
    # A second co-operative hears all in one.
    with writing(database, "elsewhere") as tx:
        found(tx)
        deliver(tx, *stands)
        use = judge_register(tx, heat_register(tx), seconds(START), seconds(END))
        assert use is not None
        outcomes.append((use.energy, use.asides, use.doubts))
    assert outcomes[0] == outcomes[1]
    assert outcomes[0][2] or outcomes[0][0] == Decimal(930_000_000)


def exchanged_in_silence(tx: Tx) -> None:
    """From the 16th on another meter answers to H1's number."""
    others(tx)
    deliver(tx, *(gj("H1", day, str(50 + i * Decimal("0.1"))) for i, day in enumerate(DAYS[:15])))
    deliver(tx, *(gj("H1", day, str(20 + i * Decimal("0.1"))) for i, day in enumerate(DAYS[15:])))


def test_a_fall_that_nothing_explains_blocks_closing_also_where_estimates_are_accepted(one_database: Database) -> None:
    with writing(one_database) as tx:
        exchanged_in_silence(tx)
        with pytest.raises(PeriodIncomplete) as refused:
            close_anyway(tx, MARCH)
    [said] = refused.value.lacking
    assert "meter H1 fell from 51.4 GJ (" in said
    assert "to 20 GJ (" in said


def test_two_people_decide_what_happened_and_the_month_closes_by_it(one_database: Database) -> None:
    with writing(one_database) as tx:
        exchanged_in_silence(tx)
        register = heat_register(tx)
        [doubt] = list_doubts(tx, register, seconds(START), seconds(END))
        reason = "Work order 117: exchanged by the plumber"
        proposal = decide_break(tx, register.id, doubt.at_s, BreakKind.EXCHANGE, reason)
        with pytest.raises(PeriodIncomplete):
            close_period(tx, MARCH)
        with pytest.raises(CoopError, match="you proposed this yourself"):
            answer_break(tx, proposal.id, confirmed=True)
    with one_database.write(COMMUNITY, TREASURER) as tx:
        answer_break(tx, proposal.id, confirmed=True)
        answer_break(tx, proposal.id, confirmed=True)
        with pytest.raises(CoopError, match="answered this proposal already"):
            answer_break(tx, proposal.id, confirmed=False)
        close_period(tx, MARCH)
        # 1.4 GJ on the old meter, 1.6 on the new one; what lies between is not known.
        assert told(tx) == Decimal("3.0")
        [(kept, answer)] = list_proposals(tx)
    assert (kept.reason, answer and answer.answered_by) == (reason, str(TREASURER))


def test_a_decision_needs_a_reason_a_break_and_a_meaning_that_can_be(database: Database) -> None:
    with writing(database) as tx:
        exchanged_in_silence(tx)
        register = heat_register(tx)
        fell_s = seconds(DAYS[15])
        with pytest.raises(BadInput, match="say why"):
            decide_break(tx, register.id, fell_s, BreakKind.RESET, " ")
        with pytest.raises(BadInput, match="cannot have been that"):
            decide_break(tx, register.id, fell_s, BreakKind.UNKNOWN, "so it seems")
        with pytest.raises(NotFound):
            decide_break(tx, register.id, seconds(DAYS[3]), BreakKind.RESET, "so it seems")


def test_a_rejected_proposal_decides_nothing(database: Database) -> None:
    with writing(database) as tx:
        exchanged_in_silence(tx)
        proposal = decide_break(tx, heat_register(tx).id, seconds(DAYS[15]), BreakKind.DIP, "the lower ones are false")
    with database.write(COMMUNITY, TREASURER) as tx:
        answer_break(tx, proposal.id, confirmed=False)
        with pytest.raises(PeriodIncomplete):
            close_period(tx, MARCH)


def test_a_correction_asks_what_nothing_explains_as_closing_does(database: Database) -> None:
    with writing(database) as tx:
        others(tx)
        deliver(tx, gj("H1", START, "50"), gj("H1", END, "51"))
        close_period(tx, MARCH)
        deliver(tx, *(gj("H1", day, str(56 + i * Decimal("0.1"))) for i, day in enumerate(DAYS[2:15])))
        deliver(tx, *(gj("H1", day, str(30 + i * Decimal("0.1"))) for i, day in enumerate(DAYS[15:31])))
        with pytest.raises(PeriodIncomplete):
            correct_period(tx, MARCH)


def test_a_reading_after_the_month_that_sheds_light_on_its_last_fall_marks_it(database: Database) -> None:
    with writing(database) as tx:
        others(tx)
        deliver(tx, *each_day(), gj("H1", DAYS[30] + timedelta(hours=1), "5.00"))
        closed = close_period(tx, MARCH)
        deliver(tx, gj("H1", END + timedelta(days=5), "6.10"))
        assert periods.list_late(tx, closed)


def test_intervals_have_no_breaks_and_their_registers_are_never_asked_about(database: Database) -> None:
    with writing(database) as tx:
        deliver(tx, quarters("H1", START, [10_000_000] * 24, Quantity.HEAT, unit="J", step_s=3600))
        [register] = [one for one in list_registers(tx) if one.shape is Shape.INTERVAL]
        assert list_doubts(tx, register, seconds(START), seconds(END)) == []


def test_what_is_set_aside_and_what_is_unexplained_can_be_listed(database: Database) -> None:
    with writing(database) as tx:
        exchanged_in_silence(tx)
        deliver(tx, gj("H2", DAYS[7], "0.2"), gj("H2", DAYS[8], "1.3"))
        fell, set_aside = review_period(tx, MARCH)
    assert (fell.register.serial, fell.asides, len(fell.doubts)) == ("H1", (), 1)
    [aside] = set_aside.asides
    assert (set_aside.register.serial, aside.at_s, aside.why) == ("H2", seconds(DAYS[7]), "dip")
    assert aside.value == 200_000_000


def test_a_break_in_another_month_is_not_asked_about_in_this_one(database: Database) -> None:
    with writing(database) as tx:
        exchanged_in_silence(tx)
        deliver(tx, *(gj(meter, midnight(date(2025, 5, 1)), "30") for meter in ("H1", "H2", "H3")))
        assert review_period(tx, Period.month(2025, 4)) == []
