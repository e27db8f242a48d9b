"""A decision that a service cannot take: the meeting hears of it, by the bus and not by a telephone call."""

from __future__ import annotations

import time

from coop.demo.doors import Doors

ARTICLES = {
    "name": "2022",
    "rules": {"ordinary": {"article": "art. 14", "majority": {"num": 1, "den": 2, "above": True}}},
    "notices": {"ordinary": {"article": "art. 13", "days": 7}},
}
KEY = {
    "valid_from": "2025-01-01",
    "kind": "static",
    "group_id": "roof",
    "weights": {"nobody": 1_000_000},
}


def test_a_key_that_metering_refuses_stands_with_its_reason_at_the_resolution(doors: Doors) -> None:
    doors.post("/members/api/v1/imports/members", content=b"number;kind;name;joined_on\n001;owner;Lid;2022-06-01\n")
    doors.settled()
    statutes = {"valid_from": "2022-06-01", "articles": ARTICLES}
    doors.confirm(doors.post("/governance/api/v1/statutes", statutes)["entry_id"])
    point = {
        "resolution_id": "K",
        "kind": "allocation-key",
        "subject_nl": "Zon",
        "subject_en": "Sun",
        "parameters": KEY,
        "count": {"votes_for": 1, "votes_against": 0, "votes_entitled": 1},
    }
    meeting = {"meeting_id": "ALV", "held_on": "2024-11-21", "convened_on": "2024-11-06", "resolutions": [point]}
    doors.confirm(doors.post("/governance/api/v1/meetings/past", {**meeting, "paper": "Minutes"})["entry_id"])
    until = time.monotonic() + 20
    while (answer := doors.get("/governance/api/v1/resolutions/K"))["refused"] is None and time.monotonic() < until:
        time.sleep(0.1)
    assert answer["verdict"] == "adopted"
    assert (answer["refused"]["service"], answer["refused"]["code"]) == ("metering", "allocation-key")
    assert "nobody" in answer["refused"]["reason"]
