"""Judgement of an allocation key: the whole of it is read, and every name is looked up."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

from coop.communities.allocation_keys import Key, read_end
from coop.values import BadInput, Problem, say


def judge_key(
    parameters: Mapping[str, Any], group: Collection[str] | None, connections: Collection[str]
) -> list[Problem]:
    """Find what is wrong with a key: with its terms, or with whom it names.

    >>> for problem in judge_key({"kind": "priority", "order": ["C1", "C9"]}, {"C1", "C2"}, {"C1", "C2", "C9"}):
    ...     print(problem)
    order: C9 does not share in the group
    order: C2 shares in the group and has no place in the key

    Args:
        parameters: The key as a resolution would adopt it.
        group: Connections that share in its group on the day from which it holds; None where there is no such group.
        connections: All connections that there are.
    """
    problems: list[Problem] = []
    if group is None:
        problems.append(
            Problem(say("there is no sharing group %(group)s", group=str(parameters.get("group_id", ""))), "group_id")
        )
    try:
        key = Key.read(parameters)
    except BadInput as bad:
        return [*problems, *bad.problems]
    try:
        read_end(parameters)
    except BadInput as bad:
        problems += bad.problems
    term = "order" if key.order else "weights"
    for name in sorted(key.participants):
        if name not in connections:
            problems.append(Problem(say("there is no connection %(connection)s", connection=name), term))
        elif group is not None and name not in group:
            problems.append(Problem(say("%(connection)s does not share in the group", connection=name), term))
    if key.participants and group is not None:
        problems += [
            Problem(say("%(connection)s shares in the group and has no place in the key", connection=name), term)
            for name in sorted(set(group) - key.participants)
        ]
    return problems
