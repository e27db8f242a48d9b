"""Words of imports as their pages write them."""

from __future__ import annotations

from coop.web.language import N_

KINDS = {
    "members": N_("Members"),
    "connections": N_("Connections"),
    "occupancies": N_("Who holds which connection"),
    "contracts": N_("Contracts and gas bills"),
}
