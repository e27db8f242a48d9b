"""First tables: statutes, meetings, ballots, programmes, feed tokens; and the triggers that keep them."""

import sqlalchemy as sa
from alembic import op

from coop.governance.storage.guards import guard_governance
from coop.kit.metadata import Instant

revision = "governance_0001"
down_revision = None
branch_labels = None
depends_on = "kit_0001"

KEPT = (
    "statutes",
    "voting_rule",
    "meeting",
    "resolution",
    "ballot",
    "decision",
    "programme",
    "phase",
    "milestone",
    "tranche",
    "realisation",
    "milestone_reached",
    "tranche_referral",
    "steering_decision",
    "tranche_release",
)


def upgrade() -> None:
    op.create_table(
        "feed_token",
        sa.Column("community", sa.String(length=100), nullable=False),
        sa.Column("token_id", sa.String(length=100), nullable=False),
        sa.Column("audience", sa.String(length=200), nullable=False),
        sa.Column("token_sha256", sa.String(length=64), nullable=False),
        sa.Column("created_on", sa.Date(), nullable=False),
        sa.Column("revoked_on", sa.Date(), nullable=True),
        sa.PrimaryKeyConstraint("community", "token_id", name=op.f("pk_feed_token")),
        sa.UniqueConstraint("token_sha256", name=op.f("uq_feed_token_token_sha256")),
    )
    with op.batch_alter_table("feed_token", schema=None) as batch_op:
        batch_op.create_index("ix_feed_token_audience", ["community", "audience"], unique=False)

    op.create_table(
        "programme",
        sa.Column("community", sa.String(length=100), nullable=False),
        sa.Column("programme_id", sa.String(length=100), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("recorded_at", Instant(), nullable=False),
        sa.Column("actor", sa.String(length=120), nullable=False),
        sa.PrimaryKeyConstraint("community", "programme_id", name=op.f("pk_programme")),
    )
    op.create_table(
        "statutes",
        sa.Column("community", sa.String(length=100), nullable=False),
        sa.Column("valid_from", sa.Date(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("recorded_at", Instant(), nullable=False),
        sa.Column("actor", sa.String(length=120), nullable=False),
        sa.PrimaryKeyConstraint("community", "valid_from", name=op.f("pk_statutes")),
    )
    op.create_table(
        "voter",
        sa.Column("community", sa.String(length=100), nullable=False),
        sa.Column("member_id", sa.String(length=100), nullable=False),
        sa.Column("from_on", sa.Date(), nullable=False),
        sa.Column("change", sa.String(length=10), nullable=False),
        sa.Column("votes", sa.Integer(), nullable=False),
        sa.CheckConstraint("change IN ('admitted', 'left')", name=op.f("ck_voter_change")),
        sa.CheckConstraint("votes >= 0", name=op.f("ck_voter_votes")),
        sa.PrimaryKeyConstraint("community", "member_id", "from_on", "change", name=op.f("pk_voter")),
    )
    op.create_table(
        "meeting",
        sa.Column("community", sa.String(length=100), nullable=False),
        sa.Column("meeting_id", sa.String(length=100), nullable=False),
        sa.Column("held_on", sa.Date(), nullable=False),
        sa.Column("convened_on", sa.Date(), nullable=False),
        sa.Column("place", sa.String(length=200), nullable=False),
        sa.Column("statutes_from", sa.Date(), nullable=False),
        sa.Column("recorded_at", Instant(), nullable=False),
        sa.Column("actor", sa.String(length=120), nullable=False),
        sa.CheckConstraint("convened_on <= held_on", name=op.f("ck_meeting_convened")),
        sa.ForeignKeyConstraint(
            ["community", "statutes_from"],
            ["statutes.community", "statutes.valid_from"],
            name=op.f("fk_meeting_community_statutes"),
        ),
        sa.PrimaryKeyConstraint("community", "meeting_id", name=op.f("pk_meeting")),
    )
    op.create_table(
        "phase",
        sa.Column("community", sa.String(length=100), nullable=False),
        sa.Column("phase_id", sa.String(length=100), nullable=False),
        sa.Column("programme_id", sa.String(length=100), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("name_nl", sa.Text(), nullable=False),
        sa.Column("name_en", sa.Text(), nullable=False),
        sa.Column("budget_cents", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(
            ["community", "programme_id"],
            ["programme.community", "programme.programme_id"],
            name=op.f("fk_phase_community_programme"),
        ),
        sa.PrimaryKeyConstraint("community", "phase_id", name=op.f("pk_phase")),
        sa.UniqueConstraint("community", "programme_id", "number", name=op.f("uq_phase_community_programme_id_number")),
    )
    op.create_table(
        "voting_rule",
        sa.Column("community", sa.String(length=100), nullable=False),
        sa.Column("valid_from", sa.Date(), nullable=False),
        sa.Column("kind", sa.String(length=20), nullable=False),
        sa.Column("article", sa.String(length=100), nullable=False),
        sa.Column("notice_days", sa.Integer(), nullable=False),
        sa.Column("quorum_num", sa.Integer(), nullable=False),
        sa.Column("quorum_den", sa.Integer(), nullable=False),
        sa.Column("majority_num", sa.Integer(), nullable=False),
        sa.Column("majority_den", sa.Integer(), nullable=False),
        sa.Column("base", sa.String(length=10), nullable=False),
        sa.Column("proxy_limit", sa.Integer(), nullable=False),
        sa.Column("secrecy", sa.String(length=10), nullable=False),
        sa.Column("advance_days", sa.Integer(), nullable=False),
        sa.CheckConstraint("base IN ('cast', 'present', 'all')", name=op.f("ck_voting_rule_base")),
        sa.CheckConstraint(
            "kind IN ('tariff', 'allocation-key', 'realisation', 'programme', 'other')",
            name=op.f("ck_voting_rule_kind"),
        ),
        sa.CheckConstraint("secrecy = 'open'", name=op.f("ck_voting_rule_secrecy")),
        sa.CheckConstraint(
            "majority_den > 0 AND 2 * majority_num >= majority_den AND majority_num <= majority_den",
            name=op.f("ck_voting_rule_majority"),
        ),
        sa.CheckConstraint(
            "notice_days >= 0 AND proxy_limit >= 0 AND advance_days >= 0", name=op.f("ck_voting_rule_counts")
        ),
        sa.CheckConstraint("quorum_num BETWEEN 0 AND quorum_den", name=op.f("ck_voting_rule_quorum")),
        sa.ForeignKeyConstraint(
            ["community", "valid_from"],
            ["statutes.community", "statutes.valid_from"],
            name=op.f("fk_voting_rule_community_statutes"),
        ),
        sa.PrimaryKeyConstraint("community", "valid_from", "kind", name=op.f("pk_voting_rule")),
    )
    op.create_table(
        "milestone",
        sa.Column("community", sa.String(length=100), nullable=False),
        sa.Column("milestone_id", sa.String(length=100), nullable=False),
        sa.Column("phase_id", sa.String(length=100), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("name_nl", sa.Text(), nullable=False),
        sa.Column("name_en", sa.Text(), nullable=False),
        sa.Column("budget_cents", sa.BigInteger(), nullable=False),
        sa.Column("margin_per_mille", sa.Integer(), nullable=False),
        sa.Column("deadline", sa.Date(), nullable=False),
        sa.Column("evidence", sa.Text(), nullable=False),
        sa.CheckConstraint("budget_cents >= 0 AND margin_per_mille >= 0", name=op.f("ck_milestone_budget")),
        sa.ForeignKeyConstraint(
            ["community", "phase_id"], ["phase.community", "phase.phase_id"], name=op.f("fk_milestone_community_phase")
        ),
        sa.PrimaryKeyConstraint("community", "milestone_id", name=op.f("pk_milestone")),
        sa.UniqueConstraint("community", "phase_id", "number", name=op.f("uq_milestone_community_phase_id_number")),
    )
    op.create_table(
        "resolution",
        sa.Column("community", sa.String(length=100), nullable=False),
        sa.Column("resolution_id", sa.String(length=100), nullable=False),
        sa.Column("meeting_id", sa.String(length=100), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(length=20), nullable=False),
        sa.Column("subject_nl", sa.Text(), nullable=False),
        sa.Column("subject_en", sa.Text(), nullable=False),
        sa.Column("explanation_nl", sa.Text(), nullable=False),
        sa.Column("explanation_en", sa.Text(), nullable=False),
        sa.Column("notice_hash", sa.String(length=64), nullable=False),
        sa.CheckConstraint(
            "kind IN ('tariff', 'allocation-key', 'realisation', 'programme', 'other')", name=op.f("ck_resolution_kind")
        ),
        sa.ForeignKeyConstraint(
            ["community", "meeting_id"],
            ["meeting.community", "meeting.meeting_id"],
            name=op.f("fk_resolution_community_meeting"),
        ),
        sa.ForeignKeyConstraint(
            ["community", "notice_hash"],
            ["document.community", "document.sha256"],
            name=op.f("fk_resolution_community_document"),
        ),
        sa.PrimaryKeyConstraint("community", "resolution_id", name=op.f("pk_resolution")),
        sa.UniqueConstraint(
            "community", "meeting_id", "number", name=op.f("uq_resolution_community_meeting_id_number")
        ),
        sa.UniqueConstraint(
            "community", "resolution_id", "notice_hash", name=op.f("uq_resolution_community_resolution_id_notice_hash")
        ),
    )
    op.create_table(
        "ballot",
        sa.Column("community", sa.String(length=100), nullable=False),
        sa.Column("resolution_id", sa.String(length=100), nullable=False),
        sa.Column("member_id", sa.String(length=100), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("choice", sa.String(length=10), nullable=False),
        sa.Column("cast_on", sa.Date(), nullable=False),
        sa.Column("proxy_holder", sa.String(length=100), nullable=True),
        sa.Column("personal", sa.Boolean(), nullable=False),
        sa.Column("recorded_at", Instant(), nullable=False),
        sa.Column("actor", sa.String(length=120), nullable=False),
        sa.CheckConstraint("choice IN ('for', 'against', 'blank')", name=op.f("ck_ballot_choice")),
        sa.CheckConstraint("number >= 1", name=op.f("ck_ballot_number")),
        sa.CheckConstraint("proxy_holder IS NULL OR proxy_holder <> member_id", name=op.f("ck_ballot_proxy")),
        sa.ForeignKeyConstraint(
            ["community", "resolution_id"],
            ["resolution.community", "resolution.resolution_id"],
            name=op.f("fk_ballot_community_resolution"),
        ),
        sa.PrimaryKeyConstraint("community", "resolution_id", "member_id", "number", name=op.f("pk_ballot")),
    )
    op.create_table(
        "decision",
        sa.Column("community", sa.String(length=100), nullable=False),
        sa.Column("resolution_id", sa.String(length=100), nullable=False),
        sa.Column("decided_on", sa.Date(), nullable=False),
        sa.Column("verdict", sa.String(length=10), nullable=False),
        sa.Column("reason", sa.String(length=20), nullable=False),
        sa.Column("article", sa.String(length=100), nullable=False),
        sa.Column("parameters_hash", sa.String(length=64), nullable=False),
        sa.Column("votes_needed", sa.Integer(), nullable=False),
        sa.Column("votes_for", sa.Integer(), nullable=False),
        sa.Column("votes_against", sa.Integer(), nullable=False),
        sa.Column("votes_blank", sa.Integer(), nullable=False),
        sa.Column("votes_entitled", sa.Integer(), nullable=False),
        sa.Column("recorded_at", Instant(), nullable=False),
        sa.Column("actor", sa.String(length=120), nullable=False),
        sa.CheckConstraint("(verdict = 'adopted') = (reason = 'majority')", name=op.f("ck_decision_reason")),
        sa.CheckConstraint(
            "verdict = 'rejected' OR (votes_for >= votes_needed AND votes_for > votes_against)",
            name=op.f("ck_decision_majority"),
        ),
        sa.CheckConstraint("verdict IN ('adopted', 'rejected')", name=op.f("ck_decision_verdict")),
        sa.CheckConstraint(
            "votes_for + votes_against + votes_blank <= votes_entitled", name=op.f("ck_decision_entitled")
        ),
        sa.CheckConstraint(
            "votes_for >= 0 AND votes_against >= 0 AND votes_blank >= 0", name=op.f("ck_decision_votes")
        ),
        sa.ForeignKeyConstraint(
            ["community", "resolution_id", "parameters_hash"],
            ["resolution.community", "resolution.resolution_id", "resolution.notice_hash"],
            name=op.f("fk_decision_community_resolution"),
        ),
        sa.PrimaryKeyConstraint("community", "resolution_id", name=op.f("pk_decision")),
    )
    op.create_table(
        "milestone_reached",
        sa.Column("community", sa.String(length=100), nullable=False),
        sa.Column("milestone_id", sa.String(length=100), nullable=False),
        sa.Column("reached_on", sa.Date(), nullable=False),
        sa.Column("cost_cents", sa.BigInteger(), nullable=False),
        sa.Column("evidence_hash", sa.String(length=64), nullable=False),
        sa.Column("recorded_at", Instant(), nullable=False),
        sa.Column("actor", sa.String(length=120), nullable=False),
        sa.CheckConstraint("cost_cents >= 0", name=op.f("ck_milestone_reached_cost")),
        sa.ForeignKeyConstraint(
            ["community", "evidence_hash"],
            ["document.community", "document.sha256"],
            name=op.f("fk_milestone_reached_community_document"),
        ),
        sa.ForeignKeyConstraint(
            ["community", "milestone_id"],
            ["milestone.community", "milestone.milestone_id"],
            name=op.f("fk_milestone_reached_community_milestone"),
        ),
        sa.PrimaryKeyConstraint("community", "milestone_id", name=op.f("pk_milestone_reached")),
    )
    op.create_table(
        "tranche",
        sa.Column("community", sa.String(length=100), nullable=False),
        sa.Column("tranche_id", sa.String(length=100), nullable=False),
        sa.Column("milestone_id", sa.String(length=100), nullable=False),
        sa.Column("financier", sa.String(length=200), nullable=False),
        sa.Column("amount_cents", sa.BigInteger(), nullable=False),
        sa.CheckConstraint("amount_cents > 0", name=op.f("ck_tranche_amount")),
        sa.ForeignKeyConstraint(
            ["community", "milestone_id"],
            ["milestone.community", "milestone.milestone_id"],
            name=op.f("fk_tranche_community_milestone"),
        ),
        sa.PrimaryKeyConstraint("community", "tranche_id", name=op.f("pk_tranche")),
    )
    op.create_table(
        "realisation",
        sa.Column("community", sa.String(length=100), nullable=False),
        sa.Column("phase_id", sa.String(length=100), nullable=False),
        sa.Column("resolution_id", sa.String(length=100), nullable=False),
        sa.Column("decided_on", sa.Date(), nullable=False),
        sa.ForeignKeyConstraint(
            ["community", "phase_id"],
            ["phase.community", "phase.phase_id"],
            name=op.f("fk_realisation_community_phase"),
        ),
        sa.ForeignKeyConstraint(
            ["community", "resolution_id"],
            ["decision.community", "decision.resolution_id"],
            name=op.f("fk_realisation_community_decision"),
        ),
        sa.PrimaryKeyConstraint("community", "phase_id", name=op.f("pk_realisation")),
    )
    op.create_table(
        "tranche_referral",
        sa.Column("community", sa.String(length=100), nullable=False),
        sa.Column("tranche_id", sa.String(length=100), nullable=False),
        sa.Column("referred_on", sa.Date(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("unmet", sa.Text(), nullable=False),
        sa.Column("recorded_at", Instant(), nullable=False),
        sa.Column("actor", sa.String(length=120), nullable=False),
        sa.ForeignKeyConstraint(
            ["community", "tranche_id"],
            ["tranche.community", "tranche.tranche_id"],
            name=op.f("fk_tranche_referral_community_tranche"),
        ),
        sa.PrimaryKeyConstraint("community", "tranche_id", name=op.f("pk_tranche_referral")),
    )
    op.create_table(
        "tranche_release",
        sa.Column("community", sa.String(length=100), nullable=False),
        sa.Column("tranche_id", sa.String(length=100), nullable=False),
        sa.Column("released_on", sa.Date(), nullable=False),
        sa.Column("rule", sa.Text(), nullable=False),
        sa.Column("recorded_at", Instant(), nullable=False),
        sa.Column("actor", sa.String(length=120), nullable=False),
        sa.ForeignKeyConstraint(
            ["community", "tranche_id"],
            ["tranche.community", "tranche.tranche_id"],
            name=op.f("fk_tranche_release_community_tranche"),
        ),
        sa.PrimaryKeyConstraint("community", "tranche_id", name=op.f("pk_tranche_release")),
    )
    op.create_table(
        "steering_decision",
        sa.Column("community", sa.String(length=100), nullable=False),
        sa.Column("tranche_id", sa.String(length=100), nullable=False),
        sa.Column("decided_on", sa.Date(), nullable=False),
        sa.Column("decision", sa.String(length=10), nullable=False),
        sa.Column("recorded_at", Instant(), nullable=False),
        sa.Column("actor", sa.String(length=120), nullable=False),
        sa.CheckConstraint("decision IN ('release', 'keep')", name=op.f("ck_steering_decision_decision")),
        sa.ForeignKeyConstraint(
            ["community", "tranche_id"],
            ["tranche_referral.community", "tranche_referral.tranche_id"],
            name=op.f("fk_steering_decision_community_tranche_referral"),
        ),
        sa.PrimaryKeyConstraint("community", "tranche_id", "decided_on", name=op.f("pk_steering_decision")),
    )
    guard_governance(op.get_bind(), KEPT)


def downgrade() -> None:
    op.drop_table("steering_decision")
    op.drop_table("tranche_release")
    op.drop_table("tranche_referral")
    op.drop_table("realisation")
    op.drop_table("tranche")
    op.drop_table("milestone_reached")
    op.drop_table("decision")
    op.drop_table("ballot")
    op.drop_table("resolution")
    op.drop_table("milestone")
    op.drop_table("voting_rule")
    op.drop_table("phase")
    op.drop_table("meeting")
    op.drop_table("voter")
    op.drop_table("statutes")
    op.drop_table("programme")
    with op.batch_alter_table("feed_token", schema=None) as batch_op:
        batch_op.drop_index("ix_feed_token_audience")

    op.drop_table("feed_token")
