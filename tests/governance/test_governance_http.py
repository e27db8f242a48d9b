"""The JSON API: a life of a co-operative sent by a program, refusals with line and reason, and who may do what."""

from __future__ import annotations

import hashlib
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from fastapi.testclient import TestClient

from coop.kit.database import Database
from coop.values import hash_parameters
from tests.desk import SECRETARY, sign_in
from tests.governance.assembly import (
    BUILD,
    KEY,
    TARIFF,
    TOWN,
    admit,
    client,
    clock_of,
    confirm_over_http,
    live,
    members,
    share,
    sit_down,
)

STATUTES: dict[str, Any] = {
    "valid_from": "2020-01-01",
    "articles": {
        "name": "Deed of 2020",
        "rules": {
            "ordinary": {
                "article": "art. 14.2",
                "majority": {"num": 2, "den": 3},
                "quorum": {"article": "art. 14.1", "share": {"num": 1, "den": 4}, "of": "votes"},
            }
        },
        "notices": {"ordinary": {"article": "art. 14.2", "days": 7}},
        "proxies": {"article": "art. 16", "most_held": 2},
        "advance": {"article": "art. 17"},
    },
}
ARTICLES: dict[str, Any] = STATUTES["articles"]
PROGRAMME: dict[str, Any] = {
    "programme_id": "wg-heat",
    "name": "WG heat",
    "phases": [
        {
            "phase_id": "wg-1",
            "name_nl": "Bron",
            "name_en": "Source",
            "budget_cents": 500_000_000,
            "milestones": [
                {
                    "milestone_id": f"m{number}",
                    "name_nl": f"Mijlpaal {number}",
                    "name_en": f"Milestone {number}",
                    "budget_cents": 100_000_000,
                    "margin_per_mille": 50,
                    "deadline": "2026-12-31",
                    "evidence": ["permit"],
                }
                for number in range(1, 5)
            ],
        }
    ],
    "grants": [
        {
            "financier": "Municipality",
            "amount_cents": 770_000_000,
            "tranches": [
                {"tranche_id": f"t{number}", "milestone_id": f"m{number}", "share": share}
                for number, share in enumerate((40, 30, 20, 10), start=1)
            ],
        }
    ],
}
POINTS: list[dict[str, Any]] = [
    {"resolution_id": name, "kind": kind, "subject_nl": name, "subject_en": name, "parameters": parameters}
    for name, kind, parameters in (
        ("tariff", "tariff", TARIFF),
        ("key", "allocation-key", KEY),
        ("build", "realisation", BUILD),
    )
]
MEETING: dict[str, Any] = {
    "meeting_id": "alv-1",
    "held_on": "2026-06-24",
    "convened_on": "2026-05-20",
    "begins_at": "10:00",
    "resolutions": POINTS,
}
AGES = {"new": 0, "state": "", "released": True}
"""What an answer says of before and after."""

PERMIT = b"%PDF-1.7 permit Z/2026/1"
EVIDENCE = [{"name": "permit", "reference": "Z/2026/1", "sha256": hashlib.sha256(PERMIT).hexdigest()}]


@pytest.fixture
def board(embedded: Database, tmp_path: Path) -> TestClient:
    with embedded.write(TOWN, SECRETARY) as tx:
        admit(tx, *members(4))
        share(tx, "roofs")
    desk = client(embedded, tmp_path, "board")
    set_time(desk, 2026, 5, 20)
    return desk


def set_time(desk: TestClient, *day: int) -> None:
    clock_of(desk).set(datetime(*day, 18, tzinfo=UTC))  # type: ignore[arg-type,misc]
    sit_down(desk, "account-1", "board")


def adopt(desk: TestClient, version: dict[str, Any] = STATUTES) -> dict[str, Any]:
    entered = post(desk, "statutes", version)
    confirm_over_http(desk, entered["entry_id"])
    return entered


def votes(resolution_id: str, **change: Any) -> dict[str, Any]:
    ballots = [{"member_id": member, "choice": "for", "cast_on": "2026-06-24", **change} for member in members(4)]
    return {"resolution_id": resolution_id, "paper": "room", "ballots": ballots}


def post(client: TestClient, path: str, body: dict[str, Any], status: int = 200) -> dict[str, Any]:
    answer = client.post(f"/governance/api/v1/{path}", json=body)
    assert answer.status_code == status, answer.text
    return dict(answer.json())


def hand_in(client: TestClient, name: str, body: bytes) -> str:
    head = {"content-type": "application/pdf"}
    answer = client.post("/governance/api/v1/evidence", params={"name": name}, content=body, headers=head)
    assert answer.status_code == 200, answer.text
    return str(answer.json()["sha256"])


def live_over_http(board: TestClient) -> list[dict[str, Any]]:
    answers = [adopt(board), post(board, "programmes", PROGRAMME), post(board, "meetings", MEETING)]
    set_time(board, 2026, 6, 24)
    for name in ("tariff", "key", "build"):
        answers.append(post(board, "meetings/alv-1/votes", votes(name)))
        confirm_over_http(board, answers[-1]["entry_id"])
    answers.append(post(board, "meetings/alv-1/close", {"closed_on": "2026-06-24", "entitled_members": 4}))
    set_time(board, 2027, 9, 1)
    hand_in(board, "permit.pdf", PERMIT)
    answers += [
        *(
            post(board, f"milestones/{name}/reports", {"reached_on": day, "cost_cents": 1, "evidence": EVIDENCE})
            for name, day in (("m1", "2026-11-01"), ("m2", "2027-01-01"))
        ),
    ]
    steered = {"decision": "release", "decided_on": "2027-02-01", "reason": "The work is done."}
    seat = {"from_on": "2027-01-01", "paper": "a letter"}
    confirm_over_http(board, post(board, "steering/seats", seat)["entry_id"])
    sign_in(board, "partner", account_id="account-2")
    taken = post(board, "steering/seats", seat | {"organisation": "Water board"})
    sign_in(board, "board")
    post(board, f"entries/{taken['entry_id']}/confirm", {})
    sign_in(board, "partner", account_id="account-2")
    answers += [post(board, f"reports/{answer['report_id']}/confirm", {}) for answer in answers[-2:]]
    answers.append(post(board, "tranches/t2/decide", steered))
    sign_in(board, "board")
    return [*answers, post(board, "tranches/t2/decide", steered)]


def test_a_program_can_live_a_whole_life_and_every_command_can_be_sent_again(board: TestClient) -> None:
    first = live_over_http(board)
    state = board.get("/governance/api/v1/state").json()
    again = live_over_http(board)
    assert board.get("/governance/api/v1/state").json() == state
    assert [answer | AGES for answer in again] == [answer | AGES for answer in first]
    assert first[1]["tranches"] == {"t1": 308_000_000, "t2": 231_000_000, "t3": 154_000_000, "t4": 77_000_000}
    assert first[2]["resolutions"][0] == {"resolution_id": "tariff", "notice_hash": hash_parameters(TARIFF)}
    assert [one["verdict"] for one in first[6]["resolutions"]] == ["adopted"] * 3
    assert [answer["state"] for answer in (first[7], again[7])] == ["waiting", "confirmed"]
    assert first[9]["tranches"] == {"t1": "released"}
    assert first[10]["tranches"] == {"t2": "referred"}
    assert [answer["released"] for answer in (first[11], first[12])] == [False, True]
    assert state["tranches"]["t2"]["released_on"] == "2027-02-01"


def test_meetings_and_programmes_are_listed_page_by_page(board: TestClient) -> None:
    live_over_http(board)
    post(
        board,
        "meetings",
        MEETING
        | {
            "meeting_id": "alv-2",
            "held_on": "2027-09-24",
            "convened_on": None,
            "resolutions": [POINTS[0] | {"resolution_id": "other", "kind": "other", "parameters": {}}],
        },
    )
    first = board.get("/governance/api/v1/meetings?limit=1")
    assert [meeting["meeting_id"] for meeting in first.json()] == ["alv-2"]
    (second,) = board.get(first.links["next"]["url"]).json()
    assert [point["resolution_id"] for point in second["resolutions"]] == ["tariff", "key", "build"]
    (programme,) = board.get("/governance/api/v1/programmes").json()
    assert programme["tranches"][0]["amount_cents"] == 308_000_000


def test_a_resolution_is_read_with_its_parameters_verdict_and_hashes(board: TestClient) -> None:
    live_over_http(board)
    record = board.get("/governance/api/v1/resolutions/tariff").json()
    assert record["parameters"] == TARIFF
    assert record["notice_hash"] == record["adopted_hash"] == record["parameters_hash"] == hash_parameters(TARIFF)
    assert (record["verdict"], record["article"]) == ("adopted", "art. 14.2")
    assert record["count"]["votes_for"] == 4


def test_every_bad_ballot_is_answered_with_its_line_and_nothing_is_half_done(board: TestClient) -> None:
    adopt(board)
    post(board, "programmes", PROGRAMME)
    post(board, "meetings", MEETING)
    set_time(board, 2026, 6, 24)
    batch = votes("tariff")
    batch["ballots"][1]["choice"] = "maybe"
    batch["ballots"][3] = {"member_id": "stranger", "choice": "for", "cast_on": "2026-05-24"}
    answer = post(board, "meetings/alv-1/votes", batch, 422)
    assert [(problem["line"], problem["field"]) for problem in answer["problems"]] == [
        (2, "choice"),
        (4, "member_id"),
        (4, "cast_on"),
    ]
    assert "from 25 May 2026, not on 24 May 2026" in answer["detail"]
    closed = post(board, "meetings/alv-1/close", {"closed_on": "2026-06-24"})
    assert closed["resolutions"][0]["count"]["votes_present"] == 0


def test_changing_a_parameter_after_the_notice_is_refused_with_409(board: TestClient) -> None:
    live_over_http(board)
    [tariff, *others] = POINTS
    changed = MEETING | {"resolutions": [tariff | {"parameters": TARIFF | {"valid_from": "2027-02-01"}}, *others]}
    assert post(board, "meetings", changed, 409)["code"] == "notice-fixed"


def test_a_late_notice_is_refused_with_article_and_last_date(board: TestClient) -> None:
    adopt(board)
    post(board, "programmes", PROGRAMME)
    set_time(board, 2026, 6, 17)
    answer = post(board, "meetings", MEETING | {"convened_on": "2026-06-17"}, 409)
    assert "art. 14.2 asks 7 clear days" in answer["detail"]
    assert "by 16 June 2026" in answer["detail"]


def test_a_secret_ballot_is_refused_when_it_is_to_be_convened(board: TestClient) -> None:
    secret = {"other": ARTICLES["rules"]["ordinary"] | {"secret": True}}
    answer = post(board, "statutes", STATUTES | {"articles": ARTICLES | {"rules": secret}}, 422)
    assert [problem["field"] for problem in answer["problems"]] == ["articles.rules.other"]
    ordinary = {"ordinary": secret["other"]}
    adopt(board, STATUTES | {"articles": ARTICLES | {"rules": ordinary}})
    point = {"resolution_id": "x", "kind": "other", "subject_nl": "x", "subject_en": "x"}
    refused = post(board, "meetings", MEETING | {"resolutions": [point]}, 409)
    assert "art. 14.2 asks a secret ballot" in refused["detail"]


def test_a_float_cannot_be_put_to_the_vote(board: TestClient) -> None:
    adopt(board)
    point = {"resolution_id": "x", "kind": "other", "subject_nl": "x", "subject_en": "x", "parameters": {"share": 0.5}}
    answer = post(board, "meetings", MEETING | {"resolutions": [point]}, 422)
    assert answer["problems"][0]["field"] == "x.parameters"


def test_an_unknown_field_is_refused(board: TestClient) -> None:
    answer = board.post("/governance/api/v1/statutes", json=STATUTES | {"adopted": "yes"})
    assert answer.status_code == 422
    assert "adopted" in answer.text


def test_a_body_cannot_say_who_decides_on_a_tranche(board: TestClient) -> None:
    body = {"decision": "release", "decided_on": "2027-02-01", "reason": "-", "by": "anybody"}
    assert post(board, "tranches/t2/decide", body, 422)["problems"][0]["field"] == "by"


@pytest.mark.parametrize(
    ("path", "body", "field"),
    [
        ("meetings", MEETING | {"held_on": "0001-01-01"}, "held_on"),
        ("meetings", MEETING | {"place": "x" * 201}, "place"),
        ("meetings", MEETING | {"place": "a\0"}, "place"),
        (
            "meetings",
            MEETING | {"resolutions": [POINTS[0], POINTS[2] | {"subject_nl": "a\x07"}]},
            "resolutions.1.subject_nl",
        ),
        ("programmes", PROGRAMME | {"name": "x" * 201}, "name"),
        ("milestones/m1/reports", {"reached_on": "2026-11-01", "cost_cents": 10**30}, "cost_cents"),
    ],
)
def test_what_does_not_fit_is_named(board: TestClient, path: str, body: dict[str, Any], field: str) -> None:
    assert [problem["field"] for problem in post(board, path, body, 422)["problems"]] == [field]


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"notices": {"ordinary": {"article": "13", "days": 10**12}}}, "articles.notices.ordinary.days"),
        ({"notices": {"ordinary": {"article": "13", "days": 366}}}, "articles.notices.ordinary.days"),
        ({"notices": {"ordinary": {"article": "", "days": 7}}}, "articles.notices.ordinary.article"),
        ({"rules": {"ordinary": {"majority": {"num": 1, "den": 2}}}}, "articles.rules.ordinary.article"),
        (
            {"rules": {"ordinary": {"article": "1", "majority": {"num": 1, "den": 3}}}},
            "articles.rules.ordinary.majority",
        ),
        ({"advance": {"article": "17", "from_days": 31}}, "articles.advance.from_days"),
        ({"proxies": {"article": "16", "most": 2}}, "articles.proxies.most"),
        ({"voters": {"article": "x" * 101}}, "articles.voters.article"),
        ({"name": ""}, "articles.name"),
    ],
)
def test_articles_that_cannot_be_are_refused_by_their_path(
    board: TestClient, change: dict[str, Any], field: str
) -> None:
    answer = post(board, "statutes", STATUTES | {"articles": ARTICLES | change}, 422)
    assert [problem["field"] for problem in answer["problems"]] == [field]


def test_statutes_are_read_back_article_by_article(board: TestClient) -> None:
    adopt(board)
    [version] = board.get("/governance/api/v1/statutes").json()
    assert version["articles"]["name"] == "Deed of 2020"
    assert version["articles"]["rules"]["ordinary"]["quorum"]["article"] == "art. 14.1"
    assert version["articles"]["call"] is None


@pytest.mark.parametrize("path", ["statutes", "meetings", "programmes"])
@pytest.mark.parametrize("roles", [(), ("member",), ("partner",), ("treasurer",), ("auditor",)])
def test_only_the_board_and_the_operator_command(
    embedded: Database, tmp_path: Path, path: str, roles: tuple[str, ...]
) -> None:
    bodies = {"statutes": STATUTES, "meetings": MEETING, "programmes": PROGRAMME}
    post(client(embedded, tmp_path, *roles), path, bodies[path], 403 if roles else 401)


def test_the_state_is_not_for_members(embedded: Database, tmp_path: Path) -> None:
    live(embedded)
    assert client(embedded, tmp_path, "member").get("/governance/api/v1/state").status_code == 403
    assert client(embedded, tmp_path, "auditor").get("/governance/api/v1/state").status_code == 200


def test_another_community_finds_nothing_here(embedded: Database, tmp_path: Path) -> None:
    live(embedded)
    stranger = client(embedded, tmp_path, "board", community="elsewhere")
    assert stranger.get("/governance/api/v1/resolutions/tariff").status_code == 404
    post(stranger, "meetings/alv-1/close", {"closed_on": "2026-06-24"}, 404)
    assert (
        client(embedded, tmp_path, "board", community=TOWN).get("/governance/api/v1/resolutions/tariff").status_code
        == 200
    )
