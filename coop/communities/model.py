"""A co-operative as it is known to the outside: what stands on every bill, and under which host names it is met."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime

LOGO_PATH = "/members/logo"
"""Where the logo of the co-operative of a host name lies."""

ANY_HOST = "*"
"""The host name of the one co-operative that answers to every name which no other has."""


@dataclass(frozen=True)
class Profile:
    """Public particulars of a co-operative, as the trade register and its bills have them.

    ``name`` is the statutory name, ``site_name`` what its pages are called; ``mail_sender`` is ``Name <address>``, and
    ``logo`` the hash of the picture's bytes. What is not known yet is empty; ``lacking`` says what has to be there
    before anything is issued.
    """

    hosts: tuple[str, ...]
    name: str
    site_name: str
    street: str = ""
    postal_code: str = ""
    city: str = ""
    kvk: str = ""
    vat_id: str = ""
    iban: str = ""
    email: str = ""
    phone: str = ""
    language: str = "nl"
    mail_sender: str = ""
    is_demonstration: bool = False
    logo: str = ""

    @property
    def lacking(self) -> tuple[str, ...]:
        """Fields that a bill needs and that are empty.

        >>> Profile(("warm.example",), "Warm U.A.", "Warm", "Kade 1", "1011 AA", "Amsterdam", "12345678").lacking
        ('vat_id', 'iban', 'email')
        """
        needed = ("name", "street", "postal_code", "city", "kvk", "vat_id", "iban", "email")
        return tuple(field for field in needed if not getattr(self, field))


@dataclass(frozen=True)
class Face:
    """Parts of a profile that every page shows: its name there, its language, and its logo by the hash of its bytes."""

    name: str
    language: str
    logo: str
    is_demonstration: bool


@dataclass(frozen=True)
class DatedProfile:
    """A profile from the first day that it holds, and who said so when; ``version`` counts from 1."""

    version: int
    valid_from: date
    profile: Profile
    recorded_at: datetime
    recorded_by: str
