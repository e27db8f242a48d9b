"""What programs and forms send to billing, and how long and large it may be."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Annotated, Literal

from pydantic import BaseModel, Field, StringConstraints

Name = Annotated[str, StringConstraints(min_length=1, max_length=100, pattern=r"^[^\x00]*$")]
"""An id or a word."""

Sentence = Annotated[str, StringConstraints(max_length=2000, pattern=r"^[^\x00]*$")]
"""Words of people."""

Year = Annotated[int, Field(ge=1900, le=2200)]


class NoticeIn(BaseModel):
    """Written notice of a tariff, to all members or to some."""

    tariff_id: Name
    sent_on: date
    channel: Name
    members: Literal["all"] | list[Name] = "all"


class NoticesOut(BaseModel):
    """How many notices of a tariff are on file by what was sent."""

    tariff_id: str
    notices: int


class FigureIn(BaseModel):
    """A published figure of a year: ``cpi-households`` factor, ``wdd`` or ``wdd-normal`` degree days."""

    series: Name
    year: Year
    factor: Decimal
    source: Sentence


class RunIn(BaseModel):
    """A bill run; ``period`` such as 2025-01, or None for corrections alone."""

    period: str | None = None
    issued_on: date
    dry_run: bool = False
