"""Freeze what the contract promises today, on purpose: ``python -m tests.contract.freeze``; prints what that breaks.

Within a version only additions are frozen (docs/decisions/0024-what-programs-may-count-on.md). What breaks something
belongs in the next version, beside this one, unless no release has promised it yet.
"""

from __future__ import annotations

import json
from pathlib import Path

from coop.kit.guard import CONTRACT_VERSION
from coop.operator.asyncapi import asyncapi
from coop.operator.pages import openapi_document
from coop.operator.services import SERVICES
from tests.contract.promise import broken_asyncapi, broken_openapi, promised
from tests.contract.shapes import Json

PROMISED = Path(__file__).parent / "promised"
OPENAPI = PROMISED / f"openapi-v{CONTRACT_VERSION}.json"
ASYNCAPI = PROMISED / f"asyncapi-v{CONTRACT_VERSION}.json"


def today() -> dict[Path, Json]:
    """What the documents promise by today's code, and the file of each."""
    documents = {OPENAPI: openapi_document(), ASYNCAPI: asyncapi(SERVICES)}
    return {file: promised(json.loads(json.dumps(document))) for file, document in documents.items()}


def broken() -> list[str]:
    """What today's code breaks of the promise that is on file."""
    now = today()
    return [
        *broken_openapi(json.loads(OPENAPI.read_text()), now[OPENAPI]),
        *broken_asyncapi(json.loads(ASYNCAPI.read_text()), now[ASYNCAPI]),
    ]


def freeze() -> None:
    """Write the files anew."""
    for file, document in today().items():
        file.write_text(json.dumps(document, indent=1, sort_keys=True, ensure_ascii=False) + "\n")


if __name__ == "__main__":
    if OPENAPI.exists():
        print("\n".join(broken()) or "Nothing that was promised is broken.")
    freeze()
