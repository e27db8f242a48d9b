"""The bill as a file: a tagged PDF/A that names, line by line, the readings, the tariff and the vote behind it.

Invariant: the same document gives the same bytes, today and after a restart: the date in the file is the date of issue,
fonts come with the typesetter, and nothing is read from the machine. Every number is written by ``coop.web.writing``
before it reaches the typesetter, which only places text; so page and paper never differ by a digit.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, time, timedelta
from pathlib import Path

from coop.billing.checking import words
from coop.billing.documents.model import BillDocument
from coop.web.language import N_, translate
from coop.web.typesetting import ARCHIVED, Typesetter
from coop.web.writing import civil_day, money

# An archive copy that a screen reader can read, for the seven years that books are kept.
_TYPESETTER = Typesetter(Path(__file__).resolve().parent / "bill.typ", ARCHIVED)


def bill_pdf(document: BillDocument, lang: str) -> bytes:
    """Typeset a bill.

    Args:
        document: what is printed.
        lang: of the headings, and of the writing of amounts and dates.

    Returns:
        A PDF/A-2a and PDF/UA-1 file; the same bytes for the same document.

    Raises:
        KeyError: the document misses a part or is of an unknown kind.
    """
    return bills_pdf([(document, lang)], f"{translate(lang, words.TITLES[document['kind']])} {document['number']}")


def bills_pdf(documents: Sequence[tuple[BillDocument, str]], title: str) -> bytes:
    """Typeset bills, each on sheets of its own and in its own language, as one file to print.

    Raises:
        KeyError: as ``bill_pdf``.
    """
    newest = max(document["issued"] for document, _ in documents)
    issued = datetime.combine(newest, time(), UTC)
    first, lang = documents[0]
    contents = {
        "title": title,
        "author": first["sender"]["name"],
        "lang": lang,
        "bills": [printed(document, lang) for document, lang in documents],
    }
    return _TYPESETTER.set_paper(contents, issued)


def _total(document: BillDocument, lang: str) -> tuple[str, str]:
    """The last sum: what is to be paid, or what the bill comes to where another amount is asked."""
    total_cents = document["total_cents"]
    if document["asked_cents"] != total_cents:
        return translate(lang, "Total of this bill, incl. VAT"), money(lang, total_cents)
    label = N_("To pay, incl. VAT") if total_cents >= 0 else N_("You receive, incl. VAT")
    return translate(lang, label), money(lang, abs(total_cents))


def printed(document: BillDocument, lang: str) -> dict[str, object]:
    """The document with every amount, date and heading as text: what ``bill.typ`` places."""

    def _(text: str, **values: object) -> str:
        return translate(lang, text, **values)

    title = words.TITLES[document["kind"]]
    return {
        "lang": lang,
        "title": _(title),
        "number": document["number"],
        "sender": document["sender"],
        "recipient": document["recipient"],
        "facts": _printed_facts(document, lang),
        "lines_title": _("All prices and amounts of the lines include VAT."),
        "headings": [_("Description"), _("Quantity"), _("Price incl. VAT"), _("Amount incl. VAT")],
        "lines": [line | {"amount": money(lang, line["amount_cents"])} for line in document["lines"]],
        "sums": [
            (_("Total without VAT"), money(lang, document["net_cents"])),
            *(
                (_("VAT %(rate)s on %(net)s", rate=rate, net=money(lang, net)), money(lang, tax))
                for rate, net, tax in document["vat"]
            ),
        ],
        "total": _total(document, lang),
        "cause": document.get("cause", ""),
        "payment": document["payment"],
        "qr_text": _("Code with which the app of your bank fills in the payment"),
        "guarantee_title": _("Not More Than Now"),
        "guarantees": list(document["guarantees"]),
        "stands_title": _("Stands of your meter"),
        "stands_headings": [_("Meter"), _("First stand"), _("Last stand"), _("Used")],
        "stands": list(document["stands"]),
        "shared": list(document["shared"]),
        "notes_title": _("Good to know"),
        "notes": list(document["notes"]),
        "comparison_title": _("Your heat compared"),
        "bars": list(document["bars"]),
        "comparison": list(document["comparison"]),
        "origin_title": _("Where the heat comes from"),
        "origin": list(document["origin"]),
        "sources_title": _("Where each line comes from"),
        "sources_text": _(
            "Each mark behind a line leads to the meter readings, the allocation and the vote that it rests on. "
            "On your own page every mark opens what it names."
        ),
        "sources": list(document["sources"]),
        "hash": (_("Fingerprint of this bill"), document["hash"]),
        "dispute": (_("Not agreed?"), document["dispute"]),
        "page": _("Page"),
        "of": _("of"),
    }


def _printed_facts(document: BillDocument, lang: str) -> list[tuple[str, str]]:
    """Terms at the head of the paper, each with what it says; what is not known is left out."""

    def _(text: str, **values: object) -> str:
        return translate(lang, text, **values)

    period, recipient = document["period"], document["recipient"]
    first, last = (civil_day(lang, day) for day in (period.start, period.end - timedelta(days=1)))
    facts = (
        (_("Number"), document["number"]),
        (_("Date"), civil_day(lang, document["issued"])),
        (_("Period"), _("%(first)s to %(last)s", first=first, last=last)),
        (_("Pay by"), civil_day(lang, document["due"]) if document["due"] else ""),
        (_("Member number"), recipient["member"]),
        (_("Supplied at"), recipient["supplied"]),
        (_("Connection"), recipient["connection"]),
        (_("EAN"), recipient["ean"]),
    )
    return [(term, text) for term, text in facts if text]
