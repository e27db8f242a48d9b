"""``coop verify --readings``: every block of readings read again, and every closed period computed again."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from coop.kit.settings import Settings
from coop.metering.provenance.log_again import verify_log
from coop.metering.provenance.standing_again import StandingAgain, verify_standing
from coop.metering.provenance.with_period import Verified
from coop.operator.findings import Echo, findings_of, is_aside
from coop.operator.opening import open_database


def verify_readings(settings: Settings, community: str, echo: Echo) -> bool:
    """Read every block of a co-operative's readings again, and compute every closed period again; True when each block
    says what its digest was made of, and nothing is kept that comes out otherwise."""
    good = verify_periods(settings, community, echo)
    return verify_log_again(settings, community, echo) and good


def verify_periods(settings: Settings, community: str, echo: Echo) -> bool:
    """Compute every closed period again; True when nothing is kept that comes out otherwise."""
    again = compute_periods(settings, community)
    for line in again.lines:
        echo(line)
    return again.agrees


@dataclass(frozen=True)
class PeriodsAgain:
    """Lines that computing every closed period again tells, whether all agrees, and findings of measurements and runs
    that were verified with their period, by id."""

    agrees: bool
    lines: Sequence[str]
    verified: Verified


def compute_periods(settings: Settings, community: str) -> PeriodsAgain:
    """Compute every closed period of a co-operative again."""
    again = StandingAgain()
    with open_database("metering", settings) as database, database.read(community) as tx:
        findings = findings_of(lambda: verify_standing(tx, again).findings)
    agree = (
        f"{community}: what closed periods keep beside the whole computation: {len(findings) or 'nothing'} otherwise"
    )
    return PeriodsAgain(not findings or is_aside(findings), [*findings, agree], again.verified)


def verify_log_again(settings: Settings, community: str, echo: Echo) -> bool:
    """Read every block of a co-operative's readings again; True when each says what its digest was made of."""
    with open_database("metering", settings) as database, database.read(community) as tx:
        log = verify_log(tx)
    for finding in log.findings:
        echo(finding)
    wrong = f"{len(log.findings)} do NOT agree" if log.findings else "all agree"
    echo(f"{community}: {log.blocks:,} blocks of readings, {log.sealed:,} of them sealed: {wrong}")
    return not log.findings
