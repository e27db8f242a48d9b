"""The job that every service has: the nightly walk over its hash chain."""

from __future__ import annotations

import logging
from collections.abc import Sequence

from coop.kit.jobs import Job, Work
from coop.kit.journal import verify_chain
from coop.kit.service import Service
from coop.values import CoopError
from coop.web.language import N_

log = logging.getLogger(__name__)


def check_chain(work: Work) -> str:
    """Walk a service's chain; a break is told loudly in the log and the job's outcome.

    Raises:
        CoopError: the chain is broken.
    """
    with work.database.system_read() as sql:
        whole, broken = verify_chain(sql)
    if broken:
        log.critical("journal of %s: position %d %s", work.database.service, broken.position, broken.reason)
        raise CoopError("chain-broken", f"position {broken.position}: {broken.reason}")
    return f"{whole} facts, chain whole"


CHAIN_CHECK = Job("chain-check", N_("Walk the hash chain"), "17 3 * * *", check_chain)


def jobs_of(service: Service) -> Sequence[Job]:
    """All jobs of a service."""
    return (CHAIN_CHECK, *service.jobs)
