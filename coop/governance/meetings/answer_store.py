"""Answers of the services that act: what was decided and could not be taken, of which governance hears."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from coop.governance.tables.meetings import decision_answer
from coop.kit.rows import select_as
from coop.kit.tx import Tx


@dataclass(frozen=True)
class DecisionAnswer:
    """The answer of a ``service`` to a decision: ``taken`` or refused, with the ``reason`` as it is said."""

    resolution_id: str
    service: str
    told_at: datetime
    taken: bool
    code: str
    reason: str


def keep_answer(tx: Tx, answer: DecisionAnswer) -> None:
    """Keep an answer; the same again changes nothing."""
    key = ["community", "resolution_id", "service", "told_at", "taken"]
    tx.insert_new(decision_answer, [{"community": tx.community, **vars(answer)}], key)


def find_refusals(tx: Tx) -> Mapping[str, DecisionAnswer]:
    """Decisions that are not taken by the service that should act on it, by resolution."""
    columns = decision_answer.c
    answers = select_as(tx, DecisionAnswer, decision_answer, order_by=[columns.told_at, columns.taken, columns.service])
    newest = {answer.resolution_id: answer for answer in answers}
    return {resolution_id: answer for resolution_id, answer in newest.items() if not answer.taken}
