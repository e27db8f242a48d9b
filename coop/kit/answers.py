"""Shapes that programs send and are answered: models whose fields say in the contract what they hold, in which unit.

A field's docstring is its description there. Exact numbers go as text, because a JSON number passes through floats.
"""

from __future__ import annotations

from decimal import Decimal
from typing import Annotated

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, PlainSerializer, WithJsonSchema

from coop.values import Period

Text = Annotated[str, Field(max_length=500, pattern=r"^[^\x00]*$")]
"""A text that every database takes."""


class Body(BaseModel):
    """Sent to us; a field that we do not know is refused, for it may be a misspelt one."""

    model_config = ConfigDict(extra="forbid", use_attribute_docstrings=True)


class Answer(BaseModel):
    """Answered by us; made of a noun whose fields have the same names."""

    model_config = ConfigDict(from_attributes=True, use_attribute_docstrings=True)


def as_text(value: Decimal) -> str:
    """Write a decimal without an exponent.

    >>> as_text(Decimal("1.5E+10"))
    '15000000000'
    """
    return format(value, "f")


ExactDecimal = Annotated[
    Decimal,
    PlainSerializer(as_text, return_type=str),
    WithJsonSchema({"type": "string", "pattern": r"^-?[0-9]+(\.[0-9]+)?$"}, mode="serialization"),
]
"""A decimal as text without an exponent."""


def _name_period(value: object) -> object:
    return str(value) if isinstance(value, Period) else value


PeriodName = Annotated[
    str,
    BeforeValidator(_name_period),
    Field(description="A year, a month, or first day and first day after, with a slash.", examples=["2025-03"]),
]
"""A period as text; made of a ``Period``."""
