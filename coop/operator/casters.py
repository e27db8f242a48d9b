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
from coop.governance.ballots.challenges.store import list_before
from coop.governance.ballots.motions.store import find_carried_from
from coop.governance.ballots.store import list_ballots
from coop.governance.model import Ballot
from coop.kit.tables import journal
from coop.kit.tx import Tx
from coop.members.tables.identity import account
from coop.values import derive_id


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
        ballots = _list_all(governance, resolution_id)
        by_commitment |= _find_carried(governance, resolution_id, ballots, casters)
        count = sum(1 for _ in find_strangers(resolution_id, ballots, by_commitment, member_of))
        if count:
            yield f"resolution {resolution_id}: {count} own ballots were cast from the account of somebody else"


def _list_all(governance: Tx, resolution_id: str) -> list[Ballot]:
    return [ballot for cast in list_ballots(governance, resolution_id).values() for ballot in cast]


def _find_carried(
    governance: Tx, resolution_id: str, ballots: Iterable[Ballot], casters: Mapping[str, Mapping[str, str]]
) -> Mapping[str, str]:
    """Accounts that cast the ballots which go on in a new vote or on a changed proposal, by commitment: those of the
    vote before it, since whoever disputed its outcome, or changed it, told of them anew."""
    carried = {}
    repeated: list[str | None] = [*list_before(governance, resolution_id)[:1]]
    for before in filter(None, repeated or [find_carried_from(governance, resolution_id)]):
        community = governance.community
        first = {
            derive_id("carried", community, resolution_id, each.ballot_id): each
            for each in _list_all(governance, before)
        }
        for ballot in ballots:
            if origin := first.get(ballot.ballot_id):
                actor = casters.get(before, {}).get(commit_again(before, origin), "")
                carried[commit_again(resolution_id, ballot)] = actor if origin.member_id == ballot.member_id else ""
    return carried


def find_strangers(
    resolution_id: str, ballots: Iterable[Ballot], casters: Mapping[str, str], member_of: Mapping[str, str | None]
) -> Iterator[Ballot]:
    """Ballots of sessions whose account is not of who may cast them; one that was never told of is named elsewhere."""
    for ballot in ballots:
        actor = casters.get(commit_again(resolution_id, ballot))
        voter = {"own": ballot.member_id, "mandate": ballot.proxy_holder}.get(ballot.channel)
        if actor is not None and voter is not None and member_of.get(actor) != voter:
            yield ballot
