"""Second factors as they are kept."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from sqlalchemy import delete, func, select, update

from coop.kit.rows import find_as, find_by, row_of, select_as
from coop.kit.tx import Tx
from coop.members.factors.model import Authenticator, Factors, Passkey, Reset
from coop.members.factors.tables import authenticator, factor_reset, passkey, recovery_code, spent_challenge
from coop.values import NotFound, say


def load_factors(tx: Tx, account_id: str) -> Factors:
    """Load everything that an account has."""
    codes = recovery_code.c
    left = select(func.count()).where(
        codes.community == tx.community, codes.account_id == account_id, codes.used_at.is_(None)
    )
    return Factors(find_authenticator(tx, account_id), tuple(list_passkeys(tx, account_id)), tx.scalar(left) or 0)


def find_authenticator(tx: Tx, account_id: str) -> Authenticator | None:
    """Find the app of an account."""
    return find_by(tx, Authenticator, authenticator, account_id=account_id)


def list_authenticators(tx: Tx) -> list[Authenticator]:
    """List the apps of all accounts."""
    return select_as(tx, Authenticator, authenticator, order_by=[authenticator.c.account_id])


def put_authenticator(tx: Tx, app: Authenticator) -> None:
    """Keep an app in the place of the one before."""
    remove_authenticator(tx, app.account_id)
    tx.insert_new(authenticator, [row_of(tx, app)], ["community", "account_id"])


def reseal_authenticator(tx: Tx, app: Authenticator, sealed_secret: bytes) -> None:
    """Keep the same secret under another seal, unless another app came in the meantime."""
    columns = authenticator.c
    same = columns.account_id == app.account_id, columns.sealed_secret == app.sealed_secret
    tx.execute(
        update(authenticator).where(columns.community == tx.community, *same).values(sealed_secret=sealed_secret)
    )


def use_step(tx: Tx, account_id: str, step: int) -> bool:
    """Use the code of a step; False when that step, or a later one, was used before."""
    columns = authenticator.c
    later = columns.account_id == account_id, columns.last_step < step
    used = tx.execute(update(authenticator).where(columns.community == tx.community, *later).values(last_step=step))
    return bool(used.rowcount)


def remove_authenticator(tx: Tx, account_id: str) -> bool:
    """Remove the app of an account; False when it has none."""
    columns = authenticator.c
    removed = tx.execute(
        delete(authenticator).where(columns.community == tx.community, columns.account_id == account_id)
    )
    return bool(removed.rowcount)


def list_passkeys(tx: Tx, account_id: str) -> list[Passkey]:
    """List the passkeys of an account in the order in which they came."""
    columns = passkey.c
    return select_as(
        tx, Passkey, passkey, columns.account_id == account_id, order_by=[columns.added_at, columns.passkey_id]
    )


def find_passkey(tx: Tx, credential_id: str) -> Passkey | None:
    """Find a passkey by the id that its device gave it."""
    return find_by(tx, Passkey, passkey, credential_id=credential_id)


def add_passkey(tx: Tx, made: Passkey) -> None:
    """Keep a passkey that is not there yet."""
    tx.insert_new(passkey, [row_of(tx, made)], ["community", "passkey_id"])


def note_use(tx: Tx, passkey_id: str, sign_count: int) -> None:
    """Keep how often a passkey signed, and that it was used now."""
    columns = passkey.c
    tx.execute(
        update(passkey)
        .where(columns.community == tx.community, columns.passkey_id == passkey_id)
        .values(sign_count=sign_count, used_at=tx.now)
    )


def remove_passkey(tx: Tx, account_id: str, passkey_id: str) -> bool:
    """Remove one passkey of an account; False when it has no such one."""
    columns = passkey.c
    mine = columns.community == tx.community, columns.account_id == account_id, columns.passkey_id == passkey_id
    return bool(tx.execute(delete(passkey).where(*mine)).rowcount)


def remove_passkeys(tx: Tx, account_id: str) -> None:
    """Remove all passkeys of an account."""
    tx.execute(delete(passkey).where(passkey.c.community == tx.community, passkey.c.account_id == account_id))


def put_recovery_codes(tx: Tx, account_id: str, hashes: Iterable[str]) -> None:
    """Keep recovery codes in the place of all before."""
    columns = recovery_code.c
    tx.execute(delete(recovery_code).where(columns.community == tx.community, columns.account_id == account_id))
    rows = [
        {"community": tx.community, "account_id": account_id, "sha256": sha256, "made_at": tx.now} for sha256 in hashes
    ]
    tx.insert_new(recovery_code, rows, ["community", "account_id", "sha256"])


def use_recovery_code(tx: Tx, account_id: str, sha256: str) -> bool:
    """Use a recovery code; False when there is none such, or it was used before."""
    columns = recovery_code.c
    mine = columns.account_id == account_id, columns.sha256 == sha256, columns.used_at.is_(None)
    used = tx.execute(update(recovery_code).where(columns.community == tx.community, *mine).values(used_at=tx.now))
    return bool(used.rowcount)


def spend_challenge(tx: Tx, challenge: bytes) -> bool:
    """Spend a challenge; False when it was answered before."""
    columns, answered = spent_challenge.c, challenge.hex()
    same = columns.community == tx.community, columns.challenge == answered
    if tx.execute(select(columns.challenge).where(*same)).first() is not None:
        return False
    row = {"community": tx.community, "challenge": answered, "spent_at": tx.now}
    tx.insert_new(spent_challenge, [row], ["community", "challenge"])
    return True


def forget_challenges(tx: Tx, spent_before: datetime) -> int:
    """Forget challenges that nobody can answer any more; returns how many."""
    columns = spent_challenge.c
    forgotten = tx.execute(
        delete(spent_challenge).where(columns.community == tx.community, columns.spent_at < spent_before)
    )
    return forgotten.rowcount


def add_reset(tx: Tx, reset: Reset) -> None:
    """Keep a reset that somebody asks for."""
    tx.insert_new(factor_reset, [row_of(tx, reset)], ["community", "reset_id"])


def find_waiting_reset(tx: Tx, account_id: str) -> Reset | None:
    """Find the reset of an account that waits for a second person."""
    columns = factor_reset.c
    return find_as(tx, Reset, factor_reset, columns.account_id == account_id, columns.outcome.is_(None))


def list_waiting_resets(tx: Tx) -> list[Reset]:
    """List all resets that wait for a second person, the oldest first."""
    columns = factor_reset.c
    order = [columns.proposed_at, columns.reset_id]
    return select_as(tx, Reset, factor_reset, columns.outcome.is_(None), order_by=order)


def get_waiting_reset(tx: Tx, reset_id: str) -> Reset:
    """Find a reset that waits.

    Raises:
        NotFound: none with this id waits.
    """
    columns = factor_reset.c
    reset = find_as(tx, Reset, factor_reset, columns.reset_id == reset_id, columns.outcome.is_(None))
    if reset is None:
        raise NotFound(say("no reset %(reset_id)s waits", reset_id=reset_id))
    return reset


def settle_reset(tx: Tx, reset_id: str, outcome: str) -> None:
    """Keep what became of a reset, and who decided it."""
    columns = factor_reset.c
    waiting = columns.community == tx.community, columns.reset_id == reset_id, columns.outcome.is_(None)
    settled = {"outcome": outcome, "settled_at": tx.now, "settled_by": str(tx.actor)}
    tx.execute(update(factor_reset).where(*waiting).values(**settled))
