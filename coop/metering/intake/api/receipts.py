"""Receipts: what became of a delivery, with every problem and its place."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from coop.kit.answers import Answer
from coop.metering.fields import DeliveryId


class ProblemOut(Answer):
    """One thing that was wrong with what came in."""

    reason: Annotated[str, Field(examples=["its bytes give 1A2B"])]
    """Why it was not taken."""
    field: Annotated[str, Field(examples=["checksum"])]
    """Column, key or part of the telegram; empty where it is the whole."""
    line: int | None
    """Line of the body, from 1; null where lines mean nothing."""


class ReceiptOut(Answer):
    """Outcome of a delivery."""

    delivery_id: DeliveryId
    accepted: bool
    """Whether anything in it was good."""
    duplicate: bool
    """Whether it was here before, and so changed nothing."""
    values: Annotated[int, Field(examples=[96])]
    """Readings that were taken."""
    observations: Annotated[int, Field(examples=[1])]
    """Versions of a register's day that these made."""
    contradictions: Annotated[int, Field(examples=[0])] = 0
    """Those among them beside which a device measured another value: they are kept and count for nothing, until two
    people correct the reading. What a gateway delivers contradicts nobody."""
    doubts: list[ProblemOut] = Field(default_factory=list)
    """Strange things in a file, as a dry run finds them: it is taken with a reason, and kept with it."""
    problems: list[ProblemOut]
    """What was not taken; it is parked, and the rest went in."""
