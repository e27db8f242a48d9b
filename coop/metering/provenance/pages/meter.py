"""Page of one meter: everything it said in a month and why each value stands, what is missing and why, what rests on
it, and where it hung. A member sees their own meter, on the days on which they held its connection."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Annotated
from urllib.parse import urlencode

from fastapi import APIRouter, Depends, Query, Request, Response

from coop.kit.http import GuardedRoute, reading, session_of
from coop.kit.tx import Tx
from coop.metering import looks, texts
from coop.metering.access import ACCESS
from coop.metering.amounts import month_of, read_known, read_period, require_year
from coop.metering.intake.meter_changes import list_proposals
from coop.metering.looks import note_look
from coop.metering.model import Quality
from coop.metering.periods import meter_views
from coop.metering.provenance.record_views import MeterRecord, Wanted, view_record
from coop.metering.provenance.records import Record, RecordedDay
from coop.metering.readings.store import instant
from coop.values import BadInput, civil_date, midnight
from coop.web import marked
from coop.web.figures import Chart
from coop.web.language import N_, language_of, translate
from coop.web.marked import Point
from coop.web.shell import on_figures_for, render

routes = APIRouter(route_class=GuardedRoute, prefix="/metering/meters", include_in_schema=False)
may = ACCESS.may

MARKS = (
    N_("Measured"),
    N_("Read by hand"),
    N_("Estimated"),
    N_("Corrected"),
    N_("Set aside"),
    N_("Came late"),
    N_("Starts anew"),
)
"""Marks of the picture, by their place."""

_OF_QUALITY = {Quality.MEASURED: 0, Quality.CUSTOMER: 1, Quality.ESTIMATED: 2, Quality.CORRECTED: 3}
_ASIDE, _LATE, _ANEW = 4, 5, 6

GAPS_SHOWN = 50
"""Most gaps on the page; all are in its files."""


class Asked:
    """The part of a record that a request asks for."""

    def __init__(
        self,
        period: str = "",
        register: Annotated[str, Query(max_length=36)] = "",
        day: date | None = None,
        known_at: Annotated[str, Query(max_length=40)] = "",
    ) -> None:
        self.period, self.register, self.day, self.known_at = period, register, day, known_at

    def read(self, tx: Tx) -> Wanted:
        """Choice of what is wanted.

        Raises:
            BadInput: a field is none, or lies in the future.
        """
        period = read_period(self.period) if self.period else None
        day = require_year(self.day, "day") if self.day is not None else None
        if period is None and day is not None:
            period = month_of(day)
        return Wanted(self.register or None, period, day, read_known(self.known_at, tx.now))


AskedRecord = Annotated[Asked, Depends(Asked)]


@routes.get("/{serial}")
@may("see-meter")
def show_meter(request: Request, serial: str, asked: AskedRecord) -> Response:
    """Show one meter: what it said in a month and why it stands, what is missing, what rests on it, where it hung."""
    session, lang = session_of(request), language_of(request)
    is_keeper = ACCESS.allows(session, "see-register")
    problem = None
    with reading(request) as tx:
        try:
            wanted = asked.read(tx)
        except BadInput as bad:
            wanted, problem = Wanted(), bad
        own = view_record(tx, session, serial, wanted)
        view = meter_views.view_meter(tx, serial)
        waiting = [one for one, answer in list_proposals(tx, serial) if answer is None] if is_keeper else []
        today = tx.today
    note_looks(request, own)
    record = own.record
    return render(
        request,
        "metering/meter.html",
        422 if problem else 200,
        view=view,
        waiting=waiting,
        me=str(session.actor("page")),
        meter=own.meter,
        own=own,
        record=record,
        asked=asked,
        problem=problem,
        known_at=wanted.known_at,
        today=today,
        chart=record_chart(record, lang) if record is not None and len(record.values.at_s) else None,
        gaps_shown=GAPS_SHOWN,
        query=_query(own, asked),
        resting=on_figures_for(request, own.figures, own.meter.connection_id or ""),
        is_keeper=is_keeper,
        may_keep=ACCESS.allows(session, "keep-register"),
        may_decide=ACCESS.allows(session, "decide-break"),
        may_correct=ACCESS.allows(session, "correct-reading"),
        words=texts,
    )


def note_looks(request: Request, own: MeterRecord) -> None:
    """Note whose readings were seen."""
    for member_id in sorted(own.members):
        note_look(request, looks.READINGS, member_id)


def _query(own: MeterRecord, asked: Asked) -> str:
    chosen = {"register": own.record.register.id} if own.record else {}
    known = {"known_at": asked.known_at} if asked.known_at else {}
    return urlencode({"meter": own.meter.serial, "period": str(own.period), **chosen, **known})


def record_chart(record: Record, lang: str) -> Chart:
    """The readings of a register as a line, or the use of each day where it says intervals; with what is marked."""
    factor, unit = texts.shown_unit(record.unit)
    points = _stand_points(record, factor) if record.is_cumulative else _day_points(record, factor)
    missing_s = sum(end - start for start, end in record.gaps)
    sentence = translate(
        lang,
        "%(count)s values; %(marked)s are marked; nothing is known of %(hours)s hours.",
        count=len(record.values.at_s),
        marked=sum(point.kind > 0 for point in points),
        hours=round(missing_s / 3600),
    )
    return marked.marked(
        title=translate(lang, texts.QUANTITIES[record.register.quantity.value]),
        sentence=sentence,
        heading=translate(lang, "At"),
        points=points,
        kinds=[translate(lang, mark) for mark in MARKS],
        holes=[(instant(start), instant(end)) for start, end in record.gaps],
        unit=unit,
        lang=lang,
        digits=3,
    )


def _stand_points(record: Record, factor: Decimal) -> list[Point]:
    """The last reading of each day, and every one that is marked."""
    values = record.values
    asides = {one.at_s for one in record.judged.asides}
    anew = {at_s for at_s, _ in record.judged.breaks} | {one.at_s for one in record.judged.doubts}
    points: dict[int, Point] = {}
    last_of_day: dict[date, int] = {}
    for i, at_s in enumerate(values.at_s.tolist()):
        kind = _OF_QUALITY.get(Quality(int(values.quality[i])), 0)
        kind = _ASIDE if at_s in asides else _ANEW if at_s in anew else _LATE if values.is_late[i] else kind
        at = instant(at_s)
        point = Point(at, record.amount(int(values.value[i])) * factor, kind, kind != _ASIDE)
        if kind:
            points[at_s] = point
        else:
            day = civil_date(at)
            points.pop(last_of_day.get(day, -1), None)
            points[at_s], last_of_day[day] = point, at_s
    first = values.at_s.tolist()[0]
    points.setdefault(first, Point(instant(first), record.amount(int(values.value[0])) * factor, 0))
    return [points[at_s] for at_s in sorted(points)]


def _day_points(record: Record, factor: Decimal) -> list[Point]:
    """The use of each day of which anything is there."""
    return [
        Point(midnight(day.day), day.energy * factor, _mark_of(day))
        for day in record.days
        if day.count and day.energy is not None
    ]


def _mark_of(day: RecordedDay) -> int:
    if day.late:
        return _LATE
    if day.corrected:
        return 3
    return 2 if day.estimated or day.missing_s else 1 if day.customer else 0
