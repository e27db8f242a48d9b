"""Body by which a program enters that a decision falls, or holds again."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from coop.governance.api import examples
from coop.governance.api.bodies import Body, Day, Id, show


class StopBody(Body):
    """The fall of a decision, or its resuming, with the day and the name of the paper that it stands on. Without
    ``from_on`` an annulment and a withdrawal hold from the first day of the decision, a suspension from its own day."""

    model_config = show(examples.STOP)

    manner: Literal["suspended", "annulled", "withdrawn", "resumed"]
    ruled_on: Day
    from_on: Day | None = None
    paper: Annotated[str, Field(min_length=1, max_length=300)]
    entry_id: Id | None = None
    """Id of the entry, by which sending it again is the same entry."""
