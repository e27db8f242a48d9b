"""Words for where a milestone and a tranche stand, each with the tone of its badge."""

from __future__ import annotations

from coop.web.language import N_

MILESTONE_STATES = {
    "reached": (N_("reached in time"), "good"),
    "late": (N_("reached too late"), "warn"),
    "overdue": (N_("overdue"), "bad"),
    "planned": (N_("planned"), "plain"),
}
TRANCHE_STATES = {
    "released": (N_("released"), "good"),
    "referred": (N_("with the steering group"), "warn"),
    "planned": (N_("waits for its milestone"), "plain"),
}
