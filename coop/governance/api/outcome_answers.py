"""Answers on what became of a decision elsewhere."""

from __future__ import annotations

from datetime import datetime

from pydantic import BaseModel


class RefusedOut(BaseModel):
    """A service that could not take what was decided: since when, and why."""

    service: str
    told_at: datetime
    code: str
    reason: str
