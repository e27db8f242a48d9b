"""Requests that no honest program sends, on a real server: each is answered by a problem that says what is wrong."""

from __future__ import annotations

import http.client
import json
import socket
from typing import Any
from urllib.parse import urlsplit

import pytest

from coop.kit.session import COOKIE
from tests.contract.conftest import Served


def ask(served: Served, head: str, *, headers: str = "", body: bytes = b"") -> tuple[int, dict[str, Any]]:
    """Send bytes as they are, signed in, and read status and problem."""
    address = urlsplit(served.settings.public_url())
    with served.client() as client:
        cookie = f"{COOKIE}={client.cookies[COOKIE]}"
    with socket.create_connection((address.hostname, address.port), timeout=30) as connection:
        lines = f"{head} HTTP/1.1\r\nHost: {address.netloc}\r\nCookie: {cookie}\r\n{headers}\r\n"
        connection.sendall(lines.encode("latin-1") + body)
        answer = http.client.HTTPResponse(connection)
        answer.begin()
        return answer.status, json.loads(answer.read())


def code_of(served: Served, head: str, **parts: Any) -> tuple[int, str]:
    status, problem = ask(served, head, **parts)
    assert problem["type"] == f"/problems/{problem['code']}"
    assert problem["status"] == status
    return status, problem["code"]


def test_a_cursor_that_was_tampered_with_is_refused(served: Served) -> None:
    with served.client() as client:
        link = client.get("/billing/api/v1/bills?limit=1").links["next"]["url"]
        before, _, cursor = link.rpartition("after=")
        changed = before + "after=" + cursor.swapcase()
        other = link.replace("/bills", "/tariffs")
        assert [client.get(address).json()["code"] for address in (changed, other)] == ["bad-cursor"] * 2
        assert client.get(link).status_code == 200


@pytest.mark.parametrize("path", ["/metering/api/v1/deliveries?format=p1", "/metering/api/v1/deliveries/batch"])
def test_a_body_of_65_mb_is_refused_before_it_is_read(served: Served, path: str) -> None:
    kind = "application/json" if path.endswith("batch") else "text/plain"
    headers = f"Content-Type: {kind}\r\nContent-Length: {65 * 1024 * 1024}\r\n"
    assert code_of(served, f"POST {path}", headers=headers) == (413, "too-large")


def test_a_body_that_grows_to_65_mb_without_saying_so_is_refused(served: Served) -> None:
    def pieces() -> Any:
        for _ in range(65):
            yield b" " * 1024 * 1024

    with served.client() as client:
        answer = client.post(
            "/metering/api/v1/deliveries?format=p1", content=pieces(), headers={"Content-Type": "text/plain"}
        )
    assert (answer.status_code, answer.json()["code"]) == (413, "too-large")


def test_200_headers_and_very_large_ones_are_refused(served: Served) -> None:
    many = "".join(f"X-{number}: 1\r\n" for number in range(200))
    large = f"X-Large: {'1' * 40_000}\r\n"
    assert code_of(served, "GET /billing/api/v1/bills", headers=many) == (431, "too-many-headers")
    assert code_of(served, "GET /billing/api/v1/bills", headers=large) == (431, "too-many-headers")


def test_an_address_without_an_end_is_refused(served: Served) -> None:
    assert code_of(served, f"GET /billing/api/v1/bills?member={'a' * 60_000}") == (414, "address-too-long")


def test_an_unknown_version_of_the_contract_names_the_one_there_is(served: Served) -> None:
    status, problem = ask(served, "GET /billing/api/v9/bills")
    assert (status, problem["code"]) == (404, "unknown-version")
    assert "/billing/api/v1/" in problem["detail"]


def test_an_unknown_kind_of_body_is_refused(served: Served) -> None:
    headers = "Content-Type: application/x-yaml\r\nContent-Length: 2\r\n"
    answer = code_of(served, "POST /billing/api/v1/runs", headers=headers, body=b"{}")
    assert answer == (415, "unsupported-media-type")


@pytest.mark.parametrize(
    "body", [b'{"period": "\xff"}', b"[" * 100_000, b'{"issued_on"', b"null", b'"\\ud800"', b"1e999999"]
)
def test_a_body_that_is_no_request_is_a_problem(served: Served, body: bytes) -> None:
    headers = f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n"
    status, _ = code_of(served, "POST /billing/api/v1/runs", headers=headers, body=body)
    assert status in (400, 422)


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("POST", "/billing/api/v1/runs", {"issued_on": 0}),
        (
            "POST",
            "/metering/api/v1/deliveries/batch",
            {"deliveries": [{"format": "p1", "gateway": "g", "body": "é"}]},
        ),
        ("GET", "/metering/api/v1/completeness?period=0001-01", None),
        ("GET", "/governance/feed.atom?before=99999999999999999999", None),
        ("GET", "/governance/feed.json?since=999999999999999999999999", None),
        ("GET", "/billing/api/v1/bills?limit=99999999999999999999", None),
        ("GET", "/members/api/v1/members?search=%00", None),
    ],
)
def test_what_once_failed_on_our_side_is_a_problem_of_the_request(
    served: Served, method: str, path: str, body: dict[str, Any] | None
) -> None:
    with served.client() as client:
        answer = client.request(method, path, json=body)
    assert (answer.status_code, answer.headers["content-type"]) == (422, "application/problem+json")


@pytest.mark.parametrize(
    ("wish", "language", "detail", "title"),
    [
        ("nl-NL, en;q=0.5", "nl", "after: is geen bladwijzer van deze lijst", "Onbruikbare bladwijzer"),
        ("fr", "en", "after: is no cursor of this list", "Unusable cursor"),
        ("", "en", "after: is no cursor of this list", "Unusable cursor"),
    ],
)
def test_a_problem_is_said_in_the_language_that_is_asked_for_and_means_the_same(
    served: Served, wish: str, language: str, detail: str, title: str
) -> None:
    with served.client() as client:
        answer = client.get("/billing/api/v1/bills?after=nonsense", headers={"accept-language": wish})
    problem = answer.json()
    assert answer.headers["content-language"] == language
    assert (problem["detail"], problem["title"], problem["code"]) == (detail, title, "bad-cursor")
    assert problem["problems"][0]["template"] == "is no cursor of this list"
