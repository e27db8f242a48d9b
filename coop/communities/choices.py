"""Dated choices of a co-operative: their names, their shapes, and which of them touch money.

No law makes them and no two co-operatives need the same ones. Each is a row from the day it holds, with who set it and,
where it touches money, the resolution that adopted it; a correction is a new row, so that what was computed under the
row before comes out the same again. A founded co-operative begins with those of ``founding.toml``, which name where
each figure comes from.
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from functools import cache
from importlib.resources import files
from typing import Annotated, Any, ClassVar, Final, Literal, TypeVar

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from coop.shapes import problem_of
from coop.values import BadInput, CoopError, Problem, say

Share = Annotated[Decimal, Field(ge=0, lt=1, max_digits=8)]
YesNo = Literal["yes", "no"]
Twelve = Annotated[str, Field(max_length=80, pattern=r"^[0-9]{1,4}( [0-9]{1,4}){11}$")]
"""Twelve whole numbers with a space between, from January to December."""
Series = Annotated[str, Field(min_length=1, max_length=64, pattern=r"^[a-z0-9-]+$")]


class Choice(BaseModel):
    """One choice; ``NAME`` in rows and facts, ``TOUCHES_MONEY`` where only the members' meeting may make it,
    ``TAKES_TWO`` where a second person confirms it: what keeps a wrong bill or reading back is loosened by two."""

    model_config = ConfigDict(frozen=True, extra="forbid")
    NAME: ClassVar[str]
    TOUCHES_MONEY: ClassVar[bool]
    TAKES_TWO: ClassVar[bool] = False


AChoice = TypeVar("AChoice", bound=Choice)


class GuaranteeChoice(Choice):
    """Choice of how Niet Meer Dan Nu is reckoned: series of figures, years of reference, share of gas that heats tap
    water.

    The index factor of a year compares ``index_month`` of it with the same month a year before, and counts from
    ``index_lag_months`` months after the end of that month. A year that a contract covers in part has its share of the
    ceiling by days, or by days for tap water and by the normal degree days of each month for the rest.

    A contract has the choice of the day on which it began, whole: the ``mode`` (plain, weather, or off where nothing is
    promised), the term, the years after which one may stop, and every figure by which its ceiling is reckoned. It is
    promised for the whole term, and a later vote holds for the contracts that begin under it.

    Source: docs/domain/heat-tariffs-and-guarantee.md#niet-meer-dan-nu.
    """

    NAME: ClassVar[str] = "guarantee"
    TOUCHES_MONEY: ClassVar[bool] = True

    index_series: Series
    degree_day_series: Series
    normal_degree_day_series: Series
    reference_years: Annotated[int, Field(ge=1, le=10)]
    tap_share: Share
    index_month: Annotated[int, Field(ge=1, le=12)]
    index_lag_months: Annotated[int, Field(ge=0, le=24)]
    part_of_year: Literal["degree-days", "days"]
    degree_days_by_month: Twelve
    mode: Literal["plain", "weather", "off"] = "plain"
    term_years: Annotated[int, Field(ge=1, le=50)] = 15
    exit_after_years: Annotated[int, Field(ge=0, le=50)] = 5


Euros = Annotated[Decimal, Field(ge=0, le=100_000, max_digits=10, decimal_places=2)]


class GasChoice(Choice):
    """Choice of how gas is set beside heat: which conversion makes heat of it, how much of a home's gas cooks, and what
    a boiler and its maintenance cost an owner a year [EUR incl. VAT]. It is shown beside a ceiling, and decides no
    amount.

    Source: docs/domain/heat-tariffs-and-guarantee.md#gas-reference (E7, E8).
    """

    NAME: ClassVar[str] = "gas"
    TOUCHES_MONEY: ClassVar[bool] = False

    conversion: Literal["rounded", "regulator", "shares-of-gas", "shares-of-heat"]
    cooking_m3: Annotated[int, Field(ge=0, le=1000)]
    boiler_eur: Euros
    boiler_years: Annotated[int, Field(ge=1, le=50)]
    maintenance_eur: Euros


class BrakeChoice(Choice):
    """Choice of when a bill is implausible beside the one before: both thresholds must be passed."""

    NAME: ClassVar[str] = "brakes"
    TOUCHES_MONEY: ClassVar[bool] = False
    TAKES_TWO: ClassVar[bool] = True

    ratio: Annotated[Decimal, Field(gt=1, max_digits=8)]
    difference_cents: Annotated[int, Field(ge=0, le=10_000_000)]


class Limit(BaseModel):
    """The most that a kind of meter can measure [W for energies, l/h for volumes]."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    power_w: Annotated[int, Field(gt=0, le=1_000_000_000)]
    flow_l_per_h: Annotated[int, Field(ge=0, le=1_000_000_000)]


class LimitsChoice(Choice):
    """The most that each kind of meter can measure; above it a value is a fault of reading, not a measurement."""

    NAME: ClassVar[str] = "limits"
    TOUCHES_MONEY: ClassVar[bool] = False
    TAKES_TWO: ClassVar[bool] = True

    heat: Limit
    electricity: Limit
    solar: Limit
    heat_pump: Limit
    source: Limit


class StepsChoice(Choice):
    """Choice of how coarse a register may be [J, Wh, l]: so much more than the limit may show between two stands."""

    NAME: ClassVar[str] = "steps"
    TOUCHES_MONEY: ClassVar[bool] = False
    TAKES_TWO: ClassVar[bool] = True

    heat: Annotated[int, Field(ge=0)]
    cold: Annotated[int, Field(ge=0)]
    electricity_import: Annotated[int, Field(ge=0)]
    electricity_export: Annotated[int, Field(ge=0)]
    volume: Annotated[int, Field(ge=0)]


class TapWaterChoice(Choice):
    """Share of heat that goes to hot water and does not follow the weather [permille].

    Source: docs/domain/heat-tariffs-and-guarantee.md#gas-reference.
    """

    NAME: ClassVar[str] = "tap-water"
    TOUCHES_MONEY: ClassVar[bool] = True

    permille: Annotated[int, Field(ge=0, le=1000)]


class CompletenessChoice(Choice):
    """Gaps that a period may have and still close: between stands [h], and quarter-hours of all shared [permille]."""

    NAME: ClassVar[str] = "completeness"
    TOUCHES_MONEY: ClassVar[bool] = False
    TAKES_TWO: ClassVar[bool] = True

    stand_gap_hours: Annotated[int, Field(ge=1, le=8784)]
    missing_quarters_permille: Annotated[int, Field(ge=0, le=1000)]


class OdditiesChoice(Choice):
    """Choice of when what a meter counted in a month is odd, so that somebody looks at it; it decides no amount.

    Source: docs/domain/metering-formats-and-units.md#odd-meters.
    """

    NAME: ClassVar[str] = "oddities"
    TOUCHES_MONEY: ClassVar[bool] = False

    heat_off_percent: Annotated[int, Field(ge=1, le=100)]
    idle_kelvin: Annotated[int, Field(ge=0, le=30)]
    still_days: Annotated[int, Field(ge=2, le=28)]
    night_permille: Annotated[int, Field(ge=0, le=1000)]


class RetentionChoice(Choice):
    """Months for which detailed use of a member (readings, quarter-hours) opens to who keeps the books; after that it
    opens to the member and the auditor alone, so that every bill can still be walked back.

    Source: GDPR art. 5(1)(e), docs/domain/personal-data.md#how-long.
    """

    NAME: ClassVar[str] = "retention"
    TOUCHES_MONEY: ClassVar[bool] = False

    use_months: Annotated[int, Field(ge=1, le=120)]


class PaymentChoice(Choice):
    """Choice of when what is billed is asked for: with each bill, or as an even amount a month that is settled with the
    last bill of each guarantee year.

    What is below ``least_cents`` is asked for with the next bill. A member may set an amount within ``margin_percent``
    of what is expected. Where what is expected drifts from the amount by more than ``drift_percent``, another amount
    follows, after it was told.
    """

    NAME: ClassVar[str] = "payment"
    TOUCHES_MONEY: ClassVar[bool] = True

    plan: Literal["each-bill", "even"]
    least_cents: Annotated[int, Field(ge=0, le=2500)]
    margin_percent: Annotated[int, Field(ge=0, le=100)]
    drift_percent: Annotated[int, Field(ge=5, le=100)]


class SecondFactorChoice(Choice):
    """Roles that need a second factor beside the password; whoever has none of them may choose to have one."""

    NAME: ClassVar[str] = "second-factor"
    TOUCHES_MONEY: ClassVar[bool] = False
    TAKES_TWO: ClassVar[bool] = True

    board: YesNo
    treasurer: YesNo
    operator: YesNo
    auditor: YesNo
    partner: YesNo

    @property
    def roles(self) -> frozenset[str]:
        """The roles that need one."""
        return frozenset(role for role, needed in self if needed == "yes")


CHOICES: Final[Mapping[str, type[Choice]]] = {
    choice.NAME: choice
    for choice in (
        GuaranteeChoice,
        GasChoice,
        BrakeChoice,
        LimitsChoice,
        StepsChoice,
        TapWaterChoice,
        CompletenessChoice,
        OdditiesChoice,
        RetentionChoice,
        PaymentChoice,
        SecondFactorChoice,
    )
}
"""Every choice there is, by name."""


def read_choice(name: str, value: Mapping[str, Any]) -> Choice:
    """The choice that a row, a form or a resolution says.

    >>> read_choice("brakes", {"ratio": "3", "difference_cents": 10000}).difference_cents
    10000
    >>> read_choice("brakes", {"ratio": "3"})
    Traceback (most recent call last):
    ...
    coop.values.BadInput: difference_cents: is missing

    Raises:
        BadInput: there is no such choice, or its value is not one; every problem at once.
    """
    kind = CHOICES.get(name)
    if kind is None:
        raise BadInput(
            [Problem(say("'%(name)s' is none of %(choices)s", name=name, choices=tuple(CHOICES)), "name")], "bad-choice"
        )
    try:
        return kind.model_validate(value)
    except ValidationError as error:
        findings = error.errors(include_url=False, include_input=False)
        problems = [problem_of(dict(finding)) for finding in findings]
        raise BadInput(problems, "bad-choice") from None


@dataclass(frozen=True)
class DatedChoice:
    """A choice from the first day that it holds, with where its figures come from and what adopted it.

    ``resolution_id`` is empty for one that no meeting adopted, such as those of the founding.
    """

    valid_from: date
    choice: Choice
    source: str
    resolution_id: str = ""


@dataclass(frozen=True)
class RecordedChoice:
    """A choice with who made it and when; ``number`` counts those of a co-operative."""

    number: int
    row: DatedChoice
    recorded_at: datetime
    recorded_by: str


@dataclass(frozen=True)
class Choices:
    """Choices of a co-operative in the order in which they were made."""

    rows: tuple[DatedChoice, ...]

    def on(self, kind: type[AChoice], day: date) -> AChoice:
        """The choice of a kind that holds on a day.

        >>> Choices(founding_choices()).on(TapWaterChoice, date(2026, 1, 1)).permille
        210

        Raises:
            CoopError: ``no-choice``, none does.
        """
        return self.dated_on(kind, day)[1]

    def dated_on(self, kind: type[AChoice], day: date) -> tuple[DatedChoice, AChoice]:
        """The row that holds on a day, and its choice: of those from one day, the one that was made last.

        Raises:
            CoopError: as ``on``.
        """
        in_force: tuple[DatedChoice, AChoice] | None = None
        for row in self.rows:
            if not isinstance(row.choice, kind) or row.valid_from > day:
                continue
            if in_force is None or row.valid_from >= in_force[0].valid_from:
                in_force = row, row.choice
        if in_force is None:
            raise CoopError(
                "no-choice",
                say("the co-operative has made no choice of %(name)s that holds on %(day)s", name=kind.NAME, day=day),
            )
        return in_force


@cache
def founding_choices() -> tuple[DatedChoice, ...]:
    """Every choice with which a co-operative begins.

    >>> [row.choice.NAME for row in founding_choices()][:5]
    ['guarantee', 'gas', 'brakes', 'limits', 'steps']
    """
    rows = tomllib.loads(files(__package__).joinpath("founding.toml").read_text())
    return tuple(
        DatedChoice(row["valid_from"], read_choice(name, row["value"]), row["source"]) for name, row in rows.items()
    )
