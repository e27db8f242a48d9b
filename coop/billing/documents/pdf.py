"""The bill as a file: a tagged PDF/A that names, line by line, the readings, the tariff and the vote behind it.

Invariant: the same document gives the same bytes, today and after a restart: the date in the file is the date of issue,
fonts come with the typesetter, and nothing is read from the machine. Every number is written by ``coop.web.writing``
before it reaches the typesetter, which only places text; so page and paper never differ by a digit.
"""

from __future__ import annotations

import json
import threading
from datetime import UTC, date, datetime, time
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

from coop.billing.documents.model import BillDocument
from coop.web.language import N_, translate
from coop.web.writing import civil_day, money

if TYPE_CHECKING:
    import typst

TEMPLATE = Path(__file__).resolve().parent / "bill.typ"

TITLES = {
    "bill": N_("Bill"),
    "settlement": N_("Yearly settlement"),
    "correction": N_("Correction bill"),
    "credit": N_("Credit note"),
}

# An archive copy that a screen reader can read: PDF/A-2a for the seven years that books are kept, tagged as PDF/UA-1.
STANDARDS: list[typst.PDFStandard] = ["a-2a", "ua-1"]


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
    issued = datetime.combine(document["issued"], time(), UTC)
    inputs = {"data": json.dumps(printed(document, lang)), "chart": document.get("chart_svg", "")}
    with _ONE_AT_A_TIME:
        made = _compiler().compile(
            input=TEMPLATE, format="pdf", sys_inputs=inputs, pdf_standards=STANDARDS, timestamp=issued
        )
    assert isinstance(made, bytes)
    return made


_ONE_AT_A_TIME = threading.Lock()


@lru_cache
def _compiler() -> typst.Compiler:
    import typst  # 6 MiB, for processes that typeset

    return typst.Compiler(TEMPLATE, root=TEMPLATE.parent, ignore_system_fonts=True)


def printed(document: BillDocument, lang: str) -> dict[str, object]:
    """The document with every amount, date and heading as text: what ``bill.typ`` places."""

    def _(text: str, **values: object) -> str:
        return translate(lang, text, **values)

    def day(at: date) -> str:
        return civil_day(lang, at)

    period, guarantee = document["period"], document.get("guarantee")
    last_day = date.fromordinal(period.end.toordinal() - 1)
    sender, recipient, title = document["sender"], document["recipient"], TITLES[document["kind"]]
    return {
        "lang": lang,
        "title": _(title),
        "number": document["number"],
        "sender": sender,
        "recipient": recipient,
        "facts": [
            (_("Number"), document["number"]),
            (_("Date"), day(document["issued"])),
            (_("Period"), _("%(first)s to %(last)s", first=day(period.start), last=day(last_day))),
            (_("Pay by"), day(document["due"])),
            *([(_("Member number"), recipient["member"])] if recipient["member"] else []),
            *([(_("Supplied at"), recipient["supplied"])] if recipient["supplied"] else []),
        ],
        "headings": [_("Description"), _("Quantity"), _("Price"), _("Amount")],
        "lines": [line | {"amount": money(lang, line["amount_cents"])} for line in document["lines"]],
        "sums": [
            (_("Total without VAT"), money(lang, document["net_cents"])),
            *(
                (_("VAT %(rate)s on %(net)s", rate=rate, net=money(lang, net)), money(lang, tax))
                for rate, net, tax in document["vat"]
            ),
        ],
        "total": (
            _("To pay") if document["total_cents"] >= 0 else _("You receive"),
            money(lang, abs(document["total_cents"])),
        ),
        "cause": document.get("cause", ""),
        "payment": document["payment"],
        "guarantee": guarantee
        and {
            "title": _("Not More Than Now"),
            "text": guarantee["text"],
            "figures": [
                (_("Your ceiling this year"), money(lang, guarantee["ceiling_cents"])),
                (_("Cost so far"), money(lang, guarantee["so_far_cents"])),
                (_("Credit on this bill"), money(lang, guarantee["credit_cents"])),
            ],
        },
        "chart_text": document.get("chart_text", ""),
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
