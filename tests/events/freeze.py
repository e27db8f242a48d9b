"""Freeze the ids of the examples that have none yet: ``python -m tests.events.freeze``. A frozen id never changes."""

from __future__ import annotations

import json
from pathlib import Path

from coop.events import event_classes
from coop.events.examples import COMMUNITY, EXAMPLES

IDS = Path(__file__).parent / "ids.json"


def fact_id_of(type_: str) -> str:
    """Id of the frozen example of a type, as today's code reckons it."""
    event = event_classes()[type_].model_validate_json((EXAMPLES / f"{type_}.json").read_bytes())
    return event.fact_id(COMMUNITY)


def freeze() -> dict[str, str]:
    """Add the ids of new examples to the file; returns all."""
    frozen: dict[str, str] = json.loads(IDS.read_text()) if IDS.exists() else {}
    new = {path.stem: fact_id_of(path.stem) for path in sorted(EXAMPLES.glob("*.json")) if path.stem not in frozen}
    IDS.write_text(json.dumps(dict(sorted({**frozen, **new}.items())), indent=2) + "\n")
    return {**frozen, **new}


if __name__ == "__main__":
    print(f"{len(freeze())} ids are frozen")
