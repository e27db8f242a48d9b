"""Codes: those of an app, by time, and those on paper, each once.

An app and we share a secret; the code is an HMAC of it with the number of half minutes since 1970 (RFC 6238, with the
six digits and SHA-1 that every app knows). A code is taken one step early or late, as clocks differ, and once: the step
that it was of is remembered, and no step up to that one is taken again (RFC 6238, 5.2).
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import re
import secrets
from datetime import datetime
from typing import Final
from urllib.parse import quote, urlencode

from cryptography.hazmat.primitives.hashes import SHA1
from cryptography.hazmat.primitives.twofactor.hotp import HOTP

SECRET_BYTES: Final = 20
STEP_S: Final = 30
_DIGITS: Final = 6
_STEPS_APART: Final = 1
"""Steps that two clocks may be apart."""

RECOVERY_CODES: Final = 10
_SIGNS: Final = "abcdefghjkmnpqrstuvwxyz23456789"
"""Letters and digits that nobody confuses."""


def make_secret() -> bytes:
    """Draw the secret of an app."""
    return secrets.token_bytes(SECRET_BYTES)


def spell_secret(secret: bytes) -> str:
    """Spell a secret for somebody who types it.

    >>> spell_secret(b"12345678901234567890")
    'GEZD GNBV GY3T QOJQ GEZD GNBV GY3T QOJQ'
    """
    text = base64.b32encode(secret).decode()
    return " ".join(text[at : at + 4] for at in range(0, len(text), 4))


def address_app(secret: bytes, site_name: str, email: str) -> str:
    """Make the address that a QR code shows to an app.

    >>> address_app(b"12345678901234567890", "Warm Noord", "noor@warm.example")
    'otpauth://totp/Warm%20Noord:noor%40warm.example?secret=GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ&issuer=Warm%20Noord'
    """
    query = {"secret": base64.b32encode(secret).decode(), "issuer": site_name}
    return f"otpauth://totp/{quote(site_name, '')}:{quote(email, '')}?{urlencode(query, quote_via=quote)}"


def show_code(secret: bytes, step: int) -> str:
    """Compute the code of a step, as the app does.

    >>> show_code(b"12345678901234567890", 59 // 30)  # RFC 6238, appendix B: the last six of 94287082
    '287082'
    """
    return HOTP(secret, _DIGITS, SHA1()).generate(step).decode()


def count_step(at: datetime) -> int:
    """Number the step that an instant lies in."""
    return int(at.timestamp()) // STEP_S


def find_step(secret: bytes, typed: str, now: datetime, last_step: int) -> int | None:
    """Find the step of which somebody typed the code, later than the last that was used; None when it is of none."""
    digits = re.sub(r"[\s-]", "", typed)
    if not re.fullmatch(rf"[0-9]{{{_DIGITS}}}", digits, re.ASCII):
        return None
    current = count_step(now)
    for step in range(current - _STEPS_APART, current + _STEPS_APART + 1):
        if step > last_step and hmac.compare_digest(show_code(secret, step), digits):
            return step
    return None


def make_recovery_code() -> str:
    """Draw a code for paper: 16 letters and digits, 79 bits, too many to guess from a hash of it."""
    return "-".join("".join(secrets.choice(_SIGNS) for _ in range(4)) for _ in range(4))


def hash_recovery_code(account_id: str, typed: str) -> str:
    """Hash a recovery code as somebody typed it, with or without hyphens; it is long and random, so once is enough.

    >>> hash_recovery_code("a", "ABCD efgh-jkmn pqrs") == hash_recovery_code("a", "abcd-efgh-jkmn-pqrs")
    True
    """
    plain = re.sub(r"[\s-]", "", typed).lower()[:64]
    return hashlib.sha256(f"{account_id} {plain}".encode()).hexdigest()
