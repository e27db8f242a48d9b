"""A proposed tariff's effect in words and pictures: a sentence, the ceilings, and the months as a plot."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from coop.billing.checking import words
from coop.billing.effects.commands import Effects
from coop.billing.effects.rules import Effect, MonthSum
from coop.web import charts
from coop.web.language import N_, translate, translate_counted
from coop.web.writing import civil_day, money, percent

ORDERS = {
    "change": N_("what becomes dearer first"),
    "proposed": N_("the highest bill first"),
    "contract": N_("contract"),
}
"""Orders of the list of everybody, each with its name."""


@dataclass(frozen=True)
class EffectView:
    """The effect on one contract, ready to be shown."""

    effect: Effect
    number: str
    sentence: str
    ceilings: tuple[tuple[str, str], ...]
    months: tuple[tuple[MonthSum | None, MonthSum], ...]
    chart: charts.Chart | None
    notes: tuple[str, ...]


def view_effect(lang: str, effect: Effect, number: str) -> EffectView:
    """The effect on a contract, whose connection has a number that people call it by."""
    pairs = effect.pairs
    sentence = _sentence_of(lang, effect)
    return EffectView(
        effect=effect,
        number=number,
        sentence=sentence,
        ceilings=_ceilings_of(lang, effect),
        months=pairs,
        chart=_draw_months(lang, pairs, sentence) if len(pairs) > 1 else None,
        notes=_notes_of(lang, effect),
    )


def sort_effects(effects: Sequence[Effect], order: str) -> list[Effect]:
    """The effects in one of the orders; what cannot be reckoned comes last."""
    if order == "contract":
        return sorted(effects, key=lambda effect: effect.contract_id)
    if order == "proposed":
        return sorted(effects, key=lambda effect: (-_total_of(effect), effect.contract_id))
    return sorted(
        effects,
        key=lambda effect: (effect.change_cents is None, -(effect.change_cents or 0), effect.contract_id),
    )


def explain_effects(lang: str, told: Effects) -> list[str]:
    """Sentences on what the figures rest on."""
    if told.days is None:
        return []
    use = {"first": words.period_name(lang, told.sources[0]), "last": words.period_name(lang, told.sources[-1])}
    said = [
        translate(
            lang,
            "What was used from %(first)s to %(last)s counts once more, month by month, over %(days)s, with the prices,"
            " VAT and maxima as they are known today. It is reckoned as bills are; if the use is the same, so is the"
            " bill.",
            days=words.days(lang, told.days),
            **use,
        ),
        translate(
            lang,
            "The proposal counts from %(day)s, if everybody is told of it in writing on the day of the meeting.",
            day=civil_day(lang, told.binds_on),
        ),
    ]
    if told.assumed_index:
        said.append(
            translate(
                lang,
                "The price index of %(years)s is not published yet: these ceilings do not rise by it here.",
                years=", ".join(map(str, told.assumed_index)),
            )
        )
    if told.reaches_back:
        said.append(
            translate(lang, "The proposal also counts for months that lie behind. What it corrects there is not in it.")
        )
    return said


def explain_winter(lang: str, told: Effects) -> list[str]:
    """The method of the coldest year, in sentences; one that says what is missing where there is none."""
    winter = told.winter
    if winter is None:
        return [
            translate(
                lang,
                "No degree days are on file, so there is no coldest year. The treasurer enters them under Tariffs.",
            )
        ]
    said = [
        translate(
            lang,
            "The coldest year on file is %(year)s, with %(cold)s weighted degree days; the months that were measured"
            " have %(measured)s. What heats rooms is taken %(factor)s higher, by the normal cold of each month; what"
            " heats tap water stays.",
            year=str(winter.year),
            cold=str(winter.degree_days),
            measured=str(round(winter.degree_days_measured)),
            factor=percent(lang, Decimal(round((winter.factor - 1) * 1000)).scaleb(-3), 1),
        )
    ]
    if not winter.all_on_file:
        said.append(
            translate(lang, "Degree days of some of these months are not on file: normal ones stand in their place.")
        )
    return said


def _total_of(effect: Effect) -> int:
    return effect.proposed.total_cents if effect.proposed else 0


def _sentence_of(lang: str, effect: Effect) -> str:
    """Amounts by which the months become dearer or cheaper."""
    change, proposed = effect.change_cents, effect.proposed
    if proposed is None or not proposed.months:
        return translate(lang, "No whole month of yours was measured yet, so there is nothing to compare.")
    if change is None or effect.without is None:
        return translate(lang, "With the proposal this costs %(amount)s.", amount=money(lang, proposed.total_cents))
    amounts = {
        "proposed": money(lang, proposed.total_cents),
        "now": money(lang, effect.without.total_cents),
        "change": money(lang, abs(change)),
    }
    if change == 0:
        return translate(lang, "With the proposal you pay the same: %(proposed)s.", **amounts)
    if change > 0:
        return translate(
            lang, "With the proposal you pay %(proposed)s in the place of %(now)s: %(change)s more.", **amounts
        )
    return translate(
        lang, "With the proposal you pay %(proposed)s in the place of %(now)s: %(change)s less.", **amounts
    )


def _ceilings_of(lang: str, effect: Effect) -> tuple[tuple[str, str], ...]:
    """Each ceiling that the months touch, and what the guarantee gives back of these months without the proposal and
    with it."""
    without = {ceiling.year: ceiling for ceiling in effect.without.ceilings} if effect.without else {}
    said = []
    for ceiling in effect.ceilings:
        if ceiling.ceiling_cents is None:
            continue
        now = without.get(ceiling.year)
        sentence = translate(
            lang,
            "%(ceiling)s. Heat costs %(heat)s with the proposal, of which %(credit)s is given back.",
            ceiling=money(lang, ceiling.ceiling_cents),
            heat=money(lang, ceiling.heat_cents),
            credit=money(lang, ceiling.credit_cents),
        )
        if now is not None:
            sentence += " " + translate(
                lang,
                "As it is now it costs %(heat)s, of which %(credit)s is given back.",
                heat=money(lang, now.heat_cents),
                credit=money(lang, now.credit_cents),
            )
        heading = translate(lang, "Your ceiling, %(days)s", days=words.days(lang, ceiling.year))
        said.append((heading, sentence))
    return tuple(said)


def _notes_of(lang: str, effect: Effect) -> tuple[str, ...]:
    notes = []
    if effect.refusal is None and not effect.binds:
        said = translate(
            lang, "Your contract does not let a meeting change its tariff: the prices that you have go on."
        )
        notes.append(said)
    if effect.months and not effect.is_whole:
        notes.append(
            translate_counted(
                lang,
                "Only %(num)s month of yours was measured in whole. The ceiling is that of a whole year, so this says"
                " little about what is given back.",
                "Only %(num)s months of yours were measured in whole. The ceiling is that of a whole year, so this says"
                " little about what is given back.",
                len(effect.months),
            )
        )
    return tuple(notes)


def _draw_months(lang: str, pairs: Sequence[tuple[MonthSum | None, MonthSum]], sentence: str) -> charts.Chart:
    """A line of what is to be paid each month, without the proposal and with it."""
    proposed = [Decimal(month.total_cents).scaleb(-2) for _, month in pairs]
    now = [None if month is None else Decimal(month.total_cents).scaleb(-2) for month, _ in pairs]
    series: dict[str, list[Decimal | None]] = {translate(lang, "With the proposal"): [*proposed]}
    if any(amount is not None for amount in now):
        series = {translate(lang, "As it is now"): now, **series}
    return charts.lines(
        title=translate(lang, "To pay each month"),
        sentence=sentence,
        heading=translate(lang, "Month"),
        days=[month.days.start for _, month in pairs],
        series=series,
        unit="€",
        lang=lang,
        digits=2,
    )
