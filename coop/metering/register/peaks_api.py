"""Peak power behind a meter for programs: what was said of it, and what holds from a day on."""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated

from fastapi import Request
from pydantic import Field

from coop.kit.answers import Answer, Body
from coop.kit.http import reading, refuses, writing
from coop.kit.tx import Tx
from coop.metering.fields import Serial, make_router, may
from coop.metering.register import commands
from coop.metering.register.peaks import PEAK_MAX_W, REASON_MAX, find_peak, list_peaks, set_peak

routes = make_router()

PeakPower = Annotated[int, Field(description="Peak power of the panels [W].", examples=[4200])]
FirstDay = Annotated[date, Field(description="First day on which they have it.", examples=["2025-06-01"])]
Known = Annotated[str, Field(description="Paper from which it is known.", examples=["invoice of the installer"])]


class PeakIn(Body):
    """Peak power behind a meter from a day on."""

    valid_from: FirstDay
    peak_w: Annotated[PeakPower, Field(ge=0, le=PEAK_MAX_W)]
    """0: it is not known from that day on."""
    reason: Annotated[Known, Field(min_length=1, max_length=REASON_MAX)]


class PeakOut(Answer):
    """A statement on the peak power behind a meter: the later first day holds, of one day what was said later."""

    valid_from: FirstDay
    peak_w: PeakPower
    reason: Known
    recorded_at: datetime
    """Instant at which it was said."""
    recorded_by: str
    """Account or program by which it was said."""


class PeaksOut(Answer):
    """Peak power behind a meter: what holds today, and every statement in the order in which they were made."""

    serial: Serial
    peak_w: PeakPower | None
    """Peak power today [W]; null where it is not known."""
    said: list[PeakOut]
    """Every statement, the oldest first."""


@routes.get("/meters/{serial}/peaks")
@may("see-register")
def get_peaks(request: Request, serial: Serial) -> PeaksOut:
    """The peak power behind a meter."""
    with reading(request) as tx:
        return _describe(tx, serial)


@routes.post("/meters/{serial}/peaks")
@may("keep-register")
@refuses("bad-input")
def set_peak_power(request: Request, serial: Serial, peak: PeakIn) -> PeaksOut:
    """Say what peak power the panels behind a meter have from a day on; sent again, it is kept once."""
    with writing(request) as tx:
        set_peak(tx, serial, peak.valid_from, peak.peak_w, peak.reason)
        return _describe(tx, serial)


def _describe(tx: Tx, serial: str) -> PeaksOut:
    commands.find_meter(tx, serial)
    said = list_peaks(tx, serial)
    shown = [
        PeakOut(
            valid_from=one.valid_from,
            peak_w=one.peak_w,
            reason=one.reason,
            recorded_at=one.recorded_at,
            recorded_by=one.recorded_by,
        )
        for one in said
    ]
    return PeaksOut(serial=serial, peak_w=find_peak(said, tx.today), said=shown)
