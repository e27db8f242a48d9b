"""Documents that billing keeps: how the newest version of each is written, and how every version is read for ever."""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from typing import Any, Final, TypeVar

import orjson
from pydantic import TypeAdapter

from coop.billing.bills.paper import Paper
from coop.billing.model import BillInputs, Consumption, TariffSpan
from coop.billing.terms.rules import PeriodTerms
from coop.kit.documents import Schema

Content = TypeVar("Content")


def write_json(content: object) -> bytes:
    """Write a noun as JSON: its fields in their order, decimals and dates as text."""
    return orjson.dumps(content, default=str)


def read_json(kind: type[Content]) -> Callable[[bytes], Content]:
    """Read what ``write_json`` wrote; a field that was added since takes its default."""
    return TypeAdapter(kind).validate_json


_INPUTS: Final = TypeAdapter(BillInputs)
_CONSUMPTION: Final = TypeAdapter(Consumption)
_SPAN: Final = TypeAdapter(TariffSpan)


def read_consumption(body: bytes) -> Consumption:
    """Read what was consumed out of the inputs of a bill, and nothing else of them.

    The tariffs of most bills are written in the same bytes: those are read once, and all have the same spans.
    """
    consumption: dict[str, Any] = orjson.loads(body)["consumption"]
    _share_spans(consumption)
    return _CONSUMPTION.validate_python(consumption)


def read_inputs(body: bytes) -> BillInputs:
    """Read the inputs of a bill, with the spans that others have in the same bytes."""
    inputs: dict[str, Any] = orjson.loads(body)
    for consumption in (inputs["consumption"], inputs["previous"]):
        if consumption is not None:
            _share_spans(consumption)
    return _INPUTS.validate_python(inputs)


def _share_spans(consumption: dict[str, Any]) -> None:
    consumption["spans"] = tuple(_read_span(orjson.dumps(span)) for span in consumption["spans"])


@lru_cache(maxsize=4096)
def _read_span(body: bytes) -> TariffSpan:
    return _SPAN.validate_json(body)


BILL_INPUTS: Final[Schema[BillInputs]] = Schema("bill-inputs", 1, write_json, {1: read_inputs})
"""All that a bill was computed from."""

BILL_CONSUMPTION: Final[Schema[Consumption]] = Schema(BILL_INPUTS.name, 1, write_json, {1: read_consumption})
"""Consumption that the inputs of a bill say: all that the correction of it needs."""

BILL_PAPER: Final[Schema[Paper]] = Schema("bill-paper", 1, write_json, {1: read_json(Paper)})
"""All that the paper of a bill says beside what it was computed from."""

PERIOD_TERMS: Final[Schema[PeriodTerms]] = Schema("period-terms", 1, write_json, {1: read_json(PeriodTerms)})
"""The terms under which a run dealt with a period."""
