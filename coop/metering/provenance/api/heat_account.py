"""The account of heat that no meter in a home saw."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

from fastapi import Request
from pydantic import Field

from coop.kit.answers import Answer, PeriodName
from coop.kit.http import reading, refuses, session_of
from coop.metering.amounts import read_known, read_period, utc
from coop.metering.fields import KnownAt, Serial, WantedPeriod, make_router, may
from coop.metering.looks import LISTS, note_look
from coop.metering.periods.account_loading import load_account
from coop.metering.provenance.sight import refuse_old_use
from coop.metering.readings.store import seconds
from coop.values import NotFound, say

routes = make_router()

WholeJoules = Annotated[int, Field(description="Heat [J], a whole number.", examples=[9_213_000])]


class HeatEntryOut(Answer):
    """An entry of the account: `fed_in_j + out_of_j = drawn_j + into_j`, where it is booked."""

    start: datetime
    """Instant at which it begins."""
    end: datetime
    """Instant at which it ends."""
    fed_in_j: WholeJoules
    drawn_j: WholeJoules
    into_j: WholeJoules
    """Heat that was fed in and that nobody drew [J]: it is lost, or still in the pipes."""
    out_of_j: WholeJoules
    """Heat that was drawn beyond what was fed in [J]: it was still in the pipes."""
    balance_j: WholeJoules
    """Everything that went into the account until then, less what came out [J]."""
    unsure: Annotated[list[str], Field(examples=[["KWG50001"]])]
    """Meters that do not tell the whole of it: with any, nothing is booked."""


class HeatAccountOut(Answer):
    """The account of a period, entry by entry."""

    period: PeriodName
    known_at: datetime | None
    """Instant as of which it is known: of a closed period the one at which it was closed last; null for now."""
    balance_j: WholeJoules
    """Heat that was lost on the way, or is still in the pipes, at the end of the period [J]."""
    booked_permille: Annotated[int, Field(examples=[1000])]
    """Share of the period of which every meter tells [‰]."""
    entries: list[HeatEntryOut]


class HeatPartOut(Answer):
    """Heat that one meter counted in an entry."""

    serial: Serial
    connection_id: Annotated[str | None, Field(examples=["C-0012"])]
    """Connection at which it hangs; null for a plant's meter, or one of common heat."""
    feeds: bool
    """Whether it fed heat in; otherwise it drew heat."""
    energy_j: WholeJoules
    from_feed_j: WholeJoules
    """Part of it that came from what was fed in within the entry [J]."""
    is_whole: bool
    """Whether its readings tell all of the entry."""


class HeatPartsOut(Answer):
    """An entry of the account with the meters that it comes from."""

    entry: HeatEntryOut
    parts: list[HeatPartOut]


@routes.get("/heat-account")
@may("see-data")
@refuses("bad-input", "readings-detached")
def get_heat_account(request: Request, period: WantedPeriod, known_at: KnownAt = None) -> HeatAccountOut:
    """Heat that was fed in and that no meter in a home saw, interval by interval, on an account of its own. Entries are
    hours where all meters tell hours, civil days where some tell days."""
    wanted = read_period(period)
    with reading(request) as tx:
        return HeatAccountOut.model_validate(load_account(tx, wanted, read_known(known_at, tx.now)))


@routes.get("/heat-account/parts")
@may("see-data")
@refuses("bad-input", "not-found", "old-use", "readings-detached")
def list_heat_parts(request: Request, period: WantedPeriod, at: datetime, known_at: KnownAt = None) -> HeatPartsOut:
    """Meters that the entry comes from in which an instant lies, and what each of them counted."""
    wanted, at_s = read_period(period), seconds(utc(at, "at"))
    with reading(request) as tx:
        refuse_old_use(tx, session_of(request), wanted.end)
        found = load_account(tx, wanted, read_known(known_at, tx.now)).find_parts(at_s)
    if found is None:
        raise NotFound(say("the account has no entry at that time"))
    note_look(request, LISTS)
    entry, parts = found
    return HeatPartsOut(
        entry=HeatEntryOut.model_validate(entry), parts=[HeatPartOut.model_validate(one) for one in parts]
    )
