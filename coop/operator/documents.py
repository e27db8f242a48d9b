"""The machine-readable document of what programs may ask: OpenAPI."""

from __future__ import annotations

import tomllib
from collections.abc import Sequence
from importlib.resources import files
from typing import Any

from fastapi import APIRouter

from coop.kit.contract import describe
from coop.kit.release import VERSION

TAGS = {
    "members": "Members, connections, contracts, and who may sign in.",
    "metering": "Meters, deliveries of readings, periods that are closed, and the shares of each member.",
    "billing": "Tariffs, notices, runs of bills, and the bills.",
    "governance": "Statutes, meetings, ballots, decisions, programmes and tranches.",
    "feed": "What was decided and reached, as CloudEvents and as Atom.",
    "operations": "How the installation does: jobs, dead letters, and messages on their way out.",
}


def openapi(routers: Sequence[APIRouter]) -> dict[str, Any]:
    """OpenAPI 3.1 of all services; every process of an installation gives the same."""
    return describe(
        "coop",
        VERSION,
        routers,
        TAGS,
        "/",
        {
            "description": "The back office of energy co-operatives, for programs. Amounts are whole cents, decimals"
            " and quantities are text, periods are half-open, instants are UTC. Problems are said in the language that"
            " Accept-Language asks for, in English otherwise; `code`, `template` and `parameters` are the same in every"
            " language. The integrator's guide says more.",
            "license_info": {"name": "EUPL-1.2", "identifier": "EUPL-1.2"},
            "contact": {"name": "The operator of this installation"},
        },
        _words(),
    )


def _words() -> dict[str, list[Any]]:
    """Values that fields hold for example, where their shape does not say it."""
    read = tomllib.loads(files(__package__).joinpath("words.toml").read_text())
    return {name: value if isinstance(value, list) else [value] for name, value in read.items()}
