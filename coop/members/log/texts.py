"""Words of the log."""

from __future__ import annotations

from coop.web.language import N_

KINDS = {
    "accounts": N_("Accounts"),
    "roles": N_("Roles"),
    "register": N_("Register"),
    "imports": N_("Imports"),
    "community": N_("The co-operative"),
    "programs": N_("Programs"),
}

CHANNELS = {
    "page": N_("on the pages"),
    "api": N_("by a program"),
    "command line": N_("on the machine"),
    "one-time address": N_("by a one-time address"),
    "job": N_("by itself"),
}
