"""A policy on research: which figures may be used for research, by whom, in which groups and for how long."""

from __future__ import annotations

from coop.governance.decisions import consent_policy
from coop.governance.decisions.recording import record
from coop.governance.kind_fields import Words
from coop.governance.kinds import NOTHING_ACTS, Kind
from coop.web.language import N_

FIELDS = (
    Words("partner", N_("Who may use the figures"), longest=200),
    Words("figures", N_("Which figures"), N_("Such as heat per month, without names."), longest=500),
    *consent_policy.FIELDS,
)

KIND = Kind("research-policy", N_("Policy on research"), NOTHING_ACTS, FIELDS, rank=41, act=record)
