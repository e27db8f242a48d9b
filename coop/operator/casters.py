"""Ballots from members' own sessions, each held beside the account that cast it: it belongs to the member whose vote it
is, or to the one who holds their mandate.

    account that told of the commitment to a ballot  ->  its member  =  the member, or the holder of the mandate

The account comes from the sealed fact of casting, its member from the register: an account keeps its member for ever,
also once it is closed or its name is erased.

Source: docs/domain/meetings-votes-and-statutes.md#commitments.
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping

from sqlalchemy import select

from coop.events.governance import BallotsCommitted
from coop.governance.ballots.box_again import commit_again
from coop.governance.ballots.store import list_ballots
from coop.governance.model import Ballot
from coop.kit.tables import journal
from coop.kit.tx import Tx
from coop.members.tables.identity import account


def verify_casters(governance: Tx, members: Tx) -> Iterator[str]:
    """Every resolution with ballots that somebody else's account cast; whose they are stays in the box."""
    query = select(account.c.account_id, account.c.member_id).where(account.c.community == members.community)
    member_of = {f"account:{account_id}": member_id for account_id, member_id in members.execute(query)}
    told = select(journal.c.subject, journal.c.actor, journal.c.data).where(
        journal.c.community == governance.community, journal.c.type == BallotsCommitted.TYPE
    )
    casters: dict[str, dict[str, str]] = defaultdict(dict)
    for resolution_id, actor, data in governance.execute(told.order_by(journal.c.row_id)):
        casters[resolution_id].update(dict.fromkeys(json.loads(data)["commitments"], actor))
    for resolution_id, by_commitment in casters.items():
        ballots = [ballot for cast in list_ballots(governance, resolution_id).values() for ballot in cast]
        count = sum(1 for _ in find_strangers(resolution_id, ballots, by_commitment, member_of))
        if count:
            yield f"resolution {resolution_id}: {count} own ballots were cast from the account of somebody else"


def find_strangers(
    resolution_id: str, ballots: Iterable[Ballot], casters: Mapping[str, str], member_of: Mapping[str, str | None]
) -> Iterator[Ballot]:
    """Ballots of sessions whose account is not of who may cast them; one that was never told of is named elsewhere."""
    for ballot in ballots:
        actor = casters.get(commit_again(resolution_id, ballot))
        voter = {"own": ballot.member_id, "mandate": ballot.proxy_holder}.get(ballot.channel)
        if actor is not None and voter is not None and member_of.get(actor) != voter:
            yield ballot
