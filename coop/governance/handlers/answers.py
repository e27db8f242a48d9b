"""Facts by which services answer what a meeting decided. They may come in any order, and again."""

from __future__ import annotations

from coop.events import Envelope
from coop.events.billing import TariffAnswered
from coop.events.members import ChoiceAnswered
from coop.events.metering import AllocationKeyAnswered
from coop.governance.storage.answers import DecisionAnswer, keep_answer
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
