"""Words for messages as pages write them."""

from __future__ import annotations

from typing import Final

from coop.web.language import N_

KIND_NAMES: Final = {
    "invitation": N_("Invitation"),
    "reset": N_("New password"),
    "confirm-address": N_("Confirmation of an address"),
    "confirm-move": N_("Confirmation of another address"),
    "address-changed": N_("Address changed"),
    "told-of-change": N_("Change of an account"),
    "bill-ready": N_("Bill"),
    "meeting-notice": N_("Notice of a meeting"),
    "meeting-withdrawn": N_("Meeting withdrawn or put off"),
    "point-withdrawn": N_("Point taken off an agenda"),
    "paper-added": N_("Later document with a point"),
    "motion-admitted": N_("Motion that came on an agenda"),
    "decision-stopped": N_("Decision that does not hold any more"),
    "decision-resumed": N_("Decision that holds again"),
    "tariff-notice": N_("Notice of a tariff"),
    "vote-open": N_("Vote opened"),
    "vote-closing": N_("Vote about to end"),
    "evening-vote": N_("Vote opened at a meeting"),
    "ballot-entered": N_("Ballot entered for a member"),
    "request-entered": N_("Request of a referendum entered for a member"),
    "mandate-held": N_("Mandate that a member holds"),
    "suspended": N_("Suspension of a member"),
    "suspension-lifted": N_("Suspension that was lifted"),
    "expelled": N_("Membership that the board ends"),
    "expulsion-fell": N_("End of a membership, not confirmed by the members"),
    "entry-dropped": N_("Entry of yours that was left out"),
    "entry-about-you-dropped": N_("Entry about a member that was left out"),
    "mandate-of-yours": N_("Mandate that a member gave"),
    "reading-changed": N_("Reading of a member's meter changed"),
    "plan-of-month": N_("Plan of the month"),
    "leaving-entered": N_("A membership ends"),
    "leaving-moved": N_("A membership ends on another day"),
    "leaving-taken-back": N_("A membership goes on"),
    "move-written": N_("Move that a member told of, written down"),
    "move-refused": N_("Move that a member told of, not written down"),
}

STATE_NAMES: Final = {
    "waiting": (N_("Waits"), "busy"),
    "sent": (N_("Sent"), "good"),
    "failed": (N_("Did not arrive"), "warn"),
}

CHANNEL_NAMES: Final = {"mail": N_("e-mail"), "letter": N_("letter")}

PAPERS: Final = {"bill-ready": "/billing/bills/%s.pdf"}
"""Papers that go with a letter of a kind, by the id of its cause."""
