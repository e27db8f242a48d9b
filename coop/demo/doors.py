"""The HTTP doors of a running installation, as the demonstration uses them.

Every command can be repeated, so whatever fails on the way (a service that is being restarted, a fact that has not
arrived yet) is simply sent again until it is taken.
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from types import TracebackType
from typing import Any, Self

import httpx2

from coop.demo.cooperative import COMMUNITY
from coop.events import SERVICES
from coop.kit.clock import SYSTEM_CLOCK, Clock
from coop.kit.session import COOKIE, Session, sign
from coop.kit.settings import Settings
from coop.values import CoopError


class Doors:
    """Sends commands as the operator of a co-operative, or its partner, for whom the installation's secret signs.

    ``host`` is the host name of the co-operative, where it has one of its own; ``clock`` is the installation's.
    """

    def __init__(
        self,
        settings: Settings,
        url: str,
        addresses: Mapping[str, str] | None = None,
        patience_s: float = 300.0,
        *,
        community: str = COMMUNITY,
        host: str = "",
        clock: Clock = SYSTEM_CLOCK,
    ) -> None:
        self._clock = clock
        self._community, self._secret = community, settings.signing_secret()
        self._host = {"host": host} if host else {}
        self._client = httpx2.Client(timeout=120, headers={"accept": "application/json"})
        self._url, self._addresses, self._patience_s = url.rstrip("/"), dict(addresses or {}), patience_s

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._client.close()

    def post(
        self,
        path: str,
        body: object = None,
        *,
        content: bytes | None = None,
        media_type: str = "text/csv",
        params: Mapping[str, str] | None = None,
        as_partner: bool = False,
        account: str = "demo",
    ) -> Any:
        """Send a command, or ``content`` of a ``media_type``, and return the answer; as somebody of the board, or as a
        partner where one is asked.

        Raises:
            CoopError: the command was refused.
            ConnectionError: the service stayed away longer than the patience lasts.
        """
        headers = {"content-type": media_type if content is not None else "application/json"}
        return self._patiently(
            "POST",
            path,
            json=body,
            content=content,
            params=dict(params or {}),
            headers=headers,
            account=account,
            as_partner=as_partner,
        ).json()

    def confirm(self, entry_id: str) -> None:
        """Confirm as a second person what the first one entered from a paper."""
        self.post(f"/governance/api/v1/entries/{entry_id}/confirm", account="demo-second")

    def get(self, path: str, params: Mapping[str, str] | None = None) -> Any:
        """Read something; of a list every page."""
        answer = self._patiently("GET", path, params=dict(params or {}))
        read = answer.json()
        while isinstance(read, list) and "next" in answer.links:
            answer = self._patiently("GET", answer.links["next"]["url"])
            read += answer.json()
        return read

    def settled(self) -> None:
        """Wait until every service has heard what the others told so far.

        What follows then does not depend on how fast facts travel, so that every installation comes to the same bills.

        Raises:
            ConnectionError: facts were still on their way when the patience ended.
        """
        deadline, on_the_way = time.monotonic() + self._patience_s, ["?"]
        while time.monotonic() < deadline:
            traffic = {name: self.get(f"/{name}/api/v1/traffic") for name in SERVICES}
            on_the_way = [
                f"{count - told_to['heard'].get(type_, 0)} {type_} to {listener}"
                for teller in traffic.values()
                for type_, count in teller["told"].items()
                for listener, told_to in traffic.items()
                if type_ in told_to["hears"] and told_to["heard"].get(type_, 0) < count
            ]
            if not on_the_way:
                return
            time.sleep(0.1)
        raise ConnectionError(f"still on the way after {self._patience_s:.0f} s: {', '.join(on_the_way)}")

    def _sign_in(self, account: str, as_partner: bool) -> dict[str, str]:
        """A cookie made now: a demonstration goes on for longer than a session lasts."""
        roles = {"partner"} if as_partner else {"operator", "board", "treasurer", "machine"}
        person = Session(account, "Demo", frozenset(roles), None, self._community, account, self._clock.now())
        return {"cookie": f"{COOKIE}={sign(person, self._secret)}", **self._host}

    def _patiently(
        self, method: str, path: str, account: str = "demo", *, as_partner: bool = False, **request: Any
    ) -> httpx2.Response:
        service, headers = path.split("/")[1], request.pop("headers", {})
        address = self._addresses.get(service, self._url) + path
        if request.get("content") is None:
            request.pop("content", None)
        else:
            request.pop("json", None)
        deadline, pause_s, trouble = time.monotonic() + self._patience_s, 0.05, ""
        while time.monotonic() < deadline:
            try:
                answer = self._client.request(
                    method, address, headers=headers | self._sign_in(account, as_partner), **request
                )
            except httpx2.TransportError as error:
                trouble = str(error)
            else:
                if answer.is_success:
                    return answer
                trouble = answer.text
                if answer.status_code < 500:
                    raise _refusal(answer)
            time.sleep(pause_s)
            pause_s = min(pause_s * 1.5, 2.0)
        raise ConnectionError(f"{method} {path} was not taken within {self._patience_s:.0f} s: {trouble}")


def _refusal(answer: httpx2.Response) -> CoopError:
    try:
        fields = answer.json()
        return CoopError(fields["code"], f"{fields['detail']} ({answer.request.method} {answer.request.url.path})")
    except (ValueError, KeyError, TypeError):
        return CoopError("http-error", f"{answer.status_code} {answer.request.url.path}: {answer.text[:500]}")
