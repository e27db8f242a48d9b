"""Gateways: who delivers for the meters, and by which token."""

from __future__ import annotations

from typing import Annotated

from fastapi import Request
from pydantic import Field

from coop.kit.answers import Answer, Body
from coop.kit.http import writing
from coop.metering.api.fields import make_router, may
from coop.metering.handlers.register import register_gateway

routes = make_router()

GatewayName = Annotated[
    str,
    Field(
        min_length=1,
        max_length=100,
        pattern=r"^[^\s\x00]+$",
        description="Name of a gateway.",
        examples=["head-end-1"],
    ),
]


class GatewayIn(Body):
    """A gateway and the token that it will show."""

    name: GatewayName
    token: Annotated[str, Field(max_length=500)]
    """At least 20 characters; only its hash is kept."""


class GatewayOut(Answer):
    """A gateway that is let in."""

    name: GatewayName


@routes.post("/gateways")
@may("keep-register")
def add_gateway(request: Request, gateway: GatewayIn) -> GatewayOut:
    """Let a gateway in by its token."""
    with writing(request) as tx:
        register_gateway(tx, gateway.name, gateway.token)
    return GatewayOut(name=gateway.name)
