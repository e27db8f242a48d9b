"""A disk that fills: requests are refused, health says so, nothing is half done, and it goes on when there is room."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from tests.flows.installation import embedded, signed_in
from tests.servers.absent import ServerAbsent, skip_or_fail

DISK_MIB = 48
MEMBERS = "number,name,email,kind,joined_on\n" + "".join(
    f"{number:05d},Lid {number},,owner,2025-01-01\n" for number in range(4000)
)


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of its own with little room."""
    disk = tmp_path / "disk"
    disk.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", f"size={DISK_MIB}m", "tmpfs", str(disk)]
    if os.geteuid() != 0 or subprocess.run(mount, capture_output=True, check=False).returncode:
        skip_or_fail(ServerAbsent("a small file system can only be mounted by root"))
    yield disk
    subprocess.run(["umount", str(disk)], check=True)


def test_a_full_disk_refuses_shows_and_heals(small_disk: Path) -> None:
    with embedded(small_disk / "data") as settings, signed_in(settings, "board", "operator") as client:

        def bring(number: int) -> int:
            text = MEMBERS.replace("Lid", f"Lid {number}.").replace("\n0", f"\n{number}-0").encode()
            headers = {"content-type": "text/csv"}
            return client.post("/members/api/v1/imports/members", content=text, headers=headers).status_code

        assert client.get("/readyz").json()["parts"]["disk"] == "ok"
        assert bring(1) == 200
        count = len(client.get("/members/api/v1/members").json())
        filler = small_disk / "filler"
        with suppress(OSError), filler.open("wb") as file:  # the service writes meanwhile
            room = os.statvfs(small_disk)
            file.write(b"\0" * (room.f_bavail * room.f_frsize - 256 * 1024))
        assert bring(2) == 503
        answer = client.get("/readyz")
        assert answer.status_code == 503
        assert "MiB free" in answer.json()["parts"]["disk"]
        assert len(client.get("/members/api/v1/members").json()) == count, "nothing was half done"
        filler.unlink()
        assert bring(2) == 200
        assert client.get("/readyz").json()["parts"]["disk"] == "ok"
