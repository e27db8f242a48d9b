"""Table of decisions that do not hold any more, and of those that hold again."""

from __future__ import annotations

from sqlalchemy import CheckConstraint, Column, String

from coop.governance.tables.columns import count_column, day_column, id_column, make_table, refer, said

decision_stop = make_table(
    "decision_stop",
    ("resolution_id", "number"),
    id_column("resolution_id"),
    count_column("number"),
    Column("stop_id", String(100), nullable=False),
    Column("manner", String(20), nullable=False),
    day_column("from_on"),
    day_column("ruled_on"),
    day_column("told_on"),
    Column("paper", String(300), nullable=False),
    Column("entry_id", String(100)),
    id_column("repealed_by", nullable=True),
    id_column("voted_again", nullable=True),
    id_column("referendum", nullable=True),
    *said(),
    refer(("resolution_id",), "decision"),
    refer(("entry_id",), "entry"),
    refer(("repealed_by",), "decision", ("resolution_id",), name="fk_decision_stop_repealed_by"),
    CheckConstraint("number >= 1", name="number"),
    refer(("voted_again",), "resolution", ("resolution_id",), name="fk_decision_stop_voted_again"),
    refer(("referendum",), "resolution", ("resolution_id",), name="fk_decision_stop_referendum"),
    CheckConstraint(
        "manner IN ('suspended', 'annulled', 'withdrawn', 'repealed', 'disputed', 'referendum', 'resumed', 'restored')",
        name="manner",
    ),
    CheckConstraint("(manner = 'repealed') = (repealed_by IS NOT NULL)", name="repealed"),
    CheckConstraint("manner <> 'disputed' OR voted_again IS NOT NULL", name="disputed"),
    CheckConstraint("manner <> 'referendum' OR referendum IS NOT NULL", name="referendum"),
    CheckConstraint(
        " + ".join(
            f"CASE WHEN {name} IS NULL THEN 0 ELSE 1 END"
            for name in ("entry_id", "repealed_by", "voted_again", "referendum")
        )
        + " = 1",
        name="signed",
    ),
    CheckConstraint("ruled_on <= told_on", name="ruled"),
)
"""A decision does not act from a day on, or acts again: signed by two people from a paper, repealed by a later
resolution, disputed at its meeting and voted on again, or suspended until a referendum. Courts, board, members and the
meeting itself speak each for themselves: of the rows of each that reach a day the one with the highest number holds."""

STOP_TABLES = (decision_stop,)
