"""Reports into a folder: whole or not at all, never over another one, never outside."""

from __future__ import annotations

import hashlib
import os
from pathlib import Path

import pytest

from coop.kit.outbound import Away, Message, Outgoing, Queue, Refused, TryLater, enqueue
from coop.kit.outbound.folder import Folder
from tests.kit.post import START, House
from tests.kit.town import COMMUNITY, SECRETARY


def outgoing(name: str, body: bytes = b"a;b\n", community: str = COMMUNITY) -> Outgoing:
    return Outgoing("message-1", community, name, "Report", "text/csv", body, START, 1)


def write(root: Path, name: str, body: bytes = b"a;b\n") -> str:
    with Folder(root).open() as hand_over:
        return hand_over(outgoing(name, body))


def test_a_report_is_written_with_its_hash_as_proof(house: House, tmp_path: Path) -> None:
    body = b"day;kwh\n2026-11-25;12\n"
    for community in ("noord", "zuid"):
        with house.database.write(community, SECRETARY) as tx:
            enqueue(tx, "reports", Message("2026/november.csv", "November", "text/csv", body), "month 2026-11")
    house.work(Queue("reports", Folder(tmp_path / "reports")))
    (delivery,) = house.deliveries(community="noord")
    assert delivery.proof == f"noord/2026/november.csv sha256 {hashlib.sha256(body).hexdigest()}"
    assert sorted(str(path.relative_to(tmp_path)) for path in tmp_path.rglob("*.csv")) == [
        "reports/noord/2026/november.csv",
        "reports/zuid/2026/november.csv",
    ]
    assert (tmp_path / "reports/noord/2026/november.csv").read_bytes() == body


def test_a_repeat_writes_nothing_and_another_content_is_refused(tmp_path: Path) -> None:
    proof = write(tmp_path, "a.csv")
    written_at = (tmp_path / COMMUNITY / "a.csv").stat().st_mtime_ns
    assert write(tmp_path, "a.csv") == proof
    assert (tmp_path / COMMUNITY / "a.csv").stat().st_mtime_ns == written_at
    with pytest.raises(Refused, match="another content"):
        write(tmp_path, "a.csv", b"other")
    assert (tmp_path / COMMUNITY / "a.csv").read_bytes() == b"a;b\n"


def test_a_draft_that_a_kill_left_is_not_in_the_way(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    class PowerCutError(BaseException):
        """Nothing catches this."""

    def die(_file: int) -> None:
        raise PowerCutError

    with monkeypatch.context() as patched:
        patched.setattr(os, "fsync", die)
        with pytest.raises(PowerCutError):
            write(tmp_path, "a.csv")
    assert not (tmp_path / COMMUNITY / "a.csv").exists()
    (tmp_path / COMMUNITY / f".message-1.{os.getpid()}").write_bytes(b"a;")
    write(tmp_path, "a.csv")
    assert [path.name for path in (tmp_path / COMMUNITY).iterdir()] == ["a.csv"]


@pytest.mark.parametrize("name", ["../a.csv", "/etc/a.csv", "a/../../b", ".hidden", "a//b", "a\\b", "x" * 256])
def test_a_name_that_leads_elsewhere_is_refused(tmp_path: Path, name: str) -> None:
    with pytest.raises(Refused):
        write(tmp_path / "reports", name)
    assert [path for path in tmp_path.rglob("*") if path.is_file()] == []
    with pytest.raises(Refused), Folder(tmp_path).open() as hand_over:
        hand_over(outgoing("a.csv", community=name))


def test_a_name_below_a_file_is_refused(tmp_path: Path) -> None:
    write(tmp_path, "a.csv")
    with pytest.raises(Refused):
        write(tmp_path, "a.csv/b.csv")


def test_a_disk_that_is_full_is_trouble_that_passes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def fill(_file: int) -> None:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patched:
        patched.setattr(os, "fsync", fill)
        with pytest.raises(TryLater, match="No space left"):
            write(tmp_path, "a.csv")
    assert write(tmp_path, "a.csv").startswith("demo/a.csv")


def test_a_folder_that_cannot_be_there_is_away(tmp_path: Path) -> None:
    (tmp_path / "reports").write_bytes(b"a file")
    with pytest.raises(Away, match="folder reports"), Folder(tmp_path / "reports").open():
        pass
