"""``coop account``: who can sign in to a co-operative, from the machine itself."""

from __future__ import annotations

from typing import Annotated

import typer

from coop.operator.command_settings import read_settings

accounts = typer.Typer(help="The accounts of a co-operative: who can sign in.", no_args_is_help=True)

Email = Annotated[str, typer.Argument(help="E-mail address of the account.")]
Key = Annotated[str, typer.Option("--community", help="Key of the co-operative; may be left out where there is one.")]


@accounts.command("add")
def add_account(
    email: Email,
    name: Annotated[str, typer.Option(help="Name of the person or the organisation.")],
    role: Annotated[
        list[str] | None,
        typer.Option(help="board, treasurer, auditor, partner or operator; may be repeated."),
    ] = None,
    member: Annotated[str, typer.Option(help="Number of the member whose account it is.")] = "",
    key: Key = "",
) -> None:
    """Make an account, and print the one-time address at which its owner chooses a password."""
    from coop.operator.accounts import add_account
    from coop.operator.opening import pick_community

    settings = read_settings()
    _print(add_account(settings, pick_community(settings, key), email, name, role or [], member))


@accounts.command("list")
def list_accounts(key: Key = "") -> None:
    """All accounts, with or without a member: address, state, roles and name."""
    from coop.operator.accounts import list_accounts
    from coop.operator.opening import pick_community

    settings = read_settings()
    _print(list_accounts(settings, pick_community(settings, key)))


@accounts.command("roles")
def change_roles(
    email: Email,
    grant: Annotated[list[str] | None, typer.Option(help="Role to give; may be repeated.")] = None,
    withdraw: Annotated[list[str] | None, typer.Option(help="Role to take; may be repeated.")] = None,
    key: Key = "",
) -> None:
    """Show an account's roles; propose others, or confirm as the second person what the board proposed."""
    from coop.operator.accounts import change_roles
    from coop.operator.opening import pick_community

    settings = read_settings()
    _print(change_roles(settings, pick_community(settings, key), email, grant or [], withdraw or []))


@accounts.command("reset")
def reset_account(
    email: Email,
    key: Key = "",
    second_factor: Annotated[
        bool, typer.Option("--second-factor", help="Take off a second factor that was lost, as the second person.")
    ] = False,
) -> None:
    """Print a one-time address at which the owner chooses another password; until then theirs goes on. With
    --second-factor: take that off instead, if somebody asked for it on the pages."""
    from coop.operator.accounts import reset_account, reset_second_factor
    from coop.operator.opening import pick_community

    settings = read_settings()
    work = reset_second_factor if second_factor else reset_account
    _print(work(settings, pick_community(settings, key), email))


@accounts.command("close")
def close_account(email: Email, key: Key = "") -> None:
    """Close an account: it is signed out everywhere at once, and opens for nobody."""
    _set_active(email, key, active=False)


@accounts.command("open")
def open_account(email: Email, key: Key = "") -> None:
    """Open an account again."""
    _set_active(email, key, active=True)


def _set_active(email: str, key: str, *, active: bool) -> None:
    from coop.operator.accounts import set_account_active
    from coop.operator.opening import pick_community

    settings = read_settings()
    _print(set_account_active(settings, pick_community(settings, key), email, active=active))


def _print(lines: list[str]) -> None:
    for line in lines:
        typer.echo(line)
