"""Commit to the voters of a meeting"""

import sqlalchemy as sa
from alembic import op

revision = "governance_0002"
down_revision = "governance_0001"
branch_labels = None
depends_on = "kit_0001"

RANDOM = {
    "sqlite": "(lower(hex(randomblob(32))))",
    "postgresql": "replace(gen_random_uuid()::text || gen_random_uuid()::text, '-', '')",
}
"""A secret for each list that was frozen before there were any: rows of it are never changed, so its default fills it."""


def upgrade() -> None:
    secret = sa.text(RANDOM[op.get_bind().dialect.name])
    with op.batch_alter_table("voting_list", schema=None, recreate="auto") as batch_op:
        batch_op.add_column(sa.Column("secret", sa.String(length=64), nullable=False, server_default=secret))
        batch_op.create_check_constraint(op.f("ck_voting_list_secret"), "secret <> ''")
    with op.batch_alter_table("voting_list", schema=None) as batch_op:
        batch_op.alter_column("secret", server_default=None)


def downgrade() -> None:
    with op.batch_alter_table("voting_list", schema=None) as batch_op:
        batch_op.drop_constraint(op.f("ck_voting_list_secret"), type_="check")
        batch_op.drop_column("secret")
