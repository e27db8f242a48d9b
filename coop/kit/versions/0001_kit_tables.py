"""Tables of the kit, in the database of every service.

Until the first release that is called stable this follows the metadata; with it, it is written out and never changed.
"""

from alembic import op

from coop.kit.tables import create_guards, kit_metadata

revision = "kit_0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    kit_metadata.create_all(op.get_bind())
    create_guards(op.get_bind())


def downgrade() -> None:
    kit_metadata.drop_all(op.get_bind())
