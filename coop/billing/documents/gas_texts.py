"""Gas beside a ceiling, in words: what of it counts, the heat that it gave, and what it would cost now."""

from __future__ import annotations

from decimal import Decimal

from coop.billing.guarantee.gas import GasBenchmark
from coop.web.language import N_, translate
from coop.web.writing import money, number

CONVERSIONS = {
    "rounded": N_("35 m³ of gas for a GJ"),
    "regulator": N_("0.0306 GJ for a m³, as the regulator reckons"),
    "shares-of-gas": N_("a boiler of 94%% and 65%%, by shares of gas"),
    "shares-of-heat": N_("a boiler of 94%% and 65%%, by shares of heat"),
}
"""How heat is made of gas."""


def gas_sentences(lang: str, benchmark: GasBenchmark | None) -> list[str]:
    """Say what of the gas bills counts, and what the same gas is and costs."""
    counts = translate(
        lang,
        "Your gas bills count as you paid them: with tax, standing charge and network, and with the gas that cooked. A"
        " boiler is not in them.",
    )
    if benchmark is None:
        return [counts]
    return [counts, _heat(lang, benchmark), _cost(lang, benchmark)]


def _heat(lang: str, benchmark: GasBenchmark) -> str:
    said = (
        N_("Your %(gas)s m³ a year, of which %(cooking)s m³ cooked, gave %(heat)s GJ of heat (%(conversion)s).")
        if benchmark.cooking_m3
        else N_("Your %(gas)s m³ a year gave %(heat)s GJ of heat (%(conversion)s).")
    )
    return translate(
        lang,
        said,
        gas=number(lang, Decimal(benchmark.gas_m3)),
        cooking=number(lang, Decimal(benchmark.cooking_m3)),
        heat=number(lang, benchmark.heat_gj, 1),
        conversion=translate(lang, CONVERSIONS[benchmark.conversion]),
    )


def _cost(lang: str, benchmark: GasBenchmark) -> str:
    cost = benchmark.cost
    if cost is None:
        return translate(lang, "What that gas would cost in %(year)s is not on file.", year=str(benchmark.prices_of))
    return translate(
        lang,
        "In %(year)s the same gas would cost %(bill)s: %(gas)s with its tax, %(standing)s standing charge and"
        " %(network)s network. With a boiler of your own (%(boiler)s a year) it would be %(all)s.",
        year=str(benchmark.prices_of),
        bill=money(lang, cost.bill_cents),
        gas=money(lang, cost.gas_cents),
        standing=money(lang, cost.standing_cents),
        network=money(lang, cost.network_cents),
        boiler=money(lang, cost.maintenance_cents + cost.boiler_cents),
        all=money(lang, cost.with_boiler_cents),
    )
