"""Fields that the shapes of several nouns share, as the contract describes them."""

from __future__ import annotations

from datetime import date
from typing import Annotated

from fastapi import APIRouter, Path
from pydantic import Field

from coop.billing.access import ACCESS
from coop.billing.bodies import Name
from coop.kit.answers import ExactDecimal
from coop.kit.http import GuardedRoute

PREFIX = "/billing/api/v1"
may = ACCESS.may

BillId = Annotated[str, Field(description="Id of a bill.")]
BillNumber = Annotated[str, Field(description="Number of a bill: year, and place in it.", examples=["2025-000001"])]
RunId = Annotated[str, Field(description="Id of a bill run.")]
TariffId = Annotated[str, Field(description="Id of a tariff.", examples=["tariff-2025"])]
ResolutionId = Annotated[str, Field(description="Id of the resolution that adopted the tariff.")]
ContractId = Annotated[str, Field(description="Id of a supply contract.", examples=["K-0012"])]
ConnectionId = Annotated[str, Field(description="Id of a connection.", examples=["C-0012"])]
MemberId = Annotated[str, Field(description="Id of a member.", examples=["M-0012"])]
FirstDay = Annotated[date, Field(description="First day of the period.", examples=["2025-01-01"])]
DayAfter = Annotated[date, Field(description="First day after the period.", examples=["2025-02-01"])]
IssuedOn = Annotated[date, Field(description="Date of the bills.", examples=["2025-02-03"])]
SentOn = Annotated[date, Field(description="Day on which a notice was sent.", examples=["2024-12-01"])]
Channel = Annotated[Name, Field(description="Way in which a notice was sent.", examples=["letter"])]
Cents = Annotated[int, Field(description="Amount [euro cents], VAT included.", examples=[8421])]
CreditCents = Annotated[
    int,
    Field(description="Taken off by the guarantee [euro cents]; below zero where it was taken back.", examples=[1250]),
]
EntryNumber = Annotated[int, Path(ge=1, lt=2**31, examples=[1])]
"""Number of what waits for a second person, no larger than any database keeps."""
VatRate = Annotated[ExactDecimal, Field(description="Rate of VAT, as a part of 1.", examples=["0.21"])]


def make_router() -> APIRouter:
    """The router of one noun."""
    return APIRouter(route_class=GuardedRoute, prefix=PREFIX, tags=["billing"])
