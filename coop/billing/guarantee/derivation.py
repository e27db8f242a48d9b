"""The ceiling of a guarantee year step by step, as a member can follow it with a calculator.

Invariant: the steps end where ``ceiling_cents`` ends; what is shown between is rounded for the eye alone.

Source: docs/domain/heat-tariffs-and-guarantee.md#niet-meer-dan-nu (E9).
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction

from coop.billing.guarantee.rules import ceiling_cents, covered_share, reference_eur, restated_eur
from coop.billing.model import Chosen, GuaranteeMode, GuaranteeTerms
from coop.values import Period


@dataclass(frozen=True)
class CountedYear:
    """A year of gas: what was used and paid, its weighted degree days where the weather counts, and what of the amount
    counts at normal weather."""

    year: int
    gas_m3: int
    paid_cents: int
    degree_days: Decimal | None
    counted_cents: int


@dataclass(frozen=True)
class IndexStep:
    """The index factor of a year, and the amount after it."""

    year: int
    factor: Decimal
    after_cents: int


@dataclass(frozen=True)
class Derivation:
    """Steps by which a ceiling follows. ``ceiling_cents`` is None where nothing is promised, and then there are no
    steps."""

    year: Period
    mode: GuaranteeMode
    chosen: Chosen
    counted: tuple[CountedYear, ...]
    normal_degree_days: Decimal | None
    tap_share: Decimal
    mean_cents: int
    indexed: tuple[IndexStep, ...]
    days_covered: int
    covered_share: Fraction
    ceiling_cents: int | None

    @property
    def is_whole_year(self) -> bool:
        """True where the contract covers every day of the year."""
        return self.covered_share == 1


def derive_ceiling(terms: GuaranteeTerms) -> Derivation:
    """Derive the ceiling of a guarantee year from its terms."""
    ceiling = ceiling_cents(terms)
    mean = reference_eur(terms) if ceiling is not None else Fraction(0)
    indexed, amount = [], mean
    for factor in terms.factors:
        amount *= Fraction(factor.value)
        indexed.append(IndexStep(factor.year, factor.value, _cents(amount)))
    degree_days = {figure.year: figure.value for figure in terms.degree_days}
    return Derivation(
        year=terms.year,
        mode=terms.mode,
        chosen=terms.chosen,
        counted=tuple(
            CountedYear(
                paid.year,
                paid.gas_m3,
                paid.amount_cents,
                degree_days.get(paid.year),
                _cents(restated_eur(paid, terms)),
            )
            for paid in terms.reference
        )
        if ceiling is not None
        else (),
        normal_degree_days=terms.normal_degree_days,
        tap_share=terms.tap_share,
        mean_cents=_cents(mean),
        indexed=tuple(indexed),
        days_covered=terms.days_covered,
        covered_share=covered_share(terms),
        ceiling_cents=ceiling,
    )


def _cents(amount_eur: Fraction) -> int:
    cents = amount_eur * 100
    return (2 * cents.numerator + cents.denominator) // (2 * cents.denominator)
