"""A demonstration that was made before still verifies when every document has grown a field since."""

from __future__ import annotations

from dataclasses import dataclass

import pytest

from coop.billing.bills import store as bills
from coop.billing.bills.schemas import BILL_INPUTS, read_json, write_json
from coop.billing.model import BillInputs
from coop.demo.cooperative import COMMUNITY
from coop.kit.documents import Schema
from coop.metering.heat.documents import BASIS, Basis
from coop.metering.provenance import ground, verify
from coop.metering.readings.documents import plain_schema
from coop.metering.sharing.documents import RUN_INPUTS
from coop.metering.sharing.inputs import Inputs
from coop.operator.verification import verify_bills
from tests.flows.conftest import Year


@dataclass(frozen=True)
class GrownBillInputs(BillInputs):
    """Bill inputs of a later release."""

    advance_cents: int = 0


@dataclass(frozen=True)
class GrownInputs(Inputs):
    """Run inputs of a later release."""

    losses_wh: int = 0


@dataclass(frozen=True)
class GrownBasis(Basis):
    """The basis of a measurement of a later release."""

    weather_station: str = "260"


def test_every_bill_of_a_year_made_before_verifies_after_every_document_has_grown_a_field(
    year: Year, monkeypatch: pytest.MonkeyPatch
) -> None:
    grown_bills: Schema[BillInputs] = Schema(BILL_INPUTS.name, 1, write_json, {1: read_json(GrownBillInputs)})
    monkeypatch.setattr(bills, "BILL_INPUTS", grown_bills)
    monkeypatch.setattr(verify, "RUN_INPUTS", plain_schema(RUN_INPUTS.name, GrownInputs))
    monkeypatch.setattr(ground, "BASIS", plain_schema(BASIS.name, GrownBasis))
    said: list[str] = []
    assert verify_bills(year.settings, COMMUNITY, "", said.append), "\n".join(said)
    assert "0 do not agree" in said[-2]
