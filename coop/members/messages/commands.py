"""Sending messages. Given again for the same cause, a message to the same person is the first one."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from coop.communities.addressee import Addressee
from coop.communities.model import ANY_HOST, Profile
from coop.communities.store import find_profile, list_profiles
from coop.kit.outbound import enqueue_all, name_message
from coop.kit.tx import Tx
from coop.members.consents.rules import MAIL_NOTICES
from coop.members.consents.store import list_consenting
from coop.members.fields import is_email
from coop.members.messages import store
from coop.members.messages.formats import mail
from coop.members.messages.model import (
    KINDS,
    NOTICE_KINDS,
    SECRET_KINDS,
    Channel,
    Content,
    Holder,
    Message,
    Reader,
    Wish,
)
from coop.members.messages.rules import choose_channel
from coop.members.messages.words import word
from coop.members.register.model import Member
from coop.members.register.store import find_member
from coop.values import derive_id
from coop.web.catalogs import languages
from coop.web.language import SOURCE

BATCH: Final = 200
"""Messages that are made and written together."""


def send(tx: Tx, kind: str, recipient: Member | Holder, cause: str, **values: object) -> str:
    """Send a message once this transaction is committed: as mail, or as a letter that waits to be printed; returns
    its id.

    Args:
        kind: one of ``KINDS``.
        recipient: a member, or the holder of an account.
        cause: id of what it follows from: a message of a kind goes to a person once for a cause.
        values: what its words need (see ``words``); ``link`` is a path on the pages, or a whole address. Sentences
            made by ``say``, dates and ``..._cents`` are written in the reader's language.

    Raises:
        ValueError: there is no such kind.
    """
    return send_to_all(tx, kind, [recipient], cause, **values)[0]


def send_to_all(
    tx: Tx, kind: str, recipients: Sequence[Member | Holder], cause: str, **values: object
) -> Sequence[str]:
    """Send a message to many for one cause, as ``send`` does; returns the ids of all.

    Raises:
        ValueError: there is no such kind.
    """
    if kind not in KINDS:
        raise ValueError(f"{kind} is no kind of message")
    profile, own_words = get_profile(tx), store.find_words(tx, kind)
    agreed = list_consenting(tx, MAIL_NOTICES) if kind in NOTICE_KINDS else None
    message_ids: list[str] = []
    for start in range(0, len(recipients), BATCH):
        batch = {_name_message(tx, kind, cause, each): each for each in recipients[start : start + BATCH]}
        message_ids += batch
        made = store.list_made(tx, list(batch))
        wishes = store.find_wishes(tx, [_name_person(each) for each in batch.values()])
        written = []
        for message_id, each in batch.items():
            if message_id not in made:
                reader = find_reader(tx, each, wishes.get(_name_person(each)), profile)
                lang = reader.language
                content = word(kind, profile, tx.community, reader.name, lang, values, own_words.get(lang, ""))
                channel = choose_channel(reader, may_mail=agreed is None or reader.member_id in agreed)
                written.append(dress(tx, message_id, cause, reader, content, channel))
        keep(tx, written)
    return message_ids


@dataclass(frozen=True)
class Written:
    """A message that is made, and its content, of which a message with a secret keeps nothing."""

    message: Message
    content: Content


def dress(tx: Tx, message_id: str, about: str, reader: Reader, content: Content, channel: Channel) -> Written:
    """Make a content into a message on its way."""
    is_mail, text = channel == "mail", content.dump()
    made = Message(
        message_id=message_id,
        kind=content.kind,
        about=about,
        member_id=reader.member_id,
        account_id=reader.account_id,
        name=reader.name,
        channel=channel,
        address=reader.email if is_mail else "\n".join(reader.postal_lines),
        language=reader.language,
        subject=content.subject,
        content="" if is_mail and content.kind in SECRET_KINDS else text,
        sha256=hashlib.sha256(text.encode()).hexdigest(),
        made_at=tx.now,
        made_by=str(tx.actor),
        outbound_id=name_message(tx, mail.NAME, reader.email, message_id) if is_mail else None,
    )
    return Written(made, content)


def keep(tx: Tx, written: Sequence[Written]) -> None:
    """Keep messages, and let those that are mail go out."""
    store.add_messages(tx, [each.message for each in written])
    mails = [each for each in written if each.message.channel == "mail"]
    enqueue_all(
        tx,
        mail.NAME,
        [(mail.pack(each.content, each.message.address), each.message.message_id) for each in mails],
    )


def _name_message(tx: Tx, kind: str, cause: str, recipient: Member | Holder) -> str:
    return derive_id("message", tx.community, kind, cause, _name_person(recipient))


def _name_person(recipient: Member | Holder) -> str:
    return recipient.member_id or ("" if isinstance(recipient, Member) else recipient.account_id)


def find_addressee(tx: Tx, contract_id: str, member_id: str) -> Addressee | None:
    """Find whom a bill of a contract is for, as the register has them now: who pays it, or the member; None where the
    register knows neither."""
    member, supply = find_member(tx, member_id), store.find_supply(tx, contract_id)
    payer = find_member(tx, supply.payer_id) if supply.payer_id else None
    recipient = payer or member
    if recipient is None:
        return None
    profile = get_profile(tx)
    reader = find_reader(tx, recipient, store.find_wish(tx, recipient.member_id), profile)
    return Addressee(
        name=recipient.name,
        street=recipient.address,
        postal_code=recipient.postcode,
        city=recipient.city,
        number=member.number if member else recipient.number,
        supplied=supply.address or "",
        ean=supply.ean or "",
        language=reader.language,
        by_letter=choose_channel(reader) == "letter",
        is_organisation=recipient.kind in ("business", "corporation") or bool(recipient.kvk),
        kvk=recipient.kvk,
        vat_id=recipient.vat_id,
    )


def get_profile(tx: Tx) -> Profile:
    """The co-operative as its messages name it; by its key where nothing else is known of it."""
    profile = find_profile(tx)
    if profile is None:
        profile = next((dated.profile for dated in list_profiles(tx)), None)
    return profile or Profile((ANY_HOST,), tx.community, tx.community)


def find_reader(tx: Tx, recipient: Member | Holder, wish: Wish | None, profile: Profile) -> Reader:
    """Find how and in which language somebody is written to.

    What concerns an account goes to the address that its holder signs in with, and what concerns a member to the one
    in the register.
    """
    member = recipient if isinstance(recipient, Member) else None
    account_id = None if isinstance(recipient, Member) else recipient.account_id
    if member is None and recipient.member_id:
        member = find_member(tx, recipient.member_id)
    email = recipient.email.strip()
    return Reader(
        name=" ".join(recipient.name.split()),
        email=email if is_email(email) else "",
        postal_lines=list_postal_lines(member) if member else (),
        language=choose_language(wish.language if wish else "", profile.language),
        by_letter=wish is not None and wish.by_letter and account_id is None,
        member_id=recipient.member_id,
        account_id=account_id,
    )


def list_postal_lines(member: Member) -> tuple[str, ...]:
    """The lines of a member's postal address, below the name; none while it is incomplete."""
    if not (member.address and member.city):
        return ()
    return member.address, f"{member.postcode}  {member.city}".strip()


def choose_language(*wishes: str) -> str:
    """The first of these languages that is spoken."""
    return next((wish for wish in wishes if wish in languages()), SOURCE)
