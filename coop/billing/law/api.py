"""The law that sets prices for programs: its publications as they came on file."""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated, Literal

from fastapi import Request
from pydantic import Field

from coop.billing.fields import make_router, may
from coop.communities.law_store import RecordedPublication, list_publications
from coop.kit.answers import Answer, ExactDecimal
from coop.kit.http import reading
from coop.kit.paging import Paged

routes = make_router()

_FIGURES = {"full": {"heat per GJ": "43.79", "standing per year": "567.44"}}


class LawRowOut(Answer):
    """A publication of the law. It is only ever added to: one that is wrong is followed by one that is right."""

    number: Annotated[int, Field(examples=[11])]
    """Counts the publications of the co-operative, in the order in which they came on file."""
    kind: Annotated[Literal["maximum", "vat"], Field(examples=["maximum"])]
    """Maximum: the most that ACM lets heat cost [EUR incl. 21 % VAT]. Vat: rates of VAT, as a part of 1."""
    valid_from: Annotated[date, Field(examples=["2025-01-01"])]
    """First day of use that it is for."""
    published_on: Annotated[date, Field(examples=["2024-12-12"])]
    """Day that its source names."""
    known_from: Annotated[date, Field(examples=["2024-12-12"])]
    """Day from which bills know it."""
    figures: Annotated[dict[str, dict[str, ExactDecimal]], Field(examples=[_FIGURES])]
    """By class of customers or category of VAT, each figure by what it is for."""
    source: Annotated[str, Field(examples=["Besluit ACM/24/190540"])]
    """Where it was published."""
    mark: Annotated[str, Field(examples=[""])]
    """Remark, such as that it repairs an earlier one."""
    recorded_at: datetime
    """Instant at which it came on file."""
    recorded_by: str
    """Who put it there."""


@routes.get("/law")
@may("see-tariffs")
def list_law_rows(request: Request, page: Paged) -> list[LawRowOut]:
    """Law that sets prices, publication by publication, in the order in which it came on file."""
    with reading(request) as tx:
        rows = page.cut(list_publications(tx), lambda row: (row.number,))
    return [_law_row(row) for row in rows]


def _law_row(row: RecordedPublication) -> LawRowOut:
    published = row.published
    return LawRowOut(
        number=row.number,
        kind="vat" if published.kind == "vat" else "maximum",
        valid_from=published.valid_from,
        published_on=published.published_on,
        known_from=published.known_from,
        figures={of: dict(own) for of, own in published.figures.items()},
        source=published.source,
        mark=published.mark,
        recorded_at=row.recorded_at,
        recorded_by=row.recorded_by,
    )
