"""Table of who may do what in billing. A program runs bills; what brakes hold, people alone release."""

from __future__ import annotations

from coop.events.scopes import OWN
from coop.kit.access import SIGNED_IN, Access, roles

_READ = "read:bills"

ACCESS = Access(
    "billing",
    {
        "follow-own-bills": roles("member"),
        "see-bills": SIGNED_IN | {_READ, OWN},  # one's own; those of others by see-all-bills
        "see-all-bills": roles("board", "treasurer", "auditor", "operator", _READ),
        "set-own-amount": roles("member"),
        "take-own-data": SIGNED_IN | {OWN},
        "see-tariffs": SIGNED_IN | {_READ, OWN},
        "see-own-effect": roles("member"),  # of a tariff that is put to the vote, on the own bill
        "see-all-effects": roles("board", "treasurer"),  # on everybody's
        "make-offers": roles("board", "treasurer"),  # to those who are no members yet
        "see-runs": roles("board", "treasurer", "auditor", "operator", _READ),
        "see-ledger": roles("board", "treasurer", "auditor", "operator", _READ),
        "run-bills": roles("board", "treasurer", "operator", "write:bills"),
        "date-runs": roles("operator"),  # with a day of before; anybody else's have the day on which they are made
        "release-runs": roles("board", "treasurer"),
        "see-notices": roles("board", "treasurer", "auditor", "operator", _READ),
        "send-notices": roles("board", "operator"),
        "date-notices": roles("operator"),  # what was sent on a day of before; anybody else's counts from today
        "publish-law": roles("board", "treasurer", "operator"),
        "record-figures": roles("board", "treasurer", "operator", "write:bills"),
    },
)
