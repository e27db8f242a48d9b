"""Gateways: for which meters each may speak, and for which as a device, as the service that makes tokens told it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Final

from coop.kit.tokens import list_rights
from coop.kit.tx import Tx
from coop.metering.model import Decoded, Delivery, Quality, Refused, Series, Stand, refuse
from coop.values import say

OWN_CLOCK_MARGIN = timedelta(days=1)
"""Time by which a meter's own clock may differ from ours: it drifts by minutes, and often knows no summer time. What it
dates otherwise is parked, since nobody can tell a clock that was never set from one that speaks of long ago."""

Rights = Mapping[str, frozenset[str] | None]
"""Meters by the names of gateways; None: every meter."""


@dataclass(frozen=True)
class GatewayMandate:
    """A gateway's right to speak: of ``meters``, or of every meter where they are None; measured or estimated values,
    since a correction and a member's own reading are people's to say. Nobody registered one that is not known.

    It speaks as a device of ``devices`` among them (None: of all), which two people said. What comes in of these and of
    others together goes in as far as these: the others wait, or one account could take a device's rank off its word."""

    gateway: str
    meters: frozenset[str] | None = frozenset()
    is_known: bool = True
    devices: frozenset[str] | None = frozenset()

    def is_of_a_device(self, decoded: Decoded) -> bool:
        """True where the gateway speaks as a device of a meter in it."""
        said: list[Stand | Series] = [*decoded.stands, *decoded.series]
        return any(self._is_device_of(reading.meter) for reading in said)

    def _is_device_of(self, meter: str) -> bool:
        return (self.meters is None or meter in self.meters) and (self.devices is None or meter in self.devices)

    def refuse_beyond(self, decoded: Decoded, received_at: datetime) -> list[Refused]:
        """Refuse the readings that the gateway may not say.

        >>> from datetime import UTC
        >>> from decimal import Decimal
        >>> from coop.metering.model import Quantity
        >>> told = Stand("E1", Quantity.HEAT, datetime(2026, 1, 1, tzinfo=UTC), Decimal(1), "GJ")
        >>> [one.code for one in GatewayMandate("box", frozenset({"E2"})).refuse_beyond(Decoded([told]), told.at)]
        ['not-your-meter']
        >>> GatewayMandate("plant", None).refuse_beyond(Decoded([told]), told.at)
        []
        """
        is_of_a_device = self.is_of_a_device(decoded)
        said: list[Stand | Series] = [*decoded.stands]
        if not self._may_say_all(decoded.series, is_of_a_device):
            said += decoded.series
        return [one for reading in said if (one := self._refuse(reading, received_at, is_of_a_device))]

    def _may_say_all(self, series: Sequence[Series], is_of_a_device: bool) -> bool:
        """True where nothing of these series is refused, looked at together: a batch holds a thousand."""
        meters = {one.meter for one in series}
        allowed = [self.meters, self.devices] if is_of_a_device else [self.meters]
        codes = b"".join([one.quality.tobytes() for one in series])
        return (
            self.is_known
            and all(those is None or meters <= those for those in allowed)
            and not any(code in codes for code in _BY_PEOPLE)
        )

    def _refuse(self, reading: Stand | Series, received_at: datetime, is_of_a_device: bool) -> Refused | None:
        if not self.is_known:
            reason = say("nobody registered a gateway '%(gateway)s'", gateway=self.gateway)
            return refuse("unknown-gateway", reason, reading)
        if self.meters is not None and reading.meter not in self.meters:
            reason = say(
                "gateway %(gateway)s does not speak for meter %(meter)s", gateway=self.gateway, meter=reading.meter
            )
            return refuse("not-your-meter", reason, reading)
        if is_of_a_device and not self._is_device_of(reading.meter):
            reason = say(
                "no second person confirmed that gateway %(gateway)s speaks for meter %(meter)s",
                gateway=self.gateway,
                meter=reading.meter,
            )
            return refuse("not-confirmed", reason, reading)
        if _is_said_by_people(reading):
            reason = say("a gateway says what is measured or estimated, and corrects nothing")
            return refuse("not-measured", reason, reading)
        if isinstance(reading, Stand) and reading.is_by_own_clock and abs(reading.at - received_at) > OWN_CLOCK_MARGIN:
            reason = say(
                "the meter's own clock says %(at)s, and it was received %(received_at)s: take it if it was read then",
                at=reading.at,
                received_at=received_at,
            )
            return refuse("wrong-clock", reason, reading)
        return None


@dataclass(frozen=True)
class CarrierMandate:
    """The right of a person who hands telegrams over: of every meter, what was measured or estimated. A correction
    takes a second person and a member's own reading the member, and each has a door of its own."""

    def is_of_a_device(self, decoded: Decoded) -> bool:
        """False: a person passes on what a device said."""
        return False

    def refuse_beyond(self, decoded: Decoded, received_at: datetime) -> list[Refused]:
        """Refuse what the telegram calls corrected, or read by a customer."""
        said: list[Stand | Series] = [*decoded.stands, *decoded.series]
        reason = say("a telegram says what is measured or estimated: correct a reading on its own page, by two people")
        return [refuse("not-measured", reason, reading) for reading in said if _is_said_by_people(reading)]


_BY_PEOPLE: Final = (Quality.CORRECTED, Quality.CUSTOMER)
"""Qualities that are people's to say."""


def _is_said_by_people(reading: Stand | Series) -> bool:
    if isinstance(reading, Stand):
        return reading.quality in _BY_PEOPLE
    codes = reading.quality.tobytes()  # one a byte; looked through once for each series, which numpy is slow to begin
    return any(code in codes for code in _BY_PEOPLE)


def mandate_of(tx: Tx, gateway: str) -> GatewayMandate:
    """A gateway's right to speak now."""
    return _mandate(*list_rights(tx), gateway)


def limit(tx: Tx, deliveries: Sequence[Delivery]) -> list[Delivery]:
    """Deliveries of gateways that only their names tell apart, each with its gateway's right to speak."""
    if not deliveries:
        return []
    gateways, devices = list_rights(tx)
    return [replace(delivery, mandate=_mandate(gateways, devices, delivery.gateway)) for delivery in deliveries]


def _mandate(gateways: Rights, devices: Rights, gateway: str) -> GatewayMandate:
    if gateway not in gateways:
        return GatewayMandate(gateway, is_known=False)
    return GatewayMandate(gateway, gateways[gateway], devices=devices[gateway])
