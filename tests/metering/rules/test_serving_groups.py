"""Groups served in their order, over any number of prosumers and producers, held against an independent reference."""

from __future__ import annotations

from collections import Counter as Count
from fractions import Fraction

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.strategies import DrawFn

from coop.metering.model import Int64Array
from coop.metering.sharing.balance import trace
from coop.metering.sharing.inputs import Counter, Holding, Inputs, Point, Source
from coop.metering.sharing.quarters import NO_DAYS, QUARTER_S, Readings, RegisterValues, read_at_bounds, spread
from coop.metering.sharing.run import Runs, list_producers, run_again

N = 4
END_S = N * QUARTER_S
Case = tuple[list[Inputs], dict[str, list[int]]]


def counter(meter: str, register_id: str) -> Counter:
    return Counter(meter, 0, END_S, (Source(register_id),))


@st.composite
def several_groups(draw: DrawFn) -> Case:
    """Homes, of which some make electricity, and roofs of the co-operative, in one to four groups."""
    homes = [f"C{i}" for i in range(draw(st.integers(1, 5)))]
    roofs = [f"S{i}" for i in range(draw(st.integers(0, 3)))]
    prosumers = [home for home in homes if draw(st.booleans())]
    values = {f"{home}-in": draw(energies) for home in homes}
    values |= {f"{home}-out": draw(energies) for home in prosumers} | {f"{roof}-out": draw(energies) for roof in roofs}
    points = {
        home: Point(
            home,
            (counter(f"E-{home}", f"{home}-in"),),
            (counter(f"E-{home}", f"{home}-out"),) if home in prosumers else (),
        )
        for home in homes
    }
    points |= {roof: Point("", (), (counter(roof, f"{roof}-out"),)) for roof in roofs}
    chain: list[Inputs] = []
    for g in range(draw(st.integers(1, 4))):
        sharers = sorted(draw(st.sets(st.sampled_from(homes))))
        makers = [f"E-{home}" for home in prosumers] + roofs
        producers = sorted(draw(st.sets(st.sampled_from(makers)))) if makers else []
        kind = draw(st.sampled_from(["dynamic", "equal", "priority"]))
        parameters = {"kind": kind} | ({"order": sharers} if kind == "priority" else {})
        named = {*sharers, *(meter.removeprefix("E-") for meter in producers)}
        before = tuple(chain)
        inputs = Inputs(
            f"G{g}",
            parameters,
            0,
            END_S,
            tuple(sharers),
            tuple(producers),
            tuple(points[name] for name in sorted(named)),
            tuple(Holding(home, f"M-{home}", 0, END_S) for home in sharers),
            before=tuple(Inputs(*[getattr(one, name) for name in FIELDS]) for one in before),
        )
        chain.append(inputs)
    return chain, values


FIELDS = ("group_id", "parameters", "from_s", "to_s", "participants", "producers", "points", "holdings")
energies = st.lists(st.integers(0, 7) | st.integers(0, 900), min_size=N, max_size=N)


def readings(values: dict[str, list[int]]) -> Readings:
    starts = QUARTER_S * np.arange(N)
    return Readings(NO_DAYS, {name: [RegisterValues(starts, 900, np.array(said))] for name, said in values.items()})


def expect(chain: list[Inputs], values: dict[str, list[int]], t: int) -> list[dict[str, Fraction]]:
    """What each group gives to each participant in a quarter-hour [Wh], in fractions: without a line of the engine."""
    names = {point.name for inputs in chain for point in inputs.points}
    taken = {name: Fraction(values.get(f"{name}-in", [0] * N)[t]) for name in names}
    made = {name: Fraction(values.get(f"{name}-out", [0] * N)[t]) for name in names}
    need = {name: max(taken[name] - made[name], Fraction(0)) for name in names}
    left = {name: max(made[name] - taken[name], Fraction(0)) for name in names}
    found = []
    for inputs in chain:
        who = list(inputs.participants)
        makers = [meter.removeprefix("E-") for meter in inputs.producers]
        pool = sum((left[name] for name in makers), Fraction(0))
        give = min(pool, sum((need[name] for name in who), Fraction(0)))
        got = dict.fromkeys(who, Fraction(0))
        rest = give
        if inputs.parameters["kind"] == "dynamic":
            total = sum((need[name] for name in who), Fraction(0))
            got = {name: give * need[name] / total if total else Fraction(0) for name in who}
        elif inputs.parameters["kind"] == "priority":
            for name in inputs.parameters["order"]:
                got[name] = min(rest, need[name])
                rest -= got[name]
        else:
            waiting = sorted(who, key=lambda name: need[name])
            while waiting:
                name = waiting.pop(0)
                got[name] = min(need[name], rest / (len(waiting) + 1))
                rest -= got[name]
        for name in who:
            need[name] -= got[name]
        for name in makers:
            left[name] -= give * left[name] / pool if pool else 0
        found.append(got)
    return found


@settings(max_examples=300, deadline=None)
@given(several_groups())
def test_over_all_groups_nobody_is_allocated_more_than_used_and_no_producer_gives_more_than_it_made(
    case: Case,
) -> None:
    chain, values = case
    runs = Runs(tuple(chain), readings(values))
    got: Count[tuple[str, int]] = Count()
    gave: Count[tuple[str, int]] = Count()
    told_wh: Count[str] = Count()
    for inputs in chain:
        served, _, outcome = runs.run(inputs)
        for t in range(N):
            for k, name in enumerate(inputs.participants):
                got[name, t] += int(served.allocated[t, k])
            for k, meter in enumerate(inputs.producers):
                gave[meter.removeprefix("E-"), t] += int(served.given[t, k])
        assert (served.allocated.sum(axis=1) == served.given.sum(axis=1)).all()
        assert (served.allocated >= 0).all()
        assert (served.given >= 0).all()
        for share in outcome.shares:
            told_wh[share.connection_id] += share.allocated_wh
            assert 0 <= share.allocated_wh <= share.consumed_wh
        assert sum(share.allocated_wh for share in outcome.shares) + outcome.surplus_wh == outcome.produced_wh
        assert outcome.surplus_wh >= 0
    for (name, t), units in got.items():
        made = values.get(f"{name}-out", [0] * N)[t]
        assert units <= 1000 * max(values[f"{name}-in"][t] - made, 0)
    for (name, t), units in gave.items():
        assert units <= 1000 * max(values[f"{name}-out"][t] - values.get(f"{name}-in", [0] * N)[t], 0)
    for name, wh in told_wh.items():
        assert wh <= sum(values[f"{name}-in"])


@settings(max_examples=300, deadline=None)
@given(several_groups())
def test_groups_in_their_order_agree_with_a_reference_in_fractions(case: Case) -> None:
    chain, values = case
    runs = Runs(tuple(chain), readings(values))
    served = [runs.run(inputs)[0] for inputs in chain]
    for t in range(N):
        for g, expected in enumerate(expect(chain, values, t)):
            for k, name in enumerate(chain[g].participants):
                # Less than a unit of this division, and what the rounding of those before passes on: at most one per
                # group and participant.
                within = Fraction(1 + 8 * g)
                assert abs(int(served[g].allocated[t, k]) - 1000 * expected[name]) <= within


@settings(max_examples=100, deadline=None)
@given(several_groups())
def test_a_run_comes_out_the_same_from_its_own_inputs_alone(case: Case) -> None:
    chain, values = case
    runs = Runs(tuple(chain), readings(values))
    for inputs in chain:
        served, _, outcome = runs.run(inputs)
        again, _ = run_again(inputs, readings(values))
        assert again[-1].outcome == outcome
        assert (again[-1].served.allocated == served.allocated).all()
        for k, meter in enumerate(inputs.producers):
            parts = trace(served)[meter]
            assert (parts.sum(axis=1) == served.given[:, k]).all()
        if inputs.producers:
            assert np.array_equal(sum(trace(served).values()), served.allocated)
        assert sum(roof.given for roof in list_producers(served)) == served.allocated.sum()


# ---- quarter-hours


@settings(max_examples=200, deadline=None)
@given(
    st.sampled_from([10, 60, 300, 600, 900, 1200, 1800, 3600]),
    st.integers(-7, 7),
    st.lists(st.integers(0, 10**9), min_size=1, max_size=40),
)
def test_an_interval_of_any_length_is_divided_without_loss(step_s: int, shift: int, said: list[int]) -> None:
    count = 3600 * len(said) // step_s
    values = np.array((said * (count // len(said) + 1))[:count], np.int64)
    starts = shift * 900 + step_s * np.arange(count)
    n = -(-3600 * len(said) // 900) + 20
    energy, there = spread(starts, step_s, values, -9 * 900, n)
    assert int(energy.sum()) == int(values.sum()), "the intervals begin and end on quarter-hours"
    assert np.count_nonzero(there) * 900 == count * step_s


@settings(max_examples=200, deadline=None)
@given(st.lists(st.tuples(st.integers(1, 3600), st.integers(0, 10**6)), min_size=1, max_size=30))
def test_quarter_hours_of_a_cumulative_register_add_up_to_its_difference(steps: list[tuple[int, int]]) -> None:
    at_s: Int64Array = np.cumsum([0, *(gap for gap, _ in steps)]).astype(np.int64)
    count: Int64Array = np.cumsum([77, *(rise for _, rise in steps)]).astype(np.int64)
    n = int(at_s[-1]) // 900
    energy, there = read_at_bounds(at_s, count, 0, n)
    assert there.all()
    end = int(np.searchsorted(at_s, n * 900, "right")) - 1
    last = Fraction(int(count[end]))
    if at_s[end] < n * 900:
        rise, span = int(count[end + 1] - count[end]), int(at_s[end + 1] - at_s[end])
        last += Fraction(rise * (n * 900 - int(at_s[end])), span)
    assert int(energy.sum()) == (int(last) - 77 if n else 0)


def test_what_is_counted_across_a_fall_is_not_known_and_a_dip_is_not_counted_twice() -> None:
    at_s = 900 * np.arange(7)
    dipped = np.array([100, 110, 105, 107, 120, 130, 140])
    energy, there = read_at_bounds(at_s, dipped, 0, 6)
    # From 110 at the first quarter to 120 at the fourth is 10, over three quarter-hours: within an hour it is known.
    assert energy.tolist() == [10, 3, 3, 4, 10, 10]
    assert there.all()
    reset = np.array([100, 110, 0, 10, 20, 30, 40])
    energy, there = read_at_bounds(at_s, reset, 0, 6)
    assert there.tolist() == [True, False, True, True, True, True]
    assert energy.tolist() == [10, 0, 10, 10, 10, 10]
