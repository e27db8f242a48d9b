"""The lists of billing, as they leave the house."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from coop.billing.amounts.commands import AmountRow
from coop.billing.amounts.firsts import ExpectedFirst
from coop.billing.amounts.forecast_texts import BASES
from coop.billing.amounts.forecasting import Forecast
from coop.billing.amounts.texts import BASES as AMOUNT_BASES
from coop.billing.bills.account_store import AccountEntry
from coop.billing.bills.ledger_store import Posting
from coop.billing.bills.paper import MeterStands
from coop.billing.bills.store import IssuedBill
from coop.billing.checking import words
from coop.billing.checking.verify import Verification
from coop.billing.figures.board import AccountGroup, PeriodView, TariffView
from coop.billing.guarantee.derivation import Derivation
from coop.billing.law.held import HeldTo
from coop.billing.law.texts import LawFigure
from coop.billing.model import BillHead, PublishedFigure
from coop.billing.runs.results import RunResult
from coop.billing.runs.store import RunTotals
from coop.billing.runs.texts import BRAKES as BRAKE_TEXTS
from coop.billing.runs.texts import brake_sentence
from coop.communities.tariff_texts import ACCOUNT_NAMES, PERS, VAT_NAMES
from coop.web.language import N_
from coop.web.listings import Column, Kind, Listing
from coop.web.writing import speak

BILL_KINDS = {"bill": N_("Bill"), "correction": N_("correction")}

BILLS = (
    Column("bill_id", "Id", of="id"),
    Column("number", N_("Number")),
    Column("kind", N_("Kind"), Kind.WORD, of=lambda bill: BILL_KINDS[bill.kind]),
    Column("member_id", N_("Member")),
    Column("contract_id", N_("Contract")),
    Column("period", N_("Period"), of=lambda bill: str(bill.period)),
    Column("issued_on", N_("Date"), Kind.DAY),
    Column("total_eur", N_("Amount incl. VAT"), Kind.EUROS, of="total_cents"),
    Column("asked_eur", N_("To pay"), Kind.EUROS, of="asked_cents"),
    Column("given_back_eur", N_("Given back"), Kind.EUROS, of="credit_cents"),
)

LAW = (
    Column("number", N_("Number"), Kind.WHOLE),
    Column("component", N_("Part")),
    Column("of", N_("For")),
    Column("valid_from", N_("From"), Kind.DAY, of="published.valid_from"),
    Column("until", N_("Until"), Kind.DAY),
    Column("is_replaced", N_("replaced by a later row"), Kind.FLAG),
    Column("published_on", N_("Published on"), Kind.DAY, of="published.published_on"),
    Column("known_from", N_("Known since"), Kind.DAY, of="published.known_from"),
    Column("figure", N_("Value"), Kind.DECIMAL),
    Column("source", N_("Source"), of="published.source"),
    Column("mark", N_("Remark"), of="published.mark"),
    Column("recorded_at", N_("On file since"), Kind.INSTANT, of="recorded.recorded_at"),
    Column("recorded_by", N_("By whom"), of="recorded.recorded_by"),
)

LINES = (
    Column("bill", N_("Bill"), of=lambda row: row[0].number),
    Column("kind", N_("Description"), Kind.WORD, of=lambda row: row[1].component or words.KINDS[row[1].kind]),
    Column("starts_on", N_("From"), Kind.DAY, of=lambda row: row[1].period.start),
    Column("until", N_("Ended from"), Kind.DAY, of=lambda row: row[1].period.end),
    Column("quantity", N_("Quantity"), Kind.DECIMAL, of=lambda row: row[1].quantity),
    Column("unit", N_("Unit"), of=lambda row: row[1].unit),
    Column("price_eur", N_("Price"), Kind.DECIMAL, "EUR", lambda row: row[1].price_eur),
    Column("vat_rate", N_("VAT rate"), Kind.DECIMAL, of=lambda row: row[1].vat_rate),
    Column("amount_eur", N_("Amount"), Kind.EUROS, of=lambda row: row[1].amount_cents),
    Column("tariff_id", N_("Tariff"), of=lambda row: row[1].tariff_id),
    Column("resolution_id", N_("Vote"), of=lambda row: row[1].resolution_id),
    Column("source_id", N_("Source"), of=lambda row: row[1].source_id),
)

STANDS = (
    Column("meter", N_("Meter")),
    Column("from_at", N_("From"), Kind.INSTANT),
    Column("from_stand_gj", N_("First stand"), Kind.DECIMAL, "GJ", lambda stands: stands.in_gj(stands.from_stand)),
    Column("from_quality", N_("How the first came to be"), Kind.WORD, of=lambda s: words.QUALITIES[s.from_quality]),
    Column("to_at", N_("Until"), Kind.INSTANT),
    Column("to_stand_gj", N_("Last stand"), Kind.DECIMAL, "GJ", lambda stands: stands.in_gj(stands.to_stand)),
    Column("to_quality", N_("How the last came to be"), Kind.WORD, of=lambda s: words.QUALITIES[s.to_quality]),
)

GAS_YEARS = (
    Column("year", N_("Year"), Kind.WHOLE),
    Column("gas_m3", N_("Gas"), Kind.WHOLE, "m3"),
    Column("paid_eur", N_("Paid, incl. VAT"), Kind.EUROS, of="paid_cents"),
    Column("degree_days", N_("Weighted degree days"), Kind.DECIMAL),
    Column("counted_eur", N_("At normal weather"), Kind.EUROS, of="counted_cents"),
)

FORECAST = (
    Column("starts_on", N_("From"), Kind.DAY, of="period.start"),
    Column("until", N_("Ended from"), Kind.DAY, of="period.end"),
    Column("heat_gj", N_("Heat"), Kind.DECIMAL, "GJ", lambda month: month.heat_j.scaleb(-9)),
    Column("basis", N_("As on"), Kind.WORD, of=lambda month: BASES[month.basis]),
    Column("heat_eur", N_("Heat and fixed parts"), Kind.EUROS, of="heat_cents"),
    Column("other_eur", N_("Other"), Kind.EUROS, of="other_cents"),
)

AMOUNTS = (
    Column("contract_id", N_("Contract")),
    Column("member_id", N_("Member")),
    Column("amount_eur", N_("Monthly amount"), Kind.EUROS, of="amount.amount_cents"),
    Column("from_day", N_("From"), Kind.DAY, of="amount.from_day"),
    Column("basis", N_("Set"), Kind.WORD, of=lambda row: AMOUNT_BASES[row.amount.basis]),
    Column("expected_eur", N_("Expected then"), Kind.EUROS, of="amount.expected_cents"),
    Column("left_eur", N_("Billed, not yet asked"), Kind.EUROS, of="carried_cents"),
)

HELD_AMOUNTS = (
    Column("contract_id", N_("Contract"), of=lambda row: row[0].first.contract.contract_id),
    Column("member_id", N_("Member"), of=lambda row: row[0].first.contract.member_id),
    Column("expected_eur", N_("Expected monthly amount"), Kind.EUROS, of=lambda row: row[0].first.amount_cents),
    Column("unlikely", N_("Unlikely"), of=lambda row: row[1]),
)

PERIODS = (
    Column("period", N_("Period"), of=lambda view: str(view.period)),
    Column("come", N_("Facts that came"), Kind.WHOLE, of="arrivals.come"),
    Column("told", N_("Facts that were told"), Kind.WHOLE, of="arrivals.told"),
    Column("status", N_("Status"), Kind.WORD, of=lambda view: words.STATUSES[view.status][0]),
    Column("bills", N_("Bills"), Kind.WHOLE, of="bill_count"),
    Column("total_eur", N_("Amount incl. VAT"), Kind.EUROS, of="total_cents"),
)

RUNS = (
    Column("run_id", "Id", of="run.id"),
    Column("issued_on", N_("Date"), Kind.DAY, of="run.issued_on"),
    Column("status", N_("Status"), Kind.WORD, of=lambda total: words.STATUSES[total.run.status][0]),
    Column("bills", N_("Bills"), Kind.WHOLE, of="bill_count"),
    Column("total_eur", N_("Amount incl. VAT"), Kind.EUROS, of="total_cents"),
)

RUN_BILLS = (
    Column("number", N_("Bill")),
    Column("kind", N_("Kind"), Kind.WORD, of=lambda bill: BILL_KINDS[bill.kind]),
    Column("contract_id", N_("Contract")),
    Column("member_id", N_("Member")),
    Column("period", N_("Period"), of=lambda bill: str(bill.period)),
    Column("total_eur", N_("Amount incl. VAT"), Kind.EUROS, of="total_cents"),
    Column("given_back_eur", N_("Given back"), Kind.EUROS, of="credit_cents"),
    Column("likely_eur", N_("Likely, before what is given back"), Kind.EUROS, of="likely_cents"),
)

LEFT_OUT = (
    Column("contract_id", N_("Contract"), of=lambda row: row[0].contract_id),
    Column("member_id", N_("Member"), of=lambda row: row[0].member_id),
    Column("why", N_("Why"), of=lambda row: row[1]),
)

BRAKES = (
    Column("reason", N_("Reason"), Kind.WORD, of=lambda row: BRAKE_TEXTS[row[0].code].name),
    Column("subject", N_("About"), of=lambda row: row[0].subject),
    Column("explanation", N_("Explanation"), of=lambda row: row[1]),
    Column("look_at", N_("Look at"), Kind.WORD, of=lambda row: BRAKE_TEXTS[row[0].code].advice),
    Column("contracts", N_("Bills concerned"), of=lambda row: " ".join(row[0].concerns)),
)

VERIFIED = (
    Column("kind", N_("Description"), Kind.WORD, of=lambda line: words.KINDS[line.kind]),
    Column("billed_eur", N_("Billed"), Kind.EUROS, of="issued_cents"),
    Column("recomputed_eur", N_("Recomputed"), Kind.EUROS, of="recomputed_cents"),
)

HELD = (
    Column("line", N_("Description"), of=lambda row: row.line.component or row.line.kind.value),
    Column("kind", N_("The law")),
    Column("of", N_("For")),
    Column("part", N_("Part"), of="component"),
    Column("figure", N_("Value"), Kind.DECIMAL),
    Column("number", N_("Number"), Kind.WHOLE, of="recorded.number"),
    Column("valid_from", N_("From"), Kind.DAY, of="recorded.published.valid_from"),
    Column("known_from", N_("Known since"), Kind.DAY, of="recorded.published.known_from"),
    Column("source", N_("Source"), of="recorded.published.source"),
)

PRICES = (
    Column("tariff_id", "Id", of=lambda row: row[0].tariff_id),
    Column("valid_from", N_("From"), Kind.DAY, of=lambda row: row[0].valid_from),
    Column("part", N_("Part"), Kind.WORD, of=lambda row: row[1].name),
    Column("product", N_("What is priced"), of=lambda row: row[1].product.value),
    Column("price_eur", N_("Price"), Kind.DECIMAL, "EUR", lambda row: row[1].price_eur),
    Column("per", N_("Unit"), Kind.WORD, of=lambda row: PERS[row[1].per]),
    Column("from", N_("From so much a year"), Kind.DECIMAL, of=lambda row: row[1].above or None),
    Column("to", N_("Up to so much a year"), Kind.DECIMAL, of=lambda row: row[1].up_to),
    Column("cap_eur", N_("At most a year"), Kind.DECIMAL, "EUR", lambda row: row[1].cap_eur_per_year),
    Column("years", N_("Years"), Kind.WHOLE, of=lambda row: row[1].years),
    Column("classes", N_("For whom"), of=lambda row: " ".join(row[1].classes)),
    Column("guarantee", N_("Counts towards the ceiling"), Kind.FLAG, of=lambda row: row[1].in_guarantee),
    Column("account", N_("Account"), Kind.WORD, of=lambda row: ACCOUNT_NAMES[row[1].account]),
    Column("vat", N_("VAT"), Kind.WORD, of=lambda row: VAT_NAMES[row[1].vat]),
    Column("maximum_eur", N_("Maximum of that year"), Kind.DECIMAL, "EUR", lambda row: row[2] and row[2].price_eur),
    Column("source", N_("Source of the maximum"), of=lambda row: row[2] and row[2].source),
)

NOTICES = (
    Column("tariff_id", "Id", of=lambda row: row[0].tariff_id),
    Column("sent_on", N_("Sent on"), Kind.DAY, of=lambda row: row[1].sent_on),
    Column("channel", N_("How"), Kind.WORD, of=lambda row: words.CHANNELS[row[1].channel]),
    Column("members", N_("Members"), Kind.WHOLE, of=lambda row: row[1].count),
    Column("to_reader", N_("you among them"), Kind.FLAG, of=lambda row: row[1].to_reader),
)

FIGURES = (
    Column("series", N_("Series"), Kind.WORD, of=lambda figure: words.SERIES.get(figure.series, figure.series)),
    Column("year", N_("Year"), Kind.WHOLE),
    Column("value", N_("Value"), Kind.DECIMAL),
    Column("source", N_("Source")),
)

ENTRIES = (
    Column("contract_id", N_("Contract")),
    Column("year_starts_on", N_("Guarantee year from"), Kind.DAY, of=lambda entry: entry.year.start),
    Column("number", N_("Number"), Kind.WHOLE),
    Column("entered_on", N_("Date"), Kind.DAY),
    Column("causes", N_("What moved"), of=lambda entry: " ".join(entry.causes)),
    Column("heat_eur", N_("Heat cost"), Kind.EUROS, of="heat_cents"),
    Column("given_back_eur", N_("Given back"), Kind.EUROS, of="credit_cents"),
    Column("ceiling_eur", N_("Ceiling"), Kind.EUROS, of="ceiling_cents"),
    Column("bill_id", N_("Bill")),
)

BALANCES = (
    Column("account", N_("Account")),
    Column("name", N_("Name"), Kind.WORD, of=lambda group: words.ACCOUNTS.get(group.account, group.account)),
    Column("debit_eur", N_("Debit"), Kind.EUROS, of="debit_cents"),
    Column("credit_eur", N_("Credit"), Kind.EUROS, of="credit_cents"),
    Column("balance_eur", N_("Balance"), Kind.EUROS, of=lambda group: group.debit_cents - group.credit_cents),
    Column("accounts", N_("Accounts together"), Kind.WHOLE, of="count"),
)

POSTINGS = (
    Column("transaction_id", "Id"),
    Column("line", N_("Line"), Kind.WHOLE),
    Column("booked_on", N_("Date"), Kind.DAY),
    Column("source_kind", N_("Kind")),
    Column("source_id", N_("Source")),
    Column("debit", N_("Debit")),
    Column("credit", N_("Credit")),
    Column("amount_eur", N_("Amount"), Kind.EUROS, of="amount_cents"),
)


def bills_listing(heads: Iterable[BillHead]) -> Listing:
    """Issued bills."""
    return Listing("bills", BILLS, heads)


def lines_listing(issued: Iterable[IssuedBill]) -> Listing:
    """Lines of bills."""
    return Listing("bill-lines", LINES, ((bill, line) for bill in issued for line in bill.bill.lines))


def stands_listing(stands: Iterable[MeterStands]) -> Listing:
    """Stands of the meters of a bill."""
    return Listing("bill-stands", STANDS, stands)


def forecast_listing(made: Forecast) -> Listing:
    """The months of a guarantee year that are still to be billed, as they are expected."""
    return Listing("forecast", FORECAST, made.expected)


def amounts_listing(rows: Iterable[AmountRow]) -> Listing:
    """The even amounts of contracts."""
    return Listing("amounts", AMOUNTS, rows)


def held_amounts_listing(held: Iterable[ExpectedFirst], lang: str) -> Listing:
    """First amounts that wait for somebody, each with what is unlikely about it."""
    rows = [(each, "; ".join(speak(lang, doubt) for doubt in each.doubts)) for each in held]
    return Listing("held-amounts", HELD_AMOUNTS, rows)


def gas_years_listing(derived: Derivation) -> Listing:
    """The years of gas that a ceiling rests on."""
    return Listing("gas-years", GAS_YEARS, derived.counted)


def periods_listing(views: Iterable[PeriodView]) -> Listing:
    """Periods with what came of them, and their bills."""
    return Listing("periods", PERIODS, views)


def corrections_listing(totals: Iterable[RunTotals]) -> Listing:
    """Runs of corrections."""
    return Listing("corrections", RUNS, totals)


def run_bills_listing(result: RunResult) -> Listing:
    """Bills of a run, or those that it would issue."""
    return Listing("run-bills", RUN_BILLS, result.bills)


def left_out_listing(result: RunResult, lang: str) -> Listing:
    """Contracts that a run does not bill, each with its reason."""
    return Listing("left-out", LEFT_OUT, [(contract, words.left_out(lang, contract)) for contract in result.left_out])


def brakes_listing(result: RunResult, lang: str) -> Listing:
    """Brakes of a run, each with its sentence."""
    return Listing("brakes", BRAKES, [(caught, brake_sentence(lang, caught)) for caught in result.brakes])


def verified_listing(verification: Verification) -> Listing:
    """Lines of a bill as billed and as recomputed."""
    return Listing("verified-lines", VERIFIED, verification.lines)


def prices_listing(tariffs: Sequence[TariffView]) -> Listing:
    """Components of tariffs, each with the maximum of their first day."""
    rows = [(tariff, component, maximum) for tariff in tariffs for component, maximum in tariff.beside_maxima]
    return Listing("prices", PRICES, rows)


def held_listing(rows: Iterable[HeldTo]) -> Listing:
    """Rows of law that the lines of a bill were held to."""
    return Listing("bill-law", HELD, rows)


def law_listing(rows: Iterable[LawFigure]) -> Listing:
    """Figures of the law with their publications."""
    return Listing("law", LAW, rows)


def notices_listing(tariffs: Sequence[TariffView]) -> Listing:
    """Written notices of tariffs, by day and way; who else was written to stands nowhere."""
    rows = [(tariff, mailing) for tariff in tariffs for mailing in tariff.mailings]
    return Listing("notices", NOTICES, rows)


def figures_listing(figures: Iterable[PublishedFigure]) -> Listing:
    """Published figures."""
    return Listing("figures", FIGURES, figures)


def entries_listing(entries: Iterable[AccountEntry]) -> Listing:
    """Entries of the guarantee years of contracts."""
    return Listing("guarantee-entries", ENTRIES, entries)


def balances_listing(groups: Iterable[AccountGroup]) -> Listing:
    """The trial balance."""
    return Listing("trial-balance", BALANCES, groups)


def postings_listing(postings: Iterable[Posting]) -> Listing:
    """The ledger, transfer by transfer."""
    return Listing("postings", POSTINGS, postings)
