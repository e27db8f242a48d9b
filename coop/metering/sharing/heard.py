"""Facts of others: which allocation keys were adopted."""

from __future__ import annotations

from coop.communities.allocation_keys import read_end
from coop.events import Envelope
from coop.events.governance import AllocationKeyAdopted
from coop.kit.tx import Tx
from coop.metering.register.closed import admit_late
from coop.metering.register.store import is_kept
from coop.metering.sharing.commands import require_adopted_key
from coop.metering.tables import allocation_key
from coop.values import CoopError, hash_parameters, say


def on_allocation_key_adopted(tx: Tx, event: AllocationKeyAdopted, envelope: Envelope) -> None:
    """Remember a key, if it is the one of which the members had notice, and reaches into no closed period.

    Raises:
        CoopError: its parameters are not those of the notice or of the resolution, or a period in which it would
            hold is closed already.
        BadInput: they are no allocation key, or name what is no connection.
    """
    if not hash_parameters(event.parameters) == event.parameters_hash == event.notice_hash:
        raise CoopError(
            "key-not-as-noticed",
            say("the parameters of key %(key_id)s are not those of its notice", key_id=event.key_id),
        )
    require_adopted_key(tx, event.parameters)
    valid_until = read_end(event.parameters)
    if not is_kept(tx, event.key_id):
        admit_late(
            tx, event.key_id, event.group_id, event.resolution_id, (event.valid_from, valid_until), envelope.time
        )
    row = {
        "community": tx.community,
        "key_id": event.key_id,
        "group_id": event.group_id,
        "resolution_id": event.resolution_id,
        "valid_from": event.valid_from,
        "valid_until": valid_until,
        "decided_on": event.decided_on,
        "parameters": event.parameters,
        "parameters_hash": event.parameters_hash,
        "notice_hash": event.notice_hash,
    }
    tx.insert_new(allocation_key, [row], ["community", "key_id"])
