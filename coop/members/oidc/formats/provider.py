"""A provider over HTTP: what it says of itself (OpenID Connect Discovery 1.0), its keys, and an ID token for a code."""

from __future__ import annotations

import base64
from typing import Any, Final
from urllib.parse import quote_plus, urlsplit

import httpx2

from coop.members.oidc.model import Discovered, OidcRefused, Provider

NAME: Final = "openid-provider"
TIMEOUT_S: Final = 10.0
BODY_MAX: Final = 512 * 1024
_HERE: Final = frozenset({"localhost", "127.0.0.1", "::1"})


def discover(provider: Provider) -> Discovered:
    """Ask a provider for its addresses and its keys.

    Raises:
        OidcRefused: it is away, or says something else than a provider of this name does.
    """
    with _client() as client:
        said = _ask(client, "GET", f"{provider.issuer.rstrip('/')}/.well-known/openid-configuration")
        if said.get("issuer") != provider.issuer:
            raise OidcRefused("provider-wrong", f"discovery: it calls itself {said.get('issuer')!r}")
        authorization, token, keys = (
            _read_url(said, name) for name in ("authorization_endpoint", "token_endpoint", "jwks_uri")
        )
        methods = said.get("token_endpoint_auth_methods_supported", ["client_secret_basic"])
        in_body = isinstance(methods, list) and "client_secret_basic" not in methods
        return Discovered(authorization, token, _ask(client, "GET", keys), in_body)


def fetch_id_token(provider: Provider, discovered: Discovered, code: str, back: str, verifier: str) -> str:
    """Exchange a code for the ID token.

    Raises:
        OidcRefused: the provider is away, or does not take the code.
    """
    body = {"grant_type": "authorization_code", "code": code, "redirect_uri": back, "code_verifier": verifier}
    headers = {}
    if not provider.client_secret or discovered.secret_in_body:
        body["client_id"] = provider.client_id
    if provider.client_secret and discovered.secret_in_body:
        body["client_secret"] = provider.client_secret
    elif provider.client_secret:
        pair = f"{quote_plus(provider.client_id)}:{quote_plus(provider.client_secret)}"
        headers["authorization"] = f"Basic {base64.b64encode(pair.encode()).decode()}"
    with _client() as client:
        said = _ask(client, "POST", discovered.token_url, data=body, headers=headers)
    token = said.get("id_token")
    if not isinstance(token, str):
        raise OidcRefused("provider-wrong", "token endpoint: no ID token")
    return token


def _client() -> httpx2.Client:
    return httpx2.Client(timeout=TIMEOUT_S, follow_redirects=False, headers={"accept": "application/json"})


def _ask(client: httpx2.Client, method: str, url: str, **request: Any) -> dict[str, Any]:
    try:
        with client.stream(method, url, **request) as answer:
            body = b""
            for part in answer.iter_bytes():
                body += part
                if len(body) > BODY_MAX:
                    raise OidcRefused("provider-wrong", f"{url}: more than {BODY_MAX} bytes")
            if answer.status_code >= 500:
                raise OidcRefused("provider-away", f"{url}: {answer.status_code}")
            said = httpx2.Response(answer.status_code, content=body).json()
    except (httpx2.TransportError, httpx2.InvalidURL) as error:
        raise OidcRefused("provider-away", f"{url}: {error}") from None
    except ValueError:
        raise OidcRefused("provider-wrong", f"{url}: no JSON") from None
    if answer.status_code != 200 or not isinstance(said, dict):
        detail = said.get("error", "") if isinstance(said, dict) else ""
        raise OidcRefused("provider-wrong", f"{url}: {answer.status_code} {detail}")
    return said


def _read_url(said: dict[str, Any], name: str) -> str:
    url = said.get(name)
    parts = urlsplit(url) if isinstance(url, str) else urlsplit("")
    if not isinstance(url, str) or not (
        parts.scheme == "https" or (parts.scheme == "http" and parts.hostname in _HERE)
    ):
        raise OidcRefused("provider-wrong", f"discovery: {name} is {url!r}")
    return url
