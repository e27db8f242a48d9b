"""An offer as a letter: a tagged PDF. Every figure is written here, and the typesetter only places text."""

from __future__ import annotations

from datetime import UTC, date, datetime, time
from pathlib import Path
from typing import Any

from coop.billing.checking import words
from coop.billing.guarantee.derivation import derive_ceiling
from coop.billing.offers import texts as offer_texts
from coop.billing.offers.rules import Offer
from coop.communities.model import Profile
from coop.web.language import translate
from coop.web.typesetting import READABLE, Typesetter
from coop.web.writing import civil_day, money

_TYPESETTER = Typesetter(Path(__file__).resolve().parent / "offer.typ", READABLE)


def offer_pdf(offer: Offer, name: str, sender: Profile, day: date, lang: str) -> bytes:
    """Typeset an offer to somebody; without a name where none is given."""
    return _TYPESETTER.set_paper(write_offer(offer, name, sender, day, lang), datetime.combine(day, time(), UTC))


def write_offer(offer: Offer, name: str, sender: Profile, day: date, lang: str) -> dict[str, Any]:
    """Everything that stands in the letter, as text in the reader's language."""
    steps = words.ceiling_steps(lang, derive_ceiling(offer.promise)) if offer.ceiling_cents is not None else []
    address = (sender.street, f"{sender.postal_code} {sender.city}".strip(), sender.email)
    return {
        "lang": lang,
        "title": translate(lang, "Our offer for heat"),
        "author": sender.name,
        "sender": [line for line in address if line],
        "name": name,
        "day": civil_day(lang, day),
        "facts": offer_texts.offer_facts(lang, offer),
        "steps_title": translate(lang, "How your ceiling follows"),
        "steps": [f"{said} = {amount}" for said, amount in steps],
        "months_title": translate(lang, "Expected bill of each month"),
        "months": [
            (words.period_name(lang, month.days), money(lang, month.total_cents)) for month in offer.year.months
        ],
        "prices_title": translate(lang, "The prices that it rests on"),
        "prices": offer_texts.offer_prices(lang, offer),
        "notes": offer_texts.offer_notes(lang, offer),
    }
