"""What one account says beside a device, at other instants or by intervals: it moves no energy before two decide."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from decimal import Decimal
from functools import partial

import numpy as np
import pytest

from coop.kit.database import Database
from coop.kit.tx import Tx
from coop.metering.heat.decisions import answer_break
from coop.metering.heat.questions import find_question, propose_meaning, weigh_meanings
from coop.metering.heat.stands import count
from coop.metering.heat.verdicts import BreakKind
from coop.metering.intake.gateways import GatewayMandate
from coop.metering.intake.receive import receive
from coop.metering.model import Decoded, Delivery, Quality, Quantity, Series, Stand
from coop.metering.periods import store as periods
from coop.metering.periods.close import PeriodIncomplete, close_period, correct_period
from coop.metering.periods.results import find_breaks
from coop.metering.provenance.verify import verify_measurement
from coop.metering.readings.blocks import Day, find_claimed, pack_day
from coop.metering.readings.days import Packed
from coop.metering.readings.holdings import Store
from coop.metering.readings.plausibility import Bound
from coop.metering.sharing.computing import contents
from coop.metering.sharing.quarters import NO_DAYS, Readings, RegisterValues, resample
from coop.metering.sharing.runs import share
from coop.values import Period, midnight
from tests.metering.histories.test_months_with_breaks import TREASURER
from tests.metering.homes import COMMUNITY, LATER, adopt_key, close_anyway, deliver, gj, quarters, writing

MARCH, APRIL = Period.month(2025, 3), Period.month(2025, 4)
START, END = MARCH.start_at, MARCH.end_at
HALF = timedelta(hours=12)


def by_device(tx: Tx, *told: Stand | Series) -> None:
    stands, series = [one for one in told if isinstance(one, Stand)], [one for one in told if isinstance(one, Series)]
    body = repr([*stands, *((one, one.values.tolist()) for one in series)]).encode()
    receive(
        tx, Delivery("p1", "gw", LATER, body, Decoded(stands, series), mandate=GatewayMandate("gw", None, devices=None))
    )


def device(tx: Tx) -> None:
    """Around the end of March the device was read half a day before and after it, and each home at both ends."""
    for meter in ("H2", "H3"):
        by_device(tx, gj(meter, START, "1"), gj(meter, END, "2"), gj(meter, APRIL.end_at, "3"))
    by_device(tx, gj("H1", START, "10.00"), gj("H1", END - HALF, "12.00"), gj("H1", END + HALF, "13.00"))


def account(tx: Tx, value: str = "12.95", quality: Quality = Quality.MEASURED) -> None:
    """One account says that nearly all of the day was used before midnight."""
    deliver(tx, gj("H1", END, value, quality))


def told(tx: Tx, period: Period = MARCH) -> Decimal:
    row = next(row for row in reversed(periods.list_measurements(tx, period)) if row.connection_id == "C1")
    assert verify_measurement(tx, row.id) == []
    return row.energy_j.scaleb(-9)


CASES = [
    (device_first, quality, kind)
    for device_first in (True, False)
    for quality, kind in ((Quality.MEASURED, BreakKind.KEEP), (Quality.CUSTOMER, BreakKind.ASIDE))
]


@pytest.mark.parametrize(("device_first", "quality", "kind"), CASES, ids=map(str, range(len(CASES))))
def test_one_account_moves_nothing_across_the_end_of_a_month(
    one_database: Database, device_first: bool, quality: Quality, kind: BreakKind
) -> None:
    with writing(one_database) as tx:
        for says in (device, partial(account, quality=quality))[:: 1 if device_first else -1]:
            says(tx)
        with pytest.raises(PeriodIncomplete) as refused:
            close_anyway(tx, MARCH)
        [sentence] = refused.value.lacking
        assert "of meter H1, 12.95 GJ" in sentence
        [blocked] = find_breaks(tx, MARCH)
        place = blocked.register_id, blocked.before_s, blocked.at_s
        question = find_question(tx, *place)
        assert [one.kind for one in question.choices] == [BreakKind.KEEP, BreakKind.ASIDE]
        [march, _] = weigh_meanings(tx, question)
        # Half of the day's 1 GJ by the device alone, or nearly all of it before midnight.
        assert [energy and energy.scaleb(-9) for _, energy in march.by_kind] == [Decimal("2.95"), Decimal("2.5")]
        proposal = propose_meaning(tx, *place, kind, "a photo of the display")
    with one_database.write(COMMUNITY, TREASURER) as tx:
        answer_break(tx, proposal.id, confirmed=True)
        assert find_breaks(tx, MARCH) == []
        close_anyway(tx, MARCH)
        assert told(tx) == Decimal("2.95" if kind is BreakKind.KEEP else "2.5")


def test_what_fits_the_line_within_the_coarseness_of_two_doors_counts(one_database: Database) -> None:
    with writing(one_database) as tx:
        device(tx)
        account(tx, "12.52")
        close_period(tx, MARCH)
        assert told(tx) == Decimal("2.52")


def test_a_month_closed_by_a_claim_is_marked_once_the_device_speaks_again(one_database: Database) -> None:
    with writing(one_database) as tx:
        for meter in ("H2", "H3"):
            by_device(tx, gj(meter, START, "1"), gj(meter, END, "2"))
        by_device(tx, gj("H1", START, "10.00"), gj("H1", END - HALF, "12.00"))
        account(tx)
        closed = close_period(tx, MARCH)
        assert told(tx) == Decimal("2.95")
        by_device(tx, gj("H1", END + HALF, "13.00"))
        assert periods.list_late(tx, closed)
        with pytest.raises(PeriodIncomplete):
            correct_period(tx, MARCH)


def test_many_claims_do_not_outvote_a_device() -> None:
    """A reading a day by the device; one account says 23 between each two of them, 10 GJ higher."""
    hours = np.arange(0, 217)
    claimed = hours % 24 != 0
    values = 500 + hours // 8 + np.where(claimed & (hours > 72), 1000, 0)
    counted = count(hours * 3600, values, np.ones(217, np.uint8), Bound(72, 1), (), claimed)
    assert int(counted.counted[-1] - counted.counted[0]) == 27
    assert {aside.why for aside in counted.asides} == {"claim"}
    assert counted.misfits
    assert counted.doubts == ()


@pytest.mark.parametrize("is_first", [True, False])
def test_intervals_of_one_account_do_not_divide_what_a_device_counted(one_database: Database, is_first: bool) -> None:
    """The device counts 1 GJ over the midnight; an account's hours say that all of it was before."""
    hours = quarters("H1", END - HALF, [*[80_000_000] * 12, *[3_333_333] * 12], Quantity.HEAT, unit="J", step_s=3600)
    with writing(one_database) as tx:
        for says in (device, lambda tx: deliver(tx, hours))[:: 1 if is_first else -1]:
            says(tx)
        with pytest.raises(PeriodIncomplete) as refused:
            close_anyway(tx, MARCH)
        assert any("its intervals divide that over the days in another way" in one for one in refused.value.lacking)
        [blocked] = find_breaks(tx, MARCH)
        place = blocked.register_id, blocked.before_s, blocked.at_s
        readings = propose_meaning(tx, *place, BreakKind.READINGS, "the file was of another meter")
    with one_database.write(COMMUNITY, TREASURER) as tx:
        answer_break(tx, readings.id, confirmed=True)
        close_anyway(tx, MARCH)
        assert told(tx) == Decimal("2.5")


def test_shared_quarter_hours_are_the_devices_where_it_speaks() -> None:
    quarter = np.array([0, 900, 1800], np.int64)
    said = [
        RegisterValues(quarter, 900, np.array([9, 9, 9], np.int64), claimed=True),
        RegisterValues(np.array([0], np.int64), 3600, np.array([8], np.int64)),
    ]
    assert resample(Readings(NO_DAYS, {"E": said}), {"E": 0}, 0, 4).energy[0].tolist() == [2000] * 4


@pytest.mark.parametrize("mask", [b"", b"\x01", bytes(k % 3 == 0 for k in range(95))])
def test_a_stored_day_says_which_quarter_hours_are_claimed(mask: bytes) -> None:
    quality = np.full(96, Quality.MEASURED, np.uint8)
    quality[10] = Quality.MISSING
    at = np.flatnonzero(quality) * 900
    columns = pack_day(Day(at, at + 7, quality[quality != Quality.MISSING]), 900)
    row = Packed("E", 3, 1, 900, *columns, mask)
    whole = contents({("E", 3): row}).whole_days
    stored = row.unpack().content
    assert np.flatnonzero(whole.there[0]).tolist() == (stored.offsets // 900).tolist()
    assert whole.claimed[0, whole.there[0]].tolist() == find_claimed(stored).tolist()
    assert not whole.claimed[0, ~whole.there[0]].any()


def claimed_readings(tx: Tx) -> None:
    deliver(tx, gj("H1", START, "10.00"), gj("H1", END, "12.95"))


def claimed_hours(tx: Tx) -> None:
    hours = int((END - START).total_seconds()) // 3600
    deliver(tx, quarters("H1", START, [4_000_000] * hours, Quantity.HEAT, unit="J", step_s=3600))


@pytest.mark.parametrize("claims", [claimed_readings, claimed_hours], ids=["readings", "hours"])
@pytest.mark.parametrize("is_before_first", [True, False], ids=["before first", "after first"])
def test_a_month_closed_by_claims_alone_is_marked_once_the_device_spoke_before_and_after_it(
    one_database: Database, claims: Callable[[Tx], None], is_before_first: bool
) -> None:
    """Nobody but one account spoke of March; the device, read ten days before and after it, counted much less."""
    with writing(one_database) as tx:
        for meter in ("H2", "H3"):
            by_device(tx, gj(meter, START, "1"), gj(meter, END, "2"))
        claims(tx)
        closed = close_period(tx, MARCH)
        deliver(tx, gj("H1", END + timedelta(days=9), "14.50"))
        assert periods.list_late(tx, closed) == [], "the account's next reading judges nothing"
        ends = (START - timedelta(days=10), "9.90"), (END + timedelta(days=10), "10.20")
        for at, value in ends if is_before_first else ends[::-1]:
            by_device(tx, gj("H1", at, value))
        assert periods.list_late(tx, closed), "March is not what the device counted"


SHARE: dict[str, object] = {"kind": "dynamic"}
QUARTERS = 2972


def share_of_first(tx: Tx, by_account: list[int]) -> tuple[int, tuple[str, ...]]:
    """The device of E1 is read each day, 24 kWh further; one account says its quarter-hours. What C1 is allocated."""
    adopt_key(tx, SHARE, MARCH.start)
    by_device(tx, quarters("S1", START, [1000] * QUARTERS, Quantity.ELECTRICITY_EXPORT))
    for meter in ("E2", "E3"):
        by_device(tx, quarters(meter, START, [500] * QUARTERS))
    days = [midnight(MARCH.start + timedelta(days=day)) for day in range(32)]
    hours = [(at - START).total_seconds() / 3600 for at in days]
    for at, hour in zip(days, hours, strict=True):
        by_device(tx, Stand("E1", Quantity.ELECTRICITY_IMPORT, at, Decimal(int(hour)), "kWh"))
    deliver(tx, quarters("E1", START, by_account))
    shared = share(Store(tx), MARCH)
    got = sum(one.allocated_wh for one in shared.runs[0].outcome.shares if one.connection_id == "C1")
    return got, tuple(one for one in shared.lacking if "E1" in one)


def test_quarter_hours_of_an_account_share_no_more_than_the_device_counted_between_its_readings(
    one_database: Database,
) -> None:
    """A quarter-hour of 250 Wh, each; the account says four times as much on the second day, and so takes a share
    of the others'."""
    with writing(one_database) as tx:
        got, lacking = share_of_first(tx, [250] * 96 + [1000] * 96 + [250] * (QUARTERS - 192))
    [said] = lacking
    assert "96 quarter-hours that one account said do not add up" in said
    # By hand: 1,000 Wh over 250, 500 and 500; nothing on the second day.
    assert got == pytest.approx((QUARTERS - 96) * 200, abs=1)


def test_quarter_hours_of_an_account_that_add_up_between_the_devices_readings_share(one_database: Database) -> None:
    with writing(one_database) as tx:
        got, lacking = share_of_first(tx, [0, 500] * (QUARTERS // 2))
    assert lacking == ()
    # By hand: 1,000 Wh over 500, 500 and 500 in every other quarter-hour.
    assert got == pytest.approx(QUARTERS // 2 * 1000 / 3, abs=1)
