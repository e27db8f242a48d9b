"""A box that anybody who knows its lock can fill, and that only who holds its key can open.

For what one service has to hand to another over the journal, which keeps everything for ever: the fact carries the box,
the hearer keeps the key beside what it took out, and once both are deleted the box in the journal opens for nobody.

Form: 32 bytes of an X25519 key that is made for the one box, then AES-256-GCM, in base64. ``bound_to`` names what the
box belongs to: it opens for nothing else.
"""

from __future__ import annotations

import base64
from typing import Final

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from coop.kit.seal import Unsealable

_KEY_BYTES: Final = 32
_NONCE: Final = bytes(12)  # a key is used once, so its nonce may be known


def make_lock() -> tuple[bytes, str]:
    """Make a key, and the lock that it opens."""
    key = X25519PrivateKey.generate()
    return key.private_bytes_raw(), _write(key.public_key().public_bytes_raw())


def lock_up(lock: str, content: bytes, bound_to: str) -> str:
    """Put a content into a box.

    >>> key, lock = make_lock()
    >>> open_box(key, lock_up(lock, b"Kade 1", "bill-1"), "bill-1")
    b'Kade 1'

    Raises:
        Unsealable: this is no lock.
    """
    public = _read(lock)
    once = X25519PrivateKey.generate()
    mine = once.public_key().public_bytes_raw()
    cipher = _derive(once.exchange(_as_public(public)), mine, public)
    return _write(mine + cipher.encrypt(_NONCE, content, bound_to.encode()))


def open_box(key: bytes, box: str, bound_to: str) -> bytes:
    """Take out of a box what somebody put into it.

    Raises:
        Unsealable: it has another lock, belongs to something else, or was changed.
    """
    body, own = _read(box), X25519PrivateKey.from_private_bytes(key)
    theirs = body[:_KEY_BYTES]
    cipher = _derive(own.exchange(_as_public(theirs)), theirs, own.public_key().public_bytes_raw())
    try:
        return cipher.decrypt(_NONCE, body[_KEY_BYTES:], bound_to.encode())
    except InvalidTag:
        raise Unsealable from None


def _derive(shared: bytes, once: bytes, lock: bytes) -> AESGCM:
    return AESGCM(HKDF(SHA256(), 32, salt=None, info=b"coop lockbox" + once + lock).derive(shared))


def _as_public(body: bytes) -> X25519PublicKey:
    try:
        return X25519PublicKey.from_public_bytes(body)
    except ValueError:
        raise Unsealable from None


def _write(body: bytes) -> str:
    return base64.urlsafe_b64encode(body).decode().rstrip("=")


def _read(text: str) -> bytes:
    try:
        return base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
    except ValueError:
        raise Unsealable from None
