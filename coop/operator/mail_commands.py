"""``coop mail``: the mail server is tried, and reports of mail that came back are read."""

from __future__ import annotations

import sys
from datetime import UTC, datetime
from typing import Annotated

import typer

from coop.operator.command_settings import read_settings

mails = typer.Typer(help="Mail: try the mail server, and read what came back.", no_args_is_help=True)

REPORT_MAX = 2 * 1024 * 1024
"""Most bytes of a report that are read."""


@mails.command("bounce")
def take_bounce() -> None:
    """Read the report of a mail that came back (RFC 3464) from standard input, as the pipe of a mail server gives it.

    What is no such report changes nothing and ends with 0 as well: a pipe that fails would send the report back.
    """
    from coop.operator.mailing import take_bounce

    typer.echo(take_bounce(read_settings(), sys.stdin.buffer.read(REPORT_MAX)))


@mails.command("try")
def try_server(address: Annotated[str, typer.Argument(help="Mail address of your own.")]) -> None:
    """Send a mail through the mail server of the settings, and print its answer."""
    from coop.operator.mailing import try_server

    typer.echo(try_server(read_settings(), address, datetime.now(UTC)))
