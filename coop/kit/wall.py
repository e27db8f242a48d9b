"""The wall between co-operatives: a statement of one's transaction that could touch another's rows does not run.

Every table of a service has a column ``community``. In a statement that runs for a community, each such table must be
held to it by an equality (``table.c.community == tx.community``), or by an equality to the column of a table that is,
and an inserted row must carry it; the bound values are compared at every execution. An equality counts in the SELECT
whose table it limits, and only where every row has to meet it: not inside OR, NOT, a column, or the half of an outer
join that it does not limit. No statement moves a row to another community, and SQL as text is not read, so refused. A
query that forgets is an error in the first test that runs it, not a leak. The shape of a statement is looked at once
per text and names, so the wall costs a look-up in a dictionary.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import chain
from typing import Any

from sqlalchemy import (
    BindParameter,
    ColumnElement,
    Delete,
    Engine,
    Insert,
    Select,
    Table,
    TableClause,
    TextClause,
    Update,
    event,
)
from sqlalchemy.dialects.postgresql.dml import OnConflictDoUpdate as PostgresUpsert
from sqlalchemy.dialects.sqlite.dml import OnConflictDoUpdate as SqliteUpsert
from sqlalchemy.sql import operators
from sqlalchemy.sql.elements import BinaryExpression, BooleanClauseList, Grouping
from sqlalchemy.sql.selectable import AliasedReturnsRows, FromClause, Join, Lateral

OPTION = "coop_community"
"""Execution option that names the community for which a statement runs."""


class ForgotCommunity(Exception):
    """A statement is not held to the community of its transaction: a bug."""


def guard(engine: Engine) -> None:
    """Hold every statement that an engine runs for a community to that community."""
    binds_by_text: dict[tuple[str, ...], tuple[str, ...]] = {}

    @event.listens_for(engine, "before_cursor_execute")
    def check(_sql: Any, _cursor: Any, text: str, _parameters: Any, context: Any, _many: bool) -> None:
        community = context.execution_options.get(OPTION)
        if community is None or context.compiled is None:
            return
        named = (text, *context.compiled.binds)  # the text has marks only: its values may go by other names
        binds = binds_by_text.get(named)
        if binds is None:
            binds = binds_by_text[named] = find_binds(context.compiled)
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
    statement, scope = compiled.statement, _Scope()
    scope.visit(statement, frozenset())
    names = [compiled.bind_names[bind] for bind in scope.binds]
    if isinstance(statement, Update) and _has_community(statement.table):
        if "community" in map(_name, (*(statement._values or ()), *(compiled.column_keys or ()))):
            names.append("community")
    elif isinstance(statement, Insert) and _has_community(statement.table):
        if statement.select is None:
            names.append("community")
        else:
            names += [compiled.bind_names[bind] for bind in _inserted_communities(statement)]
    return tuple(names)


class _Scope:
    """Walk through a statement: each SELECT is held by itself, and may lean on the rows of those around it."""

    def __init__(self) -> None:
        self.binds: set[BindParameter[Any]] = set()

    def visit(self, element: Any, around: frozenset[str]) -> None:
        """Hold an element and all within it; ``around`` names the tables of the SELECTs that it stands in."""
        if isinstance(element, TextClause) or (type(element) is TableClause):
            raise ForgotCommunity(f"nothing shows the communities of: {element}")
        parts: list[Any] = list(element.get_children())
        if isinstance(element, Select):
            sources = element.get_final_froms()
            parts += sources
            around |= self._hold(element, sources, element._where_criteria, _lent(element, sources, around))
        elif isinstance(element, Update | Delete):
            values = (getattr(element, "_values", None) or {}).values()
            spoken_of = [part._from_objects for part in (*element._where_criteria, *values)]
            named = {_name(source): source for source in (element.table, *chain.from_iterable(spoken_of))}
            around |= self._hold(element, named.values(), element._where_criteria, frozenset())
        elif isinstance(element, Insert) and element._post_values_clause is not None:
            self._hold_upsert(element, element._post_values_clause)
        elif isinstance(element, AliasedReturnsRows) and not isinstance(element, Lateral):
            around = frozenset()
        for part in parts:
            self.visit(part, around)

    def _hold(
        self, statement: Any, sources: Iterable[FromClause], criteria: Iterable[Any], lent: frozenset[str]
    ) -> frozenset[str]:
        """Names of the tables of a statement, which are all held.

        Raises:
            ForgotCommunity: one is not.
        """
        leaves = [leaf for source in sources for leaf in _leaves(source)]
        needed = {_name(leaf) for leaf in leaves if _has_community(leaf)} - lent
        # Rows of a subquery are held where it is visited itself.
        held = {_name(leaf) for leaf in leaves if not _has_community(leaf)} | lent
        leads: list[tuple[str, str]] = []
        for condition, limited in _conditions(sources, criteria):
            for column, other in ((condition.left, condition.right), (condition.right, condition.left)):
                name = _table(column)
                if not name or (limited is not None and name not in limited):
                    continue
                if isinstance(other, BindParameter):
                    self.binds.add(other)
                    held.add(name)
                elif _table(other):
                    leads.append((_table(other), name))
        while reached := {to for lead, to in leads if lead in held} - held:
            held |= reached
        if forgotten := sorted(needed - held):
            raise ForgotCommunity(f"{', '.join(forgotten)} is not held to a community in: {statement}")
        return frozenset(needed | lent)

    def _hold_upsert(self, statement: Insert, clause: Any) -> None:
        """Hold the row that an insert meets: it is of the community when its key has it.

        Raises:
            ForgotCommunity: it may be another's.
        """
        if not isinstance(clause, PostgresUpsert | SqliteUpsert) or not _has_community(statement.table):
            return
        key = map(_name, clause.inferred_target_elements or ())
        if "community" not in key or "community" in map(_name, dict(clause.update_values_to_set)):
            raise ForgotCommunity(f"a row of another community may be met in: {statement}")


def _lent(select: Select[Any], sources: Sequence[FromClause], around: frozenset[str]) -> frozenset[str]:
    """Names of the surrounding tables that a SELECT speaks of instead of reading them anew."""
    alone = len(sources) == 1 and not select._correlate
    return frozenset() if alone else around


def _conditions(
    sources: Iterable[FromClause], criteria: Iterable[Any]
) -> Iterator[tuple[BinaryExpression[Any], set[str] | None]]:
    """Equalities that every row has to meet, with the names of the only tables that they limit, or None for all."""
    for part in criteria:
        for equality in _equalities(part):
            yield equality, None
    for source in sources:
        yield from _joined(source)


def _joined(source: FromClause) -> Iterator[tuple[BinaryExpression[Any], set[str] | None]]:
    if isinstance(source, Join):
        right = {_name(leaf) for leaf in _leaves(source.right)}
        limited = set() if source.full else right if source.isouter else None
        if source.onclause is not None:
            for equality in _equalities(source.onclause):
                yield equality, limited
        yield from _joined(source.left)
        yield from _joined(source.right)


def _equalities(condition: Any) -> Iterator[BinaryExpression[Any]]:
    """Equalities that a condition demands: itself, or the parts of an AND."""
    if isinstance(condition, Grouping):
        yield from _equalities(condition.element)
    elif isinstance(condition, BooleanClauseList) and condition.operator is operators.and_:
        for part in condition.clauses:
            yield from _equalities(part)
    elif isinstance(condition, BinaryExpression) and condition.operator is operators.eq:
        yield condition


def _inserted_communities(statement: Insert) -> list[BindParameter[Any]]:
    """Bound communities of the rows that are inserted from a SELECT; a column of a held table needs none.

    Raises:
        ForgotCommunity: the community of the rows is neither.
    """
    names = [_name(column) for column in statement._select_names or ()]
    columns: list[ColumnElement[Any]] = list(getattr(statement.select, "selected_columns", ()))
    column: Any = columns[names.index("community")] if "community" in names else None
    column = getattr(column, "element", column)
    if isinstance(column, BindParameter):
        return [column]
    if column is None or not _table(column):
        raise ForgotCommunity(f"the rows carry no community in: {statement}")
    return []


def _table(column: Any) -> str:
    """Name of the table of a column ``community``; empty for anything else."""
    table = getattr(column, "table", None) if getattr(column, "name", "") == "community" else None
    return str(table.name) if table is not None and hasattr(table, "name") else ""


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


def _name(part: Any) -> str:
    """Name of a table or a column, or of what is given by its name."""
    return part if isinstance(part, str) else str(getattr(part, "name", ""))
