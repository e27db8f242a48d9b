"""Metrics for Prometheus: counters of what this process did; the state of its parts is read when it is asked for.

A label is a service, a type, a route or an outcome, never a member, a meter or a co-operative.
"""

from __future__ import annotations

from prometheus_client import Counter, Histogram, disable_created_metrics

disable_created_metrics()  # type: ignore[no-untyped-call]  # the package has no types for it

FACTS_SEALED = Counter("coop_facts_sealed", "Facts sealed into the chain.", ["service", "type"])
FACTS_HEARD = Counter("coop_facts_heard", "Facts taken from other services, or parked.", ["service", "type", "outcome"])
LETTERS_PARKED = Counter("coop_letters_parked", "Messages that were refused and kept.", ["kind"])
MESSAGES_TRIED = Counter(
    "coop_messages_tried", "Tries to hand a message to its recipient.", ["service", "queue", "outcome"]
)
REQUEST_SECONDS = Histogram(
    "coop_request_seconds",
    "Time from a request to the end of its answer.",
    ["method", "route", "status"],
    buckets=(0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30),
)
