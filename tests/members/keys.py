"""A device that keeps passkeys, as its browser speaks for it: made of the standard's own parts (W3C WebAuthn, 6.1)."""

from __future__ import annotations

import hashlib
import json
import os
import re
import struct
from dataclasses import dataclass, field
from html import unescape
from typing import Any

import cbor2
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from webauthn.helpers import base64url_to_bytes, bytes_to_base64url

PRESENT, VERIFIED, WITH_KEY = 0x01, 0x04, 0x40


@dataclass
class Device:
    """One key for one host; ``makes_sure`` of its owner by a PIN or a finger."""

    origin: str = "https://coop.example"
    host: str = "coop.example"
    makes_sure: bool = True
    sign_count: int = 0
    credential_id: bytes = field(default_factory=lambda: os.urandom(32))
    _key: ec.EllipticCurvePrivateKey = field(default_factory=lambda: ec.generate_private_key(ec.SECP256R1()))

    def make(self, options: str) -> str:
        """Answer to the offer of making a passkey."""
        numbers = self._key.public_key().public_numbers()
        cose = {1: 2, 3: -7, -1: 1, -2: numbers.x.to_bytes(32, "big"), -3: numbers.y.to_bytes(32, "big")}
        length = struct.pack(">H", len(self.credential_id))
        key = bytes(16) + length + self.credential_id + cbor2.dumps(cose)
        attestation = {"fmt": "none", "attStmt": {}, "authData": self._data(WITH_KEY) + key}
        return self._answer(
            {
                "clientDataJSON": self._client_data("webauthn.create", options),
                "attestationObject": cbor2.dumps(attestation),
            }
        )

    def use(self, options: str) -> str:
        """Answer to a challenge."""
        self.sign_count += 1
        data, client_data = self._data(0), self._client_data("webauthn.get", options)
        signature = self._key.sign(data + hashlib.sha256(client_data).digest(), ec.ECDSA(SHA256()))
        return self._answer({"clientDataJSON": client_data, "authenticatorData": data, "signature": signature})

    def _data(self, flags: int) -> bytes:
        flags |= PRESENT | (VERIFIED if self.makes_sure else 0)
        return hashlib.sha256(self.host.encode()).digest() + struct.pack(">BI", flags, self.sign_count)

    def _client_data(self, kind: str, options: str) -> bytes:
        return json.dumps(
            {"type": kind, "challenge": json.loads(options)["challenge"], "origin": self.origin, "crossOrigin": False}
        ).encode()

    def _answer(self, response: dict[str, bytes]) -> str:
        credential_id = bytes_to_base64url(self.credential_id)
        return json.dumps(
            {
                "id": credential_id,
                "rawId": credential_id,
                "type": "public-key",
                "clientExtensionResults": {},
                "response": {name: bytes_to_base64url(value) for name, value in response.items()},
            }
        )


def tamper(answer: str, part: str) -> str:
    """Turn round the last bit of a part of an answer."""
    fields: dict[str, Any] = json.loads(answer)
    body = bytearray(base64url_to_bytes(fields["response"][part]))
    body[-1] ^= 1
    fields["response"][part] = bytes_to_base64url(bytes(body))
    return json.dumps(fields)


def offered_on(page: str) -> tuple[str, str]:
    """Options and sealed text of the passkey form on a page."""
    options = re.search(r'data-options="([^"]*)"', page)
    sealed = re.search(r'name="sealed" value="([^"]*)"', page)
    assert options, page
    assert sealed, page
    return unescape(options[1]), sealed[1]
