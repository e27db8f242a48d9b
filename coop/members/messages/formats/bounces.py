"""Reports of mail servers that a mail did not arrive, as they are mailed back to its sender.

Source: RFC 3464 (delivery status), RFC 6522 (multipart/report).
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from email import message_from_bytes, policy
from email.message import EmailMessage, Message
from typing import Final

NAME: Final = "bounce"

_KEY = re.compile(r"<\s*([0-9a-f]{8}-[0-9a-f]{4}-5[0-9a-f]{3}-[0-9a-f]{4}-[0-9a-f]{12})@[^<>\s]+>")
REASON_MAX: Final = 500


@dataclass(frozen=True)
class Bounce:
    """A mail that came back for good: its key in the queue, and the reason in the words of the other server."""

    outbound_id: str
    reason: str


def decode(body: bytes) -> Bounce | None:
    """Read a report; None where it is none, says that a mail is only late, or names no mail of ours."""
    report = message_from_bytes(body, EmailMessage, policy=policy.default)
    reason = _find_failure(report)
    outbound_id = _find_key(report)
    return Bounce(outbound_id, reason) if reason and outbound_id else None


def _find_failure(report: EmailMessage) -> str:
    """The reason of the first recipient for whom the report says that delivery failed."""
    for part in report.walk():
        if part.get_content_type() != "message/delivery-status":
            continue
        for block in _blocks_of(part):
            if str(block.get("Action", "")).strip().lower() == "failed":
                status = str(block.get("Status", "")).strip()
                said = str(block.get("Diagnostic-Code", "")).partition(";")[2] or str(block.get("Diagnostic-Code", ""))
                text = " ".join(said.split())
                if status and status not in text:
                    text = f"{status} {text}"
                return "".join(sign for sign in text if sign.isprintable())[:REASON_MAX].strip() or "failed"
    return ""


def _blocks_of(part: Message) -> list[Message]:
    blocks = part.get_payload()
    return [block for block in blocks if isinstance(block, Message)] if isinstance(blocks, list) else []


def _find_key(report: EmailMessage) -> str:
    """The key of the mail that is returned: from its headers, which come with the report, or from what it answers."""
    for part in report.walk():
        kind = part.get_content_type()
        if kind == "message/rfc822":
            texts = [str(inner.get("Message-ID", "")) for inner in _blocks_of(part)]
        elif kind == "text/rfc822-headers":
            raw = part.get_payload(decode=True)
            headers = raw if isinstance(raw, bytes) else b""
            texts = [str(message_from_bytes(headers, policy=policy.compat32).get("Message-ID", ""))]
        else:
            texts = []
        for text in texts:
            if key := _KEY.search(text):
                return key[1]
    answered = " ".join(str(report.get(name, "")) for name in ("In-Reply-To", "References"))
    key = _KEY.search(answered)
    return key[1] if key else ""
