"""``coop verify --readings``: every block of readings read again, and every closed period computed again."""

from __future__ import annotations

from coop.kit.settings import Settings
from coop.metering.provenance.log_again import verify_log
from coop.metering.provenance.standing_again import verify_standing
from coop.operator.findings import Echo, findings_of, is_aside
from coop.operator.opening import open_database


def verify_readings(settings: Settings, community: str, echo: Echo) -> bool:
    """Read every block of a co-operative's readings again, and compute every closed period again; True when each block
    says what its digest was made of, and nothing is kept that comes out otherwise."""
    good = verify_periods(settings, community, echo)
    return verify_log_again(settings, community, echo) and good


def verify_periods(settings: Settings, community: str, echo: Echo) -> bool:
    """Compute every closed period again; True when nothing is kept that comes out otherwise."""
    with open_database("metering", settings) as database, database.read(community) as tx:
        again = findings_of(lambda: verify_standing(tx).findings)
    for finding in again:
        echo(finding)
    echo(f"{community}: what closed periods keep beside the whole computation: {len(again) or 'nothing'} otherwise")
    return not again or is_aside(again)


def verify_log_again(settings: Settings, community: str, echo: Echo) -> bool:
    """Read every block of a co-operative's readings again; True when each says what its digest was made of."""
    with open_database("metering", settings) as database, database.read(community) as tx:
        log = verify_log(tx)
    for finding in log.findings:
        echo(finding)
    wrong = f"{len(log.findings)} do NOT agree" if log.findings else "all agree"
    echo(f"{community}: {log.blocks:,} blocks of readings, {log.sealed:,} of them sealed: {wrong}")
    return not log.findings
