"""The beginning of a co-operative: its profile and its first secretary, in one transaction."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from coop.communities import commands
from coop.communities.directory import Directory
from coop.communities.model import ANY_HOST, Profile
from coop.communities.rules import check_key, check_profile
from coop.communities.store import find_profile
from coop.kit.actor import COMMAND_LINE
from coop.kit.database import Database
from coop.kit.settings import Settings
from coop.kit.tx import Tx
from coop.members.fields import is_email, refuse_text
from coop.members.identity import store
from coop.members.identity.commands import accounts
from coop.members.identity.commands.addresses import make_one_time_address
from coop.members.identity.model import Account, NewAccount
from coop.operator.founding import merge_profile, open_truth
from coop.operator.opening import list_keys
from coop.values import BadInput, CoopError, Problem, say

DEMONSTRATION_KEY: Final = "demo"
"""Key of the demonstration, which no real co-operative has."""

FIRST_ROLES: Final = frozenset({"board"})
"""Roles of the first secretary: the board may do everything that a beginning needs, and gives out the other roles."""


@dataclass(frozen=True)
class Beginning:
    """A co-operative that is there, and the door of its first secretary.

    ``address`` is where they choose a password, once; it is empty for one who has a password already.
    """

    community: str
    profile: Profile
    was_there: bool
    secretary: str
    address: str


def list_founded(settings: Settings) -> tuple[str, ...]:
    """Keys of the co-operatives of an installation, which may not be there yet."""
    if settings.url("members").startswith("sqlite") and not (settings.data_dir / "members.db").exists():
        return ()
    with open_truth(settings, migrate=True):
        return list_keys(settings)


def draft_profile(given: Mapping[str, Any], secretary: str) -> Profile:
    """The first profile from what is given: any host name, and the secretary's address until there is another."""
    return merge_profile(Profile(hosts=(ANY_HOST,), name="", site_name="", email=secretary), given)


def find_problems(key: str, profile: Profile, secretary: str) -> list[Problem]:
    """Find everything that is wrong with a beginning."""
    problems = [*check_first_key(key), *check_profile(profile)]
    problems += [problem for name, text in vars(profile).items() if (problem := _refuse_text(name, text))]
    return [*problems, *check_secretary(secretary)]


def check_first_key(key: str) -> list[Problem]:
    """Find what is wrong with the key of a real co-operative."""
    return [Problem(say("this is the demonstration's"), "key")] if key == DEMONSTRATION_KEY else check_key(key)


def check_secretary(email: str) -> list[Problem]:
    """Find what is wrong with the address of the first secretary."""
    if not is_email(email):
        return [Problem(say('"%(email)s" is no e-mail address', email=email), "secretary")]
    problem = refuse_text(email, "email")
    return [Problem(problem.reason, "secretary")] if problem else []


def begin(settings: Settings, key: str, profile: Profile, secretary: str, name: str = "") -> Beginning:
    """Found a co-operative and make the account of its first secretary, both or neither. Without a name the secretary
    is called by the address.

    Raises:
        BadInput: a particular is wrong or missing; every problem at once.
        CoopError: ``community-founded``, it is there already.
    """
    secretary = secretary.strip().lower()
    if problems := find_problems(key, profile, secretary):
        raise BadInput(problems, "bad-beginning")
    with open_truth(settings, migrate=True) as database:
        with database.write(key, COMMAND_LINE) as tx:
            commands.found(tx, profile)
            wanted = NewAccount(secretary, name.strip() or secretary.partition("@")[0], FIRST_ROLES)
            path = make_one_time_address(tx, accounts.create_account(tx, FIRST_ROLES, wanted), "set-password")
        return Beginning(key, profile, False, secretary, _find_url(database, settings, key) + path)


def resume(settings: Settings, key: str) -> Beginning:
    """Let the first secretary in who never chose a password; a co-operative that is there stays as it is.

    Whoever was killed before they saw the address, or lost it, finds a new one here; the one before opens nothing any
    more.
    """
    with open_truth(settings) as database:
        with database.write(key, COMMAND_LINE) as tx:
            profile = find_profile(tx)
            if profile is None:
                raise CoopError("no-community", say("there is no co-operative %(key)s", key=key))
            waiting = _find_waiting(tx)
            path = make_one_time_address(tx, waiting.account_id, "set-password") if waiting else ""
        address = _find_url(database, settings, key) + path if path else ""
        return Beginning(key, profile, True, waiting.email if waiting else "", address)


def _find_waiting(tx: Tx) -> Account | None:
    """The first secretary, when they are still alone and have no password."""
    everybody = store.list_accounts(tx, 2)
    return everybody[0] if len(everybody) == 1 and not everybody[0].has_password else None


def _find_url(database: Database, settings: Settings, key: str) -> str:
    site = Directory(database, settings).site_of(key)
    return site.url if site else ""


def _refuse_text(name: str, text: object) -> Problem | None:
    return refuse_text(text, name) if isinstance(text, str) else None
