"""Rules of messages: which way somebody is written to, and what of an address is shown."""

from __future__ import annotations

from coop.members.messages.model import Channel, Reader, Wish


def choose_channel(reader: Reader, wish: Wish) -> Channel:
    """Write by mail, unless somebody has no mail address, or wants letters and has an address for them.

    What concerns an account goes to the mail address that it is signed in with in any case.

    >>> noor = Reader("Noor", "noor@lid.example", ("Kade 1", "1011 AA  Amsterdam"), "nl", "m1", None)
    >>> choose_channel(noor, Wish("m1")), choose_channel(noor, Wish("m1", by_letter=True))
    ('mail', 'letter')
    """
    if not reader.email:
        return "letter"
    return "letter" if wish.by_letter and reader.postal_lines and reader.account_id is None else "mail"


def mask_address(address: str) -> str:
    """Hide an address from who may not see it: of a mail address the name, of a postal one all but the last line.

    >>> mask_address("noor@lid.example"), mask_address("Kade 1\\n1011 AA  Amsterdam")
    ('n***@lid.example', '*** 1011 AA  Amsterdam')
    """
    if "\n" in address or "@" not in address:
        return f"*** {address.splitlines()[-1]}" if address else ""
    name, _, domain = address.rpartition("@")
    return f"{name[:1]}***@{domain}"
