"""The document behind a run."""

from __future__ import annotations

from coop.kit.documents import Schema
from coop.metering.readings.documents import plain_schema
from coop.metering.sharing.inputs import Inputs

RUN_INPUTS: Schema[Inputs] = plain_schema("metering.run-inputs", Inputs)
