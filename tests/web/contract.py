"""What a service's OpenAPI document says too little of."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from fastapi import APIRouter
from fastapi.testclient import TestClient

from coop import values
from coop.kit.contract import describe


def document_of(routers: Sequence[APIRouter]) -> dict[str, Any]:
    """The OpenAPI document of a service's routes."""
    return describe("coop", "1", routers, {}, "http://localhost", {})


def operations_of(document: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    """Each operation under its method and address."""
    for address, methods in document["paths"].items():
        for method, operation in methods.items():
            yield f"{method.upper()} {address}", operation


def untyped_answers(document: dict[str, Any]) -> list[str]:
    """Operations whose good answer is an empty schema, or an object of which nothing is said."""
    found = []
    for name, operation in operations_of(document):
        for content in operation["responses"]["200"].get("content", {}).values():
            if _is_untyped(content.get("schema", {})):
                found.append(name)
    return found


def silent_fields(document: dict[str, Any], *without: str) -> list[str]:
    """Fields of which the document does not say what they hold, but for those of the schemas ``without``."""
    skipped = {"ProblemEntry", *without}  # told in the words of its own description
    schemas = {name: schema for name, schema in document["components"]["schemas"].items() if name not in skipped}
    return [
        f"{name}.{field}"
        for name, schema in schemas.items()
        for field, described in schema.get("properties", {}).items()
        if "description" not in described and not _refers_to_described(described, document)
    ]


def _is_untyped(schema: dict[str, Any]) -> bool:
    if schema.get("type") == "array":
        return _is_untyped(schema["items"])
    return not schema.keys() & {"$ref", "anyOf", "oneOf", "properties"} and schema.get("type", "object") == "object"


def _refers_to_described(schema: dict[str, Any], document: dict[str, Any]) -> bool:
    references = [part.get("$ref") for part in (schema, schema.get("items", {}), *schema.get("anyOf", ()))]
    named = [document["components"]["schemas"][ref.rsplit("/", 1)[1]] for ref in references if ref]
    return any("description" in schema for schema in named)


def lists_without_pages(document: dict[str, Any]) -> list[str]:
    """Operations that answer an array, and have no parameters for its pages."""
    return [
        name
        for name, operation in operations_of(document)
        if name.startswith("GET") and _schema_of(operation).get("type") == "array"
        if not {"limit", "after"} <= {parameter["name"] for parameter in operation["parameters"]}
    ]


def unknown_codes(document: dict[str, Any], folder: Path) -> list[str]:
    """Codes of problems that operations call their own, and that nothing in the folder of their service raises."""
    sources = "".join(path.read_text() for path in (*folder.rglob("*.py"), Path(values.__file__)))
    raised = re.sub(r"@refuses\(.*?\)", "", sources, flags=re.DOTALL)
    return [
        f"{name}: {code}"
        for name, operation in operations_of(document)
        for named in re.findall("Problems of its own: (.*)", operation["description"])
        for code in re.findall("`(.*?)`", named)
        if f'"{code}"' not in raised
    ]


def _schema_of(operation: dict[str, Any]) -> dict[str, Any]:
    """The schema of what an operation answers as JSON; empty where it answers a file."""
    content = operation["responses"]["200"].get("content", {})
    schema: dict[str, Any] = content.get("application/json", {}).get("schema", {})
    return schema


def walk_pages(client: TestClient, address: str, limit: int) -> list[list[Any]]:
    """Every page of a list, by the links of its answers."""
    answer = client.get(address, params={"limit": limit})
    pages = [answer.json()]
    while "next" in answer.links:
        answer = client.get(answer.links["next"]["url"])
        answer.raise_for_status()
        pages.append(answer.json())
    return pages
