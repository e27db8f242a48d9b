"""Jobs that every service has: the nightly walk over its hash chain, and forgetting answers that were kept a week."""

from __future__ import annotations

import logging
from collections.abc import Sequence

from coop.kit.jobs import Job, Work
from coop.kit.journal import Anchor, hash_at, read_anchor, set_anchor, verify_chain
from coop.kit.repeats import forget_answers
from coop.kit.service import Service
from coop.values import CoopError, say
from coop.web.language import N_

log = logging.getLogger(__name__)

PART = 5000
"""Facts that are walked in one transaction."""


def check_chain(work: Work) -> str:
    """Walk a service's chain on from where it was last found whole, a part at a time, so that neither its length nor
    one long transaction grows with the journal; ``coop verify --journal`` walks all of it. A break is told loudly in
    the log and the job's outcome.

    Raises:
        CoopError: the chain is broken.
    """
    with work.database.system_read() as sql:
        anchor = first = read_anchor(sql)
    while True:
        with work.database.system_read() as sql:
            whole, broken = verify_chain(sql, anchor, PART)
            reached = Anchor(whole, hash_at(sql, whole) or "") if whole else anchor
        if broken:
            log.critical("journal of %s: position %d %s", work.database.service, broken.position, broken.reason)
            raise CoopError(
                "chain-broken", say("position %(position)s: %(reason)s", position=broken.position, reason=broken.reason)
            )
        if reached == anchor:
            return say("%(whole)s facts, chain whole; %(new)s of them new", whole=whole, new=whole - first.position)
        with work.database.system_write() as sql:
            set_anchor(sql, reached)
        anchor = reached


def forget_old_answers(work: Work) -> str:
    """Forget the answers that were kept for requests that come again."""
    with work.write() as tx:
        return say("%(count)s kept answers forgotten", count=forget_answers(tx))


FORGET_ANSWERS = Job("answers-forget", N_("Forget answers kept for programs"), "41 2 * * *", forget_old_answers)
CHAIN_CHECK = Job("chain-check", N_("Walk the hash chain"), "17 3 * * *", check_chain)


def jobs_of(service: Service) -> Sequence[Job]:
    """All jobs of a service."""
    return (CHAIN_CHECK, FORGET_ANSWERS, *service.jobs)
