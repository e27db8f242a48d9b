"""Rules of messages: which way somebody is written to, and what of an address is shown."""

from __future__ import annotations

from dataclasses import replace

from coop.members.messages.model import Channel, Reader, Tracked


def choose_channel(reader: Reader, *, may_mail: bool = True) -> Channel:
    """Write by mail, unless somebody has no mail address, or has an address for letters and wants them, or did not
    agree to mail where the law asks for that (``may_mail`` is false).

    >>> choose_channel(Reader("Noor", "noor@lid.example", ("Kade 1", "1011 AA  Amsterdam"), "nl", True, "m1", None))
    'letter'
    """
    if not reader.email:
        return "letter"
    return "letter" if reader.postal_lines and (reader.by_letter or not may_mail) else "mail"


def mask_address(address: str) -> str:
    """Hide an address from who may not see it: of a mail address the name, of a postal one all but the last line.

    >>> mask_address("noor@lid.example"), mask_address("Kade 1\\n1011 AA  Amsterdam")
    ('n***@lid.example', '*** 1011 AA  Amsterdam')
    """
    if "\n" in address or "@" not in address:
        return f"*** {address.splitlines()[-1]}" if address else ""
    name, _, domain = address.rpartition("@")
    return f"{name[:1]}***@{domain}"


def hide_address(tracked: Tracked) -> Tracked:
    """Hide the address of a message, and the answer of the mail server, which may repeat it."""
    made = tracked.message
    masked = replace(made, address=mask_address(made.address), bounce=made.bounce and "***")
    way = tracked.way
    if way is not None:
        way = replace(way, proof=way.proof and "***", trouble=way.trouble and "***")
    return Tracked(masked, way)
