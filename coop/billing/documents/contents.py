"""Contents of the bill on paper, with a mark behind each line that leads to its ground."""

from __future__ import annotations

from datetime import date

from coop.billing import words
from coop.billing.documents.model import BillDocument, Sender
from coop.billing.documents.model import Line as PrintedLine
from coop.billing.handlers.verify import references_of
from coop.billing.model import Issuer, Line, LineKind
from coop.billing.rules.bills import last_day_to_pay
from coop.billing.storage.bills import IssuedBill
from coop.communities.addressee import Addressee
from coop.web.language import N_, translate
from coop.web.writing import money, percent

_KINDS = {
    "reading": N_("Reading"),
    "allocation": N_("Allocation"),
    "tariff": N_("Tariff"),
    "resolution": N_("Vote"),
    "bill": N_("Bill"),
}


def sender_of(issuer: Issuer) -> Sender:
    """The co-operative as an invoice has to name it, with the account on which it is paid."""
    return {
        "name": issuer.name,
        "lines": [issuer.street, f"{issuer.postal_code} {issuer.city}"],
        "references": [(N_("KvK"), issuer.kvk), (N_("VAT id"), issuer.vat_id), (N_("IBAN"), issuer.iban)],
        "contact": " · ".join(filter(None, (issuer.email, issuer.phone))),
    }


def due_on(issued: IssuedBill) -> date:
    """Last day to pay."""
    return last_day_to_pay(issued.issued_on)


def document_of(issued: IssuedBill, addressee: Addressee, lang: str) -> BillDocument:
    """The document of a bill.

    Args:
        issued: the bill.
        addressee: whom it is for, as far as the register or their own session said; billing itself knows only the id.
        lang: language of the reader.
    """
    bill, inputs = issued.bill, issued.inputs
    sender = sender_of(inputs.issuer)
    references = references_of(inputs)
    marks = {(reference.kind, reference.id): f"{number}" for number, reference in enumerate(references, 1)}
    document: BillDocument = {
        "number": issued.number,
        "kind": issued.kind,
        "issued": issued.issued_on,
        "due": due_on(issued),
        "period": inputs.consumption.days,
        "sender": {**sender, "references": [(translate(lang, term), text) for term, text in sender["references"]]},
        "recipient": {
            "name": addressee.name,
            "lines": addressee.lines,
            "member": addressee.number,
            "supplied": addressee.supplied,
        },
        "lines": [_line(issued, line, marks, lang) for line in bill.lines],
        "net_cents": sum(vat.excl_cents for vat in bill.vat),
        "vat": [(percent(lang, vat.rate), vat.excl_cents, vat.vat_cents) for vat in bill.vat],
        "total_cents": bill.total_cents,
        "payment": translate(lang, "Please name the bill's number with your payment.")
        if bill.total_cents > 0
        else translate(lang, "You need not do anything; we pay this amount to you."),
        "sources": [
            {
                "mark": marks[reference.kind, reference.id],
                "kind": translate(lang, _KINDS[reference.kind]),
                "text": words.reference(lang, reference),
                "code": reference.id,
            }
            for reference in references
        ],
        "hash": issued.inputs_hash,
        "dispute": translate(
            lang, "Write to the board first. If that does not help, any member can bring it before the meeting."
        ),
    }
    causes = list(dict.fromkeys(words.cause(lang, line.cause) for line in bill.lines if line.cause))
    if causes:
        document["cause"] = "; ".join(causes)
    entry = bill.guarantee[-1] if bill.guarantee else None
    if entry is not None and entry.ceiling_cents is not None:
        cost_cents = entry.heat_so_far_cents - entry.credit_so_far_cents
        document["guarantee"] = {
            "ceiling_cents": entry.ceiling_cents,
            "so_far_cents": cost_cents,
            "credit_cents": entry.credit_cents,
            "text": translate(
                lang,
                "In the guarantee year %(days)s you pay no more than %(ceiling)s for heat.",
                days=words.days(lang, entry.year),
                ceiling=money(lang, entry.ceiling_cents),
            ),
        }
    return document


def _line(issued: IssuedBill, line: Line, marks: dict[tuple[str, str], str], lang: str) -> PrintedLine:
    source = {LineKind.HEAT: "reading", LineKind.ELECTRICITY: "allocation"}.get(line.kind, "")
    rests_on = [(source, line.source_id), ("tariff", line.tariff_id), ("resolution", line.resolution_id)]
    return {
        "text": words.line_name(lang, line, issued),
        "quantity": words.quantity(lang, line),
        "price": words.line_price(lang, line),
        "amount_cents": line.amount_cents,
        "source": [marks[key] for key in rests_on if key in marks],
    }
