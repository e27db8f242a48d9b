"""A policy on consent: for what the co-operative asks its members' consent, how long it holds, and how few may be seen.

Source: docs/domain/personal-data.md.
"""

from __future__ import annotations

from typing import Final

from coop.governance.decisions.recording import record
from coop.governance.kind_fields import Day, Whole, Words
from coop.governance.kinds import NOTHING_ACTS, Kind
from coop.web.language import N_

GROUP_LEAST: Final = 10
"""Fewest members whose figures may be shown together."""

FIELDS = (
    Words("purpose", N_("Purpose"), longest=500),
    Whole(
        "minimum_group",
        N_("Smallest group"),
        N_("Figures of fewer members than this are never shown together; at least 10."),
        least=GROUP_LEAST,
        most=100_000,
        unit=N_("members"),
    ),
    Whole("term_months", N_("Term"), N_("In months."), least=1, most=120, unit=N_("months")),
    Day("valid_from", N_("In force from")),
)

KIND = Kind("consent-policy", N_("Policy on consent"), NOTHING_ACTS, FIELDS, rank=40, act=record)
