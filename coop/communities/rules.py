"""Checks of a co-operative's key and profile: what is given has to be right; what may still be missing stays empty."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Final

from stdnum import iban
from stdnum.exceptions import ValidationError
from stdnum.nl import btw

from coop.communities.model import ANY_HOST, Profile
from coop.kit import addresses
from coop.values import BadInput, Problem

_KEY = re.compile(r"[a-z][a-z0-9-]{0,38}[a-z0-9]")
_HOST = re.compile(r"(?=.{1,253}$)[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?(\.[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?)*")
_POSTAL_CODE = re.compile(r"[1-9][0-9]{3} ?[A-Z]{2}")
_EMAIL = re.compile(r"[^@\s<>,;]+@[^@\s<>,;]+\.[^@\s<>,;]+")

DEMONSTRATION_VALUES: Final = frozenset({"00000000", "NL000000000B00", "NL00DEMO0000000000"})
"""Numbers of the demonstration, which no real co-operative has."""


def check_key(key: str) -> None:
    """Refuse what is no key of a co-operative.

    >>> check_key("ketelhuis-wg")
    >>> check_key("Ketelhuis WG")
    Traceback (most recent call last):
    ...
    coop.values.BadInput: key: 'Ketelhuis WG' is not 2 to 40 small letters, digits and hyphens

    Raises:
        BadInput: it is none.
    """
    if not _KEY.fullmatch(key):
        raise BadInput([Problem(f"{key!r} is not 2 to 40 small letters, digits and hyphens", "key")], "bad-key")


def check_profile(profile: Profile) -> list[Problem]:
    """Find everything that is wrong with a profile.

    >>> [str(problem) for problem in check_profile(Profile(("warm.example",), "Warm U.A.", "Warm", kvk="1234"))]
    ['kvk: a KvK number has 8 digits']
    """
    problems = [Problem("is missing", name) for name in ("name", "site_name") if not getattr(profile, name).strip()]
    if not profile.hosts:
        problems.append(Problem("needs at least one host name", "hosts"))
    problems += [
        Problem(f"{host!r} is no host name", "hosts")
        for host in profile.hosts
        if host != ANY_HOST and not _HOST.fullmatch(host)
    ]
    for name, check in _CHECKS.items():
        text = getattr(profile, name)
        if text and profile.is_demonstration and text in DEMONSTRATION_VALUES:
            continue
        reason = check(text) if text else ""
        if reason:
            problems.append(Problem(reason, name))
    return problems


def _check_kvk(text: str) -> str:
    if not re.fullmatch(r"[0-9]{8}", text):
        return "a KvK number has 8 digits"
    return "this is the number of the demonstration" if text in DEMONSTRATION_VALUES else ""


def _check_vat_id(text: str) -> str:
    if text in DEMONSTRATION_VALUES:
        return "this is the number of the demonstration"
    try:
        btw.validate(text)
    except ValidationError:
        return f"{text!r} is no Dutch VAT id, such as NL123456789B01"
    return ""


def _check_iban(text: str) -> str:
    try:
        iban.validate(text)
    except ValidationError:
        return f"{text!r} is no IBAN: its check digits do not agree"
    return ""


def _check_postal_code(text: str) -> str:
    return "" if _POSTAL_CODE.fullmatch(text) else f"{text!r} is no postal code, such as 1011 AB"


def _check_email(text: str) -> str:
    return "" if _EMAIL.fullmatch(text) else f"{text!r} is no e-mail address"


def _check_language(text: str) -> str:
    return "" if re.fullmatch(r"[a-z]{2}(-[A-Z]{2})?", text) else f"{text!r} is no language code, such as nl"


def _check_sender(text: str) -> str:
    try:
        addresses.read_sender(text)
    except BadInput as bad:
        return bad.message
    return ""


_CHECKS: Final[Mapping[str, Callable[[str], str]]] = {
    "kvk": _check_kvk,
    "vat_id": _check_vat_id,
    "iban": _check_iban,
    "postal_code": _check_postal_code,
    "email": _check_email,
    "language": _check_language,
    "mail_sender": _check_sender,
}
