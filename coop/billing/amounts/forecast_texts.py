"""Forecasts in words: where a guarantee year ends, and what that rests on."""

from __future__ import annotations

from collections.abc import Sequence

from coop.billing.amounts.forecasting import Forecast
from coop.web.language import N_, translate
from coop.web.writing import euros

BASES = {
    "last-year": N_("the same days last year, at normal weather"),
    "use-so-far": N_("your use of the last twelve months, at normal weather"),
    "gas-bills": N_("the gas of your gas bills, at normal weather"),
}
"""What the heat that is expected rests on."""


def whole_euros(lang: str, cents: int) -> str:
    """An amount that is about so much: without cents.

    >>> whole_euros("en", 123450), whole_euros("en", -49)
    ('€1,235', '€0')
    """
    return euros(lang, (cents + 50) // 100 * 100)


def forecast_sentence(lang: str, made: Forecast) -> str:
    """Say in one sentence where a guarantee year ends."""
    if made.ceiling_cents is None:
        return translate(
            lang,
            "You will end this guarantee year at about %(cost)s for heat.",
            cost=whole_euros(lang, made.heat_cents),
        )
    if made.credit_cents:
        return translate(
            lang,
            "Heat would come to about %(heat)s in this guarantee year. You will not pay more than your ceiling of"
            " %(ceiling)s: about %(credit)s is given back.",
            heat=whole_euros(lang, made.heat_cents),
            ceiling=whole_euros(lang, made.ceiling_cents),
            credit=whole_euros(lang, made.credit_cents),
        )
    return translate(
        lang,
        "You will end this guarantee year at about %(cost)s for heat, about %(room)s under your ceiling.",
        cost=whole_euros(lang, made.heat_cents),
        room=whole_euros(lang, made.ceiling_cents - made.heat_cents),
    )


def spread_sentence(lang: str, made: Forecast) -> str:
    """Say what everything together is a month."""
    return translate(
        lang,
        "Together with what does not count towards the ceiling that is about %(total)s, or %(month)s a month.",
        total=whole_euros(lang, made.total_cents),
        month=whole_euros(lang, made.month_cents),
    )


def list_bases(lang: str, made: Forecast) -> Sequence[str]:
    """Name what the months rest on, each once."""
    return [translate(lang, BASES[basis]) for basis in dict.fromkeys(month.basis for month in made.expected)]
