"""Documents of agenda points: put ready, bound by the notice, opened by members, and marked when they came later."""

from __future__ import annotations

import hashlib
import io
import re
import zipfile
from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import text

from coop.events.governance import MeetingConvened, PaperAdded
from coop.governance.ballots import closing
from coop.governance.ballots.verify import verify_resolution
from coop.governance.convening import commands as meetings
from coop.governance.meetings import store as meeting_store
from coop.governance.model import Paper
from coop.governance.papers import commands, store
from coop.governance.papers.rules import PAPER_MAX, PAPERS_MAX, tell_kind
from coop.governance.programmes.documents import NOTICE
from coop.kit.database import Database
from coop.kit.documents import load
from coop.values import BadInput, CoopError, NotFound
from tests.desk import SECRETARY, sign_in
from tests.governance.assembly import (
    CHANGE,
    HELD,
    MEETING,
    TOWN,
    USUAL,
    client,
    live,
    meeting,
    only,
    resolution,
    told,
    told_with_notices,
)
from tests.kit.clocks import SetClock
from tests.metering.test_meter_pages import plain

PDF = b"%PDF-1.7 the budget of 2027"
LETTER = b"%PDF-1.7 an amendment"


def at(database: Database, day: date) -> None:
    clock = database.clock
    assert isinstance(clock, SetClock)
    clock.set(datetime(day.year, day.month, day.day, 9, tzinfo=UTC))


def put(database: Database, body: bytes = PDF, name: str = "Begroting", role: str = "explanation") -> Paper:
    with database.write(TOWN, SECRETARY) as tx:
        return commands.put_ready(tx, name, "", role, body)


def convene(database: Database, *papers: Paper, kind: str = "other") -> None:
    """Convene a meeting on one point ``a`` with these documents."""
    point = replace(resolution("a", kind, CHANGE if kind == "statutes" else {}), papers=papers)
    with database.write(TOWN, SECRETARY) as tx:
        meetings.convene_meeting(tx, meeting(point))


def office(*names: str, mimetype: str = "") -> bytes:
    written = io.BytesIO()
    with zipfile.ZipFile(written, "w") as parts:
        for name in names:
            parts.writestr(name, b"")
        if mimetype:
            parts.writestr("mimetype", mimetype)
    return written.getvalue()


ODT = "application/vnd.oasis.opendocument.text"


@pytest.mark.parametrize(
    ("body", "kind"),
    [
        (PDF, "application/pdf"),
        (b"\xff\xd8\xff photo", "image/jpeg"),
        ("Toelichting één".encode(), "text/plain"),
        (office(mimetype=ODT), ODT),
        (
            office("[Content_Types].xml", "word/document.xml"),
            "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
        ),
        (office("word/document.xml", "word/vbaProject.bin"), None),
        (office("Basic/script-lc.xml", mimetype=ODT), None),
        (office("index.html"), None),
        (b"PK\x03\x04 no archive", None),
        (b"MZ\x90\x00 a program", None),
        (b"\xffno text", None),
        (b"", None),
    ],
)
def test_a_file_is_known_by_what_is_in_it(body: bytes, kind: str | None) -> None:
    assert tell_kind(body) == kind


@pytest.mark.parametrize(
    ("name", "role", "body", "field"),
    [
        ("", "text", PDF, "name_nl"),
        ("n" * 201, "text", PDF, "name_nl"),
        ("bel\a", "text", PDF, "name_nl"),
        ("Begroting", "minutes", PDF, "role"),
        ("Begroting", "text", b"", "file"),
        ("Begroting", "text", b"MZ\x90\x00", "file"),
        ("Begroting", "text", b"%PDF-" + b"x" * PAPER_MAX, "file"),
    ],
)
def test_what_is_no_document_is_refused_by_its_field(
    embedded: Database, name: str, role: str, body: bytes, field: str
) -> None:
    with pytest.raises(BadInput) as refused:
        put(embedded, body, name, role)
    assert field in {problem.field for problem in refused.value.problems}


def test_the_notice_binds_its_documents_and_keeps_their_bytes(database: Database) -> None:
    live(database, until="convene")
    paper = put(database)
    assert put(database) == paper
    convene(database, paper)
    convene(database, paper)
    convened = only(told_with_notices(database), MeetingConvened)
    assert [each.name_nl for point in convened[-1].agenda for each in point.papers] == ["Begroting"]
    with database.read(TOWN) as tx:
        kept = meeting_store.find_meeting(tx, "alv-1")
        assert kept is not None
        assert [point.papers for point in kept.resolutions] == [(paper,)]
        bound = NOTICE.open(load(tx, convened[-1].notice_hash))["resolutions"][0]["papers"]
        assert [each["sha256"] for each in bound] == [hashlib.sha256(PDF).hexdigest()]
        assert commands.read_paper(tx, paper.paper_id, of_board=False) == (paper, PDF)
        assert store.list_ready(tx) == []


def test_a_notice_without_documents_reads_as_before(database: Database) -> None:
    live(database, until="vote")
    with database.read(TOWN) as tx:
        assert "papers" not in str(NOTICE.open(load(tx, meeting_hash(database)))["resolutions"])


def meeting_hash(database: Database) -> str:
    return only(told_with_notices(database), MeetingConvened)[-1].notice_hash


def test_another_document_is_another_notice(database: Database) -> None:
    live(database, until="convene")
    convene(database, put(database))
    with pytest.raises(CoopError) as refused:
        convene(database, put(database, LETTER))
    assert refused.value.code == "notice-fixed"
    with database.read(TOWN) as tx:
        assert [each.name_nl for each in store.list_ready(tx)] == ["Begroting"], "what was refused waits still"


def test_a_document_is_taken_away_until_the_notice_binds_it(database: Database) -> None:
    live(database, until="convene")
    wrong, right = put(database, LETTER, "Concept"), put(database)
    with database.write(TOWN, SECRETARY) as tx:
        assert commands.take_away(tx, wrong.paper_id) == wrong
    with database.read(TOWN) as tx, pytest.raises(NotFound):
        commands.read_paper(tx, wrong.paper_id, of_board=True)
    convene(database, right)
    with pytest.raises(CoopError) as refused, database.write(TOWN, SECRETARY) as tx:
        commands.take_away(tx, right.paper_id)
    assert refused.value.code == "paper-fixed"
    assert "(art. 13)" in str(refused.value.message)
    with pytest.raises(NotFound), database.write(TOWN, SECRETARY) as tx:
        commands.take_away(tx, "nothing")


def test_a_bound_document_cannot_be_changed_in_the_database(database: Database) -> None:
    live(database, until="convene")
    convene(database, put(database))
    for statement in ("UPDATE point_paper SET name_nl = 'x'", "DELETE FROM point_paper"):
        with pytest.raises(Exception, match="never changed or deleted"), database.system_write() as sql:
            sql.execute(text(statement))


def test_a_later_document_says_so_and_is_told(database: Database) -> None:
    live(database, until="convene")
    convene(database, put(database))
    at(database, date(2026, 6, 20))
    later = put(database, LETTER, "Wijzigingsvoorstel")
    for _ in range(2):
        with database.write(TOWN, SECRETARY) as tx:
            commands.add_later(tx, "a", later.paper_id)
    facts = [(fact.sha256, fact.subject_nl) for fact in only(told(database), PaperAdded)]
    assert facts == [(later.sha256, resolution("a").subject_nl)]
    with database.read(TOWN) as tx:
        laid = commands.list_papers(tx, meeting(resolution("a")))["a"]
        assert [(each.paper.name_nl, each.is_later) for each in laid] == [
            ("Begroting", False),
            ("Wijzigingsvoorstel", True),
        ]
        kept = meeting_store.find_meeting(tx, "alv-1")
        assert kept is not None
        assert len(kept.resolutions[0].papers) == 1, "the notice is what it was"


@pytest.mark.parametrize(("day", "in_time"), [(date(2026, 6, 18), True), (date(2026, 6, 19), False)])
def test_a_later_text_of_statutes_lies_open_five_clear_days(database: Database, day: date, in_time: bool) -> None:
    """The meeting is on the 24th: from the 18th on, five days lie between (19, 20, 21, 22, 23)."""
    live(database, until="convene")
    convene(database, kind="statutes")
    at(database, day)
    text_of_articles = put(database, LETTER, "Nieuwe tekst", "text")
    if in_time:
        with database.write(TOWN, SECRETARY) as tx:
            commands.add_later(tx, "a", text_of_articles.paper_id)
        return
    with pytest.raises(CoopError) as refused, database.write(TOWN, SECRETARY) as tx:
        commands.add_later(tx, "a", text_of_articles.paper_id)
    assert refused.value.code == "text-too-late"
    assert "BW 2:42 lid 2" in str(refused.value.message)
    explanation = put(database, PDF, "Toelichting")
    with database.write(TOWN, SECRETARY) as tx:
        commands.add_later(tx, "a", explanation.paper_id)


def test_nothing_comes_beside_what_is_decided(database: Database) -> None:
    live(database, until="convene")
    convene(database)
    at(database, HELD)
    with database.write(TOWN, SECRETARY) as tx:
        closing.close_meeting(tx, "alv-1")
    late = put(database)
    with pytest.raises(CoopError) as refused, database.write(TOWN, SECRETARY) as tx:
        commands.add_later(tx, "a", late.paper_id)
    assert refused.value.code == "meeting-closed"


def test_a_point_has_so_many_documents_and_no_more(embedded: Database) -> None:
    live(embedded, until="convene")
    papers = [put(embedded, b"%%PDF-%d" % number, f"Stuk {number}") for number in range(PAPERS_MAX + 1)]
    with embedded.read(TOWN) as tx, pytest.raises(BadInput):
        commands.find_papers(tx, [paper.paper_id for paper in papers])
    convene(embedded, *papers[:PAPERS_MAX])
    with pytest.raises(BadInput), embedded.write(TOWN, SECRETARY) as tx:
        commands.add_later(tx, "a", papers[-1].paper_id)


def test_verification_finds_a_document_that_was_changed(embedded: Database) -> None:
    live(embedded, until="convene")
    paper = put(embedded)
    convene(embedded, paper)
    at(embedded, HELD)
    with embedded.write(TOWN, SECRETARY) as tx:
        closing.close_meeting(tx, "alv-1")
    with embedded.read(TOWN) as tx:
        assert verify_resolution(tx, "a").findings == ()
    with embedded.system_write() as sql:
        sql.execute(text("DROP TRIGGER document_stays"))
        sql.execute(text("UPDATE document SET body = x'00' WHERE sha256 = :sha256"), {"sha256": paper.sha256})
    with embedded.read(TOWN) as tx:
        [finding] = verify_resolution(tx, "a").findings
        assert 'the document "Begroting" is gone, or was changed' in finding
        with pytest.raises(CoopError):
            commands.read_paper(tx, paper.paper_id, of_board=True)


def upload(desk: TestClient, **form: str) -> str:
    """The page after a document was added to point 1 of the notice."""
    filled = {"held_on": "2026-06-24", "1.kind": "other", "1.subject_nl": "Begroting 2027", "act": "paper 1."} | form
    files = {"1.paper_file": ("Begroting_2027.pdf", PDF)}
    return desk.post("/governance/meetings/new", data=filled, files=files).text


def test_the_board_adds_a_document_with_its_point_and_members_open_it(embedded: Database, tmp_path: Path) -> None:
    live(embedded, until="convene")
    desk = client(embedded, tmp_path, "board")
    wrong = upload(desk, **{"1.paper_role": "nothing"})
    assert "is the literal text or an explanation" in plain(wrong) or "Nothing is kept yet" in plain(wrong)
    page = upload(desk, **{"1.paper_role": "explanation"})
    [paper_id] = re.findall(r'name="1.papers" value="([0-9a-f]{32})" checked', page)
    assert "Begroting 2027" in page
    address = f"/governance/papers/{paper_id}"
    assert sign_in(desk, "member", member_id="m001").get(address).status_code == 404, "the board's alone until then"

    sign_in(desk, "board")
    filled = {"held_on": "2026-06-24", "1.kind": "other", "1.subject_nl": "Begroting 2027", "1.papers": paper_id}
    look = desk.post("/governance/meetings/new", data=filled | {"act": "look"}).text
    assert address in look
    assert hashlib.sha256(PDF).hexdigest() in look
    kept = desk.post("/governance/meetings/new", data=filled | {"act": "keep"}).text
    assert address in kept

    member = sign_in(desk, "member", member_id="m001")
    for shown in ("/governance/meetings/alv-2026-06-24", "/governance/resolutions/alv-2026-06-24-1"):
        assert address in member.get(shown).text
    opened = member.get(address)
    assert opened.content == PDF
    assert opened.headers["content-disposition"].startswith("attachment")
    assert opened.headers["x-content-type-options"] == "nosniff"
    assert opened.headers["content-security-policy"] == "default-src 'none'; sandbox"
    assert opened.headers["content-type"] == "application/pdf"
    assert sign_in(desk, "partner").get(address).status_code == 403
    assert sign_in(desk, "member", member_id="m001", community="zuid").get(address).status_code == 404


def test_nobody_opens_a_document_without_signing_in(embedded: Database, tmp_path: Path) -> None:
    live(embedded, until="convene")
    paper = put(embedded)
    convene(embedded, paper)
    answer = client(embedded, tmp_path).get(f"/governance/papers/{paper.paper_id}", follow_redirects=False)
    assert answer.status_code in (303, 401)
    assert PDF not in answer.content


def test_the_board_adds_a_later_document_on_a_page(embedded: Database, tmp_path: Path) -> None:
    live(embedded, until="convene")
    convene(embedded, kind="statutes")
    at(embedded, date(2026, 6, 19))
    desk = client(embedded, tmp_path, "board")
    page = "/governance/resolutions/a/papers"
    assert "BW 2:42 lid 2" in desk.get(page).text
    assert "here until 18 June 2026" in plain(desk.get(page).text)
    late = desk.post(page, data={"role": "text"}, files={"file": ("tekst.pdf", LETTER)})
    assert late.status_code == 422
    assert "had to be there by" in plain(late.text)
    added = desk.post(page, data={"role": "explanation"}, files={"file": ("brief.pdf", LETTER)}).text
    assert "added on" in added
    assert "brief" in added


def test_a_document_waits_on_its_page_and_is_taken_away(embedded: Database, tmp_path: Path) -> None:
    live(embedded, until="convene")
    desk = client(embedded, tmp_path, "board")
    assert "No document is ready" in desk.get("/governance/papers").text
    data = {"role": "explanation", "name_nl": "Offerte"}
    assert "Offerte" in desk.post("/governance/papers", data=data, files={"file": ("x.pdf", PDF)}).text
    nothing = desk.post("/governance/papers", data=data)
    assert nothing.status_code == 422
    assert "choose a file" in nothing.text
    [paper_id] = re.findall(r"/governance/papers/([0-9a-f]{32})/take-away", desk.get("/governance/papers").text)
    assert "No document is ready" in desk.post(f"/governance/papers/{paper_id}/take-away").text
    assert sign_in(desk, "member", member_id="m001").get("/governance/papers").status_code == 403


def test_a_notice_of_new_statutes_asks_for_their_text(embedded: Database, tmp_path: Path) -> None:
    live(embedded, until="convene")
    desk = client(embedded, tmp_path, "board")
    filled = {"held_on": "2026-06-24", "1.kind": "dissolution", "1.subject_nl": "Ontbinding", "act": "look"}
    filled |= {f"1.{name}": text for name, text in USUAL["dissolution"].items()}
    asked = "BW 2:42 lid 2 asks that the literal text lies open"
    assert asked in plain(desk.post("/governance/meetings/new", data=filled).text)
    proposal = put(embedded, role="text")
    assert asked not in plain(desk.post("/governance/meetings/new", data=filled | {"1.papers": proposal.paper_id}).text)
    unknown = desk.post("/governance/meetings/new", data=filled | {"1.papers": "0" * 32})
    assert unknown.status_code == 422
    assert "there is no document" in unknown.text


def test_a_program_puts_a_document_ready_and_convenes_with_it(embedded: Database, tmp_path: Path) -> None:
    live(embedded, until="convene")
    desk = client(embedded, tmp_path, "board")
    base = "/governance/api/v1"
    made = desk.post(
        f"{base}/papers", params={"name_nl": "Begroting"}, content=PDF, headers={"content-type": "application/pdf"}
    ).json()
    assert [each["paper_id"] for each in desk.get(f"{base}/papers").json()] == [made["paper_id"]]
    body = {
        "meeting_id": "alv-9",
        "held_on": "2026-06-24",
        "resolutions": [
            {
                "resolution_id": "alv-9-1",
                "kind": "other",
                "subject_nl": "Begroting",
                "subject_en": "Budget",
                "papers": [made["paper_id"]],
            }
        ],
    }
    for _ in range(2):
        assert desk.post(f"{base}/meetings", json=body).status_code == 200
    [shown] = desk.get(f"{base}/resolutions/alv-9-1").json()["papers"]
    assert (shown["sha256"], shown["is_later"]) == (hashlib.sha256(PDF).hexdigest(), False)
    assert desk.get(f"{base}/papers/{made['paper_id']}/file").content == PDF
    assert desk.post(f"{base}/papers/{made['paper_id']}/take-away").json()["code"] == "paper-fixed"
    letter = desk.post(
        f"{base}/papers", params={"name_nl": "Brief"}, content=LETTER, headers={"content-type": "application/pdf"}
    ).json()
    desk.post(f"{base}/resolutions/alv-9-1/papers", json={"paper_id": letter["paper_id"]})
    assert [each["is_later"] for each in desk.get(f"{base}/resolutions/alv-9-1").json()["papers"]] == [False, True]
    assert MEETING.meeting_id not in desk.get(f"{base}/resolutions/alv-9-1").text
