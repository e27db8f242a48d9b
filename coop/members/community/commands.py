"""Changing the co-operative's own particulars, from today on. Another bank account takes two people."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import fields, replace
from datetime import date
from typing import Any, Final

from coop.communities.choices import read_choice
from coop.communities.commands import LOCK
from coop.communities.commands import make_choice as add_choice
from coop.communities.model import Profile
from coop.communities.rules import check_profile
from coop.communities.store import find_profile
from coop.kit.tx import Tx
from coop.members.community import store
from coop.members.community.ending import describe_from_today
from coop.members.community.model import ChoiceProposal, IbanProposal, Logo
from coop.members.community.rules import refuse_logo
from coop.members.fields import refuse_text
from coop.values import BadInput, CoopError, NotFound, Problem, say

FIELDS: Final[tuple[str, ...]] = (
    "name",
    "site_name",
    "street",
    "postal_code",
    "city",
    "kvk",
    "vat_id",
    "iban",
    "email",
    "phone",
    "language",
    "mail_sender",
)
"""Particulars that a co-operative changes by itself. Its host names are the operator's of the installation to give, or
one co-operative could take the pages of another."""


def get_profile(tx: Tx) -> Profile:
    """Read the profile that holds today.

    Raises:
        NotFound: the co-operative is not founded.
    """
    profile = find_profile(tx)
    if profile is None:
        raise NotFound(say("there is no co-operative %(community)s", community=tx.community))
    return profile


def merge_profile(before: Profile, given: Mapping[str, str]) -> Profile:
    """Check what would become of a profile with other particulars.

    Raises:
        BadInput: a field is wrong; every problem at once.
    """
    changes: dict[str, Any] = {name: given[name].strip() for name in FIELDS if name in given}
    profile = replace(before, **changes)
    problems = check_profile(profile)
    problems += [problem for name in FIELDS if (problem := refuse_text(getattr(profile, name), name))]
    if before.iban and not profile.iban:
        problems.append(Problem(say("can be changed, but not left out"), "iban"))
    if problems:
        raise BadInput(problems, "bad-profile")
    return profile


def change_profile(tx: Tx, given: Mapping[str, str]) -> Profile:
    """Change particulars from today on; another bank account waits for a second person.

    Raises:
        BadInput: a field is wrong; every problem at once.
        NotFound: the co-operative is not founded.
    """
    tx.lock(LOCK)
    before = get_profile(tx)
    after = merge_profile(before, given)
    if before.iban and after.iban != before.iban:
        _propose_iban(tx, after.iban)
        after = replace(after, iban=before.iban)
    describe_from_today(tx, before, after)
    return after


def confirm_iban(tx: Tx, number: int) -> None:
    """Let the bank account that somebody else proposed hold from today.

    Raises:
        NotFound: no such proposal waits.
        CoopError: ``same-person``, whoever proposed it cannot confirm it.
    """
    tx.lock(LOCK)
    proposal = _get_open(tx, number)
    if proposal.proposed_by == str(tx.actor):
        raise CoopError("same-person", say("another bank account takes a second person of the board, or the treasurer"))
    store.settle_proposal(tx, proposal, "confirmed")
    before = get_profile(tx)
    describe_from_today(tx, before, replace(before, iban=proposal.iban))


def withdraw_iban(tx: Tx, number: int) -> None:
    """Let a proposed bank account go; the one that holds stays.

    Raises:
        NotFound: no such proposal waits.
    """
    tx.lock(LOCK)
    store.settle_proposal(tx, _get_open(tx, number), "withdrawn")


def change_logo(tx: Tx, body: bytes) -> None:
    """Show another logo from today; no bytes take it away.

    Raises:
        BadInput: it is no PNG picture of a modest size.
    """
    tx.lock(LOCK)
    sha256 = ""
    if body:
        if reason := refuse_logo(body):
            raise BadInput([Problem(reason, "logo")], "bad-logo")
        sha256 = hashlib.sha256(body).hexdigest()
        store.add_logo(tx, Logo(sha256, body, tx.now, str(tx.actor)))
    before = get_profile(tx)
    describe_from_today(tx, before, replace(before, logo=sha256))


def make_choice(tx: Tx, name: str, valid_from: date, value: Mapping[str, Any], source: str) -> bool:
    """Make a choice that the board may make by itself, from today or later; False where it waits for a second person.

    Raises:
        BadInput: there is no such choice, its value is not one, or the day is over.
        CoopError: ``needs-resolution``, only the members' meeting can make it.
    """
    if valid_from < tx.today:
        raise BadInput(
            [
                Problem(
                    say("%(valid_from)s is over; a choice holds from today or later", valid_from=valid_from),
                    "valid_from",
                )
            ]
        )
    if not read_choice(name, value).TAKES_TWO:
        add_choice(tx, name, valid_from, dict(value), source)
        return True
    tx.lock(LOCK)
    if not source.strip():
        raise BadInput([Problem(say("may not be empty"), "source")])
    for waiting in store.list_open_choices(tx):
        if waiting.name == name:
            store.settle_choice(tx, waiting.number, "replaced")
    store.add_choice_proposal(tx, name, valid_from, value, source.strip()[:400])
    return False


def confirm_choice(tx: Tx, number: int) -> None:
    """Make the choice that somebody else proposed; a day that is over by now becomes today.

    Raises:
        NotFound: no such choice waits.
        CoopError: ``same-person``, whoever proposed it cannot confirm it.
    """
    tx.lock(LOCK)
    waiting = _get_open_choice(tx, number)
    if waiting.proposed_by == str(tx.actor):
        raise CoopError("same-person", say("this choice takes a second person of the board, or the operator"))
    store.settle_choice(tx, number, "confirmed")
    add_choice(tx, waiting.name, max(waiting.valid_from, tx.today), dict(waiting.value), waiting.source)


def withdraw_choice(tx: Tx, number: int) -> None:
    """Let a proposed choice go; the one that holds stays.

    Raises:
        NotFound: no such choice waits.
    """
    tx.lock(LOCK)
    store.settle_choice(tx, _get_open_choice(tx, number).number, "withdrawn")


def _get_open_choice(tx: Tx, number: int) -> ChoiceProposal:
    for waiting in store.list_open_choices(tx):
        if waiting.number == number:
            return waiting
    raise NotFound(say("no choice waits under number %(number)s", number=number))


def list_changes(before: Profile, after: Profile) -> list[str]:
    """List the fields in which two profiles differ.

    >>> one = Profile(("warm.example",), "Warm U.A.", "Warm")
    >>> list_changes(one, replace(one, city="Amsterdam", iban="NL91ABNA0417164300"))
    ['city', 'iban']
    """
    return [field.name for field in fields(Profile) if getattr(before, field.name) != getattr(after, field.name)]


def _propose_iban(tx: Tx, iban: str) -> None:
    waiting = store.find_open_proposal(tx)
    if waiting is not None and waiting.iban == iban:
        return
    if waiting is not None:
        store.settle_proposal(tx, waiting, "replaced")
    store.add_proposal(tx, iban)


def _get_open(tx: Tx, number: int) -> IbanProposal:
    waiting = store.find_open_proposal(tx)
    if waiting is None or waiting.number != number:
        raise NotFound(say("no bank account waits under number %(number)s", number=number))
    return waiting
