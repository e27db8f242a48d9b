"""Periods that metering closed, of which governance hears."""

from __future__ import annotations

from datetime import date

from sqlalchemy import func, select

from coop.governance.tables.meetings import closed_period
from coop.kit.tx import Tx


def keep_closed(tx: Tx, period_start: date, period_end: date) -> None:
    """Keep that a period is closed; another revision of it changes nothing."""
    row = {"community": tx.community, "period_start": period_start, "period_end": period_end}
    tx.insert_new(closed_period, [row], ["community", "period_start"])


def find_last_closed_day(tx: Tx) -> date | None:
    """The day up to which energy is divided and closed; None before the first closing."""
    return tx.scalar(select(func.max(closed_period.c.period_end)).where(closed_period.c.community == tx.community))
