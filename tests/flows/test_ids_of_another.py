"""An id of another co-operative is answered as one that nobody has: whoever guesses one learns nothing by it."""

from __future__ import annotations

import re
import sqlite3
from contextlib import closing, suppress
from pathlib import Path
from typing import Any

import httpx2
import pytest

from coop.demo.accounts import accounts
from coop.demo.cooperative import COMMUNITY
from coop.demo.plan import DemoPlan
from coop.kit.service import Room
from coop.members.identity.store import list_accounts_of
from coop.operator.pages import openapi_document
from coop.web.shell import FLASH_COOKIE
from tests.flows.addresses import NAMES, WORDS, Asking, fill, list_askings
from tests.flows.town import PLAN, ZUID, ZUID_PLAN, Town, dump

pytestmark = pytest.mark.slow

FORM = {
    "confirmed": "yes", "active": "no", "choice": "for", "roles": "member", "left_on": "2030-01-01", "name": "Somebody",
    "email": "somebody@zuid.example", "action": "discard", "held_on": "2030-01-01", "answer": "released", "reason": "x",
    "act": "discard", "change": "grant", "role": "auditor", "given": "yes", "paper": "a letter", "letter": "a letter",
    "signed_on": "2026-01-01", "posted_on": "2026-01-01", "decision": "release", "sent_on": "2026-01-01",
    "channel": "x", "number": "001", "amount": "100",
}  # fmt: skip
"""Fields of every form of a page, so that what is asked gets as far as looking for the id."""

QUERY = {"period": "2025-03", "day": "2025-03-01", "at": "2025-03-10T10:00:00Z", "register": "x"}
"""Queries that addresses need."""

ALIKE = {
    "GET /billing/cards/stops/{resolution_id}/{from_on}": "who holds no price of it reads that nothing changes",
    "GET /metering/cards/stops/{resolution_id}/{from_on}": "it decided no key, so nothing is divided otherwise",
    "POST /billing/amounts/{contract_id}/release": "each bill is asked as it is, so no first amount waits",
    "POST /billing/api/v1/contracts/{contract_id}/amount/release": "each bill is asked as it is, so none waits",
    "POST /billing/api/v1/contracts/{contract_id}/amount/release/confirm": "nobody proposed a first amount",
    "POST /billing/api/v1/contracts/{contract_id}/amount/release/withdraw": "nobody proposed a first amount",
    "POST /governance/api/v1/resolutions/{resolution_id}/motions/join": "its body names a motion that nobody handed in",
    "GET /metering/api/v1/meters/{serial}/corrections": "nothing of it was corrected",
    "POST /members/privacy/members/{member_id}/consents": "it asks for a purpose of one's own first",
    "POST /metering/files/{upload_id}/discard": "it is gone afterwards, whether it was there or not",
}
"""Where the owner is answered as the stranger is, and why."""

Answer = tuple[int, str, str, str]
"""Status, text, address that it sends on to, and what that page will say."""


def test_an_id_of_the_other_is_answered_as_an_id_that_nobody_has(town: Town, rooms: dict[str, Room]) -> None:
    before, year = dump(rooms, COMMUNITY), Kept(town.settings.data_dir)
    owner_id, stranger_id = find_account(rooms, COMMUNITY, PLAN), find_account(rooms, ZUID, ZUID_PLAN)
    askings = list(list_askings(town.settings, rooms, set(owner_id)))
    answers: dict[str, Answer] = {}
    with town.enter_as_member(ZUID, *stranger_id) as stranger:
        for asking in askings:
            answers[str(asking)] = answer = ask(stranger, asking, asking.real)
            invented = ask(stranger, asking, asking.invented)
            assert answer == invented, f"{asking}: {answer[:2]} is not {invented[:2]}"
    assert dump(rooms, COMMUNITY) == before, "nothing was changed, and no look was noted"
    alike = set()
    with town.enter_as_member(COMMUNITY, *owner_id) as owner:
        for asking in askings:
            if ask(owner, asking, asking.real) == answers[str(asking)]:
                alike.add(str(asking))
            if asking.method != "GET":
                year.put_back()
    assert alike == set(ALIKE), "the ids are real and are looked at: their owner is answered otherwise"


class Kept:
    """The databases as they were, so that each act of an owner finds the same."""

    def __init__(self, folder: Path) -> None:
        self._copies = [(file, sqlite3.connect(":memory:")) for file in sorted(folder.glob("*.db"))]
        for file, copy in self._copies:
            with closing(sqlite3.connect(file)) as live:
                live.backup(copy)

    def put_back(self) -> None:
        """Let everything be again as it was."""
        for file, copy in self._copies:
            with closing(sqlite3.connect(file)) as live:
                copy.backup(live)


def find_account(rooms: dict[str, Room], community: str, plan: DemoPlan) -> tuple[str, str]:
    """An account of a member, and the member."""
    member_id = str(accounts(plan)[0].member_id)
    with rooms["members"].database.read(community) as tx:
        return list_accounts_of(tx, member_id)[0].account_id, member_id


def body_of(asking: Asking, path: str) -> dict[str, Any]:
    """The body that the document shows for an operation, or the form of a page."""
    if asking.method in ("GET", "DELETE"):
        return {}
    if "/api/" not in path:
        return {"data": FORM}
    operation = openapi_document()["paths"][asking.route.path_format][asking.method.lower()]
    content = operation.get("requestBody", {}).get("content", {})
    if not content:
        return {}
    shown = content["application/json"]
    return {"json": shown["example"] if "example" in shown else next(iter(shown["examples"].values()))["value"]}


def ask(client: httpx2.Client, asking: Asking, words: dict[str, str]) -> Answer:
    """What is answered, without the ids that were asked for and those of the request."""
    path = fill(asking.route, words)
    query = QUERY | ({"at": WORDS["at_s"]} if path.endswith("/withdraw") else {})
    with suppress(KeyError):
        client.cookies.delete(FLASH_COOKIE)  # what an earlier answer had to say
    answer = client.request(asking.method, path, params=query, **body_of(asking, path))
    texts = [answer.text, answer.headers.get("location", ""), answer.cookies.get(FLASH_COOKIE) or ""]
    for name in NAMES & set(words):
        texts = [text.replace(words[name], f"<{name}>") for text in texts]
    text, onward, said = (re.sub(r"\b[0-9a-f]{32}\b", "<request>", text) for text in texts)
    return answer.status_code, text, onward, said
