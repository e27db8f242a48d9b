"""Documents that billing keeps: how the newest version of each is written, and how every version is read for ever."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final, TypeVar

import orjson
from pydantic import TypeAdapter

from coop.billing.bills.paper import Paper
from coop.billing.model import BillInputs
from coop.billing.terms.rules import PeriodTerms
from coop.kit.documents import Schema

Content = TypeVar("Content")


def write_json(content: object) -> bytes:
    """Write a noun as JSON: its fields in their order, decimals and dates as text."""
    return orjson.dumps(content, default=str)


def read_json(kind: type[Content]) -> Callable[[bytes], Content]:
    """Read what ``write_json`` wrote; a field that was added since takes its default."""
    return TypeAdapter(kind).validate_json


BILL_INPUTS: Final[Schema[BillInputs]] = Schema("bill-inputs", 1, write_json, {1: read_json(BillInputs)})
"""All that a bill was computed from."""

BILL_PAPER: Final[Schema[Paper]] = Schema("bill-paper", 1, write_json, {1: read_json(Paper)})
"""All that the paper of a bill says beside what it was computed from."""

PERIOD_TERMS: Final[Schema[PeriodTerms]] = Schema("period-terms", 1, write_json, {1: read_json(PeriodTerms)})
"""The terms under which a run dealt with a period."""
