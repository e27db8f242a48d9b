"""An integrator with nothing but the document: everything goes through the client that was generated from it.

Run by the generator's own Python beside the package ``client``: address, cookie and a file of telegrams are given. A
person of the board gives each gateway a token, with which it delivers its telegrams of a month. The person looks at
what the month lacks, accepts that by name, closes it and makes its bills; a bookkeeper's token reads them page by page.
Prints the numbers and cents of the bills.
"""

from __future__ import annotations

import base64
import datetime
import json
import re
import sys
import time
from io import BytesIO
from pathlib import Path
from typing import Any

from client import AuthenticatedClient, Client  # type: ignore[import-not-found]
from client.api.billing import (  # type: ignore[import-not-found]
    get_bill,
    list_bills,
    release_bill_run,
    start_bill_run,
    verify_bill,
)
from client.api.governance import list_statutes  # type: ignore[import-not-found]
from client.api.members import make_program  # type: ignore[import-not-found]
from client.api.metering import close_period, deliver_telegrams  # type: ignore[import-not-found]
from client.api.operations import read_traffic  # type: ignore[import-not-found]
from client.models import CloseIn, Format, ProgramIn, RunIn  # type: ignore[import-not-found]
from client.types import File  # type: ignore[import-not-found]

MONTH = "2025-01"
SERVICES = ("members", "metering", "billing", "governance")


def main(address: str, cookie: str, telegrams: Path) -> None:
    """Play the month."""
    person = Client(address, headers={"Cookie": cookie}, timeout=120)
    assert take(list_statutes.sync_detailed(client=person)).parsed[0].articles.rules
    deliveries = json.loads(telegrams.read_text())
    tokens = {name: let_in(person, name) for name in sorted({delivery["gateway"] for delivery in deliveries})}
    bookkeeping = ProgramIn(name="bookkeeping", scopes=["read:bills"])
    made = take(make_program.sync_detailed(client=person, body=bookkeeping)).parsed
    wait_for_facts(person)
    for number, delivery in enumerate(deliveries):
        gateway = AuthenticatedClient(address, token=tokens[delivery["gateway"]], timeout=120)
        deliver(gateway, delivery["format"], base64.b64decode(delivery["body"]), key=f"delivery-{number}")
    looked = take(close_period.sync_detailed(MONTH, client=person, body=CloseIn(dry_run=True))).parsed
    accepted = sorted({one.subject for one in looked.lacking})
    take(close_period.sync_detailed(MONTH, client=person, body=CloseIn(accept=accepted, reason="no quarter-hours yet")))
    wait_for_facts(person)
    wish = RunIn(issued_on=datetime.date(2025, 2, 6), period=MONTH)
    run = take(start_bill_run.sync_detailed(client=person, body=wish)).parsed
    if run.status == "held":
        take(release_bill_run.sync_detailed(run.run_id, client=person))
    wait_for_facts(person)
    program = AuthenticatedClient(address, token=made.token, timeout=120)
    for bill in read_bills(program):
        whole = take(get_bill.sync_detailed(bill.bill_id, client=program)).parsed
        verified = take(verify_bill.sync_detailed(bill.bill_id, client=program)).parsed
        assert verified.agrees
        print(whole.number, whole.total_cents)


def let_in(person: Any, name: str) -> str:
    """Let a gateway in, for every meter; returns its token."""
    program = ProgramIn(name=name, scopes=["write:readings"], gateway=name, meters="every")
    return str(take(make_program.sync_detailed(client=person, body=program)).parsed.token)


def deliver(gateway: Any, form: str, body: bytes, key: str) -> None:
    """Deliver a telegram, and once more as after an answer that did not come."""
    sent = {"client": gateway, "format_": Format(form), "idempotency_key": key}
    first = take(deliver_telegrams.sync_detailed(**sent, body=File(BytesIO(body))))
    again = take(deliver_telegrams.sync_detailed(**sent, body=File(BytesIO(body))))
    assert first.parsed == again.parsed
    assert first.parsed.accepted, (form, first.parsed)
    assert again.headers["idempotency-replayed"] == "true"


def take(answer: Any) -> Any:
    """The answer, which has to be a good one."""
    assert answer.status_code < 300, (answer.status_code, answer.content[:2000])
    return answer


def wait_for_facts(client: Any) -> None:
    """Return when every service has heard what the others told."""
    for _ in range(600):
        traffic = [take(read_traffic.sync_detailed(name, client=client)).parsed.to_dict() for name in SERVICES]
        if all(
            listener["heard"].get(fact, 0) >= count
            for teller in traffic
            for fact, count in teller["told"].items()
            for listener in traffic
            if fact in listener["hears"]
        ):
            return
        time.sleep(0.1)
    raise TimeoutError("facts are still on their way")


def read_bills(client: Any) -> list[Any]:
    """Every bill, two a page, by the header ``Link``."""
    bills: list[Any] = []
    cursor: str | None = None
    while True:
        answer = take(list_bills.sync_detailed(client=client, limit=2, **({"after": cursor} if cursor else {})))
        bills += answer.parsed
        following = re.search(r'after=([^&>]+)[^>]*>; rel="next"', answer.headers["link"])
        if following is None:
            return bills
        cursor = following[1]


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], Path(sys.argv[3]))
