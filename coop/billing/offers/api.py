"""Offers to those who are no members yet: gas bills in, ceiling and expected bills out."""

from __future__ import annotations

from datetime import date
from typing import Annotated

from fastapi import Request
from pydantic import Field

from coop.billing.fields import Cents, CreditCents, DayAfter, FirstDay, TariffId, make_router, may
from coop.billing.model import GasYear
from coop.billing.offers import commands as offers
from coop.kit.answers import Answer, Body, ExactDecimal
from coop.kit.http import reading, refuses

routes = make_router()


class GasYearIn(Body):
    """A year of gas."""

    year: Annotated[int, Field(ge=1900, le=2200, examples=[2024])]
    """Year."""
    gas_m3: Annotated[int, Field(examples=[1180])]
    """Gas [m3]."""
    amount_cents: Annotated[int, Field(examples=[165200])]
    """Paid [euro cents], VAT included."""


class OfferIn(Body):
    """Grounds of an offer."""

    starts_on: Annotated[date, Field(examples=["2027-01-01"])]
    """First day of the contract."""
    gas: Annotated[list[GasYearIn], Field(max_length=10)]
    """Gas bills, a year each."""
    customer_class: Annotated[str, Field(max_length=20, examples=["full"])] = "full"
    """Class of customer, which says what components are paid."""


class OfferMonthOut(Answer):
    """A month of the first year."""

    days_start: FirstDay
    days_end: DayAfter
    heat_j: Annotated[ExactDecimal, Field(examples=["4650000000"])]
    """Heat that is expected [J]."""
    credit_cents: CreditCents
    total_cents: Cents


class OfferOut(Answer):
    """Cost of the first year for somebody."""

    tariff_id: TariffId
    year_start: FirstDay
    year_end: DayAfter
    ceiling_cents: Annotated[int | None, Field(examples=[150205])]
    """Ceiling of the first guarantee year [euro cents]; null where nothing is promised."""
    heat_j: Annotated[ExactDecimal, Field(examples=["37009750000"])]
    """Heat that is expected [J]."""
    credit_cents: CreditCents
    total_cents: Cents
    months: list[OfferMonthOut]
    """Months of it."""


@routes.post("/offers/preview")
@may("make-offers")
@refuses("bad-offer", "no-tariff", "figure-missing", "tariff-not-voted")
def preview_offer(request: Request, body: OfferIn) -> OfferOut:
    """Reckon an offer. Nothing of it is kept."""
    gas = [GasYear(paid.year, paid.gas_m3, paid.amount_cents) for paid in body.gas]
    with reading(request) as tx:
        offer = offers.preview_offer(tx, body.starts_on, gas, body.customer_class)
    return OfferOut(
        tariff_id=offer.tariff.tariff_id,
        year_start=offer.promise.year.start,
        year_end=offer.promise.year.end,
        ceiling_cents=offer.ceiling_cents,
        heat_j=offer.heat_j,
        credit_cents=offer.year.credit_cents,
        total_cents=offer.year.total_cents,
        months=[
            OfferMonthOut(
                days_start=month.days.start,
                days_end=month.days.end,
                heat_j=month.heat_j,
                credit_cents=month.credit_cents,
                total_cents=month.total_cents,
            )
            for month in offer.year.months
        ],
    )
