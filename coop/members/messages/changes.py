"""Acts of people on messages: send again, write a letter instead, say what was posted, write words of their own."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, date, datetime, time
from typing import Final

from coop.kit.outbound import retry, withdraw
from coop.kit.tx import Tx
from coop.members.messages import store
from coop.members.messages.commands import dress, keep, list_postal_lines
from coop.members.messages.facts import announce_failed, announce_sent
from coop.members.messages.model import KINDS, SECRET_KINDS, Content, Filter, Message, OwnWords, Reader, Tracked, Wish
from coop.members.register.model import Member
from coop.members.register.store import find_member
from coop.values import AMSTERDAM, BadInput, CoopError, NotFound, Problem, civil_date, derive_id, say
from coop.web.catalogs import languages

WORDS_MAX: Final = 1000
"""Longest paragraph of one's own [characters]."""


def send_again(tx: Tx, message_id: str) -> str:
    """Send mail again that did not arrive, to the address that its reader has now; returns the id of what goes out.

    Raises:
        NotFound: there is no such message.
        CoopError: it is no mail that failed or waits after a try, or it held something that works once.
    """
    tracked = store.get_tracked(tx, message_id)
    if not tracked.can_go_again:
        raise CoopError("not-again", say("This message was sent, or is on its way."))
    made = tracked.message
    member = find_member(tx, made.member_id) if made.member_id else None
    email = member.email if member and made.account_id is None else made.address
    if made.bounced_at is None and email == made.address and made.outbound_id:
        retry(tx, made.outbound_id)
        return message_id
    return _replace(tx, tracked, member, "again", email)


def write_letter(tx: Tx, message_id: str) -> str:
    """Write a letter instead of mail that did not arrive or waits; returns its id.

    Raises:
        NotFound: there is no such message.
        CoopError: it was sent or is being sent, it is a letter already, or what it said is kept nowhere.
    """
    tracked = store.get_tracked(tx, message_id)
    if not tracked.can_be_letter:
        raise CoopError(
            "no-letter", say("There is no letter for this: it was sent, or it held an address that works once.")
        )
    member = find_member(tx, tracked.message.member_id) if tracked.message.member_id else None
    return _replace(tx, tracked, member, "letter", "")


def write_letters(tx: Tx, wanted: Filter) -> int:
    """Write a letter instead of each mail that can be one; returns how many."""
    chosen = [tracked for tracked in store.list_tracked(tx, wanted) if tracked.can_be_letter]
    for tracked in chosen:
        write_letter(tx, tracked.message.message_id)
    return len(chosen)


def retry_all(tx: Tx, wanted: Filter) -> int:
    """Send again whatever did not arrive, or waits after a try; returns how many."""
    chosen = [
        tracked
        for tracked in store.list_tracked(tx, wanted)
        if tracked.can_go_again and (tracked.message.bounced_at is None or tracked.message.content)
    ]
    for tracked in chosen:
        send_again(tx, tracked.message.message_id)
    return len(chosen)


def _replace(tx: Tx, tracked: Tracked, member: Member | None, how: str, email: str) -> str:
    """Put a message in the place of one that did not arrive, to its reader as they are now."""
    old = tracked.message
    if not old.content:
        raise CoopError("said-once", say("This message held an address that works once: make a new one."))
    came_back = old.bounced_at is not None
    if old.outbound_id and not came_back and not withdraw(tx, old.outbound_id, "another message goes in its place"):
        raise CoopError("not-again", say("This message was sent, or is on its way."))
    reader = Reader(
        name=member.name if member else old.name,
        email=email,
        postal_lines=list_postal_lines(member) if member else (),
        language=old.language,
        by_letter=how == "letter",
        member_id=old.member_id,
        account_id=old.account_id,
    )
    new_id = derive_id(how, tx.community, old.message_id)
    keep(tx, [dress(tx, new_id, old.about, reader, Content.load(old.content), "mail" if email else "letter")])
    store.change_message(tx, old.message_id, replaced_by=new_id)
    return new_id


def mark_posted(tx: Tx, message_ids: Sequence[str], posted_on: date) -> int:
    """Say that letters were posted on a day; returns how many were not said to be so before.

    Raises:
        NotFound: there is no such message.
        BadInput: the day lies ahead, or before a letter was made; or one is no letter.
    """
    letters = [store.get_message(tx, message_id) for message_id in message_ids]
    if posted_on > tx.today:
        raise BadInput([Problem(say("this day has not come yet"), "posted_on")])
    for letter in letters:
        if letter.channel != "letter":
            raise BadInput([Problem(say("this is no letter"), "message_id")])
        if posted_on < civil_date(letter.made_at):
            raise BadInput([Problem(say("the letter to %(name)s was made later", name=letter.name), "posted_on")])
    fresh = [letter for letter in letters if letter.posted_on is None]
    for letter in fresh:
        emptied = {"content": ""} if letter.kind in SECRET_KINDS else {}
        store.change_message(
            tx, letter.message_id, posted_on=posted_on, posted_at=tx.now, posted_by=str(tx.actor), **emptied
        )
        tx.tell(*announce_sent(letter, _instant_of(tx, posted_on)))
    return len(fresh)


def _instant_of(tx: Tx, posted_on: date) -> datetime:
    """An instant of the day of posting: now, or noon of an earlier day."""
    noon = datetime.combine(posted_on, time(12), AMSTERDAM).astimezone(UTC)
    return tx.now if posted_on == tx.today else noon


def note_bounce(tx: Tx, made: Message, reason: str) -> None:
    """Note that a mail that was taken came back. The first time counts."""
    if made.bounced_at is None:
        store.change_message(tx, made.message_id, bounced_at=tx.now, bounce=reason[:1000])
        tx.tell(*announce_failed(made, tx.now))


def set_wish(tx: Tx, wish: Wish) -> None:
    """Keep how somebody wants to be written to.

    Raises:
        BadInput: nobody here speaks that language.
    """
    if wish.language and wish.language not in languages():
        raise BadInput([Problem(say("nobody here speaks this language"), "language")])
    if store.find_wish(tx, wish.person_id) != wish:
        store.save_wish(tx, wish)


def set_words(tx: Tx, kind: str, language: str, text: str) -> None:
    """Keep a paragraph of the co-operative's own for a kind of message, from now on; an empty one takes it out.

    Raises:
        NotFound: there is no such kind or language.
        BadInput: it is too long, or holds signs that no reader sees.
    """
    if kind not in KINDS or language not in languages():
        raise NotFound
    plain = " ".join(text.split())
    if len(plain) > WORDS_MAX:
        raise BadInput([Problem(say("at most %(most)s characters fit", most=WORDS_MAX), "text")])
    if not plain.isprintable():
        raise BadInput([Problem(say("it holds a sign that does not print"), "text")])
    if store.find_words(tx, kind).get(language, "") != plain:
        store.add_words(tx, OwnWords(kind, language, plain, tx.now, str(tx.actor)))
