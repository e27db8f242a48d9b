"""Small secrets at rest and in transit: encrypted with keys that are derived from the installation's secret.

A seal names what it is for (``purpose``) and to what it is bound (``bound_to``): it opens for nothing and nobody else.
Where the installation has several secrets, as while they rotate, the newest seals and each of them opens.

Form: one byte of version, four bytes that name the key, twelve of nonce, then AES-256-GCM.
"""

from __future__ import annotations

import base64
import hashlib
import os
import struct
from collections.abc import Sequence
from datetime import datetime, timedelta
from functools import lru_cache
from typing import Final

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from coop.values import CoopError, say

_VERSION: Final = b"\x01"
_NAME_BYTES: Final = 4
_NONCE_BYTES: Final = 12
_HEAD_BYTES: Final = 1 + _NAME_BYTES + _NONCE_BYTES
_GRACE: Final = timedelta(minutes=5)
"""Difference that clocks of several processes may have."""


class Unsealable(CoopError):
    """A seal that no secret of the installation opens, or that is bound to something else."""

    def __init__(self) -> None:
        super().__init__("cannot-unseal", say("this was sealed by another secret, for something else, or was changed"))


def seal(secrets: Sequence[str], purpose: str, plain: bytes, bound_to: str) -> bytes:
    """Encrypt with the newest of the secrets, the first.

    >>> unseal(["old", "new"], "letters", seal(["new"], "letters", b"Dear", "noor"), "noor")
    b'Dear'
    """
    key = _derive_key(secrets[0], purpose)
    nonce = os.urandom(_NONCE_BYTES)
    return _VERSION + _name_key(key) + nonce + AESGCM(key).encrypt(nonce, plain, bound_to.encode())


def unseal(secrets: Sequence[str], purpose: str, sealed: bytes, bound_to: str) -> bytes:
    """Decrypt what ``seal`` made.

    Raises:
        Unsealable: none of the secrets sealed it for this purpose, it is bound to something else, or it was changed.
    """
    name, nonce = sealed[1 : 1 + _NAME_BYTES], sealed[1 + _NAME_BYTES : _HEAD_BYTES]
    for key in (_derive_key(secret, purpose) for secret in secrets):
        if sealed[:1] == _VERSION and _name_key(key) == name and len(nonce) == _NONCE_BYTES:
            try:
                return AESGCM(key).decrypt(nonce, sealed[_HEAD_BYTES:], bound_to.encode())
            except InvalidTag:
                raise Unsealable from None
    raise Unsealable


def is_newest(secrets: Sequence[str], purpose: str, sealed: bytes) -> bool:
    """True when the newest secret sealed it, so that it opens without the older ones.

    >>> sealed = seal(["old"], "letters", b"Dear", "noor")
    >>> is_newest(["old"], "letters", sealed), is_newest(["new", "old"], "letters", sealed)
    (True, False)
    """
    return sealed[1 : 1 + _NAME_BYTES] == _name_key(_derive_key(secrets[0], purpose))


def seal_until(secrets: Sequence[str], purpose: str, plain: bytes, bound_to: str, until: datetime) -> str:
    """Make a text that a browser keeps for us and brings back before an instant."""
    body = struct.pack(">Q", int(until.timestamp())) + plain
    return base64.urlsafe_b64encode(seal(secrets, purpose, body, bound_to)).decode().rstrip("=")


def unseal_in_time(
    secrets: Sequence[str], purpose: str, text: str, bound_to: str, now: datetime, longest: timedelta
) -> bytes:
    """Read what ``seal_until`` made, for at most ``longest`` from then.

    Raises:
        Unsealable: as ``unseal``, or its time is over.
    """
    try:
        sealed = base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
    except ValueError:
        raise Unsealable from None
    body = unseal(secrets, purpose, sealed, bound_to)
    until = struct.unpack(">Q", body[:8])[0]
    if not now.timestamp() < until <= (now + longest + _GRACE).timestamp():
        raise Unsealable
    return body[8:]


@lru_cache(maxsize=64)
def _derive_key(secret: str, purpose: str) -> bytes:
    return HKDF(SHA256(), 32, salt=None, info=f"coop {purpose}".encode()).derive(secret.encode())


def _name_key(key: bytes) -> bytes:
    return hashlib.sha256(b"name" + key).digest()[:_NAME_BYTES]
