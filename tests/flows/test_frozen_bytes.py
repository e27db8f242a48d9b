"""Frozen bytes that somebody wrote over: each document is read, or refused as one that cannot be read, and a result
that rests on it has a finding. Never anything else, whatever the bytes are."""

from __future__ import annotations

import json
import random
import zlib
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from coop.billing.bills.schemas import BILL_INPUTS, BILL_PAPER, PERIOD_TERMS
from coop.governance.ballots.attendance.store import ATTENDANCE
from coop.governance.minutes.store import MINUTES
from coop.governance.programmes.documents import EVIDENCE, NOTICE, PARAMETERS, VOTING_LIST
from coop.kit.database import Database
from coop.kit.documents import Document, Schema, UnreadableDocument, keep, load
from coop.metering.heat.documents import BASIS
from coop.metering.periods import store as periods
from coop.metering.periods.close import close_period
from coop.metering.periods.grounds import GROUNDS
from coop.metering.provenance.verify import verify_measurement
from coop.metering.readings.documents import MANIFEST
from coop.metering.service import METERING
from coop.metering.sharing.documents import RUN_INPUTS
from tests.desk import open_desk, sign_in
from tests.metering.conftest import one_database as one_database
from tests.metering.homes import writing
from tests.metering.test_closing import MARCH, heat_of_march

ROOT = Path(__file__).parents[1]
FROZEN = {
    BASIS.name: ROOT / "metering/documents/measurement-basis-1.json",
    GROUNDS.name: ROOT / "metering/documents/grounds-1.json",
    MANIFEST.name: ROOT / "metering/documents/manifest-1.zlib",
    RUN_INPUTS.name: ROOT / "metering/documents/run-inputs-1.json",
    BILL_INPUTS.name: ROOT / "billing/documents/bill-inputs.1.json",
    PERIOD_TERMS.name: ROOT / "billing/documents/period-terms.1.json",
    EVIDENCE.name: ROOT / "governance/documents/milestone-evidence.v1.json",
    PARAMETERS.name: ROOT / "governance/documents/resolution-parameters.v1.json",
}
SCHEMAS: tuple[Schema[Any], ...] = (
    BASIS, GROUNDS, MANIFEST, RUN_INPUTS, BILL_INPUTS, BILL_PAPER, PERIOD_TERMS, EVIDENCE, PARAMETERS, NOTICE,
    VOTING_LIST, ATTENDANCE, MINUTES,
)  # fmt: skip
PLAIN = b'[["M1",1,"here",2],["M2",1,"here",2]]'
ODD: tuple[Any, ...] = (None, [], {}, "", "x", -1, 10**400, 1e308, True, [[[]]], {"": None}, "2026-13-45", "NaN")
COUNT = 150


def break_bytes(whole: bytes, is_packed: bool, seed: int) -> Iterator[bytes]:
    """Bytes of a document after each way of damage, the same ones in each run."""
    chance = random.Random(seed)
    body = zlib.decompress(whole) if is_packed else whole
    pack = zlib.compress if is_packed else bytes
    yield from (b"", b"\x00", b"null", b"[" * 100_000, pack(b"[" * 100_000), pack(b'{"a":[1,["x"]]}'), whole[:-1])
    for _ in range(COUNT):
        cut = chance.randrange(len(whole))
        yield whole[:cut] + bytes([chance.randrange(256)]) + whole[cut + chance.randrange(3) :]
        content = json.loads(body)
        place, key = content, chance.choice(_keys(content) or [None])
        while key is not None and chance.random() < 0.7 and _keys(place[key]):
            place, key = place[key], chance.choice(_keys(place[key]))
        if key is None:
            continue
        if isinstance(place, dict) and chance.random() < 0.2:
            del place[key]
        else:
            place[key] = chance.choice(ODD)
        yield pack(json.dumps(content).encode())


def _keys(value: Any) -> list[Any]:
    return list(value) if isinstance(value, dict) else list(range(len(value))) if isinstance(value, list) else []


@pytest.mark.parametrize("schema", SCHEMAS, ids=lambda schema: schema.name)
def test_any_bytes_of_a_document_are_read_or_refused(schema: Schema[Any]) -> None:
    kept = FROZEN.get(schema.name)
    whole = kept.read_bytes() if kept else PLAIN
    refused = 0
    for body in break_bytes(whole, schema is MANIFEST, len(schema.name)):
        try:
            schema.open(Document(schema.name, schema.version, body))
        except UnreadableDocument:
            refused += 1
    assert refused > 20


def test_a_measurement_on_forged_bytes_whose_hash_fits_has_a_finding(
    one_database: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with writing(one_database) as tx:
        heat_of_march(tx)
        close_period(tx, MARCH)
        told = periods.list_measurements(tx, MARCH)[0]
        assert verify_measurement(tx, told.id) == []
        forged = []
        for schema, sha256 in ((MANIFEST, told.manifest_sha256), (BASIS, told.basis_sha256)):
            sealed = load(tx, sha256).body
            for body in list(break_bytes(sealed, schema is MANIFEST, 1))[:100]:
                put = keep(tx, Document(schema.name, 1, body))
                changed = replace(told, manifest_sha256=put) if schema is MANIFEST else replace(told, basis_sha256=put)
                forged.append(changed)
    found = 0
    with open_desk(METERING, one_database, tmp_path) as desk:
        sign_in(desk, "board")
        for one in forged:
            monkeypatch.setattr(periods, "find_measurement", lambda tx, id, one=one: one)
            monkeypatch.setattr(periods, "find_measurements", lambda tx, ids, one=one: [one])
            answer = desk.get(f"/metering/readings/{told.id}?lang=en", headers={"accept": "text/html"})
            assert answer.status_code == 200, answer.text
            found += "can no longer" in answer.text or "cannot be read" in answer.text
    assert found > 100
