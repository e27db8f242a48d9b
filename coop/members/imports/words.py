"""Headings and words of the register's files, in every language that pages speak.

A list that was downloaded can be changed in a spreadsheet and read back, whatever language it was downloaded in.
"""

from __future__ import annotations

from functools import lru_cache

from coop.communities.tariffs import CLASSES
from coop.members.connections.model import CONNECTION_KINDS
from coop.members.imports.formats.register_files import Vocabulary, plain_heading
from coop.members.register.model import MEMBER_KINDS
from coop.web.catalogs import languages
from coop.web.language import N_, gettext

LABELS = {
    "members": {
        "number": N_("Number"),
        "kind": N_("Kind"),
        "name": N_("Name"),
        "joined_on": N_("Member since"),
        "id": "Id",
        "email": N_("E-mail address"),
        "address": N_("Address"),
        "postcode": N_("Postcode"),
        "city": N_("City"),
        "left_on": N_("Left on"),
        "votes": N_("Votes"),
        "kvk": N_("KvK number"),
        "vat_id": N_("VAT id"),
    },
    "connections": {
        "number": N_("Number"),
        "building": N_("Building"),
        "kind": N_("Kind"),
        "address": N_("Address"),
        "id": "Id",
        "ean": N_("EAN code"),
        "home_equivalents": N_("Home equivalents"),
        "users": N_("Users behind it"),
    },
    "occupancies": {
        "connection": N_("Connection"),
        "member": N_("Member"),
        "opened_on": N_("From"),
        "closed_on": N_("Ended from"),
    },
    "contracts": {
        "number": N_("Number"),
        "member": N_("Member"),
        "connection": N_("Connection"),
        "starts_on": N_("From"),
        "id": "Id",
        "ends_on": N_("Ended from"),
        "tariff_clause": N_("Clause that allows tariff changes"),
        "customer_class": N_("What is supplied"),
        "payer": N_("Who pays"),
        "joint": N_("Joint holders"),
    },
}
"""The heading of each column of each kind of file."""

KIND_WORDS = {"members": MEMBER_KINDS, "connections": CONNECTION_KINDS, "contracts": CLASSES}
"""The words that the column ``kind`` takes, by kind of file; ``register.texts`` names them for translation."""


@lru_cache(maxsize=1)
def vocabulary() -> Vocabulary:
    """The headings and words of all languages."""
    return Vocabulary(
        {
            kind: {plain_heading(gettext(lang, label)): name for lang in languages() for name, label in labels.items()}
            for kind, labels in LABELS.items()
        },
        {
            kind: {gettext(lang, word).casefold(): word for lang in languages() for word in words}
            for kind, words in KIND_WORDS.items()
        },
    )


def label_of(lang: str, kind: str, field: str) -> str:
    """The heading of a column in the reader's language, also that of a gas bill.

    >>> label_of("en", "contracts", "gas_2024_m3"), label_of("en", "members", "name")
    ('Gas 2024 [m³]', 'Name')
    """
    label = LABELS[kind].get(field)
    if label is None:
        _, year, unit = field.split("_")
        return gettext(lang, "Gas") + f" {year} [{'m³' if unit == 'm3' else 'EUR'}]"
    return gettext(lang, label)
