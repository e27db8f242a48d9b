"""Facts by which services say what they can take of a decision, or could not. They may come in any order, and again."""

from __future__ import annotations

from coop.events import Envelope
from coop.events.billing import TariffAnswered
from coop.events.members import ChoiceAnswered
from coop.events.metering import AllocationKeyAnswered, ConnectionMetered, PeriodClosed, SharingGroupChanged
from coop.governance.meetings.answer_store import DecisionAnswer, keep_answer
from coop.governance.meetings.closed_periods import keep_closed
from coop.governance.meetings.sharing_groups import keep_group, keep_metered
from coop.kit.sentences import read_sentence
from coop.kit.tx import Tx


def on_decision_answered(
    tx: Tx, event: TariffAnswered | AllocationKeyAnswered | ChoiceAnswered, envelope: Envelope
) -> None:
    """Keep that a service refused what was decided, or took it after all."""
    try:
        reason = read_sentence(event.sentence)
    except ValueError:
        reason = event.reason
    answer = DecisionAnswer(event.resolution_id, event.service(), envelope.time, event.taken, event.code[:100], reason)
    keep_answer(tx, answer)


def on_sharing_group_changed(tx: Tx, event: SharingGroupChanged, envelope: Envelope) -> None:
    """Keep who shares in a group: a key that names others, or a group that is not there, could not divide."""
    keep_group(tx, event.group_id, envelope.position, event.spells)


def on_connection_metered(tx: Tx, event: ConnectionMetered, envelope: Envelope) -> None:
    """Keep whether a connection has an electricity meter: it shares in a group of everybody."""
    keep_metered(tx, event.connection_id, envelope.position, event.metered)


def on_period_closed(tx: Tx, event: PeriodClosed, envelope: Envelope) -> None:
    """Keep that a period is closed: a key that reaches into it could not be taken."""
    keep_closed(tx, event.period_start, event.period_end)
