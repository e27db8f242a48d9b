"""The difference between what was told of a period and what it comes to: no database, no clock."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import date
from decimal import Decimal

from coop.events.metering import HeatSystemReported
from coop.metering.heat.compute import Measured
from coop.metering.heat.measuring import Span, Use
from coop.metering.heat.plant import Plant
from coop.metering.heat.stands import Part, Point
from coop.metering.model import Quality, Quantity
from coop.metering.periods.changes import Changes, Decided, LateReading, Told, diff
from coop.metering.periods.results import Results
from coop.metering.register.closed import PUT_RIGHT
from coop.metering.register.store import AdoptedKey
from coop.metering.sharing.computing import Run
from coop.metering.sharing.documents import RUN_INPUTS
from coop.metering.sharing.inputs import Counter, Inputs, Source
from coop.metering.sharing.inputs import Point as SharingPoint
from coop.metering.sharing.run import Outcome, Share
from coop.values import Period

MARCH = Period.month(2025, 3)
NOTHING_TOLD = Told("demo", MARCH)


def measured(member_id: str, energy_j: int, connection_id: str = "C1") -> Measured:
    """What an occupancy used, from one part of one register."""
    start, end = (Point(at_s, count, Quality.MEASURED, at_s, at_s) for at_s, count in ((0, 0), (86_400, energy_j)))
    span = Span(f"H-{connection_id}", f"r-{connection_id}", 0, 0, 0, 86_400)
    use = Use(span, (Part(start, end, 0, energy_j),), ("f" * 64,), False, (), 0)
    return Measured(connection_id, member_id, Quantity.HEAT, Decimal(energy_j), False, (use,), 210, {})


def run(shares: Sequence[tuple[str, int, int]], key_id: str = "K1", period: Period = MARCH) -> Run:
    """A run in which members of connections of their own used and got energy [Wh]."""
    inputs = Inputs("roofs", {"kind": "dynamic"}, 0, 900, tuple(f"C-{who}" for who, _, _ in shares), ("S1",), (), ())
    key = AdoptedKey(key_id, "roofs", f"R-{key_id}", MARCH.start, MARCH.start, {"kind": "dynamic"})
    got = tuple(Share(f"C-{who}", who, used, allocated, used) for who, used, allocated in shares)
    hashed = str(sorted(shares)).encode().hex()[:64]
    return Run("roofs", period, key, inputs, RUN_INPUTS.seal(inputs), hashed, Outcome(got, (), 100, 0, 0, 1), {})


def results(*measured: Measured, runs: Sequence[Run] = (), plant: Plant | None = None) -> Results:
    return Results(measured, tuple(runs), plant, ())


def told_after(changes: Changes, before: Told) -> Told:
    """What was told when these changes have been, too."""
    measurements = {(one.connection_id, one.member_id): one for one in (*before.measurements, *changes.measurements)}
    runs = {(one.run.group_id, one.run.period): one for one in (*before.runs, *changes.runs)}
    return replace(
        before,
        revision=before.revision + 1,
        measurements=tuple(measurements.values()),
        runs=tuple(runs.values()),
        heat_system=changes.heat_system or before.heat_system,
    )


FIRST = results(
    measured("M1", 5),
    measured("M2", 7, "C2"),
    runs=[run([("M1", 10, 4), ("M2", 20, 8)])],
    plant=Plant(Decimal(20), Decimal(12), 3, None),
)
TOLD = told_after(diff(NOTHING_TOLD, FIRST), NOTHING_TOLD)


def energies(changes: Changes) -> dict[str, tuple[int, Decimal, str]]:
    return {one.member_id: (one.revision, one.energy_j, one.cause) for one in changes.measurements}


def shares(changes: Changes) -> dict[str, tuple[int, int]]:
    return {share.member_id: (share.consumed_wh, share.allocated_wh) for _, share in changes.allocations}


def test_a_first_closing_tells_everything_without_a_cause() -> None:
    changes = diff(NOTHING_TOLD, FIRST)
    assert energies(changes) == {"M1": (1, Decimal(5), ""), "M2": (1, Decimal(7), "")}
    assert shares(changes) == {"M1": (10, 4), "M2": (20, 8)}
    assert changes.run_id == changes.runs[0].run.id
    assert isinstance(changes.heat_system, HeatSystemReported)
    assert changes.cause == ""


def test_every_document_behind_a_result_is_there() -> None:
    changes = diff(NOTHING_TOLD, FIRST)
    kept = {document.sha256 for document in changes.documents}
    needed = {one.basis_sha256 for one in changes.measurements} | {one.manifest_sha256 for one in changes.measurements}
    needed |= {one.run.inputs_sha256 for one in changes.runs} | {one.run.manifest_sha256 for one in changes.runs}
    assert kept == needed


def test_the_same_results_are_no_change() -> None:
    changes = diff(TOLD, FIRST)
    assert changes.is_nothing
    assert (changes.run_id, changes.documents, changes.heat_system) == ("", (), None)


def test_only_the_measurement_that_differs_is_told_with_the_reading_that_came_late() -> None:
    before = replace(TOLD, late={"r-C2": LateReading("H-C2", date(2025, 3, 31))})
    now = replace(FIRST, measured=(measured("M1", 5), measured("M2", 8, "C2")))
    changes = diff(before, now)
    assert energies(changes) == {"M2": (2, Decimal(8), "late reading of meter H-C2 on 2025-03-31")}
    assert (changes.runs, changes.heat_system) == ((), None)


def test_a_member_who_did_not_hold_the_connection_after_all_used_nothing() -> None:
    changes = diff(TOLD, replace(FIRST, measured=(measured("M1", 5), measured("M3", 7, "C2"))))
    assert energies(changes) == {
        "M3": (2, Decimal(7), PUT_RIGHT),
        "M2": (2, Decimal(0), "the connection was not held then"),
    }
    after = told_after(changes, TOLD)
    withdrawn = next(one for one in after.measurements if one.member_id == "M2")
    assert withdrawn.parts == ()
    assert diff(after, replace(FIRST, measured=(measured("M1", 5), measured("M3", 7, "C2")))).is_nothing


def test_a_run_that_differs_tells_the_shares_that_differ_and_keeps_all() -> None:
    changes = diff(TOLD, replace(FIRST, runs=(run([("M1", 10, 4), ("M2", 20, 9)]),)))
    assert shares(changes) == {"M2": (20, 9)}
    [told] = changes.runs
    assert [(share.member_id, share.told) for share in told.shares] == [("M1", False), ("M2", True)]
    assert (told.run.revision, told.run.cause) == (2, PUT_RIGHT)


def test_a_member_who_is_no_longer_in_a_run_got_nothing() -> None:
    assert shares(diff(TOLD, replace(FIRST, runs=(run([("M1", 10, 4)]),)))) == {"M2": (0, 0)}


def test_the_same_shares_under_another_key_are_told_again() -> None:
    changes = diff(TOLD, replace(FIRST, runs=(run([("M1", 10, 4), ("M2", 20, 8)], "K2"),)))
    assert shares(changes) == {"M1": (10, 4), "M2": (20, 8)}


def test_a_run_that_is_none_any_more_comes_to_nothing_by_the_decision_that_ended_it() -> None:
    half = run([("M1", 10, 4)], "K1", Period(date(2025, 3, 16), MARCH.end))
    before = replace(TOLD, decisions=(Decided("roofs", "the roof was hung on the 16th"),))
    changes = diff(before, replace(FIRST, runs=(half,)))
    told = {(run.period, share.member_id): share.allocated_wh for run, share in changes.allocations}
    assert told == {(half.period, "M1"): 4, (MARCH, "M1"): 0, (MARCH, "M2"): 0}
    assert {run.cause for run, _ in changes.allocations} == {"the roof was hung on the 16th"}
    after = told_after(changes, before)
    assert diff(after, replace(FIRST, runs=(half,))).is_nothing


def test_several_runs_together_have_an_id_of_their_own() -> None:
    halves = [
        run([("M1", 10, 4)], "K1", Period(MARCH.start, date(2025, 3, 16))),
        run([("M1", 11, 5)], "K2", Period(date(2025, 3, 16), MARCH.end)),
    ]
    changes = diff(NOTHING_TOLD, results(runs=halves))
    assert changes.run_id not in {"", *(told.run.id for told in changes.runs)}


def test_a_heat_system_that_does_otherwise_is_told_and_the_same_one_is_not() -> None:
    changes = diff(TOLD, replace(FIRST, plant=Plant(Decimal(21), Decimal(12), 3, None)))
    assert changes.heat_system is not None
    assert (changes.heat_system.revision, changes.heat_system.heat_produced_j) == (2, Decimal(21))
    assert not changes.is_nothing


def test_no_more_than_three_causes_are_named() -> None:
    before = replace(TOLD, late={f"r{i}": LateReading(f"H{i}", date(2025, 3, 31)) for i in range(5)})
    named = before.cause_of(["r0", "r1", "r2", "r3", "r4", "r9"], ["H0"])
    assert named.count("late reading") == 3
    assert named.endswith("; and 2 more")
    assert before.cause_of(["r9"], ["H9"]) == PUT_RIGHT


def test_what_is_told_to_a_group_names_nobody_s_meter() -> None:
    before = replace(TOLD, late={"r-roof": LateReading("E1", date(2025, 3, 9))})
    now = run([("M1", 10, 4), ("M2", 20, 9)])
    point = SharingPoint("C-M1", (Counter("E1", 0, 900, (Source("r-roof"),)),), ())
    changes = diff(before, replace(FIRST, runs=(replace(now, inputs=replace(now.inputs, points=(point,))),)))
    assert {run.cause for run, _ in changes.allocations} == {"late reading in group roofs on 2025-03-09"}


def test_a_decision_is_the_cause_of_what_it_is_about_and_of_nothing_else() -> None:
    before = replace(TOLD, decisions=(Decided("H-C2", "meter H-C2 hung there all along"),))
    now = replace(FIRST, measured=(measured("M1", 6), measured("M2", 8, "C2")))
    causes = {one.member_id: one.cause for one in diff(before, now).measurements}
    assert causes == {"M1": PUT_RIGHT, "M2": "meter H-C2 hung there all along"}


def test_a_member_who_held_the_connection_and_has_no_reading_left_is_told_that() -> None:
    now = replace(FIRST, measured=(measured("M1", 5),), held=frozenset({("C1", "M1"), ("C2", "M2")}))
    assert energies(diff(TOLD, now))["M2"] == (2, Decimal(0), "no reading of the meter is left")


def test_the_id_of_a_measurement_follows_from_who_and_which_revision_not_from_how_much() -> None:
    [other] = diff(NOTHING_TOLD, results(measured("M1", 6))).measurements
    assert other.id == next(one.id for one in TOLD.measurements if one.member_id == "M1")
    [later] = diff(TOLD, replace(FIRST, measured=(measured("M1", 6), measured("M2", 7, "C2")))).measurements
    assert later.id != other.id
