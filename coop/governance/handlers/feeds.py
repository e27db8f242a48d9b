"""Commands on feed tokens: who outside the co-operative may follow its decisions and milestones.

A token follows from the installation's secret and its own id, so that asking for it again answers the same; the
database keeps only its hash.
"""

from __future__ import annotations

import hashlib
import hmac
from datetime import date

from sqlalchemy import Connection

from coop.governance.storage import feeds as store
from coop.values import BadInput, NotFound, Problem, derive_id


def create_feed_token(
    connection: Connection, community: str, audience: str, created_on: date, secret: str
) -> tuple[str, str]:
    """Give an audience a token; returns its id and the token itself. After a revocation the next one is another.

    Raises:
        BadInput: the audience has no name.
    """
    if not audience.strip():
        raise BadInput([Problem("name who will read the feed", "audience")])
    earlier = [token for token in store.tokens(connection, community) if token.audience == audience]
    number = sum(token.revoked_on is not None for token in earlier) + 1
    token_id = derive_id("feed-token", community, audience, number)
    token = hmac.new(secret.encode(), f"feed-token:{token_id}".encode(), hashlib.sha256).hexdigest()
    if not any(one.token_id == token_id for one in earlier):
        store.add_token(connection, store.FeedToken(token_id, community, audience, _hash(token), created_on, None))
    return token_id, token


def revoke_feed_token(connection: Connection, community: str, token_id: str, revoked_on: date) -> None:
    """End a token. Repeating it changes nothing."""
    if not store.revoke_token(connection, community, token_id, revoked_on):
        raise NotFound(f"there is no feed token {token_id}")


def community_of_token(connection: Connection, token: str) -> str | None:
    """The community whose feed a token opens; None when it opens none, or was revoked."""
    found = store.find_token(connection, _hash(token))
    return found.community if found is not None and found.revoked_on is None else None


def _hash(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()
