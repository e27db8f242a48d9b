"""Fields that the shapes of several nouns share, as the contract describes them."""

from __future__ import annotations

from datetime import date
from typing import Annotated

from fastapi import APIRouter, Query
from pydantic import Field

from coop.kit.answers import ExactDecimal
from coop.kit.http import GuardedRoute
from coop.metering.access import ACCESS
from coop.metering.model import Quantity

PREFIX = "/metering/api/v1"
may = ACCESS.may

Serial = Annotated[
    str,
    Field(
        min_length=1,
        max_length=64,
        pattern=r"^[^\s\x00]+$",
        description="Serial of a meter, as its telegrams carry it.",
        examples=["KWG50001"],
    ),
]
Name = Annotated[str, Field(min_length=1, max_length=100, pattern=r"^[^\x00]+$")]
DateOrInstant = Annotated[
    str,
    Field(
        max_length=40,
        description="A civil date, which starts at midnight in Amsterdam, or an instant with its time zone.",
        examples=["2026-07-01"],
    ),
]
Amounts = Annotated[
    dict[Quantity, str],
    Field(description="By quantity, an amount with its unit.", examples=[{"heat": "12.34 GJ"}]),
]
WantedPeriod = Annotated[
    str,
    Field(
        max_length=40,
        description="A month, a year, or first day and first day after with a slash; at most a year.",
        examples=["2025-03", "2025", "2025-01-01/2025-02-01"],
    ),
]
KnownAt = Annotated[
    str | None,
    Query(
        max_length=40,
        description="Answer as it was known at this instant, or at the end of this civil date; never in the future.",
        examples=["2025-06-30"],
    ),
]

DeliveryId = Annotated[
    str, Field(description="Id of a delivery: the hash of its content, so the same body has the same id.")
]
ConnectionId = Annotated[str, Field(description="Id of a connection.", examples=["C-0012"])]
MemberId = Annotated[str, Field(description="Id of a member.", examples=["M-0012"])]
RunId = Annotated[str, Field(description="Id of the run that computed it.")]
KeyId = Annotated[str, Field(description="Id of the allocation key by which it was shared.")]
ResolutionId = Annotated[str, Field(description="Id of the resolution that adopted the key.")]
GroupId = Annotated[str, Field(description="Id of a sharing group.", examples=["roof"])]
FirstDay = Annotated[date, Field(description="First day of the period.", examples=["2025-03-01"])]
DayAfter = Annotated[date, Field(description="First day after the period.", examples=["2025-04-01"])]
Revision = Annotated[int, Field(description="Counts from 1; a later revision replaces an earlier one.", examples=[1])]
Cause = Annotated[str, Field(description="Reason for a revision; empty for the first.", examples=["late readings"])]
Joules = Annotated[ExactDecimal, Field(description="Heat [J], exact.", examples=["1234000000"])]
WattHours = Annotated[int, Field(description="Electricity [Wh].", examples=[3200])]
Thousandths = Annotated[int, Field(description="Electricity [thousandths of a Wh].", examples=[3_200_000])]
Sha256 = Annotated[str, Field(description="SHA-256, hexadecimal.")]


def make_router() -> APIRouter:
    """The router of one noun."""
    return APIRouter(route_class=GuardedRoute, prefix=PREFIX, tags=["metering"])
