"""Requests that may be sent again: the answer to an ``Idempotency-Key`` is kept, and given again.

The key, a hash of the request and its answer are written in the transaction of the effect itself: killed in between,
neither is there, and the request can be sent again; committed, both are. A refusal is not kept, because it changed
nothing. A key counts per community, actor and operation.
Source: draft-ietf-httpapi-idempotency-key-header.
"""

from __future__ import annotations

import hmac
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Final

from sqlalchemy import delete, insert, select
from starlette.requests import Request
from starlette.responses import Response

from coop.kit.problems import HttpProblem
from coop.kit.tables import kept_answer
from coop.kit.tx import Tx
from coop.values import BadInput, CoopError, Problem, say

HEADER: Final = "Idempotency-Key"
REPEATED: Final = "Idempotency-Replayed"
KEPT: Final = timedelta(days=7)
_KEY_MAX = 200


@dataclass(frozen=True)
class Claim:
    """A request that may be sent again: its key, and what tells it from another request."""

    actor: str
    operation: str
    key: str
    request_hash: str


async def read_claim(request: Request, operation: str, actor: str, secret: str) -> Claim | None:
    """The claim of a request, or None when it names no key. Of the body only a keyed hash is kept.

    Raises:
        BadInput: the key is empty, long, or holds what cannot be seen.
    """
    key = request.headers.get(HEADER)
    if key is None:
        return None
    if not 0 < len(key) <= _KEY_MAX or not key.isascii() or not key.isprintable():
        raise BadInput(
            [Problem(say("is not 1 to %(longest)s visible characters", longest=_KEY_MAX), HEADER)],
            "bad-idempotency-key",
        )
    digest = hmac.new(secret.encode(), digestmod="sha256")
    for part in (request.url.path, request.url.query, request.headers.get("content-type", "")):
        digest.update(part.encode() + b"\x00")
    digest.update(await request.body())
    return Claim(actor, operation, key, digest.hexdigest())


def answer_once(tx: Tx, claim: Claim, work: Callable[[], Response], *, secret: bool) -> Response:
    """Carry a request out, or give the answer of the first time; an answer that holds a ``secret`` is not kept.

    Raises:
        HttpProblem: 422, the key came with another request before.
        CoopError: the same request is being carried out, or its answer held a secret.
    """
    if not tx.try_lock(f"answer {claim.actor} {claim.operation} {claim.key}"):
        raise CoopError("request-in-flight", say("the same request is being carried out"))
    kept = kept_answer.c
    row = tx.execute(
        select(kept.request_hash, kept.status, kept.media_type, kept.body).where(
            kept.community == tx.community,
            kept.actor == claim.actor,
            kept.operation == claim.operation,
            kept.key == claim.key,
        )
    ).first()
    if row is not None:
        if row.request_hash != claim.request_hash:
            raise HttpProblem(422, "idempotency-key-reused", say("this key came with another request before"))
        if row.status == 0:
            raise CoopError("answer-not-kept", say("this was done before, and its answer is shown once"))
        return Response(row.body, row.status, headers={REPEATED: "true"}, media_type=row.media_type or None)
    response = work()
    if response.status_code < 400:
        _keep(tx, claim, response, secret=secret)
    return response


def _keep(tx: Tx, claim: Claim, response: Response, *, secret: bool) -> None:
    values: dict[str, Any] = {"status": 0, "media_type": "", "body": b""}
    if not secret:
        media_type = response.headers.get("content-type", "")
        values = {"status": response.status_code, "media_type": media_type, "body": bytes(response.body)}
    tx.execute(
        insert(kept_answer).values(
            community=tx.community,
            actor=claim.actor,
            operation=claim.operation,
            key=claim.key,
            request_hash=claim.request_hash,
            answered_at=tx.now,
            **values,
        )
    )


def forget_answers(tx: Tx) -> int:
    """Forget the answers that were kept long enough; their number."""
    old = kept_answer.c.community == tx.community, kept_answer.c.answered_at < tx.now - KEPT
    return tx.execute(delete(kept_answer).where(*old)).rowcount
