"""``coop`` from a terminal: every command's help, what it does, and its exit code.

One file, for a test reads the commands off the program and holds each to what stands here.
"""

from __future__ import annotations

import json
import os
import re
import sqlite3
import subprocess
import sys
from datetime import date
from importlib.metadata import version
from pathlib import Path

import pytest
from typer.main import get_command

from coop.communities.choices import founding_choices
from coop.demo.cooperative import COMMUNITY
from coop.demo.plan import DemoPlan
from coop.demo.playing import Mark
from coop.events import SERVICES as NAMES
from coop.kit.actor import COMMAND_LINE
from coop.kit.settings import Settings
from coop.members.register.store import count_members as count
from coop.members.service import MEMBERS as MEMBERS_SERVICE
from coop.metering.model import Meter, MeterKind
from coop.metering.register.commands import register_meters
from coop.metering.service import METERING
from coop.operator import serving
from coop.operator.cli import app
from coop.values import midnight
from tests.flows.command import coop
from tests.flows.telegrams import p1
from tests.founding import found_installation
from tests.servers.process import free_port

COMMANDS = tuple(get_command(app).commands)  # type: ignore[attr-defined]  # a group of commands
MEMBERS = "number,kind,name,joined_on\n001,owner,Een,2024-01-01\n002,tenant,Twee,2024-02-01\n"
READINGS = "time,gj\n2025-01-01T00:00,1.00\n2025-01-02T00:00,1.25\n"
MAPPING = {
    "time_column": "time",
    "meter": "H1",
    "timezone": "UTC",
    "columns": [{"column": "gj", "quantity": "heat", "unit": "GJ"}],
}


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings(data_dir=tmp_path / "data", secret="secret of the tests")


@pytest.fixture
def metered(settings: Settings) -> Settings:
    """With heat meter H1 registered."""
    found_installation(settings)
    database = METERING.open_database(settings.url("metering"))
    with database.write(COMMUNITY, COMMAND_LINE) as tx:
        register_meters(tx, [Meter("H1", MeterKind.HEAT, None, midnight(date(2024, 12, 1)))])
    database.close()
    return settings


@pytest.fixture
def files(tmp_path: Path) -> Path:
    """A folder with files to import."""
    (tmp_path / "members.csv").write_text(MEMBERS)
    (tmp_path / "readings.csv").write_text(READINGS)
    (tmp_path / "mapping.json").write_text(json.dumps(MAPPING))
    (tmp_path / "telegrams").mkdir()
    (tmp_path / "telegrams" / "1.p1").write_bytes(p1("H1", "250115000000W", "0012.34"))
    (tmp_path / "telegrams" / "2.p1").write_bytes(p1("GHOST", "250115000000W", "0012.34"))
    (tmp_path / "telegrams" / "3.p1").write_bytes(p1("H1", "250116000000W", "0012.44"))
    return tmp_path


def count_members(settings: Settings) -> int:
    database = MEMBERS_SERVICE.open_database(settings.url("members"))
    with database.read(COMMUNITY) as tx:
        counted = count(tx)
    database.close()
    return counted


# Help and what is not understood --------------------------------------------------------------------------------------


def test_the_help_names_every_command(settings: Settings) -> None:
    done = coop(settings, "--help")
    assert done.returncode == 0
    assert all(f" {command} " in done.stdout for command in COMMANDS)
    assert coop(settings).returncode == 2, "no command is not a command"


def test_the_readme_names_every_command() -> None:
    readme = Path("README.md").read_text()
    assert [command for command in COMMANDS if not re.search(rf"`(coop )?{command}`", readme)] == []


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_explains_itself(settings: Settings, command: str) -> None:
    done = coop(settings, command, "--help")
    assert done.returncode == 0
    assert f"Usage: coop {command}" in done.stdout
    assert not settings.data_dir.exists(), "asking for help makes nothing"


def test_it_runs_as_a_module_of_its_own() -> None:
    done = subprocess.run([sys.executable, "-m", "coop", "--help"], capture_output=True, text=True, check=False)
    assert done.returncode == 0
    assert "back office" in done.stdout


@pytest.mark.parametrize(
    "arguments",
    [
        ["pay"],
        ["serve", "kitchen"],
        ["migrate", "kitchen"],
        ["replay"],
        ["verify"],
        ["demo", "--size", "3"],
        ["run", "--size", "4"],
        ["import", "--kind", "members"],
        ["import", "no-such-file.csv", "--kind", "members"],
        ["demo", "--service-url", "kitchen=http://localhost:1"],
    ],
    ids=" ".join,
)
def test_what_is_not_understood_is_exit_code_2(settings: Settings, arguments: list[str]) -> None:
    done = coop(settings, *arguments)
    assert done.returncode == 2
    assert "Usage: coop" in done.stderr
    assert "Error" in done.stderr
    assert not settings.data_dir.exists()


@pytest.mark.parametrize(
    ("name", "value", "reason"),
    [
        ("COOP_PORT", "many", "integer"),
        ("COOP_BUS", "pigeon", "'local' or 'kafka'"),
        ("COOP_PARK_LIMIT", "", "integer"),
    ],
)
def test_a_wrong_setting_is_named_with_its_reason(settings: Settings, name: str, value: str, reason: str) -> None:
    done = coop(settings, "migrate", **{name: value})
    assert done.returncode == 2
    assert done.stderr.startswith(f"{name}: ")
    assert reason in done.stderr


def test_a_misspelt_setting_is_refused_by_its_name(settings: Settings) -> None:
    done = coop(settings, "migrate", COOP_DATBASE_URL="sqlite://")
    assert (done.returncode, done.stderr) == (2, "COOP_DATBASE_URL: there is no such setting\n")


def test_a_setting_may_be_a_file_and_the_environment_goes_before_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in [name for name in os.environ if name.startswith("COOP_")]:
        monkeypatch.delenv(name)
    (tmp_path / "coop_secret").write_text("sixteen characters or more\n")
    (tmp_path / "coop_kafka").write_text("from-file:9092")
    monkeypatch.setenv("CREDENTIALS_DIRECTORY", str(tmp_path))
    monkeypatch.setenv("COOP_KAFKA", "from-environment:9092")
    settings = Settings(data_dir=tmp_path)
    assert settings.signing_secret() == "sixteen characters or more"
    assert settings.kafka == "from-environment:9092"


def test_a_misspelt_file_is_refused_by_its_name(settings: Settings, tmp_path: Path) -> None:
    (tmp_path / "coop_sercet").write_text("sixteen characters or more")
    done = coop(settings, "migrate", CREDENTIALS_DIRECTORY=str(tmp_path))
    assert (done.returncode, done.stderr) == (2, "COOP_SERCET: there is no such setting\n")


# Databases ------------------------------------------------------------------------------------------------------------


def test_migrating_makes_all_databases_or_the_named_one_and_again_changes_nothing(settings: Settings) -> None:
    assert coop(settings, "migrate", "billing").stdout == "billing: up to date\n"
    assert [file.name for file in settings.data_dir.glob("*.db")] == ["billing.db"]
    for _ in range(2):
        done = coop(settings, "migrate")
        assert (done.returncode, done.stdout) == (0, "".join(f"{name}: up to date\n" for name in NAMES))


def test_a_check_says_what_migrating_would_do_and_does_nothing(settings: Settings) -> None:
    def check(*services: str) -> tuple[int, str]:
        done = coop(settings, "migrate", "--check", *services)
        return done.returncode, done.stdout

    assert check("billing") == (1, "billing: there are no tables yet, and would be\n")
    assert not (settings.data_dir / "billing.db").exists()
    coop(settings, "migrate", "billing")
    assert check("billing") == (0, "billing: up to date\n")
    assert check()[0] == 1, "the others have none"
    with sqlite3.connect(settings.data_dir / "billing.db") as file:
        file.execute("DELETE FROM alembic_version WHERE version_num LIKE 'billing%'")
    for _ in range(2):
        code, said = check("billing")
        assert code == 1
        assert re.fullmatch(r"billing: has no tables, and would get billing_\w+, kit_\w+\n", said)


def test_a_database_that_is_away_is_exit_code_3(settings: Settings) -> None:
    url = f"postgresql://nobody@127.0.0.1:{free_port()}/none"
    done = coop(settings, "migrate", COOP_DATABASE_URL=url)
    assert done.returncode == 3
    assert "the database is away" in done.stderr
    assert "Traceback" not in done.stderr


def test_one_service_alone_needs_kafka_and_says_so(settings: Settings) -> None:
    done = coop(settings, "serve", "billing")
    assert done.returncode == 1
    assert "COOP_BUS=kafka" in done.stderr
    assert done.stderr.endswith("[needs-kafka]\n")


def test_an_installation_plays_one_demonstration_only(settings: Settings) -> None:
    Mark(settings.data_dir / "demonstration.json", DemoPlan(size=12, seed=7)).note(midnight(date(2025, 5, 1)))
    done = coop(settings, "demo", "--size", "4")
    assert done.returncode == 1
    assert "here plays a demonstration of size 12, seed 7, year 2025" in done.stderr
    assert "COOP_DATA_DIR" in done.stderr


def test_beside_a_register_no_demonstration_begins_and_no_sign_in_is_shown(settings: Settings, files: Path) -> None:
    found_installation(settings)
    assert coop(settings, "import", str(files / "members.csv"), "--kind", "members").returncode == 0
    done = coop(settings, "demo", "--size", "4")
    assert done.returncode == 1
    assert done.stderr.endswith("name another folder by COOP_DATA_DIR [not-empty]\n")
    assert "password" not in done.stdout
    assert count_members(settings) == 2


def test_a_demonstration_without_its_packages_says_what_to_install(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(serving, "DEMO_PACKAGES", ("pandas", "no_such_package"))
    done = coop(settings, "demo")
    assert done.returncode == 1
    assert "needs no_such_package: pip install 'coop-backoffice[demo]'" in done.stderr
    assert not settings.data_dir.exists()


def test_the_version_is_that_of_the_package(settings: Settings) -> None:
    assert coop(settings, "--version").stdout == f"coop {version('coop-backoffice')}\n"


@pytest.mark.parametrize(
    ("system", "variables", "folder"),
    [
        ("linux", {"HOME": "/home/anna"}, "/home/anna/.local/share/coop"),
        ("linux", {"HOME": "/home/anna", "XDG_DATA_HOME": "/srv/share"}, "/srv/share/coop"),
        ("darwin", {"HOME": "/Users/anna"}, "/Users/anna/Library/Application Support/coop"),
        ("win32", {"LOCALAPPDATA": "/c/Local"}, "/c/Local/coop"),
    ],
)
def test_data_lies_in_a_folder_of_the_user_wherever_coop_is_started(
    monkeypatch: pytest.MonkeyPatch, system: str, variables: dict[str, str], folder: str
) -> None:
    for name in ("XDG_DATA_HOME", "COOP_DATA_DIR"):
        monkeypatch.delenv(name, raising=False)
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setattr(sys, "platform", system)
    assert Settings().data_dir == Path(folder)


# Imports --------------------------------------------------------------------------------------------------------------


def test_a_register_file_is_looked_at_imported_repeated_and_undone(settings: Settings, files: Path) -> None:
    found_installation(settings)
    path = str(files / "members.csv")
    dry = coop(settings, "import", path, "--kind", "members", "--dry-run")
    assert (dry.returncode, dry.stdout) == (0, "members.csv: 2 of 2 lines would be added\n")
    assert count_members(settings) == 0
    done = coop(settings, "import", path, "--kind", "members")
    assert done.returncode == 0
    told, _, import_id = done.stdout.strip().rpartition(" ")
    assert told == "members.csv: 2 of 2 lines added; undo with --undo"
    assert count_members(settings) == 2
    again = coop(settings, "import", path, "--kind", "members")
    assert (again.returncode, again.stdout) == (0, "members.csv: was imported before; nothing changed\n")
    undone = coop(settings, "import", "--kind", "members", "--undo", import_id)
    assert (undone.returncode, undone.stdout) == (0, "2 lines taken out\n")
    assert count_members(settings) == 0


def test_a_file_of_meters_is_looked_at_imported_and_repeated(metered: Settings, tmp_path: Path) -> None:
    path = tmp_path / "meters.csv"
    path.write_text("meternummer;soort;aansluiting;geplaatst_op\nPLANT9;warmtepomp;;1-1-2025\nPLANT8;zon;;1-1-2025\n")
    what = [str(path), "--kind", "meters"]
    dry = coop(metered, "import", *what, "--dry-run")
    assert (dry.returncode, dry.stdout) == (0, "meters.csv: 2 of 2 meters would be added; the others were there\n")
    assert coop(metered, "import", *what).stdout == "meters.csv: 2 of 2 meters added; the others were there\n"
    assert coop(metered, "import", *what).stdout == "meters.csv: 0 of 2 meters added; the others were there\n"
    path.write_text("meternummer;soort;aansluiting;geplaatst_op\nPLANT7;zon;no-such-number;1-1-2025\n")
    refused = coop(metered, "import", *what)
    assert refused.returncode == 1
    assert "line 2, connection" in refused.stderr
    undone = coop(metered, "import", "--kind", "meters", "--undo", "PLANT9")
    assert undone.returncode == 1
    assert "on its page and with a reason" in undone.stderr


def test_readings_are_looked_at_imported_repeated_and_undone(metered: Settings, files: Path) -> None:
    what = [str(files / "readings.csv"), "--kind", "csv", "--mapping", str(files / "mapping.json")]
    what += ["--received-at", "2025-02-01"]
    dry = coop(metered, "import", *what, "--dry-run")
    assert (dry.returncode, dry.stdout) == (0, "readings.csv: 2 values would be taken\n")
    done = coop(metered, "import", *what)
    assert done.returncode == 0
    told, _, import_id = done.stdout.strip().rpartition(" ")
    assert told == "readings.csv: 2 values taken; undo with --undo"
    again = coop(metered, "import", *what)
    assert again.returncode == 0
    assert "was here before; nothing changed" in again.stdout
    undone = coop(metered, "import", "--kind", "csv", "--undo", import_id)
    assert (undone.returncode, undone.stdout) == (0, "2 days restored\n")


def test_a_folder_of_telegrams_is_read_in_order_and_exit_code_1_says_that_one_was_parked(
    metered: Settings, files: Path
) -> None:
    what = ["import", str(files / "telegrams"), "--kind", "p1", "--received-at", "2025-02-01"]
    dry = coop(metered, *what, "--dry-run")
    assert dry.returncode == 1
    assert "would be parked" in dry.stdout
    assert coop(metered, "deadletters").stdout == "0 parked\n"
    done = coop(metered, *what)
    assert done.returncode == 1
    assert [line for line in done.stdout.splitlines() if ".p1" in line] == [
        "1.p1: 1 values taken", "2.p1: 0 values taken", "3.p1: 1 values taken"
    ]  # fmt: skip
    assert "  parked: line 1, GHOST heat: meter GHOST is not registered" in done.stdout
    assert done.stderr == ""


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["readings.csv", "--kind", "csv"], "time_column: "),
        (["readings.csv", "--kind", "csv", "--mapping", "members.csv"], "members.csv is not JSON"),
        (["readings.csv", "--kind", "csv", "--mapping", "list.json"], "list.json is not a JSON object"),
        (["members.csv", "--kind", "cats"], "'cats' is none of members, connections"),
        (["readings.csv", "--kind", "members"], "line 1, number: "),
        (["--kind", "members", "--undo", "nothing"], "there is no import nothing"),
        (["--kind", "csv", "--undo", "nothing"], "there is no import nothing"),
        (["--kind", "cats", "--undo", "nothing"], "'cats' is none of"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else "",
)
def test_what_cannot_be_imported_is_refused_in_one_clear_text(
    metered: Settings, files: Path, arguments: list[str], said: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    (files / "list.json").write_text("[]")
    monkeypatch.chdir(files)
    done = coop(metered, "import", *arguments)
    assert done.returncode == 1
    assert said in done.stderr
    assert "Traceback" not in done.stderr


# Dead letters and proof -----------------------------------------------------------------------------------------------


def test_dead_letters_are_listed_replayed_and_discarded(metered: Settings, files: Path) -> None:
    coop(metered, "import", str(files / "telegrams" / "2.p1"), "--kind", "p1", "--received-at", "2025-02-01")
    listed = coop(metered, "deadletters")
    assert listed.returncode == 1
    line, total = listed.stdout.splitlines()
    assert total == "1 parked"
    service, letter_id, *_ = line.split()
    assert service == "metering"
    assert line.endswith("unknown-meter: line 1, GHOST heat: meter GHOST is not registered")
    replayed = coop(metered, "deadletters", "metering", "--replay", letter_id)
    assert replayed.returncode == 1
    assert replayed.stdout.startswith(f"metering {letter_id}: refused again: ")
    discarded = coop(metered, "deadletters", "--discard", letter_id)
    assert (discarded.returncode, discarded.stdout) == (0, f"metering {letter_id}: discarded\n0 parked\n")
    gone = coop(metered, "deadletters", "--replay", letter_id)
    assert gone.returncode == 1
    assert f"nothing open is parked under {letter_id}" in gone.stderr


def test_an_unknown_bill_is_refused_and_whole_chains_are_good(settings: Settings) -> None:
    found_installation(settings)
    unknown = coop(settings, "verify", "2025-000001")
    assert unknown.returncode == 1
    assert "there is no bill 2025-000001" in unknown.stderr
    chains = coop(settings, "verify", "--journal")
    assert chains.returncode == 0
    told = {"members": 1 + len(founding_choices())}
    assert chains.stdout.splitlines() == [f"{name}: {told.get(name, 0)} facts, the chain is whole" for name in NAMES]
    assert "0 bills verified, 0 do not agree" in coop(settings, "verify", "--all").stdout.splitlines()


@pytest.mark.parametrize("what", ["2025-000001", "--journal", "--all"])
def test_where_there_is_no_installation_nothing_is_verified_and_nothing_made(settings: Settings, what: str) -> None:
    done = coop(settings, "verify", what)
    assert done.returncode == 1
    assert f"there is no installation in {settings.data_dir}" in done.stderr
    assert not settings.data_dir.exists()


def test_a_service_without_anything_to_hear_is_rebuilt_to_nothing(settings: Settings) -> None:
    done = coop(settings, "replay", "billing")
    assert (done.returncode, done.stdout) == (0, "billing: heard 0 facts again\n")
