"""Outcome of a delivery, for whoever handed it over."""

from __future__ import annotations

from dataclasses import dataclass

from coop.values import Problem


@dataclass(frozen=True)
class Receipt:
    """Outcome of a delivery: ``values`` readings were taken, which are ``observations`` of so many registers' days. Not
    ``accepted``: nothing in it was good; ``duplicate``: it was here before and changed nothing. ``contradictions`` are
    those of its values beside which a device measured another one: they count for nothing until two people correct.
    ``doubts`` are what a look at a file found strange: it is taken with a reason."""

    delivery_id: str
    accepted: bool
    duplicate: bool
    values: int
    observations: int
    problems: tuple[Problem, ...] = ()
    contradictions: int = 0
    doubts: tuple[Problem, ...] = ()
