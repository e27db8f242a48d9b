"""Answers on what became of a decision elsewhere."""

from __future__ import annotations

from datetime import date, datetime
from typing import Literal

from pydantic import BaseModel


class RefusedOut(BaseModel):
    """A service that could not take what was decided: since when, and why."""

    service: str
    told_at: datetime
    code: str
    reason: str


class StopOut(BaseModel):
    """A telling that a decision does not act from a day on, or acts again, with the paper that it stands on the
    resolution by which the members took it back, the one by which it is voted on again, or the decision on which a
    ``referendum`` was asked, or that referendum where it let it stand."""

    manner: Literal["suspended", "annulled", "withdrawn", "repealed", "disputed", "referendum", "resumed", "restored"]
    from_on: date
    ruled_on: date
    told_on: date
    paper: str
    repealed_by: str | None
    voted_again: str | None = None
    referendum: str | None = None


class WithdrawnOut(BaseModel):
    """The withdrawal of a point or a meeting: why, since when, and which meeting was convened in its place."""

    reason: str
    withdrawn_on: date
    followed_by: str | None
