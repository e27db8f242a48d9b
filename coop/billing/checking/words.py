"""Words of billing on pages and paper, in the reader's language."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import timedelta
from decimal import Decimal

from coop.billing.bills.drafts import LeftOut
from coop.billing.bills.paper import SharedUse
from coop.billing.bills.store import IssuedBill
from coop.billing.checking.verify import Reference
from coop.billing.guarantee.derivation import Derivation
from coop.billing.model import GuaranteeEntry, GuaranteeMode, Line, LineKind, Promise
from coop.communities.tariff_texts import ACCOUNT_NAMES, PERS, component_name
from coop.communities.tariffs import Component
from coop.events.billing import NoticePrice
from coop.events.causes import read_cause
from coop.values import Period
from coop.web.language import N_, translate
from coop.web.writing import civil_day, money, month, number, percent, price, speak

KINDS = {
    LineKind.HEAT: N_("Heat"),
    LineKind.COLD: N_("Cold"),
    LineKind.STANDING: N_("Standing charge"),
    LineKind.METERING: N_("Metering charge"),
    LineKind.DELIVERY_SET: N_("Delivery set"),
    LineKind.CONNECTION: N_("Connection contribution"),
    LineKind.SERVICES: N_("Services"),
    LineKind.ELECTRICITY: N_("Shared electricity"),
    LineKind.GUARANTEE: N_("Credit under Not More Than Now"),
}

NOTES = {
    "split-by-degree-days": N_(
        "Split by how cold it usually is, tap water by days: two tariffs, contracts or guarantee years meet where"
        " nobody read the meter."
    ),
    "split-by-stands": N_(
        "Split by what your meter said around the midnight on which price, contract or ceiling changed."
    ),
    "split-between-stands": N_(
        "Split between the two nearest readings of your meter by how cold it usually is, tap water by days: nobody read"
        " it at the midnight on which price, contract or ceiling changed."
    ),
    "split-by-days": N_("Split by days, because two tariffs, contracts or guarantee years meet in this month."),
    "estimated": N_("Estimated: at least one stand was not read but reckoned."),
    "fewer-reference-years": N_("The ceiling rests on fewer than four years of gas bills."),
    "no-reference": N_("There are no gas bills on file, so there is no ceiling."),
    "guarantee-off": N_("No guarantee was promised when this contract began."),
    "guarantee-over": N_("The term of the guarantee is over."),
    "without-maximum": N_(
        "This connection counts as one above 100 kW: the maximum prices of the law do not hold for it. Is that not"
        " right? Tell the board."
    ),
    "capped": N_("Held to the most that this part may cost in a year."),
    "shortened-year": N_("The guarantee year was cut short, so the ceiling has its share of the days and their cold."),
}

TITLES = {
    "bill": N_("Bill"),
    "advance": N_("Bill with your monthly amount"),
    "monthly": N_("Monthly bill"),
    "settlement": N_("Yearly settlement"),
    "final": N_("Final bill"),
    "correction": N_("Correction bill"),
    "credit": N_("Credit note"),
}
"""What each kind of bill is called."""

QUALITIES = {
    "measured": N_("read by the meter"),
    "customer": N_("read by you"),
    "estimated": N_("estimated"),
    "corrected": N_("corrected"),
    "missing": N_("missing"),
}
"""Way in which a stand came to be."""

MOVES = {
    "cost": N_("heat on a bill"),
    "gas-bills": N_("the gas bills"),
    "index": N_("the price index"),
    "degree-days": N_("the degree days"),
    "end": N_("the end of the contract"),
    "choice": N_("how the guarantee is reckoned"),
}
"""What may move in a guarantee year."""

CAUSES = (
    N_("the days of the contract changed"),
    N_("the ceiling changed"),
    N_("another tariff binds"),
    N_("the law sets another price"),
    N_("the days of a tariff changed"),
)

REFUSALS = {
    "period-incomplete": N_("Metering has not closed this period yet, or not every fact of it has come."),
    "no-tariff": N_(
        "No tariff binds on every day of this period. A tariff needs a resolution of the members' meeting."
    ),
    "bad-date": N_("These bills cannot have today's date: the period has not ended."),
    "tariff-not-voted": N_("A tariff is not what a meeting adopted. Ask the operator to verify what was stored."),
    "figure-missing": N_("A ceiling follows a published figure that is not on file. Enter it under Tariffs."),
}

LEFT_OUT = {
    "ended": N_("The contract ended on %(day)s."),
    "begins": N_("The contract begins on %(day)s."),
}

STATUSES = {
    "preview": (N_("Ready"), "busy"),
    "drafted": (N_("Drafted, waits for you"), "busy"),
    "held": (N_("Held by its brakes"), "warn"),
    "issued": (N_("Issued"), "good"),
    "incomplete": (N_("Incomplete"), "plain"),
}

ACCOUNTS = {
    "debtors": N_("Members owe"),
    **{f"revenue:{account}": name for account, name in ACCOUNT_NAMES.items()},
    "vat-payable": N_("VAT to be paid"),
    "guarantee-cost": N_("Cost of Not More Than Now"),
    "subsidy-receivable": N_("Subsidy to be received"),
    "subsidy-advances": N_("Subsidy received in advance"),
}


ADOPTS = {
    "key": N_("The resolution that adopted the sharing key"),
    "tariff": N_("The resolution that adopted the tariff"),
    "guarantee": N_("The resolution that adopted how Niet Meer Dan Nu is reckoned"),
}

CHANNELS = {"letter": N_("letter"), "e-mail": N_("e-mail"), "mail": N_("e-mail"), "by-hand": N_("handed over")}
"""How a notice was sent; ``mail`` where it went out from here."""

STEPS = {"reading": "record", "allocation": "plain", "tariff": "plain", "resolution": "now", "bill": "done"}
"""Shape of each kind of step on the way back from a line of a bill."""

SERIES = {
    "cpi-households": N_("Price index of household consumption, yearly factor"),
    "wdd": N_("Weighted degree days of a year"),
    "wdd-normal": N_("Normal weighted degree days"),
    "wdd-01": N_("Weighted degree days of January"),
    "wdd-02": N_("Weighted degree days of February"),
    "wdd-03": N_("Weighted degree days of March"),
    "wdd-04": N_("Weighted degree days of April"),
    "wdd-05": N_("Weighted degree days of May"),
    "wdd-06": N_("Weighted degree days of June"),
    "wdd-07": N_("Weighted degree days of July"),
    "wdd-08": N_("Weighted degree days of August"),
    "wdd-09": N_("Weighted degree days of September"),
    "wdd-10": N_("Weighted degree days of October"),
    "wdd-11": N_("Weighted degree days of November"),
    "wdd-12": N_("Weighted degree days of December"),
    "co2-kg-per-gj": N_("Greenhouse gas of the heat, kg CO2 per GJ"),
    "renewable-share": N_("Share of the heat from renewable sources, such as 0.85"),
    "gas-price": N_("Price of gas without tax and VAT, € per m³"),
    "gas-tax": N_("Energy tax on gas without VAT, € per m³"),
    "gas-standing": N_("Standing charge for gas incl. VAT, € a year"),
    "gas-network": N_("Network charge for gas incl. VAT, € a year"),
}
"""Published figures that ceilings follow, and that bills compare and explain with."""


def kind_name(lang: str, line: Line) -> str:
    """Name of what a line is for: the component that it prices; a credit that is taken back says so."""
    if line.kind is LineKind.GUARANTEE and line.amount_cents > 0:
        return translate(lang, "Credit under Not More Than Now, taken back")
    return component_name(lang, line.component) if line.component else translate(lang, KINDS[line.kind])


def line_name(lang: str, line: Line, issued: IssuedBill) -> str:
    """Name of what a line is for, with its days where they are not those of the whole bill."""
    name = kind_name(lang, line)
    return name if line.period == issued.inputs.consumption.days else f"{name}, {days(lang, line.period)}"


def entry_causes(lang: str, causes: Iterable[str]) -> str:
    """Say what an entry of the account of a guarantee year moved."""
    return ", ".join(translate(lang, MOVES[cause]) for cause in causes)


def credit(lang: str, cents: int) -> str:
    """An amount that the guarantee gives back; one below nothing is taken back.

    >>> credit("en", 3800), credit("en", -3800)
    ('€38.00', '€38.00 taken back')
    """
    return money(lang, cents) if cents >= 0 else translate(lang, "%(amount)s taken back", amount=money(lang, -cents))


def quantity(lang: str, line: Line) -> str:
    """Quantity in its unit."""
    if line.kind is LineKind.GUARANTEE or line.per == "once":
        return ""
    if line.per == "year":
        return translate(lang, "%(count)s days", count=number(lang, line.quantity))
    return f"{number(lang, line.quantity, 3)}\u00a0{line.unit}"


def line_price(lang: str, line: Line) -> str:
    """At what price, incl. VAT."""
    if line.kind is LineKind.GUARANTEE:
        return ""
    return f"{price(lang, line.price_eur)} {translate(lang, PERS[line.per])}"


def line_notes(lang: str, issued: IssuedBill) -> Iterable[str]:
    """Notes that a reader should know of the lines of a bill, each once, with the lines that it is about."""
    lines = issued.bill.lines
    for note in dict.fromkeys(note for line in lines for note in line.notes):
        about = dict.fromkeys(kind_name(lang, line) for line in lines if note in line.notes)
        yield f"{', '.join(about)}: {translate(lang, NOTES[note])}"


def quality(lang: str, name: str) -> str:
    """Way in which a stand came to be."""
    return translate(lang, QUALITIES.get(name, name))


def shared_use(lang: str, use: SharedUse) -> str:
    """Say how much of the electricity that was used was shared."""
    return translate(
        lang,
        "Of the %(used)s kWh that you used, %(shared)s kWh came from the shared roofs.",
        used=number(lang, Decimal(use.consumed_wh).scaleb(-3), 3),
        shared=number(lang, Decimal(use.allocated_wh).scaleb(-3), 3),
    )


def promise_sentence(lang: str, promise: Promise) -> str:
    """Until when a ceiling is promised, from when on the member may stop, and what of it a meeting may change.

    Source: docs/domain/law-and-co-operative.md#leaving-the-heat-contract.
    """
    exit_on = civil_day(lang, promise.exit_on)
    promised = translate(
        lang,
        "Not More Than Now is promised to you until %(last)s, whatever is voted; from %(exit)s on you may stop.",
        last=civil_day(lang, promise.ends_on - timedelta(days=1)),
        exit=exit_on,
    )
    sooner = translate(
        lang,
        "Who stops before %(exit)s ends the guarantee before its agreed term. By law you may end the supply all the"
        " same, in writing (Warmtewet art. 3c); a contract after that has the promise of its own first day.",
        exit=exit_on,
    )
    meeting = translate(
        lang,
        "A meeting may change prices, which bind you once you were told in writing. It cannot take from you the"
        " promise, its term, its kind, or how your ceiling is reckoned.",
    )
    return f"{promised} {sooner} {meeting}"


def ceiling_steps(lang: str, derived: Derivation) -> list[tuple[str, str]]:
    """Steps by which a ceiling follows: a sentence, and the amount after it."""
    if derived.ceiling_cents is None:
        return []
    counted = "; ".join(f"{paid.year} {money(lang, paid.counted_cents)}" for paid in derived.counted)
    at_normal = derived.mode is GuaranteeMode.WEATHER
    said = (
        N_("Mean of your gas bills at normal weather: %(years)s")
        if at_normal
        else N_("Mean of your gas bills: %(years)s")
    )
    steps = [(translate(lang, said, years=counted), money(lang, derived.mean_cents))]
    steps += [
        (
            translate(
                lang, "Price index of %(year)s: times %(factor)s", year=step.year, factor=number(lang, step.factor)
            ),
            money(lang, step.after_cents),
        )
        for step in derived.indexed
    ]
    if not derived.is_whole_year:
        steps.append((_covered(lang, derived), money(lang, derived.ceiling_cents)))
    return steps


def _covered(lang: str, derived: Derivation) -> str:
    if derived.chosen.part_of_year == "degree-days":
        said = N_("%(covered)s of %(days)s days, by their cold: %(share)s of the year")
    else:
        said = N_("%(covered)s of %(days)s days: %(share)s of the year")
    return translate(
        lang,
        said,
        covered=derived.days_covered,
        days=derived.year.days,
        share=percent(lang, float(derived.covered_share), 1),
    )


def ceiling_outcome(lang: str, entry: GuaranteeEntry) -> str:
    """Say what a ceiling makes of the heat cost of its year so far."""
    if entry.ceiling_cents is None:
        return ""
    if not entry.credit_so_far_cents:
        return translate(
            lang,
            "Heat cost %(heat)s so far. That is not above your ceiling of %(ceiling)s, so nothing is given back.",
            heat=money(lang, entry.heat_so_far_cents),
            ceiling=money(lang, entry.ceiling_cents),
        )
    return translate(
        lang,
        "Heat cost %(heat)s so far, before what is given back. Above your ceiling of %(ceiling)s that is %(credit)s,"
        " which is given back; so you paid %(paid)s.",
        heat=money(lang, entry.heat_so_far_cents),
        ceiling=money(lang, entry.ceiling_cents),
        credit=money(lang, entry.credit_so_far_cents),
        paid=money(lang, entry.heat_so_far_cents - entry.credit_so_far_cents),
    )


def days(lang: str, period: Period, style: str = "medium") -> str:
    """First and last day."""
    last = period.end.fromordinal(period.end.toordinal() - 1)
    first_day, last_day = civil_day(lang, period.start, style), civil_day(lang, last, style)
    return translate(lang, "%(first)s to %(last)s", first=first_day, last=last_day)


def cause(lang: str, line: Line) -> str:
    """Reason why a correction line differs, with the reason that metering told."""
    if line.cause in CAUSES:
        return translate(lang, line.cause)
    number_of, _, reason = line.cause.removeprefix("revision ").partition(": ")
    is_shared = line.kind is LineKind.ELECTRICITY
    template = (
        N_("Revision %(revision)s of the allocation") if is_shared else N_("Revision %(revision)s of the reading")
    )
    said = translate(lang, template, revision=number_of)
    return f"{said}: {speak(lang, read_cause(reason))}" if reason else said


def period_name(lang: str, period: Period) -> str:
    """A month by its name, anything else by its days."""
    return (
        month(lang, period.start)
        if period == Period.month(period.start.year, period.start.month)
        else days(lang, period)
    )


def reference(lang: str, rests_on: Reference, *, with_hashes: bool = False) -> str:
    """Name of one thing that a bill rests on, in a few words; on paper with the beginnings of its hashes."""
    revision = translate(lang, "Revision %(revision)s", revision=rests_on.revision)
    over = days(lang, rests_on.period) if rests_on.period else ""
    match rests_on.kind:
        case "reading":
            blocks = " ".join(version[:12] for version in rests_on.versions) if with_hashes else ""
            return ", ".join(part for part in (over, revision, blocks) if part)
        case "allocation":
            return f"{over}, {revision}"
        case "tariff":
            return over
        case "resolution":
            return translate(lang, ADOPTS[rests_on.adopts])
    return translate(lang, "The bill that this one corrects")


def left_out(lang: str, contract: LeftOut) -> str:
    """Reason why a contract is not billed in a run."""
    return translate(lang, LEFT_OUT[contract.reason], day=civil_day(lang, contract.day))


def notice_prices(components: Iterable[Component]) -> list[NoticePrice]:
    """The prices of a tariff as its written notice names them."""
    return [
        NoticePrice(name=component.name, price_eur=format(component.price_eur, "f"), unit=PERS[component.per])
        for component in components
    ]


def account_name(lang: str, account: str) -> str:
    """Name of what an account holds."""
    name = translate(lang, ACCOUNTS.get(account, ACCOUNTS.get(account.split(":")[0], account)))
    financier = account.partition("subsidy-receivable:")[2]
    return f"{name}: {financier}" if financier else name
