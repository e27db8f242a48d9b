"""``coop``: the whole product from a terminal.

Exit codes: 0 done and in order; 1 something is refused or found wrong, and the text says what; 2 the command or a
setting was not understood; 3 a server is away; 130 stopped by Ctrl-C.
"""

from __future__ import annotations

import sys
from datetime import datetime
from enum import StrEnum
from pathlib import Path
from typing import Annotated, NoReturn

import typer
from sqlalchemy.exc import DBAPIError, OperationalError

from coop.events import SERVICES
from coop.kit import logs
from coop.kit.database import DamagedDatabase, has_other_tables
from coop.kit.garbage import tune_gc
from coop.kit.release import VERSION
from coop.operator.account_commands import accounts
from coop.operator.command_settings import read_settings
from coop.operator.community_commands import communities
from coop.operator.init_command import init
from coop.operator.keeping import commands as keeping
from coop.operator.law_commands import law
from coop.operator.mail_commands import mails
from coop.operator.partition_commands import partitions
from coop.values import BadInput, CoopError

app = typer.Typer(
    help="The back office that an energy co-operative runs itself on.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)


app.add_typer(communities, name="community")
app.add_typer(accounts, name="account")
app.add_typer(partitions, name="partitions")
app.add_typer(mails, name="mail")
app.add_typer(law, name="law")

ServiceName = StrEnum("ServiceName", {name.upper(): name for name in SERVICES})  # type: ignore[misc]  # one list of names
"""The services by name, as the command line offers them."""

Size = Annotated[int, typer.Option(help="Connections of the demonstration co-operative, 4 to 1500.", min=4, max=1500)]
Seed = Annotated[int, typer.Option(help="Seed: the same seed gives the same telegrams, to the byte.")]
Year = Annotated[int, typer.Option(help="The year that streams in.", min=2022, max=2090)]
Live = Annotated[bool, typer.Option(help="After the year, go on a telegram at a time.")]


Host = Annotated[str, typer.Option(help="Address to listen on.")]
Port = Annotated[int, typer.Option(help="Port to listen on.")]
Key = Annotated[str, typer.Option("--community", help="Key of the co-operative; may be left out where there is one.")]


def _print_version(asked: bool) -> None:
    if asked:
        typer.echo(f"coop {VERSION}")
        raise typer.Exit


@app.callback()
def begin(
    version: Annotated[
        bool, typer.Option("--version", help="Print the version and stop.", is_eager=True, callback=_print_version)
    ] = False,
) -> None:
    """Read what stands before the command."""


app.command()(init)


@app.command()
def run(host: Host = "", port: Port = 0) -> None:
    """Serve an installation: all four services in this process, on SQLite files and the local bus."""
    from coop.operator.serving import serve_installation

    serve_installation(read_settings(host, port))


@app.command()
def serve(
    service: Annotated[ServiceName, typer.Argument(help="Which service.")], host: Host = "", port: Port = 0
) -> None:
    """Serve one service by itself, on Kafka and PostgreSQL from the settings (COOP_BUS=kafka, COOP_DATABASE_URL)."""
    from coop.operator.serving import serve_alone

    serve_alone(service.value, read_settings(host, port))


@app.command()
def migrate(
    services: Annotated[
        list[ServiceName] | None, typer.Argument(help="Which services; all when none is named.")
    ] = None,
    check: Annotated[
        bool, typer.Option("--check", help="Only say what would happen; exit code 1 when anything would.")
    ] = False,
    roles: Annotated[
        bool, typer.Option("--roles", help="PostgreSQL: also make a role for each service, which owns nothing.")
    ] = False,
) -> None:
    """Bring the tables to the revision of this program, as their owner. Run it before the services of a new release."""
    from coop.operator import migrating

    names, settings = [service.value for service in services or []] or SERVICES, read_settings()
    if check:
        raise typer.Exit(0 if migrating.check(settings, names, typer.echo, with_roles=roles) else 1)
    migrating.migrate(settings, names, typer.echo, with_roles=roles)


@app.command()
def demo(
    size: Size = 100,
    seed: Seed = 1,
    year: Year = 2025,
    live: Live = True,
    host: Host = "",
    port: Port = 0,
    url: Annotated[str, typer.Option(help="Play into the empty installation that runs at this address.")] = "",
    service_url: Annotated[
        list[str] | None, typer.Option(help="Address of one service, as billing=http://host:port; may be repeated.")
    ] = None,
) -> None:
    """Serve an installation of its own and play the demonstration co-operative into it, through its HTTP doors.

    With --url or --service-url it serves nothing, and plays into an installation that runs already. Needs the packages
    of the extra `demo`.
    """
    from coop.operator.serving import require_demo_packages, serve_demonstration

    addresses = dict(_service_and_address(text) for text in service_url or [])
    require_demo_packages()
    from coop.demo.plan import DemoPlan
    from coop.demo.running import play_remotely

    plan, settings = DemoPlan(size, seed, year), read_settings(host, port)
    if url or addresses:
        play_remotely(settings, plan, url or settings.public_url(), addresses, live=live)
    else:
        serve_demonstration(settings, plan, live=live)


@app.command("import")
def import_(
    kind: Annotated[
        str,
        typer.Option(
            "--kind",
            help="members, connections, occupancies or contracts for the register; meters for that of the meters;"
            " p1, mbus or head-end for telegrams; csv for readings with a column mapping.",
        ),
    ],
    path: Annotated[Path | None, typer.Argument(help="A file, or a folder of telegram files.", exists=True)] = None,
    mapping: Annotated[Path | None, typer.Option(help="Column mapping (JSON) of a csv file.", exists=True)] = None,
    received_at: Annotated[datetime | None, typer.Option(help="When it came in, UTC; now when left out.")] = None,
    dry_run: Annotated[bool, typer.Option(help="Only check and say what would happen.")] = False,
    preview: Annotated[
        str, typer.Option(help="Take a file that changes the register: the hash that --dry-run said.")
    ] = "",
    reason: Annotated[str, typer.Option(help="Why a csv is right of which --dry-run found something strange.")] = "",
    undo: Annotated[str, typer.Option(help="Take out what the import with this id brought, instead of reading.")] = "",
    key: Key = "",
) -> None:
    """Read a file into the register or the readings: a CSV file whole or not at all, telegrams one by one.

    Exit code 1 when a file was refused, or when a telegram in it was parked.
    """
    from coop.operator.importing import import_path, read_mapping, undo_import
    from coop.operator.opening import pick_community

    if (path is None) == (not undo):
        raise typer.BadParameter("name a path to read, or an import to --undo")
    settings = read_settings()
    community = pick_community(settings, key)
    if path is None:
        typer.echo(undo_import(settings, community, kind, undo))
        return
    columns, whole = read_mapping(mapping) if mapping else None, True
    outcomes = import_path(
        settings, community, path, kind, columns, received_at, dry_run=dry_run, preview=preview, reason=reason
    )
    for imported in outcomes:
        typer.echo(imported.text)
        whole &= imported.whole
    raise typer.Exit(0 if whole else 1)


@app.command()
def export(
    month: Annotated[str, typer.Option(help="The month, such as 2025-06.")],
    to: Annotated[Path, typer.Option(help="Folder for the files.", file_okay=False)],
    key: Key = "",
) -> None:
    """Write a month's readings, days and allocations as Parquet. Needs the packages of the extra `export`."""
    from coop.operator.exporting import export_month
    from coop.operator.opening import pick_community

    settings = read_settings()
    for line in export_month(settings, pick_community(settings, key), month, to):
        typer.echo(line)


@app.command()
def replay(
    service: Annotated[ServiceName, typer.Argument(help="The service that hears everything again.")],
) -> None:
    """Rebuild what a service heard from the journals of the others; its own truths stay. Stop the service first."""
    from coop.kit.replay import rebuild
    from coop.operator.runtime import open_rooms

    rooms = open_rooms(read_settings())
    room = rooms[service.value]
    journals = {name: other.database for name, other in rooms.items()}
    count = rebuild(room.service, room.database, journals, progress=lambda name, n: typer.echo(f"{name}: {n} so far"))
    typer.echo(f"{service.value}: heard {count} facts again")


@app.command()
def deadletters(
    service: Annotated[ServiceName | None, typer.Argument(help="One service; all when none is named.")] = None,
    replay_id: Annotated[str, typer.Option("--replay", help="Try this one again; `all` tries every one.")] = "",
    discard_id: Annotated[str, typer.Option("--discard", help="Close this one without handling it.")] = "",
    key: Key = "",
) -> None:
    """List what was refused, with the reason; replay it once the cause is mended. Exit code 1 while anything is parked.

    What came in for no co-operative of this installation is parked under --community '?'.
    """
    from coop.kit.parking import UNKNOWN
    from coop.operator.importing import work_dead_letters
    from coop.operator.opening import pick_community

    names = [service.value] if service else [name.value for name in ServiceName]
    settings = read_settings()
    community = key if key == UNKNOWN else pick_community(settings, key)
    lines, parked = work_dead_letters(settings, community, names, replay_id, discard_id)
    for line in lines:
        typer.echo(line)
    raise typer.Exit(1 if parked else 0)


@app.command()
def verify(
    bill: Annotated[str, typer.Argument(help="Number or id of a bill.")] = "",
    journal: Annotated[bool, typer.Option("--journal", help="Walk every service's hash chain.")] = False,
    log: Annotated[bool, typer.Option("--readings", help="Read every block of readings again.")] = False,
    everything: Annotated[bool, typer.Option("--all", help="Every bill, every chain and every reading.")] = False,
    jobs: Annotated[int, typer.Option(help="With --all: processes at most; 0 is one for each core.", min=0)] = 0,
    key: Key = "",
) -> None:
    """Recompute a bill from its readings, allocation, tariff and vote, with the seals of all of them; or check that
    nobody tampered with a journal or with readings."""
    tune_gc()  # before all is loaded, which it would walk several times
    from coop.operator.opening import list_keys, pick_community
    from coop.operator.readings_again import verify_readings
    from coop.operator.side_by_side import count_cores, verify_everything
    from coop.operator.verification import verify_bills, verify_journals

    if not (bill or journal or log or everything):
        raise typer.BadParameter("name a bill, or give --journal, --readings or --all")
    settings = read_settings()
    good = True
    if journal or everything:
        good &= verify_journals(settings, typer.echo)
    if bill:
        good &= verify_bills(settings, pick_community(settings, key), bill, typer.echo)
    communities = [pick_community(settings, key)] if key else list_keys(settings)
    if everything:
        good &= verify_everything(settings, communities, jobs or count_cores(), typer.echo)
    elif log:
        for community in communities:
            good &= verify_readings(settings, community, typer.echo)
    raise typer.Exit(0 if good else 1)


@app.command()
def scenario(
    files: Annotated[list[Path], typer.Argument(help="Scenario files, or folders of them.", exists=True)],
    database: Annotated[str, typer.Option(help="PostgreSQL server to play on, by the URL of a database on it.")] = "",
    show: Annotated[bool, typer.Option(help="Print every answer.")] = False,
) -> None:
    """Play stories through the doors of installations of their own and check what they expect.

    Exit code 1 when one came out differently; the first difference is shown.
    """
    from coop.operator.scenario.player import play_file

    logs.configure("ERROR", "text")
    paths = [path for given in files for path in (sorted(given.rglob("*.yaml")) if given.is_dir() else [given])]
    outcomes = [play_file(path, database, typer.echo, show=show) for path in paths]
    typer.echo(f"{sum(outcomes)} of {len(outcomes)} scenarios came out as expected")
    raise typer.Exit(0 if all(outcomes) else 1)


app.command()(keeping.backup)
app.command()(keeping.restore)
app.command()(keeping.doctor)
app.add_typer(keeping.secret, name="secret")


def main() -> NoReturn:
    """Entry point: runs a command and turns refusals into one clear text and an exit code."""
    try:
        app(prog_name="coop")
    except BadInput as error:
        for problem in error.problems:
            print(problem, file=sys.stderr)
        sys.exit(1)
    except CoopError as error:
        print(f"{error.message} [{error.code}]", file=sys.stderr)
        sys.exit(1)
    except DamagedDatabase as error:
        print(f"{error}; restore it from a backup", file=sys.stderr)
        sys.exit(1)
    except DBAPIError as error:
        if has_other_tables(error):
            print(f"the tables are of another release: run `coop migrate` ({error.orig})", file=sys.stderr)
            sys.exit(1)
        if not isinstance(error, OperationalError):
            raise
        print(f"the database is away or busy: {error.orig}", file=sys.stderr)
        sys.exit(3)
    except ConnectionError as error:
        print(f"a server is away: {error}", file=sys.stderr)
        sys.exit(3)
    sys.exit(0)


def _service_and_address(text: str) -> tuple[str, str]:
    name, _, address = text.partition("=")
    if name not in tuple(ServiceName) or not address:
        raise typer.BadParameter(f"{text!r} is not a service and its address, as billing=http://host:port")
    return name, address


if __name__ == "__main__":
    main()
