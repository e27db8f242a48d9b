"""Founding a co-operative, describing it anew, and making its choices; the members service keeps the truth of it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Any

from sqlalchemy.exc import IntegrityError

from coop.communities import store
from coop.communities.choices import DatedChoice, founding_choices, read_choice
from coop.communities.model import Profile
from coop.communities.rules import check_key, check_profile
from coop.events.members import ChoiceMade, CommunityDescribed
from coop.kit.tx import Tx
from coop.values import BadInput, CoopError, Problem, say

LOCK = "community"


def found(tx: Tx, profile: Profile, valid_from: date | None = None) -> None:
    """Let a co-operative begin: its first profile, and the choices that every one begins with.

    Raises:
        BadInput: its key or profile is wrong, with every problem.
        CoopError: ``community-founded``, it is there already.
    """
    tx.lock(LOCK)
    if problems := check_key(tx.community):
        raise BadInput([*problems, *check_profile(profile)], "bad-key")
    if store.count_profiles(tx):
        raise CoopError("community-founded", say("there is a co-operative %(key)s already", key=tx.community))
    describe(tx, profile, valid_from)
    for row in founding_choices():
        add_choice(tx, row)


def describe(tx: Tx, profile: Profile, valid_from: date | None = None) -> None:
    """Add a profile that holds from a day on (today); the same again changes nothing.

    Raises:
        BadInput: a field is wrong, or a host name is another co-operative's; every problem at once.
    """
    tx.lock(LOCK)
    problems = check_profile(profile)
    if problems:
        raise BadInput(problems, "bad-profile")
    first_day = valid_from or tx.today
    if store.find_profile(tx, first_day) == profile:
        return
    version = store.count_profiles(tx) + 1
    try:
        with tx.savepoint():
            store.add_profile(tx, version, first_day, profile, tx.now, str(tx.actor))
    except IntegrityError:
        hosts = profile.hosts
        raise BadInput(
            [Problem(say("one of %(hosts)s is another co-operative's", hosts=hosts), "hosts")], "host-taken"
        ) from None
    tx.tell(
        CommunityDescribed(
            version=version,
            valid_from=first_day,
            hosts=list(profile.hosts),
            name=profile.name,
            site_name=profile.site_name,
            street=profile.street,
            postal_code=profile.postal_code,
            city=profile.city,
            kvk=profile.kvk,
            vat_id=profile.vat_id,
            iban=profile.iban,
            email=profile.email,
            phone=profile.phone,
            language=profile.language,
            mail_sender=profile.mail_sender,
            is_demonstration=profile.is_demonstration,
            logo=profile.logo,
        )
    )


def make_choice(
    tx: Tx, name: str, valid_from: date, value: dict[str, Any], source: str, resolution_id: str = ""
) -> None:
    """Add a choice that holds from a day on; what a resolution adopted is added once, however often it is heard.

    Raises:
        BadInput: there is no such choice, or its value is not one.
        CoopError: ``needs-resolution``, it touches money and no resolution of the meeting adopted it.
    """
    tx.lock(LOCK)
    choice = read_choice(name, value)
    if not source.strip():
        raise BadInput([Problem(say("say where the figures come from"), "source")], "bad-choice")
    if choice.TOUCHES_MONEY and not resolution_id:
        raise CoopError(
            "needs-resolution", say("%(name)s touches money: the members' meeting adopts it by a resolution", name=name)
        )
    if resolution_id and any(row.resolution_id == resolution_id for row in store.load_choices(tx).rows):
        return
    add_choice(tx, DatedChoice(valid_from, choice, source.strip(), resolution_id))


def add_choice(tx: Tx, row: DatedChoice) -> None:
    """Add a choice as a row, and tell it."""
    number = store.count_choices(tx) + 1
    store.add_choice(tx, number, row, tx.now, str(tx.actor))
    tx.tell(
        ChoiceMade(
            number=number,
            name=row.choice.NAME,
            valid_from=row.valid_from,
            value=row.choice.model_dump(mode="json"),
            source=row.source,
            resolution_id=row.resolution_id,
        )
    )


def split_hosts(text: str | Sequence[str]) -> tuple[str, ...]:
    """Host names as they are kept: lower case, without port, each once.

    >>> split_hosts("Warm.Example:443, www.warm.example warm.example")
    ('warm.example', 'www.warm.example')
    """
    words = text.replace(",", " ").split() if isinstance(text, str) else text
    return tuple(dict.fromkeys(word.strip().lower().rsplit(":", 1)[0].rstrip(".") for word in words if word.strip()))
