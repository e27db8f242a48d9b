"""Mapping of a CSV file, given before it is read: the meaning of its columns."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Annotated, Any, ClassVar, Literal
from zoneinfo import ZoneInfo

from pydantic import ConfigDict, Field, TypeAdapter, ValidationError

from coop.metering.model import DAY_S, DEFAULT_EXPONENT, Quantity, to_units
from coop.shapes import say_shape
from coop.values import BadInput, Problem, say

# A misspelt key would otherwise silently mean its default.
_SHAPE = ConfigDict(extra="forbid")


@dataclass(frozen=True)
class CsvColumn:
    """One column of values: what it counts [quantity, unit] and how.

    ``exponent`` is the resolution at which the register is kept, in powers of ten of the quantity's base unit; an
    interval column is kept in whole base units (temperatures in 0.01 degC) and names its step [s] instead, and
    whether the time of a line is the ``start`` of its interval (as usual) or its ``end``.
    """

    __pydantic_config__: ClassVar[ConfigDict] = _SHAPE

    column: Annotated[str, Field(min_length=1)]
    quantity: Quantity
    unit: str
    kind: Literal["stand", "interval"] = "stand"
    exponent: Annotated[int, Field(ge=-12, le=3)] | None = None
    step_s: Annotated[int, Field(ge=60, le=DAY_S)] | None = None
    time_is: Literal["start", "end"] | None = None

    def __post_init__(self) -> None:
        if (self.kind == "interval") != (self.step_s is not None):
            raise ValueError(say("an interval column has a step_s, a stand column has none"))
        if self.kind == "stand" and self.time_is is not None:
            raise ValueError(say("a stand is read at its time: it has no time_is"))
        if self.step_s and DAY_S % self.step_s:
            raise ValueError(say("step_s %(step_s)s does not divide a day", step_s=self.step_s))
        if self.kind == "interval" and self.exponent is not None:
            raise ValueError(say("an interval column is kept in whole base units: it has no exponent"))
        to_units(Decimal(0), self.unit, self.quantity, 0)

    @property
    def resolution(self) -> int:
        """The exponent, stated or usual."""
        return DEFAULT_EXPONENT[self.quantity] if self.exponent is None else self.exponent


@dataclass(frozen=True)
class CsvMapping:
    """The meaning of each column. Exactly one of ``meter`` (the whole file) and ``meter_column`` is given.

    ``time_format`` is a ``strptime`` pattern such as ``%d-%m-%Y %H:%M``; without it times are ISO 8601.
    """

    __pydantic_config__: ClassVar[ConfigDict] = _SHAPE

    time_column: Annotated[str, Field(min_length=1)]
    columns: tuple[CsvColumn, ...]
    meter: str = ""
    meter_column: str = ""
    delimiter: Annotated[str, Field(min_length=1, max_length=1)] = ","
    decimal: Literal[".", ","] = "."
    timezone: str = "Europe/Amsterdam"
    time_format: str = ""

    def __post_init__(self) -> None:
        if bool(self.meter) == bool(self.meter_column):
            raise ValueError(say("give either meter or meter_column"))
        if self.delimiter in '\r\n"' or self.delimiter == self.decimal:
            raise ValueError(say("this delimiter cannot be told from the rest of a line"))
        if not self.columns:
            raise ValueError(say("no column of values"))
        quantities = [column.quantity for column in self.columns]
        if len(set(quantities)) < len(quantities):
            raise ValueError(say("two columns for one quantity: one register can have only one"))
        try:
            ZoneInfo(self.timezone)
        except (OSError, ValueError, LookupError) as error:
            raise ValueError(say("'%(timezone)s' is no time zone", timezone=self.timezone)) from error

    @classmethod
    def parse(cls, raw: Mapping[str, Any]) -> CsvMapping:
        """Mapping from plain data, such as a form or a TOML file.

        >>> CsvMapping.parse({"time_column": "t", "meter": "H1",
        ...                   "columns": [{"column": "e", "quantity": "heat", "unit": "m3"}]})
        Traceback (most recent call last):
            ...
        coop.values.BadInput: columns[0]: m3 is not a unit of heat

        Raises:
            BadInput: with every fault in it.
        """
        try:
            json.dumps(dict(raw), ensure_ascii=False, default=str).encode()
        except UnicodeEncodeError as error:
            problem = Problem(say("holds half a character, which no file can hold"), "mapping")
            raise BadInput([problem], "bad-mapping") from error
        try:
            return _MAPPING.validate_python(dict(raw))
        except ValidationError as error:
            problems = []
            for fault in error.errors(include_url=False, include_input=False):
                path = "".join(f"[{step}]" if isinstance(step, int) else f".{step}" for step in fault["loc"])
                problems.append(Problem(say_shape(dict(fault)), path.removeprefix(".") or "mapping"))
            raise BadInput(problems, code="bad-mapping") from error


_MAPPING = TypeAdapter(CsvMapping)
