"""Words of each brake: its name, a sentence with its figures, and where to look."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import NamedTuple

from coop.billing.brake import Brake, BrakeFigure, FigureUnit
from coop.values import Period
from coop.web.language import N_, translate
from coop.web.writing import civil_day, money, number, percent, price
from coop.web.writing import period as period_name


class BrakeText(NamedTuple):
    """Name of a kind of brake, what it says, and what to look at."""

    name: str
    sentence: str
    advice: str


BRAKES = {
    "no-contract": BrakeText(
        N_("Energy without a contract"),
        N_("Somebody used energy in %(period)s on this connection, and no contract covers it."),
        N_("Look in the register whether a contract was forgotten, or a meter hangs at the wrong connection."),
    ),
    "use-outside-contract": BrakeText(
        N_("Energy outside the days of a contract"),
        N_("%(now)s were used in %(period)s; the contract runs from %(start)s, and its last word is %(end)s."),
        N_("Look whether the day of moving is right, and who lives there now."),
    ),
    "unpriced": BrakeText(
        N_("Measured, but no tariff prices it"),
        N_("%(quantity)s was measured in %(period)s, and no tariff has a price for it."),
        N_("Look whether the meter is of the right kind, or whether the meeting has to vote a price."),
    ),
    "no-reading": BrakeText(
        N_("No heat reading"),
        N_("No heat was measured in %(period)s for this contract."),
        N_("Look whether the meter reports, and hangs at this connection."),
    ),
    "clock-change": BrakeText(
        N_("An hour too many or too few"),
        N_("%(count)s of %(of)s readings begin or end an hour beside midnight."),
        N_("Look at the readings around the change of summer time: an hour is missing or counted twice."),
    ),
    "swap-without-stands": BrakeText(
        N_("Meter swapped without stands"),
        N_("Meter %(old)s was read until %(start)s, and meter %(new)s only from %(end)s."),
        N_("Look for the note of the fitter: enter the last stand of the old meter and the first of the new one."),
    ),
    "many-estimated": BrakeText(
        N_("Many estimated readings"),
        N_("%(count)s of %(of)s readings were reckoned, not read."),
        N_("Look whether a gateway is silent; it is better to wait for real readings."),
    ),
    "negative-energy": BrakeText(
        N_("Energy below zero"),
        N_("%(count)s members used less than nothing in %(period)s."),
        N_("Look at the stands: a sign was turned, or a register ran backwards."),
    ),
    "unit-times-3.6": BrakeText(
        N_("Heat 3.6 times too high"),
        N_("%(count)s of %(of)s members use 3.6 times as much for this weather: %(now)s, the month before %(before)s."),
        N_("Look at the unit of these meters: MWh was perhaps read as GJ, or GJ converted twice."),
    ),
    "unit-by-3.6": BrakeText(
        N_("Heat 3.6 times too low"),
        N_("%(count)s of %(of)s members use a 3.6th for this weather: %(now)s, the month before %(before)s."),
        N_("Look at the unit of these meters: GJ was perhaps read as MWh."),
    ),
    "unit-thousandfold": BrakeText(
        N_("Heat a thousand times off"),
        N_("%(count)s of %(of)s members jump a hundredfold or more: %(now)s, the month before %(before)s."),
        N_("Look at the unit of these meters: kWh for MWh, or MJ for GJ."),
    ),
    "heat-total-off": BrakeText(
        N_("Heat of all far from the month before"),
        N_("All together use %(now)s, the month before %(before)s; for this weather that is %(times)s as much."),
        N_("Look at the readings of the whole month before you issue bills."),
    ),
    "too-much-heat": BrakeText(
        N_("More heat than a connection can take"),
        N_("%(count)s bills; the largest has %(now)s in %(days)s days, where %(most)s is the most one can use."),
        N_("Look at the stands and the unit of these meters."),
    ),
    "first-bills-far-from-gas": BrakeText(
        N_("First bills far from the gas of before"),
        N_("%(count)s first bills have %(now)s together; the gas bills make %(likely)s likely."),
        N_("Look at the unit of the meters, and at the gas bills that were entered."),
    ),
    "same-energy": BrakeText(
        N_("The same heat as the month before"),
        N_("%(count)s of %(of)s members used exactly what they used the month before."),
        N_("Look whether one month was read twice."),
    ),
    "many-without-heat": BrakeText(
        N_("Many bills without heat"),
        N_("%(count)s of %(of)s bills have no heat at all."),
        N_("Look whether meters or a gateway stand still."),
    ),
    "shared-total-off": BrakeText(
        N_("Shared electricity far from the month before"),
        N_("%(now)s were shared, the month before %(before)s: %(times)s as much."),
        N_("Look at the meter of the roof and its unit."),
    ),
    "too-much-shared": BrakeText(
        N_("More shared electricity than a home can use"),
        N_("%(count)s bills; the largest has %(now)s in %(days)s days, where %(most)s is the most."),
        N_("Look at the meter of the roof and at the key by which it is shared."),
    ),
    "implausible-difference": BrakeText(
        N_("Unlikely beside the bill before"),
        N_("%(now)s where %(likely)s was likely."),
        N_("Look at the stands of this meter, and ask the member."),
    ),
    "first-bill-off": BrakeText(
        N_("First bill far above the others"),
        N_("%(now)s, where a middle bill of this run has %(likely)s for as many days."),
        N_("Look at the first stand of this meter and at its unit."),
    ),
    "cost-total-off": BrakeText(
        N_("Total far from the month before"),
        N_("%(count)s members pay %(now)s, the month before %(before)s: %(times)s as much a day."),
        N_("Look at prices and readings of the whole month."),
    ),
    "off-last-year": BrakeText(
        N_("Total far from the year before"),
        N_("%(count)s members pay %(now)s, in the same days of the year before %(before)s: %(times)s as much."),
        N_("Look at prices and readings of the whole month."),
    ),
    "many-credit-bills": BrakeText(
        N_("Many bills pay the member"),
        N_("%(count)s of %(of)s bills are below zero."),
        N_("Look at the ceilings and at the sign of the readings."),
    ),
    "much-credit": BrakeText(
        N_("Most of the cost is given back"),
        N_("%(credit)s of %(cost)s is given back under the guarantee, %(share)s."),
        N_("Look at the index figure, the gas bills and the ceilings."),
    ),
    "one-share": BrakeText(
        N_("One member bears much of all"),
        N_("%(cost)s is %(share)s of the run; the month before it was %(before)s."),
        N_("Look at the stands of this meter."),
    ),
    "fewer-bills": BrakeText(
        N_("Fewer bills than the month before"),
        N_("%(now)s bills, the month before %(before)s."),
        N_("Look in the register whether contracts were ended by mistake."),
    ),
    "same-bill": BrakeText(
        N_("One home billed twice"),
        N_("%(count)s bills of one member have the same days and the same heat, %(cost)s each."),
        N_("Look whether a contract was entered twice."),
    ),
    "much-corrected": BrakeText(
        N_("Corrections are large"),
        N_("%(count)s corrections move %(now)s of %(before)s that was billed."),
        N_("Look at what caused the corrections before you send so many."),
    ),
    "negative-line": BrakeText(
        N_("A line below zero"),
        N_("%(count)s lines are below zero; the lowest is %(now)s."),
        N_("Look at the sign of the readings and prices."),
    ),
    "taken-back": BrakeText(
        N_("More taken back than was billed"),
        N_("%(count)s corrections; the largest takes back %(now)s of %(before)s that was billed."),
        N_("Look at the sign of the new readings."),
    ),
    "ceiling-moved": BrakeText(
        N_("Ceilings moved far"),
        N_("%(count)s ceilings; the one that moved most is %(now)s and was %(before)s."),
        N_("Look at the index figure and at the gas bills that were corrected."),
    ),
    "ceiling-gone": BrakeText(
        N_("Ceilings are gone"),
        N_("%(count)s contracts had a ceiling and have none now."),
        N_("Look at the guarantee of the tariff and at the gas bills."),
    ),
    "index-off": BrakeText(
        N_("Index figure far off"),
        N_("The index factor of %(year)s is on file as %(value)s."),
        N_("Look the figure up with its publisher, and correct it under Tariffs."),
    ),
    "index-repeated": BrakeText(
        N_("Index figure of another year"),
        N_("The index factor of %(year)s is exactly that of %(before)s, %(value)s."),
        N_("Look the figure up with its publisher, and correct it under Tariffs."),
    ),
    "stale-tariff": BrakeText(
        N_("Bills by an old tariff"),
        N_("%(count)s bills go by an older tariff than that of %(since)s, for nobody wrote to these members."),
        N_("Look under Tariffs whom the notice reached, and send it first."),
    ),
    "price-jump": BrakeText(
        N_("The price of heat jumps"),
        N_("%(count)s members pay %(now)s per GJ, and paid %(before)s on the bill before."),
        N_("Look whether the meeting voted this price."),
    ),
    "price-unvoted": BrakeText(
        N_("Dearer than was voted"),
        N_("%(count)s bills have a price above what the meeting voted."),
        N_("Issue nothing, and ask the operator to verify what was stored."),
    ),
    "other-vat": BrakeText(
        N_("VAT is not what the law says"),
        N_("%(count)s bills have %(rate)s VAT where the law has %(lawful)s."),
        N_("Issue nothing, and ask the operator for the newest law."),
    ),
    "without-maximum": BrakeText(
        N_("A home outside the protection of the law"),
        N_("From %(since)s on it pays as a connection above 100 kW, for which the law sets no maximum price."),
        N_("Look in the register whether this connection really has more than 100 kW; hardly any home has."),
    ),
    "two-contracts": BrakeText(
        N_("Two contracts on one connection"),
        N_("Two contracts cover the same %(days)s days from %(start)s."),
        N_("Look when the one ended and the other began."),
    ),
    "member-left": BrakeText(
        N_("Bill of somebody who left"),
        N_("The membership ended on %(left)s, and the contract goes on."),
        N_("Look in the register whether the contract has to end as well."),
    ),
    "double-period": BrakeText(
        N_("Days billed already"),
        N_("%(days)s days from %(start)s are part of %(period)s, which is billed."),
        N_("Look which of the two periods is right; do not issue both."),
    ),
    "gap": BrakeText(
        N_("Days between were never billed"),
        N_("%(count)s contracts run from %(start)s to %(last)s, which nobody has billed."),
        N_("Bill the periods in their order."),
    ),
}
"""Every kind of brake by its code."""


def brake_name(lang: str, caught: Brake) -> str:
    """Name of the kind of a brake."""
    return translate(lang, BRAKES[caught.code].name)


def brake_sentence(lang: str, caught: Brake) -> str:
    """Reason why a run stops, with the figures."""
    figures = {name: _say(lang, figure) for name, figure in caught.figures}
    return translate(lang, BRAKES[caught.code].sentence, **figures)


def brake_advice(lang: str, caught: Brake) -> str:
    """Place to look."""
    return translate(lang, BRAKES[caught.code].advice)


def _say(lang: str, figure: BrakeFigure) -> str:
    value = figure.value
    match figure.unit:
        case FigureUnit.CENTS:
            return money(lang, int(value))
        case FigureUnit.GJ:
            return f"{number(lang, Decimal(value), 2)} GJ"
        case FigureUnit.KWH:
            return f"{number(lang, Decimal(value), 0)} kWh"
        case FigureUnit.COUNT | FigureUnit.NUMBER:
            return number(lang, Decimal(value))
        case FigureUnit.PERCENT:
            return percent(lang, Decimal(value))
        case FigureUnit.TIMES:
            return f"{number(lang, Decimal(value), 2)} ×"
        case FigureUnit.PRICE:
            return price(lang, Decimal(value))
        case FigureUnit.DAY:
            return civil_day(lang, date.fromisoformat(value))
        case FigureUnit.PERIOD:
            return period_name(lang, Period.parse(value))
    return value
