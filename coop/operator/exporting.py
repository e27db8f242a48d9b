"""``coop export``: a month of a co-operative as Parquet, for auditors and successors."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

from coop.kit.settings import Settings
from coop.metering.amounts import read_period
from coop.metering.periods.parquet import require_parquet, write_month
from coop.operator.runtime import open_room


def export_month(settings: Settings, community: str, month: str, folder: Path) -> Iterator[str]:
    """Write the files of a month into a folder; says of each how many rows it has.

    Raises:
        BadInput: it is no month.
        CoopError: the extra ``export`` is not installed, or there is no installation.
    """
    require_parquet()
    wanted = read_period(month)
    folder.mkdir(parents=True, exist_ok=True)
    room = open_room("metering", settings, migrate=False)
    with closing(room.database), room.database.read(community) as tx:
        for name, count in write_month(tx, wanted, folder).items():
            yield f"{name}: {count} rows"
