"""Intervals that one account says of a whole month, of which the device speaks only outside it: they lie on its line,
or two people say that they count."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from decimal import Decimal
from fractions import Fraction
from functools import partial
from itertools import accumulate, permutations
from random import Random

import numpy as np
import pytest

from coop.kit.database import Database
from coop.kit.tx import Tx
from coop.metering.heat.decisions import answer_break
from coop.metering.heat.measuring import Span
from coop.metering.heat.questions import find_question, propose_meaning, weigh_meanings
from coop.metering.heat.sayings import say_disagreement
from coop.metering.heat.shapes import Disagreement, Stretch, Tiles, join_shapes
from coop.metering.heat.verdicts import BreakKind
from coop.metering.model import DAY_S, Quantity
from coop.metering.periods import store as periods
from coop.metering.periods.acceptance import subject_of
from coop.metering.periods.close import PeriodIncomplete, close_period, correct_period
from coop.metering.periods.results import compute_period, find_breaks
from coop.metering.readings.blocks import Day
from coop.metering.readings.plausibility import Bound
from coop.metering.readings.store import seconds
from coop.values import midnight
from coop.web.writing import speak
from tests.metering.histories.test_months_with_breaks import TREASURER
from tests.metering.homes import COMMUNITY, close_anyway, deliver, gj, quarters, writing
from tests.metering.test_claims import END, MARCH, START, by_device, told

FROM_S, TO_S = seconds(START), seconds(END)
HOURS = (TO_S - FROM_S) // 3600
MIDNIGHTS_S = [seconds(midnight(MARCH.start + timedelta(days=day))) for day in range(1, 32)]
STEP = 10
BEFORE, AFTER = START - timedelta(days=9), END + timedelta(days=10)


def judge(
    device: dict[int, int], claims: list[int], gap: range = range(0), readings: dict[int, int] | None = None
) -> tuple[list[Span], list[Disagreement]]:
    """Join what a device read at instants (and an account, ``readings``) with an account's hours of March."""
    stands = sorted({**device, **(readings or {})}.items())
    days: dict[int, Day] = {}
    for number in sorted({at_s // DAY_S for at_s, _ in stands}):
        here = [(at_s % DAY_S, value, at_s not in device) for at_s, value in stands if at_s // DAY_S == number]
        at, values, claimed = (np.array(column) for column in zip(*here, strict=True))
        days[number] = Day(at, values, np.ones(len(here), np.uint8), claimed)
    there = np.array([hour for hour in range(HOURS) if hour not in gap])
    one = np.ones(len(there), np.int64)
    tiles = Tiles(FROM_S + there * 3600, 3600 * one, np.array(claims)[there], one, 0 * one, one)
    bound = Bound(100_000, STEP)
    span, stand = (Span("H1", name, 0, 0, FROM_S, TO_S, bound) for name in ("hours", "stands"))
    return join_shapes([span], tiles, tiles, stand, days)


def strays(device: dict[int, int], claims: list[int]) -> bool:
    """The rule a second time, in fractions: the most that the hours are off the device's line at any midnight."""
    (a_s, low), (b_s, high) = sorted(device.items())
    pace = Fraction(high - low, b_s - a_s)
    so_far = [0, *accumulate(claims)]
    return max(abs(so_far[(at_s - FROM_S) // 3600] - pace * (at_s - FROM_S)) for at_s in MIDNIGHTS_S) > 2 * STEP


def test_hours_that_fill_a_month_lie_on_the_line_of_a_device_that_is_read_outside_it() -> None:
    rng = Random(17)
    found = []
    for _ in range(300):
        a_s = FROM_S - rng.randint(0, 480) * 3600 - 60
        b_s = TO_S + rng.randint(0, 480) * 3600 + 60
        pace = rng.choice([1, 2, 5])
        device = {a_s: 5000, b_s: 5000 + pace * (b_s - a_s) // 3600}
        claims = [pace] * HOURS
        for _ in range(rng.randint(0, 3)):
            first = rng.randrange(HOURS)
            claims[first] += rng.choice([-1, 1]) * min(pace, rng.randint(1, 9))
            claims[first - 1] += rng.choice([0, 0, 12, 15, 18, 20, 21, 25, 5000])
        spans, asked = judge(device, claims)
        is_off = strays(device, claims)
        found.append(is_off)
        assert [(one.from_s, one.to_s) for one in asked] == [(FROM_S, TO_S)] * is_off, (device, claims)
        # Until two people decide the device's readings count.
        assert [span.register_id for span in spans] == ["stands" if is_off else "hours"]
    assert 60 < sum(found) < 240


def test_an_account_can_neither_add_energy_to_a_month_nor_make_it_vanish() -> None:
    device = {FROM_S - DAY_S: 0, TO_S + DAY_S: 2 * HOURS}
    for hour in (0, 9):
        [asked] = judge(device, [hour] * HOURS)[1]
        assert asked.by_readings == Fraction(2 * HOURS) * (TO_S - FROM_S) // (TO_S - FROM_S + 2 * DAY_S)
        assert asked.by_intervals == hour * HOURS


def test_claims_beside_a_gap_that_the_device_bridges_move_nothing_and_are_not_asked_about() -> None:
    spans, asked = judge({FROM_S - DAY_S: 0, TO_S + DAY_S: 2 * HOURS}, [90] * HOURS, range(300, 301))
    assert asked == []
    assert [(span.register_id, span.from_s, span.to_s) for span in spans] == [("stands", FROM_S, TO_S)]


def test_a_gap_between_an_accounts_own_readings_does_not_take_the_rest_of_its_month_out_of_question() -> None:
    """Two claimed readings around a missing hour fit the device's line, and the hours around them do not."""
    device = {FROM_S - DAY_S: 0, TO_S + DAY_S: 2 * HOURS + 96}
    gap: Stretch = FROM_S + 300 * 3600, FROM_S + 301 * 3600
    between = {at_s: 2 * (at_s - FROM_S + DAY_S) // 3600 for at_s in gap}
    spans, asked = judge(device, [2] * 301 + [9] * (HOURS - 301), range(300, 301), between)
    assert [(one.from_s, one.to_s) for one in asked] == [(FROM_S, TO_S)]
    assert {span.register_id for span in spans} == {"stands"}


def test_a_month_whose_sum_fits_and_whose_days_do_not_is_asked_about_in_words_that_say_so() -> None:
    half = HOURS // 2
    device = {FROM_S - DAY_S: 0, TO_S + DAY_S: 2 * HOURS + 96}
    [asked] = judge(device, [3] * half + [2] * (HOURS - 2 * half) + [1] * half)[1]
    assert abs(asked.by_readings - asked.by_intervals) <= 2 * STEP
    said = say_disagreement(asked).said
    assert "its intervals divide that over the days in another way" in said
    assert "zijn intervallen verdelen dat anders over de dagen" in speak("nl", said)


def before(tx: Tx) -> None:
    by_device(tx, gj("H1", BEFORE, "10.00"))


def after(tx: Tx) -> None:
    """The device counted 1 GJ in the 50 days around March, less the hour of summer time."""
    by_device(tx, gj("H1", AFTER, "11.00"))


def account(tx: Tx) -> None:
    """One account says nearly three times as much, of March alone."""
    deliver(tx, quarters("H1", START, [4_000_000] * HOURS, Quantity.HEAT, unit="J", step_s=3600))


def close(tx: Tx) -> None:
    close_period(tx, MARCH)


def in_english_and_dutch(refused: PeriodIncomplete) -> tuple[str, str]:
    [said] = [one for one in refused.lacking if "by its intervals" in one]
    return speak("en", said), speak("nl", said)


ORDERS: list[tuple[Callable[[Tx], None], ...]] = [
    *permutations((before, account, after)),
    (before, account, close, after),
    (account, after, close, before),
]


@pytest.mark.parametrize("order", ORDERS, ids=map(str, range(len(ORDERS))))
def test_a_month_of_claims_between_a_devices_readings_waits_for_two_people_in_any_order(
    one_database: Database, order: tuple[Callable[[Tx], None], ...]
) -> None:
    is_closed = close in order
    with writing(one_database) as tx:
        for meter in ("H2", "H3"):
            by_device(tx, gj(meter, START, "1"), gj(meter, END, "2"))
        for says in order:
            says(tx)
        if is_closed:
            [closed] = periods.list_closed(tx)
            assert told(tx) == Decimal("2.972")
            assert periods.list_late(tx, closed), "the device spoke on both sides since"
        settle = partial(correct_period, tx, MARCH) if is_closed else partial(close_anyway, tx, MARCH)
        with pytest.raises(PeriodIncomplete) as refused:
            settle()
        english, dutch = in_english_and_dutch(refused.value)
        assert "H1 counted 0.619683069 GJ by its readings and 2.972 GJ by its intervals" in english
        assert "H1 telde 0,619683069 GJ volgens zijn standen en 2,972 GJ volgens zijn intervallen" in dutch
        [blocked] = find_breaks(tx, MARCH)
        place = blocked.register_id, blocked.before_s, blocked.at_s
        [month] = weigh_meanings(tx, find_question(tx, *place))[:1]
        by_kind = {kind: energy and energy.scaleb(-9).quantize(Decimal("0.01")) for kind, energy in month.by_kind}
        assert by_kind == {BreakKind.READINGS: Decimal("0.62"), BreakKind.INTERVALS: Decimal("2.97")}
        kind = BreakKind.READINGS if is_closed else BreakKind.INTERVALS
        proposal = propose_meaning(tx, *place, kind, "read on the spot")
    with one_database.write(COMMUNITY, TREASURER) as tx:
        answer_break(tx, proposal.id, confirmed=True)
        assert find_breaks(tx, MARCH) == []
        if is_closed:
            estimated = {subject_of(said) for said in compute_period(tx, MARCH).lacking}
            correct_period(tx, MARCH, accept=estimated, reason="nobody read nearer")
        else:
            close_anyway(tx, MARCH)
        assert told(tx).quantize(Decimal("0.01")) == by_kind[kind]
