"""Facts on co-operatives as other services hear them, kept in tables of their own."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from coop.communities import store
from coop.communities.choices import DatedChoice, read_choice
from coop.communities.model import Profile
from coop.communities.tables import choice, host, profile
from coop.events import Event
from coop.events.envelope import Envelope
from coop.events.members import ChoiceMade, CommunityDescribed
from coop.kit.inbox import Handler
from coop.kit.tx import Tx

TABLES: Final = (profile, host, choice)


def on_community_described(tx: Tx, event: CommunityDescribed, envelope: Envelope) -> None:
    """Keep who a co-operative is from a day on."""
    described = Profile(
        hosts=tuple(event.hosts),
        name=event.name,
        site_name=event.site_name,
        street=event.street,
        postal_code=event.postal_code,
        city=event.city,
        kvk=event.kvk,
        vat_id=event.vat_id,
        iban=event.iban,
        email=event.email,
        phone=event.phone,
        language=event.language,
        mail_sender=event.mail_sender,
        is_demonstration=event.is_demonstration,
        logo=event.logo,
    )
    store.add_profile(tx, event.version, event.valid_from, described, envelope.time, envelope.actor)


def on_choice_made(tx: Tx, event: ChoiceMade, envelope: Envelope) -> None:
    """Keep what a co-operative chose."""
    row = DatedChoice(event.valid_from, read_choice(event.name, event.value), event.source, event.resolution_id)
    store.add_choice(tx, event.number, row, envelope.time, envelope.actor)


HEARD: Final[Mapping[type[Event], Handler]] = {
    CommunityDescribed: on_community_described,
    ChoiceMade: on_choice_made,
}
