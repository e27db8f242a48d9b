"""Dated choices of the co-operative, read from ``choices.toml`` beside this module."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from functools import cache
from importlib.resources import files
from typing import Any

from coop.values import CoopError


@dataclass(frozen=True)
class GuaranteeChoice:
    """How Niet Meer Dan Nu is reckoned."""

    index_series: str
    degree_day_series: str
    normal_degree_day_series: str
    reference_years: int
    tap_share: Decimal


@dataclass(frozen=True)
class BrakeChoice:
    """When a bill is implausible beside the one before: both thresholds must be passed."""

    ratio: Decimal
    difference_cents: int


def guarantee_choice(on: date) -> GuaranteeChoice:
    """The choice that holds on a day.

    Raises:
        CoopError: ``no-choice``, the day is older than the first.
    """
    row = _row("guarantee", on)
    return GuaranteeChoice(
        row["index_series"],
        row["degree_day_series"],
        row["normal_degree_day_series"],
        row["reference_years"],
        Decimal(row["tap_share"]),
    )


def brake_choice(on: date) -> BrakeChoice:
    """The thresholds that hold on a day.

    Raises:
        CoopError: as ``guarantee_choice``.
    """
    row = _row("brakes", on)
    return BrakeChoice(Decimal(row["ratio"]), row["difference_cents"])


@cache
def _row(name: str, on: date) -> dict[str, Any]:
    rows: list[dict[str, Any]] = tomllib.loads(files(__package__).joinpath("choices.toml").read_text())[name]
    in_force = [row for row in rows if row["valid_from"] <= on]
    if not in_force:
        first = min(row["valid_from"] for row in rows)
        raise CoopError("no-choice", f"no choice of {name} holds on {on}; the first holds from {first}")
    return max(in_force, key=lambda row: row["valid_from"])
