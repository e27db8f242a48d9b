"""Words of programs as their pages write them."""

from __future__ import annotations

from coop.web.language import N_

SCOPES = {
    "read:members": N_("see the register of members"),
    "write:members": N_("import members and contracts"),
    "read:readings": N_("see meters, readings and periods"),
    "write:readings": N_("deliver readings, as a gateway"),
    "read:bills": N_("see all bills, runs and the ledger"),
    "write:bills": N_("run bills and record figures; people release what brakes hold"),
    "read:votes": N_("see decisions and programmes"),
    "read:feed": N_("follow the feed of decisions and milestones"),
    "read:operations": N_("see how the installation runs"),
}

STATES = {"open": N_("works"), "ended": N_("ended"), "expired": N_("expired")}

EXAMPLES = {
    "write:readings": "--data-binary @telegram.txt {url}/metering/api/v1/deliveries?format=p1",
    "read:bills": "{url}/billing/api/v1/bills",
    "read:readings": "{url}/metering/api/v1/meters",
    "read:members": "{url}/members/api/v1/members",
    "read:feed": "{url}/governance/feed.json",
    "read:votes": "{url}/governance/api/v1/meetings",
    "read:operations": "{url}/metering/api/v1/traffic",
    "write:bills": "-X POST {url}/billing/api/v1/runs",
    "write:members": "--data-binary @members.csv {url}/members/api/v1/imports/members",
}
"""The end of a curl command that shows a token with this scope to work; the first that a token has is shown."""


def show_example(scopes: tuple[str, ...], token: str, url: str) -> str:
    """A curl command that comes in with a token.

    >>> show_example(("read:bills",), "coop_1_2", "https://x.example")
    "curl -H 'Authorization: Bearer coop_1_2' 'https://x.example/billing/api/v1/bills'"
    """
    options, _, address = next(EXAMPLES[scope] for scope in EXAMPLES if scope in scopes).rpartition(" ")
    parts = ["curl", f"-H 'Authorization: Bearer {token}'", *([options] if options else []), f"'{address}'"]
    return " ".join(parts).format(url=url)
