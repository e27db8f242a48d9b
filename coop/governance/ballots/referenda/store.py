"""Queries on referenda that members asked."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from coop.governance.ballots.referenda.rules import Request
from coop.governance.tables.referenda import referendum_objection, referendum_request
from coop.governance.tables.stamps import stamp, stamp_with_channel
from coop.kit.rows import insert_nouns, select_as
from coop.kit.tx import Tx


@dataclass(frozen=True)
class KeptRequest(Request):
    """A request as it is kept, with the server's time."""

    resolution_id: str
    recorded_at: datetime


@dataclass(frozen=True)
class Disputed:
    """A member's word that a request which others entered for them is not theirs, after so many requests."""

    number: int
    requests_before: int
    in_time: bool


def list_requests(tx: Tx, resolution_id: str) -> list[KeptRequest]:
    """Everybody who asked a referendum on a decision, in order."""
    columns = referendum_request.c
    of_decision = columns.resolution_id == resolution_id
    return select_as(tx, KeptRequest, referendum_request, of_decision, order_by=[columns.number])


def list_granted(tx: Tx) -> list[KeptRequest]:
    """The requests by which referenda are held, in order of time."""
    columns = referendum_request.c
    return select_as(tx, KeptRequest, referendum_request, columns.is_granted, order_by=[columns.recorded_at])


def list_requests_of(tx: Tx, member_id: str) -> Sequence[KeptRequest]:
    """Every referendum that a member asked, in order of time."""
    columns = referendum_request.c
    return select_as(
        tx, KeptRequest, referendum_request, columns.member_id == member_id, order_by=[columns.recorded_at]
    )


def add_request(tx: Tx, resolution_id: str, asked: Request) -> None:
    """Keep that a member asks a referendum."""
    said = {"resolution_id": resolution_id, "is_own": asked.is_own, **stamp_with_channel(tx)}
    insert_nouns(tx, referendum_request, [asked], **said)


def list_disputed(tx: Tx, resolution_id: str) -> list[Disputed]:
    """Requests that their members said not to be theirs, in order."""
    columns = referendum_objection.c
    return select_as(
        tx, Disputed, referendum_objection, columns.resolution_id == resolution_id, order_by=[columns.number]
    )


def add_disputed(tx: Tx, resolution_id: str, made: Disputed) -> None:
    """Keep that a request is not its member's."""
    insert_nouns(tx, referendum_objection, [made], resolution_id=resolution_id, **stamp(tx))
