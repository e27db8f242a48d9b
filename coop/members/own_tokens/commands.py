"""Commands on own tokens: give one out, end it, end all of an account. Each is told to every service."""

from __future__ import annotations

from datetime import timedelta

from coop.events.members import ProgramTokenEnded, ProgramTokenMade
from coop.events.scopes import OWN
from coop.kit.tokens import end_token, keep_token, make_token
from coop.kit.tx import Tx
from coop.members.own_tokens import store
from coop.members.own_tokens.model import LIFE_DAYS, NAME_MAX, TOKENS_MAX
from coop.values import BadInput, CoopError, NotFound, Problem, midnight, say


def make_own_token(tx: Tx, account_id: str, member_id: str, name: str) -> str:
    """Give out a token that opens what is the member's own for a year; returns it, for it cannot be shown again.

    Raises:
        BadInput: the name has no signs that print, or too many.
        CoopError: the account has as many tokens as it may have.
    """
    name = name.strip()
    if not (0 < len(name) <= NAME_MAX and name.isprintable()):
        raise BadInput([Problem(say("needs 1 to %(max)s signs that print", max=NAME_MAX), "name")], "bad-program")
    tx.lock(f"own tokens {account_id}")
    if len(store.list_tokens(tx, account_id)) >= TOKENS_MAX:
        raise CoopError("too-many-tokens", say("%(max)s tokens work already; end one first", max=TOKENS_MAX))
    drawn = make_token()
    made = ProgramTokenMade(
        token_id=drawn.token_id,
        token_sha256=drawn.sha256,
        scopes=(OWN,),
        expires_at=midnight(tx.today + timedelta(days=LIFE_DAYS)),
        member_id=member_id,
        made_by=account_id,
    )
    keep_token(tx, made)
    store.add_token(tx, drawn.token_id, account_id, name)
    tx.tell(made)
    return drawn.token


def end_own_token(tx: Tx, account_id: str, token_id: str) -> None:
    """End a token of an account. Repeating it changes nothing.

    Raises:
        NotFound: the account gave out no such token.
    """
    if store.find_owner(tx, token_id) != account_id:
        raise NotFound(say("there is no token %(token_id)s", token_id=token_id))
    if any(token.token_id == token_id for token in store.list_tokens(tx, account_id)):
        _end(tx, token_id)


def end_own_tokens(tx: Tx, account_id: str) -> None:
    """End every token of an account, as when it is closed."""
    tx.lock(f"own tokens {account_id}")
    for token in store.list_tokens(tx, account_id):
        _end(tx, token.token_id)


def _end(tx: Tx, token_id: str) -> None:
    event = ProgramTokenEnded(token_id=token_id, ended_at=tx.now)
    end_token(tx, event)
    tx.tell(event)
