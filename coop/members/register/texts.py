"""Words of the register as its templates write them."""

from __future__ import annotations

from coop.web.language import N_

KINDS = (N_("tenant"), N_("owner"), N_("business"), N_("corporation"), N_("landlord"), N_("dwelling"), N_("common"))

SUPPLIED = (N_("full"), N_("heating-only"), N_("tap-water-only"), N_("above-100-kw"))
"""What is supplied under a contract, which says what parts of a tariff it pays."""
