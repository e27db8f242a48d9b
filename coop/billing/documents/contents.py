"""Contents of the bill on paper, with a mark behind each line that leads to its ground.

Invariant: they follow from what was frozen when the bill was issued (its inputs, its paper) and from its addressee, and
from nothing else: whoever reads it, whenever, reads the same.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from coop.billing.amounts.texts import explain_asked
from coop.billing.bills.paper import MeterStands, Paper, Sort, in_fours
from coop.billing.bills.store import IssuedBill
from coop.billing.checking import words
from coop.billing.checking.verify import references_of
from coop.billing.documents import comparing
from coop.billing.documents.comparing import draw_bars
from coop.billing.documents.gas_texts import gas_sentences
from coop.billing.documents.model import BillDocument, Guarantee, Payment, Sender, Stands
from coop.billing.documents.model import Line as PrintedLine
from coop.billing.documents.transfer import draw_transfer_code
from coop.billing.guarantee.derivation import derive_ceiling
from coop.billing.model import GuaranteeEntry, GuaranteeTerms, Issuer, Line, LineKind
from coop.communities.addressee import Addressee
from coop.values import civil_date
from coop.web.catalogs import languages
from coop.web.language import N_, SOURCE, translate
from coop.web.writing import civil_day, money, number, percent

_KINDS = {
    "reading": N_("Reading"),
    "allocation": N_("Allocation"),
    "tariff": N_("Tariff"),
    "resolution": N_("Vote"),
    "bill": N_("Bill"),
}


@dataclass(frozen=True)
class Frozen:
    """An issued bill with all that its paper follows from."""

    issued: IssuedBill
    paper: Paper
    addressee: Addressee

    @property
    def lang(self) -> str:
        """Language of the paper: that of the addressee, else that of the co-operative."""
        wishes = (self.addressee.language, self.paper.language)
        return next((wish for wish in wishes if wish in languages()), SOURCE)


def sender_of(issuer: Issuer) -> Sender:
    """The co-operative as an invoice has to name it, with the account on which it is paid."""
    return {
        "name": issuer.name,
        "lines": [issuer.street, f"{issuer.postal_code} {issuer.city}"],
        "references": [(N_("KvK"), issuer.kvk), (N_("VAT id"), issuer.vat_id), (N_("IBAN"), in_fours(issuer.iban))],
        "contact": " · ".join(filter(None, (issuer.email, issuer.phone))),
    }


def title_kind(kind: str, total_cents: int, sort: Sort = Sort.BILL) -> str:
    """Name of a bill: by its sort, ``correction``, or ``credit`` for a correction that gives money back."""
    if kind == "correction":
        return "credit" if total_cents < 0 else kind
    return sort.value


def document_of(frozen: Frozen) -> BillDocument:
    """The document of a bill."""
    issued, lang = frozen.issued, frozen.lang
    bill, inputs = issued.bill, issued.inputs
    sender, addressee = sender_of(inputs.issuer), frozen.addressee
    references = references_of(inputs)
    marks = {(reference.kind, reference.id): f"{number}" for number, reference in enumerate(references, 1)}
    document: BillDocument = {
        "number": issued.number,
        "kind": title_kind(issued.kind, bill.total_cents, frozen.paper.sort),
        "issued": issued.issued_on,
        "due": frozen.paper.due_on,
        "period": inputs.consumption.days,
        "sender": {**sender, "references": [(translate(lang, term), text) for term, text in sender["references"]]},
        "recipient": {
            "name": addressee.name,
            "lines": [*addressee.lines, *_organisation_lines(lang, addressee)],
            "member": addressee.number,
            "supplied": addressee.supplied,
            "connection": frozen.paper.connection,
            "ean": addressee.ean,
        },
        "lines": [_line(issued, line, marks, lang) for line in bill.lines],
        "net_cents": sum(vat.excl_cents for vat in bill.vat),
        "vat": [(percent(lang, vat.rate), vat.excl_cents, vat.vat_cents) for vat in bill.vat],
        "total_cents": bill.total_cents,
        "asked_cents": issued.asked_cents,
        "payment": payment_of(issued, frozen.paper, lang),
        "stands": [describe_stands(lang, stands) for stands in frozen.paper.stands],
        "shared": [words.shared_use(lang, use) for use in frozen.paper.shared],
        "notes": [*words.line_notes(lang, issued), *_promise_notes(lang, frozen.paper)],
        "guarantees": [
            _guarantee(lang, entry, state.terms, frozen.paper)
            for entry, state in zip(bill.guarantee, inputs.guarantee, strict=True)
        ],
        "bars": draw_bars(frozen.paper.comparison, lang),
        "comparison": comparing.explain(lang, frozen.paper.comparison),
        "origin": comparing.name_origin(lang, frozen.paper.origin),
        "sources": [
            {
                "mark": marks[reference.kind, reference.id],
                "kind": translate(lang, _KINDS[reference.kind]),
                "text": words.reference(lang, reference, with_hashes=True),
                "code": reference.id,
            }
            for reference in references
        ],
        "hash": issued.inputs_hash,
        "dispute": comparing.name_way_to_complain(lang, inputs.issuer),
    }
    if issued.kind == "correction":
        document["cause"] = " ".join(_reasons(frozen, lang))
    return document


def payment_of(issued: IssuedBill, paper: Paper, lang: str) -> Payment:
    """Say how the amount of a bill is paid, or what becomes of it."""
    issuer, asked_cents = issued.inputs.issuer, issued.asked_cents
    why = explain_asked(lang, paper.asked)
    if paper.due_on is None or asked_cents <= 0:
        if asked_cents == 0:
            text = translate(lang, "There is nothing to pay.")
        elif why:
            text = translate(lang, "We pay you %(amount)s; you need not do anything.", amount=money(lang, -asked_cents))
        else:
            text = translate(lang, "You need not do anything; we pay this amount to you.")
        return {"text": " ".join(filter(None, (text, why))), "pairs": [], "qr_svg": ""}
    text = translate(
        lang,
        "Pay %(amount)s by %(day)s at the latest. Name the reference with your payment, or read the code with the"
        " app of your bank.",
        amount=money(lang, asked_cents),
        day=civil_day(lang, paper.due_on),
    )
    return {
        "text": " ".join(filter(None, (text, why))),
        "pairs": [
            (translate(lang, "IBAN"), in_fours(issuer.iban)),
            (translate(lang, "In the name of"), issuer.name),
            (translate(lang, "Reference"), in_fours(paper.reference)),
        ],
        "qr_svg": draw_transfer_code(issuer.name, issuer.iban, asked_cents, paper.reference),
    }


def _organisation_lines(lang: str, addressee: Addressee) -> list[str]:
    pairs = ((translate(lang, "KvK"), addressee.kvk), (translate(lang, "VAT id"), addressee.vat_id))
    text = " · ".join(f"{term} {value}" for term, value in pairs if value)
    return [text] if text else []


def _reasons(frozen: Frozen, lang: str) -> Iterable[str]:
    """Name the bill that a correction changes, and why."""
    if frozen.paper.corrects is not None:
        changed, day = frozen.paper.corrects
        yield translate(lang, "This changes bill %(number)s of %(day)s.", number=changed, day=civil_day(lang, day))
    causes = dict.fromkeys(words.cause(lang, line) for line in frozen.issued.bill.lines if line.cause)
    if causes:
        yield translate(lang, "Why it is corrected: %(cause)s", cause="; ".join(causes))


def describe_stands(lang: str, stands: MeterStands) -> Stands:
    """Both stands of a meter as they are written."""
    digits = min(max(9 - stands.exponent, 0), 3)

    def gigajoules(value: Decimal) -> str:
        return f"{number(lang, value, digits)}\u00a0GJ"

    def note(at: datetime, quality: str) -> str:
        return f"{civil_day(lang, civil_date(at), 'medium')}, {words.quality(lang, quality)}"

    before, after = stands.in_gj(stands.from_stand), stands.in_gj(stands.to_stand)
    passed = "" if stands.counted is None else "; " + translate(lang, "passed its highest stand")
    return {
        "meter": stands.meter,
        "before": gigajoules(before),
        "before_note": note(stands.from_at, stands.from_quality),
        "after": gigajoules(after),
        "after_note": note(stands.to_at, stands.to_quality) + passed,
        "used": gigajoules(stands.in_gj(stands.used)),
    }


def _promise_notes(lang: str, paper: Paper) -> list[str]:
    return [words.promise_sentence(lang, paper.promise)] if paper.promise else []


def _guarantee(lang: str, entry: GuaranteeEntry, terms: GuaranteeTerms, paper: Paper) -> Guarantee:
    notes = [translate(lang, words.NOTES[note]) for note in entry.notes]
    if entry.ceiling_cents is None:
        text = translate(lang, "In the guarantee year %(days)s there is no ceiling.", days=words.days(lang, entry.year))
        return {"figures": [], "steps": [], "outcome": "", "gas": [], "text": " ".join([text, *notes])}
    text = translate(
        lang,
        "In the guarantee year %(days)s you pay no more than %(ceiling)s for heat.",
        days=words.days(lang, entry.year),
        ceiling=money(lang, entry.ceiling_cents),
    )
    return {
        "figures": [
            (translate(lang, "Your ceiling this year"), money(lang, entry.ceiling_cents)),
            (translate(lang, "Cost so far"), money(lang, entry.heat_so_far_cents - entry.credit_so_far_cents)),
            (translate(lang, "Credit on this bill"), words.credit(lang, entry.credit_cents)),
        ],
        "steps": words.ceiling_steps(lang, derive_ceiling(terms)),
        "outcome": words.ceiling_outcome(lang, entry),
        "gas": gas_sentences(lang, paper.gas) if paper.gas and paper.gas.year == entry.year else [],
        "text": " ".join([text, *notes]),
    }


def _line(issued: IssuedBill, line: Line, marks: dict[tuple[str, str], str], lang: str) -> PrintedLine:
    source = "allocation" if line.kind is LineKind.ELECTRICITY else "reading"
    rests_on = [(source, line.source_id), ("tariff", line.tariff_id), ("resolution", line.resolution_id)]
    return {
        "text": words.line_name(lang, line, issued),
        "quantity": words.quantity(lang, line),
        "price": words.line_price(lang, line),
        "amount_cents": line.amount_cents,
        "source": [marks[key] for key in rests_on if key in marks],
    }
