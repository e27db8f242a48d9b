"""Queries on referenda that members asked."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from coop.governance.ballots.referenda.rules import Request
from coop.governance.tables.referenda import referendum_request
from coop.governance.tables.stamps import stamp_with_channel
from coop.kit.rows import insert_nouns, select_as
from coop.kit.tx import Tx


@dataclass(frozen=True)
class KeptRequest(Request):
    """A request as it is kept, with the server's time."""

    resolution_id: str
    recorded_at: datetime


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
    insert_nouns(tx, referendum_request, [asked], resolution_id=resolution_id, **stamp_with_channel(tx))
