"""The commands that keep an installation, as the command line offers them."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from coop.kit.settings import Settings
from coop.operator.command_settings import read_settings
from coop.operator.keeping.sealing import Keys, Seal, read_passphrase

PassphraseFile = Annotated[
    Path | None, typer.Option(help="File with a passphrase in its first line.", exists=True, dir_okay=False)
]


def backup(
    to: Annotated[
        Path | None, typer.Option(help="Folder or file to write; the folder `backups` in the data folder by default.")
    ] = None,
    encrypt_to: Annotated[str, typer.Option(help="Encrypt to this recipient of age, age1...")] = "",
    passphrase_file: PassphraseFile = None,
    with_secret: Annotated[
        bool, typer.Option("--with-secret", help="Keep the signing secret in it although it is not encrypted.")
    ] = False,
) -> None:
    """Write one file with everything of all services at one point in time, while they run.

    An encrypted backup holds the file with the signing secret as well.
    """
    from coop.operator.keeping.backup import back_up

    if encrypt_to and passphrase_file:
        raise typer.BadParameter("encrypt to a recipient or with a passphrase, not both")
    seal = Seal(encrypt_to, read_passphrase(passphrase_file) if passphrase_file else "")
    back_up(read_settings(), to, seal, with_secret=with_secret, echo=typer.echo)


def restore(
    path: Annotated[Path, typer.Argument(metavar="FILE", help="A backup.", exists=True, dir_okay=False)],
    into: Annotated[
        str, typer.Option(help="Empty data folder or URL of an empty database; what the settings name by default.")
    ] = "",
    check: Annotated[bool, typer.Option("--check", help="Only read it whole and compare every hash.")] = False,
    identity: Annotated[
        Path | None, typer.Option(help="File with the key of age to which it is encrypted.", exists=True)
    ] = None,
    passphrase_file: PassphraseFile = None,
) -> None:
    """Put a backup into an empty place, whole or not at all, and walk its chains. Services must not run there."""
    from coop.operator.keeping import restore as work
    from coop.operator.keeping.advice import after_restore, describe

    keys = Keys(identity.read_text() if identity else "", read_passphrase(passphrase_file) if passphrase_file else "")
    settings = _into(read_settings(), into)
    if check:
        typer.echo(describe(work.check(path, keys)))
        return
    restored = work.restore(path, settings, keys)
    typer.echo(describe(restored))
    for line in after_restore(restored, settings):
        typer.echo(line)


def _into(settings: Settings, into: str) -> Settings:
    if "://" in into:
        return settings.model_copy(update={"database_url": into, "owner_database_url": ""})
    return (
        settings.model_copy(update={"data_dir": Path(into), "database_url": "", "owner_database_url": ""})
        if into
        else settings
    )


secret = typer.Typer(help="The secret that signs sign-ins, and the passwords of the database.", no_args_is_help=True)


@secret.command()
def rotate(
    now: Annotated[
        bool, typer.Option("--now", help="Take the old one no longer from this moment: everybody signs in again.")
    ] = False,
    database: Annotated[
        bool, typer.Option("--database", help="Change the passwords of the services' users in PostgreSQL instead.")
    ] = False,
    folder: Annotated[
        Path | None, typer.Option(help="With --database: the folder of secrets that the services are given.")
    ] = None,
) -> None:
    """Sign with a new secret; who is signed in stays so.

    With --database the services' users get new passwords, in PostgreSQL and in files; start the services again then.
    Killed on the way, run it again.
    """
    from coop.operator.keeping.passwords import rotate_passwords
    from coop.operator.keeping.rotation import rotate as work

    if database != (folder is not None) or (database and now):
        raise typer.BadParameter("--database needs --folder, which is for it alone, and takes no --now")
    if folder is not None:
        rotate_passwords(read_settings(), folder, typer.echo)
    else:
        work(read_settings(), now=now, echo=typer.echo)


@secret.command()
def end() -> None:
    """End a rotation: take the newest secret alone."""
    from coop.operator.keeping.rotation import end as work

    work(read_settings(), typer.echo)


@secret.command()
def reseal() -> None:
    """Encrypt second factors with the newest secret; needed by itself only where the secret is a setting."""
    from coop.operator.keeping.rotation import reseal as work

    work(read_settings(), typer.echo)


def doctor(
    as_json: Annotated[bool, typer.Option("--json", help="Tell it as JSON, for a monitor.")] = False,
) -> None:
    """Look at the whole installation: what is wrong, and what to do about it. Exit code 1 while something is wrong."""
    from coop.operator.keeping.doctor import report

    raise typer.Exit(0 if report(read_settings(), typer.echo, as_json=as_json) else 1)
