"""``coop restore``: a backup into an empty place, whole or not at all.

The archive is read twice: once to the end, with every hash compared, before anything is touched; then into one
transaction of PostgreSQL, or into files beside the data folder's own that one rename makes the installation. Before
that is decided, every chain is walked and no service may remember more than its teller tells.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import Connection, Engine, create_engine, func, inspect, select, text
from sqlalchemy.engine import make_url

from coop.events import SERVICES
from coop.kit import placing, remaking, rowwall
from coop.kit.database import Database
from coop.kit.journal import verify_chain
from coop.kit.settings import Settings
from coop.kit.tables import outbound_message
from coop.operator.keeping.archive import DamagedBackup, Manifest, Reader
from coop.operator.keeping.loading import finish_tables, guards_aside, load_rows, make_tables
from coop.operator.keeping.sealing import Keys, opened
from coop.operator.keeping.snapshot import Snapshot, find_ahead, read_head, use_schema
from coop.operator.services import SERVICES as CARDS
from coop.values import CoopError

Echo = Callable[[str], object]
CARD_OF = {card.name: card for card in CARDS}


@dataclass(frozen=True)
class Restored:
    """A backup that was checked, or is in place: its manifest, rows by ``service/table``, and messages that wait."""

    manifest: Manifest
    rows: Mapping[str, int]
    secret: bytes | None
    waiting: int = 0


def is_server(settings: Settings) -> bool:
    """True where the databases are schemas on a server, and not files."""
    return not settings.url(SERVICES[0]).startswith("sqlite")


def check(path: Path, keys: Keys) -> Restored:
    """Read a backup to its end and compare every hash; touches nothing.

    Raises:
        CoopError: it is damaged, made by a newer program, or does not open.
    """
    with _reading(path, keys) as reader:
        for _ in reader.parts():
            pass
        return Restored(reader.manifest, reader.rows, reader.secret)


def restore(path: Path, settings: Settings, keys: Keys) -> Restored:
    """Put a backup into the empty place that the settings name.

    Raises:
        CoopError: as ``check``; something is there already; or the parts of the backup do not agree.
    """
    if not is_server(settings):
        placing.finish(settings.data_dir)
    _refuse_inhabited(settings)
    checked = check(path, keys)
    open_target = _postgresql if is_server(settings) else _sqlite
    with open_target(settings) as target, _reading(path, keys) as reader:
        waiting = _load(target, reader)
        if not is_server(settings) and reader.secret:
            (settings.data_dir / placing.RESTORING / "secret").write_bytes(reader.secret)
    if is_server(settings) and checked.secret:
        _keep_secret(settings.data_dir / "secret", checked.secret)
    return Restored(checked.manifest, checked.rows, checked.secret, waiting)


def _keep_secret(path: Path, secret: bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    if not path.exists():
        path.touch(mode=0o600)
        path.write_bytes(secret)


@contextmanager
def _reading(path: Path, keys: Keys) -> Iterator[Reader]:
    with path.open("rb") as file, opened(file, keys) as plain:
        yield Reader(plain)


def _load(target: Mapping[str, Connection], reader: Reader) -> int:
    """Fill the tables, and hold them against the manifest and each other; returns how many messages wait."""
    manifest = reader.manifest
    with ExitStack() as guards:
        for service, kept in manifest.services.items():
            sql = use_schema(target[service], service)
            make_tables(sql, CARD_OF[service], kept, manifest.coop_version)
            guards.enter_context(_aside(sql, service, list(kept.tables)))
        for part in reader.parts():
            sql = use_schema(target[part.service], part.service)
            load_rows(sql, part, manifest.services[part.service].tables[part.table])
    waiting = 0
    for service, kept in manifest.services.items():
        sql = use_schema(target[service], service)
        finish_tables(sql, CARD_OF[service])
        _, broken = verify_chain(sql)
        head = read_head(sql)
        if broken or (head.position, head.hash) != (kept.head_position, kept.head_hash):
            raise DamagedBackup(f"the journal of {service} is not the one that its manifest describes")
        query = select(func.count()).where(outbound_message.c.state == "waiting")
        waiting += sql.scalar(query) or 0
    if ahead := find_ahead(Snapshot(manifest.created_at, target)):
        raise DamagedBackup("; ".join(ahead))
    return waiting


@contextmanager
def _aside(sql: Connection, service: str, tables: list[str]) -> Iterator[None]:
    with guards_aside(sql, tables):
        yield
        use_schema(sql, service)  # the guards come back to the tables that they were taken from


@contextmanager
def _sqlite(settings: Settings) -> Iterator[Mapping[str, Connection]]:
    folder = placing.prepare(settings.data_dir)
    databases = {name: Database(f"sqlite:///{folder / name}.db", name) for name in SERVICES}
    try:
        with ExitStack() as stack:
            for database in databases.values():
                # Rows refer to rows that come later; all are held to each other at the end.
                with database.engine.connect() as sql:
                    remaking.put_references_aside(sql)
            yield {name: stack.enter_context(database.system_write()) for name, database in databases.items()}
    except BaseException:
        placing.prepare(settings.data_dir).rmdir()
        raise
    finally:
        for database in databases.values():
            database.close()
    placing.place(settings.data_dir)


@contextmanager
def _postgresql(settings: Settings) -> Iterator[Mapping[str, Connection]]:
    engine = _engine(settings)
    try:
        with engine.begin() as sql:
            sql.exec_driver_sql(rowwall.name_community(rowwall.EVERYBODY))
            for name in SERVICES:
                # A service that starts now waits, and finds its tables.
                for lock in (f"coop-schema-{name}", f"coop-{name}"):
                    sql.execute(text("SELECT pg_advisory_xact_lock(hashtext(:name))"), {"name": lock})
                sql.exec_driver_sql(f'CREATE SCHEMA IF NOT EXISTS "{name}"')
            yield dict.fromkeys(SERVICES, sql)
    finally:
        engine.dispose()


def _engine(settings: Settings) -> Engine:
    return create_engine(make_url(settings.url(SERVICES[0])).set(drivername="postgresql+psycopg"), hide_parameters=True)


def _refuse_inhabited(settings: Settings) -> None:
    if is_server(settings):
        engine = _engine(settings)
        with engine.connect() as sql:
            inhabited = [name for name in SERVICES if inspect(sql).get_table_names(name)]
        engine.dispose()
        if inhabited:
            raise CoopError(
                "not-empty",
                f"the database has tables of {', '.join(inhabited)}; a backup is restored into an empty one only:"
                " make another database and name it by --into",
            )
        return
    names = (*(f"{service}.db" for service in SERVICES), "secret")
    files = [name for name in names if (settings.data_dir / name).exists()]
    if files:
        raise CoopError(
            "not-empty",
            f"{settings.data_dir} holds {', '.join(files)}; a backup is restored into an empty folder only:"
            " name another one by --into, or move these away",
        )
