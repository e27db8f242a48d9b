"""Words of imports as their pages write them."""

from __future__ import annotations

from coop.web.language import N_

KINDS = {
    "members": N_("Members"),
    "connections": N_("Connections"),
    "occupancies": N_("Who holds which connection"),
    "contracts": N_("Contracts and gas bills"),
}

OUTCOMES = {
    "new": N_("new"),
    "changed": N_("changed"),
    "wrong": N_("wrong"),
    "move": N_("A move"),
    "ending": N_("Another end"),
    "undo": N_("An undo"),
}
"""What became of a line, and what a form did that is no file of one kind."""


PUT_BACK = N_("%(count)s records get back what they were.")
BILLS_REST = N_("%(count)s bills rest on it, so it cannot be undone: correct what is wrong instead.")
WAS_MEASURED = N_("Metering measured %(count)s periods of these homes: they are reckoned anew.")
ON_LISTS = N_("Whom it brought may have stood on %(count)s voting lists: a closed vote stays as it was counted.")
"""What rests on an import, and what comes back when it is undone."""
