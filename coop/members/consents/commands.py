"""Commands of consent: say yes or no to a purpose, and add or end a purpose of the co-operative's own."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date

import orjson

from coop.events.members import ConsentGiven, ConsentWithdrawn
from coop.kit import documents
from coop.kit.documents import Document
from coop.kit.tx import Tx
from coop.members.consents import store
from coop.members.consents.model import Answer, NoSuchPurpose, Purpose
from coop.members.consents.rules import PURPOSES, require_paper, require_purpose
from coop.members.register.store import get_member, list_members
from coop.values import BadInput, Problem, derive_id, say
from coop.web.writing import speak

WORDING = "consent-wording"
"""Schema of the document that keeps the words to which somebody said yes or no."""


def list_purposes(tx: Tx) -> list[Purpose]:
    """List the purposes that are asked for: those of every co-operative, and its own."""
    return [*PURPOSES, *(purpose for purpose in store.list_purposes(tx) if purpose.ended_at is None)]


def find_consents(tx: Tx, member_id: str) -> Mapping[str, Answer]:
    """Find what holds for a member now: the newest answer to each purpose, where there is one."""
    return {answer.purpose_id: answer for answer in reversed(store.list_answers(tx, member_id))}


def consents_to(tx: Tx, member_id: str, purpose_id: str) -> bool:
    """True when a member said yes to a purpose, and did not take that back."""
    answer = find_consents(tx, member_id).get(purpose_id)
    return answer is not None and answer.is_given


def answer_purpose(tx: Tx, member_id: str, purpose_id: str, language: str, *, is_given: bool) -> None:
    """Keep a member's own yes or no, with the words that were shown. The same answer again changes nothing.

    Raises:
        NoSuchPurpose: nobody asks for it.
        NotFound: there is no such member.
    """
    _answer(tx, member_id, Answer(purpose_id, is_given, tx.now, str(tx.actor), tx.actor.channel, ""), language)


def enter_answer(
    tx: Tx, member_id: str, purpose_id: str, language: str, paper: str, signed_on: date | None, *, is_given: bool
) -> None:
    """Keep a member's yes or no from a paper that names it.

    Raises:
        BadInput: no paper or no day is named.
        NoSuchPurpose: nobody asks for it.
        NotFound: there is no such member.
    """
    paper = paper.strip()
    require_paper(paper, signed_on, tx.today)
    answer = Answer(purpose_id, is_given, tx.now, str(tx.actor), tx.actor.channel, "", paper, signed_on)
    _answer(tx, member_id, answer, language)


def enter_answers(
    tx: Tx, numbers: Sequence[str], purpose_id: str, language: str, paper: str, signed_on: date | None
) -> int:
    """Keep the yes of many members from one paper, such as a list that they signed; returns how many they are.

    Raises:
        BadInput: no paper, no day or no member is named, or somebody is no member; every problem at once.
        NoSuchPurpose: nobody asks for it.
    """
    found = {member.number: member.member_id for member in list_members(tx)}
    unknown = [number for number in numbers if number not in found]
    problems = [Problem(say('there is no member "%(number)s"', number=number), "numbers") for number in unknown]
    if not numbers:
        problems.append(Problem(say("name at least one member"), "numbers"))
    if problems:
        raise BadInput(problems, "bad-consent")
    for number in numbers:
        enter_answer(tx, found[number], purpose_id, language, paper, signed_on, is_given=True)
    return len(numbers)


def _answer(tx: Tx, member_id: str, answer: Answer, language: str) -> None:
    purpose = next((purpose for purpose in list_purposes(tx) if purpose.purpose_id == answer.purpose_id), None)
    if purpose is None:
        raise NoSuchPurpose(answer.purpose_id)
    member = get_member(tx, member_id)
    tx.lock(f"consents {member_id}")
    before = find_consents(tx, member_id).get(purpose.purpose_id)
    if before is not None and before.is_given == answer.is_given:
        return
    wording = documents.keep(tx, _seal_wording(purpose, language))
    store.add_answer(tx, member.member_id, replace(answer, wording_sha256=wording))
    fact = ConsentGiven if answer.is_given else ConsentWithdrawn
    tx.tell(fact(member_id=member_id, purpose=purpose.purpose_id, wording_sha256=wording, said_at=tx.now))


def _seal_wording(purpose: Purpose, language: str) -> Document:
    words = {
        "purpose": purpose.purpose_id,
        "language": language,
        "title": speak(language, purpose.title),
        "text": speak(language, purpose.text),
    }
    return Document(WORDING, 1, orjson.dumps(words, option=orjson.OPT_SORT_KEYS))


def read_wording(tx: Tx, sha256: str) -> dict[str, str]:
    """Read the words to which somebody said yes or no.

    Raises:
        NotFound: they are not kept here.
        UnreadableDocument: they were changed since.
    """
    words: dict[str, str] = orjson.loads(documents.load(tx, sha256).body)
    return words


def add_purpose(tx: Tx, title: str, text: str) -> str:
    """Ask members for consent to a purpose of the co-operative's own; returns its id. The same words again are it.

    Raises:
        BadInput: it has no title or no text.
    """
    title, text = title.strip(), text.strip()
    require_purpose(title, text)
    purpose_id = derive_id("purpose", tx.community, title, text)
    store.add_purpose(tx, Purpose(purpose_id, title, text, str(tx.actor)))
    return purpose_id


def end_purpose(tx: Tx, purpose_id: str) -> None:
    """Ask for it no longer: nothing rests on the answers any more. Repeating it changes nothing.

    Raises:
        NoSuchPurpose: the co-operative has none with this id of its own.
    """
    if all(purpose.purpose_id != purpose_id for purpose in store.list_purposes(tx)):
        raise NoSuchPurpose(purpose_id)
    store.end_purpose(tx, purpose_id)
