"""Two people change what both have read: whoever names the ETag of it never overwrites what the other did."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import httpx2
import pytest

from coop.operator.pages import openapi_document
from tests.contract.conftest import Served
from tests.flows.installation import signed_in

PLACES = {
    "account_id": "/members/api/v1/accounts",
    "member_id": "/members/api/v1/members",
    "token_id": "/members/api/v1/programs",
    "message_id": "/members/api/v1/messages",
    "contract_id": "/billing/api/v1/bills",
    "meeting_id": "/governance/api/v1/meetings",
    "serial": "/metering/api/v1/meters",
    "group_id": "/metering/api/v1/groups",
}
ROLES = ("board", "treasurer", "operator", "auditor", "member")


def changes() -> list[tuple[str, str]]:
    """Every operation that takes If-Match, with the GET whose ETag it names."""
    return [
        (path, re.findall(r"`GET (.*)`", parameter["description"])[0])
        for path, methods in openapi_document()["paths"].items()
        for operation in methods.values()
        for parameter in operation.get("parameters", ())
        if parameter["name"] == "If-Match"
    ]


@pytest.fixture(scope="module")
def client(served: Served) -> Iterator[httpx2.Client]:
    with served.client() as anybody:
        bill = anybody.get("/billing/api/v1/bills").json()[0]
    with signed_in(served.settings, *ROLES, member_id=bill["member_id"]) as made:
        program = {"name": "bookkeeping", "scopes": ["read:bills"]}
        assert made.post("/members/api/v1/programs", json=program).status_code == 200
        yield made


def fillings(client: httpx2.Client, path: str) -> Iterator[dict[str, str]]:
    """Values for the places of an address, of things that there are."""
    if path.startswith("/{service}/"):
        yield {"service": "metering", "name": client.get("/metering/api/v1/jobs").json()[0]["name"]}
        return
    name = next(iter(re.findall(r"\{(\w+)\}", path)), "")
    if name == "resolution_id":
        meetings = client.get(PLACES["meeting_id"]).json()
        yield from ({name: point[name]} for meeting in meetings for point in meeting["resolutions"])
    elif name in PLACES:
        yield from ({name: row[name]} for row in client.get(PLACES[name]).json())
    elif name == "name":
        yield {name: client.get("/members/api/v1/choices").json()[0][name]}
    else:
        yield {"number": "1"}


def body_of(path: str) -> dict[str, Any]:
    content = openapi_document()["paths"][path]["post"].get("requestBody", {}).get("content", {})
    if not content:
        return {}
    shown = content["application/json"]
    return {"json": shown["example"] if "example" in shown else next(iter(shown["examples"].values()))["value"]}


def test_each_kind_of_thing_that_two_people_change_is_among_them() -> None:
    named = {thing.rpartition("/api/v1/")[2] for _, thing in changes()}
    assert named >= {"community", "accounts/{account_id}", "members/{member_id}", "programs/{token_id}"}
    assert named >= {"meters/{serial}", "groups/{group_id}", "choices/{name}", "jobs/{name}"}
    assert named >= {"messages/{message_id}", "contracts/{contract_id}/amount", "meetings/{meeting_id}/minutes"}


@pytest.mark.parametrize(("path", "thing"), changes(), ids=lambda address: address)
def test_a_change_of_what_somebody_else_changed_is_refused(path: str, thing: str, client: httpx2.Client) -> None:
    shown = [(filling, client.get(thing.format(**filling))) for filling in fillings(client, thing)]
    shown.sort(key=lambda each: each[1].status_code)
    filling, before = shown[0]
    address, body = path.format(**filling), body_of(path)
    if "{" in thing and "{" not in path:  # the body says which one
        body["json"] |= filling
    stale = client.post(address, headers={"If-Match": '"of-yesterday"'}, **body)
    if before.status_code != 200:  # the demonstration has no such thing: it cannot be changed by its tag either
        assert stale.status_code == before.status_code < 500
        return
    assert (stale.status_code, stale.json()["code"]) == (412, "precondition-failed"), stale.text
    assert client.get(thing.format(**filling)).headers["etag"] == before.headers["etag"], "nothing was changed"
    fresh = client.post(address, headers={"If-Match": f'"another", {before.headers["etag"]}'}, **body)
    assert fresh.status_code in (200, 404, 409, 422), fresh.text


def test_of_two_who_set_one_sharing_group_for_a_day_to_come_the_second_is_told(client: httpx2.Client) -> None:
    path = "/metering/api/v1/groups"
    group = next(each for each in client.get(path).json() if each["producers"])  # other tests may add empty ones
    both_read = client.get(f"{path}/{group['group_id']}")
    serial = group["producers"][0]
    change = {"group_id": group["group_id"], "producers": [serial], "since": "2099-01-01", "reason": "the roof is sold"}
    wishes: list[dict[str, Any]] = [{**change, "connections": []}, {**change, "connections": "all"}]
    tag = {"If-Match": both_read.headers["etag"]}
    first, second = (client.post(path, json=wish, headers=tag) for wish in wishes)
    assert first.status_code == 200, first.text
    now = client.get(f"{path}/{group['group_id']}").json()
    assert now == {**both_read.json(), "statements": now["statements"]}, "today it is as it was"
    assert now["statements"] > both_read.json()["statements"]
    assert (second.status_code, second.json()["code"]) == (412, "precondition-failed")
