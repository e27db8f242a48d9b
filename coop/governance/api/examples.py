"""Bodies that the document for programs shows of governance."""

from __future__ import annotations

from typing import Any, Final

STATUTES: Final[dict[str, Any]] = {
    "valid_from": "2027-01-01",
    "deed_on": "2026-12-15",
    "articles": {
        "name": "Deed of 2026",
        "rules": {"ordinary": {"article": "art. 14.2", "majority": {"num": 1, "den": 2}}},
        "notices": {"ordinary": {"article": "art. 14.3", "days": 7}},
    },
}
MEETING: Final[dict[str, Any]] = {
    "meeting_id": "alv-2026-1",
    "held_on": "2026-06-11",
    "place": "Het Dorpshuis",
    "begins_at": "20:00",
    "resolutions": [
        {
            "resolution_id": "alv-2026-1-1",
            "kind": "ordinary",
            "subject_nl": "Jaarrekening 2025",
            "subject_en": "Annual accounts of 2025",
        }
    ],
}
WITHDRAWAL: Final[dict[str, Any]] = {"reason": "the hall is flooded", "held_on": "2026-06-25", "begins_at": "20:00"}
STOP: Final[dict[str, Any]] = {"manner": "annulled", "ruled_on": "2027-05-03", "paper": "ruling C/13/700123"}
CHALLENGE: Final[dict[str, Any]] = {"number": "A-12", "paper": "said in the room at 21:10"}
REQUEST: Final[dict[str, Any]] = {"number": "A-12", "paper": "letter of 2 July, in the folder of the meeting"}
MOTION: Final[dict[str, Any]] = {
    "manner": "amendment",
    "subject_nl": "Een jaar later",
    "subject_en": "A year later",
    "parameters": {},
}
ROOM_MOTION: Final[dict[str, Any]] = {**MOTION, "numbers": ["A-12", "A-30"], "paper": "sheet handed to the chair"}
JOIN: Final[dict[str, Any]] = {"motion_id": "motion-1"}
ORDER: Final[dict[str, Any]] = {"amendments": ["amendment-2", "amendment-1"], "paper": "said by the chair at 20:40"}
MOTIONS: Final[dict[str, Any]] = {
    "resolution_id": "alv-2026-1-1",
    "article": "19.4",
    "last_day": "2026-06-13",
    "at_meeting": False,
    "ahead": "lapse",
    "is_open": True,
    "motions": [],
}
ELECTION_BALLOT: Final[dict[str, Any]] = {"number": 1, "choices": ["member-12"], "ballot_id": "ballot-1"}
ELECTION_OPEN: Final[dict[str, Any]] = {"on_paper": False}
ELECTION_COUNT: Final[dict[str, Any]] = {"number": 1}
ELECTION_SHEET: Final[dict[str, Any]] = {
    "number": 1,
    "votes": [{"name": "member-12", "votes": 14}, {"name": "member-30", "votes": 9}],
    "valid": 23,
    "blank": 1,
    "paper": "sheet of the polling committee",
}
ELECTION_LOT: Final[dict[str, Any]] = {"number": 2, "drawn": ["member-12"], "paper": "drawn from a hat by the chair"}
ELECTION: Final[dict[str, Any]] = {
    "resolution_id": "alv-2026-1-2",
    "meeting_id": "alv-2026-1",
    "office": "board",
    "seats": 1,
    "begins_on": "2027-01-01",
    "ends_on": "2030-01-01",
    "candidates": [
        {"name": "member-12", "members": ["member-12"], "nominated": False},
        {"name": "member-30", "members": ["member-30"], "nominated": False},
    ],
    "is_withdrawn": False,
    "open_vote": {
        "number": 2,
        "kind": "round",
        "options": ["member-12", "member-30"],
        "names_most": 1,
        "on_paper": False,
        "secret": False,
        "counts_from": "2026-12-14T18:00:00Z",
    },
    "own": {"choices": ["member-12"], "by_holder": False, "mandates": 1},
    "next_options": [],
    "draw": {"among": ["member-12", "member-30"], "picks": 1, "does": "elects"},
    "rounds": [
        {
            "number": 1,
            "kind": "round",
            "votes": [{"name": "member-12", "votes": 10}, {"name": "member-30", "votes": 10}],
            "valid": 20,
            "blank": 1,
            "invalid": 0,
            "entitled": 60,
            "word": "next round",
            "article": "art. 19 lid 3",
            "drawn": [],
            "entry_id": "papers-1",
        }
    ],
    "elected": [],
    "is_over": False,
    "decided_on": "2026-12-14",
}
MINUTES: Final[dict[str, Any]] = {
    "chair": "Noor de Wit",
    "secretary": "Bram Vos",
    "points": [{"resolution_id": "alv-2026-1-1", "considerations": "The auditor had no remarks."}],
}
PAST_MEETING: Final[dict[str, Any]] = {
    "meeting_id": "alv-2023-1",
    "held_on": "2023-06-08",
    "convened_on": "2023-05-25",
    "paper": "minutes of 8 June 2023",
    "resolutions": [
        {
            "resolution_id": "alv-2023-1-1",
            "kind": "ordinary",
            "subject_nl": "Jaarrekening 2022",
            "subject_en": "Annual accounts of 2022",
            "count": {"votes_for": 31, "votes_against": 2, "votes_entitled": 60},
        }
    ],
}
VOTES: Final[dict[str, Any]] = {
    "resolution_id": "alv-2026-1-1",
    "paper": "room",
    "ballots": [{"member_id": "b7e4a2d0-57a6-5a0f-9a51-6e1b4a0f5c22", "choice": "for"}],
}
ATTENDANCE: Final[dict[str, Any]] = {
    "member_id": "b7e4a2d0-57a6-5a0f-9a51-6e1b4a0f5c22",
    "manner": "room",
    "change": "came",
}
OWN_ATTENDANCE: Final[dict[str, Any]] = {"change": "came"}
ATTENDANCE_LIST: Final[dict[str, Any]] = {
    "paper": "list of signatures, 2 sheets",
    "members": [{"member_id": "b7e4a2d0-57a6-5a0f-9a51-6e1b4a0f5c22"}],
}
SUSPENSION: Final[dict[str, Any]] = {
    "member_id": "b7e4a2d0-57a6-5a0f-9a51-6e1b4a0f5c22",
    "from_on": "2026-02-01",
    "months": 3,
    "paper": "minutes of the board of 1 February 2026, point 4",
}
LIFTING: Final[dict[str, Any]] = {"paper": "minutes of the board of 1 March 2026, point 2"}
MANDATE: Final[dict[str, Any]] = {"holder": "b7e4a2d0-57a6-5a0f-9a51-6e1b4a0f5c22"}
OWN_VOTE: Final[dict[str, Any]] = {"choice": "for", "ballot_id": "6f1c2a34-9b0e-4a8e-8a59-0c3a57c00b11"}
MANDATE_VOTE: Final[dict[str, Any]] = {
    "choice": "split",
    "votes_for": 3,
    "votes_against": 2,
    "member_id": "b7e4a2d0-57a6-5a0f-9a51-6e1b4a0f5c22",
    "ballot_id": "6f1c2a34-9b0e-4a8e-8a59-0c3a57c00b12",
}
CLOSE: Final[dict[str, Any]] = {"entitled_members": 120}
WORDS: Final[dict[str, Any]] = {
    "paper": "letter of the federation of 3 June 2026",
    "words": [{"resolution_id": "alv-2026-1-1", "speaker": "body", "says": "consents"}],
}
PROGRAMME: Final[dict[str, Any]] = {
    "programme_id": "heat-2026",
    "name": "Heat network",
    "phases": [
        {
            "phase_id": "p1",
            "name_nl": "Ontwerp",
            "name_en": "Design",
            "budget_cents": 5000000,
            "milestones": [
                {
                    "milestone_id": "m1",
                    "name_nl": "Ontwerp af",
                    "name_en": "Design done",
                    "budget_cents": 5000000,
                    "deadline": "2027-03-01",
                    "evidence": ["design"],
                }
            ],
        }
    ],
    "tranches": [{"tranche_id": "t1", "milestone_id": "m1", "financier": "municipality", "amount_cents": 5000000}],
}
