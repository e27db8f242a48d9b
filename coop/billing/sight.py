"""Who may see which bill."""

from __future__ import annotations

from sqlalchemy import Connection

from coop.billing.storage import bills
from coop.kit.auth import Session
from coop.values import NotFound

WATCHES = ("board", "treasurer", "auditor")
"""Roles that see every bill."""


def visible_bill(connection: Connection, session: Session, bill_id: str) -> bills.IssuedBill:
    """A bill by id or number that this person may see.

    Raises:
        NotFound: there is none, or it is somebody else's.
    """
    found = bills.find_bills(connection, session.community, bill_id=bill_id) or bills.find_bills(
        connection, session.community, number=bill_id
    )
    if not found or not (session.has(*WATCHES, "operator") or found[0].inputs.member_id == session.member_id):
        raise NotFound(f"there is no bill {bill_id}")
    return found[0]
