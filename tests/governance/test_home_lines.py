"""Lines of the home page: what one person entered waits for any other who may confirm it, at the page of its kind."""

from __future__ import annotations

import re
from html import unescape
from pathlib import Path

from coop.governance.entries import commands as entries
from coop.governance.home import ENTERED
from coop.kit.database import Database
from tests.desk import SECRETARY
from tests.governance.assembly import TOWN, client, live, sit_down

CARD = "/governance/cards/waiting"
MEETING, POINT = "/governance/meetings/alv-1", "/governance/resolutions/tariff"
PAGES = {
    "ballots": f"{MEETING}/ballots",
    "meeting": "/governance/entries",
    "statutes": "/governance/entries",
    "suspension": "/governance/suspensions",
    "lifting": "/governance/suspensions",
    "expulsion": "/governance/expulsions",
    "appeal": "/governance/expulsions",
    "challenge": f"{POINT}/challenge",
    "request": f"{POINT}/referendum",
    "motion": f"{POINT}/motions",
    "order": f"{POINT}/motions",
    "word": f"{MEETING}/words",
    "stop": f"{POINT}/stop",
    "attendance": f"{MEETING}/attendance",
    "minutes": f"{MEETING}/minutes",
    "count": "/governance/elections/tariff",
    "lot": "/governance/elections/tariff",
    "term": "/governance/offices",
    "term-end": "/governance/offices",
    "seat": "/governance/steering",
    "seat-end": "/governance/steering",
}


def test_each_kind_of_entry_waits_at_its_page_for_everybody_but_who_entered_it(
    embedded: Database, tmp_path: Path
) -> None:
    live(embedded, until="vote")
    with embedded.write(TOWN, SECRETARY) as tx:
        for kind in ENTERED:
            content = {"resolution_id": "tariff", "is_of": kind}
            entries.enter(tx, lambda _tx, _entry: 0, kind, "alv-1", f"paper of {kind}", content)
    desk = client(embedded, tmp_path)

    def read(account_id: str, *roles: str) -> list[tuple[str, str]]:
        sit_down(desk, account_id, *roles)
        page = desk.get(CARD, headers={"Accept-Language": "en"}).text
        lines = re.findall(r'<a[^>]* href="([^"]+)"[^>]*>(.*?)</a>', page, re.DOTALL)
        return sorted((unescape(address), " ".join(re.sub("<[^>]+>", " ", text).split())) for address, text in lines)

    own, others = read("account-1", "board"), read("account-2", "board")
    new = [line for line in others if line not in own]
    expected = [(PAGES[kind], ENTERED[kind] % {"paper": f"paper of {kind}"}) for kind in ENTERED]
    assert sorted(new) == sorted(expected)
    assert not [line for line in read("account-3", "member") if line in new]
