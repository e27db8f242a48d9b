"""Page of the account of heat that no meter in a home saw: by day, by hour, and each entry with its meters."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from itertools import groupby
from typing import Annotated

from fastapi import APIRouter, Query, Request, Response

from coop.kit.http import GuardedRoute, reading, session_of
from coop.metering import texts
from coop.metering.access import ACCESS
from coop.metering.amounts import Second, read_known, read_period
from coop.metering.looks import LISTS, note_look
from coop.metering.periods import store as periods
from coop.metering.periods.account_loading import load_account
from coop.metering.periods.heat_account import Entry
from coop.metering.provenance import views
from coop.metering.provenance.heat_listings import entries_listing, parts_listing
from coop.metering.provenance.sight import refuse_old_use
from coop.metering.register import connections
from coop.values import NotFound, Period, civil_date, say
from coop.web import charts
from coop.web.downloads import Asked
from coop.web.language import language_of, translate
from coop.web.shell import render
from coop.web.writing import energy, number

routes = APIRouter(route_class=GuardedRoute, prefix="/metering", include_in_schema=False)
may = ACCESS.may
KnownText = Annotated[str, Query(max_length=40)]

_GJ = -9


@dataclass(frozen=True)
class AccountDay:
    """Entries that begin on a civil day, together [J]; ``unsure`` names the meters that do not tell all of it."""

    day: date
    entries: tuple[Entry, ...]

    @property
    def fed_in_j(self) -> int:
        """Heat that was fed in."""
        return sum(one.fed_in_j for one in self.entries)

    @property
    def drawn_j(self) -> int:
        """Heat that was drawn."""
        return sum(one.drawn_j for one in self.entries)

    @property
    def residual_j(self) -> int:
        """Heat that the account got, or gave where it is below zero."""
        return sum(one.residual_j for one in self.entries)

    @property
    def balance_j(self) -> int:
        """Balance at the end of the day."""
        return self.entries[-1].balance_j

    @property
    def unsure(self) -> tuple[str, ...]:
        """Meters that do not tell all of it."""
        return tuple(dict.fromkeys(serial for one in self.entries for serial in one.unsure))


@routes.get("/heat-account")
@may("see-data")
def show_account(
    request: Request, period: str = "", known_at: KnownText = "", day: date | None = None, at: Second | None = None
) -> Response:
    """Show a month of the account day by day; of a day its entries, and of one of these its meters."""
    lang = language_of(request)
    with reading(request) as tx:
        closed = periods.list_closed(tx)
        wanted = read_period(period) if period else views.find_current(closed, tx.today)
        account = load_account(tx, wanted, read_known(known_at, tx.now))
        months = views.complete_months(closed, tx.today)
        numbers = connections.list_numbers(tx)
        found = account.find_parts(at) if at is not None else None
        if found is not None:
            refuse_old_use(tx, session_of(request), wanted.end)
    if found is not None:
        note_look(request, LISTS)
    days = list_days(account.entries)
    chosen = next((one for one in days if one.day == day), None)
    return render(
        request,
        "metering/heat_account.html",
        period=wanted,
        known_at=known_at,
        months=months,
        account=account,
        days=days,
        chosen=chosen,
        found=found,
        numbers=numbers,
        chart=account_chart(wanted, days, lang) if days and account.booked_permille else None,
        hours=hours_chart(chosen, lang) if chosen and len(chosen.entries) > 1 else None,
        words=texts,
    )


@routes.get("/exports/heat-account.{extension}")
@may("see-data")
def export_account(request: Request, asked: Asked, period: str, known_at: KnownText = "") -> Response:
    """Every entry of the account of a period."""
    with reading(request) as tx:
        account = load_account(tx, read_period(period), read_known(known_at, tx.now))
        return asked.answer(entries_listing(account))


@routes.get("/exports/heat-account-parts.{extension}")
@may("see-data")
def export_parts(request: Request, asked: Asked, period: str, at: Second, known_at: KnownText = "") -> Response:
    """Meters of one entry of the account, and what each of them counted."""
    wanted = read_period(period)
    with reading(request) as tx:
        refuse_old_use(tx, session_of(request), wanted.end)
        found = load_account(tx, wanted, read_known(known_at, tx.now)).find_parts(at)
        numbers = connections.list_numbers(tx)
    if found is None:
        raise NotFound(say("the account has no entry at that time"))
    note_look(request, LISTS)
    return asked.answer(parts_listing(found[1], numbers))


def list_days(entries: Sequence[Entry]) -> list[AccountDay]:
    """The account by the civil day on which each entry begins."""
    return [AccountDay(day, tuple(some)) for day, some in groupby(entries, lambda one: civil_date(one.start))]


def account_chart(period: Period, days: Sequence[AccountDay], lang: str) -> charts.Chart:
    """Heat fed in, drawn, and left on the account, by civil day; a hole where nothing is booked."""
    told = {one.day: one for one in days if not one.unsure}
    every = [period.start + timedelta(days=i) for i in range(period.days)]
    balance = days[-1].balance_j
    share = sum(one.fed_in_j for one in told.values())
    return charts.lines(
        title=translate(lang, "Heat that no meter in a home saw"),
        sentence=translate(
            lang,
            "%(left)s of the %(fed)s that was fed in stands on the account at the end.",
            left=energy(lang, balance, "J", 1),
            fed=energy(lang, share, "J", 1),
        ),
        heading=translate(lang, "Day"),
        days=every,
        series={
            translate(lang, "Fed in"): [_gigajoules(told[day].fed_in_j) if day in told else None for day in every],
            translate(lang, "Drawn"): [_gigajoules(told[day].drawn_j) if day in told else None for day in every],
            translate(lang, "To the account"): [
                _gigajoules(told[day].residual_j) if day in told else None for day in every
            ],
        },
        unit="GJ",
        lang=lang,
        digits=3,
    )


def hours_chart(day: AccountDay, lang: str) -> charts.Chart:
    """Heat that went into the account and came out of it, entry by entry of a day."""
    most = max(day.entries, key=lambda one: one.into_j)
    return charts.bars(
        title=translate(lang, "Hour by hour"),
        sentence=translate(
            lang,
            "The most went into the account at %(at)s: %(most)s GJ.",
            at=texts.local(most.start)[-5:],
            most=number(lang, _gigajoules(most.into_j), 3),
        ),
        heading=translate(lang, "From"),
        labels=[texts.local(one.start)[-5:] for one in day.entries],
        series={
            translate(lang, "Into the account"): [_gigajoules(one.into_j) for one in day.entries],
            translate(lang, "Out of the account"): [_gigajoules(one.out_of_j) for one in day.entries],
        },
        unit="GJ",
        lang=lang,
        digits=3,
    )


def _gigajoules(energy_j: int) -> Decimal:
    return Decimal(energy_j).scaleb(_GJ)
