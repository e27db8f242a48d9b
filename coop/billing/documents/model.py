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
    """Whoever it is for, by name and address lines as they are printed; the number of the member, and what is supplied:
    its address, the number of its connection, its EAN. What is not known is empty."""

    name: str
    lines: Sequence[str]
    member: str
    supplied: str
    connection: str
    ean: str


class Line(TypedDict):
    """One line; quantity and price are written already, ``source`` names the marks of what it rests on."""

    text: str
    quantity: str
    price: str
    amount_cents: int
    source: Sequence[str]


class Payment(TypedDict):
    """Sentence on what is to be done about the amount; where it is to be paid, pairs such as ("IBAN", ...) and the
    code that a bank's app reads, as SVG."""

    text: str
    pairs: Sequence[tuple[str, str]]
    qr_svg: str


class Stands(TypedDict):
    """One row of the meter's stands: meter, the stand at the beginning and at the end with its day and how it came to
    be, and what was used between them."""

    meter: str
    before: str
    before_note: str
    after: str
    after_note: str
    used: str


class Bar(TypedDict):
    """One bar of a small graph: its label, what it stands for in writing, and its length from 0 to 1."""

    label: str
    value: str
    length: float


class Source(TypedDict):
    """Ground of one or more lines: readings versions, an allocation run, a tariff and its resolution, the guarantee."""

    mark: str
    kind: str
    text: str
    code: str


class Guarantee(TypedDict):
    """ "Niet Meer Dan Nu" in one guarantee year: the ceiling, the cost so far, and what this bill gives back; the steps
    by which the ceiling follows, what it makes of the cost, and the gas that it is set beside. Without a ceiling the
    text alone, which says why."""

    figures: Sequence[tuple[str, str]]
    steps: Sequence[tuple[str, str]]
    outcome: str
    gas: Sequence[str]
    text: str


class BillDocument(TypedDict):
    """Every part of the printed bill. Free texts are in the document's language already."""

    number: str
    kind: str
    issued: date
    due: date | None
    period: Period
    sender: Sender
    recipient: Recipient
    lines: Sequence[Line]
    net_cents: int
    vat: Sequence[tuple[str, int, int]]
    """Rate as written, net and tax of that rate [cents]."""
    total_cents: int
    asked_cents: int
    """What is to be paid with it; below zero, paid back."""
    payment: Payment
    stands: Sequence[Stands]
    shared: Sequence[str]
    """What of the electricity that was used was shared, in a sentence each."""
    notes: Sequence[str]
    """What a reader should know of single lines."""
    guarantees: Sequence[Guarantee]
    bars: Sequence[Bar]
    """Heat of these days beside that of others, the longest of them 1."""
    comparison: Sequence[str]
    """Notes on what of the comparison needs words, such as what is not on file."""
    origin: Sequence[str]
    """What the heat came from."""
    sources: Sequence[Source]
    hash: str
    dispute: str
    cause: NotRequired[str]
    """Bill that a correction changes, and why."""
