"""Mail from the command line: what came back is noted, and the mail server is tried."""

from __future__ import annotations

from datetime import datetime
from uuid import uuid4

from coop.kit.actor import Actor
from coop.kit.outbound import Away, Outgoing, Refused, TryLater
from coop.kit.outbound.mail import compose, mail_of
from coop.kit.settings import Settings
from coop.members.messages.changes import note_bounce
from coop.members.messages.formats.bounces import decode
from coop.members.messages.store import find_by_outbound_id, find_community
from coop.operator.founding import open_truth
from coop.values import CoopError, say

POSTMASTER = Actor("operator", "", "bounce")
"""Mail server that returns a mail through a pipe."""


def take_bounce(settings: Settings, body: bytes) -> str:
    """Note that a mail came back; says what was done. What is no such report, or of no mail of ours, is left alone."""
    bounce = decode(body)
    if bounce is None:
        return "this is no report of a mail that came back"
    with open_truth(settings) as database:
        with database.system_read() as sql:
            community = find_community(sql, bounce.outbound_id)
        if community is None:
            return f"no mail from here has the key {bounce.outbound_id}"
        with database.write(community, POSTMASTER) as tx:
            made = find_by_outbound_id(tx, bounce.outbound_id)
            if made is not None:
                note_bounce(tx, made, bounce.reason)
    return f"{bounce.outbound_id} of {community} came back: {bounce.reason}"


def try_server(settings: Settings, address: str, now: datetime) -> str:
    """Send a mail of no consequence through the mail server; returns its answer.

    Raises:
        CoopError: no mail server is set, it is away, or does not take it.
    """
    server = mail_of(settings)
    if server is None:
        raise CoopError("no-mail-server", say("no mail server is set: COOP_SMTP_URL and COOP_MAIL_FROM"))
    made = compose(address, "coop", "This mail shows that the mail server takes mail from coop.\n")
    outgoing = Outgoing(str(uuid4()), "", made.recipient, made.subject, made.media_type, made.body, now, 1)
    try:
        with server.open() as hand_over:
            return hand_over(outgoing)
    except (Away, TryLater, Refused) as trouble:
        raise CoopError("not-taken", say("%(trouble)s", trouble=str(trouble))) from trouble
