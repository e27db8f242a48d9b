"""Gateways: for which meters each may speak, as the service that makes tokens told it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from coop.kit.tokens import list_gateways
from coop.kit.tx import Tx
from coop.metering.model import Delivery, Mandate


def mandate_of(tx: Tx, gateway: str) -> Mandate:
    """A gateway's right to speak now."""
    return _mandate(list_gateways(tx), gateway)


def limit(tx: Tx, deliveries: Sequence[Delivery]) -> list[Delivery]:
    """Deliveries of gateways that only their names tell apart, each with its gateway's right to speak."""
    if not deliveries:
        return []
    gateways = list_gateways(tx)
    return [replace(delivery, mandate=_mandate(gateways, delivery.gateway)) for delivery in deliveries]


def _mandate(gateways: dict[str, frozenset[str] | None], gateway: str) -> Mandate:
    if gateway not in gateways:
        return Mandate(gateway, is_known=False)
    return Mandate(gateway, gateways[gateway])
