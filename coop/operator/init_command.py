"""``coop init``: a co-operative from nothing, by options, or by questions where a person sits at the terminal."""

from __future__ import annotations

import re
import sys
import unicodedata
from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING, Annotated

import typer

from coop.kit.settings import Settings
from coop.operator.command_settings import read_settings
from coop.operator.community_commands import (
    City,
    Email,
    HostNames,
    Iban,
    Kvk,
    Language,
    Name,
    PostalCode,
    Street,
    VatId,
)
from coop.values import Problem, say

if TYPE_CHECKING:  # what it imports takes a second, which help need not wait for
    from coop.operator.beginning import Beginning

QUESTIONS = (
    ("name", "Statutory name of the co-operative, as in the trade register"),
    ("street", "Street and number"),
    ("postal_code", "Postal code, such as 1011 AB"),
    ("city", "City"),
    ("kvk", "KvK number, 8 digits"),
    ("vat_id", "VAT id, such as NL000099998B57"),
    ("iban", "IBAN on which members pay"),
    ("language", "Language of pages and bills"),
    ("hosts", "Host name of its pages; * is any"),
)
"""Particulars in the order in which they are asked for; Enter leaves out what is not known yet."""

DEFAULTS = {"language": "nl", "hosts": "*"}
NEEDED = ("name",)


def init(
    key: Annotated[str, typer.Option(help="Key: small letters, digits and hyphens; it never changes.")] = "",
    name: Name = None,
    street: Street = None,
    postal_code: PostalCode = None,
    city: City = None,
    kvk: Kvk = None,
    vat_id: VatId = None,
    iban: Iban = None,
    email: Email = None,
    language: Language = None,
    host: HostNames = None,
    secretary: Annotated[str, typer.Option(help="E-mail address of the first secretary, who is let in.")] = "",
    secretary_name: Annotated[str, typer.Option(help="Name of the first secretary.")] = "",
) -> None:
    """Begin: found the co-operative and let its first secretary in. At a terminal it asks for what is not given.

    What is not known yet may be left out; the co-operative's own page takes it later, and no bill goes out without it.
    Again, it says that the co-operative is there and changes nothing.
    """
    from coop.operator.beginning import begin, draft_profile, list_founded, resume

    settings = read_settings()
    founded = list_founded(settings)
    if founded and key in ("", *founded):
        for present in [key] if key else founded:
            _tell(resume(settings, present))
        return
    given = {
        "name": name, "street": street, "postal_code": postal_code, "city": city, "kvk": kvk, "vat_id": vat_id,
        "iban": iban, "email": email, "language": language, "hosts": host,
    }  # fmt: skip
    if _is_asking():
        key, secretary = _ask_for_missing(given, key, secretary)
        secretary_name = secretary_name or _ask_name(secretary)
    _tell(begin(settings, key, draft_profile(given, secretary), secretary, secretary_name), settings)


def _is_asking() -> bool:
    return sys.stdin.isatty() and sys.stdout.isatty()


def _ask_for_missing(given: dict[str, str | list[str] | None], key: str, secretary: str) -> tuple[str, str]:
    """Ask for every particular that was not given, one by one, again until it is right; returns key and secretary."""
    from coop.communities.rules import check_particular
    from coop.operator.beginning import check_first_key, check_secretary

    typer.echo("Enter leaves a particular out; the co-operative's own page takes it later.\n")
    for field, question in QUESTIONS:
        if given[field] is None:
            default = DEFAULTS.get(field, "")
            answer = _ask(question, partial(_check, check_particular, field), default)
            given[field] = [answer] if field == "hosts" else answer
    if not key:
        key = _ask("Key, which never changes", check_first_key, suggest_key(str(given["name"])))
    if not secretary:
        secretary = _ask("E-mail address of the first secretary", check_secretary, "")
    return key, secretary


def _ask_name(secretary: str) -> str:
    from coop.members.fields import refuse_text

    def check(text: str) -> list[Problem]:
        problem = refuse_text(text, "name")
        return [problem] if problem else []

    return _ask("Name of the first secretary, as others see it", check, secretary.partition("@")[0])


def _check(check: Callable[[str, str], list[Problem]], field: str, text: str) -> list[Problem]:
    if field in NEEDED and not text:
        return [Problem(say("is missing"), field)]
    return check(field, text)


def _ask(question: str, check: Callable[[str], list[Problem]], default: str) -> str:
    while True:
        answer: str = typer.prompt(question, default=default, show_default=bool(default)).strip()
        problems = check(answer)
        if not problems:
            return answer
        for problem in problems:
            typer.echo(f"  {problem.reason}")


def suggest_key(name: str) -> str:
    """A key from a name.

    >>> suggest_key("Coöperatie Ketelhuis WG U.A.")
    'ketelhuis-wg'
    """
    plain = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode().lower()
    words = [
        word for word in re.findall(r"[a-z0-9]+", plain.replace(".", "")) if word not in ("cooperatie", "ua", "ba")
    ]
    key = "-".join(words)[:40].strip("-")
    return key if key[:1].isalpha() else ""


def _tell(beginning: Beginning, settings: Settings | None = None) -> None:
    """Say what is there now, and what the next step is."""
    name = beginning.profile.name
    if beginning.was_there:
        typer.echo(f"{name} is here already, as {beginning.community}; nothing is changed.")
        typer.echo("`coop community set` changes its particulars, `coop init --key` with another key adds another one.")
    else:
        typer.echo(f"{name} is founded, as {beginning.community}.")
    if beginning.profile.lacking:
        typer.echo(f"Before it can issue anything it still needs: {', '.join(beginning.profile.lacking)}.")
    if beginning.address:
        if beginning.was_there:
            typer.echo("Its secretary has no password yet; the address from before opens nothing any more.")
        typer.echo(f"\n{beginning.secretary} chooses a password at this address, once, within seven days:")
        typer.echo(f"\n  {beginning.address}\n")
        typer.echo("It is shown this once, and is for nobody else's eyes.")
    if settings is not None:
        typer.echo("\n`coop run` serves the pages, unless the installation runs already.")
