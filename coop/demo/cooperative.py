"""Particulars of the co-operative of the demonstration: invented particulars, marked as such on everything that is
printed."""

from __future__ import annotations

from datetime import date
from typing import Final

from coop.communities.commands import found
from coop.communities.model import ANY_HOST, Profile
from coop.communities.store import count_profiles
from coop.kit.actor import COMMAND_LINE
from coop.kit.database import Database

COMMUNITY: Final = "demo"
"""Its key."""

PROFILE: Final = Profile(
    hosts=(ANY_HOST,),
    name="Demo-coöperatie U.A. (demonstratie)",
    site_name="Demo-coöperatie",
    street="Ketelhuisplein 1",
    postal_code="1054 XX",
    city="Amsterdam",
    kvk="00000000",
    vat_id="NL000000000B00",
    iban="NL00DEMO0000000000",
    email="bestuur@demo.example",
    mail_sender="Demo-coöperatie <bestuur@demo.example>",
    is_demonstration=True,
)


def found_once(database: Database, year: int) -> None:
    """Found the co-operative of the demonstration, a while before its ``year``; it may be there already."""
    with database.write(COMMUNITY, COMMAND_LINE) as tx:
        if not count_profiles(tx):
            found(tx, PROFILE, date(year - 2, 1, 1))
