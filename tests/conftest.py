"""Real servers as fixtures. What they need and how they start is in tests/servers; here is only how long they live."""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterator
from contextlib import AbstractContextManager, ExitStack
from pathlib import Path
from typing import Any, TypeVar

import pytest
from playwright.sync_api import Browser
from sqlalchemy import Connection, Engine, event

from coop.kit.service import Service
from tests.migrated import Databases, Files, MigratedUrl
from tests.servers.absent import ServerAbsent, notes, skip_or_fail, turn_skip_into_failure
from tests.servers.chromium import chromium_path, open_browser
from tests.servers.einvoice import Rules, einvoice_rules
from tests.servers.kafka import ForgetfulKafka, Kafka, forgetful_kafka, kafka_server
from tests.servers.mosquitto import Mosquitto, mosquitto_server
from tests.servers.postgres import Postgres, postgres_server

Server = TypeVar("Server")


def _lent(server: AbstractContextManager[Server]) -> Iterator[Server]:
    """Runs the server for the fixture's life; where it cannot be had, the tests are skipped with the reason."""
    with ExitStack() as stack:
        lent = _or_reason(lambda: stack.enter_context(server))
        if isinstance(lent, ServerAbsent):
            skip_or_fail(lent)
        yield lent


def _or_reason(start: Callable[[], Server]) -> Server | ServerAbsent:
    """What `start` returns, or why it could not; the skip must not look like a failure inside another failure."""
    try:
        return start()
    except ServerAbsent as reason:
        return reason


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Put slow tests first; the others stay in their order."""
    items.sort(key=lambda item: item.get_closest_marker("slow") is None)


_engines: set[Engine] = set()


@event.listens_for(Engine, "engine_connect")
def _remember(connection: Connection) -> None:
    _engines.add(connection.engine)


@pytest.fixture(autouse=True)
def close_databases() -> Iterator[None]:
    """Closes what a test left open: a connection to SQLite that is only forgotten is an error on Python 3.13."""
    yield
    while _engines:
        _engines.pop().dispose()


@pytest.fixture(scope="session")
def postgres() -> Iterator[Postgres]:
    """A PostgreSQL server, one for the whole run."""
    yield from _lent(postgres_server())


@pytest.fixture
def postgres_url(postgres: Postgres) -> Iterator[str]:
    """URL of an empty PostgreSQL database that this test alone has."""
    with postgres.database() as url:
        yield url


@pytest.fixture(scope="session")
def migrated_files(tmp_path_factory: pytest.TempPathFactory) -> Files:
    """SQLite files that were migrated once."""
    return Files(tmp_path_factory.mktemp("migrated"))


@pytest.fixture(scope="session")
def migrated_databases(postgres: Postgres) -> Iterator[Databases]:
    """Databases of PostgreSQL that were migrated once."""
    with ExitStack() as until_the_end:
        yield Databases(postgres, until_the_end)


@pytest.fixture
def migrated_url(request: pytest.FixtureRequest, migrated_files: Files, tmp_path: Path) -> Iterator[MigratedUrl]:
    """Copies for one test; without one of PostgreSQL, its server is not started."""
    with ExitStack() as until_then:

        def copy(service: Service, kind: str) -> str:
            if kind == "sqlite":
                return migrated_files.copy(service, tmp_path)
            databases: Databases = request.getfixturevalue("migrated_databases")
            return until_then.enter_context(databases.copy(service))

        yield copy


@pytest.fixture(scope="session")
def kafka_for_all() -> Iterator[Kafka]:
    """A Kafka broker, one for the whole run, with what earlier tests left in it."""
    yield from _lent(kafka_server())


@pytest.fixture
def kafka(kafka_for_all: Kafka) -> Kafka:
    """A Kafka broker without topics or groups."""
    kafka_for_all.forget_everything()
    return kafka_for_all


@pytest.fixture
def forgetful() -> Iterator[ForgetfulKafka]:
    """An Apache Kafka of the test's own, which may lose its disk."""
    yield from _lent(forgetful_kafka())


@pytest.fixture(scope="session")
def mosquitto() -> Iterator[Mosquitto]:
    """An MQTT broker, one for the whole run: a test tells its messages apart by topic."""
    yield from _lent(mosquitto_server())


@pytest.fixture(scope="session")
def einvoice() -> Rules:
    """The official rules of e-invoices."""
    rules = _or_reason(einvoice_rules)
    if isinstance(rules, ServerAbsent):
        skip_or_fail(rules)
    return rules


@pytest.fixture(scope="session")
def chromium() -> str:
    """Path of the browser."""
    path = _or_reason(chromium_path)
    if isinstance(path, ServerAbsent):
        skip_or_fail(path)
    return path


@pytest.fixture(scope="module")
def browser(chromium: str) -> Iterator[Browser]:
    """An open browser, one per module so that its event loop is gone before other modules run theirs."""
    with open_browser(chromium) as opened:
        yield opened


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport() -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Lets no test be skipped under CI."""
    report = yield
    turn_skip_into_failure(report)
    return report


@pytest.hookimpl(wrapper=True)
def pytest_make_collect_report() -> Generator[None, pytest.CollectReport, pytest.CollectReport]:
    """Lets no module be skipped under CI."""
    report = yield
    turn_skip_into_failure(report)
    return report


def pytest_sessionfinish(session: pytest.Session) -> None:
    """Sends what a worker noted to the process that prints."""
    if (output := getattr(session.config, "workeroutput", None)) is not None:
        output["notes"] = notes


@pytest.hookimpl(optionalhook=True)
def pytest_testnodedown(node: Any) -> None:
    """Takes what a worker noted; one that broke noted nothing."""
    notes.extend(getattr(node, "workeroutput", {}).get("notes", []))


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Says at the end which stand-ins were used."""
    for note in sorted(set(notes)):
        terminalreporter.write_line(note)
