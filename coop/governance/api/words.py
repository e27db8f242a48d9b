"""The JSON API of words that decide beside the votes: entered by one person and confirmed by another."""

from __future__ import annotations

from typing import Annotated, Literal

from fastapi import APIRouter, Request
from pydantic import Field

from coop.governance.access import ACCESS
from coop.governance.api import bodies, examples
from coop.governance.api.answers import EntryOut, tell_entry
from coop.governance.ballots.words import commands as words
from coop.kit.http import GuardedRoute, writing

routes = APIRouter(route_class=GuardedRoute, prefix="/governance/api/v1/meetings", tags=["governance"])
may = ACCESS.may


class WordBody(bodies.Body):
    """A word on a resolution: the ``chair`` is for or against where the votes tie, the ``body`` that the statutes name
    consents or refuses."""

    resolution_id: bodies.Id
    speaker: Literal["chair", "body"]
    says: Literal["for", "against", "consents", "refuses"]


class WordsBody(bodies.Body):
    """What was said before the count on points of a meeting, and the paper that says so."""

    model_config = bodies.show(examples.WORDS)

    paper: Annotated[str, Field(min_length=1, max_length=300)]
    words: Annotated[list[WordBody], Field(min_length=1, max_length=500)]
    entry_id: bodies.Id | None = None
    """Id of the entry, by which sending it again is the same entry."""


@routes.post("/{meeting_id}/words")
@may("enter-words")
def enter_words(request: Request, meeting_id: str, body: WordsBody) -> EntryOut:
    """Enter what the chair says for the case of a tie, or that a body outside the meeting consents; it holds once
    somebody else confirms it, before the closing."""
    said = [(word.resolution_id, word.speaker, word.says) for word in body.words]
    with writing(request) as tx:
        entry = words.enter_words(tx, meeting_id, body.paper, said, body.entry_id or "")
        return tell_entry(tx, entry)
