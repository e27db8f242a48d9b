"""Facts of others: which allocation keys were adopted, and which decisions fell."""

from __future__ import annotations

from datetime import date

from coop.communities.allocation_keys import read_end
from coop.communities.answering import answer_with
from coop.events import Envelope
from coop.events.governance import AllocationKeyAdopted, DecisionStopped
from coop.events.metering import AllocationKeyAnswered
from coop.kit.tx import Tx
from coop.metering.register.closed import admit_late, mark_decided
from coop.metering.register.groups import find_roster
from coop.metering.register.store import find_key_of, is_kept, is_stop_kept
from coop.metering.sharing.commands import require_adopted_key
from coop.metering.tables import allocation_key, decision_stop
from coop.values import CoopError, hash_parameters, say


def on_allocation_key_adopted(tx: Tx, event: AllocationKeyAdopted, envelope: Envelope) -> None:
    """Remember a key, if it is the one of which the members had notice, and reaches into no closed period.

    A key of a group that is not there yet is kept, and divides from when somebody makes the group; until then the
    meeting is told that it does nothing.

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
        if find_roster(tx, event.group_id) is None:
            missing = say("there is no sharing group %(group)s", group=event.group_id)
            tx.tell(answer_with(AllocationKeyAnswered)(event, ("no-such-group", missing)))
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


def on_decision_stopped(tx: Tx, event: DecisionStopped, envelope: Envelope) -> None:
    """Keep that a decision does not hold from a day on, or holds again: a key that fell divides nothing from then on,
    and closed periods that were divided otherwise wait for their correction."""
    if is_stop_kept(tx, event.resolution_id, event.number):
        return
    row = {
        "community": tx.community,
        "resolution_id": event.resolution_id,
        "number": event.number,
        "manner": event.manner,
        "from_on": event.from_on,
        "told_on": event.stopped_on,
    }
    tx.insert(decision_stop, [row])
    group_id = find_key_of(tx, event.resolution_id)
    if group_id is not None:
        _reopen(tx, group_id, event.resolution_id, event.from_on)


def _reopen(tx: Tx, group_id: str, resolution_id: str, from_on: date) -> None:
    """Let closed periods wait for a correction that names the decision which fell."""
    mark_decided(tx, group_id, f"the key of resolution {resolution_id} does not hold from {from_on}", from_on)
