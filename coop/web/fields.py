"""Names of fields as people call them, for the list of what is wrong with a form or a file."""

from __future__ import annotations

from typing import Final

from coop.web.language import N_, gettext

LABELS: Final = {
    "address": N_("Address"),
    "account": N_("Account"),
    "amount_cents": N_("Amount"),
    "article": N_("Article"),
    "budget_cents": N_("Budget"),
    "choice": N_("Vote"),
    "city": N_("City"),
    "components": N_("Parts of the tariff"),
    "connection": N_("Connection"),
    "contract": N_("Contract"),
    "convened_on": N_("Day of the notice"),
    "cost_cents": N_("Cost"),
    "deadline": N_("Deadline"),
    "decided_on": N_("Day of the decision"),
    "email": N_("E-mail address"),
    "evidence": N_("Papers"),
    "file": N_("File"),
    "group_id": N_("Sharing group"),
    "held_on": N_("Day of the meeting"),
    "holder": N_("Holder of the proxy"),
    "iban": N_("IBAN"),
    "installed_on": N_("Day of hanging"),
    "issued_on": N_("Day of issue"),
    "joined_on": N_("First day as a member"),
    "kind": N_("Kind"),
    "language": N_("Language"),
    "left_on": N_("First day without membership"),
    "logo": N_("Logo"),
    "majority": N_("Majority"),
    "member": N_("Member"),
    "member_id": N_("Member"),
    "meters": N_("Meters"),
    "moved_on": N_("Day of the move"),
    "name": N_("Name"),
    "number": N_("Number"),
    "paper": N_("Paper"),
    "period": N_("Period"),
    "phase_id": N_("Phase"),
    "place": N_("Place"),
    "price": N_("Price"),
    "producers": N_("Meters that produce"),
    "proxy_holder": N_("Holder of the proxy"),
    "quorum": N_("Quorum"),
    "reached_on": N_("Reached on"),
    "reason": N_("Reason"),
    "removed_on": N_("Day of taking away"),
    "resolution_id": N_("Resolution"),
    "resolutions": N_("Agenda"),
    "role": N_("Role"),
    "serial": N_("Number of the meter"),
    "share": N_("Share"),
    "signed_on": N_("Signed on"),
    "source": N_("Source"),
    "time": N_("Time"),
    "valid_from": N_("In force from"),
    "valid_until": N_("In force until"),
    "vat": N_("VAT"),
    "votes": N_("Votes"),
    "weights": N_("Weights"),
}


def name_field(lang: str, field: str) -> str:
    """The name of a field in the reader's language: of the last part of its path that has one, else as it is written.

    >>> name_field("en", "rules.0.majority"), name_field("en", "heat [GJ]")
    ('Majority', 'heat [GJ]')
    """
    label = next((LABELS[part] for part in reversed(field.split(".")) if part in LABELS), None)
    return gettext(lang, label) if label else field
