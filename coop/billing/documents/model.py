"""A bill as a document: all that is printed of it, before anything is placed on a page."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import NotRequired, TypedDict

from coop.values import Period


class Sender(TypedDict):
    """The co-operative: name, address lines, pairs such as ("KvK", "12345678"), and how to reach it."""

    name: str
    lines: Sequence[str]
    references: Sequence[tuple[str, str]]
    contact: str


class Recipient(TypedDict):
    """Whoever it is for, by name and address lines as they are printed; the number of the member, and the address that
    is supplied. What is not known is empty."""

    name: str
    lines: Sequence[str]
    member: str
    supplied: str


class Line(TypedDict):
    """One line; quantity and price are written already, ``source`` names the marks of what it rests on."""

    text: str
    quantity: str
    price: str
    amount_cents: int
    source: Sequence[str]


class Source(TypedDict):
    """Ground of one or more lines: readings versions, an allocation run, a tariff and its resolution, the guarantee."""

    mark: str
    kind: str
    text: str
    code: str


class Guarantee(TypedDict):
    """ "Niet Meer Dan Nu" in this year: the ceiling, the cost so far, and what this bill gives back [cents]."""

    ceiling_cents: int
    so_far_cents: int
    credit_cents: int
    text: str


class BillDocument(TypedDict):
    """Every part of the printed bill. Free texts are in the reader's language already."""

    number: str
    kind: str
    issued: date
    due: date
    period: Period
    sender: Sender
    recipient: Recipient
    lines: Sequence[Line]
    net_cents: int
    vat: Sequence[tuple[str, int, int]]
    """Rate as written, net and tax of that rate [cents]."""
    total_cents: int
    payment: str
    sources: Sequence[Source]
    hash: str
    dispute: str
    cause: NotRequired[str]
    """Reason of a correction."""
    guarantee: NotRequired[Guarantee]
    chart_svg: NotRequired[str]
    """``Chart.printed()`` of a chart, with what it says in ``chart_text``."""
    chart_text: NotRequired[str]
