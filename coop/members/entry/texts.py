"""The fields of each form, as its page shows them."""

from __future__ import annotations

from dataclasses import dataclass

from coop.communities.tariffs import CLASSES
from coop.members.connections.model import CONNECTION_KINDS
from coop.members.register.model import MEMBER_KINDS
from coop.web.language import N_


@dataclass(frozen=True)
class Field:
    """A field of a form: its column, how it is typed, what helps, and what may be chosen."""

    name: str
    type: str = "text"
    help: str = ""
    required: bool = False
    options: tuple[str, ...] = ()


FIELDS = {
    "members": (
        Field("number", required=True),
        Field("name", required=True),
        Field(
            "kind",
            options=MEMBER_KINDS,
            help=N_("An owner lives in what is theirs; a landlord owns property and is a party without a vote."),
        ),
        Field("joined_on", "date", required=True),
        Field("email", "email", help=N_("For letters. The address to sign in with is that of the account.")),
        Field("address"),
        Field("postcode"),
        Field("city"),
        Field("votes", help=N_("Left empty: one, and none for a landlord.")),
        Field("kvk", help=N_("Of an organisation: 8 digits.")),
        Field("vat_id", help=N_("Of an organisation, such as NL000099998B57.")),
    ),
    "connections": (
        Field("number", required=True),
        Field("building", required=True),
        Field("kind", options=CONNECTION_KINDS),
        Field("address", required=True),
        Field("ean", help=N_("18 digits; there is none for heat.")),
        Field("home_equivalents", help=N_("How many average homes it counts for; 1 where left empty.")),
        Field(
            "users",
            help=N_(
                "How many homes get their heat through it: more than 1 where a landlord or owners' association"
                " passes heat on. The law counts them."
            ),
        ),
    ),
    "occupancies": (
        Field("connection", required=True),
        Field("member", required=True, help=N_("Number of the member who holds it.")),
        Field("opened_on", "date", required=True),
        Field("closed_on", "date"),
    ),
    "contracts": (
        Field("number", required=True),
        Field("member", required=True, help=N_("Number of the member who signs.")),
        Field("connection", required=True, help=N_("Number of the connection.")),
        Field("starts_on", "date", required=True),
        Field("ends_on", "date"),
        Field("tariff_clause", help=N_("The version of the clause; without it no later tariff binds this member.")),
        Field("customer_class", options=CLASSES, help=N_("Which parts of a tariff are paid.")),
        Field("joint", help=N_("Numbers of members who hold the contract together with this one, with ; between.")),
        Field("payer", help=N_("Number of the member who pays, where that is somebody else, such as a landlord.")),
    ),
}
"""The fields of each form by kind; gas bills stand in a table below those of a contract."""

TITLES = {
    "members": (N_("Admit a member"), N_("Change a member")),
    "connections": (N_("Open a connection"), N_("Change a connection")),
    "occupancies": (N_("Give a connection to a member"), N_("Change who holds a connection")),
    "contracts": (N_("Sign a contract"), N_("Change a contract")),
}

YEARS = 4
"""Years of gas bills that a form asks for."""
