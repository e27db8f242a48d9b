"""Sentences of a paper on its heat beside that of others, of where the heat comes from, and of how to complain."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal

from coop.billing.bills.comparing import GROUP_LEAST, Comparison, Origin
from coop.billing.documents.model import Bar
from coop.billing.model import Issuer
from coop.web.language import translate
from coop.web.writing import number, percent


def draw_bars(compared: Comparison | None, lang: str) -> Sequence[Bar]:
    """Heat of a bill beside that of a year before and of others, as far as it is known."""
    if compared is None:
        return []
    known = (
        (translate(lang, "You, this period"), compared.used_j),
        (translate(lang, "You, a year before"), compared.before_j),
        (translate(lang, "You, a year before at this weather"), compared.before_at_this_weather_j),
        (translate(lang, "Mean of %(count)s others", count=compared.others_count), compared.others_j),
    )
    rows = [(label, amount_j) for label, amount_j in known if amount_j is not None]
    longest = max(amount_j for _, amount_j in rows) or Decimal(1)
    return [
        {"label": label, "value": f"{_gj(lang, amount_j)}\u00a0GJ", "length": round(float(amount_j / longest), 4)}
        for label, amount_j in rows
    ]


def explain(lang: str, compared: Comparison | None) -> list[str]:
    """Notes on what of the comparison needs words, such as what is not on file."""
    if compared is None:
        return [translate(lang, "The heat of exactly these days was not measured, so it is not compared.")]
    said = []
    if compared.before_j is None:
        said.append(translate(lang, "There is no measurement of these days a year before."))
    elif compared.degree_days_now is None or compared.degree_days_before is None:
        said.append(
            translate(lang, "The degree days of both periods are not on file, so last year is not at this weather.")
        )
    else:
        said.append(
            translate(
                lang,
                "Weighted degree days: %(now)s now, %(then)s a year before; a higher number is colder weather.",
                now=number(lang, compared.degree_days_now),
                then=number(lang, compared.degree_days_before),
            )
        )
    if compared.others_j is None:
        said.append(
            translate(
                lang,
                "Fewer than %(least)s others of your kind of connection were measured, so no mean is shown.",
                least=GROUP_LEAST,
            )
        )
    return [" ".join(said)]


def name_origin(lang: str, origin: Origin | None) -> list[str]:
    """Origin of the heat, with where the figures were published."""
    origin = origin or Origin()
    if origin.renewable_share is None:
        renewable = translate(lang, "The share from renewable sources is not on file yet.")
    else:
        renewable = translate(
            lang,
            "%(share)s from renewable sources (%(year)s, %(source)s).",
            share=percent(lang, origin.renewable_share),
            year=origin.renewable_year,
            source=origin.renewable_source,
        )
    if origin.co2_kg_per_gj is None:
        co2 = translate(lang, "The greenhouse gas of the heat is not on file yet.")
    else:
        co2 = translate(
            lang,
            "Greenhouse gas: %(kg)s kg CO2 for each GJ (%(year)s, %(source)s).",
            kg=number(lang, origin.co2_kg_per_gj),
            year=origin.co2_year,
            source=origin.co2_source,
        )
    return [f"{renewable} {co2}"]


def name_way_to_complain(lang: str, issuer: Issuer) -> str:
    """Name whom to write to, and where to go when that does not help.

    Source: docs/domain/duties-to-customers.md#disputes.
    """
    contact = " · ".join(filter(None, (issuer.email, issuer.phone)))
    return translate(
        lang,
        "Write to the board first: %(contact)s. If that does not help, any member can bring it before the meeting. You"
        " have a right to an independent commission as well: Geschillencommissie Energie,"
        " www.degeschillencommissie.nl.",
        contact=contact,
    )


def _gj(lang: str, amount_j: Decimal) -> str:
    return number(lang, amount_j.scaleb(-9), 3)
