"""``coop doctor`` names each thing that is broken and says what to do; a sound installation gets no blame."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta, tzinfo
from pathlib import Path
from typing import Self

import orjson
import pytest
from fastapi.testclient import TestClient
from sqlalchemy import insert, text
from sqlalchemy.engine import make_url

from coop.events.members import MemberLeft
from coop.kit import backups, journal, parking, positions
from coop.kit.backups import Backup
from coop.kit.clock import SYSTEM_CLOCK
from coop.kit.positions import Head
from coop.kit.session import COOKIE, Session, sign
from coop.kit.settings import Settings
from coop.kit.tables import job_run, program_token
from coop.operator.chain import CHAIN_CHECK
from coop.operator.keeping.checks import rooms as rooms_checks
from coop.operator.keeping.doctor import CHECKS, examine
from coop.operator.runtime import embedded_app, open_room, open_rooms
from coop.values import say
from tests.desk import COMMUNITY, SECRETARY
from tests.flows.command import coop
from tests.founding import found_everywhere, found_installation
from tests.servers.postgres import Postgres
from tests.servers.process import free_port

SECRET = "kT7v-wrong-but-long-9fQz"


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    """A sound installation with a fact in it, backed up."""
    settings = Settings(data_dir=tmp_path / "data", secret=SECRET)
    rooms = open_rooms(settings)
    with rooms["members"].database.write(COMMUNITY, SECRETARY) as tx:
        tx.tell(MemberLeft(member_id="m-1", left_on=date(2025, 1, 1)))
    for room in rooms.values():
        with room.database.system_write() as sql:
            journal.seal(sql)
        backups.note_backup(room.database, Backup(SYSTEM_CLOCK.now(), "a", 1, is_encrypted=False))
        room.database.close()
    settings.data_dir.chmod(0o700)
    return settings


def wrongs(settings: Settings) -> dict[str, str]:
    """What is wrong by the name of the check."""
    return {
        name: "; ".join(f"{finding.text} -> {finding.advice}" for finding in found if finding.level == "wrong")
        for name, found in examine(settings)
        if any(finding.level == "wrong" for finding in found)
    }


def notes(settings: Settings, check: str) -> str:
    return "; ".join(finding.text for finding in dict(examine(settings))[check] if finding.level == "note")


def test_a_sound_installation_has_nothing_wrong(settings: Settings) -> None:
    assert wrongs(settings) == {}
    done = coop(settings, "doctor")
    assert (done.returncode, "nothing is wrong" in done.stdout) == (0, True), done.stdout
    assert all(name in done.stdout for name in CHECKS)


def test_a_monitor_reads_it_as_json(settings: Settings) -> None:
    (settings.data_dir / "billing.db").unlink()
    done = coop(settings, "doctor", "--json")
    assert done.returncode == 1
    told = orjson.loads(done.stdout)
    assert told["good"] is False
    assert told["checks"]["databases"][0]["text"].startswith("the database of billing cannot be read")


def change(settings: Settings, service: str, *statements: str) -> None:
    database = open_room(service, settings, migrate=False).database
    with database.system_write() as sql:
        for statement in statements:
            sql.execute(text(statement))
    database.close()


def break_the_chain(settings: Settings) -> None:
    change(settings, "members", "DROP TRIGGER journal_holds", "UPDATE journal SET subject = 'm-2'")


def park_a_letter(settings: Settings) -> None:
    database = open_room("metering", settings, migrate=False).database
    with database.write(COMMUNITY, SECRETARY) as tx:
        parking.park(tx, parking.EVENT, "members", b"?", "odd", "nobody knows")
    database.close()


def remember_more(settings: Settings) -> None:
    """Billing heard three facts of members, whose database is then an older one."""
    database = open_room("billing", settings, migrate=False).database
    with database.system_write() as sql:
        positions.note_heard(sql, "members", [1, 2, 3], SYSTEM_CLOCK.now())
    database.close()


def miss_a_fact(settings: Settings) -> None:
    database = open_room("billing", settings, migrate=False).database
    positions.note_head(database, "metering", Head(5, "0" * 64), SYSTEM_CLOCK.now(), is_heard=True)
    database.close()
    change(settings, "billing", "UPDATE source_position SET behind_since = '2025-01-01T00:00:00.000000+00:00'")


def give_a_message_up(settings: Settings) -> None:
    change(
        settings,
        "members",
        "INSERT INTO outbound_message (id, community, queue, recipient, subject, media_type, body, sha256, cause,"
        " made_at, state, tries, trouble) VALUES ('1', 'demo', 'mail', 'a', 'b', 'text/plain', x'', '', 'c',"
        " '2025-01-01T00:00:00.000000+00:00', 'failed', 12, 'no such mailbox')",
    )


def be_of_an_older_program(settings: Settings) -> None:
    change(settings, "members", "UPDATE alembic_version SET version_num = 'members_0000' WHERE version_num LIKE 'm%'")


def forget_backups(settings: Settings) -> None:
    change(settings, "members", "DELETE FROM backup_record")


def age_the_backup(settings: Settings) -> None:
    change(settings, "members", "UPDATE backup_record SET taken_at = '2026-01-01T00:00:00.000000+00:00'")


def open_the_folder(settings: Settings) -> None:
    settings.data_dir.chmod(0o755)


def damage_a_file(settings: Settings) -> None:
    path = settings.data_dir / "governance.db"
    path.write_bytes(b"\x00" * 4096 + path.read_bytes()[4096:])


def fail_a_job(settings: Settings) -> None:
    found_installation(settings)
    database = open_room("billing", settings, migrate=False).database
    run = {"community": COMMUNITY, "job": CHAIN_CHECK.name, "due_at": SYSTEM_CLOCK.now(), "succeeded": False}
    run |= {"claimed_at": SYSTEM_CLOCK.now(), "finished_at": SYSTEM_CLOCK.now(), "claimed_by": "a", "attempts": 3}
    with database.system_write() as sql:
        sql.execute(insert(job_run), [run | {"outcome": say("the disk is full")}])
    database.close()


def empty_the_profile(settings: Settings) -> None:
    found_installation(settings)
    change(settings, "members", "UPDATE community_profile SET iban = ''")


BREAKS: dict[str, tuple[Callable[[Settings], None], str, str]] = {
    "a changed fact": (break_the_chain, "chains", "journal of members is broken at position 1"),
    "a parked letter": (park_a_letter, "letters", "coop deadletters metering"),
    "a journal behind its hearer": (remember_more, "hearers", "billing remembers 3 facts of members, whose journal"),
    "a gap": (miss_a_fact, "gaps", "5 of 5 facts of metering were not heard"),
    "a message given up": (give_a_message_up, "messages", "1 messages of members were given up"),
    "a failed job": (fail_a_job, "jobs", "chain-check of demo in billing failed: the disk is full"),
    "a profile without an account": (empty_the_profile, "communities", "demo lacks iban; no bill can go out"),
    "older tables": (be_of_an_older_program, "revisions", "members_0000"),
    "no backup": (forget_backups, "backup", "no backup was ever made"),
    "an old backup": (age_the_backup, "backup", "days old"),
    "an open folder": (open_the_folder, "files", "every user of this machine can read"),
    "a damaged file": (damage_a_file, "databases", "the database of governance cannot be read"),
}


@pytest.mark.parametrize("broken", BREAKS)
def test_each_broken_thing_is_named_with_what_to_do(broken: str, settings: Settings) -> None:
    work, check, words = BREAKS[broken]
    work(settings)
    assert words in wrongs(settings)[check]


@pytest.mark.parametrize(
    ("changed", "check", "words"),
    [
        ({"secret": "change-me-please-now"}, "secret", "guess"),
        ({"secret": "aaaaaaaaaaaaaaaaaaaa"}, "secret", "guess"),
        ({"secret": "short"}, "secret", "needs 16 characters"),
        ({"base_url": "http://coop.example"}, "address", "unencrypted"),
        ({"mqtt_url": f"mqtt://127.0.0.1:{free_port()}"}, "servers", "MQTT broker"),
        ({"readings_dir": "/nowhere"}, "servers", "files of readings"),
        ({"bus": "kafka", "kafka": f"127.0.0.1:{free_port()}"}, "servers", "Kafka at"),
        ({"smtp_url": f"smtp://127.0.0.1:{free_port()}", "mail_from": "a@b.example"}, "servers", "mail server"),
        ({"database_url": f"postgresql://127.0.0.1:{free_port()}/coop"}, "databases", "COOP_DATABASE_URL"),
    ],
)
def test_each_wrong_setting_is_named(changed: dict[str, object], check: str, words: str, settings: Settings) -> None:
    ill = Settings(**{"data_dir": settings.data_dir, "secret": SECRET, **changed})  # type: ignore[arg-type]
    assert words in wrongs(ill)[check]


def test_a_token_that_ends_soon_is_noted(settings: Settings) -> None:
    assert notes(settings, "tokens") == ""
    database = open_room("members", settings, migrate=False).database
    ends_at = SYSTEM_CLOCK.now() + timedelta(days=6)
    row = {"community": COMMUNITY, "token_id": "t-1", "token_sha256": "", "scopes": ("read:bills",)}
    with database.system_write() as sql:
        later = row | {"token_id": "t-2", "expires_at": ends_at + timedelta(days=30)}
        sql.execute(insert(program_token), [row | {"expires_at": ends_at}, later])
    database.close()
    assert notes(settings, "tokens") == f"the token t-1 of a program of demo expires on {ends_at:%Y-%m-%d}"


def test_clocks_that_differ_are_named(settings: Settings, postgres_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    class Fast(datetime):
        @classmethod
        def now(cls, tz: tzinfo | None = None) -> Self:
            return super().now(tz) + timedelta(hours=1)

    on_server = Settings(data_dir=settings.data_dir, secret=SECRET, database_url=postgres_url)
    for room in open_rooms(on_server).values():
        room.database.close()
    assert "clock" not in wrongs(on_server)
    monkeypatch.setattr(rooms_checks, "datetime", Fast)
    assert "database are 3600 seconds apart" in wrongs(on_server)["clock"]


def test_a_short_disk_is_named(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    usage = shutil.disk_usage(settings.data_dir)._replace(free=100 * 2**20)
    monkeypatch.setattr(shutil, "disk_usage", lambda _: usage)
    assert "100 MiB are free" in wrongs(settings)["disk"]


def test_a_role_that_may_do_everything_is_noted(settings: Settings, postgres: Postgres, postgres_url: str) -> None:
    everything = make_url(postgres_url).set(username=postgres.admin.username, password=postgres.admin.password)
    for url, words in ((make_url(postgres_url), ""), (everything, "may do everything")):
        note = note_on_role(settings, url.render_as_string(hide_password=False))
        assert note.startswith("the role") is bool(words)
        assert words in note


def note_on_role(settings: Settings, url: str) -> str:
    on_server = Settings(data_dir=settings.data_dir, secret=SECRET, database_url=url)
    for room in open_rooms(on_server).values():
        room.database.close()
    assert "no backup was ever made" in wrongs(on_server)["backup"]
    return notes(on_server, "role")


def test_pages_and_metrics_say_when_the_newest_backup_was_made_and_health_does_not_mind(settings: Settings) -> None:
    with TestClient(embedded_app(settings), headers={"accept-language": "en"}) as client:
        found_everywhere(client.app.state.rooms)  # type: ignore[attr-defined]  # our FastAPI app
        session = Session("a1", "Noor", frozenset({"board"}), None, COMMUNITY, "s1", SYSTEM_CLOCK.now())
        client.cookies.set(COOKIE, sign(session, SECRET))
        page = client.get("/operations").text
        assert "Newest backup: a, of " in page
        assert "Make a backup" not in page
        age_the_backup(settings)
        assert "Make a backup" in client.get("/operations").text
        assert f"coop_last_backup_timestamp {datetime(2026, 1, 1, tzinfo=UTC).timestamp():.10}" in metrics(client)
        forget_backups(settings)
        assert "No backup was ever made." in client.get("/operations").text
        assert "coop_last_backup_timestamp 0.0" in metrics(client)
        assert "backup" not in client.get("/readyz").text


def metrics(client: TestClient) -> str:
    return client.get("/metrics").text
