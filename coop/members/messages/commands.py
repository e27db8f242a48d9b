"""Sending messages. Given again for the same cause, a message to the same person is the first one."""

from __future__ import annotations

import hashlib

from coop.communities.model import ANY_HOST, Profile
from coop.communities.store import find_profile, list_profiles
from coop.kit.outbound import enqueue
from coop.kit.tx import Tx
from coop.members.fields import is_email
from coop.members.messages import store
from coop.members.messages.formats import mail
from coop.members.messages.model import KINDS, SECRET_KINDS, Content, Holder, Message, Reader
from coop.members.messages.rules import choose_channel
from coop.members.messages.words import word
from coop.members.register.model import Member
from coop.members.register.store import find_member
from coop.values import derive_id
from coop.web.catalogs import languages
from coop.web.language import SOURCE


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
    if kind not in KINDS:
        raise ValueError(f"{kind} is no kind of message")
    profile = get_profile(tx)
    reader = find_reader(tx, recipient, profile)
    message_id = derive_id("message", tx.community, kind, cause, reader.person_id)
    if store.has_message(tx, message_id):
        return message_id
    content = word(kind, profile, tx.community, reader.name, reader.language, values)
    keep(tx, message_id, cause, reader, content)
    return message_id


def keep(tx: Tx, message_id: str, about: str, reader: Reader, content: Content) -> None:
    """Keep a message, and let it go out if it is mail."""
    channel = choose_channel(reader, store.find_wish(tx, reader.person_id))
    is_mail = channel == "mail"
    text = content.dump()
    store.add_message(
        tx,
        Message(
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
            outbound_id=enqueue(tx, mail.NAME, mail.pack(content, reader.email), message_id) if is_mail else None,
        ),
    )


def get_profile(tx: Tx) -> Profile:
    """The co-operative as its messages name it; by its key where nothing else is known of it."""
    profile = find_profile(tx)
    if profile is None:
        profile = next((dated.profile for dated in list_profiles(tx)), None)
    return profile or Profile((ANY_HOST,), tx.community, tx.community)


def find_reader(tx: Tx, recipient: Member | Holder, profile: Profile) -> Reader:
    """Find how and in which language somebody is written to.

    What concerns an account goes to the address that its holder signs in with, and what concerns a member to the one
    in the register.
    """
    member = recipient if isinstance(recipient, Member) else None
    account_id = None if isinstance(recipient, Member) else recipient.account_id
    if member is None and recipient.member_id:
        member = find_member(tx, recipient.member_id)
    person_id = member.member_id if member else account_id or ""
    return Reader(
        name=" ".join(recipient.name.split()),
        email=recipient.email.strip() if is_email(recipient.email.strip()) else "",
        postal_lines=list_postal_lines(member) if member else (),
        language=choose_language(store.find_wish(tx, person_id).language, profile.language),
        member_id=member.member_id if member else recipient.member_id,
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
