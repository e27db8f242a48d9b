"""Terms that a resolution decides, as the contract with programs shows it: a shape for each kind that acts by itself.

Shapes only say what there is. Whether it holds is judged where it acts (``tariffs``, ``choices``, a sharing group), so
that every problem is named at once, by its field.
"""

from __future__ import annotations

from datetime import date
from typing import Annotated, Any, Literal, TypeAlias

from pydantic import BaseModel, ConfigDict, Field

from coop.communities.choices import CHOICES
from coop.communities.law import VAT_CATEGORIES
from coop.communities.tariffs import ACCOUNTS, CLASSES, COMPONENTS_MAX, NAME_MAX, Product
from coop.events.terms import Described, Terms

Figure = Annotated[str, Field(pattern=r"^[0-9]{1,7}(\.[0-9]{1,8})?$")]
Day = Annotated[date, Field(examples=["2027-01-01"])]
Source = Annotated[str, Field(examples=["board of 3 December 2026"])]
Id = Annotated[str, Field(max_length=100)]


class Said(BaseModel):
    """Terms of a kind."""

    model_config = ConfigDict(extra="forbid", use_attribute_docstrings=True)


class ComponentTerms(Said):
    """A priced component of a tariff; what is left out is as usual for its product."""

    name: Annotated[str, Field(min_length=1, max_length=NAME_MAX, examples=["Heat"])]
    """Name of the component, as bills print it."""
    product: Product
    """What it prices."""
    per: Literal["GJ", "kWh", "year", "once"]
    """Unit or time that the price is for."""
    price: Annotated[Figure, Field(examples=["34.50"])]
    """Price [EUR per `per`], with VAT at the rate of the first day."""
    guarantee: bool
    """Whether it counts towards the ceiling of Niet Meer Dan Nu."""
    account: Annotated[str, Field(json_schema_extra={"enum": list(ACCOUNTS)})]
    """Account of its revenue."""
    vat: Annotated[str, Field(json_schema_extra={"enum": list(VAT_CATEGORIES)})]
    """Category of VAT."""
    classes: list[Annotated[str, Field(json_schema_extra={"enum": list(CLASSES)})]] = ["full"]
    """Customer classes that pay it."""
    above: Annotated[Figure, Field(alias="from", examples=["0"])] = "0"
    """Use of a year from which it counts [`per`]."""
    up_to: Annotated[Figure | None, Field(alias="to", examples=["37"])] = None
    """Use of a year up to which it counts [`per`]."""
    cap: Annotated[Figure | None, Field(examples=["250"])] = None
    """Most that it costs in a year [EUR]."""
    years: Annotated[int | None, Field(examples=[30])] = None
    """Years from the start of a contract for which it is paid."""


class TariffTerms(Said):
    """A tariff: its first day and its priced components."""

    valid_from: Day
    components: Annotated[list[ComponentTerms], Field(min_length=1, max_length=COMPONENTS_MAX)]


class KeyTerms(Said):
    """An allocation key of a sharing group: `weights` or `order` where its kind has them."""

    group_id: Annotated[Id, Field(examples=["roof"])]
    kind: Literal["static", "dynamic", "static_redistribution", "hybrid", "equal", "priority"]
    valid_from: Day
    valid_until: Day | None = None
    weights: Annotated[dict[str, int] | None, Field(examples=[{"north": 500_000, "south": 500_000}])] = None
    """Parts of a million, by participant."""
    order: Annotated[list[str] | None, Field(examples=[["south", "north"]])] = None
    """Participants, first served first."""
    kept: Annotated[int | None, Field(ge=0, lt=1_000_000, examples=[0])] = None
    """Parts of a million of each quarter-hour's production that stay with the producers; `weights` and they add up to
    a million."""


ChoiceValue: TypeAlias = Annotated[dict[str, Any], Described(*CHOICES.values())]
"""The value of a choice, each of its own shape."""


class ChoiceTerms(Said):
    """A choice that touches money: its name, and its value from a day on."""

    name: Annotated[str, Field(json_schema_extra={"enum": list(CHOICES)})]
    valid_from: Day
    value: ChoiceValue
    source: Source


class RealisationTerms(Said):
    """A phase of a programme that will be built, and what it may cost."""

    programme_id: Annotated[Id, Field(examples=["heat-network"])]
    phase_id: Annotated[Id, Field(examples=["north"])]
    budget_cents: Annotated[int, Field(gt=0, examples=[25_000_000])]


ResolutionTerms: TypeAlias = Annotated[
    dict[str, Any], Described(TariffTerms, KeyTerms, ChoiceTerms, RealisationTerms, Terms)
]
"""What a resolution decides; a change of the statutes, and kinds that decide nothing by themselves, are `Terms`."""
