"""Answers of services to what a meeting decided: one that cannot be taken is told back with its reason.

A meeting that adopted something is not done when the service concerned refuses it: whoever reads the resolution has to
see it.
"""

from __future__ import annotations

from typing import Protocol

from coop.events import Event
from coop.kit.inbox import Answer, Refusal
from coop.kit.sentences import write_sentence

REASON_MAX = 1000


class Decided(Protocol):
    """A fact that names the resolution which made it true."""

    @property
    def resolution_id(self) -> str: ...


class Answering(Protocol):
    """A class of facts that answer a decision."""

    def __call__(self, *, resolution_id: str, taken: bool, code: str, reason: str, sentence: str) -> Event: ...


def answer_with(make: Answering) -> Answer:
    """Make answers of a class to decisions that were refused, or taken after all."""

    def answer(event: Decided, refusal: Refusal | None) -> Event:
        code, reason = refusal or ("", "")
        return make(
            resolution_id=event.resolution_id,
            taken=refusal is None,
            code=code,
            reason=str(reason)[:REASON_MAX],
            sentence=write_sentence(reason) if reason else "",
        )

    return answer
