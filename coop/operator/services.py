"""The services of an installation, in the order in which pages name them."""

from __future__ import annotations

from coop.billing.service import BILLING
from coop.events import SERVICES as NAMES
from coop.governance.service import GOVERNANCE
from coop.kit.service import Service
from coop.members.service import MEMBERS
from coop.metering.service import METERING

SERVICES: tuple[Service, ...] = (MEMBERS, METERING, BILLING, GOVERNANCE)

assert tuple(service.name for service in SERVICES) == NAMES


def service_named(name: str) -> Service:
    """The service with this name."""
    return SERVICES[NAMES.index(name)]
