"""Queries on words that decide beside the votes, as two people signed them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from coop.governance.tables.assembly import word_given
from coop.governance.tables.stamps import stamp
from coop.kit.rows import insert_nouns, select_as
from coop.kit.tx import Tx

CHAIR, BODY = "chair", "body"
"""Speakers: the chair of the meeting, and the body outside it whose consent the statutes ask."""

SAYINGS: Mapping[str, Sequence[str]] = {CHAIR: ("for", "against"), BODY: ("consents", "refuses")}
"""Words that each of them can say."""


@dataclass(frozen=True)
class Word:
    """The ``number``-th word on a resolution: who spoke, and what they said by an entry of two people."""

    resolution_id: str
    number: int
    speaker: str
    says: str
    entry_id: str


def list_words(tx: Tx, resolution_id: str) -> Sequence[Word]:
    """Everything that was said on a resolution, in order."""
    columns = word_given.c
    return select_as(tx, Word, word_given, columns.resolution_id == resolution_id, order_by=[columns.number])


def find_words(tx: Tx, resolution_id: str) -> Mapping[str, str]:
    """The last word of each speaker, which is what counts."""
    return {word.speaker: word.says for word in list_words(tx, resolution_id)}


def add_word(tx: Tx, word: Word) -> None:
    """Keep a word."""
    insert_nouns(tx, word_given, [word], **stamp(tx))
