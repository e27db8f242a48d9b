"""Functions and modules stay small enough to be read in one go."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
FUNCTION_LINES_MAX = 70
MODULE_LINES_MAX = 400
WHOLE = {Path("coop/verification/athome.py"): 1600}
"""Modules that are one file by their purpose: a member takes home what checks a bill, and nothing beside it."""


def modules() -> Iterator[Path]:
    """Every module of the product but migrations, which Alembic writes."""
    for path in sorted((ROOT / "coop").rglob("*.py")):
        if not {"migrations", "versions"} & set(path.parts):
            yield path


def test_no_function_is_longer_than_seventy_lines() -> None:
    long = [
        f"{path.relative_to(ROOT)}:{node.lineno} {node.name}: {node.end_lineno - node.lineno + 1} lines"
        for path in modules()
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
        and node.end_lineno is not None
        and node.end_lineno - node.lineno + 1 > FUNCTION_LINES_MAX
    ]
    assert long == []


def test_no_module_is_longer_than_four_hundred_lines() -> None:
    long = [
        str(name)
        for name in (path.relative_to(ROOT) for path in modules())
        if len((ROOT / name).read_text().splitlines()) > WHOLE.get(name, MODULE_LINES_MAX)
    ]
    assert long == []
