"""``coop community``: found, list, show and describe the co-operatives of an installation."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from typing import Annotated, Any

import typer

from coop.operator.command_settings import read_settings

communities = typer.Typer(help="The co-operatives of this installation.", no_args_is_help=True)

Name = Annotated[str | None, typer.Option(help="Statutory name, as on its bills.")]
SiteName = Annotated[str | None, typer.Option(help="Name on its pages; the statutory one when left out.")]
HostNames = Annotated[list[str] | None, typer.Option(help="Host name of its pages; may be repeated; * is any other.")]
Street = Annotated[str | None, typer.Option(help="Street and number.")]
PostalCode = Annotated[str | None, typer.Option(help="Postal code, such as 1011 AB.")]
City = Annotated[str | None, typer.Option(help="City.")]
Kvk = Annotated[str | None, typer.Option(help="KvK number of the trade register.")]
VatId = Annotated[str | None, typer.Option(help="VAT id, such as NL000099998B57.")]
Iban = Annotated[str | None, typer.Option(help="IBAN on which members pay.")]
Email = Annotated[str | None, typer.Option(help="E-mail address on bills.")]
Phone = Annotated[str | None, typer.Option(help="Telephone number on bills.")]
Language = Annotated[str | None, typer.Option(help="Language of pages and bills, such as nl.")]
MailSender = Annotated[str | None, typer.Option(help="Sender of mail, as Name <address>.")]


@communities.command("add")
def add_community(
    key: Annotated[str, typer.Argument(help="Key: small letters, digits and hyphens; it never changes.")],
    name: Name = None,
    site_name: SiteName = None,
    host: HostNames = None,
    street: Street = None,
    postal_code: PostalCode = None,
    city: City = None,
    kvk: Kvk = None,
    vat_id: VatId = None,
    iban: Iban = None,
    email: Email = None,
    phone: Phone = None,
    language: Language = None,
    mail_sender: MailSender = None,
    demonstration: Annotated[bool, typer.Option(help="The co-operative of the demonstration.")] = False,
) -> None:
    """Found a co-operative; the installation may go on running, and its pages answer at once."""
    from coop.operator.founding import add_community, show_community

    given = _given(locals())
    if demonstration:
        from coop.demo.cooperative import PROFILE

        given = {**asdict(PROFILE), **{name: value for name, value in given.items() if value is not None}}
    settings = read_settings()
    add_community(settings, key, given)
    for line in show_community(settings, key):
        typer.echo(line)


@communities.command("set")
def change_community(
    key: Annotated[str, typer.Argument(help="Key of the co-operative.")],
    name: Name = None,
    site_name: SiteName = None,
    host: HostNames = None,
    street: Street = None,
    postal_code: PostalCode = None,
    city: City = None,
    kvk: Kvk = None,
    vat_id: VatId = None,
    iban: Iban = None,
    email: Email = None,
    phone: Phone = None,
    language: Language = None,
    mail_sender: MailSender = None,
) -> None:
    """Change a co-operative's particulars from today; what is not named stays."""
    from coop.operator.founding import change_community, show_community

    settings = read_settings()
    change_community(settings, key, _given(locals()))
    for line in show_community(settings, key):
        typer.echo(line)


@communities.command("list")
def list_communities() -> None:
    """Keys of all co-operatives here."""
    from coop.operator.opening import list_keys

    for key in list_keys(read_settings()):
        typer.echo(key)


@communities.command("show")
def show_community(key: Annotated[str, typer.Argument(help="Key of the co-operative.")] = "") -> None:
    """A co-operative's particulars, and what is still missing before it can issue anything."""
    from coop.operator.founding import show_community
    from coop.operator.opening import pick_community

    settings = read_settings()
    for line in show_community(settings, pick_community(settings, key)):
        typer.echo(line)


_PARTICULARS = (
    "name", "site_name", "street", "postal_code", "city", "kvk", "vat_id", "iban", "email", "phone", "language",
    "mail_sender",
)  # fmt: skip


def _given(options: Mapping[str, Any]) -> dict[str, Any]:
    """The particulars among the options of a command; None where one was not given."""
    return {"hosts": options["host"], **{name: options[name] for name in _PARTICULARS}}
