"""``coop init``: from an empty folder to a co-operative whose first secretary can sign in."""

from __future__ import annotations

import os
import pty
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import func, select

from coop.communities.model import Profile
from coop.communities.store import count_profiles, find_profile, list_communities
from coop.kit.database import Database
from coop.kit.settings import Settings
from coop.members.identity.commands import accounts
from coop.members.identity.commands.addresses import set_password
from coop.members.identity.commands.sign_in import sign_in
from coop.members.identity.model import Origin
from coop.members.identity.store import list_accounts
from coop.members.service import MEMBERS
from coop.members.tables import account
from coop.operator.runtime import embedded_app
from tests.flows.command import Done, coop

PASSWORD = "warm water uit de gracht"
OPTIONS = {
    "--key": "warm",
    "--name": "Coöperatie Warm U.A.",
    "--street": "Kade 1",
    "--postal-code": "1011 AB",
    "--city": "Amsterdam",
    "--kvk": "12345678",
    "--vat-id": "NL000099998B57",
    "--iban": "NL91ABNA0417164300",
    "--language": "nl",
    "--secretary": "noor@warm.example",
}


@pytest.fixture(params=["sqlite", "postgresql"])
def url(request: pytest.FixtureRequest) -> str:
    """Where the installation keeps its tables; empty for files."""
    return "" if request.param == "sqlite" else str(request.getfixturevalue("postgres_url"))


@pytest.fixture
def settings(tmp_path: Path, url: str) -> Settings:
    return Settings(data_dir=tmp_path / "data", secret="secret of the tests", database_url=url)


def init(settings: Settings, **changed: str) -> Done:
    """Run ``coop init`` with every option, some of them otherwise; an empty one is left out."""
    options = OPTIONS | {f"--{name.replace('_', '-')}": value for name, value in changed.items()}
    words = [word for name, value in options.items() if value for word in (name, value)]
    return coop(settings, "init", *words, COOP_DATABASE_URL=settings.database_url)


@pytest.fixture
def members(settings: Settings) -> Iterator[Database]:
    """The members service's database, to be asked for after the command ran."""
    opened = MEMBERS.open_database(settings.url("members"))
    yield opened
    opened.close()


def read_address(done: Done) -> str:
    """The one-time address that a command printed."""
    return next(word for word in done.stdout.split() if "/members/welcome" in word)


def read_profile(settings: Settings, key: str = "warm") -> Profile | None:
    database = MEMBERS.open_database(settings.url("members"))
    with database.read(key) as tx:
        profile = find_profile(tx)
    database.close()
    return profile


def test_a_co_operative_begins_with_its_particulars_and_a_secretary_who_can_sign_in(settings: Settings) -> None:
    done = init(settings)
    assert done.returncode == 0, done.stderr
    assert "Coöperatie Warm U.A. is founded" in done.stdout
    assert "still needs" not in done.stdout, "its own e-mail address is the secretary's until there is another"
    profile = read_profile(settings)
    assert profile is not None
    assert (profile.name, profile.iban, profile.lacking) == ("Coöperatie Warm U.A.", "NL91ABNA0417164300", ())
    address = urlsplit(read_address(done))
    assert f"{address.scheme}://{address.netloc}" == "http://127.0.0.1:8020"
    origin = {"origin": "http://localhost"}
    with TestClient(embedded_app(settings), base_url="http://localhost") as pages:
        page = pages.get(f"{address.path}?{address.query}", headers={"accept": "text/html"})
        assert "noor@warm.example" in page.text
        key = parse_qs(address.query)["key"][0]
        pages.post(address.path, data={"key": key, "new": PASSWORD}, headers=origin)
        form = {"email": "noor@warm.example", "password": PASSWORD, "next": "/"}
        assert pages.post("/members/sign-in", data=form, headers=origin).url.path == "/members/factors", (
            "the board chooses a second factor"
        )


def test_what_is_wrong_is_named_all_at_once_and_nothing_is_made(settings: Settings) -> None:
    done = init(
        settings, key="Warm!", kvk="1234", vat_id="NL1", iban="NL91ABNA0417164301", postal_code="111", secretary="noor"
    )
    assert done.returncode == 1
    named = {line.partition(":")[0] for line in done.stderr.splitlines()}
    assert named == {"key", "kvk", "vat_id", "iban", "postal_code", "email", "secretary"}
    assert not (settings.data_dir / "members.db").exists()


@pytest.mark.parametrize(
    ("option", "value"),
    [("kvk", "00000000"), ("vat_id", "NL000000000B00"), ("iban", "NL00DEMO0000000000"), ("key", "demo"),
     ("name", "Demo-coöperatie U.A. (demonstratie)")],
)  # fmt: skip
def test_particulars_of_the_demonstration_are_nobody_elses(tmp_path: Path, option: str, value: str) -> None:
    done = init(Settings(data_dir=tmp_path / "data", secret="secret of the tests"), **{option: value})
    assert done.returncode == 1
    assert f"{option}: this is the demonstration's" in done.stderr


def test_what_is_not_known_yet_may_follow_and_is_named(settings: Settings) -> None:
    done = init(settings, vat_id="", iban="")
    assert done.returncode == 0, done.stderr
    assert "still needs: vat_id, iban." in done.stdout


def test_again_it_says_that_the_co_operative_is_there_and_changes_nothing(settings: Settings) -> None:
    first = init(settings)
    again = init(settings, name="Coöperatie Anders U.A.", iban="")
    assert again.returncode == 0
    assert "is here already" in again.stdout
    profile = read_profile(settings)
    assert profile is not None
    assert profile.name == "Coöperatie Warm U.A."
    database = MEMBERS.open_database(settings.url("members"))
    with database.read("warm") as tx:
        assert count_profiles(tx) == 1
        assert len(list_accounts(tx)) == 1
    database.close()
    assert read_address(again) != read_address(first), "the first one may never have been seen"


def test_a_secretary_with_a_password_of_their_own_keeps_it(settings: Settings, members: Database) -> None:
    key = parse_qs(urlsplit(read_address(init(settings))).query)["key"][0]
    set_password(members, "warm", Origin("127.0.0.1"), key, PASSWORD)
    again = coop(settings, "init", COOP_DATABASE_URL=settings.database_url)
    assert "nothing is changed" in again.stdout
    assert "/members/welcome" not in again.stdout
    assert sign_in(members, "warm", Origin("127.0.0.1"), "noor@warm.example", PASSWORD)


def test_killed_before_it_is_kept_leaves_nothing_and_the_next_try_begins(
    settings: Settings, members: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    def die(*_: object) -> None:
        raise SystemExit(137)

    with monkeypatch.context() as broken:
        broken.setattr(accounts, "create_account", die)
        assert init(settings).returncode == 137
    with members.system_read() as sql:
        assert list_communities(sql) == ()
        assert sql.scalar(select(func.count()).select_from(account)) == 0
    assert "is founded" in init(settings).stdout


def test_a_second_co_operative_begins_beside_the_first_under_a_host_name_of_its_own(settings: Settings) -> None:
    assert init(settings).returncode == 0
    taken = init(settings, key="zuid")
    assert taken.returncode == 1
    assert "hosts: " in taken.stderr
    done = init(settings, key="zuid", host="zuid.example")
    assert done.returncode == 0, done.stderr
    assert "http://zuid.example:8020/members/welcome" in done.stdout


def test_at_a_terminal_it_asks_for_what_is_missing_until_each_answer_is_right(tmp_path: Path) -> None:
    environment = {name: value for name, value in os.environ.items() if not name.startswith("COOP_")}
    environment |= {"COOP_DATA_DIR": str(tmp_path / "data"), "NO_COLOR": "1", "TERM": "dumb"}
    main_end, child_end = pty.openpty()
    process = subprocess.Popen(
        [sys.executable, "-m", "coop", "init", "--street", "Kade 1", "--postal-code", "1011AB", "--city", "Amsterdam"],
        stdin=child_end, stdout=child_end, stderr=child_end, env=environment,
    )  # fmt: skip
    os.close(child_end)
    answers = ["", "Coöperatie Warm U.A.", "123", "12345678", "", "", "", "", "", "noor@warm.example", "Noor de Wit"]
    os.write(main_end, "".join(f"{answer}\n" for answer in answers).encode())
    shown = b""
    try:
        while chunk := os.read(main_end, 4096):
            shown += chunk
    except OSError:  # the child has closed its end
        pass
    os.close(main_end)
    assert process.wait(60) == 0, shown.decode()
    text = shown.decode()
    assert "is missing" in text, "the name cannot be left out"
    assert "a KvK number has 8 digits" in text
    assert "Coöperatie Warm U.A. is founded, as warm." in text
    profile = read_profile(Settings(data_dir=tmp_path / "data"))
    assert profile is not None
    assert (profile.kvk, profile.street, profile.lacking) == ("12345678", "Kade 1", ("vat_id", "iban"))
    database = MEMBERS.open_database(Settings(data_dir=tmp_path / "data").url("members"))
    with database.read("warm") as tx:
        assert [account.name for account in list_accounts(tx)] == ["Noor de Wit"], "and not noor, as in the address"
    database.close()


def test_an_installation_without_a_co_operative_tells_its_visitor_how_it_begins(tmp_path: Path) -> None:
    settings = Settings(data_dir=tmp_path / "data", secret="secret of the tests")
    with TestClient(embedded_app(settings), headers={"accept-language": "nl", "accept": "text/html"}) as pages:
        answer = pages.get("/")
    assert answer.status_code == 404
    assert "coop init" in answer.text
    assert "Op dit adres woont geen coöperatie" in answer.text
