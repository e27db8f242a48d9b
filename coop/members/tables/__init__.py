"""Tables of the members service, of which each module holds those of some nouns; all are found here."""

from __future__ import annotations

from coop.members.tables.community import choice_proposal, decision_stop, dissolution, iban_proposal, logo
from coop.members.tables.history import contract_party, heard_bill, heard_use, heard_vote, import_draft, register_change
from coop.members.tables.identity import account, account_change, own_token, program, sign_in, sign_in_try
from coop.members.tables.messages import (
    bill_due,
    candidate,
    coming_meeting,
    message,
    message_wish,
    message_words,
    seat_holder,
    withdrawn_meeting,
)
from coop.members.tables.privacy import consent, erasure, purpose, restricted_person, use_seen
from coop.members.tables.register import (
    connection,
    contract,
    gas_bill,
    import_file,
    member,
    move_stands,
    occupancy,
    told_move,
    withdrawn,
)
from coop.members.tables.shape import Words, metadata

__all__ = [
    "HEARD",
    "Words",
    "account",
    "account_change",
    "bill_due",
    "candidate",
    "choice_proposal",
    "coming_meeting",
    "connection",
    "consent",
    "contract",
    "contract_party",
    "decision_stop",
    "dissolution",
    "erasure",
    "gas_bill",
    "heard_bill",
    "heard_use",
    "heard_vote",
    "iban_proposal",
    "import_draft",
    "import_file",
    "logo",
    "member",
    "message",
    "message_wish",
    "message_words",
    "metadata",
    "move_stands",
    "occupancy",
    "own_token",
    "program",
    "purpose",
    "register_change",
    "restricted_person",
    "seat_holder",
    "sign_in",
    "sign_in_try",
    "told_move",
    "use_seen",
    "withdrawn",
    "withdrawn_meeting",
]

HEARD = (
    bill_due,
    candidate,
    coming_meeting,
    heard_bill,
    heard_use,
    heard_vote,
    seat_holder,
    use_seen,
    withdrawn_meeting,
)
"""Tables of what was heard from others."""
