"""Telling a member that somebody else said what their meter said: who is owed that, and what they are told."""

from __future__ import annotations

from datetime import datetime
from typing import Literal

from coop.events.metering import ReadingChanged
from coop.kit.tx import Tx
from coop.metering.model import Quantity
from coop.metering.register import store as register
from coop.values import civil_date

Act = Literal["corrected", "withdrawn", "restored", "exchanged"]


def tell_member(tx: Tx, serial: str, quantity: Quantity, at: datetime, act: Act, change_id: str) -> None:
    """Tell that a reading of a meter was changed by people, to whoever held its connection then."""
    meter = register.meters_of(tx, [serial]).get(serial)
    day = civil_date(at)
    here = {one.connection_id for one in meter.placed() if one.hangs_at(at)} if meter is not None else set()
    for hold in register.list_occupancies(tx):
        if hold.connection_id in here and hold.start <= day and (hold.end is None or day < hold.end):
            tx.tell(
                ReadingChanged(
                    change_id=change_id,
                    connection_id=hold.connection_id,
                    member_id=hold.member_id,
                    meter=serial,
                    quantity=quantity.value,
                    at=at,
                    act=act,
                )
            )
