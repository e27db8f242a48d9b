"""A subject in words alone."""

from __future__ import annotations

from coop.governance.kinds import OTHER, Kind
from coop.web.language import N_

KIND = Kind(OTHER, N_("Other subject"), N_("Recorded. Nothing acts on it by itself."), ruled=False, rank=99)
