"""The only words that services share: one module per service, frozen, versioned.

A fact is told once, in the past tense, by the service that owns the truth. It carries ids and figures, never names,
addresses, bank accounts or ballots, so that a person can be erased while the chain stays whole. Within a version only
optional additions are allowed; ``coop/events/examples`` holds one frozen example per type and version that today's
code must always be able to read.
"""

from coop.events.envelope import SERVICES, Envelope, Event, UnknownEvent, event_classes, read_event

__all__ = ["SERVICES", "Envelope", "Event", "UnknownEvent", "event_classes", "read_event"]
