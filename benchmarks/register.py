"""A file of 5,000 members: the check with every line in order, with 400 mistakes, and with every line changed.

    python -m benchmarks.register [--lines N]

The baseline of the same run only takes the file apart, line by line and field by field, with nothing beside it. Memory
is that at its highest while one file is checked.
"""

from __future__ import annotations

import argparse
import tempfile
import tracemalloc
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

from benchmarks._measure import Contender, interleave, table
from coop.kit.database import Database
from coop.kit.settings import Settings
from coop.members.imports.commands import check_file, import_register
from coop.members.imports.formats.csv_lines import read_lines
from coop.members.imports.formats.register_files import name_column
from coop.members.imports.formats.register_rows import COLUMNS
from coop.members.imports.model import FileDraft
from coop.members.service import MEMBERS
from coop.operator.runtime import open_rooms
from tests.desk import COMMUNITY, SECRETARY

APART, NEW, WRONG, CHANGED = "taken apart alone", "checked, all new", "checked, 400 mistakes", "checked, all changed"
HEADER = "number,kind,name,joined_on,email,address,postcode,city\n"


def main() -> None:
    """Check files against an empty register and a full one, and print the ratios."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--lines", type=int, default=5_000)
    parser.add_argument("--repeats", type=int, default=3)
    wanted = parser.parse_args()
    mistakes = wanted.lines * 400 // 5_000
    files = {
        NEW: _write(wanted.lines),
        WRONG: _write(wanted.lines, mistakes),
        CHANGED: _write(wanted.lines, name="New"),
    }
    with tempfile.TemporaryDirectory(prefix="coop-register-") as folder:
        settings = Settings(data_dir=Path(folder), secret="a secret that is long enough")
        database = open_rooms(settings)[MEMBERS.name].database
        with database.write("full", SECRETARY) as tx:
            import_register(tx, "members", "members.csv", _write(wanted.lines))
        ways: dict[str, Callable[[], object]] = {
            APART: lambda: read_lines(files[NEW], COLUMNS["members"][0], lambda name: name_column("members", name, {})),
            NEW: lambda: _check(database, COMMUNITY, files[NEW]),
            WRONG: lambda: _check(database, COMMUNITY, files[WRONG]),
            CHANGED: lambda: _check(database, "full", files[CHANGED]),
        }
        contenders = {name: Contender(run, 1) for name, run in ways.items()}
        print(f"a file of {wanted.lines:,} members")
        print(table(interleave(contenders, wanted.repeats), APART, "ms", 1e3))
        print("memory at its highest")
        print(table({name: _peak_bytes(run) for name, run in ways.items()}, APART, "MB", 1e-6))


def _write(lines: int, mistakes: int = 0, name: str = "Member") -> bytes:
    every = lines // mistakes if mistakes else lines + 1
    rows = (
        f"{number:05d},{'tenannt' if number % every == 0 and mistakes else 'tenant'},{name} {number},2024-01-01,"
        f"m{number}@example.org,Kade {number},1054 AA,Amsterdam\n"
        for number in range(lines)
    )
    return (HEADER + "".join(rows)).encode()


def _check(database: Database, community: str, body: bytes) -> int:
    draft = FileDraft("draft", "members", "members.csv", body, datetime.now(UTC), "")
    with database.read(community) as tx:
        plan, _ = check_file(tx, draft)
    return plan.count


def _peak_bytes(run: Callable[[], object]) -> float:
    tracemalloc.start()
    run()
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    return float(peak)


if __name__ == "__main__":
    main()
