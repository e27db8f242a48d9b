"""Own tokens as they are kept: the token in the kit's table, its name and whose it is beside it."""

from __future__ import annotations

from sqlalchemy import insert, select

from coop.kit.tables import program_token
from coop.kit.tx import Tx
from coop.members.own_tokens.model import OwnToken
from coop.members.tables import own_token


def add_token(tx: Tx, token_id: str, account_id: str, name: str) -> None:
    """Keep whose a token is."""
    row = {"community": tx.community, "token_id": token_id, "account_id": account_id, "name": name, "made_at": tx.now}
    tx.execute(insert(own_token), [row])


def list_tokens(tx: Tx, account_id: str) -> list[OwnToken]:
    """List the tokens of an account that work, newest first."""
    token = program_token.c
    query = (
        select(own_token.c.token_id, own_token.c.name, own_token.c.made_at, token.expires_at, token.used_on)
        .join(program_token, (token.community == own_token.c.community) & (token.token_id == own_token.c.token_id))
        .where(token.community == tx.community, own_token.c.community == tx.community)
        .where(own_token.c.account_id == account_id, token.ended_at.is_(None), token.expires_at > tx.now)
        .order_by(own_token.c.made_at.desc(), own_token.c.token_id)
    )
    return [OwnToken(*row) for row in tx.execute(query)]


def find_owner(tx: Tx, token_id: str) -> str | None:
    """Find the account that gave a token out."""
    mine = own_token.c.community == tx.community, own_token.c.token_id == token_id
    return tx.scalar(select(own_token.c.account_id).where(*mine))
