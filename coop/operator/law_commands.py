"""``coop law``: the law that sets prices, as rows of every co-operative: show them, add one, import a file."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import typer

from coop.operator.command_settings import read_settings

law = typer.Typer(help="The law that sets prices: ACM's maxima and rates of VAT, as dated rows.", no_args_is_help=True)

Community = Annotated[
    str, typer.Option("--community", help="Key of one co-operative; without it, every one of this installation.")
]
DryRun = Annotated[bool, typer.Option("--dry-run", help="Only say what it touches.")]
Checked = Annotated[bool, typer.Option("--checked", help="You looked twice at figures that are far from those before.")]


@law.command("show")
def show_law(community: Community = "") -> None:
    """Print every row: what it is for, from when, known since when, how much, and where it stands."""
    from coop.operator import law_files

    for line in law_files.show(read_settings(), community):
        typer.echo(line)


@law.command("add")
def add_law(
    kind: Annotated[str, typer.Argument(help="maximum or vat.")],
    valid_from: Annotated[str, typer.Option("--from", metavar="DAY", help="First day that it holds.")],
    source: Annotated[str, typer.Option(help="Where it was published.")],
    figure: Annotated[
        list[str],
        typer.Option(help="A figure, as 'full: heat per GJ = 42.10' or 'energy = 0.21'; may be repeated."),
    ],
    published: Annotated[str, typer.Option(metavar="DAY", help="Day of the source; today when left out.")] = "",
    mark: Annotated[str, typer.Option(help="What a reader has to know of it.")] = "",
    community: Community = "",
    dry_run: DryRun = False,
    checked: Checked = False,
) -> None:
    """Add a row. Of maxima give every figure that was published: those of a day are taken together."""
    from coop.operator import law_files

    settings = read_settings()
    row = law_files.read_row(settings, kind, valid_from, published, figure, source, mark)
    _tell(law_files.publish(settings, community, [row], is_dry=dry_run, is_checked=checked))


@law.command("import")
def import_law(
    file: Annotated[
        Path | None, typer.Argument(help="A file such as the law of a release; without one, that of this release.")
    ] = None,
    community: Community = "",
    dry_run: DryRun = False,
    checked: Checked = False,
) -> None:
    """Add what a file has and the rows lack; what stands there already is left as it is."""
    from coop.operator import law_files

    settings = read_settings()
    rows = law_files.read_file(file)
    _tell(law_files.publish(settings, community, rows, is_dry=dry_run, is_checked=checked, is_file=True))


def _tell(lines: Sequence[str]) -> None:
    for line in lines:
        typer.echo(line)
