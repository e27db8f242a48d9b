"""``coop doctor``: looks at everything, and says what is wrong and what to do about it."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import orjson
from sqlalchemy.exc import SQLAlchemyError

from coop.events import SERVICES
from coop.kit.database import DamagedDatabase
from coop.kit.service import Room
from coop.kit.settings import Settings
from coop.operator.keeping.checks import place, rooms
from coop.operator.keeping.checks.model import Check, Finding, Patient, wrong
from coop.operator.runtime import open_room
from coop.values import CoopError

CHECKS: dict[str, Check] = {
    "secret": place.check_secret,
    "address": place.check_address,
    "files": place.check_files,
    "disk": place.check_disk,
    "servers": place.check_servers,
    "revisions": rooms.check_revisions,
    "role": rooms.check_role,
    "clock": rooms.check_clock,
    "chains": rooms.check_chains,
    "hearers": rooms.check_hearers,
    "gaps": rooms.check_gaps,
    "letters": rooms.check_letters,
    "jobs": rooms.check_jobs,
    "messages": rooms.check_messages,
    "communities": rooms.check_communities,
    "tokens": rooms.check_tokens,
    "backup": rooms.check_backup,
}

Echo = Callable[[str], object]


def examine(settings: Settings) -> Iterator[tuple[str, list[Finding]]]:
    """Every check by its name with what it found; the databases come first."""
    opened: dict[str, Room] = {}
    away: list[Finding] = []
    for name in SERVICES:
        try:
            opened[name] = open_room(name, settings, migrate=False)
            with opened[name].database.system_read() as sql:
                sql.exec_driver_sql("SELECT count(*) FROM journal")
        except (CoopError, SQLAlchemyError, DamagedDatabase, OSError) as error:
            opened.pop(name, None)
            away.append(_away(name, settings, error))
    yield "databases", away
    patient = Patient(settings, opened)
    try:
        for check_name, check in CHECKS.items():
            yield check_name, _run(check, patient)
    finally:
        for room in opened.values():
            room.database.close()


def _away(name: str, settings: Settings, error: Exception) -> Finding:
    if not settings.url(name).startswith("sqlite"):
        advice = "start the database server, mend COOP_DATABASE_URL, or run `coop migrate` if it is new"
    else:
        advice = "put a whole backup back by `coop restore`, or name the right folder by COOP_DATA_DIR"
    reason = str(getattr(error, "orig", None) or error).split("\n")[0]
    return wrong(f"the database of {name} cannot be read: {reason}", advice)


def _run(check: Check, patient: Patient) -> list[Finding]:
    try:
        return list(check(patient))
    except (CoopError, SQLAlchemyError, DamagedDatabase, OSError, ValueError) as error:
        reason = str(getattr(error, "orig", None) or error).split("\n")[0]
        return [wrong(f"this could not be looked at: {reason}", "mend what the other checks name, and look again")]


def report(settings: Settings, echo: Echo, *, as_json: bool) -> bool:
    """Tell what every check found; True when nothing is wrong."""
    findings = dict(examine(settings))
    good = not any(finding.level == "wrong" for found in findings.values() for finding in found)
    if as_json:
        checks = {name: [vars(finding) for finding in found] for name, found in findings.items()}
        echo(orjson.dumps({"good": good, "checks": checks}, option=orjson.OPT_INDENT_2).decode())
        return good
    for name, found in findings.items():
        if not found:
            echo(f"ok     {name}")
        for finding in found:
            echo(f"{finding.level:<6} {name}: {finding.text}")
            echo(f"       -> {finding.advice}")
    echo("nothing is wrong" if good else "something is wrong")
    return good
