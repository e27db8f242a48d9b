"""The wall between co-operatives: a statement of one's transaction that could touch another's rows does not run.

Every table of a service has a column ``community``. In a statement that runs for a community, each such table must be
held to it by an equality (``table.c.community == tx.community``), or by an equality to the column of a table that is,
and an inserted row must carry it; the bound values are compared at every execution. A query that forgets is an error in
the first test that runs it, not a leak. The shape of a statement is looked at once per text, so the wall costs a
look-up in a dictionary.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from sqlalchemy import BindParameter, Delete, Engine, Insert, Select, Table, Update, event
from sqlalchemy.sql import operators, visitors
from sqlalchemy.sql.elements import BinaryExpression
from sqlalchemy.sql.selectable import AliasedReturnsRows, FromClause, Join

OPTION = "coop_community"
"""Execution option that names the community for which a statement runs."""


class ForgotCommunity(Exception):
    """A statement is not held to the community of its transaction: a bug."""


def guard(engine: Engine) -> None:
    """Hold every statement that an engine runs for a community to that community."""
    binds_by_text: dict[str, tuple[str, ...]] = {}

    @event.listens_for(engine, "before_cursor_execute")
    def check(_sql: Any, _cursor: Any, text: str, _parameters: Any, context: Any, _many: bool) -> None:
        community = context.execution_options.get(OPTION)
        if community is None or context.compiled is None:
            return
        binds = binds_by_text.get(text)
        if binds is None:
            binds = binds_by_text[text] = find_binds(context.compiled)
        check_values(binds, context.compiled_parameters, community, text)


def check_values(binds: Sequence[str], rows: Sequence[Mapping[str, Any]], community: str, text: str) -> None:
    """Compare every bound community with that of the transaction.

    Raises:
        ForgotCommunity: one is another's.
    """
    for row in rows:
        for bind in binds:
            if row.get(bind) != community:
                raise ForgotCommunity(f"{row.get(bind)!r} is not {community!r} in: {text}")


def find_binds(compiled: Any) -> tuple[str, ...]:
    """Names of the bound parameters that hold a compiled statement to a community.

    Raises:
        ForgotCommunity: a table in it is held to none.
    """
    statement = compiled.statement
    binds: dict[BindParameter[Any], str] = {}
    equals: list[tuple[str, str]] = []
    for element in visitors.iterate(statement):
        if isinstance(element, BinaryExpression) and element.operator is operators.eq:
            _note_equality(element, binds, equals)
    held = set(binds.values())
    while reached := {b for a, b in (*equals, *((b, a) for a, b in equals)) if a in held} - held:
        held |= reached
    needed: set[str] = set()
    names = [compiled.bind_names[bind] for bind in binds]
    if isinstance(statement, Insert):
        if statement.select is not None:
            needed = _tables_of(statement.select)
        elif _has_community(statement.table):
            names.append("community")
    else:
        needed = _tables_of(statement)
    if forgotten := sorted(needed - held):
        raise ForgotCommunity(f"{', '.join(forgotten)} is not held to a community in: {statement}")
    return tuple(names)


def _note_equality(
    element: BinaryExpression[Any], binds: dict[BindParameter[Any], str], equals: list[tuple[str, str]]
) -> None:
    sides = element.left, element.right
    columns = [side for side in sides if getattr(side, "name", "") == "community" and _table(side)]
    if len(columns) == 2:
        equals.append((_table(columns[0]), _table(columns[1])))
    elif len(columns) == 1:
        other = element.right if columns[0] is element.left else element.left
        if isinstance(other, BindParameter):
            binds[other] = _table(columns[0])


def _table(column: Any) -> str:
    table = getattr(column, "table", None)
    return str(table.name) if table is not None and hasattr(table, "name") else ""


def _tables_of(statement: Any) -> set[str]:
    """Names of the tables and aliases in a statement whose rows belong to a community."""
    needed: set[str] = set()
    for element in visitors.iterate(statement):
        if isinstance(element, Select):
            for source in element.get_final_froms():
                needed |= {_name(leaf) for leaf in _leaves(source) if _has_community(leaf)}
        elif isinstance(element, Update | Delete) and _has_community(element.table):
            needed.add(_name(element.table))
    return needed


def _leaves(source: FromClause) -> Iterator[FromClause]:
    if isinstance(source, Join):
        yield from _leaves(source.left)
        yield from _leaves(source.right)
    else:
        yield source


def _has_community(source: Any) -> bool:
    if isinstance(source, AliasedReturnsRows):
        return isinstance(source.element, Table) and "community" in source.element.c
    return isinstance(source, Table) and "community" in source.c


def _name(source: Any) -> str:
    return str(source.name)
