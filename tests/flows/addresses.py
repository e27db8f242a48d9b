"""Every address that takes an id, filled in with one of the demonstration and with one that nobody has."""

from __future__ import annotations

import re
from collections.abc import Iterator, Set
from dataclasses import dataclass

from coop.demo.cooperative import COMMUNITY
from coop.kit.http import GuardedRoute
from coop.kit.service import Room
from coop.kit.settings import Settings
from coop.operator.runtime import embedded_app
from tests.flows.furnishing import AT_S, BEFORE_S, READ_ON
from tests.flows.town import ZUID, close_rooms, rows_of
from tests.operator.test_whole_app import OPEN_TO_ALL, routes_of

PARAMETERS = {
    "letter_id": [("metering", "dead_letter", "id")],
    "message_id": [("members", "outbound_message", "id")],
    "messages/message_id": [("members", "message", "message_id")],
    "ibans/number": [("members", "iban_proposal", "number")],
    "choice-proposals/number": [("members", "choice_proposal", "number")],
    "waiting/number": [("billing", "law_proposal", "number")],
    "notices/number": [("billing", "notice_entry", "number")],
    "entries/number": [("billing", "notice_entry", "number")],
    "role-proposals/number": [("members", "role_proposal", "number")],
    "erasures/number": [("members", "erasure", "number")],
    "moves/number": [("members", "told_move", "number")],
    "import_id": [("members", "import_file", "import_id")],
    "imports/delivery_id": [("metering", "delivery", "id")],
    "account_id": [("members", "account", "account_id")],
    "session_id": [("members", "sign_in", "session_id")],
    "member_id": [("members", "member", "member_id")],
    "delivery_id": [("metering", "delivery", "id")],
    "serial": [("metering", "meter", "serial")],
    "group_id": [("metering", "sharing_group", "group_id")],
    "run_id": [("billing", "bill_run", "id"), ("metering", "allocation_run", "id")],
    "days/connection_id": [("members", "occupancy", "connection_id")],
    "connection_id": [("members", "connection", "connection_id")],
    "contract_id": [("billing", "contract_signed", "contract_id")],
    "measurement_id": [("metering", "measurement", "id")],
    "bill_id": [("billing", "bill", "id")],
    "tariff_id": [("billing", "tariff", "tariff_id")],
    "meeting_id": [("governance", "meeting", "meeting_id")],
    "milestone_id": [("governance", "milestone", "milestone_id")],
    "report_id": [("governance", "milestone_report", "report_id")],
    "tranche_id": [("governance", "tranche", "tranche_id")],
    "proposals/resolution_id": [("billing", "tariff_proposed", "resolution_id")],
    "tokens/token_id": [("members", "own_token", "token_id")],
    "token_id": [("members", "program", "token_id"), ("governance", "feed_token", "token_id")],
    "draft_id": [("members", "import_draft", "draft_id")],
    "record_id": [("members", "member", "member_id")],
    "passkey_id": [("members", "passkey", "passkey_id")],
    "reset_id": [("members", "factor_reset", "reset_id")],
    "purpose_id": [("members", "purpose", "purpose_id")],
    "evidence/sha256": [("governance", "evidence_file", "sha256")],
    "sha256": [("members", "consent", "wording_sha256")],
    "change_id": [("metering", "meter_proposal", "id")],
    "correction_id": [("metering", "correction_proposal", "id")],
    "upload_id": [("metering", "reading_upload", "id")],
    "register_id": [("metering", "register", "id")],
    "proposal_id": [("metering", "break_proposal", "id")],
    "withdrawal_id": [("metering", "withdrawal", "id")],
    "entry_id": [("governance", "entry", "entry_id")],
    "seat_id": [("governance", "steering_seat", "seat_id")],
    "paper_id": [("governance", "ready_paper", "paper_id")],
    "elections/resolution_id": [("governance", "resolution", "resolution_id")],
    "resolution_id": [("governance", "resolution", "resolution_id")],
}
"""Columns in which the ids of a route's parameters stand; with the word before it where that tells more."""

SHOWS = {
    "outbound/message_id": "'failed'",
    "parked/letter_id": "telegram",
    "imports/delivery_id": "csv",
    "elections/resolution_id": "'election'",
}
"""What a row must show, where not every row of a table is meant."""

WORDS = {
    "service": "metering",
    "kind": "members",
    "name": "chain-check",
    "setting": "on",
    "outcome": "confirm",
    "queue": "mail",
    "from_on": "2025-03-01",
    "period": "2025-03",
    "read_on": str(READ_ON),
    "day": "2025-01-01",
    "before_s": str(BEFORE_S),
    "at_s": str(AT_S),
    "code": "not-found",
    "extension": "json",
}
"""Parameters that are the same word for every co-operative."""


NAMES = {key.rsplit("/", 1)[-1] for key in PARAMETERS}
"""Parameters that are ids."""


@dataclass(frozen=True)
class Asking:
    """A method of a route, with an id of the demonstration and with one that nobody has."""

    method: str
    route: GuardedRoute
    real: dict[str, str]
    invented: dict[str, str]

    def __str__(self) -> str:
        return f"{self.method} {self.route.path}"


def guarded_routes(settings: Settings) -> list[GuardedRoute]:
    """Every route that looks at access."""
    app = embedded_app(settings)
    routes = [route for route in routes_of(app) if isinstance(route, GuardedRoute) and route.path not in OPEN_TO_ALL]
    close_rooms(app.state.rooms)
    return routes


def parameters_of(route: GuardedRoute) -> list[str]:
    """Names of the parameters in a route's address."""
    return [name.split(":")[0] for name in re.findall(r"\{([^}]+)\}", route.path)]


def fill(route: GuardedRoute, words: dict[str, str]) -> str:
    """The address with words in the place of its parameters."""
    return re.sub(r"\{([^}:]+)(:[^}]+)?\}", lambda match: words[match.group(1)], route.path)


def list_askings(settings: Settings, rooms: dict[str, Room], own: Set[str]) -> Iterator[Asking]:
    """Every route that takes an id; where there are several, the id is of what is somebody's ``own``."""
    for route in guarded_routes(settings):
        names = [name for name in parameters_of(route) if name in NAMES]
        strange = set(parameters_of(route)) - NAMES - set(WORDS)
        assert not strange, f"{route.path}: say where ids of {strange} stand"
        if names:
            real = {name: find_id(rooms, route, name, own) for name in names}
            invented = {name: invent(value) for name, value in real.items()}
            words = {**WORDS, "service": columns_of(route, names[0])[0]}
            for method in sorted(route.methods or ()):
                yield Asking(method, route, words | real, words | invented)


def columns_of(route: GuardedRoute, name: str) -> tuple[str, str, str]:
    """Service, table and column in which ids of a route's parameter stand."""
    places = PARAMETERS.get(key_of(route, name)) or PARAMETERS[name]
    return next((place for place in places if place[0] == route.path.split("/")[1]), places[0])


def key_of(route: GuardedRoute, name: str) -> str:
    """A parameter with the word before it in the address."""
    before, _ = route.path.split("{" + name, 1)
    return f"{before.rstrip('/').rsplit('/', 1)[-1]}/{name}"


def find_id(rooms: dict[str, Room], route: GuardedRoute, name: str, own: Set[str]) -> str:
    """An id of the demonstration that the other co-operative has not; of those the first that is somebody's ``own``."""
    owner, table_name, column = columns_of(route, name)
    table = rooms[owner].service.metadata.tables[table_name]
    at, shows = list(table.c.keys()).index(column), SHOWS.get(key_of(route, name), "")
    theirs = {row[at] for row in rows_of(rooms[owner], table, ZUID)}
    rows = [row for row in rows_of(rooms[owner], table, COMMUNITY) if row[at] not in theirs and shows in repr(row)]
    assert rows, f"the demonstration has no {table_name}.{column} of its own"
    return min((own.isdisjoint(map(str, row)), str(row[at])) for row in rows)[1]


def invent(value: str) -> str:
    """An id of the same shape that nobody has."""
    return re.sub(r"[0-9]", lambda digit: str(9 - int(digit.group())), value)
