"""Sharing of electricity through the real handlers: several groups, prosumers, quarter-hours from what there is."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta
from decimal import Decimal

import numpy as np
import pytest

from coop.kit.database import Database
from coop.kit.tx import Tx
from coop.metering.model import Meter, MeterKind, Quantity, Series, Stand
from coop.metering.periods import store as periods
from coop.metering.periods.close import PeriodIncomplete, close_period
from coop.metering.periods.results import compute_period
from coop.metering.provenance.verify import explain_allocation, quarters_of, verify_allocation
from coop.metering.register.commands import register_meters, set_group
from coop.metering.sharing.commands import judge_proposed_key
from coop.metering.sharing.run import list_producers
from coop.values import BadInput, Period
from tests.metering.homes import INSTALLED, adopt_key, at, close_anyway, deliver, quarters, writing

DAY = Period(date(2025, 3, 10), date(2025, 3, 11))
START = DAY.start_at
N = 96
DYNAMIC: dict[str, object] = {"kind": "dynamic"}


def use(tx: Tx, **values_wh: int | Sequence[int]) -> None:
    """Deliver the same use in every quarter-hour of the day, or these; a meter called S or X exports."""
    for meter, said in values_wh.items():
        values = [said] * N if isinstance(said, int) else list(said)
        exports = meter[0] in "SX"
        quantity = Quantity.ELECTRICITY_EXPORT if exports else Quantity.ELECTRICITY_IMPORT
        deliver(tx, quarters(meter.replace("X", "E"), START, values, quantity))


def allocated(tx: Tx) -> dict[tuple[str, str], tuple[int, int]]:
    """By group and connection, what was left to cover and what was got [Wh]."""
    return {
        (run.group_id, share.connection_id): (share.consumed_wh, share.allocated_wh)
        for run in periods.list_runs(tx)
        for share in periods.list_allocations(tx, run.id)
    }


def two_groups(tx: Tx) -> None:
    """A second roof S2, shared by a group "school" of everybody, beside "roofs"."""
    register_meters(tx, [Meter("S2", MeterKind.SOLAR, None, INSTALLED)])
    set_group(tx, "school", ["S2"], None)
    adopt_key(tx, DYNAMIC, date(2025, 1, 1))
    adopt_key(tx, DYNAMIC, date(2025, 1, 1), "K2", group_id="school")


def test_a_point_in_two_groups_gets_no_more_than_it_used(database: Database) -> None:
    with writing(database) as tx:
        two_groups(tx)
        use(tx, E1=250, E2=250, E3=250, S1=600, S2=600)
        close_anyway(tx, DAY)
        got = allocated(tx)
        runs = [run.id for run in periods.list_runs(tx)]
        assert [finding for run_id in runs for finding in verify_allocation(tx, run_id)] == []
        surplus_wh = {run.group_id: run.surplus_wh for run in periods.list_runs(tx)}
    for name in ("C1", "C2", "C3"):
        assert got["roofs", name] == (250 * N, 200 * N)
        assert got["school", name] == (50 * N, 50 * N), "the second group gives what the first one left uncovered"
    assert surplus_wh == {"roofs": 0, "school": 450 * N}


def test_what_one_group_leaves_of_a_roof_goes_on_to_the_next_and_no_roof_gives_more_than_it_made(
    one_database: Database,
) -> None:
    with writing(one_database) as tx:
        set_group(tx, "roofs", ["S1"], ["C1"])
        set_group(tx, "school", ["S1"], ["C2", "C3"])
        adopt_key(tx, DYNAMIC, date(2025, 1, 1))
        adopt_key(tx, DYNAMIC, date(2025, 1, 1), "K2", group_id="school")
        use(tx, E1=250, E2=250, E3=250, S1=600)
        close_anyway(tx, DAY)
        got = allocated(tx)
        school = next(run for run in periods.list_runs(tx) if run.group_id == "school")
        why = explain_allocation(tx, school.id, "C3", at("2025-03-10T12:00"))
    assert {who: wh for who, (_, wh) in got.items()} == {
        ("roofs", "C1"): 250 * N,
        ("school", "C2"): 175 * N,
        ("school", "C3"): 175 * N,
    }
    assert (why.explanation.production, why.explanation.allocated) == (350_000, 175_000)
    assert why.givers == (("S1", 175_000),)


def test_the_second_group_s_explanation_says_what_the_first_one_gave(one_database: Database) -> None:
    with writing(one_database) as tx:
        two_groups(tx)
        use(tx, E1=250, E2=250, E3=250, S1=600, S2=600)
        close_anyway(tx, DAY)
        school = next(run for run in periods.list_runs(tx) if run.group_id == "school")
        why = explain_allocation(tx, school.id, "C1", at("2025-03-10T12:00"))
    assert (why.taken, why.own, why.earlier) == (250_000, 0, (("roofs", 200_000),))
    assert (why.explanation.use, why.explanation.allocated, why.givers) == (50_000, 50_000, (("S2", 50_000),))


def test_another_key_of_one_group_cuts_the_runs_of_the_groups_that_it_is_connected_to(one_database: Database) -> None:
    march = Period.month(2025, 3)
    with writing(one_database) as tx:
        two_groups(tx)
        adopt_key(tx, {"kind": "equal"}, date(2025, 3, 16), "K3", group_id="school")
        close_anyway(tx, march)
        spans = {(run.group_id, run.key_id, run.period.start.day) for run in periods.list_runs(tx, march)}
    assert spans == {("roofs", "K1", 1), ("roofs", "K1", 16), ("school", "K2", 1), ("school", "K3", 16)}


def test_a_prosumer_uses_its_own_first_and_shares_what_is_left(database: Database) -> None:
    half = [900] * 48 + [100] * 48
    with writing(database) as tx:
        set_group(tx, "roofs", ["E1", "S1"], None)
        adopt_key(tx, {"kind": "static", "weights": {"C1": 400_000, "C2": 600_000}}, date(2025, 1, 1))
        use(tx, E1=250, X1=half, E2=500, S1=300)
        closed = close_anyway(tx, DAY)
        got = allocated(tx)
        why = explain_allocation(tx, closed.run_id, "C1", at("2025-03-10T20:00"))
    # Half the day 650 of its 900 Wh are left to share, and it needs nothing; the other half it needs 150 Wh more.
    assert got["roofs", "C1"] == (150 * 48, 120 * 48)
    assert got["roofs", "C2"] == (500 * N, 500 * 48 + 180 * 48)
    assert (why.taken, why.own, why.explanation.use) == (250_000, 100_000, 150_000)


def test_own_use_is_over_all_meters_of_a_connection_and_takes_first_what_nobody_shares(one_database: Database) -> None:
    with writing(one_database) as tx:
        register_meters(tx, [Meter(serial, MeterKind.SOLAR, "C1", INSTALLED) for serial in ("S7", "S8")])
        set_group(tx, "roofs", ["S7"], None)
        adopt_key(tx, DYNAMIC, date(2025, 1, 1))
        use(tx, E1=250, E2=500, E3=500, S7=300, S8=200)
        closed = close_anyway(tx, DAY)
        [roof] = list_producers(quarters_of(tx, closed.run_id).served)
        got = allocated(tx)
    assert (roof.meter, roof.made, roof.given) == ("S7", 250_000 * N, 250_000 * N)
    assert [got["roofs", name][1] for name in ("C1", "C2", "C3")] == [0, 125 * N, 125 * N]


def test_what_each_roof_made_gave_to_whom_and_had_left_adds_up(one_database: Database) -> None:
    with writing(one_database) as tx:
        register_meters(tx, [Meter("S2", MeterKind.SOLAR, None, INSTALLED)])
        set_group(tx, "roofs", ["S1", "S2"], None)
        adopt_key(tx, DYNAMIC, date(2025, 1, 1))
        chance = np.random.default_rng(5)
        use(tx, **{meter: chance.integers(0, 500, N).tolist() for meter in ("E1", "E2", "E3", "S1", "S2")})
        closed = close_anyway(tx, DAY)
        again = quarters_of(tx, closed.run_id)
        roofs = list_producers(again.served)
        [run] = periods.list_runs(tx)
    assert [roof.made for roof in roofs] == [int(again.served.made[:, k].sum()) for k in (0, 1)]
    assert sum(roof.made for roof in roofs) == run.produced_wh * 1000
    assert [sum(roof.to.values()) for roof in roofs] == [roof.given for roof in roofs]
    for k, name in enumerate(("C1", "C2", "C3")):
        came = sum(roof.to[name, f"M{name[1]}"] for roof in roofs)
        assert came == int(again.served.allocated[:, k].sum())
    # In every quarter-hour each gives in proportion to what it had.
    quarter = int(np.flatnonzero((again.served.given.sum(axis=1) > 0) & (again.served.made.min(axis=1) > 0))[0])
    made, given = again.served.made[quarter], again.served.given[quarter]
    assert abs(given[0] * made.sum() - given.sum() * made[0]) < made.sum()


# ---- quarter-hours from what there is


def cumulative(meter: str, values_wh: Sequence[int], step_s: int, start_wh: int = 5_000_000) -> list[Stand]:
    """Readings of a cumulative register, the first at the start of the day."""
    counts = np.cumsum([start_wh, *values_wh]).tolist()
    return [
        Stand(meter, Quantity.ELECTRICITY_IMPORT, START + timedelta(seconds=k * step_s), Decimal(count), "Wh")
        for k, count in enumerate(counts)
    ]


FORMS: dict[str, list[Series | Stand]] = {
    "every quarter-hour": [quarters("E1", START, [400] * N)],
    "every five minutes": [quarters("E1", START, [133, 133, 134] * N, step_s=300)],
    "every hour": [quarters("E1", START, [1600] * 24, step_s=3600)],
    "read every quarter-hour": list(cumulative("E1", [400] * N, 900)),
    "read every hour": list(cumulative("E1", [1600] * 24, 3600)),
    "read at odd times": list(cumulative("E1", [0, *([400] * (N - 1)), 400], 900)),
}


@pytest.mark.parametrize("form", FORMS)
def test_whatever_a_meter_says_its_quarter_hours_add_up_to_what_it_counted(one_database: Database, form: str) -> None:
    with writing(one_database) as tx:
        adopt_key(tx, DYNAMIC, date(2025, 1, 1))
        deliver(tx, *FORMS[form])
        use(tx, E2=300, E3=50, S1=600)
        lacking = [said for said in compute_period(tx, DAY).lacking if "quarter" in said]
        closed = close_anyway(tx, DAY)
        got = allocated(tx)
        assert verify_allocation(tx, closed.run_id) == []
    assert lacking == []
    counted = 400 * (N - 1) if form == "read at odd times" else 400 * N
    assert got["roofs", "C1"][0] == counted
    if form != "read at odd times":
        assert got["roofs", "C1"][1] == 320 * N


def test_a_meter_that_gives_days_only_is_named_and_so_is_one_that_was_never_read(one_database: Database) -> None:
    with writing(one_database) as tx:
        adopt_key(tx, DYNAMIC, date(2025, 1, 1))
        deliver(tx, quarters("E1", at("2025-03-10T00:00"), [38_400], step_s=86_400))
        use(tx, E2=300, S1=600)
        with pytest.raises(PeriodIncomplete) as refusal:
            close_period(tx, DAY)
    said = [str(one) for one in refusal.value.lacking if "group" in one]
    assert said == [
        "connection 101 gives no quarter-hours, only values of more than an hour: it cannot share in group roofs",
        "connection 103, which shares in group roofs: 96 of 96 quarter-hours are missing",
    ]


def test_a_meter_that_gives_no_quarter_hours_beside_one_that_does_is_named_and_hides_nothing(
    one_database: Database,
) -> None:
    with writing(one_database) as tx:
        register_meters(tx, [Meter("P1-1", MeterKind.ELECTRICITY, "C1", INSTALLED)])
        adopt_key(tx, DYNAMIC, date(2025, 1, 1))
        use(tx, E1=400, E2=300, E3=50, S1=600)
        deliver(tx, *cumulative("P1-1", [38_400, 38_400], 86_400))
        said = [str(one) for one in compute_period(tx, DAY).lacking if "group" in one]
        close_anyway(tx, DAY)
        [run] = periods.list_runs(tx)
        got = allocated(tx)
    assert said == ["meter P1-1 of connection 101 gives no quarter-hours, and counts for nothing in group roofs"]
    assert (run.missing_quarters, got["roofs", "C1"]) == (0, (400 * N, 320 * N))


def test_tolerance_is_of_each_member_and_not_of_all_together(one_database: Database) -> None:
    march = Period.month(2025, 3)
    with writing(one_database) as tx:
        adopt_key(tx, DYNAMIC, date(2025, 1, 1))
        for meter in ("E1", "E2", "E3"):
            deliver(tx, quarters(meter, march.start_at, [250] * (2972 - 90 * (meter == "E1"))))
        deliver(tx, quarters("S1", march.start_at, [600] * 2972, Quantity.ELECTRICITY_EXPORT))
        lacking = [str(said) for said in compute_period(tx, march).lacking if "group" in said]
    # 90 of 11,888 is within one in a hundred; 90 of the member's own 2,972 is not.
    assert lacking == ["connection 101, which shares in group roofs: 90 of 2972 quarter-hours are missing"]


def test_whom_a_key_leaves_out_is_named_at_closing(one_database: Database) -> None:
    weights = {"C1": 500_000, "C2": 500_000}
    with writing(one_database) as tx:
        set_group(tx, "roofs", ["S1"], ["C1", "C2"])
        adopt_key(tx, {"kind": "static", "weights": weights}, date(2025, 1, 1))
        set_group(tx, "roofs", ["S1"], ["C1", "C2", "C3"], date(2025, 3, 1))
        use(tx, E1=500, E2=500, E3=500, S1=1000)
        said = [str(one) for one in compute_period(tx, DAY).lacking if "key" in one]
    assert said == ["connection 103 shares in group roofs and has no place in its key"]


# ---- keys are judged


TYPO = {"C1": 500_000, "C2": 300_000, "C3-typo": 200_000}
BAD_KEYS: list[tuple[dict[str, object], list[str]]] = [
    ({"kind": "dynamic"}, []),
    ({"kind": "static", "weights": {"C1": 500_000, "C2": 300_000, "C3": 200_000}}, []),
    (
        {"kind": "static", "weights": TYPO},
        [
            "weights: there is no connection C3-typo",
            "weights: C3 shares in the group and has no place in the key",
        ],
    ),
    (
        {"kind": "static", "weights": {"C1": "500000", "C2": 500_000}},
        ["weights: the share of C1 is '500000', not a whole number of parts"],
    ),
    (
        {"kind": "static", "weights": {"C1": 500_000, "C2": 300_000, "C3": 100_000}},
        ["weights: the shares add up to 900000 parts, not to 1000000"],
    ),
    ({"kind": ["static"]}, ["kind: must be the name of a kind of key"]),
    ({"kind": "dynamic", "group_id": "rooves"}, ["group_id: there is no sharing group rooves"]),
    ({"kind": "dynamic", "valid_from": "soon"}, ["valid_from: must be a date such as 2026-01-01"]),
    (
        {"kind": "priority", "order": ["C1", "C2"]},
        ["order: C3 shares in the group and has no place in the key"],
    ),
]


@pytest.mark.parametrize(("parameters", "problems"), BAD_KEYS)
def test_a_key_is_judged_before_the_vote(
    one_database: Database, parameters: dict[str, object], problems: list[str]
) -> None:
    with writing(one_database) as tx:
        said = [
            str(one) for one in judge_proposed_key(tx, {"group_id": "roofs", "valid_from": "2026-01-01"} | parameters)
        ]
    assert said == problems


def test_an_adopted_key_that_names_no_connection_is_refused(one_database: Database) -> None:
    with writing(one_database) as tx, pytest.raises(BadInput, match="there is no connection C3-typo"):
        adopt_key(tx, {"kind": "static", "weights": TYPO}, date(2025, 1, 1))
