"""Checks of a co-operative's key and profile: what is given has to be right; what may still be missing stays empty."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Final

from stdnum import iban
from stdnum.exceptions import ValidationError
from stdnum.nl import btw, postcode

from coop.communities.model import ANY_HOST, Profile
from coop.kit import addresses
from coop.values import BadInput, Problem, Said, say

_KEY = re.compile(r"[a-z][a-z0-9-]{0,38}[a-z0-9]")
_HOST = re.compile(r"(?=.{1,253}$)[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?(\.[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?)*")
_EMAIL = re.compile(r"[^@\s<>,;]+@[^@\s<>,;]+\.[^@\s<>,;]+")

DEMONSTRATION_VALUES: Final = frozenset(
    {
        "Demo-coöperatie U.A. (demonstratie)",
        "Demo-coöperatie",
        "00000000",
        "NL000000000B00",
        "NL00DEMO0000000000",
    }
)
"""Particulars of the demonstration, which no real co-operative has."""


def check_key(key: str) -> list[Problem]:
    """Find what is wrong with a key of a co-operative.

    >>> check_key("ketelhuis-wg")
    []
    >>> [str(problem) for problem in check_key("Ketelhuis WG")]
    ['key: "Ketelhuis WG" is not 2 to 40 small letters, digits and hyphens']
    """
    if _KEY.fullmatch(key):
        return []
    return [Problem(say('"%(key)s" is not 2 to 40 small letters, digits and hyphens', key=key), "key")]


def check_profile(profile: Profile) -> list[Problem]:
    """Find everything that is wrong with a profile.

    >>> [str(problem) for problem in check_profile(Profile(("warm.example",), "Warm U.A.", "Warm", kvk="1234"))]
    ['kvk: a KvK number has 8 digits']
    """
    problems = [
        Problem(say("is missing"), name) for name in ("name", "site_name") if not getattr(profile, name).strip()
    ]
    if not profile.hosts:
        problems.append(Problem(say("needs at least one host name"), "hosts"))
    for host in profile.hosts:
        problems += check_particular("hosts", host)
    for name in PARTICULARS:
        text = getattr(profile, name)
        if not (profile.is_demonstration and text in DEMONSTRATION_VALUES):
            problems += check_particular(name, text)
    return problems


def check_particular(name: str, text: str) -> list[Problem]:
    """Find what is wrong with one particular of a real co-operative; what is empty is not known yet.

    >>> [str(problem) for problem in check_particular("iban", "NL91 ABNA 0417 1643 01")]
    ['iban: "NL91 ABNA 0417 1643 01" is no IBAN: a sign in it is wrong or missing']
    >>> check_particular("iban", "NL91ABNA0417164300")
    []
    """
    if not text:
        return []
    if text in DEMONSTRATION_VALUES:
        return [Problem(say("this is the demonstration's"), name)]
    check = _CHECKS.get(name)
    reason = check(text) if check else None
    return [Problem(reason, name)] if reason else []


def _check_host(text: str) -> Said | None:
    if text == ANY_HOST or _HOST.fullmatch(text):
        return None
    return say('"%(host)s" is no host name', host=text)


def _check_kvk(text: str) -> Said | None:
    return None if re.fullmatch(r"[0-9]{8}", text) else say("a KvK number has 8 digits")


def _check_vat_id(text: str) -> Said | None:
    if btw.is_valid(text):
        return None
    return say('"%(vat_id)s" is no Dutch VAT id, such as NL000099998B57', vat_id=text)


def _check_iban(text: str) -> Said | None:
    if iban.is_valid(text):
        return None
    return say('"%(iban)s" is no IBAN: a sign in it is wrong or missing', iban=text)


def _check_postal_code(text: str) -> Said | None:
    try:
        written = postcode.validate(text)
    except ValidationError:
        written = ""
    if text in (written, written.replace(" ", "")) and written:
        return None
    return say('"%(code)s" is no postal code, such as 1011 AB', code=text)


def _check_email(text: str) -> Said | None:
    return None if _EMAIL.fullmatch(text) else say('"%(email)s" is no e-mail address', email=text)


def _check_language(text: str) -> Said | None:
    if re.fullmatch(r"[a-z]{2}(-[A-Z]{2})?", text):
        return None
    return say('"%(code)s" is no language code, such as nl', code=text)


def _check_sender(text: str) -> Said | None:
    try:
        addresses.read_sender(text)
    except BadInput as bad:
        return bad.message
    return None


PARTICULARS: Final = (
    "name", "site_name", "street", "postal_code", "city", "kvk", "vat_id", "iban", "email", "phone", "language",
    "mail_sender",
)  # fmt: skip
"""Particulars of a profile that are texts of the co-operative's own."""


_CHECKS: Final[Mapping[str, Callable[[str], Said | None]]] = {
    "hosts": _check_host,
    "kvk": _check_kvk,
    "vat_id": _check_vat_id,
    "iban": _check_iban,
    "postal_code": _check_postal_code,
    "email": _check_email,
    "language": _check_language,
    "mail_sender": _check_sender,
}
