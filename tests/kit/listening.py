"""An instance of the listening service as a process of its own: ``python -m tests.kit.listening URL BATCH_SIZE FIRST``.

It reads every fact of the teller, waits for a line, hears a first batch from the place ``FIRST`` on, waits for another
line, hears batch by batch what is left, round to ``FIRST`` again, and prints how many of each batch were new.
"""

from __future__ import annotations

import sys

from coop.kit import journal
from coop.kit.database import Database
from coop.kit.inbox import consume
from tests.kit.town import LISTENER


def main(url: str, batch_size: int, first: int) -> None:
    """Hear everything."""
    teller, listener = Database(url, "members"), Database(url, "billing")
    with teller.system_read() as sql:
        facts = journal.envelopes(sql, "members", 0)
    consumer = LISTENER.consumer(listener)
    in_order = [*facts[first:], *facts[:first]]
    print("ready", flush=True)
    for at in range(0, len(in_order), batch_size):
        if at in (0, batch_size):
            sys.stdin.readline()
        print(consume(consumer, in_order[at : at + batch_size], lambda failures: 0.01 * failures), flush=True)


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]), int(sys.argv[3]))
