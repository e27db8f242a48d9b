"""Passkeys: options for the browser, and its answers checked, by the library ``webauthn``.

A challenge is the hash of a sealed text that the page carries (``kit.seal``), so that no page view has to be kept.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from typing import Any, Final

import webauthn
from webauthn.helpers import base64url_to_bytes, bytes_to_base64url, options_to_json
from webauthn.helpers.exceptions import WebAuthnException
from webauthn.helpers.structs import (
    AuthenticatorSelectionCriteria,
    PublicKeyCredentialDescriptor,
    ResidentKeyRequirement,
    UserVerificationRequirement,
)

from coop.members.factors.model import Passkey, PasskeyRefused, Place

ANSWER_MAX: Final = 32 * 1024
"""Largest answer of a browser [characters]."""

_CREDENTIAL_ID_MAX: Final = 1400

_REFUSED: Final = (WebAuthnException, ValueError, TypeError, KeyError, AttributeError, OverflowError)
"""Failures of the library on what a browser, or whoever poses as one, sends."""


def make_challenge(sealed: str) -> bytes:
    """Make the challenge of a sealed text."""
    return hashlib.sha256(sealed.encode()).digest()


def offer_registration(
    place: Place, site_name: str, account_id: str, email: str, name: str, known: Sequence[Passkey], challenge: bytes
) -> str:
    """Write the options with which a browser makes a passkey, as JSON; devices that hold one already make no other."""
    options = webauthn.generate_registration_options(
        rp_id=place.host,
        rp_name=site_name,
        user_id=account_id.encode(),
        user_name=email,
        user_display_name=name,
        challenge=challenge,
        authenticator_selection=AuthenticatorSelectionCriteria(
            resident_key=ResidentKeyRequirement.PREFERRED, user_verification=UserVerificationRequirement.PREFERRED
        ),
        exclude_credentials=_describe(known),
    )
    return options_to_json(options)


def read_registration(answer: str, challenge: bytes, place: Place) -> tuple[str, bytes, int]:
    """Check the passkey that a browser made; returns its id, its public key and its count of signatures.

    Raises:
        PasskeyRefused: it was made for another challenge, host name or page, or was changed on the way.
    """
    try:
        verified = webauthn.verify_registration_response(
            credential=_read(answer),
            expected_challenge=challenge,
            expected_rp_id=place.host,
            expected_origin=place.origin,
        )
    except _REFUSED:
        raise PasskeyRefused from None
    credential_id = bytes_to_base64url(verified.credential_id)
    if len(credential_id) > _CREDENTIAL_ID_MAX:
        raise PasskeyRefused
    return credential_id, verified.credential_public_key, verified.sign_count


def offer_use(place: Place, known: Sequence[Passkey], challenge: bytes, *, is_only_step: bool) -> str:
    """Write the options with which a browser uses a passkey, as JSON. As the only step any passkey of these pages will
    do, and its device makes sure of its owner."""
    options = webauthn.generate_authentication_options(
        rp_id=place.host,
        challenge=challenge,
        allow_credentials=_describe(known),
        user_verification=_verification(is_only_step),
    )
    return options_to_json(options)


def read_credential_id(answer: str) -> str:
    """Read which passkey a browser says that it used.

    Raises:
        PasskeyRefused: it does not say.
    """
    credential_id = _read(answer).get("id")
    if not isinstance(credential_id, str) or not 0 < len(credential_id) <= _CREDENTIAL_ID_MAX:
        raise PasskeyRefused
    return credential_id


def check_use(answer: str, passkey: Passkey, challenge: bytes, place: Place, *, is_only_step: bool) -> int:
    """Check that a passkey signed a challenge at a place; returns its new count of signatures.

    Raises:
        PasskeyRefused: it did not, its count fell back as that of a copy does, or as the only step its device did not
            make sure of its owner.
    """
    if passkey.host != place.host:
        raise PasskeyRefused
    try:
        verified = webauthn.verify_authentication_response(
            credential=_read(answer),
            expected_challenge=challenge,
            expected_rp_id=place.host,
            expected_origin=place.origin,
            credential_public_key=passkey.public_key,
            credential_current_sign_count=passkey.sign_count,
            require_user_verification=is_only_step,
        )
    except _REFUSED:
        raise PasskeyRefused from None
    return verified.new_sign_count


def _read(answer: str) -> dict[str, Any]:
    try:
        read = json.loads(answer[:ANSWER_MAX])
    except (ValueError, RecursionError):
        raise PasskeyRefused from None
    if not isinstance(read, dict):
        raise PasskeyRefused
    return read


def _describe(known: Sequence[Passkey]) -> list[PublicKeyCredentialDescriptor]:
    return [PublicKeyCredentialDescriptor(id=base64url_to_bytes(passkey.credential_id)) for passkey in known]


def _verification(is_only_step: bool) -> UserVerificationRequirement:
    return UserVerificationRequirement.REQUIRED if is_only_step else UserVerificationRequirement.PREFERRED
