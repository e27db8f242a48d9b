"""The statutes of a demonstration, put on file as any co-operative does it: entered by one, confirmed by another."""

from __future__ import annotations

from typing import Any

from coop.demo.agenda import DecisionRule, statutes
from coop.demo.doors import Doors
from coop.demo.plan import DemoPlan


def adopt_statutes(plan: DemoPlan, doors: Doors) -> None:
    """Keep the statutes in force: one person enters them, another confirms."""
    version = statutes(plan)
    ordinary = version.rules[0]
    articles = {
        "name": f"Statuten {version.version}",
        "rules": {rule.kind: _write_rule(rule) for rule in version.rules},
        "notices": {rule.kind: {"article": "art. 13 lid 2", "days": rule.notice_days} for rule in version.rules},
        "texts": {"statutes": {"article": "art. 21 lid 1", "days": 7}},
        "voters": {"article": "art. 12 lid 1"},
        "proxies": {"article": "art. 12 lid 4", "most_held": ordinary.proxies_per_holder},
        "advance": {"article": "art. 12 lid 6", "from_days": ordinary.advance_days},
        "call": {"article": "art. 13 lid 4", "share": {"num": 1, "den": 10}, "self_article": "art. 13 lid 5"},
        "election": {"article": "art. 14 lid 6", "steps": ["two highest"]},
    }
    body = {"valid_from": version.valid_from.isoformat(), "articles": articles}
    doors.confirm(doors.post("/governance/api/v1/statutes", body)["entry_id"])


def _write_rule(rule: DecisionRule) -> dict[str, Any]:
    """A rule of the statutes as the API takes it, with a second meeting that decides whoever is there."""
    majority = {"num": rule.majority[0], "den": rule.majority[1], "above": rule.strict}
    written: dict[str, Any] = {
        "article": rule.article,
        "majority": majority,
        "base": rule.base,
        "quorum": {
            "article": rule.quorum_article,
            "share": {"num": rule.quorum[0], "den": rule.quorum[1]},
            "of": "votes",
        },
    }
    if rule.second_meeting:
        written["second"] = {"article": rule.quorum_article, "majority": majority, "to_days": 42}
    return written
