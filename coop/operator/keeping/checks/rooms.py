"""Checks of what the services hold: tables, chains, gaps, letters, jobs, messages, communities, tokens, backups."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

from sqlalchemy import func, select, text

from coop.communities.store import find_profile, list_communities
from coop.events import SERVICES
from coop.kit import backups, jobs, positions
from coop.kit.journal import verify_chain
from coop.kit.outbound import read_figures
from coop.kit.revisions import read_revisions
from coop.kit.tables import dead_letter, program_token
from coop.operator.chain import jobs_of
from coop.operator.keeping.checks.model import Finding, Patient, note, wrong
from coop.operator.keeping.snapshot import find_ahead, take_snapshot

CLOCK_OFF_MAX = timedelta(seconds=5)
DUE_MAX_S = 900


def check_revisions(patient: Patient) -> Iterator[Finding]:
    """The tables are those of this program."""
    for name, room in patient.rooms.items():
        with room.database.system_read() as sql:
            revisions = read_revisions(sql, room.service.migrations)
        if revisions.unheard_of:
            names = ", ".join(sorted(revisions.unheard_of))
            yield wrong(f"the tables of {name} are newer than this program ({names})", "install the newer program")
        elif revisions.missing:
            names = ", ".join(sorted(revisions.missing))
            yield wrong(f"the tables of {name} lack {names}", "make a backup, then `coop migrate`")


def check_role(patient: Patient) -> Iterator[Finding]:
    """The services sign in to the database as somebody who may not do everything."""
    for room in list(patient.rooms.values())[:1]:
        if room.database.is_sqlite:
            return
        query = text("SELECT rolsuper OR rolbypassrls FROM pg_roles WHERE rolname = current_user")
        with room.database.system_read() as sql:
            if sql.scalar(query):
                yield note(
                    "the role in COOP_DATABASE_URL may do everything on the server and stands above the walls",
                    "make a role that owns this database alone, and `coop migrate --roles`",
                )


def check_clock(patient: Patient) -> Iterator[Finding]:
    """The clocks of this machine and of the database agree."""
    for room in list(patient.rooms.values())[:1]:
        if room.database.is_sqlite:
            return
        with room.database.system_read() as sql:
            theirs: datetime = sql.execute(text("SELECT clock_timestamp()")).scalar_one()
        offset = datetime.now(UTC) - theirs
        if abs(offset) > CLOCK_OFF_MAX:
            yield wrong(
                f"the clocks of this machine and of the database are {abs(offset).total_seconds():.0f} seconds apart",
                "let both be set by NTP",
            )


def check_chains(patient: Patient) -> Iterator[Finding]:
    """Every journal is what it sealed."""
    for name, room in patient.rooms.items():
        with room.database.system_read() as sql:
            _, broken = verify_chain(sql)
        if broken:
            yield wrong(
                f"the journal of {name} is broken at position {broken.position}: {broken.reason}",
                "stop; keep the database as it is for whoever finds out; restore the newest whole backup elsewhere",
            )


def check_hearers(patient: Patient) -> Iterator[Finding]:
    """No service remembers more of another than that one tells: the databases are of one point in time."""
    if len(patient.rooms) < len(SERVICES):
        return
    with take_snapshot(patient.rooms) as snapshot:
        sentences = find_ahead(snapshot)
    for sentence in sentences:
        yield wrong(
            f"{sentence}: one database is older than the others",
            "put a whole backup back by `coop restore`. If the newer database is lost for good, stop all"
            " services and `coop replay` each that remembers more; what only the lost facts said is gone",
        )


def check_gaps(patient: Patient) -> Iterator[Finding]:
    """Every service hears what the others tell."""
    for name, room in patient.rooms.items():
        for sentence in positions.troubles(room.database).values():
            yield wrong(f"{name}: {sentence}", "see that both services run and reach the bus; gaps close by themselves")


def check_letters(patient: Patient) -> Iterator[Finding]:
    """Nothing that came in waits to be looked at."""
    query = select(func.count()).select_from(dead_letter).where(dead_letter.c.resolved_at.is_(None))
    for name, room in patient.rooms.items():
        with room.database.system_read() as sql:
            count = sql.scalar(query) or 0
        if count:
            yield wrong(f"{name} refused {count} messages, which wait", f"`coop deadletters {name}` says why")


def check_jobs(patient: Patient) -> Iterator[Finding]:
    """Jobs run at their times, and come to a good end."""
    for name, room in patient.rooms.items():
        with room.database.system_read() as sql:
            keys = list_communities(sql)
        for community in keys:
            with room.database.read(community) as tx:
                for state in jobs.list_states(tx, jobs_of(room.service)):
                    if state.failed and state.last:
                        yield wrong(
                            f"the job {state.job.name} of {community} in {name} failed: {state.last.outcome}",
                            "mend the cause; it runs again at its next time",
                        )
                    elif not state.enabled:
                        yield note(f"the job {state.job.name} of {community} in {name} is switched off", "/operations")


def check_messages(patient: Patient) -> Iterator[Finding]:
    """Messages to others go out."""
    for name, room in patient.rooms.items():
        with room.database.system_read() as sql:
            queues = read_figures(sql)
        for queue in queues:
            if queue.failed:
                yield wrong(
                    f"{queue.failed} messages of {name} were given up", f"see /{name}/outbound, send them again"
                )
            if (late_s := queue.measure_delay_s(room.database.clock.now())) > DUE_MAX_S:
                yield wrong(
                    f"messages of {name} wait since {late_s / 60:.0f} minutes", f"see /{name}/outbound and the server"
                )


def check_communities(patient: Patient) -> Iterator[Finding]:
    """Every co-operative has what has to be on its bills."""
    room = patient.rooms.get(SERVICES[0])
    if room is None:
        return
    with room.database.system_read() as sql:
        keys = list_communities(sql)
    if not keys:
        yield note("there is no co-operative yet", "`coop init`")
    for community in keys:
        with room.database.read(community) as tx:
            profile = find_profile(tx)
        if profile is not None and profile.lacking:
            yield wrong(
                f"the profile of {community} lacks {', '.join(profile.lacking)}; no bill can go out",
                f"`coop community set {community}`",
            )


def check_tokens(patient: Patient) -> Iterator[Finding]:
    """Programs that still come do so with a token that is good for a while."""
    room = patient.rooms.get(SERVICES[0])
    if room is None:
        return
    columns, now = program_token.c, room.database.clock.now()
    query = (
        select(columns.community, columns.token_id, columns.expires_at)
        .where(columns.ended_at.is_(None), columns.expires_at.is_not(None))
        .where(columns.expires_at < now + timedelta(days=7), columns.expires_at > now - timedelta(days=30))
    )
    with room.database.system_read() as sql:
        rows = sql.execute(query).all()
    for community, token_id, expires_at in rows:
        word = "has expired" if expires_at <= now else "expires"
        yield note(
            f"the token {token_id} of a program of {community} {word} on {expires_at:%Y-%m-%d}", "make a new one"
        )


def check_backup(patient: Patient) -> Iterator[Finding]:
    """There is a backup of late."""
    room = patient.rooms.get(SERVICES[0])
    if room is None:
        return
    with room.database.system_read() as sql:
        newest = backups.find_newest(sql)
    advice = "`coop backup`, every night by a timer, and a copy on another machine"
    if newest is None:
        yield wrong("no backup was ever made", advice)
    elif (age := room.database.clock.now() - newest.taken_at) > timedelta(days=patient.settings.backup_days):
        yield wrong(f"the newest backup, {newest.name}, is {age.days} days old", advice)
