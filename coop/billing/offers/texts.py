"""An offer in words and pictures, for the page and the letter alike."""

from __future__ import annotations

from decimal import Decimal

from coop.billing.checking import words
from coop.billing.offers.rules import Offer
from coop.communities.tariff_texts import PERS, component_name
from coop.communities.tariffs import of_class
from coop.web import charts
from coop.web.language import translate
from coop.web.writing import civil_day, money, number, price


def file_name(lang: str) -> str:
    """The name of the letter as a file."""
    return translate(lang, "offer.pdf")


def offer_facts(lang: str, offer: Offer) -> list[tuple[str, str]]:
    """Figures of an offer, each with its name."""
    year = offer.year
    heat_gj = number(lang, offer.heat_j.scaleb(-9), 1)
    facts = [
        (translate(lang, "What you paid for gas, a year on average"), money(lang, offer.gas_cents)),
        (
            translate(lang, "Heat that this makes expected"),
            translate(lang, "%(heat)s GJ in a normal year", heat=heat_gj),
        ),
        (translate(lang, "Expected bills of the first year"), money(lang, year.total_cents)),
        (translate(lang, "That is a month"), money(lang, -(-year.total_cents // 12))),
    ]
    if offer.ceiling_cents is not None:
        facts[1:1] = [(translate(lang, "Your ceiling in the first year"), money(lang, offer.ceiling_cents))]
        facts.append((translate(lang, "Taken off by the guarantee already"), money(lang, year.credit_cents)))
    return facts


def offer_prices(lang: str, offer: Offer) -> list[tuple[str, str]]:
    """The prices that the offer rests on."""
    return [
        (component_name(lang, part.name), f"{price(lang, part.price_eur)} {translate(lang, PERS[part.per])}")
        for part in of_class(offer.tariff.components, offer.contract.customer_class)
    ]


def offer_notes(lang: str, offer: Offer) -> list[str]:
    """Sentences on what an offer rests on, and what it does not promise."""
    days = words.days(lang, offer.promise.year)
    said = [
        translate(
            lang,
            "The first year is %(days)s. The expected heat follows from the gas at normal weather; it is priced by the"
            " tariff of %(tariff)s, as every bill is.",
            days=days,
            tariff=civil_day(lang, offer.tariff.valid_from),
        )
    ]
    if offer.ceiling_cents is None:
        said.append(translate(lang, "No guarantee is promised."))
    else:
        said.append(
            translate(
                lang,
                "The ceiling holds whatever the heat comes to: you never pay more for heat in a guarantee year. From"
                " the second year it follows the price index. The expected bill is no promise.",
            )
        )
    said.append(translate(lang, "Shared electricity, and what a meeting decides later, are not in it."))
    return said


def draw_offer(lang: str, offer: Offer) -> charts.Chart:
    """Bars of the expected bill of each month."""
    months = offer.year.months
    return charts.bars(
        title=translate(lang, "Expected bill of each month"),
        sentence=translate(lang, "In the first year together %(total)s.", total=money(lang, offer.year.total_cents)),
        heading=translate(lang, "Month"),
        labels=[words.period_name(lang, month.days) for month in months],
        series={translate(lang, "To pay"): [Decimal(max(0, month.total_cents)).scaleb(-2) for month in months]},
        unit="€",
        lang=lang,
        digits=2,
    )
