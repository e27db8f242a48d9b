"""Documents of metering: what a result was computed from is read for ever, and hashed as it was stored.

``documents`` holds one frozen example of each schema and version. An example is never changed: a new version gets its
own.
"""

from __future__ import annotations

import hashlib
from collections.abc import Collection
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from coop.kit.database import Database
from coop.kit.documents import Document, Schema
from coop.kit.documents import load as load_document
from coop.kit.tx import Tx
from coop.metering.heat.documents import BASIS, Basis
from coop.metering.heat.measuring import Span
from coop.metering.periods import store as periods
from coop.metering.periods.close import close_period, correct_period
from coop.metering.periods.grounds import GROUNDS, Grounds
from coop.metering.provenance import ground, verify
from coop.metering.provenance.ground import Ground, WholeGround
from coop.metering.provenance.verify import verify_allocation, verify_measurement
from coop.metering.readings.documents import MANIFEST, plain_schema
from coop.metering.readings.plausibility import Bound
from coop.metering.sharing.documents import RUN_INPUTS
from coop.metering.sharing.inputs import Counter, Holding, Inputs, Point, Source
from tests.metering.homes import COMMUNITY, adopt_key, writing
from tests.metering.test_closing import DYNAMIC, MARCH, heat_of_march, power_of_march

EXAMPLES = Path(__file__).parent / "documents"

MARCH_S, END_S = 1_740_783_600, 1_743_458_400
POINTS = (
    Point(
        "C1", (Counter("E1", MARCH_S, END_S, (Source("r-1"),)),), (Counter("E1", MARCH_S, END_S, (Source("r-4", 3),)),)
    ),
    Point("C2", (Counter("E2", MARCH_S, 1_742_079_600, (Source("r-2"), Source("r-3"))),), ()),
    Point("", (), (Counter("S1", MARCH_S, END_S, (Source("r-9"),)),)),
)
FIRST = Inputs(
    group_id="roofs",
    parameters={"kind": "dynamic"},
    from_s=MARCH_S,
    to_s=END_S,
    participants=("C1",),
    producers=("S1",),
    points=(POINTS[0], POINTS[2]),
    holdings=(Holding("C1", "M1", MARCH_S, END_S),),
)
INPUTS = Inputs(
    group_id="school",
    parameters={"kind": "static", "weights": {"C1": 600_000, "C2": 400_000}},
    from_s=MARCH_S,
    to_s=END_S,
    participants=("C1", "C2"),
    producers=("S1",),
    points=POINTS,
    holdings=(
        Holding("C1", "M1", MARCH_S, END_S),
        Holding("C2", "M2", MARCH_S, 1_742_079_600),
    ),
    before=(FIRST,),
)
MEASURED = Basis(
    tap_permille=210,
    spans=(
        Span("H1", "r-5", 0, 0, 1_740_783_600, 1_741_608_000, Bound(720_000_000, 10_000_000, 10_000_000_000_000)),
        Span("H1B", "r-6", -6, 3600, 1_741_608_000, 1_743_458_400, None),
    ),
)
GROUNDS_THEN = Grounds(
    holds={"C1": ("M1 /2025-03-16", "M9 2025-03-16/")},
    contracts={"C1": ("/",)},
    meters={"H1": ("heat C1 heat<10000000000000 /",)},
    figures={"tap-water": ('{"permille":210}',)},
)
VERSIONS = {("r-5", 20_147): 1, ("r-5", 20_149): 3, ("r-6", 20_150): 2}

FROZEN: list[tuple[Schema[Any], int, str, object]] = [
    (RUN_INPUTS, 1, "run-inputs-1.json", INPUTS),
    (BASIS, 1, "measurement-basis-1.json", MEASURED),
    (MANIFEST, 1, "manifest-1.zlib", VERSIONS),
    (GROUNDS, 1, "grounds-1.json", GROUNDS_THEN),
]
HASHES = {
    "run-inputs-1.json": "132d7ccd4cb415c11899956c1dac07b78a562e0302f6896fe2222e272c4a4383",
    "measurement-basis-1.json": "966b8779b821bc0233db57836817bcabba4f2cdee72d8022fbb142c6fc3ecf7a",
    "manifest-1.zlib": "c1943c0499bd6ad6a0e23c6ba64cf3b177b01e5d08f30b322ef697821066d34f",
    "grounds-1.json": "04567e3dedca7657d8c45a87deacc055c1294a07fd233702fa8a4a92175d4240",
}


@pytest.mark.parametrize(("schema", "version", "name", "content"), FROZEN, ids=[one[2] for one in FROZEN])
def test_every_version_that_was_ever_written_is_read(
    schema: Schema[Any], version: int, name: str, content: object
) -> None:
    body = (EXAMPLES / name).read_bytes()
    assert hashlib.sha256(body).hexdigest() == HASHES[name], "a frozen example is never changed"
    assert schema.open(Document(schema.name, version, body)) == content


@pytest.mark.parametrize("schema", [RUN_INPUTS, BASIS, MANIFEST, GROUNDS], ids=lambda schema: schema.name)
def test_every_version_has_a_frozen_example(schema: Schema[Any]) -> None:
    assert set(schema.readers) == {version for one, version, _, _ in FROZEN if one is schema}
    assert max(schema.readers) == schema.version


@dataclass(frozen=True)
class GrownInputs(Inputs):
    """The inputs of a later day."""

    losses: tuple[str, ...] = ()
    rounding: str = "largest remainder"


@dataclass(frozen=True)
class GrownBasis(Basis):
    """The basis of a later day."""

    method: str = "degree days"


def test_a_field_that_is_added_with_a_default_leaves_what_was_closed_before_verified_and_uncorrected(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    with writing(database) as tx:
        heat_of_march(tx)
        power_of_march(tx)
        adopt_key(tx, DYNAMIC, date(2025, 1, 1))
        closed = close_period(tx, MARCH)
    grown_inputs, grown_basis = plain_schema(RUN_INPUTS.name, GrownInputs), plain_schema(BASIS.name, GrownBasis)
    monkeypatch.setattr(verify, "RUN_INPUTS", grown_inputs)
    monkeypatch.setattr(ground, "BASIS", grown_basis)
    with writing(database) as tx:
        run = periods.find_run(tx, closed.run_id)
        assert run is not None
        kept = load_document(tx, run.inputs_sha256)
        read = grown_inputs.open(kept)
        assert read.rounding == "largest remainder"
        assert grown_inputs.seal(read).sha256 != run.inputs_sha256, "written anew it would be another document"
        assert verify_allocation(tx, closed.run_id) == []
        measurements = periods.list_measurements(tx, MARCH)
        assert [verify_measurement(tx, one.id) for one in measurements] == [[], [], []]
        assert correct_period(tx, MARCH) == closed


def test_a_document_that_was_changed_or_taken_away_is_a_finding(one_database: Database) -> None:
    with writing(one_database) as tx:
        heat_of_march(tx)
        power_of_march(tx)
        adopt_key(tx, DYNAMIC, date(2025, 1, 1))
        closed = close_period(tx, MARCH)
        [first, second, third] = periods.list_measurements(tx, MARCH)
        run = periods.find_run(tx, closed.run_id)
    assert run is not None
    with one_database.system_write() as sql:
        sql.exec_driver_sql("DROP TRIGGER document_stays")
        sql.exec_driver_sql("DROP TRIGGER document_keeps")
        change = "UPDATE document SET body = ? WHERE sha256 = ?"
        sql.exec_driver_sql(change, (BASIS.seal(MEASURED).body, first.basis_sha256))
        sql.exec_driver_sql(change, (RUN_INPUTS.seal(INPUTS).body, run.inputs_sha256))
        sql.exec_driver_sql("DELETE FROM document WHERE sha256 = ?", (second.manifest_sha256,))
    with one_database.read(COMMUNITY) as tx:
        [changed] = verify_measurement(tx, first.id)
        [gone] = verify_measurement(tx, second.id)
        [other] = verify_allocation(tx, closed.run_id)
        whole = WholeGround(tx)
        together = [verify_measurement(tx, one.id, whole.of(one.id)) for one in (first, second, third)]
    assert "was changed after it was kept" in changed
    assert "there is no document" in gone
    assert together == [[changed], [gone], []], "the same where several are read at once"
    assert "was changed after it was kept" in other


def test_a_measurement_that_can_no_longer_be_read_keeps_no_other_from_being_verified(one_database: Database) -> None:
    with writing(one_database) as tx:
        heat_of_march(tx)
        close_period(tx, MARCH)
        [sound, *_, damaged] = periods.list_measurements(tx, MARCH)
    with one_database.system_write() as sql:
        for (trigger,) in sql.exec_driver_sql(
            "SELECT name FROM sqlite_master WHERE type = 'trigger' AND tbl_name = 'measurement'"
        ).all():
            sql.exec_driver_sql(f"DROP TRIGGER {trigger}")
        sql.exec_driver_sql("UPDATE measurement SET parts = '[' WHERE id = ?", (damaged.id,))
    with one_database.read(COMMUNITY) as tx:
        whole = WholeGround(tx)
        assert verify_measurement(tx, sound.id, whole.of(sound.id)) == []
        with pytest.raises(ValueError, match="JSON"):
            whole.of(damaged.id)


def test_parts_that_are_asked_in_turn_are_read_once(one_database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    """Bills of one month may rest on two parts, in any order: each is read once, not anew for each bill."""
    with writing(one_database) as tx:
        heat_of_march(tx)
        close_period(tx, MARCH)
        ids = [one.id for one in periods.list_measurements(tx, MARCH)]
    monkeypatch.setattr(ground, "TOGETHER", 1)
    read: list[object] = []

    class Counted(Ground):
        def __init__(self, tx: Tx, measurement_ids: Collection[str]) -> None:
            super().__init__(tx, measurement_ids)
            read.append(measurement_ids)

    monkeypatch.setattr(ground, "Ground", Counted)
    with one_database.read(COMMUNITY) as tx:
        whole = WholeGround(tx)
        for _ in range(3):
            for one in ids[: ground.PARTS_KEPT]:
                assert verify_measurement(tx, one, whole.of(one)) == []
    assert len(read) == ground.PARTS_KEPT == 2
