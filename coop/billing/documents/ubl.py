"""A bill as an e-invoice: UBL 2.1 by EN 16931, in the Dutch profile NLCIUS or in Peppol BIS Billing 3.

For organisations alone: the Dutch profile wants the KvK number of the customer, which a private person does not have.
Lines are without VAT, rounded first, and add up exactly; what a bill gives back as a whole is a credit note with the
signs turned round. The Dutch profile advises against the name of an account and the day of the bill that is changed.

Source: docs/domain/payments-and-identifiers.md#e-invoices.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from decimal import Decimal
from fractions import Fraction
from math import floor
from typing import Final, Literal
from xml.etree import ElementTree as Xml

from coop.billing.checking import words
from coop.billing.documents.contents import Frozen, payment_of
from coop.billing.model import Line, VatAmount
from coop.communities.addressee import Addressee
from coop.values import CoopError, say

Profile = Literal["nlcius", "peppol"]

CUSTOMIZATIONS: Final[dict[Profile, str]] = {
    "nlcius": "urn:cen.eu:en16931:2017#compliant#urn:fdc:nen.nl:nlcius:v1.0",
    "peppol": "urn:cen.eu:en16931:2017#compliant#urn:fdc:peppol.eu:2017:poacc:billing:3.0",
}
_PROCESS: Final = "urn:fdc:peppol.eu:2017:poacc:billing:01:1.0"
_KVK: Final = "0106"
"""Scheme of KvK numbers among identifiers of parties (ISO 6523)."""

_UBL: Final = "urn:oasis:names:specification:ubl:schema:xsd:"
_CAC: Final = f"{_UBL}CommonAggregateComponents-2"
_CBC: Final = f"{_UBL}CommonBasicComponents-2"
_UNITS: Final = {"GJ": "GV", "kWh": "KWH", "d": "DAY"}
"""Units of lines by UN/ECE recommendation 20."""

_ONE: Final = "C62"


def ubl_invoice(frozen: Frozen, profile: Profile) -> bytes:
    """Write a bill as an e-invoice.

    Raises:
        CoopError: ``no-e-invoice``, it is for a person, or for an organisation without a KvK number or an address, or
            it has no lines.
    """
    addressee = frozen.addressee
    if not (addressee.is_organisation and addressee.kvk and addressee.lines and addressee.postal_code):
        raise CoopError(
            "no-e-invoice",
            say("an e-invoice is for an organisation whose KvK number and whole address the register has"),
        )
    if not frozen.issued.bill.lines:
        raise CoopError("no-e-invoice", say("a bill without lines, which only settles others, is no e-invoice"))
    issued, inputs = frozen.issued, frozen.issued.inputs
    is_credit = issued.total_cents < 0
    kind, sign = ("CreditNote", -1) if is_credit else ("Invoice", 1)
    root = Xml.Element(f"{{{_UBL}{kind}-2}}{kind}")
    for name, text in (
        ("CustomizationID", CUSTOMIZATIONS[profile]),
        ("ProfileID", _PROCESS),
        ("ID", issued.number),
        ("IssueDate", issued.issued_on.isoformat()),
        ("DueDate", "" if is_credit or frozen.paper.due_on is None else frozen.paper.due_on.isoformat()),
        (f"{kind}TypeCode", "381" if is_credit else "380"),
        ("DocumentCurrencyCode", "EUR"),
        ("BuyerReference", addressee.number or frozen.paper.connection or issued.contract_id),
    ):
        _add(root, name, text)
    days = inputs.consumption.days
    period = _group(root, "InvoicePeriod")
    _add(period, "StartDate", days.start.isoformat())
    _add(period, "EndDate", (days.end - timedelta(days=1)).isoformat())
    if frozen.paper.corrects is not None:
        changed, day = frozen.paper.corrects
        reference = _group(root, "BillingReference", "InvoiceDocumentReference")
        _add(reference, "ID", changed)
        _add(reference, "IssueDate", day.isoformat() if profile == "peppol" else "")
    _add_supplier(root, frozen)
    _add_customer(root, addressee)
    if not is_credit:
        _add_payment(root, frozen, names_account=profile == "peppol")
    _add(_group(root, "PaymentTerms"), "Note", payment_of(issued, frozen.paper, frozen.lang)["text"])
    _add_sums(root, issued.bill.vat, issued.asked_cents, sign)
    for nth, (line, net_cents) in enumerate(net_lines(issued.bill.lines, issued.bill.vat), 1):
        _add_line(root, kind, nth, line, sign * net_cents, sign, words.line_name(frozen.lang, line, issued))
    return _write(root, kind)


def net_lines(lines: Sequence[Line], vat: Sequence[VatAmount]) -> list[tuple[Line, int]]:
    """Lines with their amounts without VAT [cents], which add up to what each rate of the bill has without VAT."""
    nets: dict[int, int] = {}
    for amount in vat:
        of_rate = [nth for nth, line in enumerate(lines) if line.vat_rate == amount.rate]
        exact = {nth: Fraction(lines[nth].amount_cents) / (1 + Fraction(amount.rate)) for nth in of_rate}
        nets |= {nth: floor(value) for nth, value in exact.items()}
        left = amount.excl_cents - sum(nets[nth] for nth in of_rate)
        by_remainder = sorted(of_rate, key=lambda nth, exact=exact: (nets[nth] - exact[nth], nth))  # type: ignore[misc]  # a default binds it
        for nth in by_remainder[:left]:
            nets[nth] += 1
    return [(line, nets[nth]) for nth, line in enumerate(lines)]


def _add_supplier(root: Xml.Element, frozen: Frozen) -> None:
    issuer = frozen.issued.inputs.issuer
    party = _group(root, "AccountingSupplierParty", "Party")
    _add(party, "EndpointID", issuer.kvk, schemeID=_KVK)
    _add_address(party, issuer.street, issuer.city, issuer.postal_code)
    _add_vat_id(party, issuer.vat_id)
    entity = _group(party, "PartyLegalEntity")
    _add(entity, "RegistrationName", issuer.name)
    _add(entity, "CompanyID", issuer.kvk, schemeID=_KVK)
    contact = _group(party, "Contact")
    _add(contact, "Name", issuer.name)
    _add(contact, "Telephone", issuer.phone)
    _add(contact, "ElectronicMail", issuer.email)


def _add_customer(root: Xml.Element, addressee: Addressee) -> None:
    party = _group(root, "AccountingCustomerParty", "Party")
    _add(party, "EndpointID", addressee.kvk, schemeID=_KVK)
    _add_address(party, addressee.street, addressee.city, addressee.postal_code)
    if addressee.vat_id:
        _add_vat_id(party, addressee.vat_id)
    entity = _group(party, "PartyLegalEntity")
    _add(entity, "RegistrationName", addressee.name)
    _add(entity, "CompanyID", addressee.kvk, schemeID=_KVK)


def _add_address(party: Xml.Element, street: str, city: str, postal_code: str) -> None:
    address = _group(party, "PostalAddress")
    _add(address, "StreetName", street)
    _add(address, "CityName", city)
    _add(address, "PostalZone", postal_code)
    _add(_group(address, "Country"), "IdentificationCode", "NL")


def _add_vat_id(party: Xml.Element, vat_id: str) -> None:
    scheme = _group(party, "PartyTaxScheme")
    _add(scheme, "CompanyID", vat_id)
    _add(_group(scheme, "TaxScheme"), "ID", "VAT")


def _add_payment(root: Xml.Element, frozen: Frozen, *, names_account: bool) -> None:
    means, issuer = _group(root, "PaymentMeans"), frozen.issued.inputs.issuer
    _add(means, "PaymentMeansCode", "30")
    _add(means, "PaymentID", frozen.paper.reference)
    account = _group(means, "PayeeFinancialAccount")
    _add(account, "ID", issuer.iban)
    _add(account, "Name", issuer.name if names_account else "")


def _add_sums(root: Xml.Element, vat: Sequence[VatAmount], asked_cents: int, sign: int) -> None:
    total = _group(root, "TaxTotal")
    _add_amount(total, "TaxAmount", sign * sum(amount.vat_cents for amount in vat))
    for amount in vat:
        part = _group(total, "TaxSubtotal")
        _add_amount(part, "TaxableAmount", sign * amount.excl_cents)
        _add_amount(part, "TaxAmount", sign * amount.vat_cents)
        _add_category(part, "TaxCategory", amount.rate)
    excl_cents, incl_cents = (sum(getattr(amount, name) for amount in vat) for name in ("excl_cents", "incl_cents"))
    sums = _group(root, "LegalMonetaryTotal")
    for name, cents in (
        ("LineExtensionAmount", excl_cents),
        ("TaxExclusiveAmount", excl_cents),
        ("TaxInclusiveAmount", incl_cents),
        *((("PrepaidAmount", incl_cents - asked_cents),) if asked_cents != incl_cents else ()),
        ("PayableAmount", asked_cents),
    ):
        _add_amount(sums, name, sign * cents)


def _add_line(root: Xml.Element, kind: str, nth: int, line: Line, net_cents: int, sign: int, name: str) -> None:
    group = _group(root, f"{kind}Line")
    _add(group, "ID", str(nth))
    quantity, unit = _quantity_of(line, net_cents, sign)
    _add(group, "InvoicedQuantity" if kind == "Invoice" else "CreditedQuantity", f"{quantity:f}", unitCode=unit)
    _add_amount(group, "LineExtensionAmount", net_cents)
    period = _group(group, "InvoicePeriod")
    _add(period, "StartDate", line.period.start.isoformat())
    _add(period, "EndDate", (line.period.end - timedelta(days=1)).isoformat())
    item = _group(group, "Item")
    _add(item, "Name", name)
    _add_category(item, "ClassifiedTaxCategory", line.vat_rate)
    price = abs(Decimal(net_cents).scaleb(-2) / quantity).quantize(Decimal("0.00000001"))
    _add(_group(group, "Price"), "PriceAmount", f"{price:f}", currencyID="EUR")


def _quantity_of(line: Line, net_cents: int, sign: int) -> tuple[Decimal, str]:
    """Quantity and its unit; one piece where the amount does not follow from a quantity, as where a price was
    corrected."""
    quantity = sign * line.quantity
    if line.unit in _UNITS and quantity * net_cents > 0:
        return quantity, _UNITS[line.unit]
    return Decimal(1 if net_cents >= 0 else -1), _ONE


def _add_category(parent: Xml.Element, name: str, rate: Decimal) -> None:
    category = _group(parent, name)
    _add(category, "ID", "S" if rate else "Z")
    _add(category, "Percent", f"{(rate * 100).normalize():f}")
    _add(_group(category, "TaxScheme"), "ID", "VAT")


def _add_amount(parent: Xml.Element, name: str, cents: int) -> None:
    _add(parent, name, f"{Decimal(cents).scaleb(-2):.2f}", currencyID="EUR")


def _add(parent: Xml.Element, name: str, text: str, **attributes: str) -> None:
    """Add an element with a text; an empty one is left out."""
    if text:
        Xml.SubElement(parent, f"{{{_CBC}}}{name}", attributes).text = text


def _group(parent: Xml.Element, *names: str) -> Xml.Element:
    for name in names:
        parent = Xml.SubElement(parent, f"{{{_CAC}}}{name}")
    return parent


def _write(root: Xml.Element, kind: str) -> bytes:
    for prefix, uri in (("", f"{_UBL}{kind}-2"), ("cac", _CAC), ("cbc", _CBC)):
        Xml.register_namespace(prefix, uri)
    Xml.indent(root)
    return bytes(Xml.tostring(root, encoding="UTF-8", xml_declaration=True))
