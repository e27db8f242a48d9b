"""Rules of OpenID Connect: the way to the provider, and what an ID token has to say before it is believed.

Authorization code with PKCE (RFC 7636), state and nonce. Source: OpenID Connect Core 1.0, 3.1.3.7.
"""

from __future__ import annotations

import base64
import hashlib
import secrets
from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any, Final
from urllib.parse import urlencode

from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import KeySet
from joserfc.jwt import JWTClaimsRegistry

from coop.members.oidc.model import Claims, Discovered, OidcRefused, Provider

ALGORITHMS: Final = ["RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "EdDSA"]
"""Signatures with a provider's own key; never ``none``, and never one with a secret that we hold as well."""

LEEWAY_S: Final = 60

_KNOWN: Final = frozenset({"pwd", "pin", "kba"})
_HELD: Final = frozenset({"otp", "hwk", "swk", "sc", "pop", "fido"})
_STRONG: Final = frozenset(
    {
        "phr",
        "phrh",
        "https://refeds.org/profile/mfa",
        "http://schemas.openid.net/pape/policies/2007/06/multi-factor",
        "http://eidas.europa.eu/LoA/substantial",
        "http://eidas.europa.eu/LoA/high",
    }
)


def draw() -> str:
    """Draw a state, a nonce or a verifier: 256 bits."""
    return secrets.token_urlsafe(32)


def address_provider(
    provider: Provider, discovered: Discovered, back: str, state: str, nonce: str, verifier: str
) -> str:
    """Make the address that a browser is sent to."""
    challenge = base64.urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).decode().rstrip("=")
    query = {
        "response_type": "code",
        "client_id": provider.client_id,
        "redirect_uri": back,
        "scope": "openid email",
        "state": state,
        "nonce": nonce,
        "code_challenge": challenge,
        "code_challenge_method": "S256",
    }
    mark = "&" if "?" in discovered.authorization_url else "?"
    return f"{discovered.authorization_url}{mark}{urlencode(query)}"


def read_id_token(token: str, provider: Provider, keys: Mapping[str, Any], nonce: str, now: datetime) -> Claims:
    """Believe an ID token of the provider, for us, of now, and of this very sign-in.

    Raises:
        OidcRefused: ``provider-wrong``, it is not all of these.
    """
    registry = JWTClaimsRegistry(
        now=int(now.timestamp()),
        leeway=LEEWAY_S,
        iss={"essential": True, "value": provider.issuer},
        sub={"essential": True},
        aud={"essential": True, "value": provider.client_id},
        exp={"essential": True},
        iat={"essential": True},
        nonce={"essential": True, "value": nonce},
    )
    try:
        said = jwt.decode(token, KeySet.import_key_set(dict(keys)), algorithms=ALGORITHMS).claims  # type: ignore[arg-type]  # JSON
        registry.validate(said)
    except (JoseError, ValueError, TypeError, KeyError, AttributeError) as error:
        raise OidcRefused("provider-wrong", f"ID token: {type(error).__name__} {error}") from None
    if isinstance(said["aud"], list) and len(said["aud"]) > 1 and said.get("azp") != provider.client_id:
        raise OidcRefused("provider-wrong", "ID token: made for somebody else as well")
    if not isinstance(said["sub"], str) or not 0 < len(said["sub"]) <= 255:
        raise OidcRefused("provider-wrong", "ID token: no subject")
    email = said.get("email")
    is_verified = said.get("email_verified") is True and isinstance(email, str)
    return Claims(
        said["sub"],
        str(email).strip().lower() if is_verified else "",
        is_second_factor(said.get("amr"), said.get("acr")),
    )


def is_second_factor(amr: object, acr: object) -> bool:
    """True when a provider says that it saw two factors (RFC 8176, or a class of authentication that means it).

    >>> is_second_factor(["pwd", "mfa"], None), is_second_factor(["pwd", "otp"], None), is_second_factor(["pwd"], "0")
    (True, True, False)
    >>> is_second_factor(None, "phr"), is_second_factor("mfa", None), is_second_factor(["otp"], None)
    (True, False, False)
    """
    said = (
        {word for word in amr if isinstance(word, str)}
        if isinstance(amr, Iterable) and not isinstance(amr, str)
        else set()
    )
    return "mfa" in said or bool(said & _KNOWN and said & _HELD) or (isinstance(acr, str) and acr in _STRONG)
