"""Lists of metering as files, each under the entry of the page that shows it: a member gets their own rows."""

from __future__ import annotations

from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Annotated

from fastapi import APIRouter, Query, Request, Response

from coop.kit.http import GuardedRoute, reading, session_of
from coop.kit.session import NotAllowed
from coop.kit.tokens import list_gateway_tokens
from coop.metering import listings, looks
from coop.metering.access import ACCESS
from coop.metering.amounts import read_known, read_period
from coop.metering.entries.corrections import list_corrections
from coop.metering.intake.parking import list_telegrams
from coop.metering.looks import note_look
from coop.metering.periods import parquet
from coop.metering.periods import store as periods
from coop.metering.periods.acceptance import list_acceptances
from coop.metering.periods.results import compute_period
from coop.metering.provenance import run_views, views
from coop.metering.provenance.sight import refuse_old_use, whose
from coop.metering.provenance.year_listings import measurements_listing, own_heat_listing, own_shared_listing
from coop.metering.readings import arrivals
from coop.metering.register import connections, groups
from coop.metering.register import store as register
from coop.values import NotFound, say
from coop.web.downloads import Asked
from coop.web.own_data import zip_files

routes = APIRouter(route_class=GuardedRoute, prefix="/metering/exports", include_in_schema=False)
may = ACCESS.may

KnownAt = Annotated[str, Query(max_length=40)]


@routes.get("/meters.{extension}")
@may("see-register")
def export_meters(request: Request, asked: Asked) -> Response:
    with reading(request) as tx:
        return asked.answer(listings.meters_listing(register.list_meters(tx), connections.list_numbers(tx)))


@routes.get("/groups.{extension}")
@may("see-register")
def export_groups(request: Request, asked: Asked) -> Response:
    with reading(request) as tx:
        return asked.answer(listings.groups_listing(groups.list_groups(tx), connections.list_numbers(tx)))


@routes.get("/group.{extension}")
@may("see-register")
def export_group(request: Request, asked: Asked, group: str) -> Response:
    """Members of a group, now and before, statement by statement."""
    with reading(request) as tx:
        roster = groups.find_roster(tx, group)
        if roster is None:
            raise NotFound(say("there is no group %(group)s", group=group))
        return asked.answer(listings.memberships_listing(roster.members, connections.list_numbers(tx)))


@routes.get("/gateways.{extension}")
@may("see-register")
def export_gateways(request: Request, asked: Asked) -> Response:
    with reading(request) as tx:
        return asked.answer(listings.gateways_listing(list_gateway_tokens(tx)))


@routes.get("/meter-changes.{extension}")
@may("see-register")
def export_meter_changes(request: Request, asked: Asked, meter: str | None = None) -> Response:
    """Corrections of the register (of one meter), oldest first."""
    with reading(request) as tx:
        changes = register.list_changes(tx, meter)
        return asked.answer(listings.changes_listing(changes, connections.list_numbers(tx)))


@routes.get("/reading-corrections.{extension}")
@may("see-register")
def export_reading_corrections(request: Request, asked: Asked, meter: str) -> Response:
    """Corrections of a meter's readings, oldest first."""
    with reading(request) as tx:
        return asked.answer(listings.corrections_listing(list_corrections(tx, meter)))


@routes.get("/files.{extension}")
@may("import-readings")
def export_files(request: Request, asked: Asked) -> Response:
    """Files of readings that people imported, the newest first."""
    with reading(request) as tx:
        return asked.answer(listings.files_listing(arrivals.list_imports(tx)))


@routes.get("/readings.{extension}")
@may("see-data")
def export_readings(request: Request, asked: Asked, meter: str, period: str, known_at: str = "") -> Response:
    """Every value of a meter in a period, as it stands now or was known at an instant."""
    wanted = read_period(period)
    with reading(request) as tx:
        registers = [one for one in register.list_registers(tx) if one.serial == meter]
        if not registers:
            raise NotFound(say("there is no meter %(meter)s with readings", meter=meter))
        known_instant = read_known(known_at, tx.now)
        known = None if known_instant is None else arrivals.number_at(tx, known_instant)
        return asked.answer(listings.readings_listing(listings.read_values(tx, registers, wanted, known)))


@routes.get("/completeness.{extension}")
@may("see-data")
def export_completeness(request: Request, asked: Asked, period: str = "", known_at: str = "") -> Response:
    with reading(request) as tx:
        wanted = read_period(period) if period else None
        quality = views.data_quality(tx, wanted, read_known(known_at, tx.now))
        return asked.answer(listings.kinds_listing(quality.found.by_kind()))


@routes.get("/parked.{extension}")
@may("see-parked")
def export_parked(request: Request, asked: Asked) -> Response:
    with reading(request) as tx:
        return asked.answer(listings.parked_listing(list_telegrams(tx)))


@routes.get("/late.{extension}")
@may("see-data")
def export_late(request: Request, asked: Asked) -> Response:
    with reading(request) as tx:
        return asked.answer(listings.late_listing(views.data_quality(tx).late))


@routes.get("/periods.{extension}")
@may("see-data")
def export_periods(request: Request, asked: Asked, period: str = "") -> Response:
    """The newest revision of every closed period, or all revisions of one."""
    with reading(request) as tx:
        closed = views.list_revisions(tx, read_period(period)) if period else periods.list_closed(tx)
        return asked.answer(listings.revisions_listing(closed))


@routes.get("/missing.{extension}")
@may("see-data")
def export_missing(request: Request, asked: Asked, period: str) -> Response:
    with reading(request) as tx:
        return asked.answer(listings.missing_listing(compute_period(tx, read_period(period)).lacking))


@routes.get("/accepted.{extension}")
@may("see-data")
def export_accepted(request: Request, asked: Asked, period: str) -> Response:
    """Estimates that were accepted for a period."""
    with reading(request) as tx:
        return asked.answer(listings.accepted_listing(list_acceptances(tx, read_period(period))))


@routes.get("/measurements.{extension}")
@may("see-energy")
def export_measurements(request: Request, asked: Asked, year: int | None = None) -> Response:
    """Heat as it was told: of the member who is signed in, or of everybody for those who keep the books."""
    member_id = _see_own_or_all(request)
    with reading(request) as tx:
        found = periods.list_measurements(tx, member_id=member_id)
        return asked.answer(measurements_listing(one for one in found if year in (None, one.period.start.year)))


@routes.get("/allocations.{extension}")
@may("see-energy")
def export_allocations(request: Request, asked: Asked, year: int | None = None) -> Response:
    """Shared electricity as it was told: of the member who is signed in, or of everybody."""
    member_id = _see_own_or_all(request)
    with reading(request) as tx:
        found = periods.list_told_allocations(tx, member_id)
        return asked.answer(
            listings.allocations_listing(pair for pair in found if year in (None, pair[1].period.start.year))
        )


@routes.get("/own-heat.{extension}")
@may("see-own-energy")
def export_own_heat(request: Request, asked: Asked, year: int | None = None, known_at: KnownAt = "") -> Response:
    """Heat of a member's own year, month by month, as the page of the year has it."""
    return asked.answer(own_heat_listing(_own_year(request, year, known_at).heat))


@routes.get("/own-shared.{extension}")
@may("see-own-energy")
def export_own_shared(request: Request, asked: Asked, year: int | None = None, known_at: KnownAt = "") -> Response:
    """Shared electricity of a member's own year, month by month, as the page of the year has it."""
    return asked.answer(own_shared_listing(_own_year(request, year, known_at).shared))


@routes.get("/days.{extension}")
@may("see-own-energy")
def export_days(request: Request, asked: Asked, connection: str, period: str) -> Response:
    wanted, member_id = read_period(period), session_of(request).member_id
    with reading(request) as tx:
        if member_id is None or connection not in views.own_connections(tx, member_id):
            raise NotAllowed
        return asked.answer(listings.days_listing(views.heat_by_day(tx, connection, member_id, wanted)))


@routes.get("/shared-days.{extension}")
@may("see-energy")
def export_shared_days(request: Request, asked: Asked, run: str, connection: str) -> Response:
    with reading(request) as tx:
        own = run_views.explain_run(tx, session_of(request), run, connection, None, None)
    for member_id in own.members:
        note_look(request, looks.QUARTER_HOURS, member_id)
    return asked.answer(listings.shared_days_listing(own.totals))


@routes.get("/roofs.{extension}")
@may("see-energy")
def export_roofs(request: Request, asked: Asked, run: str, connection: str) -> Response:
    """Shares that each roof of a run gave to a connection; a member's neighbours' together."""
    with reading(request) as tx:
        own = run_views.explain_run(tx, session_of(request), run, connection, None, None)
    for member_id in own.members:
        note_look(request, looks.QUARTER_HOURS, member_id)
    return asked.answer(listings.roofs_listing(own.roofs, connection))


@routes.get("/stands.{extension}")
@may("see-energy")
def export_stands(request: Request, asked: Asked, measurement: str) -> Response:
    """The stands behind a measurement."""
    with reading(request) as tx:
        own = views.walk_back(tx, session_of(request), measurement)
    note_look(request, looks.READINGS, own.measurement.member_id)
    return asked.answer(listings.stands_listing(own.sources))


@routes.get("/month.zip")
@may("see-data")
def export_month(request: Request, period: str) -> Response:
    """A month's readings, days and allocations as Parquet, in one zip."""
    wanted = read_period(period)
    note_look(request, looks.LISTS)
    with TemporaryDirectory() as folder, reading(request) as tx:
        refuse_old_use(tx, session_of(request), wanted.end)
        parquet.write_month(tx, wanted, Path(folder))
        return zip_files(sorted(Path(folder).iterdir()), f"{tx.community}-{wanted}.zip")


@routes.get("/heat-system.{extension}")
@may("see-plant")
def export_heat_system(request: Request, asked: Asked) -> Response:
    with reading(request) as tx:
        return asked.answer(listings.heat_system_listing(views.heat_systems(tx)))


def _own_year(request: Request, year: int | None, known_at: str) -> views.MemberYear:
    member_id = session_of(request).member_id
    if member_id is None:
        raise NotAllowed
    with reading(request) as tx:
        return views.member_year(tx, member_id, year, read_known(known_at, tx.now))


def _see_own_or_all(request: Request) -> str | None:
    """The member whose energy is asked for, or None for everybody's, which is noted as a look."""
    member_id = whose(session_of(request))
    if member_id is None:
        note_look(request, looks.LISTS)
    return member_id
