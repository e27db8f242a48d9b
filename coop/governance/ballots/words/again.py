"""Words beside the votes held against the sealed journal, for who verifies: nothing is shared with who counted."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from coop.events.governance import WordGiven
from coop.governance.ballots.attendance.told import list_told
from coop.governance.ballots.box_again import is_signed_by_two
from coop.governance.ballots.words.store import list_words
from coop.governance.entries import store as entry_store
from coop.governance.meetings.store import Decided
from coop.kit.tx import Tx

_TOLD = ("number", "speaker", "says", "entry_id")


def read_words_again(tx: Tx, resolution_id: str) -> Mapping[str, str]:
    """The last word of each speaker on a resolution, as the journal told it."""
    return {str(each["speaker"]): str(each["says"]) for each in list_told(tx, WordGiven, resolution_id)}


def check_words(tx: Tx, resolution_id: str, decided: Decided | None, tie: str) -> Iterator[str]:
    """Hold what is kept of words, and what the decision took of them, against what was told and two people signed.
    ``tie``: the rule of the statutes on it; a lot is drawn again elsewhere."""
    told = list_told(tx, WordGiven, resolution_id)
    kept = [tuple(getattr(word, name) for name in _TOLD) for word in list_words(tx, resolution_id)]
    if kept != [tuple(each[name] for name in _TOLD) for each in told]:
        yield "what the chair or a body said is not what was told"
    for each in told:
        said = {name: each[name] for name in ("resolution_id", "speaker", "says")}
        entry_id = str(each["entry_id"])
        if not is_signed_by_two(tx, entry_id) or said not in entry_store.get_entry(tx, entry_id).content:
            yield "what the chair or a body said stands in no entry that two people signed"
    if decided is None:
        return
    newest = read_words_again(tx, resolution_id)
    if tie != "lot" and decided.casting != newest.get("chair", ""):
        yield "the decision took another word of the chair than was told"
    if decided.approved != (newest.get("body") == "consents"):
        yield "the decision took another word of the body outside the meeting than was told"
