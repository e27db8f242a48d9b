"""Commands on feed tokens: the rights of others to follow the co-operative's decisions and milestones.

A token follows from the installation's secret and its own id, so that asking for it again answers the same; the
database keeps only its hash. A program shows it in a header, and nowhere else is it ever written.
"""

from __future__ import annotations

import hashlib
import hmac
from datetime import date

from coop.governance.storage import feeds as store
from coop.kit.database import Database
from coop.kit.session import Session
from coop.kit.tx import Tx
from coop.values import BadInput, NotFound, Problem, derive_id

READER = "feed"
"""Role of a program that shows a feed token; it opens the feed and nothing else."""


def create_feed_token(tx: Tx, audience: str, secret: str) -> tuple[str, str]:
    """Give an audience a token; returns its id and the token itself. After a revocation the next one is another.

    Raises:
        BadInput: the audience has no name.
    """
    if not audience.strip() or "\0" in audience:
        raise BadInput([Problem("name who will read the feed", "audience")])
    tx.lock("feed-tokens")
    earlier = [token for token in store.list_tokens(tx) if token.audience == audience]
    number = sum(token.revoked_on is not None for token in earlier) + 1
    token_id = derive_id("feed-token", tx.community, audience, number)
    token = hmac.new(secret.encode(), f"feed-token:{token_id}".encode(), hashlib.sha256).hexdigest()
    if not any(given.token_id == token_id for given in earlier):
        store.add_token(tx, store.FeedToken(token_id, tx.community, audience, _hash(token), tx.today, None))
    return token_id, token


def revoke_feed_token(tx: Tx, token_id: str) -> date:
    """End a token from now on; returns the day. Repeating it changes nothing."""
    revoked_on = store.revoke_token(tx, token_id)
    if revoked_on is None:
        raise NotFound(f"there is no feed token {token_id}")
    return revoked_on


def find_reader(database: Database, token: str) -> Session | None:
    """The session of the program that shows a token; None when nobody has it, or it was revoked."""
    with database.system_read() as sql:
        given = store.find_token(sql, _hash(token))
    if given is None or given.revoked_on is not None:
        return None
    return Session(given.token_id, given.audience, frozenset({READER}), None, given.community, kind=READER)


def _hash(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()
